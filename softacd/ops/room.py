"""Room on the disk for what callers say: a desk that makes files is closed while there is little, and opened again."""

import shutil
from pathlib import Path
from typing import Protocol

import structlog

from softacd.calls.control import Check

log = structlog.get_logger(__name__)


class Desk(Protocol):
    """Whoever has files made: the desk of recordings, that of messages."""

    directory: str
    closed: str


class Room:
    """Watches one directory. `what` are the files' contents in a word: "recordings"."""

    def __init__(self, directory: Path, least_free_mb: int, what: str) -> None:
        self.directory = directory
        self.problem = ""
        """Why no file may be begun now; empty: they may."""
        self._least_free = least_free_mb * 2**20
        self._what = what
        self._remedy = ""

    def prepare(self, desk: Desk) -> None:
        """Make the directory and open the desk. What goes wrong is told by `check`; calls are taken all the same."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            self._fail(desk, f"{self.directory}: {error.strerror}", "Let softacd write there, or name another place.")
            return
        desk.directory = str(self.directory)
        self.look(desk)

    def look(self, desk: Desk) -> None:
        """Close the desk while the disk is nearly full, and open it again."""
        if not desk.directory:
            return
        try:
            free = shutil.disk_usage(self.directory).free
        except OSError as error:
            self._fail(desk, f"{self.directory}: {error.strerror}", "See that the disk is there.")
            return
        if free < self._least_free:
            self._fail(
                desk,
                f"{free // 2**20} MB are free where {self._what} lie, less than {self._least_free // 2**20}",
                f"Make room, or keep {self._what} for fewer days.",
            )
        elif desk.closed:
            log.info("files are made again", files=self._what, free_mb=free // 2**20)
            desk.closed = self.problem = self._remedy = ""

    def check(self) -> Check | None:
        """What is wrong; None when nothing is."""
        return Check(self._what, healthy=False, detail=self.problem, remedy=self._remedy) if self.problem else None

    def _fail(self, desk: Desk, problem: str, remedy: str) -> None:
        if not desk.closed:
            log.error("no files are begun; calls go on", files=self._what, problem=problem, remedy=remedy)
        desk.closed = self.problem = problem
        self._remedy = remedy
