"""The expected waiting time of every caller in line, learned online from the distributor's own events and commands.

How it reckons. A caller at place p is answered by the p-th answer from now on that an agent of his gives. Each agent
who is staffed gives his next answer once he is free: at once when ready, when the wrap-up ends, or when the present
conversation (whose chance to end within t, having lasted e, is known from `TalkTimes`) and its wrap-up are over; and
then again and again, one a mean handling time. `answer_curve` adds the agents up; the chance that the caller is
answered by t is that of p answers by t. Three corrections enter p: callers ahead in other queues who compete for the
same agents, callers ahead who will hang up, and callers of higher priority who are yet to come and will overtake.
`WaitScore` corrects what is left.

An agent who has chosen a break or to go home after this conversation, whose phone is unreachable, or who is on a
break, gives no answers. Nothing here looks into the future: a figure depends on what was observed before it alone.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NamedTuple

import msgspec
import numpy as np

from softacd.acd.agent_table import IN_CONVERSATION
from softacd.acd.answer_curve import TIMES, AnswerCurve, Outlook, answer_curve, answered_by
from softacd.acd.line import Key, insert, remove
from softacd.acd.line_order import Redials, key_of
from softacd.acd.model import AgentSettings, QueueSettings
from softacd.acd.vocabulary import (
    AgentChanged,
    AnyCommand,
    AnyEvent,
    CallerExited,
    CallerJoined,
    Connect,
    DeviceChanged,
    Exit,
    Offer,
    OtherCallEnded,
    OtherCallStarted,
    State,
    Status,
)
from softacd.acd.wait_history import AgentPace, LearnedPace, LearnedQueue, LearnedWaits, QueueHistory
from softacd.acd.wait_mix import NEEDED

TALKS_NEEDED = 5
"""Conversations of a queue before its estimates are trusted."""
WIDEST_SECONDS = 180.0
WIDEST_SHARE = 1.5
"""A range wider than both WIDEST_SECONDS and this share of the expected wait tells a caller nothing."""
COVERAGE_NEEDED = 0.5
SCORES_NEEDED = 20
"""Once so many waits were scored, an estimate is trusted only while the ranges cover COVERAGE_NEEDED of them."""
CURVE_SECONDS = 1.0
"""A queue's curve is reckoned anew when an agent changed or it is older than this."""
SMALL_HOUSE = 20
CROWD_SECONDS = 0.001
"""Each agent beyond a small house, where one more change matters less and reckoning costs more, lets a curve grow older
by so much, up to CURVE_SECONDS, before a change makes it reckoned anew."""


class WaitEstimate(msgspec.Struct, frozen=True):
    """Remaining wait in seconds: as likely to be longer as shorter than `expected`, 80 % within `low` to `high`.

    `trusted` says whether it may be told to the caller; `staffed` counts the agents it rests on.
    """

    expected: float
    low: float
    high: float
    trusted: bool
    staffed: int = 0


class _Waiting(NamedTuple):
    queue: str
    key: Key
    priority: int
    party: str
    arrival: float
    joined: float


class _Staff:
    """What is known of one agent at the moment."""

    __slots__ = ("changed", "next_status", "offered", "other_calls", "reachable", "state", "status", "talk", "until")

    def __init__(self, status: Status) -> None:
        self.status = status
        self.next_status: Status | None = None
        self.state = State.IDLE
        self.changed = 0.0
        self.until = 0.0
        self.reachable = False
        self.other_calls: set[str] = set()
        self.offered: float | None = None
        self.talk: tuple[str, float] | None = None  # queue, since when; kept until the wrap-up is over

    def gives_answers(self) -> bool:
        """Whether he will answer callers, now or after what he does."""
        return self.status is Status.AVAILABLE and self.next_status is None and self.reachable and not self.other_calls


class _Curve(NamedTuple):
    """A queue's answer curve, and how much of each other queue's line competes for the same agents."""

    version: int
    at: float
    curve: AnswerCurve
    rivals: tuple[tuple[str, float], ...]


