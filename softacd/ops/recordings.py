"""Keeping recordings in order: room on the disk, and files whose time is over."""

import asyncio
import contextlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from softacd.calls.control import Check
from softacd.calls.recording_desk import RecordingDesk
from softacd.calls.records import RecordingRecord
from softacd.runtime.media.recorder import RecorderFigures
from softacd.store.errors import StoreError
from softacd.store.store import Store

log = structlog.get_logger(__name__)

AT_A_TIME = 500
"""Files removed in one go."""
LOOK_SECONDS = 10.0
TIDY_TURNS = 360
"""Looks at the disk between two searches for old files: an hour."""


class RecordingKeeper:
    """Watches the directory of recordings of one running switch."""

    def __init__(self, directory: Path, *, keep_days: int, least_free_mb: int) -> None:
        self.directory = directory
        self._keep_days = keep_days
        self._least_free = least_free_mb * 2**20
        self._problem = ""
        self._remedy = ""

    def prepare(self, desk: RecordingDesk) -> None:
        """Make the directory and open the desk. What goes wrong is told by `check`; calls are taken all the same."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            self._fail(desk, f"{self.directory}: {error.strerror}", "Let softacd write there, or name another place.")
            return
        desk.directory = str(self.directory)
        self.look(desk)

    def look(self, desk: RecordingDesk) -> None:
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
                f"{free // 2**20} MB are free where recordings lie, less than {self._least_free // 2**20}",
                "Make room, or keep recordings for fewer days.",
            )
        elif desk.closed:
            log.info("recordings are made again", free_mb=free // 2**20)
            desk.closed = self._problem = self._remedy = ""

    def _fail(self, desk: RecordingDesk, problem: str, remedy: str) -> None:
        if not desk.closed:
            log.error("no recordings are begun; calls go on", problem=problem, remedy=remedy)
        desk.closed = self._problem = problem
        self._remedy = remedy

    def check(self, figures: RecorderFigures) -> Check:
        """Whether recordings can be made."""
        if self._problem:
            return Check("recordings", healthy=False, detail=self._problem, remedy=self._remedy)
        if figures.error:
            remedy = "See that the disk is there, has room and may be written by softacd."
            return Check("recordings", healthy=False, detail=figures.error, remedy=remedy)
        return Check("recordings", healthy=True, detail=f"{figures.open} being made, {figures.completed} made")

    async def remove_old(self, store: Store, wall: Callable[[], int]) -> int:
        """Remove files whose days are over and say so in the index; how many. Raises StoreError."""
        if not self._keep_days:
            return 0
        before = datetime.fromtimestamp(wall() / 1000, UTC) - timedelta(days=self._keep_days)
        old = await store.recordings(
            before=round(before.timestamp() * 1000), kept=True, oldest_first=True, limit=AT_A_TIME
        )
        gone = await asyncio.to_thread(self._remove, old)
        for record in gone:
            record.removed = wall()
            store.write(record)
        return len(gone)

    def _remove(self, old: list[RecordingRecord]) -> list[RecordingRecord]:
        gone = []
        for record in old:
            place = self.directory / record.file
            try:
                place.unlink(missing_ok=True)
            except OSError as error:
                log.warning("an old recording cannot be removed", file=str(place), error=error.strerror)
                continue
            gone.append(record)
            with contextlib.suppress(OSError):
                place.parent.rmdir()  # the day's directory, if that was its last file
        return gone

    async def keep(self, store: Store, desk: RecordingDesk, wall: Callable[[], int]) -> None:
        """Look after the directory for as long as the program runs."""
        turns = 0
        while True:
            if turns % TIDY_TURNS == 0:
                await self.tidy(store, wall)
            self.look(desk)
            turns += 1
            await asyncio.sleep(LOOK_SECONDS)

    async def tidy(self, store: Store, wall: Callable[[], int]) -> None:
        """Remove all that is old; a store that does not answer now is asked again another time."""
        try:
            while await self.remove_old(store, wall) == AT_A_TIME:
                pass
        except StoreError as error:
            log.warning("old recordings are removed later", error=str(error))
