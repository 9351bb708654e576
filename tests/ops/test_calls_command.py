"""`softacd calls` on a real store."""

import asyncio
import time
from datetime import datetime, timedelta
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from softacd.calls.records import AnyRecord, CallRecord, Direction, Outcome
from softacd.ops.calls_command import calls
from softacd.store import CallDetail, Store
from tests.ops.past_calls import ID, START, answered_call

MISSED = CallRecord(
    id="n1-mp3k2a1b-1e", direction=Direction.INCOMING, started=START + 60_000, caller="+40721000000",
    called="+37322000111", queue="sales", queued=START + 61_000, ended=START + 68_000, outcome=Outcome.ABANDONED,
)  # fmt: skip


async def fill(url: str, records: list[AnyRecord]) -> None:
    store = await Store.open(url, node="n1", wall=lambda: START)
    for record in records:
        store.write(record)
    await store.close()


@pytest.fixture
def url(tmp_path: Path) -> str:
    detail = answered_call()
    address = f"sqlite:///{tmp_path}/softacd.db"
    asyncio.run(fill(address, [detail.call, *detail.legs, *detail.events, *detail.trace, MISSED]))
    return address


def run(*words: str) -> Result:
    return CliRunner().invoke(calls, list(words))


def test_the_list(url: str) -> None:
    result = run("--store", url)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("abandoned  n1-mp3k2a1b-1e")
    assert lines[2].endswith(f"answered   {ID}")


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--limit", "1"], ["n1-mp3k2a1b-1e"]),
        (["--outcome", "answered"], [ID]),
        (["--number", "0721000000"], ["n1-mp3k2a1b-1e"]),
        (["--agent", "ann"], [ID]),
        (["--since", "2026-06-01"], ["n1-mp3k2a1b-1e", ID]),
        (["--since", "2100-01-01 08:00"], []),
        (["--agent", "nobody"], []),
    ],
)
def test_choosing(url: str, options: list[str], ids: list[str]) -> None:
    result = run("--store", url, "--json", *options)
    found = [msgspec.json.decode(line, type=CallRecord) for line in result.stdout.splitlines()]
    assert [record.id for record in found] == ids


def test_whom_to_call_back(url: str) -> None:
    [row] = run("--store", url, "--missed", "--json").stdout.splitlines()
    assert msgspec.json.decode(row)["calls"] == ["n1-mp3k2a1b-1e"]
    lines = run("--store", url, "--missed").stdout.splitlines()
    assert lines[0].split()[:2] == ["Last", "call"]
    assert "+40721000000" in lines[1]
    assert len(lines) == 2


def test_nothing_found_says_so_and_prints_nothing(url: str) -> None:
    result = run("--store", url, "--agent", "nobody")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No such call.\n")


@pytest.mark.parametrize("name", [ID, "1b-1c"])
def test_one_call(url: str, name: str) -> None:
    result = run("show", name, "--store", url)
    assert result.exit_code == 0
    assert "Answered by ann after 12.3 s in sales; the caller hung up after 1:02." in result.stdout
    assert "180 Ringing" in result.stdout
    assert "487 Call completed elsewhere" in result.stdout


def test_the_store_may_be_named_before_or_after(url: str) -> None:
    assert run("--store", url, "show", ID).stdout == run("show", ID, "--store", url).stdout != ""


def test_one_call_as_json(url: str) -> None:
    result = run("show", ID, "--json", "--store", url)
    assert msgspec.json.decode(result.stdout, type=CallDetail) == answered_call()


def test_an_id_of_several_and_of_none(url: str) -> None:
    several = run("show", "n1-mp3", "--store", url)
    assert several.exit_code == 1
    assert "several calls' ids: n1-mp3k2a1b-1e, n1-mp3k2a1b-1c" in several.stderr
    none = run("show", "\x1b[2Jx", "--store", url)
    assert none.exit_code == 1
    assert "there is no call \ufffd[2Jx" in none.stderr


@pytest.mark.parametrize("words", [[], ["show", ID]])
def test_without_a_database_the_remedy_is_told(tmp_path: Path, words: list[str]) -> None:
    result = run("--store", f"sqlite:///{tmp_path}/none.db", *words)
    assert result.exit_code == 1
    assert "there is no such database. Start softacd once, or check store.url." in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_configuration_names_the_store(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    asyncio.run(fill(f"sqlite:///{tmp_path}/var/history.db", [MISSED]))
    configuration = tmp_path / "softacd.toml"
    configuration.write_text('[store]\nurl = "sqlite:///var/history.db"\n')
    result = run("--config", str(configuration))
    assert result.exit_code == 0, result.stderr
    assert "+40721000000" in result.stdout
    configuration.write_text('[store]\nurll = "sqlite:///var/history.db"\n')
    result = run("--config", str(configuration))
    assert result.exit_code == 1
    assert "store.url" in result.stderr, "the nearest valid name"


@pytest.mark.parametrize(
    ("text", "seconds_ago"),
    [("90m", 5_400), ("2h", 7_200), ("3 d", 259_200), ("1w", 604_800)],
)
def test_since_so_long_ago(text: str, seconds_ago: int) -> None:
    assert since(text) == pytest.approx((time.time() - seconds_ago) * 1000, abs=5_000)


def test_since_a_local_day() -> None:
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    assert since("today") == midnight.timestamp() * 1000
    assert since("Yesterday") == (midnight - timedelta(days=1)).timestamp() * 1000
    assert since("2026-06-01T08:00:00Z") == START


@pytest.mark.parametrize("text", ["tomorrowish", "5", "99999999999d", "2026-13-01", ""])
def test_since_no_moment(text: str) -> None:
    result = run("--since", text)
    assert result.exit_code == 2
    assert '"2h"' in result.stderr


def since(text: str) -> int:
    option = next(parameter for parameter in calls.params if parameter.name == "since")
    value: int = option.process_value(click.Context(calls), text)
    return value
