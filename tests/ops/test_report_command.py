"""`softacd report` on a real store."""

import asyncio
import csv
import json
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from softacd.calls.records import CallRecord, Direction, Outcome
from softacd.ops.report_command import report
from softacd.ops.starter import write_starter
from softacd.store import Store

START = 1_780_300_800_000
"""2026-06-01 08:00 UTC."""
JUNE = ("--from", "2026-06-01", "--to", "2026-06-30")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The first configuration, and 30 calls of one morning."""
    write_starter(tmp_path)
    (tmp_path / "softacd.toml").write_text(
        (tmp_path / "softacd.toml").read_text().replace("[server]", '[server]\ntime_zone = "UTC"')
    )

    async def fill() -> None:
        store = await Store.open(f"sqlite:///{tmp_path}/data/softacd.db", node="n1", wall=lambda: START)
        for number in range(30):
            started, answered = START + number * 360_000, number % 3 > 0
            store.write(
                CallRecord(
                    f"n1-{number}", Direction.INCOMING, started, f"+3732210{number:04}", "+37322000111",
                    queue="[sales]", queued=started, connected=started + 5_000 if answered else 0, wait_ms=5_000,
                    ended=started + 9_000, outcome=Outcome.ANSWERED if answered else Outcome.ABANDONED,
                )
            )  # fmt: skip
        await store.close()

    asyncio.run(fill())
    return tmp_path


def run(shop: Path, *words: str) -> Result:
    return CliRunner().invoke(report, [*words, "--config", str(shop / "softacd.toml")])


def test_a_table_with_bars(shop: Path) -> None:
    result = run(shop, "hour", *JUNE)
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.output.splitlines()]
    assert lines[0][:5] == ["Calls", "by", "hour,", "2026-06-01", "to"]
    rows = {line[0]: line[1:] for line in lines if line and line[0] in ("08", "09", "10", "total")}
    assert {name: cells[:3] for name, cells in rows.items()} == {
        "08": ["10", "6", "4"], "09": ["10", "7", "3"], "10": ["10", "7", "3"], "total": ["30", "20", "10"],
    }  # fmt: skip
    assert rows["08"][-1] == "━" * 20


def test_a_name_is_no_markup(shop: Path) -> None:
    assert "[sales]" in run(shop, "queue", *JUNE).output


def test_json_and_files(shop: Path, tmp_path: Path) -> None:
    body = json.loads(run(shop, "queue", *JUNE, "--json").output)
    assert [(row["name"], row["offered"], row["service_level"]) for row in body["rows"]] == [("[sales]", 30, 0.6667)]
    assert run(shop, "trunk", *JUNE, "--output", str(tmp_path / "june.csv")).exit_code == 0
    with (tmp_path / "june.csv").open() as file:
        assert [row["offered"] for row in csv.DictReader(file)] == ["30"]
    assert "1 rows in" in run(shop, "trunk", *JUNE, "--output", str(tmp_path / "june.xlsx")).output
    assert openpyxl.load_workbook(tmp_path / "june.xlsx").sheetnames == ["trunk"]


def test_agents_and_statuses_have_tables_too(shop: Path) -> None:
    assert "carol" in run(shop, "agent", *JUNE).output
    assert run(shop, "status", "--from", "1d").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("queue", "--from", "someday"), "is no day"),
        (("queue", "--from", "2026-06-02", "--to", "2026-06-01"), "ends before"),
        (("queue", "--output", "june.pdf"), "--output must end in .csv, .xlsx, .json"),
        (("weather",), "'weather' is not one of"),
    ],
)
def test_wrong_questions(shop: Path, words: tuple[str, ...], said: str) -> None:
    result = run(shop, *words)
    assert (result.exit_code, said in " ".join(result.output.replace("│", " ").split())) == (2, True), result.output
