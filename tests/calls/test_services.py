"""What legs share: media ports that do not run dry while phones ring."""

import pytest

from softacd.calls.services import PORTS_ASKED, PORTS_HIGH, PORTS_LOW, NoPortError, Services
from softacd.rtp.vocabulary import Port, ReservePorts, ReturnPorts
from softacd.sip.stack import SipStack


def services(ports: int) -> Services:
    made = Services(
        SipStack(token=lambda: "t"),
        node="n",
        wall=lambda now: 0,
        token=lambda: "t",
        media_host=lambda flow: "192.0.2.1",
    )
    made.offer_ports(pairs(10_000, ports))
    return made


def pairs(first: int, count: int) -> list[Port]:
    return [Port("192.0.2.1", first + 2 * index) for index in range(count)]


def test_more_ports_are_asked_for_before_the_last_is_taken_and_only_once() -> None:
    house = services(PORTS_LOW + 2)
    taken = [house.take_port() for _ in range(2)]
    assert not house.media
    taken += [house.take_port() for _ in range(20)]
    assert list(house.media) == [ReservePorts(PORTS_ASKED)]
    house.media.clear()
    house.offer_ports(pairs(20_000, PORTS_ASKED))
    taken += [house.take_port() for _ in range(PORTS_ASKED - 20)]
    assert not house.media
    house.take_port()
    taken += [house.take_port() for _ in range(5)]
    assert list(house.media) == [ReservePorts(PORTS_ASKED)]


def test_what_was_asked_for_is_given_back_when_nothing_rings() -> None:
    house = services(PORTS_LOW)
    taken = [house.take_port() for _ in range(PORTS_LOW)]
    house.offer_ports(pairs(20_000, PORTS_ASKED))
    taken += [house.take_port() for _ in range(PORTS_ASKED)]
    house.offer_ports(pairs(30_000, PORTS_ASKED))
    for port in taken:
        house.return_port(port)
    returned = [command for command in house.media if isinstance(command, ReturnPorts)]
    assert len(house.ports) == PORTS_HIGH
    assert sum(len(command.ports) for command in returned) == PORTS_LOW + PORTS_ASKED + PORTS_ASKED - PORTS_HIGH


def test_a_house_that_asked_for_nothing_keeps_what_it_was_given() -> None:
    house = services(3 * PORTS_HIGH)
    taken = [house.take_port() for _ in range(PORTS_HIGH)]
    for port in taken:
        house.return_port(port)
    assert (len(house.ports), list(house.media)) == (3 * PORTS_HIGH, [])


def test_no_port_is_an_answer() -> None:
    with pytest.raises(NoPortError) as raised:
        services(0).take_port()
    assert raised.value.status == 503
