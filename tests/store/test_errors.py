"""Every error says what to do."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError

from softacd.store.errors import StoreError, blames_row, explain


def operational(text: str) -> OperationalError:
    return OperationalError("INSERT", None, sqlite3.OperationalError(text))


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (operational("database or disk is full"), "Free some space in "),
        (OSError(28, "No space left on device"), "Free some space in "),
        (operational("attempt to write a readonly database"), "write to "),
        (PermissionError(13, "Permission denied"), "write to "),
        (operational("database is locked"), "End the program"),
        (operational("database disk image is malformed"), "last backup"),
        (operational("unable to open database file"), "exist and be writable"),
        (operational("disk I/O error"), "Check the disk under "),
    ],
)
def test_cause_and_remedy(error: Exception, remedy: str, tmp_path: Path) -> None:
    cause, said = explain(error, tmp_path / "softacd.db")
    assert cause
    assert "INSERT" not in cause, "the statement helps no owner of a shop"
    assert remedy in said
    assert str(tmp_path) in said


def test_a_full_disk_says_how_full(tmp_path: Path) -> None:
    assert "MB left" in explain(operational("database or disk is full"), tmp_path / "softacd.db")[1]
    assert "space unknown" in explain(operational("disk is full"), tmp_path / "gone" / "softacd.db")[1]


def test_a_server_that_does_not_answer() -> None:
    assert "database server runs" in explain(ConnectionRefusedError(111, "Connection refused"), None)[1]


def test_an_error_without_words_is_named() -> None:
    assert explain(TimeoutError(), None)[0] == "TimeoutError"


@pytest.mark.parametrize(
    ("error", "row"),
    [
        (IntegrityError("", None, Exception("UNIQUE")), True),
        (DataError("", None, Exception("too long")), True),
        (UnicodeEncodeError("utf-8", "\udce9", 0, 1, "surrogates"), True),
        (OverflowError("too large"), True),
        (InterfaceError("", None, Exception("Error binding parameter 2: type 'list' is not supported")), True),
        (InterfaceError("", None, Exception("connection is closed")), False),
        (operational("database or disk is full"), False),
        (OSError(28, "No space left on device"), False),
    ],
)
def test_what_is_the_rows_fault(error: Exception, row: bool) -> None:
    assert blames_row(error) is row


def test_it_is_one_line_with_place_cause_and_remedy() -> None:
    error = StoreError("/var/softacd.db", "it is locked", "Unlock it.")
    assert str(error) == "/var/softacd.db: it is locked. Unlock it."
    assert error.http_status == 503
