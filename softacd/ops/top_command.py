"""`softacd top`: the live view of a running switch, over its API."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from softacd.ops.api_client import ApiClient, ApiError, served_at
from softacd.ops.configuration_option import find_configuration, read_or_exit

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from softacd.calls.views import Snapshot

TOKEN_VARIABLE = "SOFTACD_TOKEN"  # noqa: S105 # the name of a variable, not its value


@click.command()
@click.option("--url", help="Address of the switch's API; else web.listen of the configuration.")
@click.option("--token", envvar=TOKEN_VARIABLE, help="The API's token; better in a file.")
@click.option("--token-file", type=click.Path(path_type=Path, dir_okay=False), help="File that holds the token.")
@click.option("--config", type=click.Path(path_type=Path), help="Configuration to take address and token from.")
@click.option("--once", is_flag=True, help="Print one picture and end.")
@click.option(
    "--interval", type=click.FloatRange(0.1, 60.0), default=1.0, show_default=True, help="Seconds between pictures."
)
def top(
    url: str | None, token: str | None, token_file: Path | None, config: Path | None, once: bool, interval: float
) -> None:
    """Watch a running switch: trunks, queues, agents and calls. Ctrl-C ends it.

    The token comes from --token-file, $SOFTACD_TOKEN or the configuration; on the command line others could see it.
    """
    name, found_url, found_token = whereabouts(url, token, token_file, config)
    try:
        client = ApiClient(found_url, found_token)
        first = client.snapshot()
    except ApiError as error:
        raise click.ClickException(str(error)) from None
    from rich.console import Console

    console = Console()
    try:
        if once or not console.is_terminal:
            console.print(_picture(console, first, name, whole=True))
        else:
            follow(console, client, first, name, interval, time.sleep)
    except KeyboardInterrupt:
        pass
    except ApiError as error:
        raise click.ClickException(str(error)) from None
    finally:
        client.close()


def follow(
    console: "Console",
    client: ApiClient,
    first: "Snapshot",
    name: str,
    interval: float,
    sleep: Callable[[float], None],
) -> None:
    """Show picture after picture until interrupted. While the switch does not answer, the last one stays, marked.

    Raises ApiError when the switch answers that it will not be watched.
    """
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    snapshot = first
    with Live(
        _picture(console, snapshot, name), console=console, screen=True, auto_refresh=False, vertical_overflow="crop"
    ) as live:
        while True:
            sleep(interval)
            try:
                snapshot = client.snapshot()
            except ApiError as error:
                if error.lasting:
                    raise
                words = f" {error.cause}; trying again "
                mark = Text(words, style="bold white on red", no_wrap=True, overflow="ellipsis")
                live.update(Group(mark, _picture(console, snapshot, name, without=1)), refresh=True)
            else:
                live.update(_picture(console, snapshot, name), refresh=True)


def _picture(
    console: "Console", snapshot: "Snapshot", name: str, *, whole: bool = False, without: int = 0
) -> "RenderableType":
    """The picture as large as the terminal is now; `whole`: as long as it has to be."""
    from softacd.ops.live_view import render

    height = None if whole else console.height - without
    return render(snapshot, width=console.width, height=height, name=name)


def whereabouts(
    url: str | None, token: str | None, token_file: Path | None, config: Path | None
) -> tuple[str, str, str]:
    """Name, address and token of the switch to watch: as given, the rest from the configuration."""
    if token_file is not None:
        try:
            token = token_file.read_text().strip()
        except (OSError, UnicodeError) as error:
            raise click.ClickException(f"the token cannot be read: {error}") from None
    if url is not None and config is None:
        return "softacd", url, token or ""  # a token of ours is not sent to an address somebody else named
    configuration = read_or_exit(find_configuration(config), show_warnings=False).configuration
    served = served_at(configuration.web.address())
    return configuration.server.name, url or served, token or configuration.web.token
