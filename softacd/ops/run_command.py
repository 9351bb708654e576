"""`softacd run`: the switch itself, and at the first run the questions before it."""

import asyncio
import sys
from pathlib import Path

import click

from softacd.ops.configuration_option import find_configuration, read_or_exit
from softacd.ops.model import parse_address


@click.command()
@click.option("--config", "config", type=click.Path(path_type=Path), help="Configuration file or directory.")
@click.option("--setup", is_flag=True, help="Where nothing is configured, ask in a browser; on terminals always.")
@click.option(
    "--setup-listen", default="127.0.0.1:8080", show_default=True, help="Where that is asked, and the API served after."
)
def run(config: Path | None, setup: bool, setup_listen: str) -> None:
    """Run the switch until it is told to stop (SIGTERM or Ctrl-C). SIGHUP reloads the configuration."""
    if (setup or sys.stdin.isatty()) and (empty := nothing_in(config)) is not None:
        config = empty
        _ask(empty, setup_listen)
    path = find_configuration(config)
    reading = read_or_exit(path)
    from softacd.ops.serve import run as run_switch

    raise SystemExit(run_switch(reading.configuration, path))


def nothing_in(config: Path | None) -> Path | None:
    """The folder that would be configured, when nothing is yet; None when something is, or a file was named."""
    if config is None:
        try:
            find_configuration(None)
        except click.UsageError:
            config = Path.cwd()
        else:
            return None
    if config.suffix == ".toml" or config.is_file():
        return None
    return None if config.is_dir() and any(config.glob("*.toml")) else config


def _ask(directory: Path, listen: str) -> None:
    from softacd.ops.first_run_server import first_run, own_addresses

    try:
        address = parse_address(listen)
    except ValueError as error:
        raise click.UsageError(f"--setup-listen: {error}") from None
    try:
        asyncio.run(first_run(directory, address, own_addresses()))
    except OSError as error:
        raise click.ClickException(f"{listen}: {error.strerror or error}; choose another --setup-listen") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
