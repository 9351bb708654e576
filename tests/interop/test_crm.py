"""A Bitrix24 that is slow, then dead, beside real phones: no caller waits for it, and it learns of every call."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.crm.adapters.models import Bitrix24
from tests.interop.conftest import Switch
from tests.interop.kamailio import OUTSIDE, Kamailio, needs_kamailio
from tests.interop.phones import Line, Phone, Phones
from tests.interop.shop import GREETING, NUMBERS
from tests.interop.test_phones import talk
from tests.runtime.test_crm import serving

pytestmark = [pytest.mark.interop, needs_kamailio]

SLOW = 2.0
"""Seconds the system takes for each answer."""


async def answered(outside: Phone, carrier: Kamailio) -> tuple[Line, float]:
    """Call in; the line, and the seconds until it was answered."""
    began = time.monotonic()
    line = await (await outside.dial(carrier.number())).established()
    return line, time.monotonic() - began


async def test_a_slow_system_delays_no_caller_and_knows_the_call_in_the_end(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    system = Bitrix24()
    system.add(f"+373{OUTSIDE[1:]}", NAME="Maria", LAST_NAME="Popescu", ASSIGNED_BY_ID="12")
    async with serving(system) as service, Kamailio(tmp_path) as carrier:
        crm = {
            "kind": "bitrix24", "url": service.url, "user": system.USER, "token": system.CODE,
            "users": {"ann": "12"}, "topic_seconds": 0.0,
        }  # fmt: skip
        async with switch(
            trunks={"beta": carrier.trunk_settings()},
            customers={"country": "MD"},
            numbers={NUMBERS["beta"]: {"flow": "main"}},
            crm={"shop": crm},
        ) as shop:
            await shop.until_registered("beta")
            outside = await carrier.outside_phone(phones)
            ann = await shop.phone_of(phones, "ann")
            await shop.count_from_here()
            shop.may_linger("sockets")  # the connection to the system is kept
            service.delay = SLOW
            caller, seconds = await answered(outside, carrier)
            assert seconds < SLOW / 2
            await caller.until_hears(GREETING)
            await caller.press("1")
            await shop.available("ann")
            agent = await (await ann.rings()).answer()
            await talk(caller, agent)
            await shop.until("the card is there", lambda: bool(shop.api.snapshot().calls[0].contacts), SLOW + 2)
            (live,) = (await shop.snapshot()).calls
            assert (live.caller_name, live.contacts[0].manager) == ("Maria Popescu", "ann")
            service.delay = 0.0
            await caller.hang_up()
            await agent.over()
            async with asyncio.timeout(5):
                while not system.activities:  # noqa: ASYNC110 - what is waited for has no event
                    await asyncio.sleep(0.02)
            (call,) = await shop.ended_calls(1)
            assert call.caller_name == "Maria Popescu"
            (told,) = system.activities
            assert (told["ORIGIN_ID"], told["RESPONSIBLE_ID"], told["COMPLETED"]) == (call.id, 12, "Y")
            assert (await shop.story(call.id)).kinds("crm") == ["crm shop: Maria Popescu"]
