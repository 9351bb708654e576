"""MESSAGE from phone to phone (RFC 3428): passed on to every device of the extension; the best answer comes back."""

from softacd.calls.attempt import better_refusal
from softacd.calls.exchange import Exchange
from softacd.calls.routing import ToExtension
from softacd.sip.headers import NameAddress
from softacd.sip.location import Binding
from softacd.sip.message import Request
from softacd.sip.transaction import ServerTransaction
from softacd.sip.uri import SipUri

LONGEST = 1300
"""Octets of body: longer ones need a session of their own (RFC 3428 section 8)."""


class MessageRelay:
    """One message on its way; the context of the requests that carry it."""

    __slots__ = ("_left", "_stack", "_status", "_transaction")

    def __init__(self, exchange: Exchange, sender: str, transaction: ServerTransaction, request: Request, now: float):
        self._transaction = transaction
        self._stack = exchange.services.stack
        self._status = 480
        self._left = 0
        phone = exchange.phones[sender]
        to = exchange.routing.destination(request.uri.user, phone)
        if len(request.body) > LONGEST:
            self._finish(513, now)
            return
        bindings: tuple[Binding, ...] = ()
        if isinstance(to, ToExtension):
            address = exchange.address_of_record(to.extension)
            bindings = tuple(exchange.location.bindings(address, now))
        else:
            self._status = 404
        hops = request.max_forwards
        for binding in bindings:
            self._left += 1
            carried = self._stack.request(
                "MESSAGE",
                uri=binding.contact,
                flow=binding.flow,
                from_=NameAddress(phone.display_name, SipUri("sip", sender, exchange.settings.domain)),
                to=NameAddress("", SipUri("sip", request.uri.user, exchange.settings.domain)),
                headers=(("Max-Forwards", str(70 if hops is None else max(hops - 1, 0))),),
                body=request.body,
                content_type=request.header("Content-Type") or "text/plain",
                route=binding.path,
                now=now,
            )
            carried.context = self
        if not bindings:
            self._finish(self._status, now)

    def on_answer(self, status: int, now: float) -> None:
        """One device answered, or did not (408)."""
        if status < 200 or self._transaction.final:
            return
        self._left -= 1
        if status < 300:
            self._finish(200, now)
            return
        self._status = better_refusal(self._status, status)
        if not self._left:
            self._finish(self._status, now)

    def _finish(self, status: int, now: float) -> None:
        if not self._transaction.final:
            self._stack.respond(self._transaction, status, now=now)
