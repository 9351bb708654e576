"""What a centre would do with other staff: the real distributor and the real estimator, driven in virtual time.

Callers come as often as each hour of the week says (a Poisson process with a rate an hour), hang up when they have
waited as long as they are patient (exponential), and talk as long as a log-normal draw says; or they are those of a
trace, at their own times, and only what it does not tell of them is drawn. Nothing is modelled of
the distribution itself: that is the distributor's own doing, with the queues as configured.
"""

import heapq
import random
from collections.abc import Callable, Iterable
from itertools import count
from math import exp, log, sqrt

import msgspec

from softacd.acd.distributor import Distributor
from softacd.acd.model import AgentSettings, QueueSettings
from softacd.acd.vocabulary import (
    AnyEvent,
    CallerExited,
    CallerJoined,
    CallerLeft,
    Connect,
    DeviceChanged,
    Exit,
    Offer,
    OfferAnswered,
    OfferRinging,
    Status,
    StatusChosen,
    TalkEnded,
)
from softacd.acd.wait_time import WaitTimeEstimator

HOUR = 3600.0
HOURS_A_WEEK = 168
ANSWER_SECONDS = (1.5, 6.0)
"""A phone that rings is answered after a time drawn evenly from here."""


class Demand(msgspec.Struct, frozen=True):
    """What comes to one queue. `hourly` holds callers an hour for each hour of the week, Monday 0:00 first."""

    queue: str
    hourly: tuple[float, ...]
    talk_seconds: float
    """Mean conversation."""
    talk_spread: float = 0.8
    """Standard deviation of a conversation over its mean."""
    patience_seconds: float = 300.0
    """Mean time after which who waits hangs up."""


class Arrival(msgspec.Struct, frozen=True):
    """One caller of a trace; None is drawn as the demand says."""

    at: float
    """Seconds since the first Monday's midnight."""
    talk: float | None = None
    """Seconds of his conversation."""
    patience: float | None = None
    """Seconds after which he hangs up."""
    waited: float = 0.0
    """He is known to be at least so patient."""
    priority: int = 0

    def later(self, seconds: float) -> "Arrival":
        """The same, so much later."""
        return msgspec.structs.replace(self, at=self.at + seconds)


class Hour(msgspec.Struct):
    """One hour of the week, over all simulated weeks."""

    offered: int = 0
    answered: int = 0
    in_time: int = 0
    abandoned: int = 0
    waited: float = 0.0
    staffed: float = 0.0
    """Agent-seconds in which somebody was logged in."""
    busy: float = 0.0
    """Agent-seconds in conversation or wrap-up."""

    @property
    def service_level(self) -> float | None:
        """Answered in time, of all who were answered or gave up."""
        judged = self.answered + self.abandoned
        return self.in_time / judged if judged else None

    @property
    def abandonment(self) -> float | None:
        """Who gave up, of all who came."""
        return self.abandoned / self.offered if self.offered else None

    @property
    def occupancy(self) -> float | None:
        """Working, of the time logged in."""
        return self.busy / self.staffed if self.staffed else None


class Shift(msgspec.Struct, frozen=True):
    """When an agent is there: hours of the week from `begins` up to but not including `ends`."""

    agent: str
    begins: float
    ends: float


class Outcome(msgspec.Struct, frozen=True):
    """What a simulation found."""

    hours: tuple[Hour, ...]
    """For each hour of the week, Monday 0:00 first."""
    estimate_error: float | None
    """Mean absolute error, in seconds, of the trusted waits foretold on joining."""

    def total(self, hours: Iterable[int]) -> Hour:
        """These hours of the week together."""
        whole = Hour()
        for index in hours:
            for field in whole.__struct_fields__:
                setattr(whole, field, getattr(whole, field) + getattr(self.hours[index], field))
        return whole


