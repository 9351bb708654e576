"""Where rows wait while the database cannot take them: a file of JSON lines beside it.

One line is one row, `{"table": "calls", "key": 0, "record": {...}}`, readable by a human and by a later version: a
field the line lacks takes its default. The file exists from the start, filled with NUL: a full disk, the usual reason
to need it, then leaves room for some 10,000 rows. Rows are appended in place of the NUL, and become NUL again when all
of them are in the database; reading them twice is harmless, see `softacd.store.tables`. Blocking: called in a thread.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from softacd.store.tables import KINDS_BY_TABLE, Row, Values

RESERVE_BYTES = 4 * 2**20
LIMIT_BYTES = 256 * 2**20


class _Line(msgspec.Struct):
    table: str
    key: int
    record: msgspec.Raw


_decoder = msgspec.json.Decoder(_Line)


class Spool:
    """The file at `path`, at most `limit` bytes long. `path` None: there is no place to spool to."""

    __slots__ = ("_offset", "_size", "limit", "path", "pending", "rejected")

    def __init__(self, path: Path | None, limit: int = LIMIT_BYTES) -> None:
        self.path = path
        self.limit = limit
        self.pending = 0
        """Rows in the file that are not in the database."""
        self.rejected = 0
        """Rows that could not be read or that the database refuses, kept in a file of their own."""
        self._offset = 0
        self._size = 0

    def find(self) -> int:
        """Look what an earlier run left, keep room for more; return the number of rows. Raises OSError."""
        if self.path is None:
            return 0
        with _opened(self.path) as file:
            content = _read(file).rstrip(b"\0")
            if content and not content.endswith(b"\n"):
                # The process died inside a write: end its line, so that the next row begins its own.
                _write_at(file, b"\n", len(content))
                content += b"\n"
            _reserve(file)
        self._size = len(content)
        self.pending = content.count(b"\n")
        return self.pending

    def append(self, rows: Iterable[Row]) -> int:
        """Add rows in order, as many as fit; return how many. Raises OSError, and then none of them is in the file."""
        if self.path is None:
            return 0
        lines: list[bytes] = []
        size = self._size
        for row in rows:
            line = encode(row)
            if size + len(line) > self.limit:
                break
            size += len(line)
            lines.append(line)
        if not lines:
            return 0
        with _opened(self.path) as file:
            try:
                _write_at(file, b"".join(lines), self._size)
            except OSError:
                _erase(file, self._size, size)  # half a row is worse than none
                raise
        self._size = size
        self.pending += len(lines)
        return len(lines)

    def read(self, limit: int) -> tuple[list[Row], int]:
        """Return up to `limit` rows from where the last `done` left off, and the offset to give to `done`."""
        rows: list[Row] = []
        offset = self._offset
        if self.path is None or not self.pending:
            return rows, offset
        with self.path.open("rb") as file:
            file.seek(offset)
            while len(rows) < limit and offset < self._size and (line := file.readline()):
                offset += len(line)
                try:
                    rows.append(decode(line))
                except (msgspec.MsgspecError, KeyError, UnicodeError):
                    self.reject(line)
                    self.pending -= 1
        return rows, offset

    def done(self, rows: int, offset: int) -> None:
        """The rows read up to `offset` are in the database. Raises OSError."""
        self._offset = offset
        self.pending -= rows
        if offset < self._size or self.path is None:
            return
        with _opened(self.path) as file:
            _erase(file, 0, self._size)
            _reserve(file)
        self._offset = self._size = self.pending = 0

    def reject(self, line: bytes) -> None:
        """Put aside what the database will never take, for a human to look at. Raises OSError."""
        self.rejected += 1
        if self.path is None:
            return
        with self.path.with_name(self.path.name + ".rejected").open("ab") as file:
            file.write(line if line.endswith(b"\n") else line + b"\n")


def encode(row: Row) -> bytes:
    """Return the line of one row."""
    record = dict(zip(row.kind.columns, row.values, strict=True))
    content = {"table": row.kind.name, "key": row.key, "record": record}
    try:
        return msgspec.json.encode(content) + b"\n"
    except (UnicodeEncodeError, TypeError):
        content["record"] = dict(zip(row.kind.columns, printable(row.values), strict=True))
        return msgspec.json.encode(content) + b"\n"


def decode(line: bytes) -> Row:
    """Return the row of one line. Raises msgspec.MsgspecError or KeyError when it is not one."""
    content = _decoder.decode(line)
    kind = KINDS_BY_TABLE[content.table]
    record = msgspec.json.decode(content.record, type=kind.record)
    return Row(kind, content.key, kind.values(record), 0.0)


def printable(values: Values) -> Values:
    """Return the values in a form every database takes.

    Halves of surrogate pairs and NUL are written as escapes: they come from peers that send Latin-1 or rubbish where
    SIP asks for UTF-8 (RFC 3261 section 7.3.1). Whole numbers are cut to 64 bits, what is no plain value is spelled.
    """
    return tuple(_printable(value) for value in values)


def _printable(value: Any) -> Any:
    if isinstance(value, int):
        return max(-(2**63), min(value, 2**63 - 1))
    if isinstance(value, float):
        return value
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read(file: int) -> bytes:
    return os.pread(file, os.fstat(file).st_size, 0)


def _write_at(file: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written


def _erase(file: int, start: int, end: int) -> None:
    """Make NUL of the bytes from `start` to `end`, without giving back the room that is reserved."""
    if os.fstat(file).st_size > RESERVE_BYTES:
        os.ftruncate(file, max(start, RESERVE_BYTES))
    end = min(end, os.fstat(file).st_size)
    if start < min(end, RESERVE_BYTES):
        _write_at(file, bytes(min(end, RESERVE_BYTES) - start), start)


def _reserve(file: int) -> None:
    # No room for the reserve is no reason not to start.
    with contextlib.suppress(OSError):
        os.posix_fallocate(file, 0, RESERVE_BYTES)
