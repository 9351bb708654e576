"""Calls through Asterisk whose sound the telephones of a benchmark make: both ends' signalling, in a few lines.

Asterisk runs as `benchmarks.asterisk.Peer` configures it. A bridged call has two legs: the caller's and the agent's.
"""

import re
import select
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.asterisk import PEER_HOST, Peer
from benchmarks.switch import free_ports
from benchmarks.telephones import prefix

_MEDIA = re.compile(rb"^m=audio (\d+)", re.MULTILINE)
_CALL = re.compile(rb"^Call-ID: *(\S+)", re.MULTILINE | re.IGNORECASE)
_URI = re.compile(rb"^INVITE sip:agent(\d+)@")
SET_UP_SECONDS = 30.0
AT_ONCE = 20
"""Calls being set up at a time."""


class Calls:
    """Both ends of calls through one Asterisk."""

    def __init__(self, peer: Peer, asterisk: int, caller: socket.socket, agents: socket.socket) -> None:
        self.peer = peer
        self._asterisk = asterisk
        self._caller = caller
        self._agents = agents
        self._media: dict[int, int] = {}
        """Leg -> Asterisk's port for it."""

    def bridged(self, ports: Sequence[int]) -> list[int]:
        """One call for each two of `ports`, where its ends listen; Asterisk's ports, leg by leg."""
        calls = len(ports) // 2
        self._set_up([f"7{call + 1:03d}" for call in range(calls)], list(ports), step=2)
        return [self._media[leg] for leg in range(2 * calls)]

    def music(self, ports: Sequence[int]) -> list[int]:
        """One call for each of `ports` that hears music; Asterisk's ports."""
        self._set_up(["moh"] * len(ports), list(ports), step=1)
        return [self._media[leg] for leg in range(len(ports))]

    def _set_up(self, dialled: list[str], ports: list[int], step: int) -> None:
        wanted = len(dialled) * step
        deadline = time.monotonic() + SET_UP_SECONDS
        at = 0
        while len(self._media) < wanted:
            if time.monotonic() > deadline:
                raise RuntimeError(f"Asterisk set up {len(self._media)} of {wanted} legs: {self.peer.said()[-300:]}")
            while at < len(dialled) and at * step - len(self._media) < AT_ONCE * step:
                self._invite(dialled[at], at * step, ports[at * step])
                at += 1
            for udp in select.select([self._caller, self._agents], [], [], 0.05)[0]:
                self._answer(udp, udp.recv(8192), ports)

    def _invite(self, dialled: str, leg: int, media: int) -> None:
        own = self._caller.getsockname()[1]
        body = _sdp(media)
        self._caller.send(
            f"INVITE sip:{dialled}@{PEER_HOST}:{self._asterisk} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {PEER_HOST}:{own};branch=z9hG4bK-b-{leg}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:carrier@{PEER_HOST}:{own}>;tag=t{leg}\r\nTo: <sip:{dialled}@{PEER_HOST}:{self._asterisk}>\r\n"
            f"Call-ID: bench-{leg}\r\nCSeq: 1 INVITE\r\nContact: <sip:carrier@{PEER_HOST}:{own}>\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )

    def _answer(self, udp: socket.socket, data: bytes, ports: list[int]) -> None:
        media, call = _MEDIA.search(data), _CALL.search(data)
        if call is None:
            return
        if udp is self._caller and data.startswith(b"SIP/2.0 200") and media and call[1].startswith(b"bench-"):
            leg = int(call[1][6:])
            self._media[leg] = int(media[1])
            headers = dict(line.split(b": ", 1) for line in data.split(b"\r\n\r\n")[0].split(b"\r\n")[1:])
            contact = headers[b"Contact"].strip(b"<>").decode()
            udp.send(
                b"ACK %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-a-%d\r\nMax-Forwards: 70\r\n"
                b"From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
                % (contact.encode(), PEER_HOST.encode(), leg, headers[b"From"], headers[b"To"], call[1])
            )
        elif udp is self._agents and (agent := _URI.match(data)) and media:
            leg = 2 * (int(agent[1]) - 1) + 1
            head = data.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]
            kept = [line for line in head if line.split(b":")[0].lower() in (b"via", b"from", b"call-id", b"cseq")]
            to = next(line for line in head if line.lower().startswith(b"to:"))
            body = _sdp(ports[leg]).encode()
            own = self._agents.getsockname()[1]
            udp.send(
                b"\r\n".join(
                    [
                        b"SIP/2.0 200 OK",
                        *kept,
                        to + b";tag=a%d" % leg,
                        b"Contact: <sip:agent@%s:%d>" % (PEER_HOST.encode(), own),
                        b"Content-Type: application/sdp",
                        b"Content-Length: %d" % len(body),
                        b"",
                        body,
                    ]
                )
            )
            self._media[leg] = int(media[1])


def _sdp(port: int) -> str:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {PEER_HOST}\r\ns=-\r\nc=IN IP4 {PEER_HOST}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
    )


@contextmanager
def calls() -> Iterator[Calls]:
    """A running Asterisk and the two ends of calls through it. Raises Skipped."""
    asterisk, caller_port, agents_port = free_ports(3)
    with (
        tempfile.TemporaryDirectory(prefix="asterisk-") as directory,
        socket.socket(type=socket.SOCK_DGRAM) as caller,
        socket.socket(type=socket.SOCK_DGRAM) as agents,
        Peer(
            Path(directory),
            port=asterisk,
            carrier=(PEER_HOST, caller_port),
            agents=(PEER_HOST, agents_port),
            prefix=prefix(0),
        ) as peer,
    ):
        for udp, port in ((caller, caller_port), (agents, agents_port)):
            udp.bind((PEER_HOST, port))
            udp.connect((PEER_HOST, asterisk))
        yield Calls(peer, asterisk, caller, agents)