class Centre:
    """One simulated centre; every draw comes from one seed."""

    def __init__(
        self,
        queues: Iterable[QueueSettings],
        agents: Iterable[AgentSettings],
        demand: Iterable[Demand],
        shifts: Iterable[Shift],
        *,
        trace: Iterable[Arrival] | None = None,
        seed: int = 1,
    ) -> None:
        """With `trace` its callers come to the (first) queue of the demand, and nobody else."""
        self._trace = None if trace is None else tuple(trace)
        self._talks: dict[str, float] = {}
        self._draw = random.Random(seed)
        queue_list, agent_list = tuple(queues), tuple(agents)
        self._settings = {queue.name: queue for queue in queue_list}
        self._demand = {one.queue: one for one in demand}
        self._shifts = tuple(shifts)
        self.distributor = Distributor(queue_list, agent_list, 0.0, draw=self._draw.random)
        self.estimator = WaitTimeEstimator(queue_list, agent_list)
        self.now = 0.0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._ringing: dict[str, str] = {}
        self._waiting: dict[str, tuple[str, float, float | None]] = {}
        self._since: dict[str, float] = {}
        self._busy_since: dict[str, float] = {}
        self._errors: list[float] = []
        self.hours = [Hour() for _ in range(HOURS_A_WEEK)]
        for agent in agent_list:
            self._feed(DeviceChanged(agent.name, reachable=True))

    def run(self, weeks: int, progress: Callable[[float], None] = lambda share: None) -> Outcome:
        """Simulate; `progress` is told the share that is done."""
        end = weeks * HOURS_A_WEEK * HOUR
        for week in range(weeks):
            for shift in self._shifts:
                base = week * HOURS_A_WEEK
                self._at((base + shift.begins) * HOUR, self._status(shift.agent, Status.AVAILABLE))
                self._at((base + shift.ends) * HOUR, self._status(shift.agent, Status.LOGGED_OUT))
        if self._trace is None:
            for queue in self._demand:
                self._next_arrival(queue, end)
        else:
            queue = next(iter(self._demand))
            for one in self._trace:
                self._at(one.at, lambda one=one: self._arrive(queue, one))  # type: ignore[misc] # mypy cannot infer it
        told = 0.0
        while self._agenda:
            at, _, action = heapq.heappop(self._agenda)
            while (deadline := self.distributor.next_deadline()) is not None and deadline <= at:
                self.now = deadline
                self._carry_out(self.distributor.handle_deadline(deadline))
            self.now = at
            action()
            if at / end - told >= 0.01:
                told = min(at / end, 1.0)
                progress(told)
        for agent in self.distributor.agents():
            self._leave(agent.name)
        progress(1.0)
        return Outcome(tuple(self.hours), sum(self._errors) / len(self._errors) if self._errors else None)

    def _at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._numbers), action))

    def _status(self, agent: str, status: Status) -> Callable[[], None]:
        def choose() -> None:
            self._feed(StatusChosen(agent, status))
            if status is Status.AVAILABLE:
                self._since.setdefault(agent, self.now)
            elif agent not in self._busy_since:
                self._leave(agent)

        return choose

    def _leave(self, agent: str) -> None:
        since = self._since.pop(agent, None)
        if since is not None:
            self._spread("staffed", since, self.now)
        busy = self._busy_since.pop(agent, None)
        if busy is not None:
            self._spread("busy", busy, self.now)

    def _spread(self, what: str, begin: float, end: float) -> None:
        """Book a stretch of time in the hours it lies in."""
        while begin < end:
            edge = min(end, (begin // HOUR + 1) * HOUR)
            hour = self._hour(begin)
            setattr(hour, what, getattr(hour, what) + edge - begin)
            begin = edge

    def _hour(self, at: float) -> Hour:
        return self.hours[int(at // HOUR) % HOURS_A_WEEK]

    def _next_arrival(self, queue: str, end: float) -> None:
        """The next caller: candidates at the busiest rate, kept in proportion to the hour's own (thinning)."""
        hourly = self._demand[queue].hourly
        most = max(hourly)
        at = self.now
        while most > 0:
            at += self._draw.expovariate(most / HOUR)
            if at >= end:
                return
            if self._draw.random() * most < hourly[int(at // HOUR) % HOURS_A_WEEK]:
                self._at(at, lambda: self._come(queue, end))
                return

    def _come(self, queue: str, end: float) -> None:
        self._arrive(queue, Arrival(self.now))
        self._next_arrival(queue, end)

    def _arrive(self, queue: str, one: Arrival) -> None:
        caller = f"c{next(self._numbers)}"
        if one.talk is not None:
            self._talks[caller] = one.talk
        self._hour(self.now).offered += 1
        self._waiting[caller] = (queue, self.now, None)
        self._feed(CallerJoined(caller, queue, one.priority))
        if caller in self._waiting:
            estimate = self.estimator.estimate(caller, self.now)
            if estimate is not None and estimate.trusted:
                self._waiting[caller] = (queue, self.now, estimate.expected)
            patience = one.patience
            if patience is None:
                patience = one.waited + self._draw.expovariate(1.0 / self._demand[queue].patience_seconds)
            self._at(self.now + patience, lambda: self._feed(CallerLeft(caller, Exit.ABANDONED)))

    def _feed(self, event: AnyEvent) -> None:
        self.estimator.observe(event, self.now)
        self._carry_out(self.distributor.handle(event, self.now))

    def _carry_out(self, commands: Iterable[object]) -> None:
        for command in commands:
            self.estimator.observe(command, self.now)  # type: ignore[arg-type] # the distributor's commands
            match command:
                case Offer(caller=caller, agent=agent):
                    self._at(self.now, self._ring(agent, caller))
                    self._at(self.now + self._draw.uniform(*ANSWER_SECONDS), self._answer(agent, caller))
                case Connect(caller=caller, agent=agent, queue=queue):
                    self._busy_since.setdefault(agent, self.now)
                    self._at(self.now + self._talk(queue, caller), self._hang_up(agent, caller, queue))
                case CallerExited(caller=caller, queue=queue, exit=how, waited=waited):
                    self._exited(caller, queue, how, waited)
                case _:
                    pass

    def _ring(self, agent: str, caller: str) -> Callable[[], None]:
        return lambda: self._feed(OfferRinging(agent, caller))

    def _answer(self, agent: str, caller: str) -> Callable[[], None]:
        def answer() -> None:
            one = self.distributor.agent(agent)
            if one.caller == caller and one.state.value in ("offered", "ringing"):
                self._feed(OfferAnswered(agent, caller))

        return answer

    def _hang_up(self, agent: str, caller: str, queue: str) -> Callable[[], None]:
        def end() -> None:
            self._feed(TalkEnded(agent, caller))
            self._at(self.now + self._settings[queue].wrap_up_seconds, free)

        def free() -> None:
            one = self.distributor.agent(agent)
            if one.state.value in ("talking", "held"):
                return  # the next conversation goes on from here
            busy = self._busy_since.pop(agent, None)
            if busy is not None:
                self._spread("busy", busy, self.now)
            if one.status is not Status.AVAILABLE:
                self._leave(agent)

        return end

    def _talk(self, queue: str, caller: str) -> float:
        known = self._talks.pop(caller, None)
        if known is not None:
            return known
        demand = self._demand[queue]
        variance = log(1.0 + demand.talk_spread**2)
        return exp(self._draw.gauss(log(demand.talk_seconds) - variance / 2, sqrt(variance)))

    def _exited(self, caller: str, queue: str, how: Exit, waited: float) -> None:
        _, joined, expected = self._waiting.pop(caller)
        hour = self._hour(joined)
        if how is Exit.ANSWERED:
            hour.answered += 1
            hour.waited += waited
            hour.in_time += waited <= self._settings[queue].service_level_seconds
            if expected is not None:
                self._errors.append(abs(expected - waited))
        else:
            hour.abandoned += 1
