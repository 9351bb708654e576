"""Packets handed to the kernel all at once: each by its own socket, in order, and failures counted."""

import socket
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest

from softacd.runtime.media import uring
from softacd.runtime.media.uring import Ring, open_ring

PACKETS = 40
LENGTH = 12


@pytest.fixture
def ring() -> Iterator[Ring]:
    if open_ring() is None:
        pytest.skip("this kernel has no io_uring for us")
    made = Ring(16)
    yield made
    made.close()


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    made = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(PACKETS)]
    yield made
    for pair in made:
        for end in pair:
            end.close()


def _volley(pairs: list[tuple[socket.socket, socket.socket]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A matrix of packets, the sockets they go by, and where they lie."""
    matrix = np.arange(len(pairs) * LENGTH, dtype=np.uint8).reshape(len(pairs), LENGTH)
    handles = np.array([near.fileno() for near, _ in pairs], np.int32)
    return matrix, handles, matrix.ctypes.data + np.arange(len(pairs), dtype=np.uint64) * LENGTH


def test_more_packets_than_there_are_places(ring: Ring, pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    matrix, handles, addresses = _volley(pairs)
    for turn in range(5):  # the queue goes round, and its places are used again
        matrix += np.uint8(turn)
        assert ring.send(handles, addresses, LENGTH) == PACKETS
        assert [far.recv(64) for _, far in pairs] == [row.tobytes() for row in matrix]
    assert ring.errors == 0
    assert ring.send(handles[:0], addresses[:0], LENGTH) == 0


def test_what_cannot_be_sent_is_counted_and_stops_nobody(
    ring: Ring, pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    matrix, handles, addresses = _volley(pairs)
    for _, far in pairs[::10]:
        far.close()
    handles[5] = -1
    assert ring.send(handles, addresses, LENGTH) == PACKETS
    assert ring.errors == 5
    assert pairs[-1][1].recv(64) == matrix[-1].tobytes()


def test_a_full_socket_does_not_hold_the_others_up(
    ring: Ring, pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    _, handles, addresses = _volley(pairs)
    pairs[0][0].setblocking(False)
    with suppress(BlockingIOError):
        for _ in range(100_000):
            pairs[0][0].send(b"x" * LENGTH)
    assert ring.send(handles, addresses, LENGTH) == PACKETS
    assert ring.errors == 1


def test_a_kernel_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(number: int, *arguments: int) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(uring, "_call", refuse)
    assert open_ring() is None
