"""Ports bound ahead of need."""

import errno
import random
import socket
from collections.abc import Iterator

import pytest

from softacd.rtp.model import MediaSettings
from softacd.rtp.vocabulary import Port
from softacd.runtime.media.reservoir import Reservoir

SETTINGS = MediaSettings(port_low=43_001, port_high=43_020, reservoir=4)


@pytest.fixture
def reservoir() -> Iterator[Reservoir]:
    made = Reservoir(SETTINGS, random.Random(1))
    yield made
    made.close()


def test_pairs_are_even_and_odd_within_the_range(reservoir: Reservoir) -> None:
    ports = reservoir.fill()
    assert len(ports) == 4
    assert not reservoir.short
    for port in ports:
        assert port.rtp % 2 == 0
        assert 43_002 <= port.rtp <= 43_018
        pair = reservoir.take(port)
        assert pair is not None
        assert [udp.getsockname() for udp in pair] == [("127.0.0.1", port.rtp), ("127.0.0.1", port.rtp + 1)]
        reservoir.give_back(port.rtp, pair)


def test_a_port_is_taken_once_and_only_if_offered(reservoir: Reservoir) -> None:
    port = reservoir.fill()[0]
    pair = reservoir.take(port)
    assert pair is not None
    assert reservoir.take(port) is None
    assert reservoir.take(Port("127.0.0.1", 9)) is None
    assert reservoir.take(Port("192.0.2.1", reservoir.fill()[0].rtp)) is None
    assert (reservoir.taken, len(reservoir)) == (1, 4)
    reservoir.give_back(port.rtp, pair)
    assert reservoir.taken == 0


def test_a_port_given_back_is_offered_last(reservoir: Reservoir) -> None:
    first = reservoir.fill(1)[0]
    pair = reservoir.take(first)
    assert pair is not None
    reservoir.give_back(first.rtp, pair)
    offered: list[int] = []
    while len(offered) < 9:  # all the range
        port = reservoir.fill(1)[0]
        offered.append(port.rtp)
        taken = reservoir.take(port)
        assert taken is not None
        reservoir.give_back(port.rtp, taken)
    assert offered.index(first.rtp) == 8


def test_ports_of_other_programs_are_passed_over(reservoir: Reservoir) -> None:
    others = []
    for port in range(43_003, 43_013, 2):  # the RTCP port is taken, which spoils the pair
        udp = socket.socket(type=socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", port))
        others.append(udp)
    assert sorted(port.rtp for port in reservoir.fill()) == [43_012, 43_014, 43_016, 43_018]
    for udp in others:
        udp.close()


def test_an_address_of_another_machine_is_an_error() -> None:
    elsewhere = Reservoir(
        MediaSettings(host="192.0.2.1", port_low=43_002, port_high=43_020, reservoir=4), random.Random(1)
    )
    with pytest.raises(OSError, match="annot assign") as caught:
        elsewhere.fill()
    assert caught.value.errno == errno.EADDRNOTAVAIL


def test_more_than_the_target_is_bound_when_asked_for_and_closed_when_returned(reservoir: Reservoir) -> None:
    offered = list(reservoir.fill())
    reservoir.reserve(3)
    assert reservoir.short
    offered += reservoir.fill()
    assert (len(offered), len(reservoir)) == (7, 7)
    assert reservoir.fill() == ()
    reservoir.release(offered[:3])
    assert (len(reservoir), reservoir.short, reservoir.taken) == (4, False, 0)
    assert reservoir.take(offered[0]) is None
    reservoir.release(offered[:3])  # a second time: nothing
    assert len(reservoir) == 4


def test_what_the_range_lacks_is_bound_as_soon_as_it_is_free(reservoir: Reservoir) -> None:
    reservoir.reserve(100)
    offered = reservoir.fill()
    assert len(offered) == 9
    assert reservoir.fill() == ()
    pair = reservoir.take(offered[0])
    assert pair is not None
    reservoir.give_back(offered[0].rtp, pair)
    assert reservoir.short
    (again,) = reservoir.fill()
    assert again == offered[0]
