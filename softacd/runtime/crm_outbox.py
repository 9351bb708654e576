"""What another system is still to be told of, in a file: a line for each call to tell and for each that was told.

Appended in a thread of its own; a crash of this program loses what was handed over in the last milliseconds, a torn
last line is passed over. Written anew, smaller, when most of it is done.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import structlog

from softacd.crm.adapters.interface import CallLog

log = structlog.get_logger(__name__)

LINES_KEPT = 1000
"""A file is not written anew before it has so many lines that say nothing any more."""


class Entry(msgspec.Struct, kw_only=True):
    """A call that is to be told. Times are wall-clock ms."""

    log: CallLog
    since: int
    due: int
    """When it is tried (again)."""
    attempts: int = 0


class Line(msgspec.Struct, omit_defaults=True):
    """One line of the file."""

    put: Entry | None = None
    done: str = ""


class Outbox:
    """The entries of one system, by call. Everything is called in the loop and returns at once."""

    def __init__(self, path: Path) -> None:
        """Reads what an earlier run left. Raises OSError when the directory cannot be made or read."""
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="crm-outbox")
        self._spent = 0
        self.entries: dict[str, Entry] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        decode = msgspec.json.Decoder(Line).decode
        with path.open("ab+") as file:
            file.seek(0)
            for raw in file:
                try:
                    line = decode(raw)
                except msgspec.DecodeError:
                    continue  # torn, or of another version: no call is worth not starting
                if line.put is not None:
                    line.put.attempts = max(line.put.attempts, 1)  # whether the last run was telling it is not known
                    self.entries[line.put.log.call] = line.put
                self.entries.pop(line.done, None)
        self._write(self._whole())

    def put(self, entry: Entry) -> None:
        """Keep an entry; one of the same call is replaced."""
        self._spent += entry.log.call in self.entries
        self.entries[entry.log.call] = entry
        self._append(Line(put=entry))

    def done(self, call: str) -> None:
        """Forget a call."""
        if self.entries.pop(call, None) is not None:
            self._spent += 2
            self._append(Line(done=call))

    async def close(self) -> None:
        """Return when everything is written."""
        await asyncio.get_running_loop().run_in_executor(self._thread, lambda: None)
        self._thread.shutdown(wait=False)

    def _append(self, line: Line) -> None:
        if self._spent > LINES_KEPT + len(self.entries):
            self._spent = 0
            self._thread.submit(self._write, self._whole())
        else:
            self._thread.submit(self._extend, msgspec.json.encode(line) + b"\n")

    def _whole(self) -> bytes:
        return b"".join(msgspec.json.encode(Line(put=entry)) + b"\n" for entry in self.entries.values())

    def _extend(self, line: bytes) -> None:
        try:
            with self._path.open("ab") as file:
                file.write(line)
        except OSError as error:
            log.error("what another system is to be told cannot be kept", path=str(self._path), error=error.strerror)

    def _write(self, content: bytes) -> None:
        beside = self._path.with_suffix(".new")
        try:
            beside.touch(mode=0o600)
            beside.write_bytes(content)
            os.replace(beside, self._path)  # noqa: PTH105 - the same in words that say "atomic"
        except OSError as error:
            log.error("what another system is to be told cannot be kept", path=str(self._path), error=error.strerror)
