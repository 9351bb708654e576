"""What is told of calls, and how it is signed."""

import base64

import msgspec
import pytest

from softacd.calls.records import AgentEvent, CallEvent, CallRecord, Direction, Outcome, RecordingRecord, TopicChosen
from softacd.calls.webhooks import Teller, headers, key_of


def a_call(**fields: object) -> CallRecord:
    return CallRecord("n1-1", Direction.INCOMING, 1, "069", "600", **fields)  # type: ignore[arg-type]


def told(*records: CallRecord) -> list[list[str]]:
    teller = Teller()
    return [[event.value for event in teller.events(record)] for record in records]


@pytest.mark.parametrize(
    ("course", "events"),
    [
        ([{}, {"queue": "sales"}, {"connected": 2}, {"connected": 2}, {"connected": 2, "ended": 3}],
         [["call.started"], [], ["call.answered"], [], ["call.ended"]]),
        ([{}, {"ended": 3, "outcome": Outcome.ABANDONED}], [["call.started"], ["call.ended", "call.missed"]]),
        ([{"connected": 2, "ended": 3, "outcome": Outcome.ANSWERED}],
         [["call.started", "call.answered", "call.ended"]]),
        ([{}, {"ended": 3, "outcome": Outcome.BUSY}], [["call.started"], ["call.ended"]]),
    ],
)  # fmt: skip
def test_each_thing_of_a_call_is_told_once(course: list[dict[str, object]], events: list[list[str]]) -> None:
    assert told(*(a_call(**fields) for fields in course)) == events


def test_nothing_is_kept_of_a_call_that_ended() -> None:
    teller = Teller()
    for record in (a_call(), a_call(connected=2), a_call(connected=2, ended=3)):
        list(teller.events(record))
    assert not teller._stages


def test_other_records() -> None:
    teller = Teller()
    recording = RecordingRecord("n1-1.1", "n1-1", "phone:101", "sales", "ann", 1, "a.wav")
    assert list(teller.events(recording)) == []
    assert list(teller.events(msgspec.structs.replace(recording, ended=5))) == ["recording.ready"]
    assert list(teller.events(msgspec.structs.replace(recording, ended=5, removed=9))) == []
    assert list(teller.events(TopicChosen("n1-1", 1, "delivery", "ann"))) == ["call.topic"]
    assert list(teller.events(AgentEvent("ann", 1, "available", "idle"))) == ["agent.changed"]
    assert list(teller.events(CallEvent("n1-1", 1, "key", "1"))) == []


def test_signed_as_the_specifications_own_example() -> None:
    # The test vector of the Standard Webhooks specification's libraries.
    body = b'{"test": 2432232314}'
    given = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert given["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (given["webhook-id"], given["webhook-timestamp"]) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330")


def test_secrets() -> None:
    assert key_of("plain words") == b"plain words"
    assert key_of("whsec_" + base64.b64encode(b"key").decode()) == b"key"
    with pytest.raises(ValueError, match="base64"):
        key_of("whsec_§")
    assert "webhook-signature" not in headers("1", 2, b"{}", "")
