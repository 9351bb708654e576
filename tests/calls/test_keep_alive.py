"""Phones behind routers are reminded, others are not; our own public address is learned from a carrier's answers."""

import msgspec

from softacd.calls.keep_alive import KeepAlive
from tests.calls.test_queue_calls import phone
from tests.calls.world import SWITCH, World, shop


def house(kind: KeepAlive = "options", seconds: float = 20.0) -> World:
    world = shop(available=False, agents=3)
    exchange = world.switch.exchange
    settings = msgspec.structs.replace(exchange.settings, keep_alive=kind, keep_alive_seconds=seconds)
    world.switch.configure(settings, tuple(exchange.queues.values()), tuple(exchange.agents.values()), world.now)
    world.settle()
    return world


def reminders(world: World, name: str) -> int:
    return sum(request.method == "OPTIONS" for request in phone(world, name).requests)


def test_a_phone_that_is_where_it_says_is_left_alone() -> None:
    world = house()
    world.advance(100)
    assert reminders(world, "101") == 0
    assert len(world.switch.services.deadlines) == 0


def test_phones_behind_routers_are_asked_once_in_an_interval() -> None:
    world = house()
    for name in ("101", "102"):
        phone(world, name).register(expires=600, contact="192.168.1.5:5060")
    world.advance(101)
    assert [reminders(world, name) for name in ("101", "102", "103")] == [5, 5, 0]
    (request, *_) = phone(world, "101").requests
    assert (request.uri.host, request.to.uri.user) == ("192.168.1.5", "101")


def test_line_ends_are_sent_instead_where_the_owner_wants_that() -> None:
    world = house("crlf")
    phone(world, "101").register(expires=600, contact="192.168.1.5:5060")
    world.log.clear()
    world.advance(61)
    assert world.log == ["switch -> 101 "] * 3
    assert reminders(world, "101") == 0


def test_nothing_is_sent_any_more_when_registrations_are_over_or_nobody_wants_it() -> None:
    world = house()
    phone(world, "101").register(expires=60, contact="192.168.1.5:5060")
    world.advance(75)
    begun = reminders(world, "101")
    assert begun == 2
    world.advance(100)
    assert reminders(world, "101") == begun
    assert len(world.switch.services.deadlines) == 0
    world = house(seconds=0.0)
    phone(world, "101").register(expires=60, contact="192.168.1.5:5060")
    assert len(world.switch.services.deadlines) == 0


def test_a_carrier_tells_where_it_sees_us_and_is_told_that_address_at_once() -> None:
    world = house()
    world.learns = True
    exchange = world.switch.exchange
    alpha = msgspec.structs.replace(exchange.settings.trunks[0], register=True, username="shop", password="secret")
    settings = msgspec.structs.replace(exchange.settings, trunks=(alpha, exchange.settings.trunks[1]))
    world.seen = ("198.18.0.9", 5060)
    world.switch.configure(settings, tuple(exchange.queues.values()), tuple(exchange.agents.values()), world.now)
    world.switch.resolved("alpha", (("198.51.100.1", 5060),), world.now)
    world.settle()
    world.advance(1)
    registers = [request for request in phone(world, "alpha").requests if request.method == "REGISTER"]
    assert [len(request.headers("Contact")) for request in registers] == [1, 2]
    first, old = registers[0].headers("Contact")[0], registers[1].headers("Contact")[1]
    assert SWITCH[0] in first
    assert "198.18.0.9" in registers[1].headers("Contact")[0]
    assert old == f"{first};expires=0"
    world.advance(100)
    assert phone(world, "alpha").registers == 2
    phone(world, "101").dial("069123456")
    invite = phone(world, "alpha").requests[-1]
    assert invite.contacts[0].uri.host == "198.18.0.9"
