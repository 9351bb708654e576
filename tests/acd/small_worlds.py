"""Every small world: 3 agents, 3 callers, and all orders in which what can happen does happen, to a given depth.

`python -m tests.acd.small_worlds --depth 8` goes through all interleavings of up to that many events, on several
floors. A state is known by everything the distributor will ever look at, and is gone through once; times count as they
lie to each other, and callers and agents by their places, for names decide nothing but what is equal. After every
event the distributor's promises must hold, among them the races: two answers in one moment, an answer against a
hang-up, against the end of the ring, an agent who is gone while his phone rings, a reload meanwhile. Answers that come
too late are tried in every state in which there can be one. A failure tells the shortest story that leads to it.
"""

import argparse
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from typing import Any, NamedTuple

from softacd.acd.agent import Agent, Tier
from softacd.acd.agent_table import IN_CONVERSATION, IN_WRAP_UP, ON_OFFER
from softacd.acd.deadlines import Deadlines
from softacd.acd.distributor import Distributor
from softacd.acd.floor import Floor
from softacd.acd.line import ReadyLine
from softacd.acd.line_order import Redials
from softacd.acd.model import AgentSettings, QueueSettings, Strategy, TierSettings
from softacd.acd.queue import Caller, Lane, Queue, TierLevel
from softacd.acd.service_level import ServiceLevel
from softacd.acd.turn import Turn
from softacd.acd.vocabulary import (
    AnswerTooLate,
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
    OfferRefused,
    OfferRinging,
    OtherCallEnded,
    OtherCallStarted,
    Refusal,
    State,
    Status,
    StatusChosen,
    TalkEnded,
    Withdraw,
)

AGENTS = ("ann", "bob", "cid")
CALLERS = ("c1", "c2", "c3")
STEP = 0.001
"""Seconds between two events that nothing separates."""


class Tick(NamedTuple):
    """Time passes until the next deadline."""


class Reload(NamedTuple):
    """The configuration is read again: with or without the last agent in the queue."""

    smaller: bool


Action = AnyEvent | Tick | Reload


def floor(strategy: Strategy, **settings: object) -> tuple[QueueSettings, QueueSettings]:
    """A queue of all agents and the same without the last of them; ann alone is on the first level if there are two."""
    levels = settings.pop("levels", (1, 1, 1))
    assert isinstance(levels, tuple)
    tiers = tuple(TierSettings(name, level) for name, level in zip(AGENTS, levels, strict=True))
    whole = QueueSettings("sales", strategy=strategy, tiers=tiers, **settings)  # type: ignore[arg-type] # free keywords
    small = QueueSettings("sales", strategy=strategy, tiers=tiers[:-1], **settings)  # type: ignore[arg-type]
    return whole, small


class Scene(NamedTuple):
    """A floor, and in which ways agents come and go on it: "break", "phone", "own call", "reload"."""

    queues: tuple[QueueSettings, QueueSettings]
    ways: tuple[str, ...]
    alike: bool = True
    """Whether nothing but his place tells one agent from another."""


SCENES = {
    "ring two, breaks and phones": Scene(
        floor(Strategy.RING_K, ring=2, wrap_up_seconds=5.0, no_answer_limit=1), ("break", "phone")
    ),
    "ring all, phones and own calls": Scene(
        floor(Strategy.RING_ALL, wrap_up_seconds=0.0, busy_delay=0.0, max_callers=2), ("phone", "own call")
    ),
    "two levels, own calls and reloads": Scene(
        floor(Strategy.LONGEST_IDLE, levels=(1, 2, 2), escalate_seconds=4.0, max_wait_seconds=15.0),
        ("own call", "reload"),
        alike=False,
    ),
    "ring two, reloads and breaks": Scene(
        floor(Strategy.RING_K, ring=2, wrap_up_seconds=5.0), ("reload", "break"), alike=False
    ),
}


