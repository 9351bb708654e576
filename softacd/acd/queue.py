"""One queue: its waiting line, its ready agents by tier level, and the lanes between them.

Callers who accept the same agents share a *lane*: most queues have one, a queue with skills or escalation has as many
as there are different demands in line at the moment. So an agent who comes free looks at the heads of a few lanes,
never at a thousand callers. Callers and agents stand in the lists by name, so nothing here forms a reference cycle.
"""

from bisect import bisect_left
from collections.abc import Callable

from softacd.acd.line import AgentKey, Key, ReadyLine, insert, remove
from softacd.acd.line_order import Redials
from softacd.acd.model import QueueSettings, Strategy
from softacd.acd.service_level import ServiceLevel
from softacd.acd.strategy import first_target, phones_at_once

Demand = tuple[tuple[str, int], ...]
"""Skills asked for, as (name, least level) in order of names."""

_ANY_TRIES = 32


class TierLevel:
    """One level of a queue and its ready agents. `index` counts the levels from 0, `number` is the owner's."""

    __slots__ = ("index", "number", "ready")

    def __init__(self, number: int, index: int) -> None:
        self.number = number
        self.index = index
        self.ready = ReadyLine()


class Lane:
    """Callers of one queue who accept the same agents: those up to the level with index `reach` who are `able`.

    `able` None is everybody. `uncovered` holds the callers for whom no phone rings, `short[index]` those who ring on
    that level with fewer phones than they may have; `callers` counts all who are in this lane.
    """

    __slots__ = ("able", "callers", "demand", "reach", "short", "uncovered")

    def __init__(self, reach: int, demand: Demand, able: frozenset[str] | None, levels: int) -> None:
        self.reach = reach
        self.demand = demand
        self.able = able
        self.uncovered: list[Key] = []
        self.short: list[list[Key]] = [[] for _ in range(levels)]
        self.callers = 0


class Queue:
    """The live side of one configured queue.

    `line` holds every waiting caller in order; `levels` are in ascending order; `turn` remembers round robin's place.
    """

    __slots__ = (
        "agents", "by_idle_time", "draw", "lanes", "levels", "line", "name", "plain", "redials", "service_level",
        "settings", "skilled", "target", "turn",
    )  # fmt: skip

    def __init__(self, settings: QueueSettings, draw: Callable[[], float]) -> None:
        self.name = settings.name
        self.draw = draw
        self.line: list[Key] = []
        self.lanes: dict[tuple[int, Demand], Lane] = {}
        self.levels: list[TierLevel] = []
        self.agents: tuple[str, ...] = ()
        self.set_levels([])
        self.skilled: dict[str, dict[str, int]] = {}
        self.redials = Redials()
        self.turn: AgentKey = (0.0, 0.0, "")
        self.service_level = ServiceLevel(settings.service_level_seconds)
        self.configure(settings)

    def configure(self, settings: QueueSettings) -> None:
        """Take new settings; callers and statistics stay. The caller of this rebuilds tiers, lanes and ready lists."""
        self.settings = settings
        self.target = phones_at_once(settings)
        self.by_idle_time = settings.strategy in (
            Strategy.RING_ALL, Strategy.RING_K, Strategy.LONGEST_IDLE, Strategy.PROGRESSIVE,
        )  # fmt: skip
        self.service_level.threshold = settings.service_level_seconds

    def set_levels(self, levels: list[TierLevel]) -> None:
        """Take these tier levels; the lanes of before are gone."""
        self.levels = levels
        last = max(len(levels) - 1, 0)
        self.plain = Lane(last, (), None, len(levels))
        self.lanes = {(last, ()): self.plain}

    def lane(self, reach: int, demand: Demand) -> Lane:
        """The lane of callers with this reach and demand."""
        lane = self.lanes.get((reach, demand))
        if lane is None:
            able = None
            if demand:
                able = frozenset(
                    name
                    for name, skills in self.skilled.items()
                    if all(skills.get(skill, 0) >= level for skill, level in demand)
                )
            lane = self.lanes[reach, demand] = Lane(reach, demand, able, len(self.levels))
        return lane

    def first_ready(self, lane: Lane, reach: int) -> tuple[TierLevel, AgentKey] | None:
        """Who is to ring next for a caller of this lane, on the lowest level that has anybody, up to index `reach`."""
        able = lane.able
        for level in self.levels:
            if level.index > reach:
                break
            ready = level.ready
            if len(ready.keys) > ready.head:
                if able is None and self.by_idle_time:
                    return level, ready.keys[ready.head]
                key = self._choose(ready, able)
                if key is not None:
                    return level, key
        return None

    def _choose(self, ready: ReadyLine, able: frozenset[str] | None) -> AgentKey | None:
        """Of the ready agents of a level one who is able, as the strategy wants it."""
        strategy = self.settings.strategy
        if strategy is Strategy.ROUND_ROBIN:
            start = ready.after(self.turn)
            for index in range(start - len(ready), start):  # from behind whoever rang last, and round to him
                if able is None or ready[index][2] in able:
                    return ready[index]
            return None
        if strategy is not Strategy.RANDOM and strategy is not Strategy.WEIGHTED_RANDOM:
            return next((key for key in ready if able is None or key[2] in able), None)
        candidates = ready if able is None else [key for key in ready if key[2] in able]
        if not candidates:
            return None
        if strategy is Strategy.RANDOM:
            return candidates[int(self.draw() * len(candidates))]
        return self._draw_by_weight(candidates)

    def _draw_by_weight(self, candidates: ReadyLine | list[AgentKey]) -> AgentKey:
        """Each with a chance in proportion to his weight, which is -key[0]; the heaviest stands first."""
        heaviest = candidates[0][0]
        for _ in range(_ANY_TRIES):
            key = candidates[int(self.draw() * len(candidates))]
            if self.draw() * heaviest >= key[0]:  # weights are negative: accepted with the chance key[0] / heaviest
                return key
        mark = self.draw() * sum(key[0] for key in candidates)
        for key in candidates:
            mark -= key[0]
            if mark >= 0.0:
                return key
        return candidates[-1]

    def position(self, key: Key) -> int:
        """Place of a waiting caller, 1 = next."""
        return bisect_left(self.line, key) + 1


