"""Setting phones up: a document for one phone, fetched once by whoever has its ticket."""

from enum import StrEnum
from typing import Annotated, NamedTuple, Protocol

import msgspec


class Vendor(StrEnum):
    """Whose phone it is: what its document looks like."""

    YEALINK = "yealink"
    GRANDSTREAM = "grandstream"
    SNOM = "snom"
    FANVIL = "fanvil"
    LINPHONE = "linphone"  # the softphone, by a code it reads with its camera


class TicketRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which phone is to be set up."""

    extension: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    """Extension it shall have; a phone of the configuration."""
    vendor: Vendor
    """Whose phone it is."""
    mac: Annotated[str, msgspec.Meta(max_length=17)] = ""
    """Its address ("00:15:65:aa:bb:cc"), with colons, hyphens or neither; empty for a softphone."""


class Ticket(msgspec.Struct, frozen=True):
    """The way to one document. The address is told once, here: it opens the phone's password."""

    extension: str
    """The phone's extension."""
    vendor: Vendor
    """Whose phone it is."""
    mac: str
    """The phone's address, twelve hexadecimal digits; empty: a softphone."""
    url: str
    """What the phone is told as its provisioning server: a folder, or for a softphone the document itself."""
    file: str
    """The name the phone asks for in it."""
    expires: int
    """Until when it can be fetched, once; ms since 1970-01-01 UTC."""
    qr: str
    """The address as a code to be photographed: an SVG picture."""


class Waiting(msgspec.Struct, frozen=True):
    """A ticket nobody has used yet."""

    extension: str
    """The phone's extension."""
    vendor: Vendor
    """Whose phone it is."""
    mac: str
    """The phone's address; empty: a softphone."""
    expires: int
    """Until when it can be fetched; ms since 1970-01-01 UTC."""
    author: str
    """Who made it."""


class PhoneDocument(NamedTuple):
    """What a phone gets."""

    name: str
    media_type: str
    text: str


class ProvisioningError(Exception):
    """A phone cannot be set up so. HTTP: `http_status`, `cause`, `remedy`."""

    def __init__(self, cause: str, remedy: str, *, http_status: int = 409) -> None:
        super().__init__(f"{cause}. {remedy}")
        self.cause = cause
        self.remedy = remedy
        self.http_status = http_status


class Provisioning(Protocol):
    """Who sets phones up."""

    async def issue(self, request: TicketRequest, author: str) -> Ticket:
        """Make a ticket; an earlier one of the same phone is void. Raises ProvisioningError and UnknownNameError."""

    def waiting(self) -> list[Waiting]:
        """Tickets nobody has used yet."""

    async def revoke(self, extension: str) -> Waiting:
        """Make a ticket void. Raises UnknownNameError."""

    async def fetch(self, token: str, file: str, source: str) -> PhoneDocument | None:
        """The document, once; None when there is none for this token and name."""
