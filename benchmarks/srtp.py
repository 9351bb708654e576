"""What it costs to encrypt a voice: packets closed and opened by our channel, beside the C library alone.

A call between two encrypted legs opens and closes each packet once: 200 such steps a second.
`python -m benchmarks.srtp [packets]`
"""

import sys

from pylibsrtp import Policy, Session

from benchmarks.harness import Figures, figure, table
from benchmarks.voice import PACKETS, cpu_per_packet, profile
from softacd.rtp.packet import Packet
from softacd.rtp.vocabulary import SrtpKeys
from softacd.runtime.media.secure import SecureChannel

LIMIT = "libsrtp alone"
SUITE = "AES_CM_128_HMAC_SHA1_80"
ONE, OTHER = bytes(30), bytes(range(30))
STEPS_A_CALL = 4 * PACKETS
"""Each leg opens 50 packets a second and closes as many."""


def _packets(count: int) -> list[bytes]:
    return [
        Packet(8, number & 0xFFFF, 160 * number & 0xFFFF_FFFF, 5, bytes(160)).build() for number in range(1, count + 1)
    ]


class Ours:
    """Two ends of a leg."""

    def __init__(self, packets: int) -> None:
        self._near = SecureChannel(SrtpKeys(SUITE, ONE, OTHER))
        self._far = SecureChannel(SrtpKeys(SUITE, OTHER, ONE))
        self._buffer = bytearray(2048)
        self._count = packets
        self._next = 0

    def work(self) -> None:
        """Close and open some packets."""
        near, far, buffer = self._near, self._far, self._buffer
        for number in range(self._next, self._next + self._count):
            packet = Packet(8, number & 0xFFFF, 160 * number & 0xFFFF_FFFF, 5, bytes(160)).build()
            closed = near.close(packet)
            buffer[: len(closed)] = closed
            if not far.open(buffer, len(closed)):
                raise RuntimeError("the other end did not believe its own key")
        self._next += self._count


class Library:
    """The same by the library, as Python calls it."""

    def __init__(self, packets: int) -> None:
        self._protect = self._session(Policy.SSRC_ANY_OUTBOUND).protect
        self._unprotect = self._session(Policy.SSRC_ANY_INBOUND).unprotect
        self._count = packets
        self._next = 0

    def _session(self, direction: int) -> Session:
        return Session(
            policy=Policy(key=OTHER, ssrc_type=direction, srtp_profile=Policy.SRTP_PROFILE_AES128_CM_SHA1_80)
        )

    def work(self) -> None:
        """Protect and unprotect some packets."""
        for number in range(self._next, self._next + self._count):
            packet = Packet(8, number & 0xFFFF, 160 * number & 0xFFFF_FFFF, 5, bytes(160)).build()
            self._unprotect(self._protect(packet))
        self._next += self._count


def run(packets: int = 5000) -> Figures:
    """Measure `packets` packets, closed and opened."""
    ours, library = Ours(packets), Library(packets)
    building = cpu_per_packet(lambda: _packets(packets), 2 * packets)
    each = cpu_per_packet(ours.work, 2 * packets) - building
    floor = cpu_per_packet(library.work, 2 * packets) - building
    call = STEPS_A_CALL * each
    return {
        "srtp_cpu_per_packet": figure(each, "us", beside=floor, ratio_to=LIMIT),
        "srtp_cpu_per_call_second": figure(call / 1000, "ms"),
        "srtp_calls_per_core": figure(1e6 / call, "calls", better="higher"),
        "library_cpu_per_packet": figure(floor, "us"),
        **profile(ours.work),
    }


if __name__ == "__main__":
    print(table(run(*map(int, sys.argv[1:]))))
