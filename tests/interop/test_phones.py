"""Phones of the house among themselves: calls, hold, keys, over UDP and TCP. Every ear is asked what it hears."""

import asyncio

import pytest

from softacd.calls.records import Direction, Outcome
from tests.interop.conftest import Switch
from tests.interop.phones import Line, Phone, Phones
from tests.interop.shop import MUSIC, STATUS

pytestmark = pytest.mark.interop


async def talk(one: Line, other: Line) -> None:
    """Each must hear the other's mouth."""
    await asyncio.gather(one.until_hears(other.phone.frequency), other.until_hears(one.phone.frequency))


async def connect(caller: Phone, called: Phone, uri: str) -> tuple[Line, Line]:
    """One phone calls another, which answers."""
    dialling = await caller.dial(uri)
    ringing = await called.rings()
    await ringing.answer()
    await dialling.established()
    await talk(dialling, ringing)
    return dialling, ringing


@pytest.mark.parametrize("codecs", [("pcma", "pcmu"), ("pcmu",)])
async def test_a_phone_calls_another_both_hold_and_resume_and_keys_pass(
    switch: Switch, phones: Phones, codecs: tuple[str, ...]
) -> None:
    async with switch() as shop:
        ann = await shop.phone_of(phones, "ann")
        bob = await shop.phone_of(phones, "bob", codecs=codecs)
        dialling, answered = await connect(ann, bob, shop.uri("102"))
        for holder, held in ((answered, dialling), (dialling, answered)):
            await holder.call.hold()
            await held.until_hears(MUSIC)
            assert [call.phase for call in (await shop.snapshot()).calls] == ["held"]
            await holder.call.resume()
            await talk(dialling, answered)
        await dialling.press("42#")
        await answered.press("0*")
        await asyncio.sleep(1.2)
        assert (answered.digits, dialling.digits) == ("42#", "0*")
        await dialling.hang_up()
        await answered.over()

        (call,) = await shop.ended_calls(1)
        assert (call.direction, call.outcome) == (Direction.INTERNAL, Outcome.ANSWERED)
        assert (call.caller, call.called, call.ended_by) == ("101", "102", "caller")
        assert call.talk_ms + call.hold_ms == pytest.approx(call.ended - call.connected, abs=5)
        assert call.hold_ms > 500
        story = await shop.story(call.id)
        assert {leg.codec for leg in story.legs if leg.party == "phone:102"} == {codecs[0].upper()}
        assert all(leg.packets_lost == 0 and leg.strangers == 0 for leg in story.legs)


async def test_keys_sent_as_sip_info_reach_the_other_phone(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        ann = await shop.phone_of(phones, "ann", dtmf="info")
        bob = await shop.phone_of(phones, "bob")
        dialling, answered = await connect(ann, bob, shop.uri("102"))
        await dialling.press("159")
        await asyncio.sleep(1.2)
        assert answered.digits == "159"
        await answered.hang_up()
        await dialling.over()


async def test_a_phone_on_tcp_registers_calls_and_is_called(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        ann = await shop.phone_of(phones, "ann", transport="tcp")
        bob = await shop.phone_of(phones, "bob")
        await shop.count_from_here()  # the phone's connection stays
        contacts = {view.extension: view.contacts for view in (await shop.snapshot()).phones}
        assert contacts["101"][0].startswith("tcp:")
        assert contacts["102"][0].startswith("udp:")

        dialling, answered = await connect(ann, bob, shop.uri("102", "tcp"))
        await dialling.hang_up()
        await answered.over()
        dialling, answered = await connect(bob, ann, shop.uri("101"))
        await answered.call.hold()
        await dialling.until_hears(MUSIC)
        await answered.call.resume()
        await talk(dialling, answered)
        await answered.hang_up()
        await dialling.over()

        first, second = await shop.ended_calls(2)
        assert (first.outcome, first.ended_by) == (Outcome.ANSWERED, "caller")
        assert (second.outcome, second.ended_by) == (Outcome.ANSWERED, "called")


async def test_a_busy_a_missing_and_a_silent_phone(switch: Switch, phones: Phones) -> None:
    async with switch(phones={"103": {"ring_seconds": 1}}) as shop:
        ann, bob, carol = await shop.phones_of(phones, "ann", "bob", "carol")
        busy = await ann.dial(shop.uri("102"))
        await (await bob.rings()).call.reject()
        await busy.over()
        assert busy.cause.startswith("486")
        absent = await ann.dial(shop.uri("104"))
        await absent.over()
        assert absent.cause.startswith("480")
        unknown = await ann.dial(shop.uri("999"))
        await unknown.over()
        assert unknown.cause.startswith("404")
        silent = await ann.dial(shop.uri("103"))
        ringing = await carol.rings()
        await silent.over()
        await ringing.over()
        assert silent.cause.startswith("480")
        given_up = await ann.dial(shop.uri("102"))
        ringing = await bob.rings()
        await given_up.hang_up()
        await ringing.over()

        outcomes = [call.outcome for call in await shop.ended_calls(5)]
        assert outcomes == [Outcome.BUSY, Outcome.NO_ANSWER, Outcome.REFUSED, Outcome.NO_ANSWER, Outcome.NO_ANSWER]


async def test_feature_codes_change_the_status_the_api_shows(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        ann = await shop.phone_of(phones, "ann")
        assert (await shop.agent("ann")).status == "logged-out"
        for code, status in (
            ("*40", "available"),
            ("*41", "break"),
            ("*42", "lunch"),
            ("*43", "not-ready"),
            ("*40", "available"),
            ("*44", "logged-out"),
        ):
            line = await (await ann.dial(shop.uri(code))).established()
            assert (await shop.agent("ann")).status == status
            await line.until_hears(STATUS)
            await line.over()  # the switch hangs up when it is said
        assert {call.outcome for call in await shop.ended_calls(6)} == {Outcome.SERVED}


async def test_a_phone_without_a_codec_of_ours_is_told_so(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        ann = await shop.phone_of(phones, "ann", codecs=("opus/48000/2",))
        bob = await shop.phone_of(phones, "bob")
        refused = await ann.dial(shop.uri("102"))
        await refused.over()
        assert refused.cause.startswith("488")
        unreachable = await bob.dial(shop.uri("101"))
        await unreachable.over()
        assert unreachable.cause.startswith("488")
        assert ann.lines == [refused]
