"""Call flows heard by real phones through a real carrier: the provider's self-service, the shop after hours."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from softacd.calls.records import Outcome
from tests.interop.conftest import Switch
from tests.interop.kamailio import MOBILE, OUTSIDE, Kamailio, needs_kamailio
from tests.interop.phones import Phones, until
from tests.interop.shop import GREETING, MENU, MUSIC, NOTICE, NUMBERS, SORRY, Settings
from tests.interop.test_phones import talk
from tests.interop.tones import write_clip
from tests.runtime.web_source import WebService

pytestmark = [pytest.mark.interop, needs_kamailio]

CONTRACT, PIN, WRONG, BALANCE, FIFTY, HRYVNIAS, DOWN, CLOSED = 1150, 1250, 1350, 1450, 1550, 1650, 1750, 1850
SPOKEN = {
    "enter-contract": CONTRACT,
    "enter-pin": PIN,
    "not-recognised": WRONG,
    "balance-is": BALANCE,
    "digits/50": FIFTY,
    "money/hryvnias": HRYVNIAS,
    "service-unavailable": DOWN,
    "closed": CLOSED,
}
SECRET = "73195"


def speak_tones(directory: Path) -> None:
    """Prompts of these tests, each a tone."""
    for name, frequency in SPOKEN.items():
        write_clip(directory / "shop" / "sounds" / "prompts" / "en" / f"{name}.wav", frequency, 1.0)


PROVIDER: Settings = {
    "provider": {
        "start": "greeting",
        "steps": {
            "greeting": {"do": "say", "prompts": ["welcome"], "then": "menu"},
            "menu": {
                "do": "menu",
                "prompts": ["menu-main"],
                "choices": {"1": "notice", "3": "contract"},
                "otherwise": "notice",
            },
            "notice": {"do": "record-notice", "then": "sales"},
            "sales": {"do": "queue", "queue": "sales"},
            "contract": {
                "do": "collect", "prompts": ["enter-contract"], "into": "contract", "least": 4, "then": "pin"
            },
            "pin": {
                "do": "collect", "prompts": ["enter-pin"], "into": "pin", "masked": True, "attempts": 3,
                "spent": "sales", "then": "ask",
            },
            "ask": {
                "do": "lookup", "source": "billing", "path": "/balance", "timeout_seconds": 1.0,
                "send": {"contract": "{contract}", "pin": "{pin}"}, "save": {"balance": "account.balance"},
                "then": "tell", "missing": "wrong", "failed": "down",
            },
            "tell": {"do": "say", "prompts": ["balance-is", "money:{balance} UAH"]},
            "wrong": {"do": "say", "prompts": ["not-recognised"], "then": "contract"},
            "down": {"do": "say", "prompts": ["service-unavailable"], "then": "sales"},
        },
    }
}  # fmt: skip


def balance(method: str, path: str, body: Any) -> tuple[int, bytes]:
    """The billing system of the tests."""
    if (method, path, body["contract"], body["pin"]) == ("POST", "/balance", "12345", SECRET):
        return 200, json.dumps({"account": {"balance": 50}}).encode()
    return 404, b""


async def test_the_balance_is_said_after_contract_and_pin_and_the_pin_is_kept_nowhere(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    speak_tones(tmp_path)
    async with (
        WebService(balance) as billing,
        Kamailio(tmp_path) as carrier,
        switch(
            trunks={"beta": carrier.trunk_settings()},
            flows=PROVIDER,
            sources={"billing": {"url": billing.url}},
            numbers={NUMBERS["beta"]: {"flow": "provider"}},
        ) as shop,
    ):
        await shop.until_registered("beta")
        outside = await carrier.outside_phone(phones)
        await shop.count_from_here()
        shop.may_linger("sockets")  # the connection to the billing system is kept for the next question
        caller = await (await outside.dial(carrier.number())).established()
        await caller.until_hears(GREETING)
        await caller.until_hears(MENU)
        await caller.press("3")
        await caller.until_hears(CONTRACT)
        await caller.press("12345#")
        await caller.until_hears(PIN)
        await caller.press("99999#")
        await caller.until_hears(WRONG)
        await caller.until_hears(CONTRACT)
        await caller.press("12345#")
        await caller.until_hears(PIN)
        await caller.press(f"{SECRET}#")
        for tone in (BALANCE, FIFTY, HRYVNIAS):
            await caller.until_hears(tone)
        await caller.over(4)
        (call,) = await shop.ended_calls(1)
        assert call.keys == "312345#xxxxxx12345#xxxxxx"
        story = await shop.story(call.id)
        assert story.kinds("lookup") == ["lookup billing: not found", "lookup billing: balance = 50"]
        assert story.kinds("collected")[1] == "collected pin: 5 digits"
        assert [body["pin"] for _, _, body in billing.asked] == ["99999", SECRET]
        await shop.ask("GET", "/api/v1/calls?limit=5")  # everything is on the disk by now
        for file in sorted(shop.directory.rglob("*")):
            if file.is_file() and file.suffix != ".wav":
                assert SECRET.encode() not in file.read_bytes(), file


async def test_a_dead_billing_system_leads_to_the_queue_and_an_agent(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    speak_tones(tmp_path)
    async with (
        Kamailio(tmp_path) as carrier,
        switch(
            trunks={"beta": carrier.trunk_settings()},
            flows=PROVIDER,
            sources={"billing": {"url": "http://127.0.0.1:9"}},
            numbers={NUMBERS["beta"]: {"flow": "provider"}},
            queues={"sales": {"wrap_up_seconds": 1}},
        ) as shop,
    ):
        await shop.until_registered("beta")
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        outside = await carrier.outside_phone(phones)
        await shop.count_from_here()
        caller = await (await outside.dial(carrier.number())).established()
        await caller.until_hears(GREETING)
        await caller.press("3")
        await caller.until_hears(CONTRACT)
        await caller.press("12345#")
        await caller.until_hears(PIN)
        await caller.press("1111#")
        await caller.until_hears(DOWN)
        await caller.until_hears(MUSIC)
        await shop.available("ann")
        agent = await (await ann.rings()).answer()
        await talk(caller, agent)
        (live,) = (await shop.snapshot()).calls
        status, answer = await shop.ask("POST", f"/api/v1/calls/{live.id}/transfer", {"to": "102"})
        assert status in (200, 202), answer
        other = await (await bob.rings()).answer()
        await talk(caller, other)
        await caller.hang_up()
        await other.over()
        await shop.until_agent("ann", state="idle")
        (call,) = await shop.ended_calls(1)
        assert call.outcome is Outcome.ANSWERED
        story = await shop.story(call.id)
        assert story.kinds("lookup") == ["lookup billing: failed, ConnectError"]
        assert [segment.party for segment in story.segments] == ["agent:ann", "phone:102"]


NIGHT: Settings = {
    "night": {
        "start": "shut",
        "steps": {
            "shut": {"do": "say", "prompts": ["closed"], "then": "mobile"},
            "mobile": {"do": "dial", "number": MOBILE, "seconds": 4, "then": "sorry"},
            "sorry": {"do": "say", "prompts": ["no-agents"]},
        },
    }
}


async def test_after_hours_the_mobile_phone_rings_and_a_missed_call_closes_when_called_back(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    speak_tones(tmp_path)
    async with (
        Kamailio(tmp_path) as carrier,
        switch(
            trunks={"beta": carrier.trunk_settings()},
            dial_plan={"trunks": ["beta"]},
            flows=NIGHT,
            hours={"never": {"zone": "UTC"}},
            numbers={NUMBERS["beta"]: {"flow": "main", "hours": "never", "closed": "night"}},
        ) as shop,
    ):
        await shop.until_registered("beta")
        (ann,) = await shop.phones_of(phones, "ann")
        outside = await carrier.outside_phone(phones)
        mobile = await carrier.mobile_phone(phones)
        await shop.count_from_here()
        caller = await (await outside.dial(carrier.number())).established()
        await caller.until_hears(CLOSED)
        ringing = await mobile.rings()
        assert NUMBERS["beta"] in (ringing.call.peer or ""), "the carrier lets nobody show a number that is not his"
        await ringing.answer()
        await talk(caller, ringing)
        await ringing.hang_up()
        await caller.over()

        again = await (await outside.dial(carrier.number())).established()
        await again.until_hears(CLOSED)
        unanswered = await mobile.rings()
        await again.until_hears(SORRY, 8)  # nobody took it within its seconds
        assert unanswered.ended
        await again.over(4)
        status, missed = await shop.ask("GET", "/api/v1/missed")
        assert status == 200
        assert [row["number"] for row in missed["callers"]] == [OUTSIDE]

        await shop.available("ann")
        back = await ann.dial(shop.uri(OUTSIDE))
        await (await outside.rings()).answer()
        await back.established()
        await back.hang_up()

        async def closed() -> list[Any]:
            return list((await shop.ask("GET", "/api/v1/missed"))[1]["callers"])

        for _ in range(50):
            if not await closed():
                break
            await asyncio.sleep(0.1)
        assert await closed() == []
        calls = await shop.ended_calls(3)
        assert [call.outcome for call in calls] == [Outcome.ANSWERED, Outcome.MISSED, Outcome.ANSWERED]


async def test_in_an_emergency_who_waits_is_called_through_to_the_mobile_phone(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    async with (
        Kamailio(tmp_path) as carrier,
        switch(
            trunks={"beta": carrier.trunk_settings()},
            dial_plan={"trunks": ["beta"]},
            emergency={"numbers": [MOBILE]},
            phones={"101": {"manager": True}},
        ) as shop,
    ):
        await shop.until_registered("beta")
        (ann,) = await shop.phones_of(phones, "ann")
        outside = await carrier.outside_phone(phones)
        mobile = await carrier.mobile_phone(phones)
        await shop.count_from_here()
        caller = await (await outside.dial(carrier.number())).established()
        await caller.until_hears(MENU)
        await caller.press("1")
        await caller.until_hears(NOTICE)
        await caller.until_hears(MUSIC)
        code = await (await ann.dial(shop.uri("*35"))).established()
        ringing = await (await mobile.rings()).answer()
        await talk(caller, ringing)
        await code.over(8)
        await caller.hang_up()
        await ringing.over()
        await until(lambda: ann.lines[-1].ended, 3, lambda: "the code's call is over")
        code = await (await ann.dial(shop.uri("*35"))).established()
        await code.over(8)
