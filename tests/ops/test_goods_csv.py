"""Articles and deliveries as CSV: what spreadsheets write, and mistakes told by line and column."""

import io

from softacd.calls.goods import Goods, Supply
from softacd.ops.csv_table import CsvProblem
from softacd.ops.goods_csv import GoodsReader, GoodsRow


def read(text: str, kind: type[Goods] | type[Supply]) -> list[object]:
    """What a file says, row by row."""
    reader = GoodsReader(io.BytesIO(text.encode()), kind)
    return [row.made if isinstance(row, GoodsRow) else str(row) for row in reader.rows()]


def test_articles() -> None:
    text = "article;name;stock;alternatives\nK-1;Red kettle;12;K-2 | K-3\nK-2;;;\n"
    assert read(text, Goods) == [
        Goods(sku="K-1", name="Red kettle", stock=12, alternatives=("K-2", "K-3")),
        Goods(sku="K-2"),
    ]


def test_what_is_wrong_is_told_with_its_place() -> None:
    rows = read("sku,stock\nK-1,many\nK-2,-1\n,3\nK-4,4\n", Goods)
    assert rows[:2] == [
        "2:2: stock: expected `int`, got `str`; expected a whole number from 0",
        "3:2: stock: expected `int` >= 0; expected a whole number from 0",
    ]
    assert str(rows[2]).startswith("4")
    assert rows[3] == Goods(sku="K-4", stock=4)


def test_deliveries() -> None:
    text = "order,sku,supplier,pieces,promised,received\n1,K-1,Acme,5,2026-11-27,\n2,K-1,Acme,5,27.11.2026,\n"
    first, second = read(text, Supply)
    assert first == Supply(reference="1", sku="K-1", supplier="Acme", quantity=5, promised="2026-11-27")
    assert str(second).startswith("3:5: promised: ")
    assert str(second).endswith("expected a date like 2026-11-27")


def test_a_problem_names_its_column() -> None:
    reader = GoodsReader(io.BytesIO(b"name,sku\n"), Goods)
    assert reader.problem(7, "sku", "is odd", "another") == CsvProblem(7, 2, "sku", "is odd", "another")
