"""What each field of the API's types means, in words, for the description of the API.

The words stand beside the fields, as docstrings of attributes, where the types are defined; they are read from the
source. Fields that speak for themselves there are explained here once, by name, for who does not read the source.
"""

import ast
import inspect
from functools import cache
from types import ModuleType

BY_NAME: dict[str, str] = {
    "agent": "Name of the agent; empty when there is none.",
    "agents": "All agents.",
    "answered_today": "Calls the agent answered since midnight.",
    "at": "When, ms since 1970-01-01 UTC.",
    "bans": "Sources that are banned.",
    "busy": "Agents of the queue in a call, ringing or wrapping up.",
    "call": "Id of the call; empty when there is none.",
    "called": "Number or extension dialled.",
    "caller": "Number or extension of the caller, as presented.",
    "calls": "Calls.",
    "cause": "What ended it or why it is in this state.",
    "codec": "Codec of the voice.",
    "contacts": "Addresses the phone is registered from; empty: not registered.",
    "cseq": "Its CSeq header.",
    "detail": "More about it, in words.",
    "direction": "Seen from the shop: incoming, outgoing, internal.",
    "display_name": "Name to show; empty: none is configured.",
    "ended_by": "Who ended it: caller, called, switch, transfer.",
    "ended": "When it ended, ms since 1970-01-01 UTC; 0: not yet.",
    "events": "What happened.",
    "estimate_coverage": "Share of recent waits that were within their estimated range; null before any was judged.",
    "estimate_error_s": "Mean absolute error of the estimates of recent waits; null before any was judged.",
    "expected_wait": "Seconds a caller may expect to wait; null when there is no trustworthy estimate.",
    "extension": "The phone's extension.",
    "failures": "Failed tries in a row.",
    "healthy": "Whether it works.",
    "hold_ms": "Time on hold, ms.",
    "id": "Its id, unique over all nodes.",
    "jitter_ms": "Jitter of the voice received, ms.",
    "kind": "What happened, in a word.",
    "last_incoming": "When the last call came in through it, ms since 1970-01-01 UTC; 0: none yet.",
    "legs": "Dialogs with one device each.",
    "longest_wait_s": "Seconds the first caller has waited.",
    "name": "Its configured name.",
    "number": "Its number.",
    "offered": "Callers who entered the queue since midnight.",
    "answered": "When it was answered, ms since 1970-01-01 UTC; 0: never.",
    "abandoned": "Callers who gave up since midnight.",
    "outcome": "How the call ended; open while it lives.",
    "outgoing": "Whether the switch called this device.",
    "packets_lost": "Voice packets lost on the way to the switch.",
    "packets_received": "Voice packets received.",
    "packets_sent": "Voice packets sent.",
    "phone": "Extension of the agent's phone.",
    "phones": "All phones.",
    "position": "Place in the queue, 1 is next; 0: not waiting.",
    "queue": "Name of the queue; empty when there is none.",
    "queues": "All queues.",
    "reachable": "Whether it can be reached now.",
    "ready": "Agents of the queue who could take a call.",
    "reason": "Why, in a word or a SIP reason phrase.",
    "remedy": "What the owner can do about it.",
    "remote_jitter_ms": "Jitter the other side reports, ms.",
    "remote_lost": "Packets the other side reports lost.",
    "ringing": "When it first rang, ms since 1970-01-01 UTC; 0: never.",
    "round_trip_ms": "Time there and back, ms.",
    "segments": "Conversations.",
    "sent": "Whether the switch sent it.",
    "service_level": "Share of offered calls answered within the threshold, 0 to 1; null before any.",
    "since": "Since when, ms since 1970-01-01 UTC.",
    "sip_call_id": "Call-ID of the dialog.",
    "staffed": "Agents of the queue who are logged in.",
    "started": "When it began, ms since 1970-01-01 UTC.",
    "state": "What the machine sees.",
    "status": "What the agent said.",
    "strangers": "Packets from addresses that are not the other side's; dropped.",
    "talk_ms": "Time in conversation, ms.",
    "trace": "SIP messages.",
    "trunk": "Name of the trunk; empty when there is none.",
    "trunks": "All trunks.",
    "type": "Which kind of event this is.",
    "wait_ms": "Time in the queue, ms.",
    "waiting": "Callers who wait.",
}
BY_TYPE: dict[tuple[str, str], str] = {
    ("CallStoryAnswer", "call"): "Its record; null in the moment before it is first written.",
    ("CallView", "phase"): "Where the call is.",
    ("PhoneView", "calls"): "Calls the phone is in.",
    ("QueueView", "answered"): "Callers answered since midnight.",
    ("TrunkView", "calls"): "Calls on the trunk.",
}


def describe_field(type_: type, field: str) -> str:
    """What `field` of a Struct means; empty when nobody said."""
    for class_ in type_.__mro__:
        if text := _docstrings(inspect.getmodule(class_)).get((class_.__name__, field)):
            return text
    return BY_TYPE.get((type_.__name__, field)) or BY_NAME.get(field, "")


@cache
def _docstrings(module: ModuleType | None) -> dict[tuple[str, str], str]:
    """(class, attribute) -> docstring of the attribute, for a module whose source is at hand."""
    if module is None:
        return {}
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError):
        return {}
    found: dict[tuple[str, str], str] = {}
    for class_ in tree.body:
        if not isinstance(class_, ast.ClassDef):
            continue
        for statement, following in zip(class_.body, class_.body[1:], strict=False):
            if (
                isinstance(statement, ast.AnnAssign)
                and isinstance(statement.target, ast.Name)
                and isinstance(following, ast.Expr)
                and isinstance(following.value, ast.Constant)
                and isinstance(following.value.value, str)
            ):
                found[class_.name, statement.target.id] = " ".join(following.value.value.split())
    return found
