"""From records to calls another system is told of: each once, when what is said of it afterwards has come as well."""

from collections.abc import Iterator

import msgspec

from softacd.calls.records import (
    MISSED_OUTCOMES,
    AnyRecord,
    CallRecord,
    Direction,
    Outcome,
    RecordingRecord,
    TopicChosen,
)
from softacd.crm.adapters.interface import CallLog

UNTOLD = frozenset({Outcome.REFUSED, Outcome.OPEN, Outcome.INTERRUPTED})
"""Outcomes no other system hears of."""
MOST_RECORDINGS = 10_000
"""Recordings of calls that live which are remembered."""


class Journal:
    """Turns records into `CallLog`s. `recordings` is the address of a recording, with {recording} in it, or ""."""

    def __init__(self, recordings: str) -> None:
        self._address = recordings
        self._recordings: dict[str, str] = {}

    def take(self, record: AnyRecord, ended: "dict[str, CallLog]") -> Iterator[CallLog]:
        """What is news for another system; `ended` are the calls that still can be amended."""
        match record:
            case CallRecord() if record.ended and record.id not in ended:
                log = self._ended(record)
                if log is not None:
                    yield log
            case TopicChosen() if record.call in ended:
                yield msgspec.structs.replace(ended[record.call], topic=record.topic)
            case RecordingRecord() if self._address and not record.removed:
                address = self._address.replace("{recording}", record.id)
                if record.call in ended:
                    yield msgspec.structs.replace(ended[record.call], recording=address)
                elif not record.ended:
                    self._recordings[record.call] = address
                    if len(self._recordings) > MOST_RECORDINGS:
                        del self._recordings[next(iter(self._recordings))]

    def _ended(self, call: CallRecord) -> CallLog | None:
        recording = self._recordings.pop(call.id, "")
        if call.direction is Direction.INTERNAL or call.outcome in UNTOLD:
            return None
        incoming = call.direction is Direction.INCOMING
        return CallLog(
            call=call.id,
            number=call.caller if incoming else call.called,
            incoming=incoming,
            started=call.started,
            ended=call.ended,
            talk_ms=call.talk_ms,
            connected=bool(call.connected),
            missed=incoming and call.outcome in MISSED_OUTCOMES,
            outcome=call.outcome.value,
            agent=call.agent,
            queue=call.queue,
            topic=call.topic,
            recording=recording,
        )
