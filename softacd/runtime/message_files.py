"""The files of messages: at hand when they are to be played, gone when they are deleted. Nothing waits in the loop."""

import asyncio
from pathlib import Path, PurePosixPath

import structlog

from softacd.rtp.clips import MESSAGES

log = structlog.get_logger(__name__)


class MessageFileError(Exception):
    """A message cannot be played; the text says why."""


class MessageFiles:
    """Below one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def place(self, file: str) -> Path | None:
        """Where a file lies; None when it would lie anywhere but below the directory."""
        relative = PurePosixPath(file)
        if not file or relative.is_absolute() or ".." in relative.parts:
            return None
        return self.directory / relative

    async def fetch(self, file: str) -> str:
        """Bring a file into the system's memory, so that the media engine does not wait for a disk; the clip's name.

        Raises MessageFileError.
        """
        place = self.place(file)
        if place is None:
            raise MessageFileError(f"{file!r} is no file of a message")
        try:
            await asyncio.to_thread(place.read_bytes)
        except OSError as error:
            raise MessageFileError(f"{place}: {error.strerror}") from error
        return f"{MESSAGES}/{PurePosixPath(file).with_suffix('')}"

    async def remove(self, file: str) -> None:
        """Remove a file; one that is gone already is no error."""
        place = self.place(file)
        if place is None:
            return
        try:
            await asyncio.to_thread(place.unlink, missing_ok=True)
        except OSError as error:
            log.warning("the file of a message cannot be removed", file=str(place), error=error.strerror)
