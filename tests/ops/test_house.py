"""Calls through the real switch, end to end: its own process, real SIP and RTP, parties that know what they hear."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from softacd.calls.views import AgentView
from softacd.ops.demo.house import House
from softacd.simulate import sound
from softacd.simulate.call import CallState, SimulatedCall
from softacd.simulate.carrier import Treatment
from softacd.simulate.mouth import speech
from softacd.simulate.people import KeyBy
from softacd.simulate.user_agent import OnCall

OUTSIDE = """
[dial_plan]
outside = ["+40."]
trunks = ["alpha", "beta"]
"""


def says(signature: int) -> OnCall:
    """A party that answers after a moment and says its bell."""

    async def answers(call: SimulatedCall) -> None:
        call.ring()
        if not await call.reached(CallState.ENDED, 0.2):
            await call.answer(speech(signature))

    return answers


async def rings(call: SimulatedCall) -> None:
    call.ring()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, more=OUTSIDE) as house:
        yield house


async def until(condition: Callable[[], object], seconds: float = 3.0) -> bool:
    """Ask every 50 ms, as somebody would who watches from outside."""
    for _ in range(int(seconds / 0.05)):
        if await asyncio.to_thread(condition):
            return True
        await asyncio.sleep(0.05)
    return False


def agent(house: House, name: str) -> AgentView:
    return next(agent for agent in house.api.snapshot().agents if agent.name == name)


async def test_two_phones_talk_press_keys_and_hold(house: House) -> None:
    house.phones["102"].on_call = says(5)
    call = await house.phones["101"].dial("102")
    assert await call.reached(CallState.RINGING, 2)
    assert await call.reached(CallState.TALKING, 2)
    assert call.voice is not None
    call.voice.mouth.say(speech(9))
    (rung,) = house.phones["102"].calls
    assert await call.hear_somebody(2) == 5
    assert await rung.hear_somebody(2) == 9
    assert rung.caller == "101"

    call.send_digits("4", KeyBy.RFC4733)
    assert await rung.until(lambda: rung.keys_heard == "4", 2)
    call.send_digits("7", KeyBy.INFO)
    assert await rung.until(lambda: rung.keys_heard == "47", 2)

    rung.hold()
    assert call.voice is not None
    await asyncio.sleep(0.4)
    at = len(call.heard)
    await asyncio.sleep(0.8)
    music = call.voice.ear.samples[at // 2 :]
    found = sound.find(music[: sound.RATE // 2], sound.read_clip(Path("media/music/default.wav")))
    assert found is not None
    assert found.likeness > 0.8
    rung.resume()
    await asyncio.sleep(0.3)
    assert await call.hear_somebody(3) == 5

    call.hang_up()
    assert await rung.reached(CallState.ENDED, 2)
    hearing = call.voice.ear.report()
    assert (hearing.sources, hearing.leaps, hearing.lost) == (1, 0, 0)


async def test_a_caller_goes_through_the_menu_to_an_agent(house: House) -> None:
    for phone in house.phones.values():
        phone.on_call = says(int(phone.extension) - 101)
    shop = house.shop
    call = await house.carriers["beta"].dial(
        shop.carriers[1].username, called=shop.carriers[1].number, caller="+40721000001", display_name="Ioana"
    )
    assert await call.reached(CallState.TALKING, 2)
    await asyncio.sleep(0.5)
    call.send_digits("2")
    speaker = await call.hear_somebody(10)
    assert speaker is not None
    name = shop.agent_of(speaker)
    assert name in ("carol", "dan", "eve")
    assert agent(house, name).state == "talking"
    call.hang_up()
    assert await until(lambda: agent(house, name).state == "wrap-up")
    assert await until(lambda: agent(house, name).state == "idle", 4)


async def test_a_caller_who_gives_up_stops_the_ringing(house: House) -> None:
    for phone in house.phones.values():
        phone.on_call = rings
    shop = house.shop
    call = await house.carriers["alpha"].dial(
        shop.carriers[0].username, called=shop.carriers[0].number, caller="+40721000002"
    )
    assert await call.reached(CallState.TALKING, 2)
    call.send_digits("1")
    assert await until(lambda: sum(len(phone.live) for phone in house.phones.values()) == 2, 8)
    call.hang_up()
    assert await until(lambda: not any(phone.live for phone in house.phones.values()))
    rung = [made for phone in house.phones.values() for made in phone.calls]
    assert {(made.ended_by, made.status) for made in rung} == {("there", 487)}


async def test_an_agent_takes_a_break_from_the_phone(house: House) -> None:
    call = await house.phones["103"].dial("*41")
    assert await call.reached(CallState.TALKING, 2)
    assert await until(lambda: agent(house, "carol").status == "break")
    assert await call.reached(CallState.ENDED, 6)
    back = await house.phones["103"].dial("*40")
    assert await until(lambda: agent(house, "carol").status == "available")
    back.hang_up()


async def test_an_outside_call_goes_to_the_other_carrier_when_the_first_fails(house: House) -> None:
    house.carriers["alpha"].rule = lambda number: Treatment(status=503, ring=0)
    house.carriers["beta"].rule = lambda number: Treatment(ring=0.1, signature=20)
    call = await house.phones["104"].dial("+40215550000")
    assert await call.hear_somebody(4) == 20
    assert [made.called for made in house.carriers["beta"].calls] == ["+40215550000"]
    call.hang_up()
    assert await house.carriers["beta"].calls[0].reached(CallState.ENDED, 2)


async def test_a_busy_outside_party_is_not_tried_elsewhere(house: House) -> None:
    house.carriers["alpha"].rule = lambda number: Treatment(status=486, ring=0)
    call = await house.phones["104"].dial("+40215550000")
    assert await call.reached(CallState.ENDED, 4)
    assert call.status == 486
    assert house.carriers["beta"].calls == []


async def test_a_number_outside_the_plan_stays_closed(house: House) -> None:
    call = await house.phones["104"].dial("+88216000000")
    assert await call.reached(CallState.ENDED, 4)
    assert call.status in (403, 404)
    assert not house.carriers["alpha"].calls
    assert not house.carriers["beta"].calls
