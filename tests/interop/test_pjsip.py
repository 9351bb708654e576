"""A second stack of phones, PJSIP: calls, hold, keys, transfers, each transport, reliable provisionals, SHA-512-256."""

import asyncio
from typing import Any

import pytest

from softacd.calls.records import Outcome
from tests.certificates import Certificates
from tests.interop.conftest import Switch
from tests.interop.pjsua import PjsuaPhone, needs_pjsua, talk
from tests.interop.shop import MUSIC, listening

pytestmark = [pytest.mark.interop, needs_pjsua]


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_two_phones_call_hold_and_press_keys(switch: Switch, certificates: Certificates, transport: str) -> None:
    where, sip = listening(certificates)
    sip["digest"] = ["SHA-512-256", "SHA-256", "MD5"]
    wanted: dict[str, Any] = {"transport": transport, "authority": str(certificates.authority)}
    if transport == "tls":
        wanted["registrar_port"] = int(where["tls"].rpartition(":")[2])
    async with switch(sip=sip) as shop:
        shop.may_linger("sockets", "files")
        async with (
            PjsuaPhone.of(shop, "101", 1100, **wanted) as ann,
            PjsuaPhone.of(shop, "102", 1200, prack=True, **wanted) as bob,
        ):
            for caller, called, number in ((ann, bob, "102"), (bob, ann, "101")):
                caller.do("dial", uri=f"sip:{number}@{shop.host}:{where[transport].rpartition(':')[2]}")
                ringing = await called.rings()
                called.do("answer", call=ringing)
                await called.talks(ringing)
                await talk(caller, called)
                caller.do("hold")
                await called.until_hears(MUSIC)
                caller.do("resume")
                await talk(caller, called)
                caller.do("press", digits="42#")
                await called.until("digit", digit="#")
                assert called.digits == "42#"
                called.do("hang-up")
                await caller.over(ringing)
            calls = await shop.ended_calls(2)
            assert [(call.outcome, call.ended_by) for call in calls] == [(Outcome.ANSWERED, "called")] * 2


@pytest.mark.parametrize("attended", [False, True], ids=["blind", "attended"])
async def test_a_phone_transfers(switch: Switch, attended: bool) -> None:
    async with (
        switch() as shop,
        PjsuaPhone.of(shop, "101", 1100) as ann,
        PjsuaPhone.of(shop, "102", 1200) as bob,
        PjsuaPhone.of(shop, "103", 1300) as carol,
    ):
        ann.do("dial", uri=shop.uri("102"))
        ringing = await bob.rings()
        bob.do("answer")
        await bob.talks(ringing)
        await talk(ann, bob)
        if attended:
            bob.do("hold")
            await ann.until_hears(MUSIC)
            bob.do("dial", uri=shop.uri("103"))
            await carol.rings()
            carol.do("answer")
            await carol.until_hears(bob.frequency)
            bob.do("attended", call=0, other=1)
        else:
            bob.do("transfer", uri=shop.uri("103"))
            await carol.rings()
            carol.do("answer")
        await bob.until("transfer", status=200)
        await talk(ann, carol)
        await bob.over(0)
        ann.do("hang-up")
        await carol.over(0)
        await asyncio.sleep(0.2)
        call = next(call for call in await shop.ended_calls(1 + attended) if call.called == "102")
        story = await shop.story(call.id)
        assert [segment.party for segment in story.segments] == ["phone:102", "phone:103"]
        assert [segment.ended_by for segment in story.segments] == ["transfer", "caller"]


async def test_a_phone_forwards_by_itself(switch: Switch) -> None:
    async with (
        switch() as shop,
        PjsuaPhone.of(shop, "101", 1100) as ann,
        PjsuaPhone.of(shop, "102", 1200) as bob,
        PjsuaPhone.of(shop, "103", 1300) as carol,
    ):
        ann.do("dial", uri=shop.uri("102"))
        await bob.rings()
        bob.do("answer", status=302, headers={"Contact": f"<sip:103@{shop.host}>"})
        ringing = await carol.rings()
        carol.do("answer")
        await carol.talks(ringing)
        await talk(ann, carol)
        ann.do("hang-up")
        await carol.over(ringing)
        (call,) = await shop.ended_calls(1)
        assert (await shop.story(call.id)).kinds("forwarded") == ["forwarded 102 to 103: deflection"]
