"""A switch that is killed and started again: its phones call and are called before they register anew."""

import asyncio

import pytest

from tests.interop.conftest import Switch
from tests.interop.phones import Phones
from tests.interop.test_phones import talk

pytestmark = pytest.mark.interop


async def test_phones_stay_registered_over_a_kill(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        await asyncio.sleep(2.5)  # what is kept is written every second
        await shop.kill()
        await shop.start()
        before = len([text for text in phones.trace if "REGISTER sip:" in text])
        for caller, called, number in ((ann, bob, "102"), (bob, ann, "101")):
            dialling = await caller.dial(shop.uri(number))
            answered = await (await called.rings()).answer()
            await dialling.established()
            await talk(dialling, answered)
            await dialling.hang_up()
            await answered.over()
        assert len([text for text in phones.trace if "REGISTER sip:" in text]) == before
        await shop.ended_calls(2)
