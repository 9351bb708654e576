"""What SUBSCRIBE and NOTIFY say (RFC 6665): packages, expirations, the state of a subscription. Pure reading."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from softacd.sip.grammar import parse_parameters
from softacd.sip.message import Request


class Package(StrEnum):
    """Event packages we serve."""

    DIALOG = "dialog"  # RFC 4235: lamps of other extensions
    MESSAGE_SUMMARY = "message-summary"  # RFC 3842: messages that wait
    PRESENCE = "presence"  # RFC 3856


CONTENT_TYPES = {
    Package.DIALOG: "application/dialog-info+xml",
    Package.MESSAGE_SUMMARY: "application/simple-message-summary",
    Package.PRESENCE: "application/pidf+xml",
}
ALLOW_EVENTS = ("Allow-Events", ", ".join(Package))
DEFAULT_EXPIRES = 3600
LEAST_EXPIRES = 60
MOST_EXPIRES = 3600


class SubscribeRefusedError(Exception):
    """A SUBSCRIBE that cannot be served, with its answer."""

    def __init__(self, status: int, *headers: tuple[str, str]) -> None:
        super().__init__(str(status))
        self.status = status
        self.headers = headers


class Wish(msgspec.Struct, frozen=True):
    """What a SUBSCRIBE asks for; `expires` 0 ends the subscription, or asks once."""

    package: Package
    event: str
    """Value of Event with its id, repeated in every NOTIFY (section 8.2.1)."""
    expires: int


def read_subscribe(request: Request) -> Wish:
    """Raises SubscribeRefusedError, MalformedError."""
    event = request.header("Event") or ""
    name, semicolon, rest = event.partition(";")
    try:
        package = Package(name.strip(" \t").lower())
    except ValueError:
        raise SubscribeRefusedError(489, ALLOW_EVENTS) from None  # section 4.2.1.3
    if semicolon:
        identifier = parse_parameters(semicolon + rest).get("id")
        event = f"{package};id={identifier}" if identifier else str(package)
    kinds = [value.partition(";")[0].strip(" \t").lower() for value in request.headers("Accept")]
    if kinds and not {CONTENT_TYPES[package], "*/*", "application/*"} & set(kinds):
        raise SubscribeRefusedError(406, ("Accept", CONTENT_TYPES[package]))
    asked = request.expires
    expires = DEFAULT_EXPIRES if asked is None else min(asked, MOST_EXPIRES)
    if 0 < expires < LEAST_EXPIRES:
        raise SubscribeRefusedError(423, ("Min-Expires", str(LEAST_EXPIRES)))  # section 4.2.1.1
    return Wish(package, event, expires)
