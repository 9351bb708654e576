"""Customers as spreadsheets write them, and every mistake by line and column."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.calls.customers import Customer
from softacd.ops.customers_csv import CsvError, CsvProblem, CsvRow, CustomerReader, write_customers

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=20)


def read(text: str | bytes) -> list[CsvRow | CsvProblem]:
    raw = text if isinstance(text, bytes) else text.encode()
    return list(CustomerReader(io.BytesIO(raw)).rows())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_delimiter_any_order(delimiter: str) -> None:
    text = "Name,Phone\nAnn,069123456|022123456\n".replace(",", delimiter)
    assert read(text) == [CsvRow(2, Customer(name="Ann", numbers=("069123456", "022123456")))]


def test_the_mark_of_spreadsheets_and_their_line_ends() -> None:
    assert read(b"\xef\xbb\xbfnumbers,name\r\n069123456,\xd0\xad\r\n") == [
        CsvRow(2, Customer(numbers=("069123456",), name="Э"))
    ]


def test_lines_are_counted_through_quoted_ends_of_line_and_empty_lines() -> None:
    rows = read('numbers,notes\n1,"one\ntwo"\n\n2,three\n')
    assert [(row.line, row.customer.notes) for row in rows if isinstance(row, CsvRow)] == [
        (2, "one\ntwo"),
        (5, "three"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nmbers\n", ("1:1: unknown column 'nmbers'; expected one of external_id, name, numbers, category, manager, "
                     'language, notes; did you mean "numbers"?')),
        ("name,numbers,name\n", "1:3: column 'name' is there twice; expected each column once"),
        ("name\n", ("1: has no column numbers; expected a heading with some of external_id, name, numbers, category, "
                   "manager, language, notes")),
    ],
)  # fmt: skip
def test_a_wrong_heading(text: str, told: str) -> None:
    with pytest.raises(CsvError) as refused:
        read(text)
    assert str(refused.value) == told


def test_a_row_that_is_wrong_and_the_next_that_is_not() -> None:
    rows = read("numbers,name\n1,Ann,more\n2," + "x" * 201 + "\n" + "9" * 41 + ",Eve\n3,Bob\n")
    assert [str(row) for row in rows[:3]] == [
        "2:3: has 3 cells; expected at most 2, as the heading has",
        "3:2: name: is 201 letters long; expected at most 200",
        "4:1: numbers: is too long; expected numbers parted by |",
    ]
    assert rows[3] == CsvRow(5, Customer(numbers=("3",), name="Bob"))


@pytest.mark.parametrize(("text", "told"), [(b"numbers\n1\n\xff\n", "UTF-8"), (b'numbers\n"1\n', "quotation marks")])
def test_what_cannot_be_read_further(text: bytes, told: str) -> None:
    with pytest.raises(CsvError, match=told):
        read(text)


@given(st.lists(st.builds(Customer, numbers=st.just(("+37369123456", "+37322123456")), name=WORDS, notes=WORDS)))
def test_what_is_written_is_read_again(customers: list[Customer]) -> None:
    file = io.StringIO()
    assert write_customers(file, customers) == len(customers)
    assert [row.customer for row in read(file.getvalue()) if isinstance(row, CsvRow)] == customers
