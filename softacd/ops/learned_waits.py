"""What the estimator of waiting times has learned, as a file in the data directory that outlives the program."""

from pathlib import Path

import msgspec

from softacd.acd.wait_history import LearnedWaits

FILE_NAME = "learned-waits.json"


def read_learned(directory: Path) -> LearnedWaits | None:
    """What an earlier run learned; None when there is no such file. Raises ValueError for a file of something else."""
    try:
        content = (directory / FILE_NAME).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(content, type=LearnedWaits)
    except msgspec.MsgspecError as error:
        raise ValueError(f"{directory / FILE_NAME}: {error}; it is written anew, what was learned is lost") from error


def write_learned(directory: Path, learned: LearnedWaits) -> None:
    """Keep it, whole or not at all. Raises OSError."""
    new = directory / f"{FILE_NAME}.new"
    new.write_bytes(msgspec.json.encode(learned))
    new.replace(directory / FILE_NAME)
