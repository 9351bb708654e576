"""What browsers cost the media engine: CPU of a G.711 leg with checks, DTLS-SRTP and RTCP on one port; of a handshake.

Browsers talk in pairs, each played by sockets of this process; the same number of plain legs in the same run is the
yardstick. Only the engine's own threads are counted. `python -m benchmarks.webrtc [seconds] [legs]`
"""

import select
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.harness import Figures, figure, table
from softacd.rtp import stun
from softacd.rtp.model import MediaSettings
from softacd.rtp.packet import Packet
from softacd.rtp.vocabulary import (
    AnyCommand,
    Bridge,
    Codec,
    DtlsPeer,
    IceCredentials,
    OpenStream,
    Port,
    PortsOffered,
    SetRemote,
)
from softacd.runtime.media.clips import ClipLibrary
from softacd.runtime.media.dtls import Association, Identity, State
from softacd.runtime.media.engine import MediaEngine
from softacd.runtime.media.secure import SecureChannel

HOST = "127.0.0.1"
PCMA = Codec("PCMA", 8)
PLAIN = "plain leg"
ROUNDS = 3
PACKET_SECONDS = 0.02
IDENTITY = Identity.create()


def peer(fingerprint: str, *, active: bool) -> DtlsPeer:
    """Who shows the certificate with this a=fingerprint value."""
    name, _, digest = fingerprint.partition(" ")
    return DtlsPeer(((name, bytes.fromhex(digest.replace(":", ""))),), active)


class Engine:
    """A media engine in this process, so that its threads can be told apart, with its ports."""

    def __init__(self, root: Path, ports: int) -> None:
        ready = threading.Event()
        settings = MediaSettings(port_low=20_000, port_high=31_999, reservoir=max(ports, 2))
        self.engine = MediaEngine(settings, ready.set, ClipLibrary([root]))
        self.engine.start()
        self.ports: list[Port] = []
        while len(self.ports) < ports:
            ready.wait(5)
            ready.clear()
            for event in self.engine.drain():
                if isinstance(event, PortsOffered):
                    self.ports += event.ports
        self.cpu = _clock_of("media")


class Caller:
    """One end of a conversation: says a packet when told to; `secure` once it is a browser with keys."""

    def __init__(self, number: int) -> None:
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind((HOST, 0))
        self.udp.settimeout(5.0)
        self.port = int(self.udp.getsockname()[1])
        self.ice = IceCredentials(f"leg{number:05}", "p" * 24)
        self.secure: SecureChannel | None = None
        self.target = (HOST, 9)
        self._number = 0

    def connect(self, fingerprint: str) -> None:
        """Check the way and shake hands."""
        user = (stun.USERNAME, f"{self.ice.ufrag}:x".encode())
        check = stun.request(bytes(12), [user, (stun.USE_CANDIDATE, b"")], self.ice.password.encode())
        self.udp.sendto(check, self.target)
        association = Association(IDENTITY.context(), peer(fingerprint, active=True))
        association.begin()
        while association.state is State.RUNNING:
            for datagram in association.outgoing:
                self.udp.sendto(datagram, self.target)
            association.outgoing.clear()
            data = self.udp.recv(2048)
            if data[0] >= 20:
                association.receive(data)
        if association.keys is None:
            raise RuntimeError(f"no keys: {association.error}")
        self.secure = SecureChannel(association.keys)

    def speak(self) -> None:
        """One packet."""
        self._number += 1
        packet = Packet(8, self._number & 0xFFFF, 160 * self._number & 0xFFFF_FFFF, self.port, bytes(160)).build()
        self.udp.sendto(self.secure.close(packet) if self.secure is not None else packet, self.target)