class BrokenPromiseError(AssertionError):
    """What must hold did not."""


def promise(kept: bool, what: str) -> None:
    """Raise unless it is kept."""
    if not kept:
        raise BrokenPromiseError(what)


class World:
    """One distributor, a second book of what it said, and what can happen next."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.queues = queues = scene.queues
        self.small = False
        self.now = 0.0
        self.people = [AgentSettings(name, name, available_at_start=True) for name in AGENTS]
        self.distributor = Distributor(queues[:1], self.people, self.now)
        self.joined = 0
        self.waiting: set[str] = set()
        self.offers: dict[str, str] = {}
        self.talks: dict[str, str] = {}
        self.served: set[str] = set()
        self.late: set[tuple[str, str]] = set()
        self.wrap_ups: dict[str, float] = {}
        for name in AGENTS:
            self.do(DeviceChanged(name, True))

    def copy(self) -> "World":
        """The same world once more, so that something else can happen in it."""
        new = World.__new__(World)
        new.__dict__.update(self.__dict__)
        new.distributor = Distributor.__new__(Distributor)
        new.distributor._turn = clone(self.distributor._turn, {})
        for name in ("waiting", "offers", "talks", "served", "late", "wrap_ups"):
            setattr(new, name, getattr(self, name).copy())
        return new

    def do(self, action: Action) -> None:
        """Let it happen, and judge what the distributor says to it."""
        self.now += STEP
        match action:
            case Tick():
                deadline = self.distributor.next_deadline()
                assert deadline is not None
                self.now = max(self.now, deadline)
                commands = self.distributor.handle_deadline(self.now)
            case Reload(smaller=smaller):
                self.small = smaller
                commands = self.distributor.configure([self.queues[smaller]], self.people, self.now)
            case CallerJoined():
                self.joined += 1
                self.waiting.add(action.caller)
                commands = self.distributor.handle(action, self.now)
            case OfferRefused():
                commands = self.distributor.handle(action, self.now)
                ended = [one for one in commands if isinstance(one, Withdraw) and one.agent == action.agent]
                if not ended:  # else the ring was over already
                    del self.offers[action.agent]
            case TalkEnded():
                del self.talks[action.agent]
                commands = self.distributor.handle(action, self.now)
            case OfferAnswered():
                commands = self.distributor.handle(action, self.now)
                promise(self.offers[action.agent] == action.caller, "who answers in time was offered")
                promise(Connect in map(type, commands), "who answers in time is connected")
            case _:
                commands = self.distributor.handle(action, self.now)
        self.judge(commands)
        self.hold()

    def judge(self, commands: list[AnyCommand]) -> None:
        """Book what was said."""
        for command in commands:
            match command:
                case Offer(caller=caller, agent=agent):
                    promise(caller in self.waiting, "offers are for those who wait")
                    promise(agent not in self.offers, "an agent is offered at most one caller")
                    promise(agent not in self.talks, "nobody rings in a conversation")
                    promise(self.wrap_ups.get(agent, 0.0) <= self.now, "nobody rings in wrap-up")
                    self.offers[agent] = caller
                case Withdraw(caller=caller, agent=agent):
                    promise(self.offers.pop(agent, "") == caller, "what is taken back was offered")
                    self.late.add((agent, caller))
                case Connect(caller=caller, agent=agent):
                    promise(self.offers.pop(agent, "") == caller, "who is connected was offered")
                    promise(caller not in self.served, "a caller is connected to at most one agent")
                    self.served.add(caller)
                    self.talks[agent] = caller
                case CallerExited(caller=caller):
                    promise(caller in self.waiting, "every caller leaves exactly once")
                    self.waiting.discard(caller)
                    promise(
                        caller not in self.offers.values()
                        or caller in {one.caller for one in commands if isinstance(one, Withdraw)},
                        "who leaves rings nowhere",
                    )
                case _:
                    pass

    def hold(self) -> None:
        """What holds at every moment."""
        turn = self.distributor._turn
        promise(set(turn.callers) == self.waiting, "who waits is in line, and nobody else")
        promise(not turn.out and not turn.freed and not turn.wanting, "a turn leaves nothing undone")
        for agent in turn.floor.agents.values():
            promise((agent.name in self.offers) is (agent.state in ON_OFFER), "offers and states agree")
            away = agent.status is not Status.AVAILABLE or not agent.reachable or agent.other_calls
            promise(not (away and agent.name in self.offers), "who is away rings for nobody")
            promise((agent.name in self.talks) is (agent.state in IN_CONVERSATION), "conversations and states agree")
            if agent.state in IN_WRAP_UP:
                assert agent.until is not None
                promise(agent.until > self.now, "a wrap-up ends when it is due")
                self.wrap_ups[agent.name] = agent.until
            else:
                self.wrap_ups.pop(agent.name, None)
            promise(agent.ready is (agent.is_offerable() and bool(agent.tiers)) or not agent.tiers, "ready or not")
        for caller in turn.callers.values():
            mine = {agent for agent, offered in self.offers.items() if offered == caller.name}
            promise(set(caller.ringing) == mine, "the caller's phones are those that ring for him")
            if not mine and caller.lane is not None:
                promise(
                    caller.queue.first_ready(caller.lane, caller.lane.reach) is None, "nobody idles while one waits"
                )
        deadline = self.distributor.next_deadline()
        promise(deadline is None or deadline > self.now, "no deadline is missed")

    def actions(self) -> Iterator[Action]:
        """Everything that can happen now."""
        if self.joined < len(CALLERS):
            yield CallerJoined(CALLERS[self.joined], "sales")
        for caller in sorted(self.waiting):
            yield CallerLeft(caller, Exit.ABANDONED)
        if self.distributor.next_deadline() is not None:
            yield Tick()
        for agent, caller in sorted(self.offers.items()):
            yield OfferAnswered(agent, caller)
            yield OfferRefused(agent, caller, Refusal.BUSY)
        for agent, caller in sorted(self.talks.items()):
            yield TalkEnded(agent, caller)
        ways = self.scene.ways
        if "reload" in ways:
            yield Reload(not self.small)
        for name in AGENTS:
            one = self.distributor._turn.floor.agents[name]
            if "break" in ways:
                paused = one.status is not Status.AVAILABLE if one.upcoming is None else True
                yield StatusChosen(name, Status.AVAILABLE if paused else Status.BREAK)
            if "phone" in ways:
                yield DeviceChanged(name, not one.reachable)
            if "own call" in ways:
                yield OtherCallEnded(name, "own") if one.other_calls else OtherCallStarted(name, "own")

    def try_what_changes_nothing(self) -> None:
        """A phone that confirms its ring, and an answer that comes too late: they may come at any time."""
        for agent, caller in sorted(self.late):
            if self.offers.get(agent) != caller and self.talks.get(agent) != caller:
                before = self.key()
                commands = self.distributor.handle(OfferAnswered(agent, caller), self.now)
                promise(commands == [AnswerTooLate(caller, agent)], "an answer that comes too late is told so")
                promise(self.key() == before, "an answer that comes too late changes nothing")
        self.late.clear()  # once is enough: it changes nothing
        for agent, caller in self.offers.items():
            if self.distributor._turn.floor.agents[agent].state is State.OFFERED:
                self.judge(self.distributor.handle(OfferRinging(agent, caller), self.now))

    def key(self) -> tuple[object, ...]:
        """Everything that can make a difference from now on: times as they lie to each other, not as they are."""
        turn, now = self.distributor._turn, self.now
        agents = turn.floor.agents
        order = sorted(AGENTS, key=lambda name: agents[name].idle_since)
        names = (
            {name: place for place, name in enumerate(order)} if self.scene.alike else {name: name for name in AGENTS}
        )
        line = next(iter(turn.floor.queues.values())).line
        places = {key[-1]: place for place, key in enumerate(line)}
        return (
            self.small,
            self.joined,
            tuple(
                (
                    names[name], one.status, one.upcoming, one.state in ON_OFFER or one.state, one.reachable,
                    len(one.other_calls), places.get(one.caller, one.caller and "gone"),
                    None if one.until is None else round(one.until - now, 1), one.no_answers, one.unreachables,
                )
                for name in order
                for one in (agents[name],)
            ),
            tuple(
                (
                    tuple(names[name] for name in caller.ringing), caller.level, caller.target,
                    caller.lane and caller.lane.reach, self.waited(caller.joined),
                )
                for key in line
                for caller in (turn.callers[key[-1]],)
            ),
        )  # fmt: skip

    def waited(self, joined: float) -> float:
        """How long somebody has waited, where that decides anything."""
        settings = self.queues[0]
        return round(self.now - joined, 1) if settings.escalate_seconds or settings.max_wait_seconds else 0.0


_COPIED = frozenset(
    {Turn, Floor, Queue, TierLevel, ReadyLine, Lane, Agent, Tier, Caller, Deadlines, Redials, ServiceLevel}
)


def clone(thing: Any, memo: dict[int, Any]) -> Any:
    """A copy of the distributor's state; what cannot change is shared. Ten times as fast as copy.deepcopy."""
    kind = type(thing)
    if kind is list:  # a shelf is the same list for the lane and for the caller who stands on it
        found = memo.get(id(thing))
        if found is None:
            deep = thing and type(thing[0]) in (list, *_COPIED)
            found = memo[id(thing)] = [clone(one, memo) for one in thing] if deep else thing[:]
        return found
    if kind is dict:
        values = thing.values()
        if any(type(one) in _COPIED for one in values):
            return {key: clone(value, memo) for key, value in thing.items()}
        return thing.copy()
    if kind is set:
        return thing.copy()
    if kind is tuple and thing and type(thing[0]) is Tier:
        return tuple(clone(one, memo) for one in thing)
    if kind not in _COPIED:
        return thing
    found = memo.get(id(thing))
    if found is None:
        found = memo[id(thing)] = kind.__new__(kind)
        for name in kind.__slots__:
            setattr(found, name, clone(getattr(thing, name), memo))
    return found


