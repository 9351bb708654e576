"""Calls that leave by carriers: who is shown, who is tried next, what is never refused."""

from typing import Any

import msgspec
import pytest

from softacd.acd.vocabulary import Status
from softacd.calls.diversion import diverted
from softacd.calls.model import AccountSettings, DialPlan
from softacd.calls.records import CallEvent, CallRecord
from softacd.calls.ring import Ring
from softacd.sip.message import Request
from softacd.sip.registration_table import RegistrationState
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


def forwarded_out(diversion: str) -> Request:
    """101 calls 102, whose calls go to an outside number; the INVITE the carrier gets."""
    world = outside_shop(alpha={"diversion": diversion})
    world.switch.exchange.phone_book.choose("102", world.now, forward_busy=NUMBER)
    phone(world, "101").dial("102")
    phone(world, "102").respond(phone(world, "102").calls[-1], 486)
    return phone(world, "alpha").requests[-1]


OURS = "<sip:37322000111@198.51.100.1>"


@pytest.mark.parametrize(
    ("wanted", "diversion", "history"),
    [
        ("diversion", f"{OURS};reason=user-busy", None),
        ("history-info", None, f"{OURS};index=1, <sip:{NUMBER}@198.51.100.1;cause=486>;index=1.1;mp=1"),
        ("off", None, None),
    ],
)
def test_a_trunk_is_told_of_diversions_in_its_words(wanted: str, diversion: str | None, history: str | None) -> None:
    request = forwarded_out(wanted)
    assert request.header("Diversion") == diversion
    assert request.header("History-Info") == history


def test_both_say_the_same() -> None:
    request = forwarded_out("both")
    assert [(one.extension, one.why) for one in diverted(request)] == [("37322000111", "user-busy")]
    del request.fields["diversion"]
    assert [(one.extension, one.why) for one in diverted(request)] == [("37322000111", "user-busy")]


@pytest.mark.parametrize(
    "headers",
    [
        (("Diversion", "<sip:022333444@c.test>;reason=no-answer;counter=1, <sip:022555@c.test>;reason=unconditional"),),
        (
            ("History-Info", "<sip:022555@c.test>;index=1"),
            ("History-Info", "<sip:022333444@c.test;cause=302>;index=1.1;mp=1, <sip:x@c.test;cause=408>;index=1.1.1"),
        ),
    ],
)
def test_who_sent_a_call_to_us_is_noted_and_phones_see_it(headers: tuple[tuple[str, str], ...]) -> None:
    world = outside_shop()
    phone(world, "alpha").dial("37322000111", headers=headers)
    assert notes(world, "diverted") == ["by 022333444: no-answer"]
    world.press(max(world.open_streams), "1")
    world.finish_play()
    world.switch.desk.set_status("a1", Status.AVAILABLE, "", world.now)
    world.switch.settle(world.now)
    world.settle()
    assert phone(world, "101").requests[-1].headers("Diversion") == [
        "<sip:022333444@shop.test>;reason=no-answer",
        "<sip:022555@shop.test>;reason=unconditional",
    ]


def test_what_cannot_be_read_says_nothing() -> None:
    world = outside_shop()
    call = phone(world, "alpha").dial("37322000111", headers=(("Diversion", "<sip:"), ("History-Info", ",,;")))
    assert call.status == 200
    assert notes(world, "diverted") == []


def test_a_call_forwarded_round_and_round_through_carriers_ends() -> None:
    world = outside_shop()
    world.switch.exchange.phone_book.choose("101", world.now, forward_always=NUMBER)
    loop = ", ".join(f"<sip:0{number}@c.test>;reason=unconditional" for number in range(5))
    phone(world, "alpha").dial("37322000111", headers=(("Diversion", loop),))
    call = next(iter(world.switch.exchange.calls.values()))
    call.begin(Ring.extension(call, "101", 20.0), world.now)
    world.settle()
    assert notes(world, "forward-loop")
    assert not phone(world, "beta").calls


# --- several accounts --------------------


def two_accounts() -> World:
    second = AccountSettings("second", "word", numbers=("+37322000999",))
    return registering(accounts=(second,))


def test_each_account_registers_and_its_calls_are_its_numbers() -> None:
    world = two_accounts()
    alpha = phone(world, "alpha")
    assert [request.to.uri.user for request in registers(world)] == ["shop", "second"]
    contacts = [request.contacts[0].uri.user for request in registers(world)]
    assert len(set(contacts)) == 2
    for contact, number in zip(contacts, ("37322000111", "+37322000999"), strict=True):
        alpha.dial(contact)
        assert [record for record in world.records if isinstance(record, CallRecord)][-1].called == number


def test_a_call_leaves_by_the_account_whose_number_is_shown() -> None:
    world = two_accounts()
    contacts = [request.contacts[0].uri.user for request in registers(world)]
    alpha = phone(world, "alpha")
    for caller_id, contact in (("", contacts[0]), ("+37322000999", contacts[1])):
        phones = tuple(
            msgspec.structs.replace(entry, caller_id=caller_id) if entry.extension == "101" else entry
            for entry in world.switch.exchange.settings.phones
        )
        exchange = world.switch.exchange
        settings = msgspec.structs.replace(exchange.settings, phones=phones)
        world.switch.configure(settings, tuple(exchange.queues.values()), tuple(exchange.agents.values()), world.now)
        call = phone(world, "101").dial(NUMBER)
        invite = alpha.requests[-1]
        assert invite.contacts[0].uri.user == contact
        assert invite.from_.uri.user == (caller_id or "37322000111")
        phone(world, "101").cancel(call)


def test_a_trunk_is_up_while_one_of_its_accounts_is() -> None:
    world = two_accounts()
    trunk = world.switch.exchange.trunks["alpha"]
    assert trunk.state == "registered"
    first, second = (account.registration for account in trunk.accounts)
    assert first is not None
    assert second is not None
    first.state, first.cause = RegistrationState.REJECTED, "403 Forbidden"
    assert (trunk.state, trunk.cause) == ("registered", "shop: 403 Forbidden")
    assert trunk.obstacle(world.now) == ""


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
