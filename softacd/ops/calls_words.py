"""How calls are told to people: times, durations, one plain sentence about how a call went."""

import re
from collections.abc import Sequence
from datetime import datetime, tzinfo

from softacd.calls.records import CallEvent, CallRecord, Direction, Outcome, Segment

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_EVENTS = {
    "flow": "flow {}",
    "step": "step {}",
    "key": "key {}",
    "queue-joined": "joined the queue {}",
    "queue-left": "left the queue {}",
    "offered": "offered to {}",
    "connected": "connected with {}",
    "announced": "heard {}",
    "hang-up": "{} hung up",
    "audio": "audio of {}",
    "ring": "ringing {}",
    "transfer": "passed on by {}",
}
_ENDERS = {"caller": "the caller", "called": "the called party", "switch": "softacd"}
_REASON_TEXT = re.compile(r'text="((?:[^"\\]|\\.)*)"')
_NAMED = re.compile(r"^[a-z]+:")


def plain(text: str) -> str:
    """Text of strangers made safe for a terminal: no escape sequences, no change of writing direction."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def duration(milliseconds: int) -> str:
    """A duration: "0:07", "12:34", "1:02:03"; negative ones (a clock was set) are 0:00."""
    minutes, seconds = divmod(max(0, milliseconds) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def wait(milliseconds: int) -> str:
    """A wait as a sentence says it: "0.4 s", "12.3 s", "1:15"."""
    return f"{max(0, milliseconds) / 1000:.1f} s" if milliseconds < 60_000 else duration(milliseconds)


def moment(at: int, zone: tzinfo | None = None) -> datetime:
    """The local (or `zone`'s) time of wall-clock milliseconds."""
    return datetime.fromtimestamp(at / 1000, tz=zone).astimezone(zone)


def party_name(party: str) -> str:
    """A party as a person calls it: "ann" of "agent:ann"."""
    return plain(_NAMED.sub("", party))


def reason_text(reason: str) -> str:
    """The words of a Reason header (RFC 3326): "Call completed elsewhere" of 'SIP;cause=200;text="Call ..."'."""
    found = _REASON_TEXT.search(reason)
    return plain(found[1] if found else reason)


def event_text(kind: str, details: Sequence[str]) -> str:
    """What happened, in words; several of one kind at once ("offered to ann, bob") are told together."""
    detail = plain(", ".join(detail for detail in details if detail))
    if kind == "hang-up":
        detail = _ENDERS.get(detail, detail)
    if kind in _EVENTS:
        return _EVENTS[kind].format(detail)
    return f"{plain(kind).replace('-', ' ')} {detail}".rstrip()


def verdict(
    call: CallRecord,
    events: Sequence[CallEvent] = (),
    segments: Sequence[Segment] = (),
    *,
    zone: tzinfo | None = None,
) -> str:
    """Say in one plain sentence (two for a missed call, one more for the topic) how the call went."""
    told = _verdict(call, events, segments, zone)
    return f"{told} Topic: {plain(call.topic)}." if call.topic else told


def _verdict(call: CallRecord, events: Sequence[CallEvent], segments: Sequence[Segment], zone: tzinfo | None) -> str:
    ended = call.ended or call.started
    lived = ended - call.started
    match call.outcome:
        case Outcome.OPEN:
            return f"{_answer(call, segments)}; still talking." if call.connected else "This call was still going on."
        case Outcome.ANSWERED:
            return f"{_answer(call, segments)}; {_end(call, segments)}."
        case Outcome.ABANDONED:
            waited = wait(call.wait_ms or ended - (call.queued or call.started))
            sentence = f"The caller gave up after {waited} in {plain(call.queue) or 'the queue'}{_offered(events)}."
        case Outcome.MISSED:
            if call.ended_by == "switch" and call.cause >= 400:
                sentence = f"softacd could not take the call{_because(events, 'refused')}{_status(call)}."
            else:
                sentence = f"{_who_left(call)} after {wait(lived)}{_where(call)}, before anybody answered."
        case Outcome.INTERRUPTED:
            cut = f"{duration(call.talk_ms)} into the conversation" if call.connected else f"after {wait(lived)}"
            sentence = f"softacd stopped without warning and cut the call {cut}."
        case Outcome.BUSY:
            return f"{_called(call)} was busy."
        case Outcome.NO_ANSWER:
            return f"{_called(call)} did not answer within {wait(lived)}."
        case Outcome.REFUSED:
            return f"The call was refused{_because(events, 'refused')}{_status(call)}."
        case Outcome.SERVED:
            return f"softacd itself served the caller{_because(events, 'feature')} for {wait(lived)}."
        case Outcome.FAILED:
            return (
                f"The call failed after {wait(lived)}{_because(events, 'trunk-failed', 'ring-failed')}{_status(call)}."
            )
    return sentence + _follow_up(call, zone)


def _answer(call: CallRecord, segments: Sequence[Segment]) -> str:
    talked = [plain(segment.agent) or party_name(segment.party) for segment in segments]
    by = talked[0] if talked else plain(call.agent) or _called(call)
    waited = wait(call.wait_ms or call.connected - (call.queued or call.started))
    passed_on = [
        f", {'back to' if after == before else 'passed on to'} {after} after {_length(segment)}"
        for segment, before, after in zip(segments, talked, talked[1:], strict=False)
    ]
    return f"Answered by {by} after {waited}" + (f" in {plain(call.queue)}" if call.queue else "") + "".join(passed_on)


def _end(call: CallRecord, segments: Sequence[Segment]) -> str:
    by = "the agent" if call.agent and call.ended_by == "called" else _ENDERS.get(call.ended_by, "softacd")
    verb = "ended it" if by == "softacd" else "hung up"
    last = segments[-1] if segments else call
    held = f" ({duration(last.hold_ms)} of it on hold)" if last.hold_ms else ""
    return f"{by} {verb} after {_length(last) if last.talk_ms else duration(call.ended - call.connected)}{held}"


def _length(conversation: CallRecord | Segment) -> str:
    """How long it lasted, holding included."""
    return duration(conversation.talk_ms + conversation.hold_ms)


def _called(call: CallRecord) -> str:
    return plain(call.called) or "the called party"


def _who_left(call: CallRecord) -> str:
    return "softacd ended the call" if call.ended_by == "switch" else "The caller hung up"


def _where(call: CallRecord) -> str:
    if call.queued:
        return f" in {plain(call.queue)}"
    return f" in the menu, having pressed {plain(call.keys)}" if call.keys else ""


def _offered(events: Sequence[CallEvent]) -> str:
    names = list(dict.fromkeys(event.detail for event in events if event.kind == "offered"))
    return f"; offered to {plain(', '.join(names))} in vain" if names else ""


def _because(events: Sequence[CallEvent], *kinds: str) -> str:
    reasons = [event.detail for event in events if event.kind in kinds and event.detail]
    return f" ({plain(reasons[-1])})" if reasons else ""


def _status(call: CallRecord) -> str:
    return f" with status {call.cause}" if call.cause else ""


def _follow_up(call: CallRecord, zone: tzinfo | None) -> str:
    if call.direction is not Direction.INCOMING or call.connected:
        return ""
    if call.missed_handled:
        return f" Reached since, at {moment(call.missed_handled, zone):%Y-%m-%d %H:%M}."
    return " Nobody has talked with this number since."
