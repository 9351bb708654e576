"""What the live socket tells, and to whom: the state of the house, how it differs from what was told last, and a
journal of the newest differences.

No socket and no task here. A difference is made once for all who may see the same: supervisors see everything, agents
the floor (queues, and colleagues without their calls) and beside it what is their own. Values that only grow with time
are told in steps, so that nothing is sent when nothing happened.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from softacd.calls.control import Check
from softacd.calls.views import AgentView, CallView, HouseView, PhoneView, QueueView, Snapshot, TrunkView
from softacd.web.agents import colleague
from softacd.web.phones import of_colleague

JOURNAL = 600
"""Differences kept for who comes back: a minute of a busy house."""
FORECAST_STEP_S = 5

KEYS = {"trunks": "name", "phones": "extension", "queues": "name", "agents": "name", "calls": "id"}
"""Section -> the field that names an object in it."""
Objects = dict[str, msgspec.Struct]
Part = dict[str, Any]


class HouseFigures(msgspec.Struct, frozen=True):
    """How fast the house is, over its last thousand calls; null before any."""

    free_to_ring_p99_ms: int | None
    """From the moment an agent was free and a caller waited until the agent's phone rang."""
    answer_to_audio_p99_ms: int | None
    """From the agent's answer until his first voice came."""


class LiveState(msgspec.Struct, frozen=True):
    """Everything at one moment, steady."""

    sections: Mapping[str, Objects]
    owners: Mapping[str, frozenset[str]]
    """Call -> the agents it is of: offered to, talking, or at whose phone it is."""
    rest: Part
    """What has no key: house, currency, figures."""
    alarms: tuple[Check, ...]


NOTHING = LiveState({name: {} for name in KEYS}, {}, {}, ())


def live_state(snapshot: Snapshot, house: HouseView, alarms: Iterable[Check], figures: HouseFigures) -> LiveState:
    """The state as it is told."""
    of_phone = {agent.phone: agent.name for agent in snapshot.agents}
    of_call: dict[str, set[str]] = {}
    for agent in snapshot.agents:
        if agent.call:
            of_call.setdefault(agent.call, set()).add(agent.name)
    return LiveState(
        sections={
            "trunks": {one.name: _trunk(one) for one in snapshot.trunks},
            "phones": {one.extension: one for one in snapshot.phones},
            "queues": {one.name: _queue(one) for one in snapshot.queues},
            "agents": {one.name: one for one in snapshot.agents},
            "calls": {one.id: _call(one) for one in snapshot.calls},
        },
        owners={one.id: _owners(one, of_call.get(one.id, set()), of_phone) for one in snapshot.calls},
        rest={"house": house, "currency": snapshot.currency, "figures": figures},
        alarms=tuple(alarms),
    )


def _owners(call: CallView, at: set[str], of_phone: Mapping[str, str]) -> frozenset[str]:
    found = at | {call.agent}
    for leg in call.legs:
        kind, _, name = leg.party.partition(":")
        found.add(name if kind == "agent" else of_phone.get(name, "") if kind == "phone" else "")
    return frozenset(found - {""})


def _step(seconds: float | None) -> float | None:
    return None if seconds is None else float(round(seconds / FORECAST_STEP_S) * FORECAST_STEP_S)


def _queue(queue: QueueView) -> QueueView:
    error, coverage = queue.estimate_error_s, queue.estimate_coverage
    return msgspec.structs.replace(
        queue,
        longest_wait_s=float(int(queue.longest_wait_s)),
        expected_wait=_step(queue.expected_wait),
        service_level=None if queue.service_level is None else round(queue.service_level, 3),
        estimate_error_s=None if error is None else round(error),
        estimate_coverage=None if coverage is None else round(coverage, 2),
    )


def _trunk(trunk: TrunkView) -> TrunkView:
    delay = trunk.round_trip_ms
    return msgspec.structs.replace(trunk, round_trip_ms=None if delay is None else float(round(delay)))


def _call(call: CallView) -> CallView:
    legs = tuple(
        msgspec.structs.replace(
            leg,
            mos=round(leg.mos, 1),
            remote_mos=round(leg.remote_mos, 1),
            jitter_ms=float(round(leg.jitter_ms)),
            round_trip_ms=float(round(leg.round_trip_ms)),
        )
        for leg in call.legs
    )
    return msgspec.structs.replace(call, expected_wait=_step(call.expected_wait), legs=legs)


