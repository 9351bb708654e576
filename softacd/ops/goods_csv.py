"""Articles and deliveries as CSV."""

import re
from collections.abc import Iterator
from typing import BinaryIO, Generic, NamedTuple, TypeVar

import msgspec

from softacd.calls.goods import Goods, Supply
from softacd.ops.csv_table import CsvCells, CsvProblem, CsvTable

Row = TypeVar("Row", Goods, Supply)
_BETWEEN = re.compile(r"[|;\n]+")
_WRONG = re.compile(r"^(?P<what>.*?)(?: - at `\$\.(?P<field>\w+).*`)?$", re.DOTALL)
_ALIASES = {"number": "sku", "article": "sku", "title": "name", "order": "reference", "pieces": "quantity"}


_EXPECTED = {
    "sku": "a number of at most 100 letters",
    "name": "at most 200 letters",
    "stock": "a whole number from 0",
    "quantity": "a whole number from 1",
    "promised": "a date like 2026-11-27",
    "received": "a date like 2026-11-27, or nothing",
    "alternatives": "at most 20 articles, parted by |",
    "supplier_comment": "at most 2000 letters",
    "buyer_comment": "at most 2000 letters",
    "reference": "a number of at most 100 letters",
    "supplier": "a name of at most 100 letters",
}


class GoodsRow(NamedTuple, Generic[Row]):
    """An article or a delivery, and the line it begins on."""

    line: int
    made: Row


class GoodsReader(Generic[Row]):
    """Reads articles or deliveries row by row; columns have the names of the fields. Raises CsvError as CsvTable."""

    def __init__(self, raw: BinaryIO, kind: type[Row]) -> None:
        fields = msgspec.structs.fields(kind)
        self._kind: type[Row] = kind
        self._table = CsvTable(
            raw,
            tuple(field.name for field in fields),
            tuple(field.name for field in fields if field.required),
            {alias: name for alias, name in _ALIASES.items() if name in {field.name for field in fields}},
        )

    @property
    def octets_read(self) -> int:
        """How far in the file; a little ahead of what was given out."""
        return self._table.octets_read

    def rows(self) -> Iterator[GoodsRow[Row] | CsvProblem]:
        """Every row, or what is wrong with it. Raises CsvError when the rest cannot be read."""
        for row in self._table.rows():
            yield self._made(row) if isinstance(row, CsvCells) else row

    def problem(self, line: int, field: str, message: str, expected: str) -> CsvProblem:
        """Something wrong with a field of a row of this file."""
        return self._table.problem(line, field, message, expected)

    def _made(self, row: CsvCells) -> GoodsRow[Row] | CsvProblem:
        cells: dict[str, object] = {name: text for name, text in row.cells.items() if text}
        if "alternatives" in cells:
            cells["alternatives"] = [part.strip() for part in _BETWEEN.split(row.cells["alternatives"]) if part.strip()]
        try:
            return GoodsRow(row.line, msgspec.convert(cells, self._kind, strict=False))
        except msgspec.ValidationError as error:
            told = _WRONG.match(str(error))
            field = (told and told["field"]) or ""
            message = (told["what"] if told else str(error))[:1].lower() + (told["what"] if told else str(error))[1:]
            return self._table.problem(row.line, field, message, _EXPECTED.get(field, "a text"))