def demand_of(settings: QueueSettings, asked: Demand) -> Demand:
    """What the queue asks of every agent and the caller's situation beside it, the higher level where both do."""
    if not settings.skills and not asked:
        return ()
    levels = dict(settings.skills)
    for skill, level in asked:
        levels[skill] = max(level, levels.get(skill, 0))
    return tuple(sorted(levels.items()))


class Caller:
    """One waiting caller.

    `ringing` names the agents reserved for him, in the order they were offered; `level` is the index of the highest
    tier level that has rung since no phone rang; `target` is how many phones may ring for him now. While `personal`
    is set he waits in that list for `preferred` alone. `arrival` is what counts for his place, `base` the index of the
    tier level he could ring on when he came.
    """

    __slots__ = (
        "arrival", "asked", "base", "call_back", "demand", "joined", "key", "lane", "level", "name", "party",
        "patience_until", "personal", "preferred", "priority", "progress", "queue", "ringing", "shelf", "target",
        "timer", "widening",
    )  # fmt: skip

    def __init__(self, name: str, queue: Queue, key: Key, joined: float, asked: Demand = ()) -> None:
        self.name = name
        self.queue = queue
        self.key = key
        self.joined = joined
        self.arrival = joined
        self.asked = asked
        self.demand = demand_of(queue.settings, asked)
        self.base = 0
        self.party = ""
        self.call_back = False
        self.priority = 0
        self.level = 0
        self.target = first_target(queue.settings)
        self.ringing: dict[str, None] = {}
        self.timer = 0
        self.widening = 0
        self.progress = 0
        self.preferred = ""
        self.patience_until = 0.0
        self.personal: list[Key] | None = None
        self.lane: Lane | None = None
        self.shelf: list[Key] | None = None

    def change_lane(self, lane: Lane | None) -> None:
        """Stand in this lane from now on; a lane that nobody stands in is forgotten."""
        old = self.lane
        if lane is old:
            return
        if self.shelf is not None:
            remove(self.shelf, self.key)
            self.shelf = None
        if old is not None:
            old.callers -= 1
            if not old.callers and old is not self.queue.plain:
                lanes = self.queue.lanes
                if lanes.get((old.reach, old.demand)) is old:
                    del lanes[old.reach, old.demand]
        self.lane = lane
        if lane is not None:
            lane.callers += 1

    def reshelve(self) -> None:
        """Stand in the list that matches the phones ringing: uncovered, short on the caller's level, or neither."""
        ringing = len(self.ringing)
        shelf: list[Key] | None = None
        if self.personal is not None:
            self.level = 0
            shelf = None if ringing else self.personal
        elif self.lane is not None:
            if not ringing:
                self.level = 0
                shelf = self.lane.uncovered
            elif ringing < self.target and self.lane.short:
                shelf = self.lane.short[min(self.level, len(self.lane.short) - 1)]
        if shelf is not self.shelf:
            if self.shelf is not None:
                remove(self.shelf, self.key)
            if shelf is not None:
                insert(shelf, self.key)
            self.shelf = shelf

    def leave(self) -> None:
        """Stand in no list any more."""
        remove(self.queue.line, self.key)
        if self.shelf is not None:
            remove(self.shelf, self.key)
            self.shelf = None
        self.change_lane(None)
