"""Missed calls close themselves: when somebody talks with that number, whoever called whom."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, select, update

from softacd.calls.records import Direction
from softacd.store.history import missed_open_calls
from softacd.store.numbers import number_key, same_number
from softacd.store.tables import CALLS, Values, calls

_DIRECTION, _CALLER, _CALLED, _CONNECTED = (
    CALLS.columns.index(name) for name in ("direction", "caller", "called", "connected")
)
_OPEN_OF = select(calls.c.id, calls.c.caller, calls.c.started).where(
    calls.c.caller_key.in_(bindparam("callers", expanding=True)), missed_open_calls()
)
_HANDLE = update(calls).where(calls.c.id == bindparam("an_id")).values(missed_handled=bindparam("at"))


def handle_conversations(connection: Connection, written: Iterable[Values]) -> int:
    """Close the missed calls of everybody talked with in the calls just written; return how many were closed."""
    talked: list[tuple[str, int]] = []
    for values in written:
        connected = values[_CONNECTED]
        if connected and values[_DIRECTION] == Direction.INCOMING:
            talked.append((values[_CALLER], connected))
        elif connected and values[_DIRECTION] == Direction.OUTGOING:
            talked.append((values[_CALLED], connected))
    return handle_numbers(connection, talked)


def handle_numbers(connection: Connection, reached: Sequence[tuple[str, int]]) -> int:
    """Close the open missed calls of each (number, moment) that began before that moment; return how many."""
    keys = {key for number, _ in reached if (key := number_key(number))}
    if not keys:
        return 0
    waiting = (connection.execute(_OPEN_OF, {"callers": sorted(keys)})).all()
    handled = [
        {"an_id": call, "at": min(moments)}
        for call, caller, started in waiting
        if (moments := [at for number, at in reached if at > started and same_number(number, caller)])
    ]
    if handled:
        connection.execute(_HANDLE, handled)
    return len(handled)


def handle_call(connection: Connection, call: str, at: int) -> int:
    """Close one missed call by its id; return 1, or 0 when there is no such open missed call."""
    statement = update(calls).where(calls.c.id == call, missed_open_calls()).values(missed_handled=at)
    return (connection.execute(statement)).rowcount
