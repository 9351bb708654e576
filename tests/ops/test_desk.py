"""The desk of a switch that runs: signing in, the live socket, and the browser's phone by one address."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from click.testing import CliRunner
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from softacd.ops.users_command import users
from softacd.sip.digest import Challenge, Credentials, answer_challenge

PASSWORD = "correct battery staple"
CONFIGURATION = """\
[sip]
listen = ["udp:127.0.0.1:0"]
domain = "shop.test"
[media]
port_low = 28300
port_high = 28399
reservoir = 8
[web]
listen = "127.0.0.1:{port}"
[phones.101]
password = "a long phone password"
[agents.ann]
phone = "101"
[queues.sales]
agents = ["ann"]
"""


@pytest.fixture
def address(tmp_path: Path, unused_tcp_port: int) -> Iterator[str]:
    """Where a switch serves its desk, on which ann may sign in; it has no token."""
    file = tmp_path / "softacd.toml"
    file.write_text(CONFIGURATION.format(port=unused_tcp_port))
    file.chmod(0o600)
    added = CliRunner().invoke(users, ["add", "ann", "--config", str(file)], input=f"{PASSWORD}\n")
    assert added.exit_code == 0, added.output
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "softacd.ops.cli", "run", "--config", str(file)], stderr=write, cwd=tmp_path
    )
    os.close(write)
    with os.fdopen(read) as log:
        try:
            assert any("softacd is up" in line for line in log), "the switch did not start"
            yield f"127.0.0.1:{unused_tcp_port}"
        finally:
            process.terminate()
            log.read()
            assert process.wait(10) == 0


def register(lent: dict[str, Any], authorization: str, cseq: int) -> str:
    lines = [
        f"REGISTER sip:{lent['domain']} SIP/2.0",
        f"Via: SIP/2.0/WS browser.invalid;branch=z9hG4bK{cseq}",
        f"From: <{lent['address_of_record']}>;tag=1",
        f"To: <{lent['address_of_record']}>",
        "Call-ID: browser",
        f"CSeq: {cseq} REGISTER",
        "Max-Forwards: 70",
        f"Contact: <sip:{lent['extension']}@browser.invalid;transport=ws>",
        "Expires: 60",
        *([f"Authorization: {authorization}"] if authorization else []),
        "Content-Length: 0",
    ]
    return "\r\n".join(lines) + "\r\n\r\n"


async def answer(socket: ClientConnection, request: str) -> str:
    await socket.send(request)
    got = await socket.recv()
    assert isinstance(got, str)
    return got


def challenge_in(response: str) -> Challenge:
    value = next(line for line in response.splitlines() if line.lower().startswith("www-authenticate:"))
    challenge = Challenge.parse(value.partition(":")[2].strip())
    assert challenge is not None
    return challenge


async def test_an_agents_browser_is_his_phone_at_the_desks_own_address(address: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=20) as client:
        signed_in = await client.post("/api/v1/session", json={"name": "ann", "password": PASSWORD})
        assert signed_in.json()["agent"] == "ann"
        lent = (await client.get("/api/v1/session/phone")).json()
        page = {"Cookie": f"softacd_session={client.cookies['softacd_session']}", "Origin": f"http://{address}"}
        sip = [Subprotocol("sip")]
        with pytest.raises(InvalidStatus):
            await connect(f"ws://{address}{lent['path']}", subprotocols=sip, proxy=None)
        async with (
            connect(f"ws://{address}/api/v1/live?events=", additional_headers=page, proxy=None) as live,
            connect(f"ws://{address}{lent['path']}", additional_headers=page, subprotocols=sip, proxy=None) as socket,
        ):
            first = msgspec.json.decode(await live.recv())
            assert [phone["contacts"] for phone in first["data"]["phones"]] == [[]]
            refused = await answer(socket, register(lent, "", 1))
            assert refused.startswith("SIP/2.0 401")
            proof = answer_challenge(
                challenge_in(refused), Credentials(lent["user"], lent["password"]), method="REGISTER",
                uri=f"sip:{lent['domain']}", cnonce="c", nc=1,
            )  # fmt: skip
            assert (await answer(socket, register(lent, proof, 2))).startswith("SIP/2.0 200")
            told: list[dict[str, Any]] = []
            while not any(phone["contacts"] for delta in told for phone in delta["data"].get("phones", ())):
                told.append(msgspec.json.decode(await live.recv()))
            await client.delete("/api/v1/session", headers={"X-CSRF-Token": signed_in.json()["csrf"]})
            with suppress(Exception):
                async for _ in socket:
                    pass
            assert socket.close_code == 1008, "the phone ends with the session"
