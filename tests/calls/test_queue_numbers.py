"""Callers who come to a queue, a conference or a mailbox by its number: from a flow, a forward, a transfer."""

from typing import Any

import pytest

from softacd.calls.call_table import Phase
from softacd.calls.emergency import switch_emergency
from softacd.calls.hours import HoursSettings
from softacd.calls.model import ConferenceSettings, EmergencySettings, MailboxSettings
from softacd.calls.records import Outcome
from tests.calls.flows import call_in, carrier, flow, hears, press, world_of
from tests.calls.test_queue_calls import phone
from tests.calls.test_transfer import refer
from tests.calls.world import World


def nights(**settings: Any) -> World:
    """A queue that is closed at this hour, a mailbox, a conference and mobile phones for emergencies."""
    return world_of(
        flow(TRANSFER),
        settings={
            "hours": (HoursSettings(name="night", week={"mon-sun": "02:00-03:00"}),),
            "emergency": EmergencySettings(numbers=("069111222",)),
            "conferences": (ConferenceSettings("board", "700", "1234"),),
            "mailboxes": (MailboxSettings("sales", "801"),),
        },
        hours="night",
        **settings,
    )


TRANSFER = """
start = "where"
[steps.where]
do = "collect"
prompts = ["enter-extension"]
into = "where"
most = 3
then = "there"
[steps.there]
do = "transfer"
number = "{where}"
then = "bye"
[steps.bye]
do = "say"
prompts = ["goodbye"]
"""


def test_a_transfer_into_a_closed_queue_is_told_and_comes_back_to_the_flow() -> None:
    world = nights()
    call = call_in(world)
    press(world, "600")
    assert hears(world) == ("closed",)
    assert not phone(world, "101").calls
    world.finish_play()
    assert hears(world) == ("goodbye",)
    world.finish_play()
    assert call.over
    world.assert_clean()


def test_a_phone_whose_user_sends_his_calls_to_a_closed_queue_tells_so() -> None:
    world = nights()
    world.switch.exchange.phone_book.choose("102", world.now, forward_always="600")
    call = phone(world, "101").dial("102")
    assert hears(world) == ("closed",)
    world.finish_play()
    assert call.over
    assert world.calls()[0].outcome is Outcome.MISSED
    world.assert_clean()


@pytest.mark.parametrize("by", ["flow", "forward"])
def test_in_an_emergency_whoever_is_sent_to_a_queue_gets_the_mobile_phones(by: str) -> None:
    world = nights()
    switch_emergency(world.switch.exchange, True, "api", world.now)
    if by == "flow":
        call_in(world)
        press(world, "600")
    else:
        world.switch.exchange.phone_book.choose("102", world.now, forward_always="600")
        phone(world, "101").dial("102")
    outside = [one for one in carrier(world).calls if one.remote_sdp is not None and one.dialog is None]
    assert outside, "the mobile phone is called"
    carrier(world).answer(outside[-1])
    assert world.bridges


def test_a_flow_leads_to_a_conference_whose_pin_the_caller_must_know_and_to_a_mailbox() -> None:
    world = nights()
    call_in(world)
    press(world, "700")
    assert hears(world) == ("enter-pin",)
    press(world, "1234")
    (live,) = world.switch.exchange.calls.values()
    assert live.phase is Phase.CONFERENCE
    carrier(world).hang_up()
    world.assert_clean()
    world.switch.exchange.messages.directory = "/messages"
    call_in(world)
    press(world, "801")
    assert hears(world) == ("leave-message", "tones/beep")
    world.finish_play()
    press(world, "#1")
    assert hears(world) == ("message-saved",)
    world.finish_play()
    assert hears(world) == ("goodbye",), "the flow goes on where the message was left"


def test_a_caller_in_a_conference_hears_his_own_language() -> None:
    world = nights()
    call_in(world)
    (live,) = world.switch.exchange.calls.values()
    live.language = "uk"
    press(world, "700")
    assert [play.clips for play in world.playing.values()] == [("prompts/uk/enter-pin",)]


@pytest.mark.parametrize("emergency", [False, True])
def test_a_transfer_by_a_phone_into_a_queue_keeps_its_hours_and_the_emergency(emergency: bool) -> None:
    world = nights()
    caller = phone(world, "103").dial("102")
    talk = phone(world, "102").answer()
    if emergency:
        switch_emergency(world.switch.exchange, True, "api", world.now)
    refer(phone(world, "102"), talk, "<sip:600@shop.test>")
    if not emergency:
        assert world.events("queue-closed") == ["queue-closed sales: closed"]
        assert hears(world) == ("closed",)
        world.finish_play()
        assert caller.over
    else:
        assert [one for one in carrier(world).calls if one.dialog is None], "the mobile phone is called"
