"""A file that an option says to write: looked at before the work begins, not after hours of it."""

import os
from pathlib import Path

import click


class OutputFile(click.Path):
    """A path whose directory is there and can be written to. Usage errors say what is wrong and what to do."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False)

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """As click, with the directory looked at."""
        file = Path(os.fsdecode(super().convert(value, param, ctx)))
        directory = file.absolute().parent
        if not directory.is_dir():
            self.fail(f"{file}: there is no directory {file.parent}: make it first, or name another", param, ctx)
        if not os.access(file if file.exists() else directory, os.W_OK):
            self.fail(f"{file} cannot be written: mend its permissions, or name another", param, ctx)
        return file


def write_output(file: Path, data: bytes) -> None:
    """Write it. Raises ClickException, for what could not be foreseen: a disk that has become full."""
    try:
        file.write_bytes(data)
    except OSError as error:
        raise click.ClickException(f"{file} could not be written: {error.strerror or error}") from error
