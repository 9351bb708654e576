"""Session timers, UPDATE and reliable provisionals of the switch's legs."""

import pytest

from softacd.sdp.description import SessionDescription
from softacd.sdp.negotiation import offer
from tests.calls.test_queue_calls import phone
from tests.calls.world import Peer, Ring, World, shop

TIMER = ("Supported", "timer")


def talk(answer_headers: tuple[tuple[str, str], ...], *dial_headers: tuple[str, str]) -> tuple[World, Ring, Peer]:
    """101 talks to 102, whose 200 carries `answer_headers`."""
    world = shop(available=False)
    call = phone(world, "101").dial("102", headers=dial_headers)
    callee = phone(world, "102")
    callee.respond(callee.calls[-1], 200, headers=answer_headers)
    world.log.clear()
    return world, call, callee


def methods(peer: Peer) -> list[str]:
    return [request.method for request in peer.requests]


def test_our_invite_asks_for_a_session_and_says_what_we_can() -> None:
    _, _, callee = talk(())
    invite = callee.requests[0]
    assert (invite.header("Session-Expires"), invite.header("Min-SE")) == ("1800", "90")
    assert {"timer", "100rel", "replaces"} <= set(invite.headers("Supported"))
    assert "UPDATE" in invite.headers("Allow")


def test_nobody_refreshes_what_was_not_agreed() -> None:
    world, call, callee = talk(())
    world.advance(4000)
    assert methods(callee) == ["INVITE"]
    assert not call.over


def test_we_refresh_by_update_for_as_long_as_the_call_lives() -> None:
    session = (("Session-Expires", "600;refresher=uac"), ("Require", "timer"))
    world, call, callee = talk((*session, ("Allow", "INVITE, UPDATE")))
    callee.session = session
    world.advance(1300)
    assert methods(callee) == ["INVITE", *["UPDATE"] * 4]
    assert callee.requests[1].header("Session-Expires") == "600;refresher=uac"
    assert callee.requests[1].body == b""
    phone(world, "101").hang_up(call)
    world.advance(2000)
    assert methods(callee)[-1] == "BYE"
    world.assert_clean()


def test_a_device_without_update_is_refreshed_by_re_invite_with_the_same_session() -> None:
    session = (("Session-Expires", "600;refresher=uac"),)
    world, call, callee = talk(session)
    callee.session = session
    world.advance(301)
    first, refresh = callee.requests
    assert refresh.method == "INVITE"
    one, other = (SessionDescription.parse(request.body).origin for request in (first, refresh))
    assert one == other, "the version of the session did not change (RFC 3264 section 8)"
    assert not call.over
    assert "switch -> 102 ACK" in world.log
    phone(world, "101").hang_up(call)
    world.assert_clean()


def test_a_refresh_that_meets_another_is_tried_again_after_a_pause() -> None:
    session = (("Session-Expires", "600;refresher=uac"),)
    world, call, callee = talk(session)
    callee.session = session
    callee.refuses["INVITE"] = (491, ())
    world.advance(302)
    assert methods(callee) == ["INVITE", "INVITE"]
    world.advance(2.1)
    assert methods(callee) == ["INVITE", "INVITE", "INVITE"]
    assert not call.over


def test_update_not_known_after_all() -> None:
    session = (("Session-Expires", "600;refresher=uac"),)
    world, _, callee = talk((*session, ("Allow", "UPDATE")))
    callee.session = session
    callee.refuses["UPDATE"] = (501, ())
    world.advance(301)
    assert methods(callee) == ["INVITE", "UPDATE", "INVITE"]


def test_longer_intervals_are_granted_in_a_refresh() -> None:
    session = (("Session-Expires", "600;refresher=uac"), ("Allow", "UPDATE"))
    world, _, callee = talk(session)
    callee.session = (("Session-Expires", "900;refresher=uac"),)
    callee.refuses["UPDATE"] = (422, (("Min-SE", "900"),))
    world.advance(301)
    assert [request.header("Session-Expires") for request in callee.requests] == ["1800", "600;refresher=uac",
                                                                                 "900;refresher=uac"]  # fmt: skip


@pytest.mark.parametrize("status", [481, 408])
def test_a_device_that_forgot_the_call_ends_it(status: int) -> None:
    world, call, callee = talk((("Session-Expires", "600;refresher=uac"), ("Allow", "UPDATE")))
    callee.refuses["UPDATE"] = (status, ())
    world.advance(301)
    assert call.over
    world.assert_clean()


def test_a_peer_that_promised_to_refresh_and_does_not_is_hung_up() -> None:
    world, call, callee = talk((("Session-Expires", "600;refresher=uas"),))
    world.advance(567)
    assert not call.over
    world.advance(2)
    assert methods(callee)[-1] == "BYE"
    assert call.over
    world.assert_clean()


