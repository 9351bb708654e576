"""Customers as CSV, in and out: what spreadsheets write, with every mistake told by line and column."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple, TextIO

from softacd.calls.customers import Customer
from softacd.ops.configuration_errors import nearest

COLUMNS = ("external_id", "name", "numbers", "category", "manager", "language", "notes")
"""In the order they are written; on reading any order, and only `numbers` is needed."""
_ALIASES = {"number": "numbers", "phone": "numbers", "phones": "numbers"}
_DELIMITERS = ",;\t"
_BETWEEN_NUMBERS = re.compile(r"[|;,/\n]+")
_LIMITS = {"external_id": 100, "language": 3, "notes": 10_000}
_LIMIT = 200


class CsvProblem(NamedTuple):
    """Something wrong in a file: line and column count from 1; column 0 is the whole line."""

    line: int
    column: int
    field: str
    message: str
    expected: str

    def __str__(self) -> str:
        place = f"{self.line}:{self.column}" if self.column else str(self.line)
        field = f"{self.field}: " if self.field else ""
        return f"{place}: {field}{self.message}; expected {self.expected}"


class CsvError(Exception):
    """The file as a whole cannot be read."""

    def __init__(self, problem: CsvProblem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class CsvRow(NamedTuple):
    """A customer and the line it begins on."""

    line: int
    customer: Customer


class CustomerReader:
    """Reads a CSV file row by row. Raises CsvError at once when its heading is wrong, later when it is no text.

    Comma, semicolon or tab, as the heading has them; UTF-8 with or without the mark spreadsheets put before it.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        self._first = 2
        heading = self._heading()
        self.columns = {name: place for place, name in enumerate(heading, 1)}
        """Field -> its column in this file, from 1."""

    @property
    def octets_read(self) -> int:
        """How far in the file; a little ahead of what was given out."""
        return self._raw.tell()

    def rows(self) -> Iterator[CsvRow | CsvProblem]:
        """Every row as a customer, or what is wrong with it. Raises CsvError when the rest cannot be read."""
        width = len(self.columns)
        while True:
            line = self._first + self._reader.line_num
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except UnicodeDecodeError as error:
                raise CsvError(
                    CsvProblem(line, 0, "", f"is not UTF-8 ({error.reason})", "a file saved as UTF-8")
                ) from None
            except csv.Error as error:
                raise CsvError(CsvProblem(line, 0, "", str(error), "quotation marks in pairs")) from None
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > width:
                yield CsvProblem(line, width + 1, "", f"has {len(cells)} cells", f"at most {width}, as the heading has")
                continue
            yield self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> CsvRow | CsvProblem:
        fields = dict(zip(self.columns, (cell.strip() for cell in cells), strict=False))
        for name, text in fields.items():
            limit = _LIMITS.get(name, _LIMIT)
            if name != "numbers" and len(text) > limit:
                return CsvProblem(line, self.columns[name], name, f"is {len(text)} letters long", f"at most {limit}")
        numbers = tuple(part.strip() for part in _BETWEEN_NUMBERS.split(fields.pop("numbers", "")) if part.strip())
        for number in numbers:
            if len(number) > 40:
                return CsvProblem(line, self.columns["numbers"], "numbers", "is too long", "numbers parted by |")
        return CsvRow(line, Customer(numbers=numbers, **fields))  # type: ignore[arg-type] # texts, by their names

    def _heading(self) -> list[str]:
        try:
            first = self._text.readline()
        except UnicodeDecodeError as error:
            raise CsvError(CsvProblem(1, 0, "", f"is not UTF-8 ({error.reason})", "a file saved as UTF-8")) from None
        delimiter = max(_DELIMITERS, key=first.count)
        names = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
        names = [_ALIASES.get(name, name) for name in names]
        for place, name in enumerate(names, 1):
            if name not in COLUMNS:
                near = nearest(name, COLUMNS)
                expected = f"one of {', '.join(COLUMNS)}" + (f"; did you mean {near}?" if near else "")
                raise CsvError(CsvProblem(1, place, "", f"unknown column {name!r}", expected))
            if name in names[: place - 1]:
                raise CsvError(CsvProblem(1, place, "", f"column {name!r} is there twice", "each column once"))
        if "numbers" not in names:
            raise CsvError(
                CsvProblem(1, 0, "", "has no column numbers", f"a heading with some of {', '.join(COLUMNS)}")
            )
        self._reader = csv.reader(self._text, delimiter=delimiter, strict=True)
        return names


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
