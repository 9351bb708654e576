"""Holding open the routers' doors phones are reached through.

A NAT router forgets a UDP mapping after 30 to 180 seconds of silence (RFC 4787 section 4.3), and with it every call for
the phone behind it. What we send is answered (OPTIONS) or at least goes through (CRLF, RFC 5626 section 3.5.1 in the
other direction), so that the router remembers. Phones whose Contact is where we see them have no router to remind.
"""

from itertools import islice
from typing import Literal

from softacd.calls.deadlines import Deadlines
from softacd.sip.headers import NameAddress
from softacd.sip.location import Binding, LocationService
from softacd.sip.stack import SipStack
from softacd.sip.transport import Transport, bare_host
from softacd.sip.uri import SipUri

KeepAlive = Literal["options", "crlf"]
PARTS = 10
"""An interval is so many turns, each of which reminds the routers of as many parts of the phones: no bursts."""


def behind_router(binding: Binding) -> bool:
    """Whether the phone calls itself something else than where its UDP packets come from."""
    flow, contact = binding.flow, binding.contact
    return flow.transport is Transport.UDP and (bare_host(contact.host), contact.port or 5060) != flow.remote


class PhoneKeeper:
    """Reminds the routers. It waits for nothing while no phone is behind one."""

    def __init__(self, stack: SipStack, location: LocationService, deadlines: Deadlines) -> None:
        self._stack = stack
        self._location = location
        self._deadlines = deadlines
        self._armed = False
        self._part = 0
        self.interval = 0.0
        self.kind: KeepAlive = "options"
        self.domain = ""

    def registered(self, now: float) -> None:
        """Phones registered: begin, if one of them needs it."""
        if not self._armed and self.interval and any(behind_router(one) for _, one in self._location.everything()):
            self._arm(now)

    def on_deadline(self, tag: str, now: float) -> None:
        """The next part's turn."""
        del tag
        self._armed = False
        if not self.interval:
            return
        found = [(address, one) for address, one in self._location.everything() if behind_router(one)]
        self._part = (self._part + 1) % PARTS
        for address, binding in islice(found, self._part, None, PARTS):
            if binding.expires_at > now:
                self._remind(address, binding, now)
        if found:
            self._arm(now)

    def _arm(self, now: float) -> None:
        self._armed = True
        self._deadlines.at(now + self.interval / PARTS, self, "keep-alive")

    def _remind(self, address_of_record: str, binding: Binding, now: float) -> None:
        if self.kind == "crlf":
            self._stack.ping(binding.flow)
            return
        self._stack.request(
            "OPTIONS",
            uri=str(binding.contact),
            flow=binding.flow,
            from_=NameAddress("", SipUri(host=self.domain)),
            to=NameAddress("", SipUri.parse(address_of_record)),
            route=binding.path,
            now=now,
        )
