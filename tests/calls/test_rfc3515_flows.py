"""The ladders of RFC 3515 section 4: Agent A asks for transfers, Agent B is the switch."""

from softacd.sip.message import Request
from tests.calls.test_queue_calls import enter_queue, phone
from tests.calls.test_rfc3665_flows import happened
from tests.calls.test_transfer import refer, talking
from tests.calls.world import Peer, World, shop

LADDER = ["> REFER", "< 202", "< NOTIFY", "> 200", "< NOTIFY", "> 200"]
"""Sections 4.1 and 4.2, what passes at Agent A."""


def subscription(world: World) -> list[str]:
    """What passed at Agent A, without the BYE (and its 200) by which the switch lets him go afterwards."""
    return [line for line in happened(world, "101") if line != "< BYE"][: len(LADDER)]


def notifies(peer: Peer) -> list[tuple[str, str, str]]:
    """Event, state of the subscription and sipfrag of each NOTIFY that came."""
    return [
        (
            request.header("Event") or "",
            (request.header("Subscription-State") or "").partition(";")[0],
            request.body.decode().strip(),
        )
        for request in peer.requests
        if isinstance(request, Request) and request.method == "NOTIFY" and "refer" in (request.header("Event") or "")
    ]


def test_the_prototypical_refer() -> None:
    world, _caller, agent, talk = talking()
    world.log.clear()
    refer(agent, talk, "<sip:105@shop.test>")
    phone(world, "105").answer()
    assert subscription(world) == LADDER
    assert notifies(agent) == [
        ("refer", "active", "SIP/2.0 100 Trying"),
        ("refer", "terminated", "SIP/2.0 200 OK"),
    ]


def test_several_refers_in_a_dialog_are_told_apart_by_the_number_of_each() -> None:
    world, _caller, agent, talk = talking()
    world.log.clear()
    refer(agent, talk, "<sip:105@shop.test>")
    phone(world, "105").respond(phone(world, "105").calls[-1], 486)
    assert subscription(world) == LADDER
    assert talk.dialog is not None
    world.log.clear()
    refer(agent, talk, "<sip:104@shop.test>")
    second = talk.dialog.local_cseq
    phone(world, "104").answer()
    assert subscription(world) == LADDER
    assert notifies(agent) == [
        ("refer", "active", "SIP/2.0 100 Trying"),
        ("refer", "terminated", "SIP/2.0 486 Busy Here"),
        (f"refer;id={second}", "active", "SIP/2.0 100 Trying"),
        (f"refer;id={second}", "terminated", "SIP/2.0 200 OK"),
    ]


def test_a_refer_that_cannot_be_has_no_subscription() -> None:
    world = shop(wrap_up=30)
    enter_queue(world)
    agent = phone(world, "101")
    talk = agent.answer()
    world.log.clear()
    refer(agent, talk, "<mailto:x@shop.test>")
    assert happened(world, "101") == ["> REFER", "< 416"]
    assert notifies(agent) == []
