"""CSV as spreadsheets write it, row by row, with every mistake told by line and column."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from softacd.ops.configuration_errors import nearest

_DELIMITERS = ",;\t"


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


class CsvCells(NamedTuple):
    """The cells of a row by the names of their columns, trimmed, and the line it begins on."""

    line: int
    cells: dict[str, str]


class CsvTable:
    """Reads a CSV file row by row. Raises CsvError at once when its heading is wrong, later when it is no text.

    Comma, semicolon or tab, as the heading has them; UTF-8 with or without the mark spreadsheets put before it.
    """

    def __init__(
        self, raw: BinaryIO, columns: Sequence[str], needed: Sequence[str], aliases: Mapping[str, str]
    ) -> None:
        self._raw = raw
        self._text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        self._known = columns
        self._needed = needed
        self._aliases = aliases
        heading = self._heading()
        self.columns = {name: place for place, name in enumerate(heading, 1)}
        """Field -> its column in this file, from 1."""

    @property
    def octets_read(self) -> int:
        """How far in the file; a little ahead of what was given out."""
        return self._raw.tell()

    def rows(self) -> Iterator[CsvCells | CsvProblem]:
        """Every row, or what is wrong with it. Raises CsvError when the rest cannot be read."""
        width = len(self.columns)
        while True:
            line = 2 + self._reader.line_num
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except UnicodeDecodeError as error:
                raise CsvError(_not_text(line, error)) from None
            except csv.Error as error:
                raise CsvError(CsvProblem(line, 0, "", str(error), "quotation marks in pairs")) from None
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > width:
                yield CsvProblem(line, width + 1, "", f"has {len(cells)} cells", f"at most {width}, as the heading has")
                continue
            yield CsvCells(line, dict(zip(self.columns, (cell.strip() for cell in cells), strict=False)))

    def problem(self, line: int, field: str, message: str, expected: str) -> CsvProblem:
        """Something wrong with a field of a row of this file."""
        return CsvProblem(line, self.columns.get(field, 0), field, message, expected)

    def _heading(self) -> list[str]:
        try:
            first = self._text.readline()
        except UnicodeDecodeError as error:
            raise CsvError(_not_text(1, error)) from None
        delimiter = max(_DELIMITERS, key=first.count)
        names = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
        names = [self._aliases.get(name, name) for name in names]
        known = ", ".join(self._known)
        for place, name in enumerate(names, 1):
            if name not in self._known:
                near = nearest(name, self._known)
                expected = f"one of {known}" + (f"; did you mean {near}?" if near else "")
                raise CsvError(CsvProblem(1, place, "", f"unknown column {name!r}", expected))
            if name in names[: place - 1]:
                raise CsvError(CsvProblem(1, place, "", f"column {name!r} is there twice", "each column once"))
        for name in self._needed:
            if name not in names:
                raise CsvError(CsvProblem(1, 0, "", f"has no column {name}", f"a heading with some of {known}"))
        self._reader = csv.reader(self._text, delimiter=delimiter, strict=True)
        return names


def _not_text(line: int, error: UnicodeDecodeError) -> CsvProblem:
    return CsvProblem(line, 0, "", f"is not UTF-8 ({error.reason})", "a file saved as UTF-8")
