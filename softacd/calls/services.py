"""What legs, flows and queues need of the switch: the stack, the media words, deadlines, ids, the record book.

It holds no decision of its own. Outputs are collected here and drained by the switch after every input.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from zlib import crc32

from softacd.calls.accounts import Accounts
from softacd.calls.deadlines import Deadlines
from softacd.calls.model import Encryption, Keying
from softacd.calls.recording_desk import RecordingDesk
from softacd.calls.records import AgentEvent, AnyRecord, CallEvent, TraceRow
from softacd.rtp.vocabulary import AnyCommand, Port, ReservePorts, ReturnPorts
from softacd.sdp.ice import LocalIce
from softacd.sip.stack import SipStack
from softacd.sip.transport import Flow

if TYPE_CHECKING:
    from softacd.calls.leg import Leg


PORTS_LOW = 48
"""Free ports in hand below which more are asked for: each phone that rings holds one."""
PORTS_ASKED = 64
"""How many are asked for at a time."""
PORTS_HIGH = 2 * PORTS_ASKED
"""Free ports in hand above which those asked for are given back."""


class NoPortError(RuntimeError):
    """The media engine has no free port now. SIP status 503."""

    status = 503


class Services:
    """Shared by everything above the stack; one per switch.

    `wall` turns monotonic seconds into wall-clock milliseconds; `token` draws a fresh random token; `media_host`
    gives the address written into session descriptions for a peer reached by a flow; `fingerprint` is that of the media
    engine's certificate, as descriptions tell it, "" when it makes no DTLS handshakes.
    """

    def __init__(
        self,
        stack: SipStack,
        *,
        node: str,
        wall: Callable[[float], int],
        token: Callable[[], str],
        media_host: Callable[[Flow], str],
        first_stream: int = 0,
        fingerprint: str = "",
    ) -> None:
        """Streams are numbered from `first_stream` on: media workers may still hold those of an earlier run."""
        self.stack = stack
        self.node = node
        self.wall = wall
        self.token = token
        self.media_host = media_host
        self.deadlines = Deadlines()
        self.media: deque[AnyCommand] = deque()
        self.records: deque[AnyRecord] = deque()
        self.ports: deque[Port] = deque()
        self.encryption: dict[str, Encryption] = {}
        """Whether voice is encrypted: by extension, and "trunk:NAME"."""
        self.keying: dict[str, tuple[Keying, ...]] = {}
        """Where the keys come from, likewise."""
        self.fingerprint = fingerprint
        self.recordings = RecordingDesk(wall, self.media.append, self.records.append)
        self.accounts = Accounts(self.media.append, self.records.append, self.deadlines)
        self.streams: dict[int, Leg] = {}
        self.phone_legs: dict[str, dict[Leg, None]] = {}
        """Extension -> its legs that are not over."""
        self.watched: set[str] = set()
        """Extensions somebody has a lamp for."""
        self.changed: dict[str, None] = {}
        """Of these, those whose state changed in this turn."""
        self.sip_calls: dict[str, Leg] = {}
        self.traces_waiting: list[tuple[str, TraceRow]] = []
        self._ports_asked = 0
        self._ports_extra = 0
        self._last_stream = first_stream
        self._workers: list[int] = []
        self._last_call = 0
        self._last_play = 0

    def new_key(self) -> bytes:
        """A master key and salt for SRTP, 30 octets (RFC 3711 section 8.2)."""
        return hashlib.sha512("".join(self.token() for _ in range(4)).encode()).digest()[:30]

    def new_ice(self) -> LocalIce:
        """A user name fragment and a password of 160 random bits (RFC 8445 section 5.3)."""
        drawn = self.new_key().hex()
        return LocalIce(drawn[:8], drawn[8:48])

    def new_stream(self) -> int:
        """A stream number never used before."""
        self._last_stream += 1
        return self._last_stream

    def new_play(self) -> int:
        """A playback number never used before."""
        self._last_play += 1
        return self._last_play

    def new_call_id(self, now: float) -> str:
        """A call id: node, start time and a sequence, unique over nodes and restarts, sortable within a node."""
        self._last_call += 1
        return f"{self.node}-{base36(self.wall(now))}-{base36(self._last_call)}"

    def take_port(self, call: str = "") -> Port:
        """A bound port pair, for all legs of a call from the same media worker if it has one. Raises NoPortError."""
        in_hand = len(self.ports) + self._ports_asked
        if in_hand <= PORTS_LOW:
            self._ports_asked += PORTS_ASKED
            self._ports_extra += PORTS_ASKED
            self.media.append(ReservePorts(PORTS_ASKED))
        if len(self._workers) > 1:
            worker = self._workers[crc32(call.encode()) % len(self._workers)]
            for port in self.ports:
                if port.worker == worker:
                    self.ports.remove(port)
                    return port
        try:
            return self.ports.popleft()
        except IndexError:
            raise NoPortError("no free media port: raise [media] port_high or wait for calls to end") from None

    def offer_ports(self, ports: Sequence[Port]) -> None:
        """Bound port pairs the media engine has made."""
        self.ports.extend(ports)
        for port in ports:
            if port.worker not in self._workers:
                self._workers.append(port.worker)
        self._ports_asked = max(self._ports_asked - len(ports), 0)

    def lose_ports(self, worker: int) -> None:
        """A media worker has died, and its ports with it."""
        self.ports = deque(port for port in self.ports if port.worker != worker)
        if worker in self._workers:
            self._workers.remove(worker)

    def return_port(self, port: Port) -> None:
        """Give back a port no stream was opened on; last in, so that strays to it meet nobody for long."""
        if self._workers and port.worker not in self._workers:
            return  # it died with its worker
        if self._ports_extra and len(self.ports) >= PORTS_HIGH:
            self._ports_extra -= 1
            self.media.append(ReturnPorts((port,)))
        else:
            self.ports.append(port)

    def note(self, call: str, kind: str, detail: str, now: float) -> None:
        """Record that something happened to a call."""
        self.records.append(CallEvent(call=call, at=self.wall(now), kind=kind, detail=detail))

    def changes(self, extension: str) -> None:
        """The state of an extension changed: who watches it is told at the end of the turn."""
        if extension in self.watched:
            self.changed[extension] = None

    def note_agent(self, event: AgentEvent) -> None:
        """Record an agent's change."""
        self.records.append(event)

    def claim_traces(self, sip_call_id: str, leg: "Leg") -> None:
        """`leg` owns this Call-ID from now on; messages seen before it existed are given to it."""
        self.sip_calls[sip_call_id] = leg
        if not self.traces_waiting:
            return
        for call_id, row in self.traces_waiting:
            if call_id == sip_call_id:
                self.records.append(
                    TraceRow(call=leg.call, at=row.at, sent=row.sent, party=leg.party, line=row.line, cseq=row.cseq)
                )
        self.traces_waiting = [entry for entry in self.traces_waiting if entry[0] != sip_call_id]


DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int) -> str:
    """A non-negative integer in base 36."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = DIGITS[rest] + digits
    return digits or "0"
