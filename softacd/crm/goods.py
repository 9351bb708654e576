"""The shop's goods, deliveries and promises, in the file of the customer base. Everything here waits for the disk."""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from softacd.calls.control import NotPossibleError, UnknownNameError
from softacd.calls.customers import FieldProblem, Put, PutReport
from softacd.calls.goods import (
    Alternative,
    Bookmark,
    Goods,
    GoodsCard,
    GoodsReport,
    Received,
    Supplier,
    Supply,
)
from softacd.crm.base import CustomerBase
from softacd.crm.numbers import key_of, spelled
from softacd.crm.reliability import JUDGED, expect, judge

_GOODS = "sku, name, stock, supplier_comment, buyer_comment, alternatives"
_SUPPLY = "reference, sku, supplier, quantity, promised, received"
_BOOKMARK = "id, sku, number, agent, note, made, arrived, done"
_MOST_WORDS = 8


class GoodsBase:
    """Goods of one customer base; `wall` is the clock in wall-clock ms. Everything raises CustomerBaseError."""

    def __init__(self, base: CustomerBase, wall: Callable[[], int]) -> None:
        self._base = base
        self._wall = wall

    # --- goods --------------------

    def put_goods(self, goods: Sequence[Goods]) -> GoodsReport:
        """Create or change, all in one transaction. Promises fall due for what is at hand again."""
        counts = dict.fromkeys(Put, 0)
        tasks: list[Bookmark] = []
        problems: list[FieldProblem] = []
        with self._base.transaction() as connection:
            for row, one in enumerate(goods):
                if one.sku in one.alternatives:
                    problems.append(FieldProblem(row, "alternatives", "names the article itself", "other articles"))
                    continue
                before = _goods(connection, one.sku)
                outcome = Put.UNCHANGED if before == one else Put.CREATED if before is None else Put.UPDATED
                counts[outcome] += 1
                if outcome is not Put.UNCHANGED:
                    _write(connection, one)
                    if one.stock and not (before and before.stock):
                        tasks += self._fall_due(connection, one.sku)
        return GoodsReport(_report(counts, problems), tuple(tasks))

    def search(self, text: str, limit: int) -> list[Goods]:
        """Articles whose number or name contains every word, those at hand first."""
        words = text.casefold().split()[:_MOST_WORDS]
        condition = " AND ".join(["instr(folded, ?) > 0"] * len(words)) or "1 = 1"
        with self._base.reading() as connection:
            rows = connection.execute(
                f"SELECT {_GOODS} FROM goods WHERE {condition} ORDER BY stock = 0, name, sku LIMIT ?",  # noqa: S608 - constants
                [*words, limit],
            ).fetchall()
        return [_made(row) for row in rows]

    def card(self, sku: str, today: date) -> GoodsCard:
        """All that is known of an article. Raises UnknownNameError."""
        with self._base.reading() as connection:
            goods = _known(connection, sku)
            coming = [
                Supply(**dict(zip(_SUPPLY.split(", "), row, strict=True)))
                for row in connection.execute(
                    f"SELECT {_SUPPLY} FROM supplies WHERE sku = ? AND received = ''",  # noqa: S608 - constants
                    [sku],
                )
            ]
            names = connection.execute("SELECT DISTINCT supplier FROM supplies WHERE sku = ? ORDER BY 1", [sku])
            suppliers = {name: _supplier(connection, name) for (name,) in names.fetchall()}
            alternatives = [found for other in goods.alternatives if (found := _goods(connection, other))]
            waiting = connection.execute("SELECT count(*) FROM bookmarks WHERE sku = ? AND done = 0", [sku]).fetchone()
        expected = (expect(supply, suppliers[supply.supplier], today) for supply in coming)
        return GoodsCard(
            goods,
            tuple(sorted(expected, key=lambda one: (one.likely, one.cautious))),
            tuple(suppliers.values()),
            tuple(Alternative(other.sku, other.name, other.stock) for other in alternatives),
            int(waiting[0]),
        )

    # --- deliveries --------------------

    def put_supplies(self, supplies: Sequence[Supply]) -> GoodsReport:
        """Create or change; one that becomes received adds its pieces to the stock, once."""
        counts = dict.fromkeys(Put, 0)
        tasks: list[Bookmark] = []
        problems: list[FieldProblem] = []
        with self._base.transaction() as connection:
            for row, supply in enumerate(supplies):
                problem = _wrong_day(row, "promised", supply.promised) or _wrong_day(row, "received", supply.received)
                before = _supply(connection, supply.reference)
                if problem is None and before is not None and before.received and not supply.received:
                    problem = FieldProblem(row, "received", "has come already", f"{before.received}, or another day")
                if problem is None and _goods(connection, supply.sku) is None:
                    problem = FieldProblem(row, "sku", f"no article is {supply.sku!r}", "an article put before")
                if problem is not None:
                    problems.append(problem)
                    continue
                outcome = Put.UNCHANGED if before == supply else Put.CREATED if before is None else Put.UPDATED
                counts[outcome] += 1
                connection.execute(
                    f"INSERT OR REPLACE INTO supplies ({_SUPPLY}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
                    msgspec.structs.astuple(supply),
                )
                if supply.received and not (before and before.received):
                    tasks += self._stock_up(connection, supply)
        return GoodsReport(_report(counts, problems), tuple(tasks))

    def receive(self, reference: str, day: str) -> Received:
        """A delivery has come. Raises UnknownNameError, NotPossibleError when it had come before."""
        with self._base.transaction() as connection:
            supply = _supply(connection, reference)
            if supply is None:
                raise UnknownNameError(f"no delivery is {reference!r}")
            if supply.received:
                raise NotPossibleError(f"delivery {reference!r} came on {supply.received}")
            connection.execute("UPDATE supplies SET received = ? WHERE reference = ?", [day, reference])
            tasks = self._stock_up(connection, supply)
            return Received(_known(connection, supply.sku), tuple(tasks))

    def suppliers(self) -> list[Supplier]:
        """All suppliers, by name."""
        with self._base.reading() as connection:
            names = connection.execute("SELECT DISTINCT supplier FROM supplies ORDER BY 1").fetchall()
            return [_supplier(connection, name) for (name,) in names]

    # --- promises --------------------

    def bookmark(self, sku: str, number: str, agent: str, note: str, agents: Collection[str]) -> Bookmark:
        """Promise to call a number (E.164) back. Raises UnknownNameError."""
        if agent not in agents:
            raise UnknownNameError(f"no agent is named {agent!r}")
        with self._base.transaction() as connection:
            _known(connection, sku)
            row = connection.execute(
                f"INSERT INTO bookmarks (sku, number, agent, note, made) VALUES (?, ?, ?, ?, ?) RETURNING {_BOOKMARK}",  # noqa: S608 - a constant
                (sku, key_of(number), agent, note, self._wall()),
            ).fetchone()
        return _marked(row)

    def bookmarks(self, agent: str, due: bool) -> list[Bookmark]:
        """Promises not kept yet, the oldest first."""
        condition = "done = 0" + (" AND agent = ?" if agent else "") + (" AND arrived <> 0" if due else "")
        with self._base.reading() as connection:
            rows = connection.execute(
                f"SELECT {_BOOKMARK} FROM bookmarks WHERE {condition} ORDER BY id",  # noqa: S608 - constants
                [agent] if agent else [],
            ).fetchall()
        return [_marked(row) for row in rows]

    def done(self, bookmark: int) -> Bookmark:
        """The customer was called; doing it again changes nothing. Raises UnknownNameError."""
        with self._base.transaction() as connection:
            row = connection.execute(
                f"UPDATE bookmarks SET done = iif(done = 0, ?, done) WHERE id = ? RETURNING {_BOOKMARK}",  # noqa: S608 - a constant
                (self._wall(), bookmark),
            ).fetchone()
        if row is None:
            raise UnknownNameError(f"no bookmark has the number {bookmark}")
        return _marked(row)

    def _stock_up(self, connection: sqlite3.Connection, supply: Supply) -> list[Bookmark]:
        connection.execute("UPDATE goods SET stock = stock + ? WHERE sku = ?", [supply.quantity, supply.sku])
        return self._fall_due(connection, supply.sku)

    def _fall_due(self, connection: sqlite3.Connection, sku: str) -> list[Bookmark]:
        rows = connection.execute(
            f"UPDATE bookmarks SET arrived = ? WHERE sku = ? AND arrived = 0 AND done = 0 RETURNING {_BOOKMARK}",  # noqa: S608 - a constant
            (self._wall(), sku),
        ).fetchall()
        return sorted((_marked(row) for row in rows), key=lambda one: one.id)


