"""A default installation under attack: scanners find nothing and are banned, a flood costs nobody a call."""

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import pytest

from softacd.simulate.call import CallState, SimulatedCall
from softacd.simulate.phone import SimulatedPhone
from softacd.simulate.voice import Metronome
from tests.interop.conftest import Switch
from tests.interop.shop import DOMAIN, Shop, own_host

pytestmark = pytest.mark.interop

SCANNER = "127.0.0.1"
"""Where sipvicious calls from."""
FLOODER, CALLER, CALLED = (own_host(number) for number in (61, 62, 63))
FLOOD_SECONDS = int(os.environ.get("SOFTACD_FLOOD_SECONDS", "5"))
PACKETS_A_SECOND = 20_000
PROBES = 20

FLOOD = """
import socket, sys, time
host, target, port, rate, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.bind((host, 0))
out.connect((target, port))
bad = [b"INVITE sip:1@x SIP/2.0\\r\\nVia: broken" + bytes([65 + n]) * 400 for n in range(26)]
begun, sent = time.monotonic(), 0
while (passed := time.monotonic() - begun) < seconds:
    due = int(passed * rate)
    while sent < due:
        try:
            out.send(bad[sent % 26])
        except OSError:
            pass
        sent += 1
    time.sleep(0.001)
print(sent)
"""


async def run(*command: str, seconds: float = 60, directory: Path | None = None) -> str:
    """A program's whole output; ended when it takes too long."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=directory,
        env={**os.environ, "HOME": str(directory or Path.cwd())},
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        output, _ = await process.communicate()
    return output.decode(errors="replace")


def sipvicious(tool: str) -> str:
    """The path of one of sipvicious' programs; skips when it is not installed."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which(f"sipvicious_{tool}", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        pytest.skip("sipvicious is not installed")
    return found


async def bans(shop: Shop) -> dict[str, str]:
    """Banned sources and what for."""
    status, answer = await shop.ask("GET", "/api/v1/bans")
    assert status == 200
    return {ban["source"]: ban["offence"] for ban in answer}


async def scan(shop: Shop, tool: str, arguments: Sequence[str], directory: Path) -> str:
    target = f"{shop.host}" if tool == "svmap" else f"udp://{shop.host}:{shop.sip_port}"
    return await run(sipvicious(tool), *arguments, target, seconds=15, directory=directory)


async def test_svmap_sees_no_server(switch: Switch, tmp_path: Path) -> None:
    async with switch() as shop:
        output = await scan(shop, "svmap", ["-p", str(shop.sip_port)], tmp_path)
        assert "softacd" not in output
        assert shop.host not in output.partition("SIP Device")[2], output


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS"])
async def test_svwar_finds_no_extension(switch: Switch, tmp_path: Path, method: str) -> None:
    async with switch() as shop:
        output = await scan(shop, "svwar", ["-e", "100-999", "-m", method, "--force"], tmp_path)
        assert "found nothing" in output, output  # it goes by differences between answers, sees none and gives up
        for extension in shop.tree["phones"]:
            assert f"| {extension} " not in output, output


async def test_asking_for_one_extension_after_another_ends_in_a_ban(switch: Switch) -> None:
    async with switch() as shop:
        answers = await enumerate_extensions(shop)
        assert set(answers) <= {"401", ""}
        assert "" in answers[-300:]
        assert set(await bans(shop)) == {FLOODER}


async def test_svcrack_finds_no_password_and_is_banned(switch: Switch, tmp_path: Path) -> None:
    async with switch() as shop:
        words = tmp_path / "words"
        right = shop.tree["phones"]["101"]["password"]
        words.write_text("\n".join([*(f"guess{number}" for number in range(200)), right]) + "\n")
        output = await scan(shop, "svcrack", ["-u", "101", "-d", str(words)], tmp_path)
        assert right not in output, output
        assert set(await bans(shop)) == {SCANNER}
        status, lifted = await shop.ask("DELETE", f"/api/v1/bans/{SCANNER}")
        assert (status, lifted["source"]) == (200, SCANNER)
        assert await bans(shop) == {}


