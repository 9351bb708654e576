"""The `--config` option, and how a configuration's problems look on a terminal."""

import os
from pathlib import Path
from typing import NoReturn

import click

from softacd.ops.config import Reading, read_configuration
from softacd.ops.configuration_errors import ConfigurationError, Problem, Severity

DEFAULT_PLACES = (Path("softacd.toml"), Path("/etc/softacd"))
VARIABLE = "SOFTACD_CONFIG"


def find_configuration(given: Path | None) -> Path:
    """The configuration named, else $SOFTACD_CONFIG, ./softacd.toml or /etc/softacd. Raises click.UsageError."""
    if given:
        return given
    if named := os.environ.get(VARIABLE):
        return Path(named)
    for place in DEFAULT_PLACES:
        if place.exists():
            return place
    raise click.UsageError(
        f"no configuration: name one with --config or ${VARIABLE}, or write a first one with `softacd init DIRECTORY`"
    )


def read_or_exit(path: Path, *, show_warnings: bool = True) -> Reading:
    """Read the configuration; on problems print them to standard error and exit with status 1."""
    try:
        reading = read_configuration(path)
    except ConfigurationError as error:
        print_problems(error.problems)
        _exit(error)
    if show_warnings:
        print_problems(reading.warnings)
    return reading


def _exit(error: ConfigurationError) -> NoReturn:
    count = sum(problem.severity is Severity.ERROR for problem in error.problems)
    click.echo(f"The configuration cannot be used: {count} {'error' if count == 1 else 'errors'}.", err=True)
    raise SystemExit(1)


def print_problems(problems: list[Problem] | tuple[Problem, ...]) -> None:
    """One block a problem, on standard error: place, key and message, what was expected, what was probably meant."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for problem in problems:
        error = problem.severity is Severity.ERROR
        text = Text()
        text.append(problem.place, "bold")
        text.append(": ")
        text.append("error" if error else "warning", "bold red" if error else "bold yellow")
        text.append(": ")
        if problem.key:
            text.append(problem.key, "cyan")
            text.append(": ")
        text.append(problem.message)
        if problem.expected:
            text.append("\n    expected ", "dim")
            text.append(problem.expected)
        if problem.suggestion:
            text.append("\n    did you mean ", "dim")
            text.append(problem.suggestion, "green")
            text.append("?", "dim")
        console.print(text)
