"""Who sent a call elsewhere, and why: Diversion (RFC 5806) and History-Info (RFC 7044), as carriers write them."""

from enum import StrEnum
from itertools import pairwise

import msgspec

from softacd.sip.errors import SipError
from softacd.sip.grammar import split_list
from softacd.sip.headers import NameAddress
from softacd.sip.message import Request

MOST_READ = 20


class Why(StrEnum):
    """Reasons of a diversion, as RFC 5806 section 6.1 spells them."""

    ALWAYS = "unconditional"
    BUSY = "user-busy"
    NO_ANSWER = "no-answer"
    UNAVAILABLE = "unavailable"
    DEFLECTION = "deflection"
    UNKNOWN = "unknown"


WHYS = {
    "302": Why.ALWAYS,
    "486": Why.BUSY,
    "408": Why.NO_ANSWER,
    "503": Why.UNAVAILABLE,
    "404": Why.UNAVAILABLE,
    "480": Why.DEFLECTION,
}
"""Causes of History-Info (RFC 4458 section 4)."""


class Diversion(msgspec.Struct, frozen=True):
    """`extension`, or a number outside, sent the call elsewhere."""

    extension: str
    why: Why


def diverted(request: Request) -> tuple[Diversion, ...]:
    """Who sent the call on before it came here, the last one first. What cannot be read says nothing."""
    try:
        told = _addresses(request, "Diversion")
        if told:
            return tuple(Diversion(one.uri.user, _why(one.parameters.get("reason"))) for one in told)
        history = _addresses(request, "History-Info")
    except SipError:
        return ()
    found = []
    for before, after in pairwise(history):
        cause = after.uri.parameters.get("cause")
        if cause is not None:  # an entry without a cause is a hop, or a number written differently
            found.append(Diversion(before.uri.user, WHYS.get(cause, Why.UNKNOWN)))
    return tuple(reversed(found))


def _addresses(request: Request, name: str) -> list[NameAddress]:
    values = [element for value in request.headers(name) for element in split_list(value)]
    return [NameAddress.parse(value) for value in values[:MOST_READ]]


def _why(reason: str | None) -> Why:
    text = (reason or "").strip('"').lower()
    return Why(text) if text in list(Why) else Why.UNKNOWN
