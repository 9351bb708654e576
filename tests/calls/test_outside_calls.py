"""Calls that leave by carriers: who is shown, who is tried next, what is never refused."""

from typing import Any

import msgspec
import pytest

from softacd.calls.model import DialPlan
from softacd.calls.records import CallEvent
from softacd.sip.message import Request
from tests.calls.test_queue_calls import phone
from tests.calls.world import World, shop

NUMBER = "069123456"


def outside_shop(
    *, phone_101: dict[str, Any] | None = None, alpha: dict[str, Any] | None = None, **dial_plan: Any
) -> World:
    """The shop; settings of phone 101, of trunk alpha and of the dial plan may be given."""
    world = shop(available=False, dial_plan=DialPlan(outside=("0XXXXXXXX",), **dial_plan))
    exchange = world.switch.exchange
    settings = msgspec.structs.replace(
        exchange.settings,
        phones=tuple(
            msgspec.structs.replace(entry, **(phone_101 or {})) if entry.extension == "101" else entry
            for entry in exchange.settings.phones
        ),
        trunks=tuple(
            msgspec.structs.replace(trunk, **(alpha or {})) if trunk.name == "alpha" else trunk
            for trunk in exchange.settings.trunks
        ),
    )
    world.switch.configure(settings, tuple(exchange.queues.values()), tuple(exchange.agents.values()), world.now)
    for name, address in (("alpha", "198.51.100.1"), ("beta", "198.51.100.2")):
        world.switch.resolved(name, ((address, 5060),), world.now)
    world.settle()
    return world


def notes(world: World, kind: str) -> list[str]:
    return [record.detail for record in world.records if isinstance(record, CallEvent) and record.kind == kind]


@pytest.mark.parametrize(("refusal", "told"), [(401, 403), (407, 403), (302, 480), (420, 500), (404, 404), (503, 503)])
def test_what_concerns_our_own_request_alone_is_not_handed_on(refusal: int, told: int) -> None:
    """A 401 handed on would make the phone prove its password, and call again, for ever."""
    world = outside_shop(trunks=("alpha",))
    call = phone(world, "101").dial(NUMBER)
    alpha = phone(world, "alpha")
    alpha.respond(alpha.calls[-1], refusal)
    assert call.status == told
    (record,) = world.calls()
    assert record.cause == told
    assert notes(world, "trunk-failed") == ([f"alpha: {refusal}"] if refusal in (401, 407, 503) else [])
    world.assert_clean()


# --- who is shown --------------------


def test_a_phone_shows_its_own_number_where_the_trunk_owns_it() -> None:
    numbers = ("+37322000111", "+37322000112")
    world = outside_shop(phone_101={"caller_id": "+37322000112"}, alpha={"numbers": numbers})
    phone(world, "101").dial(NUMBER)
    assert phone(world, "alpha").requests[-1].from_.uri.user == "+37322000112"


def test_on_fail_over_the_number_becomes_one_of_the_next_trunk() -> None:
    world = outside_shop(phone_101={"caller_id": "37322000111"})
    phone(world, "101").dial(NUMBER)
    alpha, beta = phone(world, "alpha"), phone(world, "beta")
    assert alpha.requests[-1].from_.uri.user == "37322000111"
    alpha.respond(alpha.calls[-1], 503)
    assert beta.requests[-1].from_.uri.user == "37322000222", "only numbers the trunk owns leave by it"


def test_a_number_nobody_owns_never_leaves() -> None:
    world = outside_shop(phone_101={"caller_id": "+37399999999"})
    phone(world, "101").dial(NUMBER)
    assert "37399999999" not in str(phone(world, "alpha").requests[-1].fields)


def test_a_trunk_that_wants_it_is_told_by_p_asserted_identity() -> None:
    world = outside_shop(alpha={"identity": "asserted"})
    phone(world, "101").dial(NUMBER)
    request = phone(world, "alpha").requests[-1]
    assert request.headers("P-Asserted-Identity") == ["<sip:37322000111@198.51.100.1>"]
    assert request.header("Privacy") is None


def test_a_phone_that_asks_for_privacy_is_anonymous_and_the_carrier_still_knows_who_pays() -> None:
    world = outside_shop()
    phone(world, "101").dial(NUMBER, headers=(("Privacy", "id"),))
    request = phone(world, "alpha").requests[-1]
    assert (request.from_.uri.user, request.from_.uri.host) == ("anonymous", "anonymous.invalid")
    assert request.headers("P-Asserted-Identity") == ["<sip:37322000111@198.51.100.1>"]
    assert request.header("Privacy") == "id"


