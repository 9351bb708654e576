"""Is the carrier there? OPTIONS at an interval (RFC 3261 section 11): alive or unreachable, and the round trip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from softacd.sip.events import FailureCause
from softacd.sip.headers import NameAddress
from softacd.sip.message import Response
from softacd.sip.stack import SipStack
from softacd.sip.transaction import ClientTransaction
from softacd.sip.transport import Flow
from softacd.sip.uri import SipUri


class ProbeState(StrEnum):
    """What the last OPTIONS told."""

    UNKNOWN = "unknown"
    ALIVE = "alive"
    UNREACHABLE = "unreachable"


# A proxy that answers these is there, but nothing behind it: 408 for it, 502 to 504 by it.
_NOT_THERE = frozenset((408, 502, 503, 504))


class Probe:
    """Driven by its owner as Registration is. `interval` and `patience` in seconds, `jitter` gives 0..1.

    Unanswered for `patience` seconds the peer counts as unreachable; a later answer revives it. While it is
    unreachable it is probed three times as often.
    """

    def __init__(
        self,
        stack: SipStack,
        *,
        flow: Flow,
        uri: str | SipUri,
        from_: NameAddress,
        jitter: Callable[[], float],
        interval: float = 30.0,
        patience: float = 4.0,
        route: Sequence[str] = (),
    ) -> None:
        self.flow = flow
        self.state = ProbeState.UNKNOWN
        self.round_trip: float | None = None  # seconds, of the last answered OPTIONS
        self.cause = ""  # why it is unreachable, "" while it is not
        self.transaction: ClientTransaction | None = None
        self._stack = stack
        self._uri = str(uri)
        self._from = from_
        self._jitter = jitter
        self._interval = interval
        self._patience = patience
        self._route = tuple(route)
        self._sent_at = 0.0
        self._impatient_at: float | None = None
        self._next_at: float | None = None

    def start(self, now: float) -> ClientTransaction:
        """Ask now, then at every interval. The transaction to watch."""
        return self._send(now)

    def ask(self, now: float) -> ClientTransaction | None:
        """Ask before it is time, who was alive last; not while an answer is waited for or has just come."""
        if self.state is ProbeState.ALIVE and self.transaction is None and now - self._sent_at >= self._patience:
            return self._send(now)
        return None

    def stop(self) -> None:
        """Ask no more; what is still unanswered is ignored."""
        self.transaction = None
        self._impatient_at = self._next_at = None

    def next_deadline(self) -> float | None:
        """When handle_deadline is due."""
        moments = [moment for moment in (self._impatient_at, self._next_at) if moment is not None]
        return min(moments, default=None)

    def handle_deadline(self, now: float) -> ClientTransaction | None:
        """Lose patience, or ask again; the transaction to watch, if one was sent."""
        if self._impatient_at is not None and self._impatient_at <= now:
            self._impatient_at = None
            self.state, self.cause = ProbeState.UNREACHABLE, "no answer"
        if self._next_at is not None and self._next_at <= now:
            return self._send(now)
        return None

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """A response to the OPTIONS: any but those of _NOT_THERE proves life, 405 and 501 included."""
        if transaction is not self.transaction or response.status < 200:
            return
        if response.status in _NOT_THERE:
            self.state, self.cause = ProbeState.UNREACHABLE, f"{response.status} {response.reason}".strip()
        else:
            self.state, self.cause = ProbeState.ALIVE, ""
            self.round_trip = now - self._sent_at
        self._wait(now)

    def on_failure(self, transaction: ClientTransaction, cause: FailureCause, now: float) -> None:
        """Nobody answered."""
        if transaction is not self.transaction:
            return
        self.state = ProbeState.UNREACHABLE
        self.cause = "no answer" if cause is FailureCause.TIMEOUT else "not reachable"
        self._wait(now)

    def _wait(self, now: float) -> None:
        self.transaction = None
        self._impatient_at = None
        interval = self._interval if self.state is ProbeState.ALIVE else self._interval / 3
        self._next_at = now + interval * (0.9 + 0.2 * self._jitter())

    def _send(self, now: float) -> ClientTransaction:
        self._sent_at = now
        self._next_at = None
        self._impatient_at = now + self._patience
        self.transaction = self._stack.request(
            "OPTIONS",
            uri=self._uri,
            flow=self.flow,
            from_=self._from,
            to=NameAddress("", SipUri.parse(self._uri)),
            headers=[("Accept", "application/sdp")],
            route=self._route,
            now=now,
        )
        return self.transaction
