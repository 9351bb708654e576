"""Keeping recordings in order: room on the disk, files whose time is over, what a crash left, and encoding."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from softacd.calls.control import Check
from softacd.calls.recording_desk import RecordingDesk
from softacd.calls.records import RecordingRecord
from softacd.ops.room import Room
from softacd.runtime.media.recorder import RecorderFigures
from softacd.runtime.media.recording_file import Format, RecordingFileError, mend
from softacd.store.errors import StoreError
from softacd.store.store import Store

log = structlog.get_logger(__name__)

AT_A_TIME = 500
"""Files removed in one go."""
ENCODED_AT_A_TIME = 50
LOOK_SECONDS = 10.0
TIDY_TURNS = 360
"""Looks at the disk between two searches for old files: an hour."""


class RecordingKeeper:
    """Watches the directory of recordings of one running switch."""

    def __init__(
        self,
        directory: Path,
        *,
        keep_days: int,
        least_free_mb: int,
        form: Format = "wav",
        encoder: Sequence[str] = (),
    ) -> None:
        """`encoder` is the command that encodes: a suffix and files follow (see ops.encode_command)."""
        self.directory = directory
        self._form = form
        self._encoder = tuple(encoder)
        self._unusable: set[str] = set()
        self._keep_days = keep_days
        self._room = Room(directory, least_free_mb, "recordings")

    def prepare(self, desk: RecordingDesk) -> None:
        """Make the directory and open the desk. What goes wrong is told by `check`; calls are taken all the same."""
        self._room.prepare(desk)

    def look(self, desk: RecordingDesk) -> None:
        """Close the desk while the disk is nearly full, and open it again."""
        self._room.look(desk)

    def check(self, figures: RecorderFigures) -> Check:
        """Whether recordings can be made."""
        if (problem := self._room.check()) is not None:
            return problem
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
        await self.mend(store)
        while True:
            await self.encode(store)
            if turns % TIDY_TURNS == 0:
                await self.tidy(store, wall)
            self.look(desk)
            turns += 1
            await asyncio.sleep(LOOK_SECONDS)

    async def mend(self, store: Store) -> int:
        """Complete the files and accounts of recordings that were being made when the program was killed; how many."""
        try:
            found = [record for record in await store.recordings(kept=True, limit=AT_A_TIME) if record.error]
        except StoreError as error:
            log.warning("recordings a crash left are mended at the next start", error=str(error))
            return 0
        mended = 0
        for record in found:
            place = self.directory / record.file
            if record.octets or not record.ended or not place.is_file():
                continue
            try:
                record.octets, record.seconds = await asyncio.to_thread(mend, place)
            except RecordingFileError as error:
                log.warning("a recording cannot be mended", error=str(error))
                continue
            store.write(record)
            mended += 1
        if mended:
            log.info("recordings a crash left are playable", count=mended)
        return mended

    async def encode(self, store: Store) -> int:
        """Have finished recordings encoded by a process of their own, oldest first; how many were."""
        if self._form == "wav" or not self._encoder:
            return 0
        try:
            waiting = await store.recordings(kept=True, plain=True, oldest_first=True, limit=AT_A_TIME)
        except StoreError:
            return 0  # asked again at the next look
        waiting = [record for record in waiting if record.id not in self._unusable][:ENCODED_AT_A_TIME]
        if not waiting:
            return 0
        places = [self.directory / record.file for record in waiting]
        process = await asyncio.create_subprocess_exec(
            *self._encoder, f".{self._form}", *map(str, places), stdout=asyncio.subprocess.PIPE
        )
        try:
            said, _ = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        lines = said.decode().splitlines()
        encoded = 0
        for record, place, line in zip(waiting, places, [*lines, *[""] * len(waiting)], strict=False):
            if not line.isdigit():
                self._unusable.add(record.id)
                log.warning("a recording stays WAV", recording=record.id, error=line.removeprefix("- "))
                continue
            record.file = str(Path(record.file).with_suffix(f".{self._form}"))
            record.octets = int(line)
            store.write(record)
            place.unlink(missing_ok=True)
            encoded += 1
        return encoded

    async def tidy(self, store: Store, wall: Callable[[], int]) -> None:
        """Remove all that is old; a store that does not answer now is asked again another time."""
        try:
            while await self.remove_old(store, wall) == AT_A_TIME:
                pass
        except StoreError as error:
            log.warning("old recordings are removed later", error=str(error))
