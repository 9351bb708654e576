"""What simulated people intend: drawn once from a seeded random source, then played by whoever holds the sockets.

A plan is data: what a caller or an agent would do, whatever the switch does. What became of it is the calls' story.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from softacd.simulate import sound


class Random(Protocol):
    """The part of random.Random that is needed; injected, so that a seed repeats a day."""

    def random(self) -> float:
        """A number in [0, 1)."""

    def uniform(self, a: float, b: float) -> float:
        """A number in [a, b]."""

    def expovariate(self, lambd: float) -> float:
        """A waiting time with the mean 1/lambd."""


class KeyBy(StrEnum):
    """How a phone tells that a key was pressed."""

    RFC4733 = "rfc4733"
    INFO = "info"


class CallerPlan(msgspec.Struct, frozen=True):
    """One caller. Durations in seconds; `signature` is the caller's bell (see `sound`)."""

    name: str
    number: str
    """E.164."""
    signature: int
    carrier: str
    key: str
    key_by: KeyBy
    think: float
    """From hearing the switch answer to pressing the key."""
    patience: float
    """From pressing the key to giving up."""
    talk: float
    """From hearing the agent to hanging up."""


class Move(StrEnum):
    """What an agent does when the phone rings."""

    ANSWER = "answer"
    IGNORE = "ignore"
    REJECT = "reject"


class AgentPlan(msgspec.Struct, frozen=True):
    """What an agent does with one ringing call. Durations in seconds; 0 for `hold` and `rest`: none."""

    move: Move
    after: float
    """Of ringing, before the move."""
    talk: float
    """The agent hangs up after so much conversation, if the caller has not."""
    hold: float
    """The caller is put on hold for so long, two seconds into the conversation."""
    rest: float
    """Of a break after the call."""


class Habits(msgspec.Struct, frozen=True):
    """How people are: shares 0..1, ranges in seconds."""

    give_up: float = 0.12
    """Callers with little patience."""
    info: float = 0.25
    """Callers whose phones send keys by SIP INFO."""
    ignore: float = 0.08
    reject: float = 0.06
    hold: float = 0.15
    rest: float = 0.12
    think: tuple[float, float] = (1.5, 3.5)
    patience: tuple[float, float] = (90.0, 120.0)
    little_patience: tuple[float, float] = (3.4, 4.4)
    """A notice of 2.8 s is heard to its end, and then a little of the wait."""
    answer: tuple[float, float] = (0.8, 2.0)
    talk: tuple[float, float] = (2.5, 5.5)
    between: float = 1.3
    """Mean time between two callers."""


FIRST_CALLER_SIGNATURE = 8
"""Lower signatures are the agents'."""

FIRST_NAMES = (
    "Ada", "Boris", "Clara", "Dmytro", "Elena", "Filip", "Greta", "Hugo", "Irina", "Jan", "Katya", "Liam",
    "Maria", "Nikolai", "Olga", "Petru", "Rosa", "Sofia", "Taras", "Ursula", "Viktor", "Wanda", "Yana", "Zeno",
)  # fmt: skip


class People:
    """Draws callers and agents' moves. `random` decides everything: the same seed gives the same people."""

    def __init__(self, random: Random, *, carriers: Sequence[str], keys: str, habits: Habits) -> None:
        self._random = random
        self._carriers = carriers
        self._keys = keys
        self._habits = habits

    def pause(self) -> float:
        """Seconds until the next caller."""
        return min(self._random.expovariate(1.0 / self._habits.between), 3 * self._habits.between)

    def caller(self, index: int) -> CallerPlan:
        """Draw caller `index` (from 0); names, numbers, bells and carriers go round."""
        habits = self._habits
        impatient = self._random.random() < habits.give_up
        return CallerPlan(
            name=FIRST_NAMES[index % len(FIRST_NAMES)],
            number=f"+3736{index % 10_000_000:07d}",
            signature=FIRST_CALLER_SIGNATURE + index % (sound.SIGNATURES - FIRST_CALLER_SIGNATURE),
            carrier=self._carriers[index % len(self._carriers)],
            key=self._keys[int(self._random.random() * len(self._keys))],
            key_by=KeyBy.INFO if self._random.random() < habits.info else KeyBy.RFC4733,
            think=self._random.uniform(*habits.think),
            patience=self._random.uniform(*(habits.little_patience if impatient else habits.patience)),
            talk=self._random.uniform(*habits.talk),
        )

    def agent(self) -> AgentPlan:
        """Draw what an agent does with the next ringing call."""
        habits, draw = self._habits, self._random.random()
        move = Move.ANSWER
        if draw < habits.ignore:
            move = Move.IGNORE
        elif draw < habits.ignore + habits.reject:
            move = Move.REJECT
        return AgentPlan(
            move=move,
            after=self._random.uniform(*habits.answer),
            talk=self._random.uniform(*habits.talk),
            hold=self._random.uniform(0.8, 1.5) if self._random.random() < habits.hold else 0.0,
            rest=self._random.uniform(4.0, 8.0) if self._random.random() < habits.rest else 0.0,
        )
