"""The statements that write rows, compiled once: the loop's thread then only hands tuples to the driver."""

from typing import Any

from sqlalchemy import ColumnElement, Integer, String, Table, and_, case, literal_column, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from softacd.store.tables import CALLS, KINDS_BY_TABLE, Kind, calls

EMPTY: ColumnElement[str] = literal_column("''", String)
ZERO: ColumnElement[int] = literal_column("0", Integer)
"""Written out in the statement: only the row's own values are bound."""


class Statements:
    """The insert statement of every table for one database dialect ("sqlite" or "postgresql").

    `inserts[table]` takes one tuple per row holding every column of the table, in order.
    """

    __slots__ = ("inserts",)

    def __init__(self, dialect: Dialect) -> None:
        self.inserts: dict[str, str] = {name: _insert(kind, dialect) for name, kind in KINDS_BY_TABLE.items()}


def _insert(kind: Kind, dialect: Dialect) -> str:
    table = kind.table
    names = [column.name for column in table.columns]
    make: Any = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    insert = make(table)
    if kind.append:
        # The same row again (a spool replayed twice) is the same row.
        statement = insert.on_conflict_do_nothing(index_elements=["row"])
    else:
        new = insert.excluded
        changes = {name: new[name] for name in names if name not in ("id", "node")}
        if kind is CALLS:
            # The switch does not know that a missed call was handled after it wrote the call.
            changes["missed_handled"] = case(
                (new.missed_handled == ZERO, calls.c.missed_handled), else_=new.missed_handled
            )
            # Nor of a topic that was said later.
            changes["topic"] = case((new.topic == EMPTY, calls.c.topic), else_=new.topic)
        # What ended stays ended: an older, open version that arrives late (from the spool) changes nothing.
        statement = insert.on_conflict_do_update(index_elements=["id"], set_=changes, where=_newer(table, new))
    compiled = statement.compile(dialect=dialect, column_keys=names)
    if list(compiled.positiontup or ()) != names:
        raise ValueError(f"statement binds {compiled.positiontup}, expected {names}")
    return str(compiled)


def _newer(table: Table, new: Any) -> ColumnElement[bool]:
    """Which of two states of one row stays, when both come: what has happened does not go away again."""
    if "ended" in table.columns:
        ended: ColumnElement[bool] = or_(table.c.ended == ZERO, new.ended != ZERO)
        return ended
    return and_(new.heard >= table.c.heard, new.removed >= table.c.removed)
