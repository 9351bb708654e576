"""`softacd whatif`: asks a running switch, and tells the answer as a tree."""

import asyncio
import io

from click.testing import CliRunner, Result
from rich.console import Console

from softacd.calls.whatif import what_if
from softacd.ops.cli import softacd
from softacd.ops.whatif_command import told
from softacd.web import WebServer, WebServerSettings
from tests.calls.world import shop
from tests.web.small_switch import TOKEN, SmallHistory, SmallSwitch

NOON = 1_699_964_000_000


def printed(keys: str) -> str:
    world = shop(agents=3, ring=1)
    answer = what_if(world.switch.exchange, "0690001", "+37322000111", NOON, keys, world.now)
    console = Console(width=110, record=True, file=io.StringIO())
    console.print(told(answer))
    return console.export_text()


def test_the_answer_is_a_tree() -> None:
    text = printed("1")
    assert text.startswith("Enters flow main and rings a1 in sales.\ncaller  0690001, not known, hears en\n")
    assert "call    +37322000111, trunk alpha, 2023-11-14 12:13" in text
    assert "rings a1 idle 0 s, level 1" in text
    assert "not   a2 idle 0 s, level 1" in text
    assert "sales queue sales" in text
    assert "[pressed 1]" in text


def test_ways_that_depend_on_keys_stand_beside_each_other() -> None:
    lines = [line.strip("│├└─ ") for line in printed("").splitlines()]
    assert [line for line in lines if line.startswith(("1 ", "2 "))] == [
        "1 notice say prompts/en/recording-notice",
        "2 closed (see above)",
    ]


async def ask(*more: str) -> Result:
    settings = WebServerSettings(port=0, token=TOKEN)
    server = WebServer(settings, SmallSwitch(), SmallHistory(), version="0.1.0")
    await server.start()
    url = "http://{}:{}".format(*server.address)
    arguments = ["whatif", "--from", "069", "--to", "022", "--url", url, "--token", TOKEN, *more]
    try:
        return await asyncio.to_thread(CliRunner().invoke, softacd, arguments)
    finally:
        await server.stop()


async def test_the_running_switch_is_asked() -> None:
    result = await ask("--at", "Sat 18:05")
    assert result.exit_code == 0, result.output
    assert "Enters flow main." in result.output
    assert "rings bob idle 3 s" in result.output
    assert '"verdict": "Enters flow main."' in (await ask("--json")).output


async def test_a_moment_that_is_none() -> None:
    result = await ask("--at", "someday")
    assert result.exit_code == 1
    assert "'someday' is no moment" in result.output