def _goods(connection: sqlite3.Connection, sku: str) -> Goods | None:
    row = connection.execute(f"SELECT {_GOODS} FROM goods WHERE sku = ?", [sku]).fetchone()  # noqa: S608 - constants
    return None if row is None else _made(row)


def _known(connection: sqlite3.Connection, sku: str) -> Goods:
    goods = _goods(connection, sku)
    if goods is None:
        raise UnknownNameError(f"no article is {sku!r}")
    return goods


def _made(row: Sequence[Any]) -> Goods:
    fields = dict(zip(_GOODS.split(", "), row, strict=True))
    fields["alternatives"] = tuple(msgspec.json.decode(fields["alternatives"]))
    return Goods(**fields)


def _write(connection: sqlite3.Connection, goods: Goods) -> None:
    values = (*msgspec.structs.astuple(goods)[:-1], msgspec.json.encode(goods.alternatives).decode())
    connection.execute(
        f"INSERT OR REPLACE INTO goods ({_GOODS}, folded) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
        (*values, f"{goods.sku} {goods.name}".casefold()),
    )


def _supply(connection: sqlite3.Connection, reference: str) -> Supply | None:
    row = connection.execute(
        f"SELECT {_SUPPLY} FROM supplies WHERE reference = ?",  # noqa: S608 - constants
        [reference],
    ).fetchone()
    return None if row is None else Supply(**dict(zip(_SUPPLY.split(", "), row, strict=True)))


def _supplier(connection: sqlite3.Connection, name: str) -> Supplier:
    rows = connection.execute(
        "SELECT promised, received FROM supplies WHERE supplier = ? AND received <> '' ORDER BY received DESC LIMIT ?",
        [name, JUDGED],
    )
    return judge(name, [(date.fromisoformat(came) - date.fromisoformat(said)).days for said, came in rows])


def _marked(row: Sequence[Any]) -> Bookmark:
    id_, sku, number, *rest = row
    return Bookmark(id_, sku, spelled(number), *rest)


def _report(counts: dict[Put, int], problems: list[FieldProblem]) -> PutReport:
    return PutReport(counts[Put.CREATED], counts[Put.UPDATED], counts[Put.UNCHANGED], tuple(problems))


def _wrong_day(row: int, field: str, day: str) -> FieldProblem | None:
    try:
        if day:
            date.fromisoformat(day)
    except ValueError:
        return FieldProblem(row, field, f"{day!r} is no day of the calendar", "a date like 2026-11-27")
    return None


def today(wall_ms: int) -> date:
    """The day, in this machine's time zone."""
    return datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone().date()
