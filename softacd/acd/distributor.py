"""The distributor: events of callers and agents in, commands to ring, connect and withdraw out.

Single writer, synchronous, no I/O. Every turn (`handle` or `handle_deadline`) first lets everything due happen, then
takes the event, then brings callers and agents together once (`strategy` has the rule); so what is decided does not
depend on how late the driver woke up. The answer of a phone is the exception: it counts although the ring has been due
to end since a moment, because a human has already said hello.

This is the door; the rules are in rooms of their own, all working on one `Turn`: `arrivals` (callers come and go),
`offers` (phones ring, answer, refuse), `conversations` (talk and wrap-up), `presence` (what agents choose, what their
phones can do), `waiting` (whom a caller may ring by now), `matching` (deadlines; callers and agents brought together)
and `reload`.

What holds after every turn: an agent is offered to at most one caller and talks to at most one; every CallerJoined has
exactly one CallerExited, now or later; an agent's wrap-up, however many queues he serves, ends at its due time and
at no other; no ready agent is idle while one of his queues has a caller whom `strategy` would have him ring for.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any, Final

from softacd.acd.agent import Agent
from softacd.acd.arrivals import caller_joined, caller_left
from softacd.acd.conversations import hold_changed, talk_ended, wrap_up_extended, wrap_up_finished
from softacd.acd.errors import UnknownAgentError
from softacd.acd.explain import Explanation, explain
from softacd.acd.floor import Floor
from softacd.acd.matching import deal, expire
from softacd.acd.model import AgentSettings, QueueSettings
from softacd.acd.offers import NO_ANSWER_REASON, UNREACHABLE_DELAYS, offer_answered, offer_refused, offer_ringing
from softacd.acd.presence import device_changed, other_call_ended, other_call_started, status_chosen
from softacd.acd.reload import reload
from softacd.acd.snapshot import AgentSnapshot, QueueSnapshot, agent_snapshot, queue_snapshot
from softacd.acd.turn import Turn
from softacd.acd.vocabulary import (
    AnyCommand,
    AnyEvent,
    CallerJoined,
    CallerLeft,
    DeviceChanged,
    HoldChanged,
    OfferAnswered,
    OfferRefused,
    OfferRinging,
    OtherCallEnded,
    OtherCallStarted,
    Status,
    StatusChosen,
    StatusSpent,
    TalkEnded,
    WrapUpExtended,
    WrapUpFinished,
)

__all__ = ["NO_ANSWER_REASON", "UNREACHABLE_DELAYS", "Distributor", "even_draws"]

HANDLERS: Final[Mapping[type, Callable[[Turn, Any, float], None]]] = {
    CallerJoined: caller_joined,
    CallerLeft: caller_left,
    StatusChosen: status_chosen,
    DeviceChanged: device_changed,
    OfferRinging: offer_ringing,
    OfferAnswered: offer_answered,
    OfferRefused: offer_refused,
    TalkEnded: talk_ended,
    HoldChanged: hold_changed,
    OtherCallStarted: other_call_started,
    OtherCallEnded: other_call_ended,
    WrapUpFinished: wrap_up_finished,
    WrapUpExtended: wrap_up_extended,
}
"""Event -> the rule that takes it."""

_GOLDEN: Final = 0.6180339887498949


def even_draws() -> Callable[[], float]:
    """Numbers from 0 to 1 that fill the interval evenly (multiples of the golden ratio)."""
    numbers = count(1)
    return lambda: next(numbers) * _GOLDEN % 1.0


class Distributor:
    """The state of all queues and agents.

    Every agent's phone counts as unreachable until DeviceChanged says otherwise.
    """

    __slots__ = ("_turn",)

    def __init__(
        self,
        queues: Iterable[QueueSettings],
        agents: Iterable[AgentSettings],
        now: float,
        *,
        draw: Callable[[], float] | None = None,
    ) -> None:
        """Raise SettingsError when a tier names no agent or names are not unique.

        `draw` gives numbers from 0 up to but not including 1, for the strategies that draw lots; without it they come
        evenly spread from a fixed sequence.
        """
        self._turn = Turn(Floor(draw or even_draws()))
        self._turn.floor.configure(queues, agents, now)

    # --- turns --------------------------------------------------------------------------------------------------

    def handle(self, event: AnyEvent, now: float) -> list[AnyCommand]:
        """Take one event and return what to do, in order.

        Events about agents, callers and offers that are no more (the network is slower than we) are answered as the
        vocabulary says or ignored. Raises CallerAlreadyWaitingError for a caller who joins twice, and
        DistributorError for a CallerLeft that claims the caller was answered.
        """
        turn = self._turn
        kind = type(event)
        heap = turn.deadlines.heap
        due = bool(heap) and heap[0][0] <= now
        if due and kind is not OfferAnswered:
            expire(turn, now)
        HANDLERS[kind](turn, event, now)
        if due and kind is OfferAnswered:
            expire(turn, now)
        if turn.freed or turn.wanting:
            deal(turn, now)
        out = turn.out
        turn.out = []
        return out

    def next_deadline(self) -> float | None:
        """When `handle_deadline` must be called next, if nothing else happens."""
        return self._turn.deadlines.next()

    def handle_deadline(self, now: float) -> list[AnyCommand]:
        """Let everything due at `now` happen; calling early or late is harmless."""
        expire(self._turn, now)
        return self._finish(now)

    def configure(
        self, queues: Iterable[QueueSettings], agents: Iterable[AgentSettings], now: float
    ) -> list[AnyCommand]:
        """Reload. Callers, statuses, states, running timers and statistics stay.

        Callers of a removed queue exit CLOSED; a removed agent's phone stops ringing, a conversation of his goes on
        to its end. Raises SettingsError and changes nothing when the settings contradict themselves.
        """
        expire(self._turn, now)
        reload(self._turn, queues, agents, now)
        expire(self._turn, now)  # a limit made shorter may be over already
        return self._finish(now)

    def restore_status(self, agent: str, status: Status, reason: str, now: float) -> list[AnyCommand]:
        """Put back the status an agent had before the restart; an agent who is no more is ignored."""
        return self.handle(StatusChosen(agent, status, reason), now)

    def cut_times(self, now: float) -> list[AnyCommand]:
        """Tell how every agent has spent his present status until now; its next account begins here."""
        for agent in self._turn.floor.agents.values():
            self._turn.cut(agent, now)
        return self._finish(now)

    def start_day(self, now: float) -> list[AnyCommand]:
        """Begin the day's statistics of queues and agents from zero; whoever waits now counts for the new day.

        The time in the present statuses and states is cut at this moment.
        """
        for queue in self._turn.floor.queues.values():
            queue.service_level.start_day(len(queue.line))
        for agent in self._turn.floor.agents.values():
            self._turn.cut(agent, now)
            agent.forget_day()
            was_ready = agent.ready
            agent.delist()
            for tier in agent.tiers:
                tier.answered = 0
                tier.talk_seconds = 0.0
            if was_ready:
                agent.enlist()  # today's counts decide the order of some strategies
        return self._finish(now)

    # --- what is seen from outside -----------------------------------------------------------------------------

    def position(self, caller: str) -> int | None:
        """Place in line, 1 = next; None for who does not wait."""
        waiting = self._turn.callers.get(caller)
        return None if waiting is None else waiting.queue.position(waiting.key)

    def draw_anew(self, draw: Callable[[], float]) -> None:
        """Draw lots from `draw` from now on: a copy must not draw those of its original."""
        self._turn.floor.draw_anew(draw)

    def explain(self, caller: str, now: float) -> Explanation | None:
        """Why the phones that ring for a waiting caller are these; None for who does not wait."""
        waiting = self._turn.callers.get(caller)
        return None if waiting is None else explain(self._turn, waiting, now)

    def agent(self, name: str) -> AgentSnapshot:
        """One agent now; raises UnknownAgentError."""
        return agent_snapshot(self._agent(name))

    def spent(self, name: str, now: float) -> StatusSpent | None:
        """How an agent has spent his status since it was told last; None: logged out. Raises UnknownAgentError."""
        return self._agent(name).spent(now)

    def agents(self) -> list[AgentSnapshot]:
        """All agents now, in the order of the configuration."""
        return [agent_snapshot(agent) for agent in self._turn.floor.agents.values()]

    def queues(self, now: float) -> list[QueueSnapshot]:
        """All queues now, in the order of the configuration."""
        return [
            queue_snapshot(queue, self._turn.callers, self._turn.floor.agents, now)
            for queue in self._turn.floor.queues.values()
        ]

    def _agent(self, name: str) -> Agent:
        agent = self._turn.floor.agents.get(name)
        if agent is None:
            raise UnknownAgentError(f"no agent is named {name!r}")
        return agent

    def _finish(self, now: float) -> list[AnyCommand]:
        """Bring freed agents and callers together, then hand over the commands of this turn."""
        turn = self._turn
        if turn.freed or turn.wanting:
            deal(turn, now)
        out = turn.out
        turn.out = []
        return out
