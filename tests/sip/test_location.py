"""Bindings: order, expiry, lost connections."""

from __future__ import annotations

from softacd.sip.location import Binding, LocationChange, LocationService
from softacd.sip.transport import Flow, Transport
from softacd.sip.uri import SipUri
from tests.playbook import PHONE, STREAM

AOR = "sip:100@example.com"
UP, DOWN = (LocationChange(AOR, True),), (LocationChange(AOR, False),)


def binding(user: str, *, flow: Flow = PHONE, expires_at: float = 100.0, q: float = 1.0, at: float = 0.0) -> Binding:
    return Binding(SipUri("sip", user, "h"), flow, expires_at, q=q, registered_at=at)


def test_the_best_come_first() -> None:
    location = LocationService()
    location.replace(AOR, [binding("a", q=0.5), binding("b", at=1.0), binding("c", at=2.0)], 0.0)
    assert [found.contact.user for found in location.bindings(AOR, 0.0)] == ["c", "b", "a"]
    assert location.bindings("sip:200@example.com", 0.0) == []


def test_reachable_is_told_when_it_changes() -> None:
    location = LocationService()
    one, two = binding("a"), binding("b")
    assert location.replace(AOR, [one], 0.0) == UP
    assert location.replace(AOR, [one, two], 0.0) == ()
    assert location.replace(AOR, [], 0.0) == DOWN
    assert location.replace(AOR, [], 0.0) == ()
    assert len(location) == 0


def test_bindings_expire_one_by_one() -> None:
    location = LocationService()
    location.replace(AOR, [binding("a", expires_at=10.0), binding("b", expires_at=20.0)], 0.0)
    assert location.next_deadline() == 10.0
    assert location.handle_deadline(9.9) == ()
    assert location.handle_deadline(10.0) == ()
    assert [found.contact.user for found in location.bindings(AOR, 10.0)] == ["b"]
    assert location.next_deadline() == 20.0
    assert location.handle_deadline(20.0) == DOWN
    assert location.next_deadline() is None


def test_an_expired_binding_is_gone_before_its_deadline_is_handled() -> None:
    location = LocationService()
    location.replace(AOR, [binding("a", expires_at=10.0)], 0.0)
    assert location.bindings(AOR, 10.0) == []
    assert location.replace(AOR, [binding("a", expires_at=50.0)], 11.0) == UP
    assert location.handle_deadline(12.0) == ()


def test_refreshes_do_not_pile_up() -> None:
    location = LocationService()
    for second in range(10_000):
        location.replace(AOR, [binding("a", expires_at=second + 3600.0)], float(second))
    assert len(location._expiries) <= 65
    assert location.handle_deadline(9_999.0 + 3_600.0) == DOWN


def test_a_lost_connection_takes_its_bindings_along() -> None:
    location = LocationService()
    location.replace(AOR, [binding("a", flow=STREAM), binding("b")], 0.0)
    assert location.remove_flow(STREAM._replace(connection=9), 1.0) == ()
    assert location.remove_flow(STREAM, 1.0) == ()
    assert [found.contact.user for found in location.bindings(AOR, 1.0)] == ["b"]
    assert location.remove_flow(PHONE._replace(transport=Transport.TCP), 1.0) == ()
    assert location.remove_flow(PHONE, 1.0) == DOWN
