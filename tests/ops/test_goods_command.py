"""`softacd goods`, through the API of a switch that runs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from softacd.ops.goods_command import goods
from softacd.ops.starter import write_secrets
from tests.ops.test_customers_command import CONFIGURATION

GOODS = """\
sku,name,stock,alternatives,buyer_comment
K-1,Red kettle,0,K-2,Leaks when overfilled.
K-2,Blue kettle,4,,
K-3,Green kettle,few,,
K-4,Odd kettle,1,K-4,
"""
ORDERS = """\
reference,sku,supplier,quantity,promised,received
o1,K-1,Acme,5,2099-11-27,
o2,K-2,Acme,5,2026-01-10,2026-01-13
"""


@pytest.fixture
def shop(tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A shop whose switch runs, in the current directory."""
    write_secrets(tmp_path / "secrets")
    (tmp_path / "softacd.toml").write_text(CONFIGURATION.format(port=unused_tcp_port))
    (tmp_path / "g.csv").write_text(GOODS)
    (tmp_path / "o.csv").write_text(ORDERS)
    monkeypatch.chdir(tmp_path)
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "softacd.ops.cli", "run", "--config", "softacd.toml"], stderr=write, cwd=tmp_path
    )
    os.close(write)
    with os.fdopen(read) as log:
        assert any("softacd is up" in line for line in log), "the switch did not start"
        yield tmp_path
        process.terminate()
        log.read()
        assert process.wait(10) == 0


def say(*arguments: str) -> Result:
    return CliRunner().invoke(goods, arguments)


def test_from_the_import_to_the_delivery(shop: Path) -> None:
    imported = say("import", "g.csv")
    assert (imported.exit_code, imported.stdout) == (1, "2 created, 0 changed, 0 as they were, 2 wrong and left out\n")
    assert imported.stderr.splitlines() == [
        "g.csv:4:3: stock: expected `int`, got `str`; expected a whole number from 0",
        "g.csv:5:4: alternatives: names the article itself; expected other articles",
    ]
    assert say("import-supplies", "o.csv").stdout == "2 created, 0 changed, 0 as they were\n"
    assert say("import-supplies", "o.csv").stdout == "0 created, 0 changed, 2 as they were\n"
    assert [line.split()[0] for line in say("find", "KETTLE").stdout.splitlines()] == ["K-2", "K-1"]
    assert say("find", "toaster").exit_code == 1
    shown = say("show", "K-1").stdout
    assert "5 from Acme: promised 2099-11-27, likely 2099-11-30" in shown
    assert "instead: K-2  Blue kettle, 9 at hand" in shown
    assert say("receive", "o1", "--day", "2099-11-28").stdout == "K-1: 5 at hand\n"
    again = say("receive", "o1")
    assert again.exit_code == 1
    assert "came on 2099-11-28" in again.stderr
    assert say("promises").stdout == ""