class WaitTimeEstimator:
    """One for the whole house; feed it every event, then the commands it led to."""

    def __init__(self, queues: Iterable[QueueSettings], agents: Iterable[AgentSettings]) -> None:
        self._settings: dict[str, QueueSettings] = {}
        self._staff: dict[str, _Staff] = {}
        self._histories: dict[str, QueueHistory] = {}
        self._paces: dict[str, AgentPace] = {}
        self._lines: dict[str, list[Key]] = {}
        self._redials: dict[str, Redials] = {}
        self._waiting: dict[str, _Waiting] = {}
        self._arrivals = 0
        self._version = 0
        self._considered: tuple[float, ...] = ()  # what the last estimate rested on
        self._curves: dict[str, _Curve] = {}
        self._predicted: dict[str, tuple[float, WaitEstimate]] = {}
        self._features: dict[str, tuple[float, ...]] = {}
        self._last_prediction: dict[str, float] = {}
        self._learned = LearnedWaits()
        self.configure(queues, agents)

    def configure(self, queues: Iterable[QueueSettings], agents: Iterable[AgentSettings]) -> None:
        """Take new settings; what was learned stays, also of queues and agents that come back later."""
        self._settings = {queue.name: queue for queue in queues}
        known, self._staff = self._staff, {}
        for agent in agents:
            initial = Status.AVAILABLE if agent.available_at_start else Status.LOGGED_OUT
            self._staff[agent.name] = known.get(agent.name) or _Staff(initial)
            if agent.name not in self._paces:
                self._paces[agent.name] = AgentPace(self._learned.agents.get(agent.name))
        for name, queue in self._settings.items():
            if name not in self._histories:
                self._histories[name] = QueueHistory(queue.wrap_up_seconds, self._learned.queues.get(name))
            self._lines.setdefault(name, [])
            self._redials.setdefault(name, Redials())
        self._version += 1

    def snapshot(self) -> LearnedWaits:
        """What was learned, for the store."""
        queues: dict[str, LearnedQueue] = dict(self._learned.queues)
        queues.update({name: history.learned() for name, history in self._histories.items()})
        agents: dict[str, LearnedPace] = dict(self._learned.agents)
        agents.update({name: pace.learned() for name, pace in self._paces.items()})
        return LearnedWaits(queues, agents)

    def restore(self, learned: LearnedWaits) -> None:
        """Go on from what was learned before a restart; who waits and who talks is not touched."""
        self._learned = learned
        for name, history in learned.queues.items():
            if name in self._settings:
                self._histories[name] = QueueHistory(self._settings[name].wrap_up_seconds, history)
        for name, pace in learned.agents.items():
            if name in self._staff:
                self._paces[name] = AgentPace(pace)
        self._version += 1

    # --- learning ----------------------------------------------------------------------------------------------

    def observe(self, item: AnyEvent | AnyCommand, now: float) -> None:
        """Learn from one event or command; those that say nothing about waiting cost nothing."""
        observer = self._OBSERVERS.get(type(item))
        if observer is not None:
            observer(self, item, now)

    def _joined(self, event: CallerJoined, now: float) -> None:
        history = self._histories.get(event.queue)
        if history is None or event.queue not in self._settings or event.caller in self._waiting:
            return  # the distributor turns him away
        self._arrivals += 1
        arrival = self._redials[event.queue].take(event.party, now) if event.party else None
        if arrival is None:
            arrival = now
        key = key_of(self._settings[event.queue], event, arrival, self._arrivals)
        self._waiting[event.caller] = _Waiting(event.queue, key, event.priority, event.party, arrival, now)
        if not self._lines[event.queue]:
            history.mix.line_began(now)
        insert(self._lines[event.queue], key)
        history.arrived(event.priority, now)
        self._predict(event.caller, event.queue, now)

    def _predict(self, caller: str, queue: str, now: float) -> None:
        """Keep an estimate to be judged by the actual wait: at most one a second and queue.

        Who finds a ready agent and no line needs none: his wait says nothing about the estimates of others.
        """
        if now - self._last_prediction.get(queue, -1.0) < 1.0:
            return
        if len(self._lines[queue]) == 1 and any(self._is_ready(name) for name in self._agents_of(queue)):
            return
        estimate = self.estimate(caller, now)
        if estimate is not None:
            self._last_prediction[queue] = now
            self._features[caller] = self._considered
            self._predicted[caller] = (now, estimate)

    def _exited(self, command: CallerExited, now: float) -> None:
        waiting = self._waiting.pop(command.caller, None)
        if waiting is None:
            return
        remove(self._lines[waiting.queue], waiting.key)
        redial = self._settings[waiting.queue].redial_seconds if waiting.queue in self._settings else 0.0
        if redial and waiting.party and command.exit is Exit.ABANDONED:
            self._redials[waiting.queue].keep(waiting.party, waiting.arrival, now + redial, now)
        history = self._histories[waiting.queue]
        history.left(command.waited, abandoned=command.exit is Exit.ABANDONED)
        if command.exit is Exit.ANSWERED:
            history.mix.answered(command.waited, now, others_wait=bool(self._lines[waiting.queue]))
        at, estimate = self._predicted.pop(command.caller, (0.0, None))
        features = self._features.pop(command.caller, None)
        if features and command.exit is Exit.ANSWERED:
            history.mix.learn(features, now - at)
        if estimate is not None:
            history.score.score(
                (estimate.low, estimate.expected, estimate.high), now - at, ended=command.exit is Exit.ANSWERED
            )

    def _offered(self, command: Offer, now: float) -> None:
        staff = self._staff.get(command.agent)
        if staff is not None:
            staff.offered = now

    def _connected(self, command: Connect, now: float) -> None:
        staff = self._staff.get(command.agent)
        history = self._histories.get(command.queue)
        if staff is not None and history is not None:
            staff.talk = (command.queue, now)
            if staff.offered is not None:
                history.answer_delay.learn(now - staff.offered)
                staff.offered = None

    def _agent_changed(self, command: AgentChanged, now: float) -> None:
        staff = self._staff.get(command.agent)
        if staff is None:
            return
        self._version += 1
        if staff.talk is not None:
            queue, since = staff.talk
            history = self._histories[queue]
            if staff.state in IN_CONVERSATION and command.state not in IN_CONVERSATION:
                self._paces[command.agent].learn(now - since, history.talk)
                history.talk.learn(now - since)
            if staff.state is State.WRAP_UP and command.state is not State.WRAP_UP:
                history.wrap_up.learn(now - staff.changed)
            if command.state not in IN_CONVERSATION and command.state is not State.WRAP_UP:
                staff.talk = None
        if command.state is not staff.state:
            staff.changed = now
        staff.status, staff.state, staff.next_status = command.status, command.state, command.next_status
        staff.until = command.until or now

    def _device_changed(self, event: DeviceChanged, now: float) -> None:
        del now
        staff = self._staff.get(event.agent)
        if staff is not None:
            self._version += 1
            staff.reachable = event.reachable

    def _other_call_started(self, event: OtherCallStarted, now: float) -> None:
        del now
        staff = self._staff.get(event.agent)
        if staff is not None:
            self._version += 1
            staff.other_calls.add(event.call)

    def _other_call_ended(self, event: OtherCallEnded, now: float) -> None:
        del now
        staff = self._staff.get(event.agent)
        if staff is not None:
            self._version += 1
            staff.other_calls.discard(event.call)

    # --- estimating --------------------------------------------------------------------------------------------

    def estimate(self, caller: str, now: float) -> WaitEstimate | None:
        """How long a waiting caller will still wait; None for who does not wait and when nobody serves his queue."""
        waiting = self._waiting.get(caller)
        if waiting is None or waiting.queue not in self._settings:
            return None
        queue, key, priority = waiting.queue, waiting.key, waiting.priority
        history = self._histories[queue]
        _, _, curve, rivals = self._curve(queue, now)
        if not curve.staffed:
            return None
        ahead = float(bisect_left(self._lines[queue], key))
        ahead += sum(share * bisect_left(self._lines[rival], key) for rival, share in rivals)
        fed_up = np.maximum(TIMES * history.abandonment_rate, 1e-9)
        hung_up = ahead * (1.0 - (1.0 - np.exp(-fed_up)) / fed_up)  # a caller ahead waits half as long on average
        overtaking = TIMES * history.overtaking_rate(priority, now)
        answered = answered_by(curve, 1.0 + ahead + overtaking - hung_up)
        low, expected, high = sorted(float(np.interp(level, answered, TIMES)) for level in history.score.levels)
        self._considered = features = history.mix.features(expected, 1.0 + ahead, now - waiting.joined)
        if history.mix.seen >= NEEDED:
            low, expected, high = history.mix.estimate(features)
        return WaitEstimate(
            expected, low, high, trusted=self._is_trusted(history, expected, low, high), staffed=curve.staffed
        )

    @staticmethod
    def _is_trusted(history: QueueHistory, expected: float, low: float, high: float) -> bool:
        if history.talk.seen < TALKS_NEEDED or high >= TIMES[-1]:
            return False
        if high - low > max(WIDEST_SECONDS, WIDEST_SHARE * expected):
            return False
        return history.score.scored < SCORES_NEEDED or history.score.coverage >= COVERAGE_NEEDED

    def _curve(self, queue: str, now: float) -> _Curve:
        known = self._curves.get(queue)
        if known is not None:
            unchanged = known.version == self._version
            lasts = CURVE_SECONDS if unchanged else CROWD_SECONDS * (known.curve.staffed - SMALL_HOUSE)
            if 0.0 <= now - known.at < min(lasts, CURVE_SECONDS):
                return known
        names = [name for name in self._agents_of(queue) if self._staff[name].gives_answers()]
        history = self._histories[queue]
        curve = answer_curve([self._outlook(name, history, now) for name in names], history.answer_delay.mean)
        found = _Curve(self._version, now, curve, self._rivals(queue, set(names)))
        self._curves[queue] = found
        return found

    def _rivals(self, queue: str, agents: set[str]) -> tuple[tuple[str, float], ...]:
        """Other queues and the share of their callers that agents of this queue will answer."""
        found = []
        for other in self._settings:
            if other != queue:
                theirs = {name for name in self._agents_of(other) if self._staff[name].gives_answers()}
                if theirs & agents:
                    found.append((other, len(theirs & agents) / len(theirs)))
        return tuple(found)

    def _agents_of(self, queue: str) -> list[str]:
        return [tier.agent for tier in self._settings[queue].tiers if tier.agent in self._staff]

    def _is_ready(self, agent: str) -> bool:
        staff = self._staff[agent]
        return staff.state is State.IDLE and staff.gives_answers()

    def _outlook(self, agent: str, history: QueueHistory, now: float) -> Outlook:
        """When this agent is free, and how long one call takes him."""
        staff = self._staff[agent]
        pace = self._paces[agent].factor
        cycle = history.answer_delay.mean + history.talk.mean * pace + history.wrap_up.mean
        irregularity = (history.talk.deviation * pace / cycle) ** 2
        if staff.talk is not None and staff.state in IN_CONVERSATION:
            queue, since = staff.talk
            present = self._histories[queue]
            elapsed = max(now - since, 0.0)
            return Outlook(0.0, cycle, irregularity, present.talk, elapsed, present.wrap_up.mean, pace)
        free_in = max(staff.until - now, 0.0) if staff.state is State.WRAP_UP else 0.0
        return Outlook(free_in, cycle, irregularity)

    _OBSERVERS: ClassVar[dict[type, Callable[["WaitTimeEstimator", Any, float], None]]] = {
        CallerJoined: _joined,
        CallerExited: _exited,
        Offer: _offered,
        Connect: _connected,
        AgentChanged: _agent_changed,
        DeviceChanged: _device_changed,
        OtherCallStarted: _other_call_started,
        OtherCallEnded: _other_call_ended,
    }