def test_a_trunk_may_not_want_to_hear_of_diversions() -> None:
    world = outside_shop(alpha={"diversion": False})
    world.switch.exchange.phone_book.choose("102", world.now, forward_always=NUMBER)
    phone(world, "101").dial("102")
    assert phone(world, "alpha").requests[-1].header("Diversion") is None


# --- who is tried next --------------------


def test_no_answer_of_any_kind_within_three_seconds() -> None:
    world = outside_shop()
    phone(world, "alpha").mute = True
    phone(world, "101").dial(NUMBER)
    world.advance(2.9)
    assert not phone(world, "beta").calls
    world.advance(0.2)
    assert phone(world, "beta").calls
    assert notes(world, "trunk-failed") == ["alpha: 408"]


def test_trying_but_no_ringing_within_eight_seconds() -> None:
    world = outside_shop()
    phone(world, "101").dial(NUMBER)  # the carrier's stack answers 100 by itself
    world.advance(7.9)
    assert not phone(world, "beta").calls
    world.advance(0.2)
    assert phone(world, "beta").calls
    assert phone(world, "alpha").calls[-1].cancelled


def test_ringing_is_waited_for() -> None:
    world = outside_shop()
    phone(world, "101").dial(NUMBER)
    alpha = phone(world, "alpha")
    alpha.respond(alpha.calls[-1], 180)
    world.advance(50)
    assert not phone(world, "beta").calls


# --- what is never refused, and what is --------------------


@pytest.mark.parametrize("dialled", ["112"])
def test_an_emergency_leaves_whatever_else_is_closed(dialled: str) -> None:
    world = outside_shop(
        phone_101={"outside": False}, outside_prefix="9", outside_calls_an_hour=1, outside_calls_at_once=1,
        alpha={"channels": 1},
    )  # fmt: skip
    phone(world, "102").dial(f"9{NUMBER}")
    for _ in range(3):
        phone(world, "101").dial(dialled)
    asked = [request.uri.user for request in phone(world, "alpha").requests if request.method == "INVITE"]
    assert asked == [NUMBER, *[dialled] * 3]


def test_a_phone_that_calls_too_much_is_stopped_and_it_is_noted() -> None:
    world = outside_shop(outside_calls_an_hour=2)
    for expected in (486, 486, 403):
        call = phone(world, "101").dial(NUMBER)
        alpha = phone(world, "alpha")
        if not alpha.calls[-1].over:
            alpha.respond(alpha.calls[-1], 486)
        assert call.status == expected
    assert notes(world, "toll-guard") == ["101 has made 2 outside calls within an hour"]
    assert phone(world, "102").dial(NUMBER).status == 0, "another phone may"


def test_forwarded_calls_are_the_forwarder_s() -> None:
    world = outside_shop(outside_calls_at_once=1)
    world.switch.exchange.phone_book.choose("102", world.now, forward_always=NUMBER)
    phone(world, "101").dial("102")
    assert phone(world, "103").dial("102").status == 403
    assert phone(world, "103").dial(NUMBER).status == 0


# --- the way there --------------------


def registering(**alpha: Any) -> World:
    """Alpha wants us registered, and is reached as `alpha` says."""
    return outside_shop(alpha={"register": True, "username": "shop", "password": "secret", **alpha})


def registers(world: World) -> list[Request]:
    return [request for request in phone(world, "alpha").requests if request.method == "REGISTER"]


def test_all_goes_through_the_outbound_proxy() -> None:
    world = registering(host="carrier.test", proxy="198.51.100.1", port=5070, keep_alive_seconds=30)
    phone(world, "101").dial(NUMBER)
    sent = phone(world, "alpha").requests
    assert {request.method for request in sent} == {"REGISTER", "OPTIONS", "INVITE"}
    assert {tuple(request.headers("Route")) for request in sent} == {("<sip:198.51.100.1:5070;lr>",)}
    assert {request.uri.host for request in sent} == {"carrier.test"}
    assert {request.uri.port for request in sent} == {None}, "the port is the proxy's"


def test_the_way_the_registrar_tells_is_taken() -> None:
    world = registering(proxy="198.51.100.1")
    alpha = phone(world, "alpha")
    alpha.granted = (("Service-Route", "<sip:edge.carrier.test;lr>"), ("Service-Route", "<sip:core.carrier.test;lr>"))
    world.advance(300)  # at the next refresh
    phone(world, "101").register()
    phone(world, "101").dial(NUMBER)
    assert registers(world)[-1].headers("Route") == ["<sip:198.51.100.1;lr>"]
    assert alpha.requests[-1].headers("Route") == ["<sip:edge.carrier.test;lr>", "<sip:core.carrier.test;lr>"]
