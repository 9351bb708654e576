"""Voice over a network that loses, doubles, delays and reorders: what is heard, which keys come, what is recorded."""

import asyncio
from collections.abc import AsyncIterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest

from softacd.ops.demo.switch_process import SwitchProcess
from tests.interop.bad_network import PHONES, SWITCH, BadNetwork, Faults, possible
from tests.interop.conftest import Switch
from tests.interop.shop import AGENTS, MUSIC, Shop
from tests.interop.tones import RATE, purity

if TYPE_CHECKING:
    from tests.interop.phones import Phones

pytestmark = [pytest.mark.interop, pytest.mark.skipif(bool(possible()), reason=possible() or "it is possible")]

VOICE = range(16_384, 32_768)
"""The switch's ports of voice."""
FAULTS = Faults(loss=0.05, double=0.015, jitter=0.025, late=0.03)
LISTENED = 4.0
PIN = "559388"


@pytest.fixture
async def network(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BadNetwork]:
    pytest.importorskip("baresip", reason="baresip-python is not installed")
    start = SwitchProcess.start

    async def start_there(*words: Any) -> SwitchProcess:
        network.at_switch()
        try:
            return await start(*words)
        finally:
            network.at_phones()

    monkeypatch.setattr(SwitchProcess, "start", start_there)
    with BadNetwork(FAULTS, VOICE) as network:
        yield network


def settings() -> dict[str, dict[str, Any]]:
    """The shop at its end of the wire."""
    return {
        "sip": {"listen": [f"udp:{SWITCH}:5060", f"tcp:{SWITCH}:5060"]},
        "media": {"host": SWITCH, "port_low": VOICE.start, "port_high": VOICE.stop - 1},
        "web": {"listen": f"{SWITCH}:8080"},
        "conferences": {"board": {"number": "800", "pin": PIN}, "staff": {"number": "801", "pin": PIN}},
        "phones": {"101": {"codecs": ["OPUS", "G722", "PCMA"]}},
    }


async def test_two_phones_over_a_bad_network(switch: Switch, network: BadNetwork) -> None:
    """Two conversations: relayed where both speak PCMA, else through jitter buffer, concealment and mixer."""
    from tests.interop.phones import Phones

    phones = await Phones.on_free_ports(host=PHONES)
    try:
        async with switch(**settings()) as shop:
            shop.complaints_expected = True  # it warns that its API is not on the loopback interface
            await asyncio.gather(
                converse(shop, phones, "ann", "bob", "opus/48000/2", "800"),
                converse(shop, phones, "carol", "dan", "pcma", "801"),
            )
            calls = [call for call in await shop.ended_calls(4) if call.called in ("102", "104")]
            assert len(calls) == 2
            for call in calls:
                for leg in (await shop.story(call.id)).legs:
                    assert 0.005 < leg.packets_lost / leg.packets_received < 0.09, leg
                    assert leg.jitter_ms > 3, leg
                    assert 2.8 < leg.mos < 4.35, leg
            assert network.lost > 40
            assert network.doubled > 20
            assert network.held > 20
    finally:
        await phones.close()


async def converse(shop: Shop, phones: "Phones", caller: str, called: str, codec: str, room: str) -> None:
    """Talk, press keys, then enter the conference by its PIN."""
    ann = await shop.phone_of(phones, caller, codecs=(codec,))
    bob = await shop.phone_of(phones, called)
    calling = await ann.dial(shop.uri(str(101 + AGENTS.index(called))))
    answered = await (await bob.rings()).answer()
    await calling.established()
    await asyncio.gather(calling.until_hears(bob.frequency, 8), answered.until_hears(ann.frequency, 8))
    await asyncio.sleep(2.0)  # jitter buffers have settled
    for line in (calling, answered):
        line.forget()
    await asyncio.sleep(LISTENED)
    for line, other in ((calling, bob), (answered, ann)):
        heard = bytes(line.heard)
        step = RATE // 2 * 2
        windows = [purity(heard[at : at + step], other.frequency) for at in range(0, len(heard) - step, step)]
        assert len(windows) >= 6, "the sound does not stop"
        assert sum(windows) / len(windows) > 0.6, windows
        assert min(windows) > 0.2, windows
    for key in "5938*0":
        await calling.press(key)
        await asyncio.sleep(0.35)
    await asyncio.sleep(1.0)
    # this phone counts a packet of a key that comes after the key's end as one more: only its order is judged
    heard_keys = "".join(key for key, _ in groupby(answered.digits))
    assert heard_keys == "5938*0", answered.digits
    await calling.hang_up()
    # the switch itself counts every key once: else the PIN would be wrong
    entering = await (await ann.dial(shop.uri(room))).established()
    await asyncio.sleep(1.0)
    for key in PIN:
        await entering.press(key)
        await asyncio.sleep(0.3)
    await entering.until_hears(MUSIC, 8)
    await entering.hang_up()
