"""Reports of a period: what was offered, answered and lost, and what agents did. Counted by the database.

Every statement answers with a row a group, so that a year of calls costs the loop no more than a day of them; the
database's own thread (or server) does the counting. `calls_started` bounds the calls, and as rows lie in the order in
which the calls began, those of a period are read one after another.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, case, func, literal, literal_column, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from softacd.calls.records import MISSED_OUTCOMES, Direction
from softacd.calls.reports import CallFigures, ReportKind
from softacd.store.tables import WRAPPING_UP, agent_events, calls

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
PERCENTILE = 0.9
_EPOCH = date(1970, 1, 1)


class Terms(msgspec.Struct, frozen=True):
    """What a report is of, and how the owner judges."""

    since: int
    """Wall-clock ms, included."""
    before: int
    """Wall-clock ms, excluded."""
    offsets: tuple[tuple[int, int], ...] = ((0, 0),)
    """(from, ms): since when local time is how far ahead of UTC, oldest first; the first reaches back for ever."""
    queue: str = ""
    """Only calls of this queue; empty: all."""
    targets: Mapping[str, float] = {}
    """Queue -> seconds within which a call shall be answered."""
    target: float = 20.0
    """The same for a queue that is configured no more."""
    values: Mapping[str, float] = {}
    """Queue -> what a caller missed there is worth."""
    value: float = 0.0
    """The same for every other queue, and for none."""
    agents: Sequence[str] = ()
    """Who has a row even without a conversation."""
    now: int = 0
    """Wall-clock ms: a status that lasts is counted until here at most; 0: until the end."""

    @property
    def until(self) -> int:
        """Where the account of agents ends."""
        return min(self.before, self.now) if self.now else self.before


async def call_figures(
    connection: AsyncConnection, kind: ReportKind, terms: Terms
) -> tuple[list[CallFigures], CallFigures]:
    """Return a row for each group in the order of their names, and the total under the name ""."""
    key = _key(kind, terms)
    whole: ColumnElement[str] = literal_column("''")
    rows = await _grouped(connection, key, kind, terms)
    names = sorted(rows, key=lambda name: (name is None, name))
    made = [_figures(_named(kind, name), rows[name]) for name in names]
    total = await _grouped(connection, whole, kind, terms)
    return made, _figures("", total.get("", {}))


def _key(kind: ReportKind, terms: Terms) -> ColumnElement[Any]:
    match kind:
        case ReportKind.QUEUE:
            return calls.c.queue
        case ReportKind.TOPIC:
            return calls.c.topic
        case ReportKind.TRUNK:
            return calls.c.trunk
        case ReportKind.NUMBER:
            return calls.c.called
        case ReportKind.DAY:
            return _local(terms) // literal_column(str(DAY_MS))
        case ReportKind.HOUR:
            return _local(terms) // literal_column(str(HOUR_MS)) % literal_column("24")


def _local(terms: Terms) -> ColumnElement[int]:
    """Local time of a call's start, as if it were UTC."""
    # Written out, not bound: the expression stands in GROUP BY too, and a server must see that it is the same.
    offset: ColumnElement[int] = literal_column(str(terms.offsets[0][1]))
    if len(terms.offsets) > 1:
        later: list[tuple[ColumnElement[bool], ColumnElement[int]]] = [
            (calls.c.started >= literal_column(str(at)), literal_column(str(ms))) for at, ms in terms.offsets[1:]
        ]
        offset = case(*reversed(later), else_=offset)
    return calls.c.started + offset


def _named(kind: ReportKind, key: Any) -> str:
    if kind is ReportKind.DAY:
        return (_EPOCH + timedelta(days=int(key))).isoformat()
    return f"{int(key):02}" if kind is ReportKind.HOUR else str(key)


def _wanted(kind: ReportKind, terms: Terms) -> ColumnElement[bool]:
    within = [calls.c.started >= terms.since, calls.c.started < terms.before]
    if terms.queue:
        within.append(calls.c.queue == terms.queue)
    if kind is ReportKind.QUEUE or terms.queue:
        return and_(*within, calls.c.queue != "", calls.c.direction != Direction.OUTGOING.value)
    return and_(*within, calls.c.direction == Direction.INCOMING.value)


_ANSWERED = calls.c.connected != 0
_LOST = and_(calls.c.connected == 0, calls.c.outcome.in_([outcome.value for outcome in MISSED_OUTCOMES]))
_QUEUED = calls.c.queue != ""


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _by_queue(values: Mapping[str, float], otherwise: float) -> ColumnElement[float]:
    if not values:
        return literal(float(otherwise))
    return case(*((calls.c.queue == name, float(value)) for name, value in values.items()), else_=float(otherwise))


async def _grouped(
    connection: AsyncConnection, key: ColumnElement[Any], kind: ReportKind, terms: Terms
) -> dict[Any, dict[str, Any]]:
    """Group -> figure -> what the database counted."""
    wanted = _wanted(kind, terms)
    rows: dict[Any, dict[str, Any]] = {}
    for statement in (
        _sums(key, wanted, terms),
        _percentiles(key, wanted),
        _losses(key, wanted, terms),
        _wrap_up(key, wanted, terms),
    ):
        for row in (await connection.execute(statement)).mappings():
            rows.setdefault(row["name"], {}).update(row)
    return rows


