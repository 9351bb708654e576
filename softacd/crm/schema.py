"""The tables of the customer base, as steps from an empty file: each is applied once, in order, and never changed.

The file says how far it is in `PRAGMA user_version`. It is apart from the call records: a shop's customers are copied,
restored and imported by the hundred thousand, and none of that may hold up the writing of calls.
"""

import sqlite3

from softacd.crm.errors import CustomerBaseError

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE customers (
            id INTEGER PRIMARY KEY,
            external_id TEXT UNIQUE,
            name TEXT NOT NULL DEFAULT '',
            category TEXT NOT NULL DEFAULT '',
            manager TEXT NOT NULL DEFAULT '',
            language TEXT NOT NULL DEFAULT '',
            notes TEXT NOT NULL DEFAULT '',
            updated INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE numbers (
            number INTEGER PRIMARY KEY,
            customer INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
            place INTEGER NOT NULL
        ) STRICT""",
        "CREATE INDEX numbers_customer ON numbers (customer, place)",
        """CREATE TABLE blocked (
            number INTEGER PRIMARY KEY,
            until INTEGER NOT NULL,
            reason TEXT NOT NULL DEFAULT '',
            since INTEGER NOT NULL
        ) STRICT""",
    ),
    (
        """CREATE TABLE goods (
            sku TEXT PRIMARY KEY,
            name TEXT NOT NULL DEFAULT '',
            stock INTEGER NOT NULL DEFAULT 0,
            supplier_comment TEXT NOT NULL DEFAULT '',
            buyer_comment TEXT NOT NULL DEFAULT '',
            alternatives TEXT NOT NULL DEFAULT '[]',
            folded TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE supplies (
            reference TEXT PRIMARY KEY,
            sku TEXT NOT NULL,
            supplier TEXT NOT NULL,
            quantity INTEGER NOT NULL,
            promised TEXT NOT NULL,
            received TEXT NOT NULL DEFAULT ''
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX supplies_sku ON supplies (sku, received)",
        "CREATE INDEX supplies_supplier ON supplies (supplier, received)",
        """CREATE TABLE bookmarks (
            id INTEGER PRIMARY KEY,
            sku TEXT NOT NULL,
            number INTEGER NOT NULL,
            agent TEXT NOT NULL,
            note TEXT NOT NULL DEFAULT '',
            made INTEGER NOT NULL,
            arrived INTEGER NOT NULL DEFAULT 0,
            done INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
        "CREATE INDEX bookmarks_open ON bookmarks (sku) WHERE done = 0",
        "CREATE INDEX bookmarks_agent ON bookmarks (agent) WHERE done = 0",
    ),
)


def upgrade(connection: sqlite3.Connection, where: str) -> None:
    """Bring the file to what this program knows. Raises CustomerBaseError when a newer softacd wrote it."""
    present = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if present > len(STEPS):
        cause = f"a newer softacd wrote it (revision {present}, this one knows {len(STEPS)})"
        raise CustomerBaseError(where, cause, "Run that version, or restore the backup made before it was installed.")
    for number, step in enumerate(STEPS[present:], present + 1):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in step:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
