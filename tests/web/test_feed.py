"""The ring of live events, read like a conversation between the switch and who watches."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
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
    PhoneEvent,
    Rating,
    RecordingRecord,
    Segment,
    TopicChosen,
    TraceRow,
)
from softacd.calls.users import AuditEntry
from softacd.calls.views import Snapshot
from softacd.web.feed import TYPES, AgentPushed, CallPushed, Feed, LiveEvent, OvertakenError, Watcher

NOW = 1_790_000_000_000
FIRST = NOW * 1000
EVERYTHING = frozenset(TYPES.values())


def a_feed(capacity: int = 8) -> Feed:
    return Feed(lambda: NOW, capacity=capacity)


def a_call(name: str = "n1-1") -> CallRecord:
    return CallRecord(name, Direction.INCOMING, NOW, "+37322123456", "600")


def watching(feed: Feed, types: frozenset[type] = EVERYTHING) -> tuple[Watcher, list[str]]:
    woken: list[str] = []
    watcher = Watcher(feed.last, types, lambda: woken.append("news"))
    feed.watchers.add(watcher)
    return watcher, woken


def read(feed: Feed, watcher: Watcher) -> list[int]:
    numbers = []
    while (entry := feed.next_for(watcher)) is not None:
        numbers.append(entry.event.seq)
    return numbers


def test_every_kind_of_record_is_pushed_and_can_be_read_back() -> None:
    feed = a_feed(len(get_args(AnyRecord)))
    watcher, woken = watching(feed)
    records: list[AnyRecord] = [
        a_call(),
        LegRecord("n1-1-a", "n1-1", "trunk:alpha", "+373", False, NOW),
        Segment("n1-1", 1, "agent:ann", "ann", NOW, NOW + 9, 9, 0, "caller"),
        CallEvent("n1-1", NOW, "key", "2"),
        AgentEvent("ann", NOW, "available", "talking", "", "n1-1"),
        AgentTime("ann", NOW - 9, NOW, "lunch", idle_ms=9),
        AgentAlarm("ann", NOW, "not-ready", "doctor", NOW - 9, 9),
        AgentSeat("ann", NOW, "105"),
        HouseEvent("emergency", NOW, True, "101"),
        AuditEntry(NOW, "boss", "administrator", "127.0.0.1", "PUT /api/v1/house/emergency", "/house/emergency", 200),
        MessageRecord("n1-1-1", "sales", "n1-1", "069", "", NOW, "x.wav"),
        Rating("n1-1", NOW, "sales", "ann", "service", 2, True),
        MissedOwner("069", NOW, "ann"),
        TopicChosen("n1-7", NOW, "delivery", "ann"),
        PhoneEvent("101", NOW, forward_always="102"),
        CallBackEvent("n1-1", NOW, CallBackState.WAITING, "sales", "+37369000001"),
        TraceRow("n1-1", NOW, True, "trunk:alpha", "180 Ringing"),
        RecordingRecord("n1-1-1", "n1-1", "trunk:alpha", "sales", "ann", NOW, "2026-01-02/n1-1-1.wav"),
    ]
    for record in records:
        feed.observe(record)
    assert len(woken) == len(get_args(AnyRecord))
    assert {type(record) for record in records} == set(get_args(AnyRecord))
    read_back = []
    while (entry := feed.next_for(watcher)) is not None:
        read_back.append(msgspec.json.decode(entry.text(), type=LiveEvent))
    assert [event.data for event in read_back if hasattr(event, "data")] == records
    assert [event.seq for event in read_back] == list(range(FIRST + 1, FIRST + 1 + len(records)))
    assert {event.at for event in read_back} == {NOW}


def test_the_words_on_the_wire() -> None:
    feed = a_feed()
    feed.observe(AgentEvent("ann", NOW, "lunch", "idle", "", ""))
    entry = feed.next_for(Watcher(feed.first, EVERYTHING, lambda: None))
    assert entry is not None
    assert msgspec.json.decode(entry.text()) == {
        "type": "agent",
        "seq": FIRST + 1,
        "at": NOW,
        "data": {"agent": "ann", "at": NOW, "status": "lunch", "state": "idle", "reason": "", "call": ""},
    }
    heartbeat = msgspec.json.decode(msgspec.json.encode(feed.heartbeat()))
    assert heartbeat == {"type": "heartbeat", "seq": FIRST + 1, "at": NOW}
    snapshot = msgspec.json.decode(msgspec.json.encode(feed.snapshot(Snapshot(NOW, (), (), (), (), ()))))
    assert (snapshot["type"], snapshot["seq"], snapshot["data"]["at"]) == ("snapshot", FIRST + 1, NOW)


def test_an_event_is_written_as_text_once_for_all() -> None:
    feed = a_feed()
    one, two = watching(feed)[0], watching(feed)[0]
    feed.observe(a_call())
    first, second = feed.next_for(one), feed.next_for(two)
    assert first is not None
    assert second is not None
    assert first.text() is second.text()


def test_a_record_that_changes_later_is_pushed_as_it_was() -> None:
    feed = a_feed()
    record = a_call()
    watcher, _ = watching(feed)
    feed.observe(record)
    record.ended = NOW + 5
    feed.observe(record)
    ended = []
    while (entry := feed.next_for(watcher)) is not None:
        assert isinstance(entry.event, CallPushed)
        ended.append(entry.event.data.ended)
    assert ended == [0, NOW + 5]


def test_a_watcher_gets_only_the_types_it_wants() -> None:
    feed = a_feed()
    watcher, _ = watching(feed, frozenset({AgentPushed}))
    feed.observe(a_call())
    feed.observe(AgentEvent("ann", NOW, "lunch", "idle"))
    feed.observe(a_call())
    assert read(feed, watcher) == [FIRST + 2]
    assert watcher.seq == FIRST + 3


def test_a_watcher_that_sleeps_too_long_is_told_what_it_missed() -> None:
    feed = a_feed(capacity=8)
    watcher, _ = watching(feed)
    for _ in range(8):
        feed.observe(a_call())
    assert feed.holds(watcher.seq)
    feed.observe(a_call())
    with pytest.raises(OvertakenError, match="1 events missed"):
        feed.next_for(watcher)


def test_numbers_from_before_a_restart_and_from_the_future_are_not_held() -> None:
    feed = a_feed()
    feed.observe(a_call())
    assert feed.holds(FIRST)
    assert feed.holds(FIRST + 1)
    assert not feed.holds(FIRST - 1)
    assert not feed.holds(FIRST + 2)
    assert not feed.holds(0)


def test_closing_wakes_everybody() -> None:
    feed = a_feed()
    _, woken = watching(feed)
    feed.close()
    assert feed.closed
    assert woken == ["news"]


@given(
    capacity=st.integers(1, 12),
    moves=st.lists(st.sampled_from(["event", "read one", "read two"]), max_size=60),
)
def test_nobody_misses_an_event_without_being_told(capacity: int, moves: list[str]) -> None:
    """Whatever the order: a watcher sees every number exactly once and in order, or is told that it was overtaken."""
    feed = a_feed(capacity)
    watchers = {"read one": watching(feed)[0], "read two": watching(feed)[0]}
    expected = dict.fromkeys(watchers, FIRST)
    for move in moves:
        if move == "event":
            feed.observe(a_call())
            continue
        overtaken = feed.last - expected[move] > capacity
        try:
            seen = read(feed, watchers[move])
        except OvertakenError:
            assert overtaken
            watchers[move].seq = expected[move] = feed.last
        else:
            assert not overtaken
            assert seen == list(range(expected[move] + 1, feed.last + 1))
            expected[move] = feed.last
