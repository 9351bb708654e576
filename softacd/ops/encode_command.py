"""`softacd encode-recordings`: the process that encodes finished recordings, started by `run`, not by people."""

import os
import sys
from pathlib import Path

import click

from softacd.runtime.media.recording_file import RecordingFileError, encode

NICENESS = 15
"""Calls come first."""


@click.command(hidden=True)
@click.argument("suffix", type=click.Choice([".flac", ".opus"]))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def encode_recordings(suffix: str, files: tuple[Path, ...]) -> None:
    """Encode each of FILES beside itself; a line for each: its octets, or "-" and why not."""
    os.nice(NICENESS)
    for file in files:
        try:
            sys.stdout.write(f"{encode(file, file.with_suffix(suffix))}\n")
        except RecordingFileError as error:
            sys.stdout.write(f"- {error}\n")
        sys.stdout.flush()
