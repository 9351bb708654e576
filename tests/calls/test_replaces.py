"""INVITE with Replaces (RFC 3891): moving a call between one's devices, and picking up by a lamp."""

import pytest

from softacd.acd.vocabulary import State
from softacd.calls.records import Outcome
from tests.calls.test_queue_calls import phone
from tests.calls.test_transfer import segments, talking
from tests.calls.world import Peer, Ring, World, shop


def replaces(call: Ring) -> str:
    """What a device says to have this dialog of its own replaced: the tags as the switch sees them."""
    assert call.dialog is not None
    return f"{call.dialog.call_id};to-tag={call.dialog.remote.tag};from-tag={call.dialog.local.tag}"


def second_device(world: World, extension: str) -> Peer:
    device = world.peer(f"{extension}b", ("203.0.113.99", 5060))
    device.credentials = phone(world, extension).credentials
    device.name = extension
    device.register()
    device.name = f"{extension}b"
    return device


def test_a_second_device_takes_the_conversation_over() -> None:
    world, caller, _, talk = talking()
    device = second_device(world, "101")
    world.advance(30)
    call = device.dial("101", from_="101", headers=(("Replaces", replaces(talk)), ("Require", "replaces")))
    assert call.status == 200
    assert talk.over
    assert not caller.over
    assert world.switch.distributor.agent("a1").state is State.TALKING
    world.advance(15)
    phone(world, "alpha").hang_up(caller)
    assert call.over
    assert world.switch.distributor.agent("a1").state is State.WRAP_UP
    assert [(part.agent, part.talk_ms) for part in segments(world)] == [("a1", 30_000), ("a1", 15_000)]
    world.assert_clean()


def test_a_ringing_call_is_picked_up() -> None:
    world = shop(available=False)
    call = phone(world, "101").dial("102")
    ringing = phone(world, "102")
    ringing.respond(ringing.calls[-1], 180)
    picked = phone(world, "103").dial("102", headers=(("Replaces", f"{replaces(ringing.calls[-1])};early-only"),))
    assert picked.status == 200
    assert call.status == 200
    assert ringing.calls[-1].cancelled
    phone(world, "101").hang_up(call)
    assert [record.outcome for record in world.calls()] == [Outcome.ANSWERED, Outcome.SERVED]
    world.assert_clean()


@pytest.mark.parametrize(
    ("who", "value", "status"),
    [
        ("103", "{dialog}", 403),
        ("101", "{dialog};early-only", 486),
        ("101", "nobody@nowhere;to-tag=1;from-tag=2", 481),
        ("101", "nonsense", 481),
    ],
)
def test_what_may_not_be_replaced(who: str, value: str, status: int) -> None:
    world, caller, _, talk = talking()
    headers = (("Replaces", value.format(dialog=replaces(talk))),)
    assert phone(world, who).dial("101", headers=headers).status == status
    assert not talk.over
    assert not caller.over


def test_two_replaces_are_one_too_many() -> None:
    _, _, agent, talk = talking()
    twice = (("Replaces", replaces(talk)), ("Replaces", replaces(talk)))
    assert agent.dial("101", headers=twice).status == 400
    assert not talk.over


def test_a_conversation_on_hold_goes_on_when_another_device_takes_it() -> None:
    world, _, agent, talk = talking()
    device = second_device(world, "101")
    hold = b"v=0\r\no=- 1 2 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\nm=audio 40002 RTP/AVP 8\r\n"
    agent.send(talk, "INVITE", hold + b"a=sendonly\r\n", "application/sdp")
    assert world.switch.distributor.agent("a1").state is State.HELD
    call = device.dial("101", from_="101", headers=(("Replaces", replaces(talk)),))
    assert call.status == 200
    assert world.switch.distributor.agent("a1").state is State.TALKING
    device.hang_up(call)
    assert world.switch.distributor.agent("a1").state is State.WRAP_UP
    world.assert_clean()