class Difference:
    """What changed from one state to the next, and what happened; written as JSON when the first watcher needs it."""

    __slots__ = ("_agents", "_board", "_floor", "at", "board", "events", "floor", "own", "seq")

    def __init__(self, seq: int, at: int, before: LiveState, after: LiveState) -> None:
        self.seq = seq
        self.at = at
        self.board: Part = {}
        self.floor: Part = {}
        self.own: dict[str, Part] = {}
        self.events: list[tuple[str, str, frozenset[str]]] = []
        """(type, JSON, the agents it is of)."""
        self._board: str | None = None
        self._floor: str | None = None
        self._agents: dict[str, str] = {}
        for name in KEYS:
            self._section(name, before.sections[name], after.sections[name])
        self._ownership(before, after)
        for name, value in after.rest.items():
            if before.rest.get(name) != value:
                self.board[name] = value
                if name != "figures":
                    self.floor[name] = value
        if before.alarms != after.alarms:
            self.board["alarms"] = after.alarms

    def __bool__(self) -> bool:
        return bool(self.board or self.own or self.events)

    def _section(self, name: str, before: Objects, after: Objects) -> None:
        changed = [one for key, one in after.items() if before.get(key) != one]
        gone = [key for key in before if key not in after]
        if changed:
            self.board[name] = changed
        if gone:
            self.board.setdefault("gone", {})[name] = gone
        if name in ("trunks", "calls"):
            return
        if gone:
            self.floor.setdefault("gone", {})[name] = gone
        if not changed:
            return
        self.floor[name] = [as_colleague(one) for one in changed]
        if name == "agents":
            for agent in changed:
                assert isinstance(agent, AgentView)  # noqa: S101 - of its section
                self.own.setdefault(agent.name, {})[name] = [agent]

    def _ownership(self, before: LiveState, after: LiveState) -> None:
        nobody: frozenset[str] = frozenset()
        calls, earlier = after.sections["calls"], before.sections["calls"]
        for id_ in before.owners.keys() | after.owners.keys():
            had, has = before.owners.get(id_, nobody), after.owners.get(id_, nobody)
            fresh = has if calls.get(id_) != earlier.get(id_) else has - had
            for agent in fresh:
                self.own.setdefault(agent, {}).setdefault("calls", []).append(calls[id_])
            for agent in had - has:
                gone = self.own.setdefault(agent, {}).setdefault("gone", {})
                gone.setdefault("calls", []).append(id_)

    def for_board(self) -> str:
        """The delta as supervisors get it; "" when nothing changed for them."""
        if self._board is None:
            self._board = self._text(self.board) if self.board else ""
        return self._board

    def for_agent(self, agent: str) -> str:
        """The delta as an agent gets it; "" when nothing changed for him."""
        own = self.own.get(agent)
        if own is None:
            if self._floor is None:
                self._floor = self._text(self.floor) if self.floor else ""
            return self._floor
        if agent not in self._agents:
            self._agents[agent] = self._text(merged(self.floor, own))
        return self._agents[agent]

    def _text(self, data: Part) -> str:
        return message("delta", self.seq, self.at, data)


def as_colleague(one: msgspec.Struct) -> msgspec.Struct:
    """An object as every agent may see it."""
    if isinstance(one, AgentView):
        return colleague(one)
    return of_colleague(one) if isinstance(one, PhoneView) else one


def merged(floor: Part, own: Part) -> Part:
    """What everybody is told, with an agent's own in place of what colleagues see of it."""
    found = dict(floor)
    for name, objects in own.items():
        if name == "gone":
            found["gone"] = {**floor.get("gone", {}), **objects}
            continue
        key = KEYS[name]
        mine = {getattr(one, key) for one in objects}
        found[name] = [one for one in floor.get(name, ()) if getattr(one, key) not in mine] + objects
    return found


def snapshot_for(state: LiveState, agent: str | None) -> Part:
    """Everything: as supervisors see it (None), or as an agent does."""
    if agent is None:
        whole: Part = {name: list(objects.values()) for name, objects in state.sections.items()}
        return whole | state.rest | {"alarms": state.alarms}
    part: Part = {
        name: [as_colleague(one) for one in state.sections[name].values()] for name in ("phones", "queues", "agents")
    }
    calls = [one for id_, one in state.sections["calls"].items() if agent in state.owners[id_]]
    me = state.sections["agents"].get(agent)
    own: Part = {"calls": calls} | ({"agents": [me]} if me is not None else {})
    return merged(part, own) | {name: value for name, value in state.rest.items() if name != "figures"}


def message(kind: str, seq: int, at: int, data: object) -> str:
    """One message as it is sent."""
    return msgspec.json.encode({"type": kind, "seq": seq, "at": at, "data": data}).decode()


class Journal:
    """The newest differences. Numbers begin at the start's wall clock in microseconds: one from before a restart is
    smaller than all since, and is answered with a snapshot."""

    __slots__ = ("_kept", "seq", "state")

    def __init__(self, at: int) -> None:
        self.seq = at * 1000
        self.state = NOTHING
        self._kept: deque[Difference] = deque(maxlen=JOURNAL)

    def take(self, state: LiveState, at: int, events: list[tuple[str, str, frozenset[str]]]) -> Difference | None:
        """A new state; None when nothing is different and nothing happened."""
        difference = Difference(self.seq + 1, at, self.state, state)
        difference.events = events
        if not difference:
            return None
        self.seq += 1
        self.state = state
        self._kept.append(difference)
        return difference

    def holds(self, seq: int) -> bool:
        """Whether everything after number `seq` is still here."""
        return self.seq - len(self._kept) <= seq <= self.seq

    def after(self, seq: int) -> list[Difference]:
        """The differences after a number that is held."""
        count = self.seq - seq
        return [self._kept[index] for index in range(len(self._kept) - count, len(self._kept))]
