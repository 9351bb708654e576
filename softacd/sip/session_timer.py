"""Session timers (RFC 4028): who refreshes a session, how often, and when it is given up. Pure reading and deciding.

Intervals are whole seconds. A session is refreshed at half its interval and ended shortly before its full one.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from softacd.sip.errors import MalformedError
from softacd.sip.grammar import parse_number, parse_parameters
from softacd.sip.message import Message, Request, Response

SMALLEST = 90
"""No session is refreshed oftener (section 4), whatever a peer asks."""
_LARGEST = 2**31 - 1


class Refresher(StrEnum):
    """Who sends refreshes, by the roles of the request that is answered (section 4)."""

    UAC = "uac"
    UAS = "uas"


class SessionExpires(msgspec.Struct, frozen=True):
    """The value of Session-Expires."""

    seconds: int
    refresher: Refresher | None = None

    @classmethod
    def parse(cls, text: str) -> SessionExpires:
        """Raises MalformedError."""
        number, semicolon, rest = text.partition(";")
        parameters = parse_parameters(semicolon + rest) if semicolon else {}
        who = (parameters.get("refresher") or "").lower()
        seconds = parse_number(number.strip(" \t"), _LARGEST, "Session-Expires")
        return cls(seconds, Refresher(who) if who in ("uac", "uas") else None)

    def __str__(self) -> str:
        return f"{self.seconds};refresher={self.refresher}" if self.refresher else str(self.seconds)


class Session(msgspec.Struct, frozen=True):
    """A session that must be refreshed: every `interval` seconds, by us when `ours`, else by the peer."""

    interval: int
    ours: bool

    @property
    def refresh_after(self) -> float:
        """Seconds until our refresh is sent (section 7.2)."""
        return self.interval / 2

    @property
    def expires_after(self) -> float:
        """Seconds without any refresh after which a BYE is sent (section 10)."""
        return self.interval - min(32.0, self.interval / 3)


class TooSmallError(Exception):
    """The peer wants to refresh oftener than we allow: answer 422 with Min-SE (section 9)."""

    status = 422

    def __init__(self, smallest: int) -> None:
        super().__init__(f"a session interval of at least {smallest} s is needed")
        self.headers = (("Min-SE", str(smallest)),)


def supports_timer(message: Message) -> bool:
    """Whether the peer knows session timers."""
    return any(tag.lower() == "timer" for tag in message.headers("supported"))


def allows(message: Message, method: str) -> bool:
    """Whether the peer says in Allow that it takes `method`."""
    return any(name.upper() == method for name in message.headers("allow"))


def offer_headers(interval: int, smallest: int = SMALLEST) -> tuple[tuple[str, str], ...]:
    """Headers of a request that asks for a session; who refreshes is left to the peer (section 7.1)."""
    return (("Session-Expires", str(max(interval, smallest))), ("Min-SE", str(smallest)))


def minimum(message: Message) -> int:
    """Min-SE, at least 90 (section 5). Raises MalformedError."""
    text = message.header("min-se")
    if text is None:
        return SMALLEST
    return max(SMALLEST, parse_number(text.partition(";")[0].strip(" \t"), _LARGEST, "Min-SE"))


def agree_as_server(
    request: Request, wanted: int, smallest: int = SMALLEST
) -> tuple[Session | None, tuple[tuple[str, str], ...]]:
    """What our 2xx to an INVITE or UPDATE says, and the session it makes (section 9).

    Without the peer's support there is none. Raises TooSmallError (422), MalformedError.
    """
    if not supports_timer(request):
        return None, ()
    text = request.header("session-expires")
    asked = None if text is None else SessionExpires.parse(text)
    if asked is not None and asked.seconds < smallest:
        raise TooSmallError(smallest)
    interval = max(min(wanted, asked.seconds) if asked else wanted, minimum(request), smallest)
    refresher = (asked.refresher if asked else None) or Refresher.UAS
    session = Session(interval, ours=refresher is Refresher.UAS)
    headers: tuple[tuple[str, str], ...] = (("Session-Expires", str(SessionExpires(interval, refresher))),)
    if refresher is Refresher.UAC:
        headers += (("Require", "timer"),)  # section 9: the peer must know that it is to refresh
    return session, headers


def agree_as_client(response: Response) -> Session | None:
    """The session a 2xx to our INVITE or UPDATE makes (section 7.2); None when the peer wants none."""
    text = response.header("session-expires")
    if text is None:
        return None
    try:
        agreed = SessionExpires.parse(text)
    except MalformedError:
        return None
    return Session(max(agreed.seconds, SMALLEST), ours=agreed.refresher is not Refresher.UAS)
