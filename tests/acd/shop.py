"""A simulated shop around a distributor and an estimator: callers, agents and their habits from one seed.

Time is an event heap; nothing sleeps. The simulation knows the future; the estimator is told only what has happened.
"""

import heapq
import random
from collections.abc import Callable
from itertools import count
from math import log

import msgspec

from softacd.acd.distributor import Distributor
from softacd.acd.model import AgentSettings, QueueSettings
from softacd.acd.vocabulary import (
    AnyCommand,
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
    StatusChosen,
    TalkEnded,
    Withdraw,
)
from softacd.acd.wait_time import WaitEstimate, WaitTimeEstimator


class Judged(msgspec.Struct):
    """An estimate given `at` to a caller, the naive estimate beside it, and what came of it."""

    at: float
    caller: str
    estimate: WaitEstimate
    naive: float
    actual: float = -1.0  # negative: not answered


class Shop:
    """`asked_after` seconds after joining each caller asks once how long he will wait."""

    def __init__(
        self,
        queues: list[QueueSettings],
        agents: list[str],
        *,
        seed: int = 1,
        talk: float = 180.0,
        spread: float = 0.7,
        patience: float = 600.0,
        asked_after: float = 3.0,
        estimator: WaitTimeEstimator | None = None,
    ) -> None:
        self.random = random.Random(seed)
        settings = [AgentSettings(name=name, phone=name, available_at_start=True) for name in agents]
        self.now = 0.0
        self.distributor = Distributor(queues, settings, self.now)
        self.estimator = estimator or WaitTimeEstimator(queues, settings)
        self.talk, self.spread, self.patience, self.asked_after = talk, spread, patience, asked_after
        self.judged: list[Judged] = []
        self._open: dict[str, Judged] = {}
        self._waiting: set[str] = set()
        self._ringing: dict[str, str] = {}
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = count()
        self._naive = 0.0  # the peers' estimate: a moving average of the waits of the answered
        for name in agents:
            self.feed(DeviceChanged(name, reachable=True))

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Do this at that time."""
        heapq.heappush(self._heap, (when, next(self._serial), action))

    def arrivals(self, queue: str, every: float, until: float, priority: int = 0) -> None:
        """Callers come at random, one in `every` seconds on average."""
        when = self.now + self.random.expovariate(1 / every)
        while when < until:
            caller = f"{queue}-{next(self._serial)}"
            self.at(when, lambda caller=caller: self.join(caller, queue, priority))  # type: ignore[misc]
            when += self.random.expovariate(1 / every)

    def status(self, when: float, event: StatusChosen) -> None:
        """An agent comes or goes."""
        self.at(when, lambda: self.feed(event))

    def run(self, until: float) -> "Shop":
        """Let time pass; every deadline is served punctually."""
        while True:
            deadline = self.distributor.next_deadline()
            event = self._heap[0][0] if self._heap else float("inf")
            if min(event, deadline if deadline is not None else float("inf")) > until:
                self.now = until
                return self
            if deadline is not None and deadline <= event:
                self.now = deadline
                self.obey(self.distributor.handle_deadline(self.now))
            else:
                self.now, _, action = heapq.heappop(self._heap)
                action()

    def feed(self, event: AnyEvent) -> None:
        """An event reaches the estimator and the distributor, as in the switch."""
        self.estimator.observe(event, self.now)
        self.obey(self.distributor.handle(event, self.now))

    def join(self, caller: str, queue: str, priority: int) -> None:
        self._waiting.add(caller)
        self.feed(CallerJoined(caller, queue, priority))
        if caller in self._waiting:
            self.at(self.now + self.random.expovariate(1 / self.patience), lambda: self.hang_up(caller))
            self.at(self.now + self.asked_after, lambda: self.ask(caller))

    def hang_up(self, caller: str) -> None:
        if caller in self._waiting:
            self.feed(CallerLeft(caller))

    def ask(self, caller: str) -> None:
        estimate = self.estimator.estimate(caller, self.now) if caller in self._waiting else None
        if estimate is not None:
            self._open[caller] = Judged(self.now, caller, estimate, max(self._naive - self.asked_after, 0.0))
            self.judged.append(self._open[caller])

    def obey(self, commands: list[AnyCommand]) -> None:
        for command in commands:
            self.estimator.observe(command, self.now)
            match command:
                case Offer(caller=caller, agent=agent):
                    self._ringing[agent] = caller
                    self.at(self.now + 0.2, lambda c=caller, a=agent: self.ring(c, a))  # type: ignore[misc]
                    self.at(
                        self.now + 1.0 + self.random.expovariate(1 / 3.0),
                        lambda c=caller, a=agent: self.pick_up(c, a),  # type: ignore[misc]
                    )
                case Withdraw(agent=agent):
                    self._ringing.pop(agent, None)
                case Connect(caller=caller, agent=agent):
                    seconds = self.random.lognormvariate(log(self.talk) - self.spread**2 / 2, self.spread)
                    self.at(self.now + seconds, lambda c=caller, a=agent: self.feed(TalkEnded(a, c)))  # type: ignore[misc]
                case CallerExited(caller=caller, exit=how, waited=waited):
                    self._waiting.discard(caller)
                    judged = self._open.pop(caller, None)
                    if how is Exit.ANSWERED:
                        self._naive += (waited - self._naive) / 4
                        if judged is not None:
                            judged.actual = self.now - judged.at

    def ring(self, caller: str, agent: str) -> None:
        if self._ringing.get(agent) == caller:
            self.feed(OfferRinging(agent, caller))

    def pick_up(self, caller: str, agent: str) -> None:
        if self._ringing.get(agent) == caller:
            del self._ringing[agent]
            self.feed(OfferAnswered(agent, caller))

    # --- the judgement -----------------------------------------------------------------------------------------

    def answered(self, since: float = 0.0) -> list[Judged]:
        """The estimates whose callers were answered."""
        return [one for one in self.judged if one.actual >= 0 and one.at >= since]

    @staticmethod
    def errors(judged: list[Judged]) -> tuple[float, float, float]:
        """Mean absolute error of the estimates, of the naive ones, and the share within the range."""
        total = len(judged)
        return (
            sum(abs(one.actual - one.estimate.expected) for one in judged) / total,
            sum(abs(one.actual - one.naive) for one in judged) / total,
            sum(one.estimate.low <= one.actual <= one.estimate.high for one in judged) / total,
        )
