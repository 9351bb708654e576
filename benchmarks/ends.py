"""Callers and phones of a call centre in one loop: one socket for the carrier, one for all phones, one a voice.

They do what the measurement tells them and answer everything else: phones ring, and stop when they are told. Every
time is taken when a packet has been read or is about to be sent, in nanoseconds of `time.perf_counter_ns`.
"""

import random
import re
import select
import socket
import time
from collections.abc import Callable
from typing import Self

from benchmarks.sipp import HOST
from softacd.sip.message import Request, Response, response_to
from softacd.sip.parser import parse_message

PACKET_SECONDS = 0.02
PACKET_OCTETS = 160
AGENT_VOICE, CALLER_VOICE = 0x2A, 0x55
"""The octet each side's mu-law sound is made of: how the other side knows it from music."""
_MEDIA = re.compile(rb"^m=audio (\d+)", re.MULTILINE)


class Voice:
    """One end's RTP: sends `octet` every 20 ms once it has a target, and notes when it first hears the other's."""

    def __init__(self, octet: int, phase: float) -> None:
        """`phase`: seconds until the first packet once there is a target, 0 to 0.02: phones run by their own clocks."""
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind((HOST, 0))
        self.udp.setblocking(False)
        self.port = int(self.udp.getsockname()[1])
        self.heard = 0
        """When the other end's sound first came; 0: not yet."""
        self.next_at: float | None = None
        self._octet = octet
        self._other = CALLER_VOICE if octet == AGENT_VOICE else AGENT_VOICE
        self._phase = phase
        self._sent = 0
        self._target = (HOST, 9)

    def start(self, body: bytes) -> None:
        """Send to the port named in this SDP."""
        found = _MEDIA.search(body)
        if found is not None and self.next_at is None:
            self._target = (HOST, int(found[1]))
            self.next_at = time.monotonic() + self._phase

    def send(self, now: float) -> None:
        """Send the packet that is due at `now`, if one is."""
        if self.next_at is None or now < self.next_at:
            return
        self.next_at = max(self.next_at + PACKET_SECONDS, now)
        self._sent += 1
        head = b"\x80\x00" + self._sent.to_bytes(2) + (self._sent * PACKET_OCTETS).to_bytes(4) + self.port.to_bytes(4)
        self.udp.sendto(head + bytes([self._octet]) * PACKET_OCTETS, self._target)

    def hear(self, data: bytes, at: int) -> None:
        """A packet came."""
        if not self.heard and data[12:] == bytes([self._other]) * PACKET_OCTETS:
            self.heard = at

    def close(self) -> None:
        """Send and hear no more."""
        self.next_at = None
        self.udp.close()


class Call:
    """One end's view of a call: the INVITE, and what has become of it."""

    def __init__(self, invite: Request, voice: Voice, tag: str = "") -> None:
        self.invite = invite
        self.voice = voice
        self.tag = tag
        """Ours, at a phone."""
        self.at = 0
        """When the INVITE left (a caller) or came (a phone)."""
        self.answer: Response | None = None
        """The final answer, at a caller."""
        self.over = False


