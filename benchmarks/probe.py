"""How long a switch needs from the INVITE in to the INVITE out: a caller and a phone of our own, one call at a time.

The phone is busy, so each call is over at once; whatever the switch says to the caller meanwhile is answered.
"""

import select
import socket
import time
from collections.abc import Callable
from typing import Self

from benchmarks.sipp import HOST
from softacd.sip.message import Request, Response, response_to
from softacd.sip.parser import parse_message

PATIENCE = 2.0
SDP = (
    "v=0\r\no=probe 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
)


class Probe:
    """Calls `number` at the switch's `port` again and again; `phone_port` is where that number rings."""

    def __init__(self, port: int, *, caller_port: int, phone_port: int, caller: str, number: str) -> None:
        self._switch = (HOST, port)
        self._caller = socket.socket(type=socket.SOCK_DGRAM)
        self._phone = socket.socket(type=socket.SOCK_DGRAM)
        for udp, own in ((self._caller, caller_port), (self._phone, phone_port)):
            udp.bind((HOST, own))
            udp.setblocking(False)
        self._own = f"{HOST}:{caller_port}"
        self._user = caller
        self._number = number
        self._calls = 0
        self.lost = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._caller.close()
        self._phone.close()

    def measure(self, seconds: float, gap: Callable[[], float]) -> list[float]:
        """Milliseconds of each call that came through in so many seconds; `gap` gives the pause before the next."""
        end = time.monotonic() + seconds
        delays: list[float] = []
        while time.monotonic() < end:
            delay = self._call()
            if delay is None:
                self.lost += 1
            else:
                delays.append(delay)
            self._serve(gap(), lambda: False)
        self._serve(PATIENCE / 2, lambda: False)
        return delays

    def _call(self) -> float | None:
        self._calls += 1
        self._rang = 0
        invite = self._invite()
        began = time.perf_counter_ns()
        self._caller.sendto(invite, self._switch)
        self._serve(PATIENCE, lambda: self._rang > 0)
        return (self._rang - began) / 1e6 if self._rang else None

    def _serve(self, seconds: float, over: Callable[[], bool]) -> None:
        """Answer what comes until `over`, at most for so long."""
        deadline = time.monotonic() + seconds
        while not over() and (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([self._caller, self._phone], [], [], left)
            arrived = time.perf_counter_ns()
            for udp in ready:
                data, source = udp.recvfrom(65_535)
                if udp is self._phone and data.startswith(b"INVITE ") and not self._rang:
                    self._rang = arrived
                answer = self._answer(parse_message(data))
                if answer is not None:
                    udp.sendto(answer, source)

    def _answer(self, message: Request | Response) -> bytes | None:
        if isinstance(message, Request):
            if message.method == "ACK":
                return None
            return response_to(message, 486 if message.method == "INVITE" else 200, tag="probe").to_bytes()
        if message.cseq.method != "INVITE" or message.status < 200:
            return None
        target = message.contacts[0].uri if message.status < 300 and message.contacts else None
        branch = f"z9hG4bKack{self._calls}" if target is not None else message.top_via.branch
        fields = {
            "via": [f"SIP/2.0/UDP {self._own};branch={branch};rport"],
            "from": message.fields["from"],
            "to": message.fields["to"],
            "call-id": message.fields["call-id"],
            "cseq": [f"{message.cseq.number} ACK"],
            "max-forwards": ["70"],
        }
        return Request("ACK", str(target) if target is not None else self._target, fields).to_bytes()

    @property
    def _target(self) -> str:
        return "sip:{}@{}:{}".format(self._number, *self._switch)

    def _invite(self) -> bytes:
        body = SDP.format(host=HOST).encode()
        mark = f"{self._calls}x{time.monotonic_ns():x}"
        fields = {
            "via": [f"SIP/2.0/UDP {self._own};branch=z9hG4bK{mark};rport"],
            "from": [f'"Probe" <sip:{self._user}@{self._own}>;tag=p{mark}'],
            "to": [f"<{self._target}>"],
            "call-id": [f"{mark}@{HOST}"],
            "cseq": ["1 INVITE"],
            "contact": [f"<sip:{self._user}@{self._own}>"],
            "max-forwards": ["70"],
            "content-type": ["application/sdp"],
        }
        return Request("INVITE", self._target, fields, body).to_bytes()