async def enumerate_extensions(shop: Shop) -> list[str]:
    """Ask to register 100 to 999 without a password, one after another; each answer's status, "" for none."""
    answers: list[str] = []
    news = asyncio.Event()

    class Asker(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            del addr
            answers.append(data[8:11].decode())
            news.set()

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        Asker, local_addr=(FLOODER, 0), remote_addr=(shop.host, shop.sip_port)
    )
    for number in range(100, 1000):
        news.clear()
        text = (
            f"REGISTER sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/UDP {FLOODER};branch=z9hG4bK{number};rport\r\n"
            f"From: <sip:{number}@{DOMAIN}>;tag=a\r\nTo: <sip:{number}@{DOMAIN}>\r\nCall-ID: {number}\r\n"
            "CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )
        transport.sendto(text.encode())
        try:
            await asyncio.wait_for(news.wait(), 0.01 if "" in answers else 1.0)
        except TimeoutError:
            answers.append("")
    transport.close()
    return answers


class Pair:
    """Two phones of the house that call each other; one call stands all the time, others are set up and timed."""

    def __init__(self, shop: Shop) -> None:
        metronome = Metronome()
        self.arrived = asyncio.Event()
        self.standing: SimulatedCall | None = None
        self.caller, self.called = (
            SimulatedPhone(
                extension,
                domain=DOMAIN,
                registrar=(shop.host, shop.sip_port),
                password=shop.tree["phones"][extension]["password"],
                host=host,
                metronome=metronome,
                on_call=self._ring,
            )
            for extension, host in (("201", CALLER), ("202", CALLED))
        )

    async def _ring(self, call: SimulatedCall) -> None:
        self.arrived.set()
        if self.standing is None:
            self.standing = call
            await call.answer()
        else:
            call.reject(486)

    async def start(self) -> SimulatedCall:
        """Register both and let the first call stand."""
        for phone in (self.caller, self.called):
            await phone.start()
            await phone.register()
        call = await self.caller.dial("202")
        assert await call.reached(CallState.TALKING, 5)
        return call

    async def set_up(self) -> float:
        """Milliseconds from a phone's INVITE to the other's, the challenge included."""
        loop = asyncio.get_running_loop()
        self.arrived.clear()
        begun = loop.time()
        call = await self.caller.dial("202")
        await asyncio.wait_for(self.arrived.wait(), 5)
        taken = (loop.time() - begun) * 1000
        assert await call.reached(CallState.ENDED, 5)
        return taken

    async def stop(self) -> None:
        for phone in (self.caller, self.called):
            await phone.stop()


async def measure(pair: Pair) -> list[float]:
    times = []
    for _ in range(PROBES):
        times.append(await pair.set_up())
        await asyncio.sleep(FLOOD_SECONDS / PROBES / 2)
    return sorted(times)


async def test_a_flood_of_nonsense_costs_nobody_a_call(switch: Switch) -> None:
    async with switch() as shop:
        pair = Pair(shop)
        standing = await pair.start()
        quiet = await measure(pair)
        flood = asyncio.create_task(
            run(sys.executable, "-c", FLOOD, FLOODER, shop.host, str(shop.sip_port), str(PACKETS_A_SECOND),
                str(FLOOD_SECONDS))
        )  # fmt: skip
        await asyncio.sleep(0.3)
        flooded = await measure(pair)
        sent = int(await flood)
        print(
            f"set-up, ms: quiet p50 {median(quiet):.1f} max {quiet[-1]:.1f}; "
            f"with {sent / FLOOD_SECONDS:.0f} bad packets/s p50 {median(flooded):.1f} max {flooded[-1]:.1f}"
        )
        assert sent > FLOOD_SECONDS * PACKETS_A_SECOND * 0.8
        assert flooded[-1] < 100
        assert standing.state is CallState.TALKING
        assert pair.standing is not None
        assert pair.standing.state is CallState.TALKING
        assert await bans(shop) == {FLOODER: "nonsense"}
        standing.hang_up()
        assert await pair.standing.reached(CallState.ENDED, 5)
        await pair.stop()
