"""`softacd agents times` on a real store."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from softacd.calls.records import AgentTime
from softacd.ops.agents_command import agents
from tests.ops.past_calls import START
from tests.ops.test_calls_command import fill

HOUR = 3_600_000
ROWS = [
    AgentTime("ann", START, START + HOUR, "available", idle_ms=HOUR // 2, talk_ms=HOUR // 2),
    AgentTime("ann", START + HOUR, START + HOUR + 60_000, "not-ready", "doctor", paid=False, idle_ms=60_000),
    AgentTime("bob", START, START + 5000, "lunch", paid=False, idle_ms=5000),
]


@pytest.fixture
def url(tmp_path: Path) -> str:
    address = f"sqlite:///{tmp_path}/softacd.db"
    asyncio.run(fill(address, list(ROWS)))
    return address


def run(*words: str) -> Result:
    return CliRunner().invoke(agents, ["times", *words])


def test_a_line_a_status_and_the_sum_of_each_agent(url: str) -> None:
    result = run("--store", url, "--since", "2020-01-01")
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.output.splitlines()]
    assert ["ann", "logged", "in", "1:00:00", "1:01:00"] in lines
    assert ["available", "yes", "1:00:00", "30:00", "30:00"] in lines
    assert ["not-ready:", "doctor", "no", "1:00", "1:00"] in lines
    assert ["bob", "logged", "in", "0:00", "0:05"] in lines


def test_one_agent_as_json(url: str) -> None:
    result = run("bob", "--store", url, "--since", "2020-01-01", "--json")
    (line,) = result.output.splitlines()
    assert msgspec.json.decode(line)["logged_in_ms"] == 5000


def test_nothing_there(url: str) -> None:
    assert (
        "No time of agents is recorded there."
        in run("--store", url, "--since", "2020-01-01", "--before", "2020-02-01").output
    )
