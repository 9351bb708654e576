"""Sets phones up: tickets that open one document once, and the documents made from the configuration of that moment."""

import hashlib
import io
import re
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import segno
import structlog

from softacd.calls.control import UnknownNameError
from softacd.calls.model import PhoneSettings
from softacd.ops.configuration_files import write_file
from softacd.ops.model import Configuration, SipSettings
from softacd.ops.phone_documents import Account, Transport, document, file_name
from softacd.ops.phone_secrets import new_secret
from softacd.web.administration import ConfigurationRefusedError
from softacd.web.tickets import PhoneDocument, ProvisioningError, Ticket, TicketRequest, Vendor, Waiting

FILE = "provisioning.json"
"""In the data directory: tickets by the digest of their token, so that who reads the file can fetch nothing."""
FAILURES = 10
"""Wrong addresses a source may ask for in a minute."""
_MOST_SOURCES = 10_000
_MAC = re.compile(r"[0-9a-f]{12}")

log = structlog.get_logger(__name__)


class ProvisioningDesk:
    """Implements `softacd.web.tickets.Provisioning`."""

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        wall: Callable[[], int],
        set_password: Callable[[str, str], Awaitable[None]],
    ) -> None:
        """`wall` gives wall-clock ms; `set_password` gives a phone (by extension) a password from now on."""
        self._set_password = set_password
        self._configuration = configuration
        self._wall = wall
        self._tickets: dict[str, Waiting] | None = None
        self._failures: OrderedDict[str, tuple[int, int]] = OrderedDict()

    async def issue(self, request: TicketRequest, author: str) -> Ticket:
        """As Provisioning.issue."""
        settings = self._configuration().provisioning
        url = settings.url or self._configuration().web.public_url
        if not url.startswith("https://"):
            raise ProvisioningError(
                "phones cannot reach this switch to be set up",
                "Set [provisioning] url to the https address under which phones reach the web server.",
            )
        mac = re.sub(r"[:.-]", "", request.mac).lower()
        if request.vendor is Vendor.LINPHONE:
            mac = ""
        elif not _MAC.fullmatch(mac):
            raise ProvisioningError(
                f"{request.mac!r} is no address of a phone", "Give the twelve digits on its back.", http_status=400
            )
        phone = self._phone(request.extension)
        self._account(phone, "")  # that it can be made at all is told now, not to the phone
        token = secrets.token_urlsafe(24)
        expires = self._wall() + round(settings.valid_hours * 3_600_000)
        tickets = {key: one for key, one in self._all().items() if one.extension != phone.extension}
        tickets[_digest(token)] = Waiting(phone.extension, request.vendor, mac, expires, author)
        self._keep(tickets)
        name = file_name(request.vendor, mac)
        url = f"{url.rstrip('/')}/provision/{token}/"
        url = f"{url}{name}" if request.vendor is Vendor.LINPHONE else url
        log.info("a phone may be set up", extension=phone.extension, vendor=request.vendor.value, mac=mac, by=author)
        return Ticket(phone.extension, request.vendor, mac, url, name, expires, _picture(url))

    def waiting(self) -> list[Waiting]:
        """As Provisioning.waiting."""
        return sorted(self._all().values(), key=lambda one: one.extension)

    async def revoke(self, extension: str) -> Waiting:
        """As Provisioning.revoke."""
        tickets = self._all()
        for key, one in tickets.items():
            if one.extension == extension:
                self._keep({other: kept for other, kept in tickets.items() if other != key})
                log.info("a phone may not be set up any more", extension=extension)
                return one
        raise UnknownNameError(f"no ticket waits for phone {extension!r}")

    async def fetch(self, token: str, file: str, source: str) -> PhoneDocument | None:
        """As Provisioning.fetch. Raises ProvisioningError (429) when this source has asked in vain too often."""
        now = self._wall()
        if self._too_many(source, now):
            raise ProvisioningError("too many wrong addresses", "Wait a minute.", http_status=429)
        key = _digest(token)
        ticket = self._all().get(key)
        if ticket is None or file.lower() != file_name(ticket.vendor, ticket.mac).lower():
            if ticket is None:  # a phone with a ticket asks for other names too; who has none guesses
                self._failed(source, now)
            log.warning("no phone is set up by this address", source=source, known=ticket is not None)
            return None
        self._keep({other: kept for other, kept in self._all().items() if other != key})  # at once: it is good once
        phone = self._phone(ticket.extension)
        # The password comes into being here, is told to the phone, and only its hashes stay.
        password = new_secret()
        try:
            await self._set_password(phone.extension, password)
        except ConfigurationRefusedError as error:
            self._keep({**self._all(), key: ticket})
            log.error("a phone cannot be set up", extension=phone.extension, error=str(error))
            raise ProvisioningError(error.cause, error.remedy) from None
        made = document(ticket.vendor, ticket.mac, self._account(phone, password))
        log.info(
            "a phone was set up", extension=phone.extension, vendor=ticket.vendor.value, mac=ticket.mac, source=source
        )
        return made

    # --- what a phone is told ----------------------------------------------------------------------------------

    def _phone(self, extension: str) -> PhoneSettings:
        for phone in self._configuration().phones:
            if phone.extension == extension:
                return phone
        raise UnknownNameError(f"there is no phone {extension!r}")

    def _account(self, phone: PhoneSettings, password: str) -> Account:
        configuration = self._configuration()
        transport, server, port = where_to_send(configuration.sip, configuration.provisioning.server)
        return Account(
            extension=phone.extension,
            display_name=phone.display_name,
            password=password,
            domain=configuration.sip.domain,
            server=server,
            port=port,
            transport=transport,
            srtp=phone.srtp,
            codecs=phone.codecs,
            time_zone_hours=_hours(configuration.server.time_zone),
            language=configuration.server.language,
        )

    # --- tickets -----------------------------------------------------------------------------------------------

    @property
    def _file(self) -> Path:
        return Path(self._configuration().server.data_directory) / FILE

    def _all(self) -> dict[str, Waiting]:
        if self._tickets is None:
            try:
                self._tickets = msgspec.json.decode(self._file.read_bytes(), type=dict[str, Waiting])
            except FileNotFoundError:
                self._tickets = {}
            except (OSError, msgspec.DecodeError) as error:
                log.warning("tickets of phones cannot be read and are void", error=str(error))
                self._tickets = {}
        now = self._wall()
        return {key: one for key, one in self._tickets.items() if one.expires > now}

    def _keep(self, tickets: dict[str, Waiting]) -> None:
        self._tickets = tickets
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_file(self._file, msgspec.json.encode(tickets).decode(), 0o600)
        except OSError as error:
            log.warning("tickets of phones do not outlive this run", error=str(error))

    def _too_many(self, source: str, now: int) -> bool:
        count, since = self._failures.get(source, (0, now))
        return count >= FAILURES and now - since < 60_000

    def _failed(self, source: str, now: int) -> None:
        count, since = self._failures.pop(source, (0, now))
        self._failures[source] = (1, now) if now - since >= 60_000 else (count + 1, since)
        if len(self._failures) > _MOST_SOURCES:
            self._failures.popitem(last=False)


def where_to_send(sip: SipSettings, server: str) -> tuple[Transport, str, int]:
    """How phones reach us: by the first of TLS, UDP and TCP that is served beyond this machine, or at all."""
    listeners = sip.listeners()
    for transport in ("tls", "udp", "tcp"):
        for listener in listeners:
            if listener.transport == transport:
                host = server or sip.told_address or listener.host
                return transport, host, listener.port
    raise ProvisioningError("desk phones are not served", "Name udp, tcp or tls in [sip] listen.")


def _hours(zone: str) -> int:
    now = datetime.now(ZoneInfo(zone)) if zone else datetime.now(UTC).astimezone()
    offset = now.utcoffset()
    return round(offset.total_seconds() / 3600) if offset is not None else 0


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _picture(url: str) -> str:
    content = io.BytesIO()
    segno.make(url, error="m").save(content, kind="svg", scale=4, xmldecl=False, svgns=True)
    return content.getvalue().decode()
