"""The expected waiting time of every caller in line, learned online from the distributor's own events and commands.

How it reckons. A caller at place p is answered by the p-th answer from now on that an agent of his gives. Each agent
who is staffed gives his next answer once he is free: at once when ready, when the wrap-up ends, or when the present
conversation (whose chance to end within t, having lasted e, is known from `TalkTimes`) and its wrap-up are over; and
then again and again, one a mean handling time. `answer_curve` adds the agents up; the chance that the caller is
answered by t is that of p answers by t. Three corrections enter p: callers ahead in other queues who compete for the
same agents, callers ahead who will hang up, and callers of higher priority who are yet to come and will overtake.
`WaitRegression` corrects the chances by what became of earlier waits, `WaitScore` the range.

An agent who has chosen a break or to go home after this conversation, whose phone is unreachable, or who is on a
break, gives no answers. Nothing here looks into the future: a figure depends on what was observed before it alone.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from math import log
from typing import Any, ClassVar, NamedTuple

import msgspec
import numpy as np

from softacd.acd.agent_table import IN_CONVERSATION, IN_WRAP_UP
from softacd.acd.answer_curve import TIMES, Talkers, answer_curve, spread
from softacd.acd.crew import Crew
from softacd.acd.handling_time import Array
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
from softacd.acd.wait_regression import figure_to_tell, level
from softacd.acd.wait_score import LearnedScore

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
"""Each agent beyond a small house, where one more change matters less, lets a curve grow older by so much, up to
CURVE_SECONDS, before a change makes it reckoned anew."""
OFFSET = 20.0
"""Seconds added before taking logarithms: a second more or less counts little in a wait of ten."""
_NORMAL = 1.702
"""A logistic distribution of this scale is nearly the normal one (error below 0.01)."""
_FRESH, _LATE, _ABSENT = 0.7, 1.3, 2.2
"""Ages of a ready agent in mean answer delays: about to answer, late, perhaps not there."""
_LOG_MINUTE = log(60.0 + OFFSET)


class WaitEstimate(msgspec.Struct, frozen=True):
    """Remaining wait in seconds: 80 % of waits are within `low` to `high`; see `wait_regression` for `expected`.

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
    call_back: bool


class _Prediction(NamedTuple):
    """An estimate and what it rested on, to be judged by the actual wait."""

    at: float
    change: int
    estimate: WaitEstimate
    chances: Array
    signs: Array


class _Staff:
    """What is known of one agent at the moment."""

    __slots__ = (
        "changed", "counted", "next_status", "offered", "other_calls", "queues", "reachable", "state", "status", "talk",
        "until",
    )  # fmt: skip

    def __init__(self, status: Status) -> None:
        self.queues: tuple[str, ...] = ()
        self.status = status
        self.next_status: Status | None = None
        self.state = State.IDLE
        self.changed = 0.0
        self.counted = False
        self.until = 0.0
        self.reachable = False
        self.other_calls: set[str] = set()
        self.offered: float | None = None
        self.talk: tuple[str, float] | None = None  # queue, since when; kept until the wrap-up is over

    def gives_answers(self) -> bool:
        """Whether he will answer callers, now or after what he does; the calls he makes in a wrap-up belong to it."""
        return (
            self.status is Status.AVAILABLE
            and self.next_status is None
            and self.reachable
            and (not self.other_calls or self.state is State.AFTER_CALL)
        )


class _Curve(NamedTuple):
    """A queue's answer curve, made ready for places, and how much of each other line competes for the same agents.

    The logit of being answered by each of TIMES is `margin` - ahead * `place` for a caller with so many ahead; callers
    yet to come who overtake him cost `sharpness` each.
    """

    version: int
    at: float
    staffed: int
    margin: Array
    place: Array
    sharpness: Array
    rivals: tuple[tuple[str, float], ...]