class Ends:
    """The callers, who are of the carrier at `carrier_port`, and the phones at `phone_port`. For `with`."""

    def __init__(self, switch_port: int, carrier_port: int, phone_port: int, chance: random.Random) -> None:
        self._switch = (HOST, switch_port)
        self._carrier, self._phones = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
        for udp, port in ((self._carrier, carrier_port), (self._phones, phone_port)):
            udp.bind((HOST, port))
            udp.setblocking(False)
        self._carrier_address = f"{HOST}:{carrier_port}"
        self._phone_address = f"{HOST}:{phone_port}"
        self._chance = chance
        self._marks = 0
        self._callers: dict[str, Call] = {}
        self._ringing: dict[str, Call] = {}
        self._voices: dict[socket.socket, Voice] = {}
        """Of the calls that live."""
        self.rung: list[Call] = []
        """Calls at phones, in the order in which they came."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for voice in self._voices.values():
            voice.close()
        self._carrier.close()
        self._phones.close()

    # --- what a measurement tells them --------

    def call(self, user: str, number: str) -> Call:
        """A caller of this user dials `number`."""
        voice = Voice(CALLER_VOICE, self._chance.uniform(0.0, PACKET_SECONDS))
        target = "sip:{}@{}:{}".format(number, *self._switch)
        mark = self._mark()
        fields = {
            "via": [f"SIP/2.0/UDP {self._carrier_address};branch=z9hG4bK{mark};rport"],
            "from": [f"<sip:{user}@{self._carrier_address}>;tag=c{mark}"],
            "to": [f"<{target}>"],
            "call-id": [f"{mark}@{HOST}"],
            "cseq": ["1 INVITE"],
            "contact": [f"<sip:{user}@{self._carrier_address}>"],
            "max-forwards": ["70"],
            "content-type": ["application/sdp"],
        }
        call = Call(Request("INVITE", target, fields, _sdp(voice.port)), voice)
        self._callers[call.invite.call_id] = call
        self._voices[voice.udp] = voice
        data = call.invite.to_bytes()
        call.at = time.perf_counter_ns()
        self._carrier.sendto(data, self._switch)
        return call

    def answer(self, call: Call) -> int:
        """A phone that rings is answered and speaks; when."""
        response = response_to(call.invite, 200, tag=call.tag)
        response.fields["contact"] = [f"<sip:phone@{self._phone_address}>"]
        response.fields["content-type"] = ["application/sdp"]
        response.body = _sdp(call.voice.port)
        data = response.to_bytes()
        at = time.perf_counter_ns()
        self._phones.sendto(data, self._switch)
        call.voice.start(call.invite.body)
        return at

    def agent_hangs_up(self, call: Call) -> int:
        """A phone that answered ends its call; when."""
        target = str(call.invite.contacts[0].uri)
        bye = self._request("BYE", self._phone_address, target, call.invite.call_id, "1 BYE")
        bye.fields["from"] = [f"{call.invite.fields['to'][0]};tag={call.tag}"]
        bye.fields["to"] = call.invite.fields["from"]
        data = bye.to_bytes()
        at = time.perf_counter_ns()
        self._phones.sendto(data, self._switch)
        self._end(call)
        return at

    def caller_hangs_up(self, call: Call) -> None:
        """A caller leaves, answered or not. Nothing when the switch has ended the call before."""
        if call.over:
            return
        if call.answer is None:
            fields = {name: call.invite.fields[name] for name in ("via", "from", "to", "call-id", "max-forwards")}
            cancel = Request("CANCEL", call.invite.uri_text, {**fields, "cseq": ["1 CANCEL"]})
            self._carrier.sendto(cancel.to_bytes(), self._switch)
        else:
            self._carrier.sendto(self._within(call, call.answer, "BYE", 2).to_bytes(), self._switch)
        self._end(call)

    def serve(self, seconds: float, over: Callable[[], bool] = lambda: False) -> bool:
        """Send voice and answer what comes until `over`, at most for so long; whether it was over."""
        deadline = time.monotonic() + seconds
        while not over():
            now = time.monotonic()
            if now >= deadline:
                return False
            for voice in self._voices.values():
                voice.send(now)
            due = min((voice.next_at for voice in self._voices.values() if voice.next_at is not None), default=deadline)
            wait = max(0.0, min(due, deadline) - now)
            ready, _, _ = select.select([self._carrier, self._phones, *self._voices], [], [], wait)
            for udp in ready:
                self._read(udp, self._voices.get(udp))
        return True

    # --- what they do by themselves -----------

    def _read(self, udp: socket.socket, voice: Voice | None) -> None:
        while True:
            try:
                data, source = udp.recvfrom(65_535)
            except OSError:  # nothing more, or the voice was closed by what was read before
                return
            at = time.perf_counter_ns()
            if voice is not None:
                voice.hear(data, at)
                continue
            message = parse_message(data)
            if isinstance(message, Response):
                self._answered(message)
            elif udp is self._phones and message.method == "INVITE":
                self._ring(message, at, source)
            elif message.method != "ACK":
                udp.sendto(response_to(message, 200, tag="ends").to_bytes(), source)
                self._told(message)

    def _ring(self, invite: Request, at: int, source: tuple[str, int]) -> None:
        call = self._ringing.get(invite.call_id)
        if call is None:
            call = Call(invite, Voice(AGENT_VOICE, self._chance.uniform(0.0, PACKET_SECONDS)), tag=f"p{self._mark()}")
            call.at = at
            self._ringing[invite.call_id] = call
            self._voices[call.voice.udp] = call.voice
            self.rung.append(call)
            response = response_to(invite, 180, tag=call.tag)
            response.fields["contact"] = [f"<sip:phone@{self._phone_address}>"]
            self._phones.sendto(response.to_bytes(), source)
        elif invite.to.tag:  # a re-INVITE: the same voice as before
            response = response_to(invite, 200)
            response.fields["contact"] = [f"<sip:phone@{self._phone_address}>"]
            response.fields["content-type"] = ["application/sdp"]
            response.body = _sdp(call.voice.port)
            self._phones.sendto(response.to_bytes(), source)

    def _told(self, request: Request) -> None:
        call = self._ringing.get(request.call_id) or self._callers.get(request.call_id)
        if call is None or request.method not in ("CANCEL", "BYE"):
            return
        if request.method == "CANCEL":
            self._phones.sendto(response_to(call.invite, 487, tag=call.tag).to_bytes(), self._switch)
        self._end(call)

    def _answered(self, response: Response) -> None:
        call = self._callers.get(response.call_id)
        if call is None or response.cseq.method != "INVITE" or response.status < 200:
            return
        if response.status < 300:
            self._carrier.sendto(self._within(call, response, "ACK", 1).to_bytes(), self._switch)
            if call.over and call.answer is None:  # answered while it was cancelled
                self._carrier.sendto(self._within(call, response, "BYE", 2).to_bytes(), self._switch)
            call.answer = response
            if not call.over:
                call.voice.start(response.body)
        else:
            fields = {name: call.invite.fields[name] for name in ("via", "max-forwards")}
            fields |= {name: response.fields[name] for name in ("from", "to", "call-id")}
            ack = Request("ACK", call.invite.uri_text, {**fields, "cseq": ["1 ACK"]})
            self._carrier.sendto(ack.to_bytes(), self._switch)
            self._end(call)

    def _within(self, call: Call, answer: Response, method: str, number: int) -> Request:
        """A caller's request within its dialog."""
        target = str(answer.contacts[0].uri)
        request = self._request(method, self._carrier_address, target, answer.call_id, f"{number} {method}")
        request.fields["from"] = call.invite.fields["from"]
        request.fields["to"] = answer.fields["to"]
        return request

    def _request(self, method: str, own: str, target: str, call_id: str, cseq: str) -> Request:
        fields = {
            "via": [f"SIP/2.0/UDP {own};branch=z9hG4bK{self._mark()};rport"],
            "call-id": [call_id],
            "cseq": [cseq],
            "max-forwards": ["70"],
        }
        return Request(method, target, fields)

    def _end(self, call: Call) -> None:
        if not call.over:
            call.over = True
            del self._voices[call.voice.udp]
            call.voice.close()

    def _mark(self) -> str:
        self._marks += 1
        return f"{self._marks}x{time.monotonic_ns():x}"


def _sdp(port: int) -> bytes:
    return (
        f"v=0\r\no=ends 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
    ).encode()
