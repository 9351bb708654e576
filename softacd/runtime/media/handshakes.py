"""DTLS handshakes of all streams, in a thread of their own: their arithmetic delays no packet and no signalling.

The media loop hands over datagrams and gets back, through its inbox, what is to be sent and which keys were agreed.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable

import msgspec

from softacd.rtp.latch import Address
from softacd.rtp.vocabulary import DtlsPeer, SrtpKeys
from softacd.runtime.media.dtls import Association, Identity, State

WITHIN_SECONDS = 15.0
"""A stream without keys for so long has none to come: retransmissions have doubled from 1 s to 8 s by then."""
SOURCES = 4
"""Handshakes of one stream at once: behind a NAT, whoever shows the certificate is the peer, not who comes first."""
WAITING = 2048
"""Datagrams that may wait for the thread; more are dropped, and sent again by those who meant them."""


class Flight(msgspec.Struct, frozen=True):
    """Datagrams to be sent on a stream; `to` None: wherever its peer is."""

    stream: int
    to: Address | None
    datagrams: tuple[bytes, ...]


class Secured(msgspec.Struct, frozen=True):
    """A stream's handshake is over, with these keys."""

    stream: int
    peer: DtlsPeer
    keys: SrtpKeys


class Failed(msgspec.Struct, frozen=True):
    """A stream's handshake has led to nothing."""

    stream: int
    peer: DtlsPeer
    reason: str


Outcome = Flight | Secured | Failed


class _Begin(msgspec.Struct, frozen=True):
    stream: int
    peer: DtlsPeer


class _Datagram(msgspec.Struct, frozen=True):
    stream: int
    source: Address | None
    data: bytes


class _End(msgspec.Struct, frozen=True):
    stream: int


_Job = _Begin | _Datagram | _End | None


class _Stream:
    """The associations of one stream, by source; with ICE there is one, whatever way its datagrams take (None)."""

    def __init__(self, peer: DtlsPeer, until: float) -> None:
        self.peer = peer
        self.until = until
        self.associations: dict[Address | None, Association] = {}
        self.secured: Association | None = None
        self.failed = False
        self.error = ""


class Handshakes:
    """The thread, started with the first handshake. `deliver` is called there and must not block."""

    def __init__(self, identity: Identity, deliver: Callable[[Iterable[Outcome]], None]) -> None:
        self._context = identity.context()
        self._deliver = deliver
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._streams: dict[int, _Stream] = {}
        self._thread: threading.Thread | None = None
        self.dropped = 0

    def identify(self, identity: Identity) -> None:
        """Be another in handshakes that begin from now on; those that run go on."""
        self._context = identity.context()

    def begin(self, stream: int, peer: DtlsPeer) -> None:
        """Expect, or open, a new association of a stream; one it had before is over."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="dtls", daemon=True)
            self._thread.start()
        self._jobs.put(_Begin(stream, peer))

    def receive(self, stream: int, source: Address | None, data: bytes) -> None:
        """A datagram of DTLS that came on a stream from `source`, None where its way does not matter."""
        if self._jobs.qsize() >= WAITING:
            self.dropped += 1
        else:
            self._jobs.put(_Datagram(stream, source, data))

    def end(self, stream: int) -> None:
        """The stream is over."""
        self._jobs.put(_End(stream))

    def stop(self, timeout: float) -> None:
        """End the thread. Raises TimeoutError."""
        if self._thread is None:
            return
        self._jobs.put(None)
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"the thread of handshakes did not stop within {timeout} s")

    def _run(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=self._patience())
            except queue.Empty:
                self._handle_timeouts()
                continue
            if job is None:
                return
            self._carry_out(job)

    def _carry_out(self, job: _Begin | _Datagram | _End) -> None:
        if isinstance(job, _End):
            self._streams.pop(job.stream, None)
        elif isinstance(job, _Begin):
            stream = self._streams[job.stream] = _Stream(job.peer, time.monotonic() + WITHIN_SECONDS)
            if job.peer.active:
                association = stream.associations[None] = Association(self._context, job.peer)
                association.begin()
                self._settle(job.stream, stream, None, association)
        else:
            self._feed(job)

    def _feed(self, job: _Datagram) -> None:
        stream = self._streams.get(job.stream)
        if stream is None or stream.failed:
            return
        source = None if stream.peer.active else job.source
        association = stream.secured or stream.associations.get(source)
        if association is None:
            if len(stream.associations) >= SOURCES:
                self.dropped += 1
                return
            association = stream.associations[source] = Association(self._context, stream.peer)
        association.receive(job.data)
        self._settle(job.stream, stream, job.source, association)

    def _settle(self, number: int, stream: _Stream, to: Address | None, association: Association) -> None:
        """Pass on what an association has to send, and how it ended."""
        outcomes: list[Outcome] = []
        if association.outgoing:
            outcomes.append(Flight(number, to, tuple(association.outgoing)))
            association.outgoing.clear()
        if association.state is State.SECURED and stream.secured is None and association.keys is not None:
            stream.secured = association
            stream.associations.clear()
            outcomes.append(Secured(number, stream.peer, association.keys))
        elif association.state is State.FAILED and stream.secured is None:
            keys = [source for source, known in stream.associations.items() if known is association]
            for source in keys:
                del stream.associations[source]
            stream.error = association.error
            if to is None or stream.peer.active:  # with ICE, or begun by us: there is no other peer to wait for
                stream.failed = True
                outcomes.append(Failed(number, stream.peer, association.error))
        if outcomes:
            self._deliver(outcomes)

    def _unfinished(self) -> list[tuple[int, _Stream]]:
        return [
            (number, stream) for number, stream in self._streams.items() if stream.secured is None and not stream.failed
        ]

    def _patience(self) -> float | None:
        """Seconds until an association wants to send again, or a stream has waited for too long."""
        now = time.monotonic()
        waits = [stream.until - now for _, stream in self._unfinished()]
        for _, stream in self._unfinished():
            waits += [wait for known in stream.associations.values() if (wait := known.timeout) is not None]
        return max(min(waits), 0.0) if waits else None

    def _handle_timeouts(self) -> None:
        now = time.monotonic()
        for number, stream in self._unfinished():
            for source, association in list(stream.associations.items()):
                association.handle_timeout()
                self._settle(number, stream, source, association)
            if now >= stream.until and not stream.failed and stream.secured is None:
                stream.failed = True
                reason = stream.error or f"no handshake within {WITHIN_SECONDS:g} s"
                self._deliver([Failed(number, stream.peer, reason)])
