"""RFC 3327 section 5.5: a phone registers through a proxy, and its calls go back through it."""

from softacd.sip.headers import NameAddress
from softacd.sip.message import Request
from tests.calls.test_queue_calls import phone
from tests.calls.world import DOMAIN, Peer, World, shop

P1, P2 = "<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"


def behind_proxies(*path: str) -> tuple[World, Peer]:
    """Phone 102 has registered by a proxy, whose address is all the switch sees of it."""
    world = shop(agents=2, available=False)
    phone(world, "102").register(expires=0)
    proxy = world.peer("proxy", ("192.0.2.77", 5060), "secret")
    proxy.credentials = phone(world, "102").credentials
    identity = NameAddress.parse(f"<sip:102@{DOMAIN}>")
    proxy.stack.request(
        "REGISTER",
        uri=f"sip:{DOMAIN}",
        flow=proxy.flow,
        from_=identity,
        to=identity,
        headers=(
            ("Contact", "<sip:102@10.0.0.9:5060>"),
            ("Supported", "path"),
            *(("Path", value) for value in path),
        ),
        credentials=proxy.credentials,
        now=world.now,
    )
    world.settle()
    world.log.clear()
    return world, proxy


def invite(proxy: Peer) -> Request:
    return next(request for request in proxy.requests if request.method == "INVITE")


def test_the_path_is_kept_and_told_in_the_answer() -> None:
    _, proxy = behind_proxies(P2, P1)
    answer = proxy.responses[-1]
    assert answer.status == 200
    assert list(answer.headers("Path")) == [P2, P1]


def test_a_call_goes_by_the_path_to_the_contact_that_only_the_proxy_can_reach() -> None:
    world, proxy = behind_proxies(P2, P1)
    call = phone(world, "101").dial("102")
    asked = invite(proxy)
    assert list(asked.headers("Route")) == [P2, P1]
    assert str(asked.uri) == "sip:102@10.0.0.9:5060"
    proxy.answer()
    assert call.status == 200
    proxy.hang_up()
    assert call.over


def test_without_a_path_the_call_goes_where_the_registration_came_from() -> None:
    world, proxy = behind_proxies()
    phone(world, "101").dial("102")
    assert list(invite(proxy).headers("Route")) == []
