"""The file that takes rows while the database does not."""

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softacd.calls.records import CallEvent, CallRecord, Direction, TraceRow
from softacd.store.spool import RESERVE_BYTES, Spool, decode, encode, printable
from softacd.store.tables import KINDS, Row
from tests.store.shop import MORNING


def row(detail: str, key: int = 1) -> Row:
    return Row(KINDS[CallEvent], key, ("n1-1", MORNING, "key", detail), 0.0)


def details(rows: list[Row]) -> list[str]:
    return [str(each.values[-1]) for each in rows]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    found = Spool(tmp_path / "softacd.db.n1.spool")
    assert found.find() == 0
    return found


def test_a_row_is_a_line_a_human_can_read() -> None:
    assert encode(row("2")) == (
        b'{"table":"call_events","key":1,"record":{"call":"n1-1","at":%d,"kind":"key","detail":"2"}}\n' % MORNING
    )


def test_rows_come_back_in_order_and_then_the_file_is_empty(spool: Spool) -> None:
    assert spool.append([row(str(number)) for number in range(5)]) == 5
    assert spool.append([row("5")]) == 1
    first, offset = spool.read(4)
    assert details(first) == ["0", "1", "2", "3"]
    spool.done(4, offset)
    assert spool.pending == 2
    spool.append([row("6")])
    rest, offset = spool.read(500)
    assert details(rest) == ["4", "5", "6"]
    spool.done(3, offset)
    assert spool.pending == 0
    assert spool.read(500) == ([], 0)
    assert spool.path is not None
    assert not spool.path.read_bytes().strip(b"\0")


def test_the_next_run_finds_what_this_one_left(spool: Spool) -> None:
    spool.append([row("1"), row("2")])
    after = Spool(spool.path)
    assert after.find() == 2
    rows, offset = after.read(500)
    assert details(rows) == ["1", "2"]
    after.done(2, offset)
    assert Spool(spool.path).find() == 0


def test_a_line_the_process_died_in_is_put_aside(spool: Spool) -> None:
    spool.append([row("1")])
    assert spool.path is not None
    with spool.path.open("r+b") as file:
        file.seek(spool._size)
        file.write(encode(row("2"))[:30])
    after = Spool(spool.path)
    assert after.find() == 2
    after.append([row("3")])
    rows, offset = after.read(500)
    assert details(rows) == ["1", "3"]
    after.done(2, offset)
    assert (after.pending, after.rejected) == (0, 1)
    assert spool.path.with_name("softacd.db.n1.spool.rejected").read_bytes() == encode(row("2"))[:30] + b"\n"


def test_room_is_kept_on_the_disk(spool: Spool) -> None:
    assert spool.path is not None
    assert spool.path.stat().st_size == RESERVE_BYTES
    assert spool.path.stat().st_blocks * 512 >= RESERVE_BYTES, "real blocks, not a hole"
    assert spool.path.stat().st_mode & 0o777 == 0o600


def test_more_than_the_reserve_is_given_back(spool: Spool) -> None:
    big = "x" * 100_000
    assert spool.append([row(big) for _ in range(60)]) == 60
    assert spool.path is not None
    assert spool.path.stat().st_size > RESERVE_BYTES
    rows, offset = spool.read(500)
    spool.done(len(rows), offset)
    assert spool.path.stat().st_size == RESERVE_BYTES
    assert not spool.path.read_bytes().strip(b"\0")


def test_a_write_that_fails_in_the_middle_leaves_nothing(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.append([row("1")])
    real = os.pwrite
    written: list[int] = []

    def full(file: int, data: bytes, offset: int) -> int:
        if len(written) == 1:
            written.append(0)
            raise OSError(28, "No space left on device")
        written.append(real(file, bytes(data)[:7], offset))
        return written[-1]

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space"):
            spool.append([row("2")])
    assert spool.pending == 1
    assert spool.append([row("3")]) == 1
    assert details(spool.read(500)[0]) == ["1", "3"]


def test_it_is_bounded(tmp_path: Path) -> None:
    line = len(encode(row("1")))
    small = Spool(tmp_path / "spool", limit=line * 3 + 5)
    small.find()
    assert small.append([row("1"), row("2")]) == 2
    assert small.append([row("3"), row("4")]) == 1
    assert small.append([row("5")]) == 0
    assert small.pending == 3


def test_nowhere_to_spool() -> None:
    nowhere = Spool(None)
    assert nowhere.find() == 0
    assert nowhere.append([row("1")]) == 0
    nowhere.reject(b"x")
    assert nowhere.rejected == 1


def test_a_later_version_reads_what_an_earlier_one_wrote() -> None:
    record = {"id": "n1-1", "direction": "incoming", "started": 5, "caller": "1", "called": "2", "once": "known"}
    line = msgspec.json.encode({"table": "calls", "key": 0, "record": record})
    assert decode(line).values == KINDS[CallRecord].values(CallRecord("n1-1", Direction.INCOMING, 5, "1", "2"))


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b"[1]\n", b'{"table":"nodes","key":1,"record":{}}\n', b"\xff\xfe\n"])
def test_what_is_no_row(line: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, KeyError, UnicodeError)):
        decode(line)


@settings(max_examples=200)
@given(
    st.lists(
        st.builds(
            TraceRow, call=st.text(), at=st.integers(), sent=st.booleans(), party=st.text(), line=st.text(),
            cseq=st.text(st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF) | st.characters()),
        )
    )
)  # fmt: skip
def test_any_row_at_all_can_be_kept(rows: list[TraceRow]) -> None:
    for record in rows:
        kind = KINDS[TraceRow]
        made = Row(kind, 3, kind.values(record), 0.0)
        line = encode(made)
        assert line.count(b"\n") == 1
        assert b"\0" not in line
        try:
            assert decode(line).values == made.values
        except (AssertionError, msgspec.ValidationError):
            assert decode(encode(Row(kind, 3, printable(made.values), 0.0))).values == printable(made.values)
