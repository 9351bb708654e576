"""What the estimator of waiting times has learned of each queue and each agent, and how it survives a restart."""

from math import exp, log

import msgspec

from softacd.acd.handling_time import LearnedTimes, TalkTimes
from softacd.acd.line_pace import LearnedLinePace, LinePace
from softacd.acd.wait_regression import LearnedRegression, WaitRegression
from softacd.acd.wait_score import LearnedScore, WaitScore

ANSWER_DELAY_BELIEF = 5.0
"""Seconds from the offer to the answer, before any was seen."""
BELIEF_WEIGHT = 3.0
PATIENCE_BELIEF = 900.0
"""Seconds of waiting per caller who hangs up, before any was seen."""
ARRIVAL_MEMORY = 1800.0
"""Seconds within which an arrival loses all but 1/e of its weight in the rate."""
PACE_SHRINK = 10.0
"""Conversations at which an agent's own pace and the queue's weigh the same."""
SIGNS = 16
"""How many signs of a line the regression goes by; see `wait_time`."""
MEMORY = 50.0
"""Observations that an average remembers."""


class LearnedQueue(msgspec.Struct, frozen=True):
    """One queue's lessons, for the store."""

    talk: LearnedTimes = LearnedTimes()
    wrap_up: tuple[float, float] = (0.0, 0.0)
    answer_delay: tuple[float, float] = (0.0, 0.0)
    abandoned: float = 0.0
    waited: float = 0.0
    score: LearnedScore = LearnedScore()
    pace: LearnedLinePace = LearnedLinePace()
    regression: LearnedRegression = LearnedRegression()


class LearnedPace(msgspec.Struct, frozen=True):
    """One agent's lessons: mean logarithm of his conversations against the queue's, and its weight."""

    mean: float = 0.0
    weight: float = 0.0


class LearnedWaits(msgspec.Struct, frozen=True):
    """Everything learned; versioned by its fields, unknown queues and agents are kept until they appear."""

    queues: dict[str, LearnedQueue] = {}
    agents: dict[str, LearnedPace] = {}


class Average:
    """A running mean that starts from a belief and fades what is old."""

    __slots__ = ("mean", "weight")

    def __init__(self, mean: float, weight: float) -> None:
        self.mean = mean
        self.weight = weight

    def learn(self, value: float) -> None:
        """One more observation."""
        self.weight = min(self.weight, MEMORY - 1) + 1
        self.mean += (value - self.mean) / self.weight


class AgentPace:
    """How much longer or shorter an agent's conversations are than those of others in the same queue."""

    __slots__ = ("_average",)

    def __init__(self, learned: LearnedPace | None = None) -> None:
        learned = learned or LearnedPace()
        self._average = Average(learned.mean, learned.weight)

    def learn(self, seconds: float, usual: TalkTimes) -> None:
        """He talked this long where `usual` is the habit; one call counts at most as eightfold either way."""
        ratio = log(max(seconds, 1.0)) - usual.mean_log
        self._average.learn(min(max(ratio, -log(8)), log(8)))

    @property
    def factor(self) -> float:
        """Multiplies the queue's durations; near 1 while little is known."""
        known = self._average.weight / (self._average.weight + PACE_SHRINK)
        return exp(known * self._average.mean)

    def learned(self) -> LearnedPace:
        """What survives a restart."""
        return LearnedPace(self._average.mean, self._average.weight)


class QueueHistory:
    """What is known of one queue. Durations in seconds."""

    __slots__ = (
        "_abandoned", "_arrivals", "_since", "_waited",
        "answer_delay", "pace", "regression", "score", "talk", "wrap_up",
    )  # fmt: skip

    def __init__(self, wrap_up_seconds: float, learned: LearnedQueue | None = None) -> None:
        learned = learned or LearnedQueue()
        self.talk = TalkTimes(learned.talk)
        self.wrap_up = Average(*learned.wrap_up) if learned.wrap_up[1] else Average(wrap_up_seconds, BELIEF_WEIGHT)
        delay = learned.answer_delay
        self.answer_delay = Average(*delay) if delay[1] else Average(ANSWER_DELAY_BELIEF, BELIEF_WEIGHT)
        self._abandoned = learned.abandoned
        self._waited = learned.waited
        self._arrivals: dict[int, float] = {}
        self._since = 0.0
        self.score = WaitScore(learned.score)
        self.pace = LinePace(learned.pace)
        self.regression = WaitRegression(SIGNS, learned.regression)

    def arrived(self, priority: int, now: float) -> None:
        """A caller of this priority joined."""
        faded = exp((self._since - now) / ARRIVAL_MEMORY)
        for other in self._arrivals:
            self._arrivals[other] *= faded
        self._arrivals[priority] = self._arrivals.get(priority, 0.0) + 1.0
        self._since = now

    def overtaking(self, priority: int, now: float) -> list[tuple[int, float]]:
        """Higher priorities and the rate at which their callers come, in callers a second."""
        scale = exp((self._since - now) / ARRIVAL_MEMORY) / ARRIVAL_MEMORY
        return [(other, weight * scale) for other, weight in self._arrivals.items() if other > priority]

    def share_of_higher(self, priority: int) -> float:
        """Share of recent callers who had a higher priority, 0 to 1."""
        everybody = sum(self._arrivals.values())
        higher = sum(weight for other, weight in self._arrivals.items() if other > priority)
        return higher / everybody if everybody else 0.0

    def left(self, waited: float, abandoned: bool) -> None:
        """A caller left after this wait."""
        self._waited = self._waited * 0.99 + waited
        self._abandoned = self._abandoned * 0.99 + abandoned

    @property
    def abandonment_rate(self) -> float:
        """Chance a second that a waiting caller hangs up."""
        return (self._abandoned + 1.0) / (self._waited + PATIENCE_BELIEF)

    def learned(self) -> LearnedQueue:
        """What survives a restart."""
        return LearnedQueue(
            talk=self.talk.learned(),
            wrap_up=(self.wrap_up.mean, self.wrap_up.weight),
            answer_delay=(self.answer_delay.mean, self.answer_delay.weight),
            abandoned=self._abandoned,
            waited=self._waited,
            score=self.score.learned(),
            pace=self.pace.learned(),
            regression=self.regression.learned(),
        )