class WaitTimeEstimator:
    """One for the whole house; feed it every event, then the commands it led to."""

    def __init__(self, queues: Iterable[QueueSettings], agents: Iterable[AgentSettings]) -> None:
        self._settings: dict[str, QueueSettings] = {}
        self._staff: dict[str, _Staff] = {}
        self._crews: dict[str, Crew] = {}
        self._together: dict[str, dict[str, int]] = {}
        """Queue -> every queue -> how many who will answer callers serve both; with itself: all of its."""
        self._histories: dict[str, QueueHistory] = {}
        self._paces: dict[str, AgentPace] = {}
        self._lines: dict[str, list[Key]] = {}
        self._redials: dict[str, Redials] = {}
        self._waiting: dict[str, _Waiting] = {}
        self._arrivals = 0
        self._changes = 0
        self._curves: dict[str, _Curve] = {}
        self._predictions: dict[str, _Prediction] = {}
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
        serving: dict[str, list[str]] = {name: [] for name in self._staff}
        for name, queue in self._settings.items():
            if name not in self._histories:
                self._histories[name] = QueueHistory(queue.wrap_up_seconds, self._learned.queues.get(name))
            self._lines.setdefault(name, [])
            self._redials.setdefault(name, Redials())
            for tier in queue.tiers:
                if tier.agent in serving:
                    serving[tier.agent].append(name)
        self._crews = {name: Crew() for name in self._settings}
        self._together = {name: dict.fromkeys(self._settings, 0) for name in self._settings}
        self._curves.clear()
        for name, staff in self._staff.items():
            staff.queues = tuple(serving[name])
            staff.counted = False
            self._place(name, staff)
        self._changes += 1

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
        self._curves.clear()
        self._changes += 1

    def score(self, queue: str) -> LearnedScore | None:
        """How good the estimates for this queue were; None before any was judged."""
        history = self._histories.get(queue)
        return history.score.learned() if history is not None and history.score.scored else None

    # --- learning ----------------------------------------------------------------------------------------------

    def observe(self, item: AnyEvent | AnyCommand, now: float) -> None:
        """Learn from one event or command; those that say nothing about waiting cost nothing."""
        observer = self._OBSERVERS.get(type(item))
        if observer is not None:
            self._changes += 1
            observer(self, item, now)

    def _joined(self, event: CallerJoined, now: float) -> None:
        history = self._histories.get(event.queue)
        if history is None or event.queue not in self._settings or event.caller in self._waiting:
            return  # the distributor turns him away
        self._arrivals += 1
        arrival = event.arrived
        if arrival is None:
            arrival = self._redials[event.queue].take(event.party, now) if event.party else None
        if arrival is None:
            arrival = now
        key = key_of(self._settings[event.queue], event, arrival, self._arrivals)
        waiting = _Waiting(event.queue, key, event.priority, event.party, arrival, now, event.call_back)
        self._waiting[event.caller] = waiting
        if not self._lines[event.queue]:
            history.pace.began(now)
        insert(self._lines[event.queue], key)
        history.arrived(event.priority, now)
        prediction = self._predict(waiting, now)
        if prediction is not None:
            self._predictions[event.caller] = prediction

    def _exited(self, command: CallerExited, now: float) -> None:
        waiting = self._waiting.pop(command.caller, None)
        prediction = self._predictions.pop(command.caller, None)
        if waiting is None:
            return
        remove(self._lines[waiting.queue], waiting.key)
        redial = self._settings[waiting.queue].redial_seconds if waiting.queue in self._settings else 0.0
        if redial and waiting.party and command.exit is Exit.ABANDONED:
            self._redials[waiting.queue].keep(waiting.party, waiting.arrival, now + redial, now)
        history = self._histories[waiting.queue]
        if not waiting.call_back:  # else nobody waited at a telephone: he says nothing of patience
            history.left(command.waited, abandoned=command.exit is Exit.ABANDONED)
        if command.exit is not Exit.ANSWERED:
            return
        history.pace.answered(command.waited, now, others_wait=bool(self._lines[waiting.queue]))
        if prediction is not None:
            actual, estimate = now - prediction.at, prediction.estimate
            history.regression.learn(prediction.chances, prediction.signs, actual)
            history.score.score(estimate.low, estimate.expected, estimate.high, actual)

    def _offered(self, command: Offer, now: float) -> None:
        staff = self._staff.get(command.agent)
        if staff is not None:
            staff.offered = now
        waiting = self._waiting.get(command.caller)
        if waiting is not None and waiting.joined == now and len(self._lines[waiting.queue]) == 1:
            # rung for at once, no line: how soon he is answered says nothing about those who must wait
            self._predictions.pop(command.caller, None)

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
        if staff.talk is not None:
            queue, since = staff.talk
            history = self._histories[queue]
            if staff.state in IN_CONVERSATION and command.state not in IN_CONVERSATION:
                self._paces[command.agent].learn(now - since, history.talk)
                history.talk.learn(now - since)
            if staff.state in IN_WRAP_UP and command.state not in IN_WRAP_UP:
                history.wrap_up.learn(now - staff.changed)
            if command.state not in IN_CONVERSATION and command.state not in IN_WRAP_UP:
                staff.talk = None
        if command.state is not staff.state and not (command.state in IN_WRAP_UP and staff.state in IN_WRAP_UP):
            staff.changed = now  # a wrap-up with calls in it is one wrap-up
        staff.status, staff.state, staff.next_status = command.status, command.state, command.next_status
        staff.until = command.until or now
        self._place(command.agent, staff)

    def _device_changed(self, event: DeviceChanged, now: float) -> None:
        del now
        staff = self._staff.get(event.agent)
        if staff is not None:
            staff.reachable = event.reachable
            self._place(event.agent, staff)

    def _other_call_started(self, event: OtherCallStarted, now: float) -> None:
        del now
        staff = self._staff.get(event.agent)
        if staff is not None:
            staff.other_calls.add(event.call)
            self._place(event.agent, staff)

    def _other_call_ended(self, event: OtherCallEnded, now: float) -> None:
        del now
        staff = self._staff.get(event.agent)
        if staff is not None:
            staff.other_calls.discard(event.call)
            self._place(event.agent, staff)

    def _place(self, agent: str, staff: _Staff) -> None:
        """Put the agent where he belongs in the crews of his queues."""
        crews = [self._crews[queue] for queue in staff.queues]
        answers = staff.gives_answers()
        if answers is not staff.counted:
            staff.counted = answers
            for queue in staff.queues:
                together = self._together[queue]
                for other in staff.queues:
                    together[other] += 1 if answers else -1
        if not answers:
            for crew in crews:
                crew.remove(agent)
        elif staff.state in IN_CONVERSATION and crews:
            queue, since = staff.talk or (staff.queues[0], staff.changed)
            pace = self._paces[agent].factor
            for crew in crews:
                crew.talks(agent, queue, since, pace)
        elif staff.state in IN_WRAP_UP:
            for crew in crews:
                crew.wraps_up(agent, staff.until)
        else:
            rung = staff.offered if staff.state is not State.IDLE and staff.offered is not None else staff.changed
            for crew in crews:
                crew.is_ready(agent, rung)

    # --- estimating --------------------------------------------------------------------------------------------

    def estimate(self, caller: str, now: float) -> WaitEstimate | None:
        """How long a waiting caller will still wait; None for who does not wait and when nobody serves his queue."""
        waiting = self._waiting.get(caller)
        if waiting is None or waiting.queue not in self._settings:
            return None
        prediction = self._predictions.get(caller)
        if prediction is None or prediction.at != now or prediction.change != self._changes:
            prediction = self._predict(waiting, now)
        return None if prediction is None else prediction.estimate

    def _predict(self, waiting: _Waiting, now: float) -> _Prediction | None:
        queue, key = waiting.queue, waiting.key
        curve = self._curve(queue, now)
        if not curve.staffed:
            return None
        history = self._histories[queue]
        ahead = float(bisect_left(self._lines[queue], key))
        for rival, share in curve.rivals:
            ahead += share * bisect_left(self._lines[rival], key)
        logits = curve.margin - curve.place * ahead
        credit = self._settings[queue].ageing_seconds
        for priority, rate in history.overtaking(waiting.priority, now):
            coming = TIMES * rate
            if credit:  # who comes later than the credit allows stays behind
                window = credit * (priority - waiting.priority) - (now - waiting.arrival)
                np.minimum(coming, max(window, 0.0) * rate, out=coming)
            coming *= curve.sharpness
            logits -= coming
        middle = int(logits.searchsorted(0.0))
        signs = self._signs(waiting, ahead, float(TIMES[min(middle, len(TIMES) - 1)]), now)
        chances = history.regression.chances(logits, signs)
        growing = np.maximum.accumulate(chances)
        low, high = level(growing, history.score.low), level(growing, history.score.high)
        expected = min(max(figure_to_tell(growing), low), high)
        trusted = self._is_trusted(history, expected, low, high)
        estimate = WaitEstimate(expected, low, high, trusted, curve.staffed)
        return _Prediction(now, self._changes, estimate, chances, signs)

    def _signs(self, waiting: _Waiting, ahead: float, reckoned: float, now: float) -> Array:
        """What the regression goes by; each about between -2 and 2."""
        queue = waiting.queue
        history, line, ready = self._histories[queue], self._lines[queue], self._crews[queue].ready
        pace, delay = history.pace, history.answer_delay.mean
        places = 1.0 + ahead
        fresh = soon = late = absent = 0
        for since in ready.values():
            age = (now - since) / delay
            if age < _FRESH:
                fresh += 1
            elif age < _LATE:
                soon += 1
            elif age < _ABSENT:
                late += 1
            else:
                absent += 1
        first = line[0][2] if line[0] is not waiting.key else now
        higher = history.share_of_higher(waiting.priority)
        return np.array(
            (
                1.0,
                log(reckoned + OFFSET) - _LOG_MINUTE,
                log(places) - 0.7,
                log(pace.quick * places + OFFSET) - _LOG_MINUTE,
                log(pace.slow * places + OFFSET) - _LOG_MINUTE,
                log(pace.waits + OFFSET) - _LOG_MINUTE,
                log(max(now - first, 0.0) + OFFSET) - _LOG_MINUTE,
                float(fresh > 0),
                float(soon > 0),
                float(late > 0),
                min(absent, 6) / 3.0,
                log(len(line)) - 0.7,
                higher,
                higher * (log(places) - 0.7),
                log(now - waiting.joined + OFFSET) - _LOG_MINUTE,
                float(waiting.priority > 0),
            )
        )

    @staticmethod
    def _is_trusted(history: QueueHistory, expected: float, low: float, high: float) -> bool:
        if history.talk.seen < TALKS_NEEDED or high >= TIMES[-1]:
            return False
        if high - low > max(WIDEST_SECONDS, WIDEST_SHARE * expected):
            return False
        return history.score.scored < SCORES_NEEDED or history.score.coverage >= COVERAGE_NEEDED

    def _curve(self, queue: str, now: float) -> _Curve:
        crew = self._crews[queue]
        known = self._curves.get(queue)
        if known is not None:
            lasts = CURVE_SECONDS if known.version == crew.version else CROWD_SECONDS * (known.staffed - SMALL_HOUSE)
            if 0.0 <= now - known.at < min(lasts, CURVE_SECONDS):
                return known
        history = self._histories[queue]
        delay = history.answer_delay.mean
        talking = []
        for name, group in crew.talking.items():
            if group:
                present = self._histories[name]
                some, weight = spread(list(group.values()))
                elapsed = [max(now - since, 0.0) for since, _ in some]
                paces = [pace for _, pace in some]
                talking.append(Talkers(present.talk, elapsed, paces, present.wrap_up.mean, weight))
        free = [(max(until - now, 0.0), 1.0) for until in crew.wrapping_up.values()]
        for since in crew.ready.values():
            ignored = (now - max(since, history.pace.since)) / (_ABSENT * delay)
            free.append((0.0, 1.0 / (1.0 + ignored * ignored)))
        cycle = delay + history.talk.mean + history.wrap_up.mean
        expected, variance, staffed = answer_curve(
            talking, free, cycle=cycle, irregularity=(history.talk.deviation / cycle) ** 2, answer_delay=delay
        )
        sharpness = _NORMAL / np.sqrt(variance + 0.01)
        fed_up = TIMES * history.abandonment_rate
        stay = (1.0 - np.exp(-fed_up)) / fed_up  # a caller ahead waits half as long on average
        stay *= sharpness
        found = _Curve(crew.version, now, staffed, (expected - 0.5) * sharpness, stay, sharpness, self._rivals(queue))
        self._curves[queue] = found
        return found

    def _rivals(self, queue: str) -> tuple[tuple[str, float], ...]:
        """Other queues and the share of their callers that agents of this queue will answer."""
        lines, together = self._lines, self._together
        return tuple(
            (other, common / together[other][other])
            for other, common in together[queue].items()
            if common and other != queue and lines[other]
        )

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
