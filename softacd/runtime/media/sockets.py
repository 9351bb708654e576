"""UDP sockets of streams: bound in pairs, connected to a peer, and set free of it again."""

import ctypes
import os
import socket

EXPEDITED_FORWARDING = 46 << 2
"""DSCP EF as TOS / traffic class: voice goes first (RFC 3246, RFC 4594 section 4.1)."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.connect.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
_NO_ADDRESS = socket.AF_UNSPEC.to_bytes(2, "little") + bytes(26)


def bind_udp(host: str, port: int) -> socket.socket:
    """A non-blocking UDP socket on `host`:`port`. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    try:
        udp.setblocking(False)
        if family == socket.AF_INET6:
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, EXPEDITED_FORWARDING)
        else:
            udp.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED_FORWARDING)
        udp.bind((host, port))
    except OSError:
        udp.close()
        raise
    return udp


def bind_pair(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """RTP on `port`, RTCP on the next one (RFC 3550 section 11). Raises OSError when either is taken."""
    rtp = bind_udp(host, port)
    try:
        return rtp, bind_udp(host, port + 1)
    except OSError:
        rtp.close()
        raise


def disconnect(udp: socket.socket) -> None:
    """Undo connect() on a bound UDP socket: it receives from everybody again (connect(2), AF_UNSPEC)."""
    if _libc.connect(udp.fileno(), _NO_ADDRESS, len(_NO_ADDRESS)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def discard_queued(udp: socket.socket) -> None:
    """Throw away what came before anybody was listening."""
    try:
        for _ in range(4096):
            udp.recv(1)
    except OSError:
        return


def is_reachable(udp: socket.socket, address: tuple[str, int]) -> bool:
    """Whether `address` can be sent to at all: a literal of the socket's family (a name would be looked up while all
    media waits) and a port that exists."""
    try:
        socket.inet_pton(udp.family, address[0])
    except OSError:
        return False
    return 0 < address[1] < 65_536