def test_a_peer_that_refreshes_keeps_its_call() -> None:
    world, call, callee = talk((("Session-Expires", "600;refresher=uas"),))
    for _ in range(4):
        world.advance(300)
        callee.send(callee.calls[-1], "UPDATE", headers=(TIMER, ("Session-Expires", "600;refresher=uac")))
        assert callee.responses[-1].header("Session-Expires") == "600;refresher=uac"
        assert callee.responses[-1].headers("Require") == ["timer"]
    assert not call.over


def test_a_caller_with_timers_is_refreshed_by_us() -> None:
    world, call, _ = talk((), TIMER, ("Allow", "UPDATE"))
    caller = phone(world, "101")
    assert caller.responses[-1].header("Session-Expires") == "1800;refresher=uas"
    caller.session = (("Session-Expires", "1800;refresher=uac"),)
    world.advance(901)
    assert methods(caller) == ["UPDATE"]
    assert not call.over


def test_too_short_a_session_is_refused() -> None:
    world = shop(available=False)
    caller = phone(world, "101")
    assert caller.dial("102", headers=(TIMER, ("Session-Expires", "30"))).status == 422
    assert caller.responses[-1].header("Min-SE") == "90"
    assert not phone(world, "102").calls
    world.assert_clean()


def test_an_invite_refused_for_its_interval_is_repeated_with_a_longer_one() -> None:
    world = shop(available=False)
    call = phone(world, "101").dial("102")
    callee = phone(world, "102")
    callee.respond(callee.calls[-1], 422, headers=(("Min-SE", "3600"),))
    again = callee.requests[-1]
    assert (again.header("Session-Expires"), again.header("Min-SE")) == ("3600", "3600")
    callee.answer()
    assert call.status == 200
    callee.hang_up()
    world.assert_clean()


# --- UPDATE -----------------------------------------------------------------------------------------------------------


def test_hold_by_update() -> None:
    world, _, callee = talk(())
    held = offer(callee.local()).replace(b"a=sendrecv", b"a=sendonly")
    callee.send(callee.calls[-1], "UPDATE", held, "application/sdp")
    assert callee.statuses[-1] == 200
    assert b"a=recvonly" in callee.responses[-1].body
    assert any("music/default" in line for line in world.log)


def test_an_offer_in_an_update_before_the_first_is_answered_waits() -> None:
    world = shop(available=False)
    call = phone(world, "101").dial("102")
    callee = phone(world, "102")
    callee.respond(callee.calls[-1], 180)
    callee.send(callee.calls[-1], "UPDATE", offer(callee.local()), "application/sdp")
    assert callee.statuses[-1] == 491, "our offer is not answered"
    caller = phone(world, "101")
    assert call.status == 180
    caller.send(call, "UPDATE", offer(caller.local()), "application/sdp")
    assert caller.statuses[-1] == 500, "theirs is not"
    assert caller.responses[-1].header("Retry-After") is not None


# --- reliable provisionals --------------------


def test_a_caller_who_requires_it_hears_ringing_reliably_and_then_the_answer() -> None:
    world = shop(available=False)
    caller, callee = phone(world, "101"), phone(world, "102")
    call = caller.dial("102", headers=(("Require", "100rel"),))
    callee.respond(callee.calls[-1], 180)
    ringing = next(response for response in caller.responses if response.status == 180)
    assert ringing.headers("Require") == ["100rel"]
    assert "101 -> switch PRACK" in world.log
    callee.answer()
    assert call.status == 200
    caller.hang_up(call)
    world.assert_clean()


def test_the_answer_waits_for_the_prack() -> None:
    world = shop(available=False)
    caller, callee = phone(world, "101"), phone(world, "102")
    call = caller.dial("102", headers=(("Require", "100rel"),))
    caller.mute = True
    callee.respond(callee.calls[-1], 180)
    callee.answer()
    assert not any("200 OK" in line and "-> 101" in line for line in world.log)
    caller.mute = False
    world.advance(1)
    assert "101 -> switch PRACK" in world.log
    assert call.status == 200
    caller.hang_up(call)
    world.assert_clean()


def test_a_caller_who_never_acknowledges_is_let_go() -> None:
    world = shop(available=False)
    caller, callee = phone(world, "101"), phone(world, "102")
    caller.dial("102", headers=(("Require", "100rel"),))
    caller.mute = True
    callee.respond(callee.calls[-1], 180)
    world.advance(33)
    assert callee.calls[-1].cancelled
    assert any("504" in line for line in world.log)
    world.assert_clean()


def test_a_device_that_rings_reliably_is_acknowledged() -> None:
    world = shop(available=False)
    call = phone(world, "101").dial("102")
    callee = phone(world, "102")
    callee.respond(callee.calls[-1], 180, reliable=True)
    assert "switch -> 102 PRACK" in world.log
    callee.answer()
    assert call.status == 200
    callee.hang_up()
    world.assert_clean()
