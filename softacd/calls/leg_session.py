"""Keeping the session of one leg alive (RFC 4028): refreshes by UPDATE or re-INVITE, and the end when none comes.

A refresh that meets one of the peer is answered 491 and tried again after the random pause of RFC 3261 section 14.1.
"""

from typing import TYPE_CHECKING
from zlib import crc32

from softacd.calls.deadlines import Deadline
from softacd.sip.errors import MalformedError, StackMisuseError
from softacd.sip.message import Message, Request, Response
from softacd.sip.session_timer import Session, agree_as_client, agree_as_server, allows, minimum, offer_headers
from softacd.sip.transaction import ClientTransaction

if TYPE_CHECKING:
    from softacd.calls.leg import Leg

WANTED_SECONDS = 1800
"""The interval we ask for."""
GONE = frozenset({408, 481, 503})
"""No answer, or the peer does not know the dialog any more (RFC 3261 section 12.2.1.2)."""
NOT_KNOWN = frozenset({405, 501})
"""The peer does not take UPDATE after all."""
PATIENCE = 30.0
"""After another refusal the session lives on; the next try is made so much later."""


class LegSession:
    """The session timer of one leg."""

    __slots__ = ("_deadline", "_expiry", "_leg", "_session", "_smallest", "_update")

    def __init__(self, leg: "Leg") -> None:
        self._leg = leg
        self._session: Session | None = None
        self._deadline: Deadline | None = None
        self._expiry: Deadline | None = None
        self._smallest = 0
        self._update = False

    def know(self, message: Message) -> None:
        """What the peer says it can do."""
        self._update = allows(message, "UPDATE")

    def agree(self, session: Session | None, now: float) -> None:
        """A request and its 2xx have agreed on a session, or on none: count from now."""
        self.stop()
        self._session = session
        if session is None:
            return
        deadlines = self._leg.services.deadlines
        if session.ours:
            self._deadline = deadlines.at(now + session.refresh_after, self, "refresh")
        self._expiry = deadlines.at(now + session.expires_after, self, "expired")

    def stop(self) -> None:
        """The leg is over."""
        for deadline in (self._deadline, self._expiry):
            if deadline is not None:
                deadline.cancel()
        self._deadline = self._expiry = None

    def on_deadline(self, tag: str, now: float) -> None:
        """Time to refresh, or nobody has in time."""
        leg = self._leg
        if tag == "expired":
            leg.services.note(leg.call, "session-expired", leg.party, now)
            leg.on_lost(408, "the session was not refreshed", now)
        else:
            self._refresh(now)

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """The peer answered our refresh."""
        leg, status = self._leg, response.status
        if status < 200 or leg.dialog is None:
            return
        if status < 300:
            if transaction.method == "INVITE":
                leg.services.stack.acknowledge(leg.dialog, now)
                leg.take_answer(response.body)
            if not leg.ended:
                self.agree(agree_as_client(response), now)
        elif status == 422:
            self._enlarge(response)
            self._refresh(now)
        elif status == 491:
            self._again(now + self._pause(), now)
        elif status in NOT_KNOWN and transaction.method == "UPDATE":
            self._update = False
            self._refresh(now)
        else:
            self.on_failure(status, now)

    def on_failure(self, status: int, now: float) -> None:
        """The refresh failed."""
        if status in GONE:
            self._leg.on_lost(status, "the device vanished", now)
        else:
            self._again(now + PATIENCE, now)

    def _refresh(self, now: float) -> None:
        leg, session = self._leg, self._session
        if session is None or leg.dialog is None or leg.ended:
            return
        stack = leg.services.stack
        headers = (
            ("Supported", "timer"),
            ("Session-Expires", f"{max(session.interval, self._smallest)};refresher=uac"),
            *offer_headers(session.interval, max(self._smallest, 90))[1:],
        )
        method = "UPDATE" if self._update else "INVITE"
        body = b"" if self._update else leg.repeat_offer()
        try:
            transaction = stack.request_in_dialog(
                leg.dialog,
                method,
                now=now,
                headers=headers,
                body=body,
                content_type="application/sdp" if body else "",
                credentials=leg.credentials,
            )
        except StackMisuseError:  # the peer's own re-INVITE is being answered: as good as a 491
            self._again(now + self._pause(), now)
            return
        transaction.context = self

    def _again(self, when: float, now: float) -> None:
        if self._expiry is None or when >= self._expiry.when or self._leg.ended:
            return  # the expiry comes first
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._leg.services.deadlines.at(when, self, "refresh")

    def _enlarge(self, response: Response) -> None:
        """The peer wants longer intervals (RFC 4028 section 7.4)."""
        try:
            self._smallest = max(self._smallest + 1, minimum(response))
        except MalformedError:
            self._smallest += 90

    def _pause(self) -> float:
        """RFC 3261 section 14.1: 2.1 to 4 s for who made the Call-ID, 0 to 2 s for the other, in steps of 10 ms."""
        drawn = crc32(self._leg.services.token().encode())
        return 2.1 + drawn % 191 / 100 if self._leg.outgoing else drawn % 201 / 100


def asked(request: Request) -> tuple[Session | None, tuple[tuple[str, str], ...]]:
    """The session timer a request asks for; what cannot be read counts as not said. Raises TooSmallError."""
    try:
        return agree_as_server(request, WANTED_SECONDS)
    except MalformedError:
        return None, ()
