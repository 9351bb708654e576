"""`softacd config`: versions of the configuration, through the API of the switch that runs."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from softacd.ops.api_client import ApiClient, ApiError
from softacd.ops.calls_words import plain
from softacd.ops.top_command import TOKEN_VARIABLE, whereabouts
from softacd.web.administration import Applied, ConfigurationView, VersionView
from softacd.web.configuration import VersionDiff

A = TypeVar("A")
F = TypeVar("F", bound=Callable[..., object])


def where(command: F) -> F:
    """Options that say which switch."""
    given_file = click.Path(path_type=Path)
    command = click.option("--url", help="Address of the switch's API; else web.listen of the configuration.")(command)
    command = click.option("--token-file", type=given_file, help="File that holds the API's token.")(command)
    return click.option("--config", type=given_file, help="Configuration to take address and token from.")(command)


@click.group()
def config() -> None:
    """What was changed in the configuration, by whom, and undoing it. Asks the switch that runs."""


@config.command()
@where
def history(config: Path | None, token_file: Path | None, url: str | None) -> None:
    """List the versions, newest first."""
    for version in _ask(config, token_file, url, "GET", "versions", list[VersionView]):
        moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(version.at / 1000))
        files = ", ".join(version.files)
        click.echo(plain(f"{version.number:>5}  {moment}  {version.author:<12}  {version.comment or '-'}  ({files})"))


@config.command()
@click.argument("number", type=click.IntRange(1))
@where
def diff(number: int, config: Path | None, token_file: Path | None, url: str | None) -> None:
    """Show what version NUMBER changed."""
    found = _ask(config, token_file, url, "GET", f"versions/{number}", VersionDiff)
    for line in found.diff.splitlines():
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.secho(plain(line), fg=colour)


@config.command()
@click.argument("number", type=click.IntRange(1), required=False)
@where
def undo(number: int | None, config: Path | None, token_file: Path | None, url: str | None) -> None:
    """Put back the version before the newest, or version NUMBER."""
    if number is None:
        known = _ask(config, token_file, url, "GET", "versions", list[VersionView])
        if len(known) < 2:
            raise click.ClickException("there is no earlier version")
        number = known[1].number
    base = _ask(config, token_file, url, "GET", "", ConfigurationView).version
    body = msgspec.json.encode({"base": base})
    applied = _ask(config, token_file, url, "POST", f"versions/{number}/restore", Applied, body)
    click.echo(f"Version {number} is in force again, as version {applied.version.number}.")


def _ask(
    config: Path | None,
    token_file: Path | None,
    url: str | None,
    method: str,
    path: str,
    answer: type[A],
    body: bytes = b"",
) -> A:
    _, found_url, token = whereabouts(url, os.environ.get(TOKEN_VARIABLE), token_file, config)
    place = f"/api/v1/configuration/{path}".rstrip("/")
    try:
        client = ApiClient(found_url, token)
        try:
            return msgspec.json.decode(client.send(method, place, body), type=answer)
        finally:
            client.close()
    except ApiError as error:
        raise click.ClickException(str(error)) from None
