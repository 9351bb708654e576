"""Transcripts for the distributor: what comes in at which time, what must come out, a diff when it does not."""

import difflib
from collections.abc import Iterable, Sequence

from softacd.acd.distributor import Distributor
from softacd.acd.model import AgentSettings, QueueSettings, TierSettings
from softacd.acd.vocabulary import (
    AgentChanged,
    AnyCommand,
    AnyEvent,
    DeviceChanged,
    Status,
    StatusChosen,
    StatusSpent,
)

TOLD = (AgentChanged, StatusSpent)
"""What is compared only when asked for."""


def queue(name: str, *agents: str | tuple[str, int], **settings: object) -> QueueSettings:
    """A queue whose tiers are given as names (level 1) or (name, level)."""
    tiers = tuple(TierSettings(*agent) if isinstance(agent, tuple) else TierSettings(agent) for agent in agents)
    return QueueSettings(name=name, tiers=tiers, **settings)  # type: ignore[arg-type]  # free keywords of a test


def agents(*names: str) -> list[AgentSettings]:
    """Agents who are available at the start; their phone is named after them."""
    return [AgentSettings(name=name, phone=name, available_at_start=True) for name in names]


class Playbook:
    """Plays events into a distributor and compares commands; those in TOLD are compared only when asked for.

    At the start every agent's phone is made reachable, one second after another starting with the first, so the
    order of `names` is the order of the longest idle.
    """

    def __init__(self, queues: Iterable[QueueSettings], *names: str, now: float = 0.0) -> None:
        self.distributor = Distributor(queues, agents(*names), now - 1000)
        for number, name in enumerate(names):
            self.distributor.handle(StatusChosen(name, Status.BREAK), now - 900 + number)
            self.distributor.handle(StatusChosen(name, Status.AVAILABLE), now - 800 + number)
            self.distributor.handle(DeviceChanged(name, reachable=True), now - 700 + number)
        self.now = now
        self.out: list[AnyCommand] = []

    def at(self, now: float) -> "Playbook":
        """Time passes: every deadline up to `now` is served at its own time, as a punctual driver would."""
        self.out = []
        while (deadline := self.distributor.next_deadline()) is not None and deadline <= now:
            self.out += self.distributor.handle_deadline(deadline)
        self.now = now
        return self

    def __rshift__(self, event: AnyEvent) -> "Playbook":
        """An event comes in."""
        self.out = self.distributor.handle(event, self.now)
        return self

    def __lshift__(self, expected: AnyCommand | Sequence[AnyCommand]) -> "Playbook":
        """These commands, in this order, and no others came out (those in TOLD aside)."""
        wanted = list(expected) if isinstance(expected, Sequence) else [expected]
        self._compare(wanted, [command for command in self.out if not isinstance(command, TOLD)])
        return self

    def changes(self, *expected: AgentChanged) -> "Playbook":
        """These AgentChanged, in this order, and no others came out."""
        self._compare(list(expected), [command for command in self.out if isinstance(command, AgentChanged)])
        return self

    def spent(self, *expected: StatusSpent) -> "Playbook":
        """These accounts of agents' time, in this order, and no others came out."""
        self._compare(list(expected), [command for command in self.out if isinstance(command, StatusSpent)])
        return self

    def _compare(self, wanted: Sequence[AnyCommand], got: Sequence[AnyCommand]) -> None:
        if wanted != got:
            lines = difflib.ndiff([repr(one) for one in wanted], [repr(one) for one in got])
            raise AssertionError("\n".join([f"at {self.now}: wanted (-), got (+)", *lines]))
