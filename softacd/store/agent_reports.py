"""What agents did in a period: conversations, and the time spent in each status and state.

An event tells what is so from then on. The account of a period begins with the last event before it and ends with the
period, or with the present.
"""

from collections.abc import Iterable

import msgspec
from sqlalchemy import case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from softacd.acd.vocabulary import State, Status
from softacd.calls.reports import AgentFigures, StatusTime
from softacd.store.reports import Terms, mean
from softacd.store.tables import agent_events, segments

_HANDLING = frozenset({State.TALKING, State.HELD, State.WRAP_UP, State.AFTER_CALL})
_RINGING = frozenset({State.OFFERED, State.RINGING})
_OWN = frozenset({State.OWN_CALL, State.AFTER_CALL})


class _Spell(msgspec.Struct, frozen=True):
    """How long an agent was in one status, reason and state, and how often that began within the period."""

    status: str
    reason: str
    state: str
    seconds: float
    times: int


async def agent_figures(connection: AsyncConnection, terms: Terms) -> tuple[list[AgentFigures], AgentFigures]:
    """Return a row for each agent who is configured or has talked, in the order of their names, and the total."""
    talked = {
        row.agent: (int(row.conversations), float(row.talk_ms) / 1000, float(row.hold_ms) / 1000)
        for row in await connection.execute(
            select(
                segments.c.agent,
                func.count().label("conversations"),
                func.sum(segments.c.talk_ms).label("talk_ms"),
                func.sum(segments.c.hold_ms).label("hold_ms"),
            )
            .where(segments.c.started >= terms.since, segments.c.started < terms.before, segments.c.agent != "")
            .group_by(segments.c.agent)
        )
    }
    rows = []
    together: tuple[int, float, float] = (0, 0.0, 0.0)
    spells: list[_Spell] = []
    for name in sorted({*terms.agents, *talked}):
        own = await _spells(connection, name, terms)
        conversations, talk, hold = talked.get(name, (0, 0.0, 0.0))
        rows.append(_figures(name, conversations, talk, hold, own))
        spells += own
        together = (together[0] + conversations, together[1] + talk, together[2] + hold)
    return rows, _figures("", *together, spells)


async def status_times(connection: AsyncConnection, terms: Terms) -> list[StatusTime]:
    """Return the time in each status of each configured agent, by reason."""
    rows = []
    for name in sorted(terms.agents):
        found: dict[tuple[str, str], float] = {}
        for spell in await _spells(connection, name, terms):
            key = (spell.status, spell.reason)
            found[key] = found.get(key, 0.0) + spell.seconds
        begun = await _begun(connection, name, terms) if found else {}
        rows += [
            StatusTime(name, status, reason, round(found[status, reason], 1), begun.get((status, reason), 0))
            for status, reason in sorted(found)
        ]
    return rows


async def _spells(connection: AsyncConnection, agent: str, terms: Terms) -> list[_Spell]:
    since, until = terms.since, terms.until
    if until <= since:
        return []
    before = select(func.max(agent_events.c.at)).where(agent_events.c.agent == agent, agent_events.c.at <= since)
    first = (await connection.execute(before)).scalar()
    order = (agent_events.c.at, agent_events.c.row)
    following = func.lead(agent_events.c.at, 1, literal(until)).over(order_by=order)
    events = (
        select(
            agent_events.c.status,
            agent_events.c.reason,
            agent_events.c.state,
            case((agent_events.c.at < since, since), else_=agent_events.c.at).label("begin"),
            case((following < since, since), else_=following).label("end"),
            case((agent_events.c.at < since, 0), else_=1).label("within"),
        )
        .where(
            agent_events.c.agent == agent,
            agent_events.c.at >= (since if first is None else first),
            agent_events.c.at < until,
        )
        .subquery()
    )
    counted = select(
        events.c.status,
        events.c.reason,
        events.c.state,
        func.sum(events.c.end - events.c.begin).label("ms"),
        func.sum(events.c.within).label("times"),
    ).group_by(events.c.status, events.c.reason, events.c.state)
    return [
        _Spell(row.status, row.reason, row.state, float(row.ms) / 1000, int(row.times))
        for row in await connection.execute(counted)
    ]


async def _begun(connection: AsyncConnection, agent: str, terms: Terms) -> dict[tuple[str, str], int]:
    """How often each status was begun, of an agent who told of it with every change of state too."""
    since, until = terms.since, terms.until
    order = (agent_events.c.at, agent_events.c.row)
    events = (
        select(
            agent_events.c.status,
            agent_events.c.reason,
            func.lag(agent_events.c.status).over(order_by=order).label("status_before"),
            func.lag(agent_events.c.reason).over(order_by=order).label("reason_before"),
        )
        .where(agent_events.c.agent == agent, agent_events.c.at >= since, agent_events.c.at < until)
        .subquery()
    )
    changed = (
        events.c.status_before.is_(None)
        | (events.c.status != events.c.status_before)
        | (events.c.reason != events.c.reason_before)
    )
    counted = select(events.c.status, events.c.reason, func.count().label("times")).where(changed)
    found = await connection.execute(counted.group_by(events.c.status, events.c.reason))
    return {(row.status, row.reason): int(row.times) for row in found}


def _figures(name: str, conversations: int, talk: float, hold: float, spells: Iterable[_Spell]) -> AgentFigures:
    states: dict[str, float] = {}
    staffed = available = idle = handled = open_ = 0.0
    rung = 0
    for spell in spells:
        states[spell.state] = states.get(spell.state, 0.0) + spell.seconds
        if spell.state == State.RINGING:
            rung += spell.times
        if spell.state in _HANDLING:
            handled += spell.seconds
        if spell.status == Status.LOGGED_OUT:
            continue
        staffed += spell.seconds
        if spell.status == Status.AVAILABLE:
            available += spell.seconds
            if spell.state == State.IDLE:
                idle += spell.seconds
        if spell.status == Status.AVAILABLE or spell.state in _HANDLING:
            open_ += spell.seconds
    wrap_up = states.get(State.WRAP_UP, 0.0) + states.get(State.AFTER_CALL, 0.0)
    return AgentFigures(
        name=name,
        rung=rung,
        conversations=conversations,
        talk_s=round(talk, 1),
        hold_s=round(hold, 1),
        wrap_up_s=round(wrap_up, 1),
        handling_mean_s=mean(talk + hold + wrap_up, conversations),
        own_calls_s=round(sum(states.get(state, 0.0) for state in _OWN), 1),
        idle_s=round(idle, 1),
        ringing_s=round(sum(states.get(state, 0.0) for state in _RINGING), 1),
        available_s=round(available, 1),
        paused_s=round(staffed - available, 1),
        staffed_s=round(staffed, 1),
        occupancy=mean(handled, open_, 4),
    )
