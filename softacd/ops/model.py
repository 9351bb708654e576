"""The whole configuration as one tree of settings: the program's own sections, and those of the cores composed."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from softacd.acd.model import AgentSettings, QueueSettings
from softacd.calls.flow_steps import FlowSettings
from softacd.calls.hours import HoursSettings
from softacd.calls.keep_alive import KeepAlive
from softacd.calls.missed import MissedSettings
from softacd.calls.model import (
    ConferenceSettings,
    CrmLink,
    DialPlan,
    DigestAlgorithm,
    EmergencySettings,
    GroupSettings,
    HidesSecrets,
    MailboxSettings,
    NumberSettings,
    PhoneSettings,
    SourceSettings,
    SwitchSettings,
    TrunkSettings,
    VoiceLink,
)
from softacd.calls.reasons import ReasonSettings
from softacd.calls.webhooks import WebhookSettings
from softacd.crm.adapters.settings import CrmSettings
from softacd.crm.settings import CustomerSettings
from softacd.ops.mail_settings import MailSettings, SavedReport
from softacd.ops.provisioning_settings import ProvisioningSettings
from softacd.rtp.model import MediaSettings
from softacd.runtime.voice.settings import VoiceSettings
from softacd.sip.guard import GuardSettings

SIP_TRANSPORTS = ("udp", "tcp", "tls", "ws", "wss")


LEARNED = "learned"
"""What stands for a public address that is not configured but learned."""


class Listener(NamedTuple):
    """One address SIP is served on. `host` is an IP address without brackets; `port` 0 lets the system choose."""

    transport: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Listener":
        """`udp:127.0.0.1:5060`, `tcp:[::1]:5060`. Raises ValueError saying what is wrong."""
        transport, _, rest = text.partition(":")
        if transport not in SIP_TRANSPORTS:
            raise ValueError(f"the transport must be one of {', '.join(SIP_TRANSPORTS)}")
        host, port = parse_address(rest)
        return cls(transport, host, port)

    def __str__(self) -> str:
        return f"{self.transport}:{format_address(self.host, self.port)}"


def parse_address(text: str) -> tuple[str, int]:
    """`127.0.0.1:8080` or `[::1]:8080` -> host and port (0 to 65535). Raises ValueError saying what is wrong."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit():
        raise ValueError("a port number must follow the address")
    if int(port) > 65_535:
        raise ValueError("a port number is at most 65535")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        version = 6
    else:
        version = 4
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise ValueError("the host must be an IP address of this machine, 0.0.0.0 or [::]") from None
    if address.version != version:
        raise ValueError("an IPv6 address stands in brackets")
    return str(address), int(port)


def format_address(host: str, port: int) -> str:
    """The reverse of `parse_address`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def without_password(url: str) -> str:
    """`url` with *** for a password in it."""
    return re.sub(r"(://[^:/@]*):.*@", r"\1:***@", url)


class ServerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """This node of softacd."""

    node: str = "n1"
    """Identity of this node, part of every call id: 1 to 16 small letters, digits or hyphens."""
    name: str = "softacd"
    """What the live view and the logs call this installation."""
    language: str = "en"
    """Language of the prompts the program chooses itself; a directory `prompts/<language>` must exist."""
    time_zone: str = ""
    """Time zone of the house ("Europe/Chisinau"), for hours and greetings; empty: the machine's."""
    data_directory: str = "data"
    """Where the database and what must survive a restart are kept; relative to the configuration."""


class SipSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Signalling: where it is served and under which name."""

    listen: tuple[str, ...] = ("udp:127.0.0.1:5060", "tcp:127.0.0.1:5060")
    """Where SIP is served: `transport:address:port`, transport udp, tcp, tls, ws or wss; by default only this machine.

    0.0.0.0 is every IPv4 address of this machine, [::] every IPv6 one. Browsers' phones use wss. Calls to carriers
    leave from the first of their transport that reaches them."""
    certificate: str = ""
    """PEM file with our certificate and its chain, for tls and wss; read again when it changes."""
    private_key: str = ""
    """PEM file with its key, unencrypted."""
    authorities: str = ""
    """PEM file of the authorities that sign carriers' certificates; empty: those the system trusts."""
    domain: str = "softacd.internal"
    """Domain of our phones and realm of their passwords. Changing it makes every configured `ha1` invalid."""
    digest: tuple[DigestAlgorithm, ...] = ("MD5",)
    """How phones may prove their passwords (RFC 8760), the preferred one first: MD5, SHA-256, SHA-512-256.

    Older phones give up when they are offered anything but MD5. What a phone has no hash for is offered to none."""
    public_address: str = ""
    """IP address that peers beyond our own networks are told instead of the local one, when a NAT router is between.

    "learned": what a carrier sees us at, told by its answers (RFC 3581); the router must keep our port as it is."""
    keep_alive_seconds: Annotated[float, msgspec.Meta(ge=0, le=600)] = 25.0
    """Seconds between packets to each phone behind a NAT router, which would forget it otherwise; 0: none."""
    keep_alive: KeepAlive = "options"
    """What is sent: `options`, which phones answer, or `crlf`, two line ends nobody answers."""

    @property
    def told_address(self) -> str:
        """`public_address` when it is one, "" when it is learned or there is none."""
        return "" if self.learns_address else self.public_address

    @property
    def learns_address(self) -> bool:
        """Whether the carriers tell us our public address."""
        return self.public_address == LEARNED

    def listeners(self) -> tuple[Listener, ...]:
        """`listen`, parsed."""
        return tuple(map(Listener.parse, self.listen))


class SecuritySettings(GuardSettings, frozen=True, forbid_unknown_fields=True):
    """What strangers may do before they are banned, and how much we take on at once."""

    open_transactions: Annotated[int, msgspec.Meta(ge=100, le=1_000_000)] = 20_000
    """Requests from the network in progress; beyond, new ones are answered 503 with Retry-After."""
    open_dialogs: Annotated[int, msgspec.Meta(ge=10, le=1_000_000)] = 20_000
    """Calls' dialogs; beyond, new calls are answered 503 with Retry-After."""


class MediaTable(MediaSettings, frozen=True, forbid_unknown_fields=True):
    """Media: the engine's settings, and where sounds come from."""

    sounds: tuple[str, ...] = ()
    """Directories searched for prompts and music before the shipped ones; relative to the configuration."""
    recordings: str = ""
    """Directory of recordings, relative to the configuration; empty: `recordings` in `server.data_directory`."""
    messages: str = ""
    """Directory of messages in mailboxes, relative to the configuration; empty: `messages` in `server.data_directory`.
    The room `recordings_least_free_mb` asks for is asked for there too."""
    recordings_format: Literal["wav", "flac", "opus"] = "wav"
    """What finished recordings are kept as; `flac` takes about half of `wav`, `opus` an eighth. They are encoded by a
    process of their own, one after the other."""
    recordings_keep_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 90
    """Days after which the file of a recording is removed (its account stays); 0: files are kept for ever."""
    recordings_least_free_mb: Annotated[int, msgspec.Meta(ge=0)] = 500
    """Megabytes that stay free on the disk: with less, no recording is begun, and calls go on without."""


class StoreSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where call records and agents' events are kept."""

    url: str = ""
    """`sqlite:///file` or `postgresql://user@host/database`; empty: softacd.db in `server.data_directory`."""

    def shown(self) -> str:
        """`url` without the password it may hold."""
        return without_password(self.url)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("url", self.shown())]

    def __repr__(self) -> str:
        return f"StoreSettings(url={self.shown()!r})"


