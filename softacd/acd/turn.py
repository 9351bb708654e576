"""What every rule of the distributor works on, and what one turn gathers."""

from softacd.acd.agent import Agent
from softacd.acd.deadlines import Deadlines
from softacd.acd.floor import Floor
from softacd.acd.queue import Caller, Queue
from softacd.acd.vocabulary import AnyCommand


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
