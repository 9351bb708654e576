"""A stream with its sockets: where its packets come from, where they go, and what encrypts them.

A stream's socket goes through three stages. *Unknown peer*: every datagram is judged with its source. *Connected*:
the kernel drops strangers from now on, but what was queued before may still be theirs, so sources are still judged
until the queue has been empty once. *Settled*: packets are received without their source, the hot path.
"""

from softacd.rtp.session import Send, Session, send_nowhere
from softacd.rtp.vocabulary import SrtpKeys
from softacd.runtime.media.reservoir import Pair
from softacd.runtime.media.secure import SecureChannel
from softacd.runtime.media.sockets import disconnect, is_reachable


class Channel:
    """A stream with its sockets."""

    __slots__ = ("lane", "plain", "port", "receive", "recv_into", "rtcp", "rtp", "secure", "session", "settled")

    def __init__(self, session: Session, port: int, pair: Pair) -> None:
        self.session = session
        self.port = port
        self.rtp, self.rtcp = pair
        self.receive = session.inbound.receive
        self.recv_into = self.rtp.recv_into
        self.settled = False
        self.plain = False
        """Whether sending is `rtp.send` and nothing else."""
        self.lane = -1
        """Its row of lane.py, when it is merely relayed; -1 when it is not."""
        self.secure: SecureChannel | None = None

    def encrypt(self, keys: SrtpKeys | None) -> None:
        """Take keys agreed on; those in use already go on counting their packets (RFC 3711 section 3.3.1)."""
        if keys is None:
            if self.secure is None:
                return
            self.secure = None
            self.receive = self.session.inbound.receive
        elif self.secure is None or self.secure.keys != keys:
            self.secure = SecureChannel(keys)
            self.receive = self._receive_encrypted
        else:
            return
        self.aim()

    def _receive_encrypted(self, buffer: bytearray, length: int, now: float) -> int:
        length = self.secure.open(buffer, length) if self.secure is not None else 0
        return self.session.inbound.receive(buffer, length, now) if length else 0

    def _send_encrypted(self, send: Send) -> Send:
        secure = self.secure
        if secure is None:
            return send

        def closed(packet: bytes | memoryview) -> None:
            encrypted = secure.close(packet)
            if encrypted:
                send(encrypted)

        return closed

    def aim(self) -> None:
        """Connect the socket to a peer now known, or free it of one no longer valid; set where `send` goes."""
        latch = self.session.latch
        peer, destination = latch.peer, latch.destination
        self.settled = False
        self.plain = destination is not None and destination == peer and self.secure is None
        if peer is not None:
            self.rtp.connect(peer)
        else:
            disconnect(self.rtp)
        if destination is None or not is_reachable(self.rtp, destination):
            self.session.send = send_nowhere
        elif destination == peer:
            self.session.send = self._send_encrypted(self.rtp.send)
        else:
            sendto = self.rtp.sendto
            self.session.send = self._send_encrypted(lambda packet: sendto(packet, destination))
