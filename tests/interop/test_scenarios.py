"""The shop as its owner knows it, by real phones through a real carrier: who calls decides who is rung; whoever does
not want to wait is called back, over a restart; whoever was served says how it was."""

import asyncio
from pathlib import Path

import pytest

from softacd.calls.records import Direction, Outcome
from tests.interop.conftest import Switch
from tests.interop.kamailio import OUTSIDE, Kamailio, needs_kamailio
from tests.interop.phones import Line, Phones, until
from tests.interop.pjsua import PjsuaPhone, needs_pjsua
from tests.interop.shop import MUSIC, NUMBERS, Settings
from tests.interop.test_phones import talk
from tests.interop.tones import write_clip

pytestmark = [pytest.mark.interop, needs_kamailio]

OFFER, CONFIRM, NOTED, QUESTION, THANKS = 1150, 1250, 1350, 1450, 1550
SPOKEN = {
    "callback-offer": OFFER,
    "callback-confirm": CONFIRM,
    "callback-accepted": NOTED,
    "survey-question": QUESTION,
    "survey-thanks": THANKS,
}

SHOP: Settings = {
    "shop": {
        "start": "who",
        "steps": {
            "who": {
                "do": "branch",
                "cases": [{"value": "{category}", "is": ["vip"], "then": "manager"}],
                "otherwise": "sales",
            },
            "manager": {"do": "queue", "queue": "sales", "prefer": "{manager}", "patience_seconds": 30},
            "sales": {
                "do": "queue", "queue": "sales", "keys": {"1": "call-me"}, "offer": ["callback-offer"],
            },
            "call-me": {"do": "call-back"},
        },
    },
}  # fmt: skip
SURVEY: Settings = {
    "survey": {
        "start": "service",
        "steps": {
            "service": {"do": "survey", "topic": "service", "then": "thanks"},
            "thanks": {"do": "say", "prompts": ["survey-thanks"]},
        },
    },
}


def speak_tones(directory: Path) -> None:
    """Prompts of these tests, each a tone."""
    for name, frequency in SPOKEN.items():
        write_clip(directory / "shop" / "sounds" / "prompts" / "en" / f"{name}.wav", frequency, 1.0)


async def hear_each_other(caller: Line, phone: PjsuaPhone, call: int, frequency: int) -> None:
    """A subscriber outside and a PJSIP phone."""
    await phone.talks(call)
    await asyncio.gather(caller.until_hears(phone.frequency, 6), phone.until_hears(frequency, call=call))


