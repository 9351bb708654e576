"""The customer base: one SQLite file, written by one program at a time. Everything here waits for the disk.

Callers use it from one thread that may wait, never from the event loop; who calls is told by the index in memory.
"""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from softacd.calls.customers import Block, Customer, FieldProblem, Found, Put, PutReport
from softacd.crm.errors import CustomerBaseError
from softacd.crm.index import Card, Index, Packed
from softacd.crm.numbers import key_of, spelled
from softacd.crm.schema import upgrade
from softacd.crm.settings import CustomerSettings
from softacd.crm.validation import check

BUSY_SECONDS = 2.0
BATCH = 1000
CACHE_KIB = 16 * 1024
LOAD_CACHE_KIB = 512 * 1024
"""At most; a small base takes what it needs, and all is given back after the load."""
_FIELDS = "name, external_id, category, manager, language, notes"
_CUSTOMER = f"SELECT id, {_FIELDS}, updated FROM customers"  # noqa: S608 - a constant
_CARDS = """SELECT number, customers.id, name, category, manager, language
    FROM numbers JOIN customers ON customers.id = numbers.customer ORDER BY number"""


class CustomerBase:
    """One open file; `wall` is the clock in wall-clock ms. Everything raises CustomerBaseError when the disk fails."""

    def __init__(self, path: Path, wall: Callable[[], int]) -> None:
        """Open, making the file if there is none. Raises CustomerBaseError, also when another program has it."""
        self.path = path
        self.where = str(path)
        self._wall = wall
        self._lock = self._take(path)
        try:
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            with self.reading():
                for pragma in (
                    "journal_mode = WAL",
                    "synchronous = NORMAL",
                    "foreign_keys = ON",
                    f"cache_size = -{CACHE_KIB}",
                ):
                    self._connection.execute(f"PRAGMA {pragma}")
                upgrade(self._connection, self.where)
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Close the file and give it free for other programs."""
        self._connection.close()
        os.close(self._lock)

    # --- what the index is made of --------------------

    def load(self) -> Index:
        """Everything the look-up needs."""
        return Index(self.pack(), self.blocked())

    def pack(self) -> Packed:
        """Every number with its card."""
        with self.reading():
            # By number every customer is a jump in the file: without room for its pages each jump reads one again.
            self._connection.execute(f"PRAGMA cache_size = -{LOAD_CACHE_KIB}")
            try:
                return Packed(self._cards())
            finally:
                self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
                self._connection.execute("PRAGMA shrink_memory")

    def blocked(self) -> dict[int, int]:
        """The blacklist: number -> until when, wall-clock ms, 0 for ever."""
        with self.reading():
            rows = self._connection.execute(
                "SELECT number, until FROM blocked WHERE until = 0 OR until > ?", [self._wall()]
            )
            return dict(rows.fetchall())

    def _cards(self) -> Iterator[tuple[int, Card]]:
        cursor = self._connection.execute(_CARDS)
        while rows := cursor.fetchmany(BATCH):
            for number, customer, name, category, manager, language in rows:
                yield number, Card(customer, name, category, manager, language)

    # --- customers --------------------

    def put(
        self, customers: Sequence[Customer], settings: CustomerSettings, agents: Collection[str]
    ) -> tuple[PutReport, dict[int, Card | None]]:
        """Create or change, all in one transaction; one that is wrong is told and left out.

        Also returns which numbers have another card now (None: nobody's), for the index.
        """
        counts = dict.fromkeys(Put, 0)
        problems: list[FieldProblem] = []
        changes: dict[int, Card | None] = {}
        with self.transaction():
            for row, customer in enumerate(customers):
                checked = check(customer, row, settings, agents)
                if isinstance(checked, Customer):
                    outcome = self._put(checked, row, changes)
                    if isinstance(outcome, Put):
                        counts[outcome] += 1
                    else:
                        problems.append(outcome)
                else:
                    problems.append(checked)
        report = PutReport(counts[Put.CREATED], counts[Put.UPDATED], counts[Put.UNCHANGED], tuple(problems))
        return report, changes

    def _put(self, customer: Customer, row: int, changes: dict[int, Card | None]) -> Put | FieldProblem:
        keys = [key_of(number) for number in customer.numbers]
        owners = self._owners(keys)
        known = self._known(customer, owners)
        strange = {key: owner for key, owner in owners.items() if owner != known}
        if strange:
            key, owner = next(iter(strange.items()))
            return FieldProblem(
                row, "numbers", f"{spelled(key)} is already customer {owner}'s", "a number nobody else has"
            )
        values = (
            customer.external_id or None,
            customer.name,
            customer.category,
            customer.manager,
            customer.language,
            customer.notes,
        )
        execute = self._connection.execute
        before: list[int] = []
        outcome = Put.CREATED
        if known is None:
            statement = """INSERT INTO customers (external_id, name, category, manager, language, notes, updated)
                VALUES (?, ?, ?, ?, ?, ?, ?)"""
            known = int(execute(statement, (*values, self._wall())).lastrowid or 0)
        else:
            kept = "external_id, name, category, manager, language, notes"
            old = execute(f"SELECT {kept} FROM customers WHERE id = ?", [known]).fetchone()  # noqa: S608 - constants
            if values[0] is None:  # a row without external id says nothing about it
                values = (old[0], *values[1:])
            before = [
                key for (key,) in execute("SELECT number FROM numbers WHERE customer = ? ORDER BY place", [known])
            ]
            if old == values and before == keys:
                return Put.UNCHANGED
            statement = """UPDATE customers SET external_id = ?, name = ?, category = ?, manager = ?, language = ?,
                notes = ?, updated = ? WHERE id = ?"""
            execute(statement, (*values, self._wall(), known))
            outcome = Put.UPDATED
        if before != keys:
            for key in before:
                execute("DELETE FROM numbers WHERE number = ?", [key])
                changes[key] = None
            for place, key in enumerate(keys):
                execute("INSERT INTO numbers (number, customer, place) VALUES (?, ?, ?)", (key, known, place))
        card = Card(known, customer.name, customer.category, customer.manager, customer.language)
        changes.update(dict.fromkeys(keys, card))
        return outcome

    def _owners(self, keys: list[int]) -> dict[int, int]:
        """Which of the numbers have an owner."""
        marks = ",".join("?" * len(keys))
        statement = f"SELECT number, customer FROM numbers WHERE number IN ({marks})"  # noqa: S608 - question marks
        return dict(self._connection.execute(statement, keys).fetchall())

    def _known(self, customer: Customer, owners: dict[int, int]) -> int | None:
        """Which customer this is: by external id, else by a number whose owner has no other external id."""
        execute = self._connection.execute
        if customer.external_id:
            row = execute("SELECT id FROM customers WHERE external_id = ?", [customer.external_id]).fetchone()
            if row is not None:
                return int(row[0])
        for owner in owners.values():
            other = execute("SELECT external_id FROM customers WHERE id = ?", [owner]).fetchone()[0]
            if not customer.external_id or other is None:
                return owner
        return None

    def find(self, number: str) -> Found:
        """What is known of a number in E.164."""
        with self.reading():
            owned = f"{_CUSTOMER} WHERE id = (SELECT customer FROM numbers WHERE number = ?)"  # noqa: S608 - a constant
            row = self._connection.execute(owned, [key_of(number)]).fetchone()
            return Found(number, self._customer(row) if row else None, self._block(number))

    def page(self, after: int, limit: int) -> list[Customer]:
        """Customers with ids above `after`, in order, at most `limit`."""
        with self.reading():
            rows = self._connection.execute(f"{_CUSTOMER} WHERE id > ? ORDER BY id LIMIT ?", (after, limit)).fetchall()
            return [self._customer(row) for row in rows]

    def count(self) -> int:
        """How many customers there are."""
        with self.reading():
            return int(self._connection.execute("SELECT count(*) FROM customers").fetchone()[0])

    def _customer(self, row: Sequence[Any]) -> Customer:
        id_, name, external_id, category, manager, language, notes, updated = row
        numbers = self._connection.execute("SELECT number FROM numbers WHERE customer = ? ORDER BY place", [id_])
        return Customer(
            id=id_,
            numbers=tuple(spelled(number) for (number,) in numbers),
            name=name,
            external_id=external_id or "",
            category=category,
            manager=manager,
            language=language,
            notes=notes,
            updated=updated,
        )

    # --- the blacklist --------------------

    def block(self, number: str, until: int, reason: str) -> Block:
        """Put a number in E.164 on the blacklist, or change its entry; `until` 0 is for ever."""
        block = Block(number, until, reason, self._wall())
        with self.transaction():
            self._connection.execute("DELETE FROM blocked WHERE until <> 0 AND until <= ?", [self._wall()])
            self._connection.execute(
                "INSERT OR REPLACE INTO blocked (number, until, reason, since) VALUES (?, ?, ?, ?)",
                (key_of(number), until, reason, block.since),
            )
        return block

    def unblock(self, number: str) -> Block | None:
        """Take a number off the blacklist; its entry, None when it is not on it."""
        block = self._block(number)
        if block is not None:
            with self.transaction():
                self._connection.execute("DELETE FROM blocked WHERE number = ?", [key_of(number)])
        return block

    def blocks(self) -> list[Block]:
        """The blacklist, newest first."""
        return list(self._blocks("1 = 1", []))

    def _block(self, number: str) -> Block | None:
        return next(iter(self._blocks("number = ?", [key_of(number)])), None)

    def _blocks(self, condition: str, values: list[int]) -> Iterable[Block]:
        with self.reading():
            rows = self._connection.execute(
                "SELECT number, until, reason, since FROM blocked"  # noqa: S608 - two constants
                f" WHERE {condition} AND (until = 0 OR until > ?) ORDER BY since DESC, number",
                [*values, self._wall()],
            ).fetchall()
        return [Block(spelled(number), until, reason, since) for number, until, reason, since in rows]

    # --- the file --------------------

    def _take(self, path: Path) -> int:
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            # Who a shop's customers are is personal: the owner alone reads it. The -wal and -shm files inherit this.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            lock = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            remedy = f"Let the user softacd runs as write to {path.parent}, or name another server.data_directory."
            raise CustomerBaseError(self.where, error.strerror or str(error), remedy) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back by the kernel when the process dies
        except OSError as error:
            os.close(lock)
            remedy = "Ask that one through its API (web.token), or stop it."
            raise CustomerBaseError(self.where, "another softacd has it open", remedy, in_use=True) from error
        return lock

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything written inside, or nothing. Raises CustomerBaseError."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection; what SQLite says of a failure becomes a CustomerBaseError."""
        try:
            yield self._connection
        except sqlite3.DatabaseError as error:
            words = str(error)
            remedy = f"Check the disk under {self.path.parent} and the rights to write there."
            if "not a database" in words or "malformed" in words:
                remedy = f"Restore {self.path} from a backup, or move it aside and import the customers again."
            elif "locked" in words:
                remedy = f"End the program that keeps {self.path} locked (a backup, a database browser)."
            raise CustomerBaseError(self.where, words, remedy) from error
