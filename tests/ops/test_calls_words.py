"""What is said of a call."""

from datetime import UTC
from typing import Any

import pytest

from softacd.calls.records import CallEvent, CallRecord, Direction, Outcome, Segment
from softacd.ops.calls_words import duration, event_text, party_name, plain, reason_text, verdict, wait
from tests.ops.past_calls import START, answered_call

INCOMING, OUTGOING, INTERNAL = Direction


def call(outcome: Outcome, **fields: Any) -> CallRecord:
    given = {"direction": INCOMING, "started": START, "caller": "+37369123456", "called": "102"}
    return CallRecord(id="n1-1", outcome=outcome, **{"ended": START + 30_000, **given, **fields})


def conversation(number: int, agent: str, talk_ms: int, ended_by: str, hold_ms: int = 0) -> Segment:
    return Segment("n1-1", number, f"agent:{agent}", agent, START, START, talk_ms, hold_ms, ended_by)


NOT_SINCE = "Nobody has talked with this number since."
VERDICTS: list[tuple[CallRecord, str]] = [
    (answered_call().call, "Answered by ann after 12.3 s in sales; the caller hung up after 1:02."),
    (
        call(Outcome.ANSWERED, connected=START + 4_000, talk_ms=20_000, hold_ms=6_000, ended_by="called"),
        "Answered by 102 after 4.0 s; the called party hung up after 0:26 (0:06 of it on hold).",
    ),
    (
        call(Outcome.ANSWERED, connected=START + 90_000, ended=START + 99_000, agent="ann", queue="sales",
             queued=START, ended_by="switch"),
        "Answered by ann after 1:30 in sales; softacd ended it after 0:09.",
    ),
    (
        call(Outcome.ABANDONED, queue="sales", queued=START + 5_000, wait_ms=25_000, ended_by="caller"),
        f"The caller gave up after 25.0 s in sales; offered to ann, bob in vain. {NOT_SINCE}",
    ),
    (
        call(Outcome.ABANDONED, queue="sales", queued=START, missed_handled=START + 3_600_000),
        "The caller gave up after 30.0 s in sales; offered to ann, bob in vain. Reached since, at 2026-06-01 09:00.",
    ),
    (
        call(Outcome.MISSED, keys="29", ended_by="caller"),
        f"The caller hung up after 30.0 s in the menu, having pressed 29, before anybody answered. {NOT_SINCE}",
    ),
    (
        call(Outcome.MISSED, queue="sales", queued=START, ended_by="switch"),
        f"softacd ended the call after 30.0 s in sales, before anybody answered. {NOT_SINCE}",
    ),
    (
        call(Outcome.MISSED, ended_by="switch", cause=503),
        f"softacd could not take the call (102 is no number of ours) with status 503. {NOT_SINCE}",
    ),
    (
        call(Outcome.INTERRUPTED, connected=START, talk_ms=30_000),
        "softacd stopped without warning and cut the call 0:30 into the conversation.",
    ),
    (
        call(Outcome.INTERRUPTED, direction=INTERNAL),
        "softacd stopped without warning and cut the call after 30.0 s.",
    ),
    (call(Outcome.BUSY), "102 was busy."),
    (call(Outcome.NO_ANSWER), "102 did not answer within 30.0 s."),
    (
        call(Outcome.FAILED, direction=OUTGOING, cause=503),
        "The call failed after 30.0 s (alpha: 503) with status 503.",
    ),
    (call(Outcome.REFUSED, cause=404), "The call was refused (102 is no number of ours) with status 404."),
    (call(Outcome.SERVED), "softacd itself served the caller (lunch: on) for 30.0 s."),
    (call(Outcome.OPEN, ended=0), "This call was still going on."),
    (call(Outcome.OPEN, ended=0, connected=START + 500), "Answered by 102 after 0.5 s; still talking."),
]  # fmt: skip
EVENTS = [
    CallEvent("n1-1", START, "offered", "ann"),
    CallEvent("n1-1", START, "offered", "bob"),
    CallEvent("n1-1", START, "offered", "ann"),
    CallEvent("n1-1", START, "trunk-failed", "beta: 404"),
    CallEvent("n1-1", START, "trunk-failed", "alpha: 503"),
    CallEvent("n1-1", START, "refused", "102 is no number of ours"),
    CallEvent("n1-1", START, "feature", "lunch: on"),
]


@pytest.mark.parametrize(("record", "sentence"), VERDICTS, ids=[str(record.outcome) for record, _ in VERDICTS])
def test_verdict(record: CallRecord, sentence: str) -> None:
    assert verdict(record, EVENTS, zone=UTC) == sentence


def test_every_outcome_has_a_verdict() -> None:
    assert {record.outcome for record, _ in VERDICTS} == set(Outcome)


def test_a_call_that_was_passed_on() -> None:
    record = call(
        Outcome.ANSWERED, queue="sales", queued=START, connected=START + 2_000, agent="bob", ended_by="caller"
    )
    talks = [conversation(1, "ann", 60_000, "transfer", hold_ms=5_000), conversation(2, "bob", 9_000, "caller")]
    assert verdict(record, segments=talks) == (
        "Answered by ann after 2.0 s in sales, passed on to bob after 1:05; the caller hung up after 0:09."
    )
    talks = [conversation(1, "ann", 60_000, "transfer"), conversation(2, "ann", 9_000, "caller", hold_ms=3_000)]
    assert verdict(record, segments=talks) == (
        "Answered by ann after 2.0 s in sales, back to ann after 1:00; "
        "the caller hung up after 0:12 (0:03 of it on hold)."
    )


@pytest.mark.parametrize(
    ("milliseconds", "clock", "sentence"),
    [
        (-5, "0:00", "0.0 s"), (0, "0:00", "0.0 s"), (440, "0:00", "0.4 s"), (59_999, "0:59", "60.0 s"),
        (60_000, "1:00", "1:00"), (3_723_000, "1:02:03", "1:02:03"), (360_000_000, "100:00:00", "100:00:00"),
    ],
)  # fmt: skip
def test_times(milliseconds: int, clock: str, sentence: str) -> None:
    assert (duration(milliseconds), wait(milliseconds)) == (clock, sentence)


def test_events_in_words() -> None:
    assert event_text("offered", ["ann", "bob"]) == "offered to ann, bob"
    assert event_text("hang-up", ["caller"]) == "the caller hung up"
    assert event_text("hang-up", ["called"]) == "the called party hung up"
    assert event_text("trunk-passed-over", ["beta: full"]) == "trunk passed over beta: full"
    assert event_text("resume", [""]) == "resume"


def test_the_words_of_a_reason_header() -> None:
    assert reason_text('SIP;cause=200;text="Call completed elsewhere"') == "Call completed elsewhere"
    assert reason_text("busy") == "busy"
    assert reason_text("Q.850;cause=16") == "Q.850;cause=16"


def test_what_strangers_send_is_made_harmless() -> None:
    assert plain("a\x1b[31mb\r\n\x00\u202e\udce9") == "a\ufffd[31mb" + "\ufffd" * 5
    assert plain("Ștefan Müller") == "Ștefan Müller"
    assert party_name("agent:ann") == "ann"
    assert party_name("101") == "101"
