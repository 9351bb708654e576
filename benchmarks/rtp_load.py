"""The other process of the media benchmarks: telephones. `python -m benchmarks.rtp_load`, driven over stdin/stdout.

Input, one JSON line: {"legs": n, "send": true, "sample": k}. Output: {"ports": [...]}, where each leg listens.
Input: {"targets": [port, ...], "seconds": s}. Every leg then sends 50 packets a second to its target (when `send`),
and every k-th leg measures: a packet carries the time it left in its payload. Output, one JSON line: what came and how
late.
"""

import contextlib
import json
import select
import socket
import struct
import sys
import time
from itertools import pairwise

from softacd.runtime.media.sockets import discard_queued

HOST = "127.0.0.1"
PACKET = struct.Struct("!BBHIId152x")
PACKET_SECONDS = 0.02
REST = 0.0001
"""Pause between turns: packets leave spread over time, as those of many telephones do, not in bursts."""
_when = struct.Struct("!d").unpack_from


def main() -> None:
    order = json.loads(sys.stdin.readline())
    legs = []
    for number in range(order["legs"]):
        leg = socket.socket(type=socket.SOCK_DGRAM)
        if number % order["sample"]:
            leg.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # never read: the kernel drops the rest
        leg.bind((HOST, 0))
        leg.setblocking(False)
        legs.append(leg)
    print(json.dumps({"ports": [leg.getsockname()[1] for leg in legs]}), flush=True)
    order |= json.loads(sys.stdin.readline())
    for leg, port in zip(legs, order["targets"], strict=True):
        leg.connect((HOST, port))
    print(json.dumps(_talk(legs, order)), flush=True)


def _talk(legs: list[socket.socket], order: dict[str, int]) -> dict[str, object]:
    poller = select.epoll()
    sampled = {leg.fileno(): leg for leg in legs[:: order["sample"]]}
    for descriptor in sampled:
        poller.register(descriptor, select.EPOLLIN)
    sends = [leg.send for leg in legs] if order["send"] else []
    late: list[float] = []
    arrivals: dict[int, list[float]] = {descriptor: [] for descriptor in sampled}
    buffer = bytearray(2048)
    for leg in sampled.values():
        discard_queued(leg)  # what came while nobody looked would count as late
    sent = received = turn = at = 0
    began = time.monotonic()
    end = began + order["seconds"]
    step = PACKET_SECONDS / max(len(sends), 1)
    while (now := time.monotonic()) < end:
        due = int((now - began) / step) if sends else 0
        while sent < due:
            packet = PACKET.pack(0x80, 8, turn & 0xFFFF, turn * 160, at + 1, time.monotonic())
            with contextlib.suppress(OSError):
                sends[at](packet)
            sent += 1
            at += 1
            if at == len(sends):
                at, turn = 0, turn + 1
        time.sleep(REST)
        for descriptor, _ in poller.poll(0):
            try:
                size = sampled[descriptor].recv_into(buffer)
            except OSError:
                continue
            now = time.monotonic()
            received += 1
            arrivals[descriptor].append(now)
            if sends and size == PACKET.size:
                late.append(now - _when(buffer, 12)[0])
    late.sort()
    gaps = sorted(
        abs(after - before - PACKET_SECONDS) for times in arrivals.values() for before, after in pairwise(times)
    )
    return {
        "sent": sent,
        "received": received,
        "legs": len(legs),
        "sampled": len(sampled),
        "late_ms": {name: _percentile(late, share) * 1000 for name, share in (("p50", 0.5), ("p99", 0.99))},
        "gap_ms": {name: _percentile(gaps, share) * 1000 for name, share in (("p50", 0.5), ("p99", 0.99))},
    }


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


if __name__ == "__main__":
    main()