class WebSettings(HidesSecrets, frozen=True, forbid_unknown_fields=True):
    """The HTTP API and the desk. It answers who has the token or has signed in (`softacd users`)."""

    listen: str = "127.0.0.1:8080"
    """`address:port`; port 0 lets the system choose."""
    token: str = ""
    """Secret; better given as `token_file` or `token_env`."""
    token_file: str = ""
    """File whose content is the token; relative to the configuration."""
    token_env: str = ""
    """Environment variable that holds the token."""
    metrics_open: bool = False
    """Serve /metrics without the token."""
    public_url: str = ""
    """Where browsers reach the desk, when a proxy with TLS is between ("https://desk.shop.md"); empty: at `listen`."""
    session_idle_minutes: Annotated[float, msgspec.Meta(gt=0, le=1440)] = 30.0
    """A session of the desk that was not used for so long ends."""
    session_hours: Annotated[float, msgspec.Meta(gt=0, le=720)] = 12.0
    """No session lasts longer; then one signs in again."""

    def address(self) -> tuple[str, int]:
        """`listen` as host and port."""
        return parse_address(self.listen)


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least level that is written."""
    format: Literal["auto", "console", "json"] = "auto"
    """`auto`: coloured lines on a terminal, JSON otherwise."""
    repeat_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 10.0
    """A warning or error repeated within so many seconds is counted, not written again; 0: every one is written."""


class Configuration(msgspec.Struct, frozen=True):
    """Everything the owner decided, validated; relative paths made absolute, secrets read from their places."""

    server: ServerSettings = ServerSettings()
    sip: SipSettings = SipSettings()
    media: MediaTable = MediaTable()
    store: StoreSettings = StoreSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()
    security: SecuritySettings = SecuritySettings()
    dial_plan: DialPlan = DialPlan()
    customers: CustomerSettings = CustomerSettings()
    emergency: EmergencySettings = EmergencySettings()
    missed: MissedSettings = MissedSettings()
    mail: MailSettings = MailSettings()
    provisioning: ProvisioningSettings = ProvisioningSettings()
    trunks: tuple[TrunkSettings, ...] = ()
    phones: tuple[PhoneSettings, ...] = ()
    groups: tuple[GroupSettings, ...] = ()
    conferences: tuple[ConferenceSettings, ...] = ()
    mailboxes: tuple[MailboxSettings, ...] = ()
    agents: tuple[AgentSettings, ...] = ()
    queues: tuple[QueueSettings, ...] = ()
    flows: tuple[FlowSettings, ...] = ()
    hours: tuple[HoursSettings, ...] = ()
    reasons: tuple[ReasonSettings, ...] = ()
    sources: tuple[SourceSettings, ...] = ()
    webhooks: tuple[WebhookSettings, ...] = ()
    crm: tuple[CrmSettings, ...] = ()
    voices: tuple[VoiceSettings, ...] = ()
    numbers: tuple[NumberSettings, ...] = ()
    reports: tuple[SavedReport, ...] = ()

    def switch_settings(self) -> SwitchSettings:
        """What the call flows need."""
        return SwitchSettings(
            domain=self.sip.domain,
            digest=self.sip.digest,
            keep_alive_seconds=self.sip.keep_alive_seconds,
            keep_alive=self.sip.keep_alive,
            trunks=self.trunks,
            phones=self.phones,
            numbers=self.numbers,
            flows=self.flows,
            crms=tuple(
                CrmLink(crm.name, crm.on_arrival, crm.timeout_ms / 1000, crm.patience_seconds) for crm in self.crm
            ),
            voices=tuple(VoiceLink(voice.language, voice.timeout_seconds) for voice in self.voices),
            groups=self.groups,
            conferences=self.conferences,
            mailboxes=self.mailboxes,
            hours=self.hours,
            reasons=self.reasons,
            emergency=self.emergency,
            missed=self.missed,
            dial_plan=self.dial_plan,
            guard=self.security,
            language=self.server.language,
        )

    def sound_roots(self) -> tuple[Path, ...]:
        """Directories of sounds, the owner's first; a clip "prompts/en/welcome" is `prompts/en/welcome.wav` in one."""
        return (*map(Path, self.media.sounds), *shipped_sounds(), self.spoken_texts())

    def spoken_texts(self) -> Path:
        """Where texts spoken while calls are up are kept: the last of the directories of sounds."""
        return Path(self.server.data_directory) / "voice"

    def secrets(self) -> frozenset[str]:
        """Every secret value, for the logs to hide."""
        values = {self.web.token, self.mail.password}
        for trunk in self.trunks:
            values.update((trunk.password, *(account.password for account in trunk.accounts)))
        values.update(source.token for source in self.sources)
        values.update(webhook.secret for webhook in self.webhooks)
        values.update(crm.token for crm in self.crm)
        for phone in self.phones:
            values.update((phone.password, phone.ha1, phone.ha1_sha256, phone.ha1_sha512_256))
        return frozenset(values - {""})


def shipped_sounds() -> tuple[Path, ...]:
    """The sounds that come with the program: in the installed package, or beside it in a source tree."""
    package = Path(__file__).resolve().parent.parent
    return tuple(path for path in (package / "media", package.parent / "media") if path.is_dir())[:1]
