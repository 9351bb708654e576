"""The statements that write, for both databases."""

import pytest
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.dialects.sqlite import aiosqlite
from sqlalchemy.engine import Dialect

from softacd.store.statements import Statements
from softacd.store.tables import KINDS_BY_TABLE

DIALECTS = {"?": aiosqlite.dialect(), "$": asyncpg.dialect()}  # type: ignore[no-untyped-call]  # SQLAlchemy's


@pytest.mark.parametrize(("mark", "dialect"), DIALECTS.items(), ids=["sqlite", "postgresql"])
def test_the_statement_of_every_table_takes_one_value_a_column(mark: str, dialect: Dialect) -> None:
    inserts = Statements(dialect).inserts
    assert set(inserts) == set(KINDS_BY_TABLE)
    for table, statement in inserts.items():
        assert statement.count(mark) == len(KINDS_BY_TABLE[table].table.columns), statement


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=["sqlite", "postgresql"])
def test_what_has_an_id_is_replaced_and_all_else_is_added(dialect: Dialect) -> None:
    for table, statement in Statements(dialect).inserts.items():
        ends = table in ("calls", "legs", "recordings")
        replaced = ends or table == "messages"
        assert ("DO UPDATE" in statement) is replaced
        assert (f"WHERE {table}.ended = 0 OR excluded.ended != 0" in statement) is ends
        assert ("WHERE excluded.heard >= messages.heard" in statement) is (table == "messages")
        assert ("DO NOTHING" in statement) is not replaced
