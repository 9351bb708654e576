"""The order in which a domain's servers are tried."""

from collections import Counter
from random import Random

from softacd.sip.locating import Naptr, Service, choose_services, order_services
from softacd.sip.transport import Transport

ALL = (Transport.UDP, Transport.TCP, Transport.TLS)


def test_the_domains_preference_decides_among_what_we_have() -> None:
    # the example of RFC 3263 section 4.1, and what cannot be used beside it
    records = [
        Naptr(90, 50, "s", "SIP+D2T", "_sip._tcp.example.com"),
        Naptr(100, 50, "s", "SIP+D2U", "_sip._udp.example.com"),
        Naptr(50, 50, "s", "SIPS+D2T", "_sips._tcp.example.com"),
        Naptr(10, 10, "s", "SIP+D2S", "_sip._sctp.example.com"),
        Naptr(10, 10, "u", "SIP+D2U", "elsewhere.example.com"),
    ]
    assert choose_services(records, ALL) == [
        (Transport.TLS, "_sips._tcp.example.com"),
        (Transport.TCP, "_sip._tcp.example.com"),
        (Transport.UDP, "_sip._udp.example.com"),
    ]
    assert choose_services(records, (Transport.UDP,)) == [(Transport.UDP, "_sip._udp.example.com")]
    assert choose_services([], ALL) == []


def test_lower_priorities_come_first_whatever_their_weight() -> None:
    records = [Service(20, 1000, 5060, "backup"), Service(10, 0, 5060, "first"), Service(30, 9, 5060, "last")]
    for seed in range(20):
        assert [s.target for s in order_services(records, Random(seed).random)] == ["first", "backup", "last"]


def test_equals_are_drawn_by_weight() -> None:
    records = [Service(10, 60, 5060, "big"), Service(10, 30, 5060, "middle"), Service(10, 10, 5060, "small")]
    draw = Random(1).random
    firsts = Counter(order_services(records, draw)[0].target for _ in range(10_000))
    assert 0.57 < firsts["big"] / 10_000 < 0.63
    assert 0.27 < firsts["middle"] / 10_000 < 0.33
    assert 0.08 < firsts["small"] / 10_000 < 0.12
    assert all(len(order_services(records, draw)) == 3 for _ in range(10))


def test_without_weights_all_are_still_there() -> None:
    records = [Service(1, 0, 5060, "a"), Service(1, 0, 5060, "b")]
    assert sorted(s.target for s in order_services(records, lambda: 0.5)) == ["a", "b"]
    assert order_services([], lambda: 0.5) == []
