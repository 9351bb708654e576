"""Transfers by REFER, and the records that must stay right through them."""

from urllib.parse import quote

import pytest

from softacd.acd.vocabulary import State
from softacd.calls.records import Outcome, Segment
from tests.calls.test_queue_calls import enter_queue, phone
from tests.calls.world import Peer, Ring, World, shop


def refer(peer: Peer, call: Ring, target: str) -> None:
    assert call.dialog is not None
    transaction = peer.stack.request_in_dialog(
        call.dialog, "REFER", now=peer.world.now, headers=(("Refer-To", target), ("Referred-By", "<sip:x@shop.test>"))
    )
    transaction.context = None
    peer.world.settle()


def segments(world: World) -> list[Segment]:
    return [record for record in world.records if isinstance(record, Segment)]


def talking() -> tuple[World, Ring, Peer, Ring]:
    """A caller from outside talks to agent a1 at 101."""
    world = shop(wrap_up=30)
    caller = enter_queue(world)
    agent = phone(world, "101")
    return world, caller, agent, agent.answer()


def test_blind_transfer_to_a_colleague_keeps_the_account_of_each() -> None:
    world, caller, agent, talk = talking()
    world.advance(120)
    refer(agent, talk, "<sip:105@shop.test>")
    assert agent.statuses[-1] == 202
    assert world.switch.distributor.agent("a1").state is State.AFTER_CALL
    assert not talk.over, "the transferor may wait for the outcome"
    colleague = phone(world, "105")
    colleague.answer()
    assert talk.over
    world.advance(600)
    phone(world, "alpha").hang_up(caller)
    assert [(part.agent, part.talk_ms, part.ended_by) for part in segments(world)] == [
        ("a1", 120_000, "transfer"),
        ("a5", 600_000, "caller"),
    ]
    record = world.calls()[0]
    assert (record.outcome, record.agent, record.talk_ms) == (Outcome.ANSWERED, "a5", 720_000)
    world.assert_clean()


def test_the_transferor_may_leave_at_once() -> None:
    world, caller, agent, talk = talking()
    refer(agent, talk, "<sip:105@shop.test>")
    agent.hang_up(talk)
    assert not caller.over
    phone(world, "105").answer()
    assert not caller.over
    phone(world, "105").hang_up()
    assert caller.over
    world.assert_clean()


def test_a_failed_transfer_gives_the_caller_back() -> None:
    world, caller, agent, talk = talking()
    refer(agent, talk, "<sip:105@shop.test>")
    colleague = phone(world, "105")
    colleague.respond(colleague.calls[-1], 486)
    assert not talk.over
    assert not caller.over
    assert world.switch.exchange.calls
    assert any("bridge" in line for line in world.log[-6:])
    agent.hang_up(talk)
    assert caller.over
    world.assert_clean()


def test_a_failed_transfer_recalls_who_has_left() -> None:
    world, caller, agent, talk = talking()
    refer(agent, talk, "<sip:105@shop.test>")
    agent.hang_up(talk)
    colleague = phone(world, "105")
    colleague.respond(colleague.calls[-1], 603)
    recalled = agent.calls[-1]
    assert recalled is not talk
    agent.answer(recalled)
    assert not caller.over
    agent.hang_up(recalled)
    assert caller.over
    world.assert_clean()


def test_the_caller_who_hangs_up_in_a_transfer_stops_the_ringing() -> None:
    world, caller, agent, talk = talking()
    refer(agent, talk, "<sip:105@shop.test>")
    phone(world, "alpha").hang_up(caller)
    assert phone(world, "105").calls[-1].cancelled
    assert talk.over
    world.assert_clean()


def test_attended_transfer_joins_the_two_conversations() -> None:
    world, caller, agent, talk = talking()
    consult = agent.dial("105")
    phone(world, "105").answer()
    assert consult.status == 200
    dialog = consult.dialog
    assert dialog is not None
    replaces = quote(f"{dialog.call_id};to-tag={dialog.remote.tag};from-tag={dialog.local.tag}", safe="")
    world.advance(20)
    refer(agent, talk, f"<sip:105@shop.test?Replaces={replaces}>")
    assert agent.statuses[-1] == 202
    assert talk.over
    assert consult.over
    assert not caller.over
    assert not phone(world, "105").calls[-1].over
    world.advance(60)
    phone(world, "alpha").hang_up(caller)
    assert phone(world, "105").calls[-1].over
    assert [(part.party, part.talk_ms) for part in segments(world) if part.agent or part.party == "phone:105"] == [
        ("phone:105", 20_000),
        ("agent:a1", 20_000),
        ("phone:105", 60_000),
    ]
    world.assert_clean()


def test_transfer_to_a_queue() -> None:
    world = shop(agents=3)
    caller = enter_queue(world)
    agent = phone(world, "101")
    talk = agent.answer()
    refer(agent, talk, "<sip:600@shop.test>")
    assert talk.over
    assert not caller.over
    phone(world, "102").answer()
    phone(world, "102").hang_up()
    assert caller.over
    world.assert_clean()


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("<sip:105@shop.test?Replaces=nonsense%3Bto-tag%3D1%3Bfrom-tag%3D2>", 481),
        ("not an address at all <<", 400),
    ],
)
def test_what_cannot_be_transferred_is_refused_and_the_talk_goes_on(target: str, status: int) -> None:
    _, caller, agent, talk = talking()
    refer(agent, talk, target)
    assert agent.statuses[-1] == status
    assert not caller.over
    assert not talk.over


def test_a_carrier_may_not_transfer() -> None:
    world, caller, _, _ = talking()
    carrier = phone(world, "alpha")
    refer(carrier, caller, "<sip:069123456@shop.test>")
    assert carrier.statuses[-1] == 403


def test_an_unknown_number_is_told_to_the_transferor() -> None:
    _, caller, agent, talk = talking()
    refer(agent, talk, "<sip:999@shop.test>")
    assert not talk.over
    assert not caller.over
