"""Customers as CSV, in and out."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple, TextIO

from softacd.calls.customers import Customer
from softacd.ops.csv_table import CsvCells, CsvError, CsvProblem, CsvTable

__all__ = ["COLUMNS", "CsvError", "CsvProblem", "CsvRow", "CustomerReader", "write_customers"]

COLUMNS = ("external_id", "name", "numbers", "category", "manager", "language", "notes")
"""In the order they are written; on reading any order, and only `numbers` is needed."""
_ALIASES = {"number": "numbers", "phone": "numbers", "phones": "numbers"}
_BETWEEN_NUMBERS = re.compile(r"[|;,/\n]+")
_LIMITS = {"external_id": 100, "language": 3, "notes": 10_000}
_LIMIT = 200


class CsvRow(NamedTuple):
    """A customer and the line it begins on."""

    line: int
    customer: Customer


class CustomerReader:
    """Reads customers row by row. Raises CsvError as CsvTable does."""

    def __init__(self, raw: BinaryIO) -> None:
        self._table = CsvTable(raw, COLUMNS, ("numbers",), _ALIASES)
        self.columns = self._table.columns
        """Field -> its column in this file, from 1."""

    @property
    def octets_read(self) -> int:
        """How far in the file; a little ahead of what was given out."""
        return self._table.octets_read

    def rows(self) -> Iterator[CsvRow | CsvProblem]:
        """Every row as a customer, or what is wrong with it. Raises CsvError when the rest cannot be read."""
        for row in self._table.rows():
            yield self._customer(row) if isinstance(row, CsvCells) else row

    def _customer(self, row: CsvCells) -> CsvRow | CsvProblem:
        line, fields = row
        for name, text in fields.items():
            limit = _LIMITS.get(name, _LIMIT)
            if name != "numbers" and len(text) > limit:
                return self._table.problem(line, name, f"is {len(text)} letters long", f"at most {limit}")
        numbers = tuple(part.strip() for part in _BETWEEN_NUMBERS.split(fields.pop("numbers", "")) if part.strip())
        for number in numbers:
            if len(number) > 40:
                return self._table.problem(line, "numbers", "is too long", "numbers parted by |")
        return CsvRow(line, Customer(numbers=numbers, **fields))  # type: ignore[arg-type] # texts, by their names


def write_customers(file: TextIO, customers: Iterable[Customer]) -> int:
    """Write a heading and a row a customer, as `CustomerReader` takes them; returns how many."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for customer in customers:
        cells = ("|".join(customer.numbers) if name == "numbers" else getattr(customer, name) for name in COLUMNS)
        writer.writerow(cells)
        count += 1
    return count
