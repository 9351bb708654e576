"""Who spoke with whom: so that a caller who comes back can be given to the agent he knows."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, NamedTuple

from softacd.acd.model import QueueSettings
from softacd.calls.caller import Caller
from softacd.calls.leg import Leg
from softacd.calls.leg_session import GONE

MOST: Final = 20_000
"""Callers remembered; the one who has not called for the longest is forgotten first."""

LOST_CAUSES: Final = frozenset({"27", "38", "41", "42", "102", "111", "127"})
"""Q.850 causes of a BYE that no human wanted: destination out of order, network out of order, temporary failure,
congestion, timer expiry, protocol error, interworking."""


class Meeting(NamedTuple):
    """A caller's last conversation with an agent: when it ended (monotonic seconds), and whether it was cut off."""

    agent: str
    ended: float
    cut_off: bool


class Wish(NamedTuple):
    """The agent a caller is meant for, how long he waits for him alone, and whether he goes ahead of the queue."""

    agent: str
    patience: float
    reconnect: bool = False


NOBODY: Final = Wish("", 0.0)


def cut_off(leg: Leg) -> bool:
    """Whether a leg ended without anybody hanging up: it fell silent, or its network says so (RFC 3326)."""
    if leg.cause in GONE:
        return True
    protocol, *parameters = (part.strip() for part in leg.reason.split(";"))
    if protocol.upper() != "Q.850":
        return False
    causes = {part[6:].strip() for part in parameters if part.lower().startswith("cause=")}
    return bool(causes & LOST_CAUSES)


class Acquaintances:
    """The last conversation of every caller, by his number as his carrier presents it."""

    def __init__(self) -> None:
        self._meetings: OrderedDict[str, Meeting] = OrderedDict()

    def __len__(self) -> int:
        return len(self._meetings)

    def met(self, number: str, agent: str, now: float, *, cut_off: bool = False) -> None:
        """A conversation of this caller and this agent has ended."""
        self._meetings[number] = Meeting(agent, now, cut_off)
        self._meetings.move_to_end(number)
        if len(self._meetings) > MOST:
            self._meetings.popitem(last=False)

    def restore(self, meetings: Iterable[tuple[str, Meeting]]) -> None:
        """What was before the restart, the oldest first."""
        for number, meeting in meetings:
            self.met(number, meeting.agent, meeting.ended, cut_off=meeting.cut_off)

    def wish(self, settings: QueueSettings, number: str, known: Caller | None, now: float) -> Wish:
        """Whom a caller of this queue is meant for."""
        meeting = self._meetings.get(number) if number else None
        since = now - meeting.ended if meeting is not None else 0.0
        if meeting is not None and meeting.cut_off and 0.0 < settings.reconnect_seconds >= since:
            return Wish(meeting.agent, settings.patience_seconds, reconnect=True)
        if known is not None and known.manager and settings.manager_patience_seconds:
            return Wish(known.manager, settings.manager_patience_seconds)
        if meeting is not None and 0.0 < settings.last_agent_seconds >= since:
            return Wish(meeting.agent, settings.patience_seconds)
        return NOBODY
