"""Tables mirror the records: whatever a record holds comes back the same."""

import asyncio
import tempfile

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softacd.calls.records import (
    AgentAlarm,
    AgentEvent,
    AgentSeat,
    AgentTime,
    AnyRecord,
    CallBackEvent,
    CallBackState,
    CallEvent,
    CallRecord,
    Direction,
    HouseEvent,
    LegRecord,
    MessageRecord,
    MissedOwner,
    Outcome,
    PhoneEvent,
    Rating,
    RecordingRecord,
    Segment,
    TopicChosen,
    TraceRow,
)
from softacd.store import Store
from softacd.store.tables import CALLS, KINDS, Kind, Row, from_row, stored_values

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
whole = st.integers(0, 2**62)
real = st.floats(0, 1e6)
name = st.text("abcdefghij-0123456789", min_size=1, max_size=12)

records = st.one_of(
    st.builds(
        CallRecord, id=name, direction=st.sampled_from(Direction), started=whole, caller=text, called=text, trunk=text,
        answered=whole, queue=text, queued=whole, connected=whole, agent=text, ended=st.integers(1, 2**62),
        wait_ms=whole, talk_ms=whole, hold_ms=whole, outcome=st.sampled_from(Outcome), cause=whole, ended_by=text,
        keys=text, missed_handled=st.integers(1, 2**62),
    ),
    st.builds(
        LegRecord, id=name, call=name, party=text, number=text, outgoing=st.booleans(), started=whole, ringing=whole,
        ended=st.integers(1, 2**62), packets_sent=whole, packets_lost=st.integers(-100, 100), jitter_ms=real,
        round_trip_ms=real, reason=text,
    ),
    st.builds(
        Segment, call=name, number=whole, party=text, agent=text, started=whole, ended=whole, talk_ms=whole,
        hold_ms=whole, ended_by=text,
    ),
    st.builds(
        RecordingRecord, id=name, call=name, party=text, queue=text, agent=text, started=whole, file=text,
        ended=st.integers(1, 2**62), seconds=real, octets=whole, pauses=whole, removed=whole, error=text,
    ),
    st.builds(CallEvent, call=name, at=whole, kind=text, detail=text),
    st.builds(
        CallBackEvent, id=name, at=whole, state=st.sampled_from(CallBackState), queue=text, number=text, attempts=whole
    ),
    st.builds(PhoneEvent, extension=name, at=whole, do_not_disturb=st.booleans(), forward_busy=text),
    st.builds(HouseEvent, name=name, at=whole, on=st.booleans(), by=text),
    st.builds(
        MessageRecord, id=name, box=text, call=name, caller=text, caller_name=text, left=whole, file=text, seconds=real,
        heard=st.just(5), removed=st.just(6), error=text,
    ),
    st.builds(
        Rating, call=name, at=whole, queue=text, agent=text, topic=text, score=st.integers(1, 5), low=st.booleans(),
    ),
    st.builds(MissedOwner, caller=text, at=whole, owner=text, assigned=st.booleans()),
    st.builds(TopicChosen, call=name, at=whole, topic=text, agent=text),
    st.builds(AgentEvent, agent=name, at=whole, status=text, state=text, reason=text, call=text),
    st.builds(
        AgentTime, agent=name, started=whole, ended=whole, status=text, reason=text, paid=st.booleans(), idle_ms=whole,
        ringing_ms=whole, talk_ms=whole, hold_ms=whole, wrap_up_ms=whole, own_call_ms=whole,
    ),
    st.builds(AgentAlarm, agent=name, at=whole, status=text, reason=text, since=whole, limit_ms=whole),
    st.builds(AgentSeat, agent=name, at=whole, phone=text),
    st.builds(TraceRow, call=name, at=whole, sent=st.booleans(), party=text, line=text, cseq=text),
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: str(kind.name))
def test_every_field_has_its_column_and_its_place(kind: Kind) -> None:
    fields = tuple(field.name for field in msgspec.structs.fields(kind.record))
    assert kind.columns == fields, "a new field needs a column and a migration"
    stored = [str(column.name) for column in kind.table.columns if column.name in fields]
    assert stored == list(kind.columns), "columns stand in the order of the fields"
    assert type(kind.name) is str


@given(records)
def test_a_row_makes_the_record_it_was_made_of(record: AnyRecord) -> None:
    kind = KINDS[type(record)]
    assert from_row(type(record), kind.values(record)) == record


@given(records)
def test_a_row_fills_every_column(record: AnyRecord) -> None:
    kind = KINDS[type(record)]
    row = Row(kind, 77, kind.values(record), 0.0)
    assert len(stored_values(row, 1)) == len(kind.table.columns)


def test_a_call_is_stored_with_its_node_and_what_it_is_searched_by() -> None:
    record = CallRecord("n1-1", Direction.INCOMING, 5, "+373 69 123 456", "022000111")
    assert stored_values(Row(CALLS, 0, CALLS.values(record), 0.0), 9)[-3:] == (9, "9123456", "2000111")


@settings(max_examples=15, deadline=None)
@given(st.lists(records, max_size=30))
def test_what_goes_into_the_database_comes_out_of_it(written: list[AnyRecord]) -> None:
    async def round_trip(directory: str) -> None:
        store = await Store.open(f"sqlite:///{directory}/softacd.db", node="n1", wall=lambda: 1)
        last: dict[tuple[type[AnyRecord], str], AnyRecord] = {}
        for number, record in enumerate(written):
            store.write(record)
            key = (
                record.id
                if isinstance(record, CallRecord | LegRecord | RecordingRecord | MessageRecord)
                else str(number)
            )
            last[(type(record), key)] = record
        await store.flush()
        assert store.status().rejected == 0
        await store.close()
        history = await Store.open_for_reading(f"sqlite:///{directory}/softacd.db")
        for kind in KINDS:
            wanted = [record for (other, _), record in last.items() if other is kind]
            found: list[AnyRecord] = await history.everything(kind)
            assert len(found) == len(wanted)
            assert all(record in found for record in wanted)
        await history.close()

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(round_trip(directory))