def _sums(key: ColumnElement[Any], wanted: ColumnElement[bool], terms: Terms) -> Any:
    in_time = and_(_ANSWERED, _QUEUED, calls.c.wait_ms <= _by_queue(terms.targets, terms.target) * 1000)
    return (
        select(
            key.label("name"),
            func.count().label("offered"),
            _count(_ANSWERED).label("answered"),
            _count(_LOST).label("abandoned"),
            _count(in_time).label("within_target"),
            _count(and_(_QUEUED, or_(_ANSWERED, _LOST))).label("judged"),
            _count(_QUEUED).label("queued"),
            _count(and_(_QUEUED, _ANSWERED)).label("queue_answered"),
            func.sum(case((_QUEUED, calls.c.wait_ms), else_=0)).label("wait_ms"),
            func.max(case((_QUEUED, calls.c.wait_ms), else_=0)).label("longest_ms"),
            func.sum(case((and_(_QUEUED, _ANSWERED), calls.c.wait_ms), else_=0)).label("answer_ms"),
            func.sum(calls.c.talk_ms).label("talk_ms"),
            func.sum(calls.c.hold_ms).label("hold_ms"),
        )
        .where(wanted)
        .group_by("name")
    )


def _percentiles(key: ColumnElement[Any], wanted: ColumnElement[bool]) -> Any:
    """The least wait that so many waits do not exceed, exactly."""
    share = func.cume_dist().over(partition_by=key, order_by=calls.c.wait_ms).label("share")
    ranked = select(key.label("name"), calls.c.wait_ms.label("wait"), share).where(wanted, _QUEUED).subquery()
    return (
        select(ranked.c.name, func.min(ranked.c.wait).label("p90_ms"))
        .where(ranked.c.share >= PERCENTILE)
        .group_by(ranked.c.name)
    )


def _losses(key: ColumnElement[Any], wanted: ColumnElement[bool], terms: Terms) -> Any:
    who = case((calls.c.caller_key == "", calls.c.id), else_=calls.c.caller_key).label("who")
    worth = func.max(_by_queue(terms.values, terms.value)).label("worth")
    unreached = and_(wanted, _LOST, calls.c.missed_handled == 0, calls.c.direction == Direction.INCOMING.value)
    each = select(key.label("name"), who, worth).where(unreached).group_by("name", "who").subquery()
    return select(each.c.name, func.count().label("lost"), func.sum(each.c.worth).label("money")).group_by(each.c.name)


def _wrap_up(key: ColumnElement[Any], wanted: ColumnElement[bool], terms: Terms) -> Any:
    """Time after calls: from the event that began it to the agent's next one, whatever that is."""
    begun, later = agent_events.alias("begun"), agent_events.alias("later")
    end = (
        select(func.min(later.c.at))
        .where(later.c.agent == begun.c.agent, later.c.at >= begun.c.at, later.c.row > begun.c.row)
        .scalar_subquery()
    )
    spent = func.coalesce(end, terms.until) - begun.c.at
    # A call that began before the end of the period may be wrapped up after it; a day later none is.
    pieces = (
        select(begun.c.call.label("call"), spent.label("ms"))
        .where(
            begun.c.at >= terms.since,
            begun.c.at < terms.before + DAY_MS,
            text(f"begun.{WRAPPING_UP}"),
            begun.c.call != "",
        )
        .subquery()
    )
    return (
        select(key.label("name"), func.sum(pieces.c.ms).label("wrap_up_ms"))
        .select_from(pieces.join(calls, calls.c.id == pieces.c.call))
        .where(wanted)
        .group_by("name")
    )


def _figures(name: str, row: Mapping[str, Any]) -> CallFigures:
    offered, answered, abandoned = (int(row.get(key) or 0) for key in ("offered", "answered", "abandoned"))
    talk, hold, wrap_up = (float(row.get(key) or 0) / 1000 for key in ("talk_ms", "hold_ms", "wrap_up_ms"))
    within, judged, queued, queue_answered = (
        int(row.get(key) or 0) for key in ("within_target", "judged", "queued", "queue_answered")
    )
    percentile = row.get("p90_ms")
    return CallFigures(
        name=name,
        offered=offered,
        answered=answered,
        abandoned=abandoned,
        others=offered - answered - abandoned,
        within_target=within,
        service_level=mean(within, judged, 4),
        wait_mean_s=mean(float(row.get("wait_ms") or 0) / 1000, queued),
        wait_p90_s=None if percentile is None else round(float(percentile) / 1000, 1),
        wait_longest_s=round(float(row["longest_ms"]) / 1000, 1) if queued else None,
        answer_mean_s=mean(float(row.get("answer_ms") or 0) / 1000, queue_answered),
        talk_s=round(talk, 1),
        hold_s=round(hold, 1),
        wrap_up_s=round(wrap_up, 1),
        handling_mean_s=mean(talk + hold + wrap_up, answered),
        lost_callers=int(row.get("lost") or 0),
        missed_money=round(float(row.get("money") or 0), 2),
    )


def mean(sum_: float, of: float, digits: int = 1) -> float | None:
    """`sum_ / of`, rounded; None of nothing."""
    return round(sum_ / of, digits) if of else None