class Explored(NamedTuple):
    """What a search went through."""

    depth: int
    states: int
    events: int
    seconds: float


def explore(scene: Scene, depth: int) -> Explored:
    """Every state within so many events of the beginning. Raises BrokenPromiseError with the story."""
    began = time.perf_counter()
    first = World(scene)
    seen = {first.key()}
    frontier: list[tuple[World, tuple[Action, ...]]] = [(first, ())]
    events = 0
    for level in range(1, depth + 1):
        following = []
        for world, story in frontier:
            for action in list(world.actions()):
                events += 1
                after = world.copy()
                try:
                    after.do(action)
                    after.try_what_changes_nothing()
                except Exception as error:
                    lines = "\n".join(f"  {one!r}" for one in (*story, action))
                    raise BrokenPromiseError(f"{type(error).__name__}: {error}, after\n{lines}") from error
                key = after.key()
                if key not in seen:
                    seen.add(key)
                    if level < depth:
                        following.append((after, (*story, action)))
        frontier = following
    return Explored(depth, len(seen), events, time.perf_counter() - began)


def main() -> None:
    """Explore and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--depth", type=int, default=8)
    parser.add_argument("--scene", choices=list(SCENES), action="append")
    chosen = parser.parse_args()
    names = chosen.scene or list(SCENES)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for name, found in zip(names, pool.map(explore, map(SCENES.get, names), repeat(chosen.depth)), strict=True):
            print(f"{name}: depth {found.depth}, {found.states} states, {found.events} events, {found.seconds:.0f} s")


if __name__ == "__main__":
    main()
