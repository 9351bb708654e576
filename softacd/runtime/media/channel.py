"""A stream with its sockets: where its packets come from, where they go, and what encrypts them.

A stream's socket goes through three stages. *Unknown peer*: every datagram is judged with its source. *Connected*:
the kernel drops strangers from now on, but what was queued before may still be theirs, so sources are still judged
until the queue has been empty once. *Settled*: packets are received without their source, the hot path. A stream with
a transport of its own (softacd.runtime.media.transport) never gets beyond the first.
"""

from softacd.rtp.latch import Address
from softacd.rtp.session import Send, Session, send_nowhere
from softacd.rtp.vocabulary import SetRemote, SrtpKeys
from softacd.runtime.media.handshakes import Handshakes
from softacd.runtime.media.reservoir import Pair
from softacd.runtime.media.secure import SecureChannel
from softacd.runtime.media.sockets import disconnect, is_reachable
from softacd.runtime.media.transport import Transport


class Channel:
    """A stream with its sockets."""

    __slots__ = (
        "lane",
        "plain",
        "port",
        "receive",
        "recv_into",
        "rtcp",
        "rtp",
        "secure",
        "session",
        "settled",
        "transport",
    )

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
        self.transport: Transport | None = None

    def agree(self, remote: SetRemote, handshakes: Handshakes) -> None:
        """Take from what was agreed how the stream is encrypted."""
        self.encrypt(remote.srtp)
        if remote.dtls is not None:
            if self.transport is None:
                self.transport = Transport(self.session, handshakes)
            self.transport.agree(remote.dtls, remote.ice)
        elif self.transport is not None:
            self.transport.close()
            self.session.latch.follow(None)
            self.transport = None
        else:
            return
        self.aim()

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
        secure = self.transport.secure if self.transport is not None else self.secure
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
        if self.transport is not None:
            peer = None
            if self.transport.secure is None:
                destination = None
        self.plain = destination is not None and destination == peer and self.secure is None
        if peer is not None:
            self.rtp.connect(peer)
        else:
            disconnect(self.rtp)
        if destination is None or not is_reachable(self.rtp, destination):
            self.session.reach(send_nowhere)
        elif self.plain:
            self.session.reach(self.rtp.send, self.rtp.fileno())
        elif destination == peer:
            self.session.reach(self._send_encrypted(self.rtp.send))
        else:
            sendto = self.rtp.sendto
            self.session.reach(self._send_encrypted(lambda packet: sendto(packet, destination)))

    def reports_to(self) -> Address | None:
        """Where RTCP goes; None while it cannot: of keys made for the port of RTP only, none are for the one beside."""
        transport = self.transport
        if transport is not None and (transport.secure is None or not self.session.rtcp_mux):
            return None
        return self.session.rtcp_destination

    def send_rtcp(self, packet: bytes, destination: Address) -> None:
        """Send a report. Raises OSError."""
        secure = self.transport.secure if self.transport is not None else self.secure
        udp = self.rtp if self.session.rtcp_mux else self.rtcp
        if is_reachable(udp, destination):
            udp.sendto(secure.close_rtcp(packet) if secure is not None else packet, destination)
