"""Sockets of streams: free of a peer again, and empty."""

import socket
from collections.abc import Iterator

import pytest

from softacd.runtime.media.sockets import bind_pair, bind_udp, discard_queued, disconnect, is_reachable


@pytest.fixture
def three() -> Iterator[list[socket.socket]]:
    made = [bind_udp("127.0.0.1", 0) for _ in range(3)]
    for udp in made:
        udp.settimeout(2)
    yield made
    for udp in made:
        udp.close()


def test_a_socket_set_free_hears_everybody_on_the_same_port(three: list[socket.socket]) -> None:
    _, ann, bob = three
    address = ("127.0.0.1", 43_110)
    ours = bind_udp(*address)  # asked for: a port drawn by the kernel is lost when the peer is
    ours.settimeout(2)
    ours.connect(ann.getsockname())
    bob.sendto(b"stranger", address)
    ann.sendto(b"peer", address)
    assert ours.recv(100) == b"peer"
    disconnect(ours)
    assert ours.getsockname() == address
    bob.sendto(b"bob", address)
    assert ours.recvfrom(100) == (b"bob", bob.getsockname())
    disconnect(ours)  # and once more does no harm
    ours.close()


def test_what_was_queued_is_thrown_away(three: list[socket.socket]) -> None:
    ours, ann, _ = three
    for _ in range(10):
        ann.sendto(b"old", ours.getsockname())
    ours.setblocking(False)
    discard_queued(ours)
    ann.sendto(b"new", ours.getsockname())
    assert ours.recv(100) == b"new"


def test_a_pair_that_is_half_taken_leaves_nothing_open() -> None:
    taken = bind_udp("127.0.0.1", 43_101)
    with pytest.raises(OSError, match="in use"):
        bind_pair("127.0.0.1", 43_100)
    taken.close()
    for udp in bind_pair("127.0.0.1", 43_100):
        udp.close()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (("127.0.0.1", 4000), True),
        (("phone.example.com", 4000), False),
        (("::1", 4000), False),
        (("127.0.0.1", 0), False),
        (("127.0.0.1", 65_536), False),
    ],
)
def test_what_can_be_sent_to(three: list[socket.socket], address: tuple[str, int], expected: bool) -> None:
    assert is_reachable(three[0], address) is expected


def test_voice_goes_first(three: list[socket.socket]) -> None:
    assert three[0].getsockopt(socket.IPPROTO_IP, socket.IP_TOS) == 46 << 2
