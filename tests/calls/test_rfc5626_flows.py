"""RFC 5626 section 9: Bob keeps two flows alive, through two edge proxies, and one of them crashes."""

import pytest

from softacd.sip.headers import NameAddress
from tests.calls.test_queue_calls import phone
from tests.calls.world import DOMAIN, Peer, World, shop

BOB = "<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>"


def register(proxy: Peer, reg_id: int, *, path: str = ";ob", supported: str = "path, outbound") -> None:
    """Bob registers by this proxy; the contact is the same by whichever."""
    identity = NameAddress.parse(f"<sip:102@{DOMAIN}>")
    contact = f'<sip:102@10.0.0.9;transport=tcp;ob>;reg-id={reg_id};+sip.instance="{BOB}"'
    proxy.stack.request(
        "REGISTER",
        uri=f"sip:{DOMAIN}",
        flow=proxy.flow,
        from_=identity,
        to=identity,
        headers=(("Contact", contact), ("Supported", supported), ("Path", f"<sip:{proxy.name}.example.com;lr{path}>")),
        credentials=proxy.credentials,
        now=proxy.world.now,
    )
    proxy.world.settle()


def two_flows() -> tuple[World, Peer, Peer]:
    """Section 9.2: registered by both proxies, EP2 last."""
    world = shop(agents=2, available=False)
    phone(world, "102").register(expires=0)
    proxies = []
    for number in (1, 2):
        proxy = world.peer(f"ep{number}", (f"192.0.2.{80 + number}", 5060), "secret")
        proxy.credentials = phone(world, "102").credentials
        register(proxy, number)
        world.advance(1.0)
        proxies.append(proxy)
    world.log.clear()
    return world, proxies[0], proxies[1]


def test_both_flows_are_kept_and_the_phone_is_told_that_they_are() -> None:
    world, first, second = two_flows()
    assert [proxy.responses[-1].header("Require") for proxy in (first, second)] == ["outbound", "outbound"]
    contacts = list(second.responses[-1].headers("Contact"))
    assert len(contacts) == 2
    assert all(f'+sip.instance="{BOB}"' in contact for contact in contacts)
    register(first, 1)
    bindings = world.switch.location.bindings(f"sip:102@{DOMAIN}", world.now)
    assert sorted(binding.reg_id for binding in bindings) == [1, 2], "re-registered, not added (section 9.4)"


def test_an_incoming_call_takes_the_newest_flow_alone() -> None:
    world, first, second = two_flows()
    call = phone(world, "101").dial("102")
    assert len(second.calls) == 1
    assert not first.calls, "one device rings once"
    second.answer()
    assert call.status == 200
    second.hang_up()
    assert call.over


@pytest.mark.parametrize("crash", ["430", "silence"])
def test_a_proxy_that_has_crashed_is_passed_by(crash: str) -> None:
    """Section 9.3: the proxy has lost the flow and says 430; or it says nothing at all."""
    world, first, second = two_flows()
    second.mute = crash == "silence"
    if crash == "430":
        second.behaviour = lambda peer, ring, now: peer.respond(ring, 430)
    call = phone(world, "101").dial("102")
    if crash == "silence":
        world.advance(32.5)
    assert len(first.calls) == 1
    first.answer()
    assert call.status == 200


def test_who_declines_is_not_rung_by_the_other_flow() -> None:
    world, first, second = two_flows()
    call = phone(world, "101").dial("102")
    second.respond(second.calls[-1], 486)
    assert call.status == 486
    assert not first.calls


@pytest.mark.parametrize(("path", "supported"), [("", "path, outbound"), (";ob", "path")])
def test_without_a_proxy_that_can_or_a_phone_that_wants_it_is_a_contact_like_any(path: str, supported: str) -> None:
    world = shop(agents=2, available=False)
    phone(world, "102").register(expires=0)
    proxy = world.peer("ep1", ("192.0.2.81", 5060), "secret")
    proxy.credentials = phone(world, "102").credentials
    register(proxy, 1, path=path, supported=supported)
    world.advance(1.0)
    register(proxy, 2, path=path, supported=supported)
    assert proxy.responses[-1].header("Require") is None
    assert len(world.switch.location.bindings(f"sip:102@{DOMAIN}", world.now)) == 1
