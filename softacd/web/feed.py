"""The stream of live events: numbered, kept for a while, written as JSON once for all who watch. No socket, no task.

Records arrive through `observe` the moment they are made. Each is kept in a ring of the newest `capacity`; a watcher
has no queue of its own but a place in the ring (the number of the last event it was sent), so the slowest watcher costs
no more memory than the quickest, and one that the ring has overtaken is known to have missed something.
"""

import copy
from collections.abc import Callable, Collection

import msgspec

from softacd.calls.goods import Bookmark
from softacd.calls.records import (
    AgentAlarm,
    AgentEvent,
    AgentSeat,
    AgentTime,
    AnyRecord,
    CallBackEvent,
    CallEvent,
    CallRecord,
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


class Numbered(msgspec.Struct, frozen=True, tag_field="type"):
    """What every event has. A snapshot's and a heartbeat's `seq` is the number of the last event before it."""

    seq: int
    """Number; grows by one with every record, also from one start of the program to the next."""
    at: int
    """When it was sent out, ms since 1970-01-01 UTC."""


class SnapshotPushed(Numbered, frozen=True, tag="snapshot"):
    """Everything, as of event `seq`."""

    data: Snapshot
    """The snapshot."""


class CallPushed(Numbered, frozen=True, tag="call"):
    """A call began, changed or ended."""

    data: CallRecord
    """Its record as it now is."""


class LegPushed(Numbered, frozen=True, tag="leg"):
    """A leg of a call ended."""

    data: LegRecord
    """Its record."""


class SegmentPushed(Numbered, frozen=True, tag="segment"):
    """A conversation of a call ended."""

    data: Segment
    """Who talked, and how long."""


class CallEventPushed(Numbered, frozen=True, tag="call-event"):
    """Something happened in a call."""

    data: CallEvent
    """What happened."""


class AgentPushed(Numbered, frozen=True, tag="agent"):
    """An agent's status or state changed."""

    data: AgentEvent
    """The change."""


class AgentTimePushed(Numbered, frozen=True, tag="agent-time"):
    """A time an agent spent in one status is over, or a quarter of an hour of it."""

    data: AgentTime
    """How it was spent."""


class AgentAlarmPushed(Numbered, frozen=True, tag="agent-alarm"):
    """An agent's status lasts longer than its reason may."""

    data: AgentAlarm
    """Which."""


class AgentSeatPushed(Numbered, frozen=True, tag="agent-seat"):
    """An agent has signed on at a phone, or left it."""

    data: AgentSeat
    """Who, and where."""


class PhonePushed(Numbered, frozen=True, tag="phone"):
    """The user of a phone chose something."""

    data: PhoneEvent
    """Everything chosen, as it now is."""


class CallBackPushed(Numbered, frozen=True, tag="call-back"):
    """A call-back changed."""

    data: CallBackEvent
    """All of it, as it now is."""


class TracePushed(Numbered, frozen=True, tag="trace"):
    """A SIP message was sent or received."""

    data: TraceRow
    """The message."""


class RecordingPushed(Numbered, frozen=True, tag="recording"):
    """A recording was begun, or its file is complete."""

    data: RecordingRecord
    """Its account."""


class BookmarkPushed(Numbered, frozen=True, tag="bookmark"):
    """An article has come for which an agent promised to call a customer: a task."""

    data: Bookmark
    """The promise."""


class HousePushed(Numbered, frozen=True, tag="house"):
    """Something was switched by hand for the whole house."""

    data: HouseEvent
    """What, and whether it is on."""


class MessagePushed(Numbered, frozen=True, tag="message"):
    """A message was left, heard or removed."""

    data: MessageRecord
    """Its account."""


class RatingPushed(Numbered, frozen=True, tag="rating"):
    """A caller said in a survey how it was."""

    data: Rating
    """The score."""


class MissedOwnerPushed(Numbered, frozen=True, tag="missed-owner"):
    """Somebody takes care of a caller whose calls were missed."""

    data: MissedOwner
    """Who, and of whom."""


class AuditPushed(Numbered, frozen=True, tag="audit"):
    """Somebody did something that is kept in the audit log; told to administrators only."""

    data: AuditEntry
    """Who, and what."""


class TopicPushed(Numbered, frozen=True, tag="topic"):
    """It was said why somebody called."""

    data: TopicChosen
    """The reason, and of which call."""


class Heartbeat(Numbered, frozen=True, tag="heartbeat"):
    """Nothing happened for a while; the connection lives."""


RecordPushed = (
    CallPushed
    | LegPushed
    | SegmentPushed
    | CallEventPushed
    | AgentPushed
    | AgentTimePushed
    | AgentAlarmPushed
    | AgentSeatPushed
    | PhonePushed
    | CallBackPushed
    | TracePushed
    | RecordingPushed
    | BookmarkPushed
    | HousePushed
    | MessagePushed
    | RatingPushed
    | MissedOwnerPushed
    | TopicPushed
    | AuditPushed
)
LiveEvent = SnapshotPushed | RecordPushed | Heartbeat
"""All that a watcher is sent: `{"type", "seq", "at", "data"}`."""

PUSHED: dict[type[AnyRecord | Bookmark], type[RecordPushed]] = {
    CallRecord: CallPushed,
    LegRecord: LegPushed,
    Segment: SegmentPushed,
    CallEvent: CallEventPushed,
    AgentEvent: AgentPushed,
    AgentTime: AgentTimePushed,
    AgentAlarm: AgentAlarmPushed,
    AgentSeat: AgentSeatPushed,
    PhoneEvent: PhonePushed,
    CallBackEvent: CallBackPushed,
    TraceRow: TracePushed,
    RecordingRecord: RecordingPushed,
    Bookmark: BookmarkPushed,
    HouseEvent: HousePushed,
    MessageRecord: MessagePushed,
    Rating: RatingPushed,
    MissedOwner: MissedOwnerPushed,
    TopicChosen: TopicPushed,
    AuditEntry: AuditPushed,
}
TYPES: dict[str, type[RecordPushed]] = {str(type_.__struct_config__.tag): type_ for type_ in PUSHED.values()}
"""Name of a type of event -> its Struct."""
_MUTABLE = (CallRecord, LegRecord, RecordingRecord, MessageRecord)


class Entry:
    """One event in the ring; becomes text when the first watcher wants it."""

    __slots__ = ("_at", "_record", "_seq", "_text", "type")

    def __init__(self, seq: int, at: int, record: AnyRecord | Bookmark) -> None:
        self.type = PUSHED[type(record)]
        self._seq = seq
        self._at = at
        self._record = record
        self._text = ""

    @property
    def event(self) -> RecordPushed:
        """The event as watchers read it."""
        return self.type(self._seq, self._at, self._record)  # type: ignore[arg-type] # the table pairs them

    def text(self) -> str:
        """The event as JSON."""
        if not self._text:
            self._text = msgspec.json.encode(self.event).decode()
        return self._text


class Watcher:
    """A place in the ring. `wake` is called when there is something new; it must not block."""

    __slots__ = ("seq", "types", "wake")

    def __init__(self, seq: int, types: Collection[type[RecordPushed]], wake: Callable[[], None]) -> None:
        self.seq = seq
        self.types = types
        self.wake = wake


class Feed:
    """The ring and who watches it. `wall` gives milliseconds since 1970.

    Numbers begin at the start's wall clock in microseconds: a number from before a restart is then smaller than every
    number since, and is answered with a snapshot instead of the wrong events.
    """

    __slots__ = ("_capacity", "_ring", "_wall", "closed", "dropped", "first", "last", "watchers")

    def __init__(self, wall: Callable[[], int], *, capacity: int = 4096) -> None:
        self._wall = wall
        self._capacity = capacity
        self._ring: list[Entry | None] = [None] * capacity
        self.first = self.last = wall() * 1000
        """`last` is the newest event's number, `first` the number before the first event of this start."""
        self.watchers: set[Watcher] = set()
        self.dropped = 0
        """Watchers sent away because they were too slow."""
        self.closed = False
        """Set by `close`: whoever watches is to leave."""

    def close(self) -> None:
        """Send every watcher away."""
        self.closed = True
        for watcher in self.watchers:
            watcher.wake()

    def observe(self, record: AnyRecord | Bookmark) -> None:
        """Number a record and tell the watchers. Records that their maker goes on changing are copied."""
        self.last += 1
        kept = copy.copy(record) if isinstance(record, _MUTABLE) else record
        self._ring[self.last % self._capacity] = Entry(self.last, self._wall(), kept)
        for watcher in self.watchers:
            watcher.wake()

    @property
    def oldest(self) -> int:
        """A watcher whose place is before this has missed events."""
        return max(self.first, self.last - self._capacity)

    def holds(self, seq: int) -> bool:
        """Whether every event after number `seq` is still here."""
        return self.oldest <= seq <= self.last

    def next_for(self, watcher: Watcher) -> Entry | None:
        """The next event this watcher wants, None when there is none; its place moves on.

        Raises OvertakenError when the ring no longer holds what comes next.
        """
        if not self.holds(watcher.seq):
            raise OvertakenError(self.oldest - watcher.seq)
        while watcher.seq < self.last:
            watcher.seq += 1
            entry = self._ring[watcher.seq % self._capacity]
            if entry is not None and entry.type in watcher.types:
                return entry
        return None

    def snapshot(self, snapshot: Snapshot) -> SnapshotPushed:
        """A snapshot as an event: the state after the newest record."""
        return SnapshotPushed(self.last, self._wall(), snapshot)

    def heartbeat(self) -> Heartbeat:
        """A sign of life that also tells how far the numbers are."""
        return Heartbeat(self.last, self._wall())


class OvertakenError(Exception):
    """A watcher was too slow: `missed` events have left the ring unseen."""

    def __init__(self, missed: int) -> None:
        super().__init__(f"too slow: {missed} events missed")
        self.missed = missed