def _talk(callers: list[Caller], seconds: float) -> int:
    """Have everybody speak; how many packets were heard."""
    poller = select.epoll()
    by_descriptor = {caller.udp.fileno(): caller.udp for caller in callers}
    for caller in callers:
        caller.udp.setblocking(False)
        poller.register(caller.udp.fileno(), select.EPOLLIN)
    for caller in callers:
        _drain(caller.udp)
    heard = 0
    next_at = end = time.monotonic()
    end += seconds
    while next_at < end:
        for caller in callers:
            caller.speak()
        next_at += PACKET_SECONDS
        while (rest := next_at - time.monotonic()) > 0:
            for descriptor, _ in poller.poll(rest, len(callers)):
                heard += _is_voice(by_descriptor[descriptor].recv(2048))
    poller.close()
    return heard


def _is_voice(packet: bytes) -> bool:
    """Whether it is no report (RFC 5761 section 4)."""
    return not 192 <= packet[1] <= 223


def _drain(udp: socket.socket) -> None:
    try:
        while True:
            udp.recv(2048)
    except BlockingIOError:
        return


def _measure(seconds: float, legs: int, *, browsers: bool) -> dict[str, float]:
    callers = [Caller(number) for number in range(legs)]
    with tempfile.TemporaryDirectory() as empty:
        engine = Engine(Path(empty), legs)
        fingerprint = engine.engine.fingerprint
        commands: list[AnyCommand] = []
        for stream, (caller, port) in enumerate(zip(callers, engine.ports, strict=False)):
            caller.target = (port.host, port.rtp)
            remote = SetRemote(stream, HOST, caller.port, caller.port, PCMA)
            if browsers:
                remote = SetRemote(
                    stream=stream,
                    host=HOST,
                    rtp_port=caller.port,
                    rtcp_port=caller.port,
                    codec=PCMA,
                    dtls=peer(IDENTITY.fingerprint, active=False),
                    ice=caller.ice,
                    rtcp_mux=True,
                )
            commands += [OpenStream(stream, port), remote]
        commands += [Bridge(stream, stream + 1) for stream in range(0, legs, 2)]
        engine.engine.submit(commands)
        time.sleep(0.2)
        handshake = 0.0
        if browsers:
            clock = _clock_of("dtls")
            before = clock()
            for caller in callers:
                caller.connect(fingerprint)
            handshake = (clock() - before) / legs
        _talk(callers, 0.2)  # sources are latched
        before = engine.cpu()
        heard = _talk(callers, seconds)
        used = engine.cpu() - before
        engine.engine.stop(10)
    for caller in callers:
        caller.udp.close()
    packets = legs * round(seconds / PACKET_SECONDS)
    return {"leg": 100 * used / seconds / legs, "handshake_ms": 1000 * handshake, "delivered": heard / packets}


def _clock_of(name: str) -> Callable[[], float]:
    """CPU seconds used by a running thread."""
    thread = next(thread for thread in threading.enumerate() if thread.name == name)
    clock = time.pthread_getcpuclockid(thread.ident or 0)
    return lambda: time.clock_gettime(clock)


def _least(measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """The least disturbed of several rounds, figure by figure."""
    rounds = [measure() for _ in range(ROUNDS)]
    return {name: (max if name == "delivered" else min)(one[name] for one in rounds) for name in rounds[0]}


def run(seconds: float = 6.0, legs: int = 60) -> Figures:
    """Measure `legs` legs, an even number, for about `seconds` in all."""
    share = seconds / ROUNDS / 2
    plain = _least(lambda: _measure(share, legs, browsers=False))
    browser = _least(lambda: _measure(share, legs, browsers=True))
    return {
        "webrtc_leg": figure(browser["leg"], "% of a core", goal=0.6, beside=plain["leg"], ratio_to=PLAIN),
        "webrtc_handshake": figure(browser["handshake_ms"], "ms", goal=11.0),
        "webrtc_delivered": figure(
            100 * browser["delivered"],
            "%",
            goal=99.0,
            better="higher",
            beside=100 * plain["delivered"],
            ratio_to=PLAIN,
        ),
        "plain_leg": figure(plain["leg"], "% of a core"),
    }


if __name__ == "__main__":
    print(table(run(*(kind(text) for kind, text in zip((float, int), sys.argv[1:], strict=False)))))
