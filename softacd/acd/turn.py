"""What every rule of the distributor works on, and what one turn gathers."""

from softacd.acd.agent import Agent
from softacd.acd.deadlines import Deadlines
from softacd.acd.floor import Floor
from softacd.acd.queue import Caller, Queue
from softacd.acd.vocabulary import AnyCommand, Status


class Turn:
    """The floor, the waiting callers by name and the deadlines; they stay from turn to turn.

    `out` gathers the commands of this turn, `freed` the agents who may be ready since it began, `wanting` the queues
    whose callers lost a phone or may ring more. `arrivals` counts callers, so that no two keys are equal.
    """

    __slots__ = ("arrivals", "callers", "deadlines", "floor", "freed", "out", "wanting")

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.callers: dict[str, Caller] = {}
        self.deadlines = Deadlines()
        self.arrivals = 0
        self.out: list[AnyCommand] = []
        self.freed: list[Agent] = []
        self.wanting: list[Queue] = []

    def take_status(self, agent: Agent, status: Status, reason: str, now: float) -> None:
        """An agent has this status from now on; how he spent the one before is told."""
        spent = agent.take_status(status, reason, now)
        if spent is not None:
            self.out.append(spent)

    def cut(self, agent: Agent, now: float) -> None:
        """Tell how an agent has spent his present status until now."""
        spent = agent.cut(now)
        if spent is not None:
            self.out.append(spent)