@needs_pjsua
async def test_a_stranger_rings_four_a_vip_his_manager_whom_he_gets_back_and_the_blacklisted_nobody(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    async with (
        Kamailio(tmp_path) as carrier,
        switch(
            trunks={"beta": carrier.trunk_settings()},
            flows=SHOP,
            numbers={NUMBERS["beta"]: {"flow": "shop"}},
            queues={"sales": {"ring": 4, "ring_seconds": 20}},
            customers={"country": "MD"},
        ) as shop,
        PjsuaPhone.of(shop, "102", 1200) as bob,
    ):
        await shop.until_registered("beta")
        ann, carol, dan = await shop.phones_of(phones, "ann", "carol", "dan")
        outside = await carrier.outside_phone(phones)
        await shop.available("ann", "bob", "carol", "dan")
        await shop.count_from_here()

        caller = await (await outside.dial(carrier.number())).established()
        first, second, third = [await phone.rings() for phone in (ann, carol, dan)]
        fourth = await bob.rings()
        await second.answer()
        await talk(caller, second)
        for left in (first, third):
            await left.over()
        await bob.over(fourth)
        await caller.hang_up()
        await second.over()

        customer = {"numbers": [OUTSIDE], "name": "Victor", "category": "vip", "manager": "bob"}
        status, answer = await shop.ask("PUT", "/api/v1/customers", {"customers": [customer]})
        assert status == 200, answer
        rung = [len(phone.lines) for phone in (ann, carol, dan)]
        caller = await (await outside.dial(carrier.number())).established()
        call = await bob.rings()
        assert "VIP Victor" in bob.facts[-1].get("header", "") or any(
            "VIP Victor" in str(fact.get("peer", "")) for fact in bob.facts
        )
        bob.do("answer", call=call)
        await hear_each_other(caller, bob, call, outside.frequency)
        bob.do("hang-up", call=call, headers={"Reason": "Q.850;cause=38"})  # his line dies
        again = await bob.rings()
        await caller.until_hears(MUSIC)
        bob.do("answer", call=again)
        await hear_each_other(caller, bob, again, outside.frequency)
        await caller.hang_up()
        await bob.over(again)
        assert [len(phone.lines) for phone in (ann, carol, dan)] == rung, "nobody but the manager was rung"

        status, _ = await shop.ask("PUT", f"/api/v1/blocked/{OUTSIDE}", {"reason": "rude"})
        assert status == 200
        refused = await outside.dial(carrier.number())
        await refused.over()
        assert "603" in refused.cause
        calls = await shop.ended_calls(3)
        assert [record.outcome for record in calls] == [Outcome.ANSWERED, Outcome.ANSWERED, Outcome.REFUSED]
        story = await shop.story(calls[1].id)
        assert [segment.party for segment in story.segments] == ["agent:bob", "agent:bob"]


async def test_a_call_back_keeps_its_place_over_a_kill_and_a_survey_follows_an_answered_call(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    speak_tones(tmp_path)
    async with (
        Kamailio(tmp_path) as carrier,
        switch(
            trunks={"beta": carrier.trunk_settings()},
            dial_plan={"trunks": ["beta"]},
            flows=SHOP | SURVEY,
            numbers={NUMBERS["beta"]: {"flow": "shop"}},
            queues={"sales": {"announce_first": 0.5, "after_call": "survey"}},
        ) as shop,
    ):
        await shop.until_registered("beta")
        (ann,) = await shop.phones_of(phones, "ann")
        outside = await carrier.outside_phone(phones)
        await shop.count_from_here()

        caller = await (await outside.dial(carrier.number())).established()
        await caller.until_hears(OFFER, 6)
        await caller.press("1")
        await caller.until_hears(CONFIRM, 12)  # after the number, digit by digit
        await caller.press("1")
        await caller.until_hears(NOTED)
        await caller.hang_up()
        (asked,) = await shop.ended_calls(1)
        queue = next(one for one in (await shop.snapshot()).queues if one.name == "sales")
        assert (queue.waiting, queue.call_backs) == (0, 1)
        assert (await shop.story(asked.id)).kinds("call-back-asked") == [f"call-back-asked sales: {OUTSIDE}"]
        await asyncio.sleep(1.5)  # where phones are registered is written every second
        await shop.kill()
        await shop.start()
        await shop.until_registered("beta")

        await shop.available("ann")
        agent = await (await ann.rings()).answer()
        back = await (await outside.rings()).answer()
        await talk(agent, back)
        await agent.hang_up()
        await back.over()
        records = {record.direction: record for record in await shop.ended_calls(2)}
        made = records[Direction.OUTGOING]
        assert (made.called, made.agent, made.outcome) == (OUTSIDE, "ann", Outcome.ANSWERED)

        caller = await (await outside.dial(carrier.number())).established()
        agent = await (await ann.rings()).answer()
        await talk(caller, agent)
        await agent.hang_up()
        await caller.until_hears(QUESTION)
        await caller.press("5")
        await caller.until_hears(THANKS)
        await caller.over()
        await shop.until_agent("ann", state="idle")

        rated = (await shop.ask("GET", "/api/v1/ratings"))[1]["ratings"]
        assert [(one["score"], one["topic"], one["agent"], one["queue"]) for one in rated] == [
            (5, "service", "ann", "sales")
        ]
        await until(lambda: caller.ended, 3, lambda: "the caller is let go")
