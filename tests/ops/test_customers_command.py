"""`softacd customers` on the file of a switch that does not run, and through the API of one that does."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from softacd.ops.customers_command import customers
from softacd.ops.starter import write_secrets

CONFIGURATION = """\
[sip]
listen = ["udp:127.0.0.1:0"]
[media]
port_low = 28200
port_high = 28299
reservoir = 8
[web]
listen = "127.0.0.1:{port}"
token_file = "secrets/web-token"
[customers]
country = "MD"
[phones.101]
password_file = "secrets/phone-101"
[agents.ann]
phone = "101"
[queues.sales]
agents = ["ann"]
"""
FILE = """\
external_id,name,numbers,category,manager
1,Ann Smith,069123456|022 123 456,vip,ann
2,Bob,12,regular,
3,Eve,069777777,vpi,
4,Dan,+373 69 888 888,debtor,
"""
WRONG = [
    "c.csv:3:3: numbers: '12' is no telephone number; expected a number like +37369123456, or as it is dialled in MD",
    "c.csv:4:4: category: there is no 'vpi'; expected one of blacklisted, debtor, regular, vip; did you mean vip?",
]


@pytest.fixture
def shop(tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configured shop in the current directory."""
    write_secrets(tmp_path / "secrets")
    (tmp_path / "softacd.toml").write_text(CONFIGURATION.format(port=unused_tcp_port))
    (tmp_path / "c.csv").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["file", "api"])
def place(shop: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The shop's switch does not run, or does."""
    if request.param == "file":
        yield "file"
        return
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "softacd.ops.cli", "run", "--config", "softacd.toml"], stderr=write, cwd=shop
    )
    os.close(write)
    with os.fdopen(read) as log:
        assert any("softacd is up" in line for line in log), "the switch did not start"
        yield "api"
        process.terminate()
        log.read()
        assert process.wait(10) == 0


def say(*arguments: str) -> Result:
    return CliRunner().invoke(customers, arguments)


def test_the_whole_life_of_customers(place: str, shop: Path) -> None:
    first = say("import", "c.csv")
    assert (first.exit_code, first.stdout) == (1, "2 created, 0 changed, 0 as they were, 2 wrong and left out\n")
    assert first.stderr.splitlines() == WRONG
    assert say("import", "c.csv").stdout == "0 created, 0 changed, 2 as they were, 2 wrong and left out\n"
    exported = say("export").stdout
    assert exported.splitlines() == [
        "external_id,name,numbers,category,manager,language,notes",
        "1,Ann Smith,+37369123456|+37322123456,vip,ann,,",
        "4,Dan,+37369888888,debtor,,,",
    ]
    (shop / "again.csv").write_text(exported)
    again = say("import", "again.csv")
    assert (again.exit_code, again.stdout) == (0, "0 created, 0 changed, 2 as they were\n")
    found = say("find", "0037369123456")
    assert found.stdout.splitlines()[:2] == ["+37369123456", "  Ann Smith (vip)"]


def test_the_whole_life_of_a_blocked_number(place: str) -> None:
    assert say("block", "069000000", "--reason", "rude").stdout == "+37369000000 is blocked for ever: rude\n"
    assert say("block", "069000001", "--until", "7d").exit_code == 0
    assert len(say("blocked").stdout.splitlines()) == 2
    assert "blocked for ever: rude" in say("find", "+37369000000").stdout
    assert say("unblock", "69000000").stdout == "+37369000000 is served again\n"
    twice = say("unblock", "69000000")
    assert (twice.exit_code, twice.stderr) == (1, "Error: 69000000 is not on the blacklist\n")
    stranger = say("find", "069000000")
    assert (stranger.exit_code, stranger.stdout) == (1, "+37369000000\n  nobody's we know\n")
    wrong = say("find", "12")
    assert wrong.exit_code == 1
    assert "'12' is no telephone number" in wrong.stderr


@pytest.mark.parametrize("until", ["yesterday", "2020-01-01", "7x", "999999w"])
def test_a_moment_that_is_none_or_past(shop: Path, until: str) -> None:
    refused = say("block", "069000000", "--until", until)
    assert refused.exit_code == 2
    assert "--until" in refused.stderr
