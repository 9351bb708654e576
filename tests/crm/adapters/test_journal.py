from softacd.calls.records import CallRecord, Direction, Outcome, RecordingRecord, TopicChosen
from softacd.crm.adapters.interface import CallLog
from softacd.crm.adapters.journal import Journal


def call(outcome: Outcome = Outcome.ANSWERED, direction: Direction = Direction.INCOMING, **more: object) -> CallRecord:
    return CallRecord(
        id="c", direction=direction, started=1, caller="069123456", called="022000111", ended=9, outcome=outcome, **more
    )  # type: ignore[arg-type]


def recording(ended: int = 0) -> RecordingRecord:
    return RecordingRecord(id="c.1", call="c", party="", queue="", agent="", started=1, file="", ended=ended)


def test_a_call_that_ended_is_told_once_with_its_recording_and_later_its_topic() -> None:
    journal = Journal("https://pbx.example/r/{recording}")
    assert not list(journal.take(recording(), {}))
    (log,) = journal.take(call(talk_ms=5, connected=2), {})
    assert (log.number, log.incoming, log.missed, log.recording) == (
        "069123456", True, False, "https://pbx.example/r/c.1",
    )  # fmt: skip
    ended = {"c": log}
    assert not list(journal.take(call(), ended))
    (amended,) = journal.take(TopicChosen(call="c", at=9, topic="order", agent="ann"), ended)
    assert amended.topic == "order"
    assert [log.recording for log in journal.take(recording(ended=9), ended)] == ["https://pbx.example/r/c.1"]


def told(record: CallRecord) -> list[CallLog]:
    return list(Journal("").take(record, {}))


def test_what_concerns_nobody_outside_is_not_told() -> None:
    assert not told(call(direction=Direction.INTERNAL))
    assert not told(call(Outcome.REFUSED))
    assert not told(CallRecord(id="c", direction=Direction.INCOMING, started=1, caller="1", called="2"))
    assert told(call(Outcome.ABANDONED))[0].missed
    outgoing = told(call(Outcome.NO_ANSWER, Direction.OUTGOING))[0]
    assert (outgoing.number, outgoing.missed) == ("022000111", False)
