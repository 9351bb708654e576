"""`softacd run`: the switch itself."""

from pathlib import Path

import click

from softacd.ops.configuration_option import find_configuration, read_or_exit


@click.command()
@click.option("--config", "config", type=click.Path(path_type=Path), help="Configuration file or directory.")
def run(config: Path | None) -> None:
    """Run the switch until it is told to stop (SIGTERM or Ctrl-C). SIGHUP reloads the configuration."""
    path = find_configuration(config)
    reading = read_or_exit(path)
    from softacd.ops.serve import run as run_switch

    raise SystemExit(run_switch(reading.configuration, path))
