"""What a killed run has not written of its agents' time: from the last account of each until it is last known to live.

An account is written when a status or its reason changes, so all of that time was spent in the one the agent had last.
"""

from collections.abc import Iterable
from typing import Final

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from softacd.acd.vocabulary import State, Status
from softacd.calls.records import AgentEvent, AgentTime
from softacd.store.tables import agent_events, agent_times

LONGEST_MS = 960_000
"""An account is written every quarter of an hour: longer ago nothing can be missing."""
PART_OF_STATE: Final = {
    State.IDLE: "idle_ms",
    State.OFFERED: "ringing_ms",
    State.RINGING: "ringing_ms",
    State.TALKING: "talk_ms",
    State.HELD: "hold_ms",
    State.WRAP_UP: "wrap_up_ms",
    State.AFTER_CALL: "wrap_up_ms",
    State.OWN_CALL: "own_call_ms",
}
"""State -> the part of an account it counts to."""


async def unwritten(connection: AsyncConnection, last: Iterable[AgentEvent], alive: int) -> list[AgentTime]:
    """Return the missing accounts, all `paid`; `last` are the agents' newest events, `alive` is wall-clock ms."""
    found = []
    for event in last:
        until = max(event.at, alive)
        if event.status == Status.LOGGED_OUT:
            continue
        ended = select(func.max(agent_times.c.ended)).where(
            agent_times.c.agent == event.agent, agent_times.c.started >= until - 2 * LONGEST_MS
        )
        written = (await connection.execute(ended)).scalar() or 0
        states = await _states(connection, event, max(written, until - LONGEST_MS), until)
        if states:
            found.append(_account(event, states, until))
    return found


async def _states(connection: AsyncConnection, last: AgentEvent, begin: int, until: int) -> list[tuple[int, str]]:
    """Since when the agent was in which state of his last status, from `begin` on; the newest before it counts."""
    columns = agent_events.c
    rows = await connection.execute(
        select(columns.at, columns.state, columns.status, columns.reason)
        .where(columns.agent == last.agent, columns.at >= begin - LONGEST_MS, columns.at <= until)
        .order_by(columns.at, columns.row)
    )
    states: list[tuple[int, str]] = []
    for at, state, status, reason in rows:
        if (status, reason) != (last.status, last.reason):
            states = []
            continue
        if at <= begin:
            states = []
        states.append((max(at, begin), state))
    if not states and begin < until:  # nothing has happened to him for long
        states.append((max(begin, last.at), last.state))
    return [one for one in states if one[0] < until]


def _account(last: AgentEvent, states: list[tuple[int, str]], until: int) -> AgentTime:
    parts = dict.fromkeys(PART_OF_STATE.values(), 0)
    for (at, state), (end, _) in zip(states, [*states[1:], (until, "")], strict=True):
        parts[PART_OF_STATE[State(state)]] += end - at
    return msgspec.structs.replace(AgentTime(last.agent, states[0][0], until, last.status, last.reason), **parts)
