"""The owner's settings of trunks, phones, numbers and flows: decoded from the configuration, read by the switch."""

from typing import Annotated, Any, Literal

import msgspec

from softacd.calls.flow_steps import FlowSettings, Speeches
from softacd.calls.hours import HoursSettings
from softacd.calls.keep_alive import KeepAlive
from softacd.calls.missed import MissedSettings
from softacd.calls.reasons import ReasonSettings
from softacd.calls.setting_types import TimeOut
from softacd.sip.guard import GuardSettings

PortNumber = Annotated[int, msgspec.Meta(ge=1, le=65_535)]
CodecName = Literal["PCMA", "PCMU", "G722", "OPUS"]
DigestAlgorithm = Literal["MD5", "SHA-256", "SHA-512-256"]
Encryption = Literal["off", "preferred", "required"]
Keying = Literal["sdes", "dtls"]


SECRET_FIELDS = frozenset({"pin", "password", "ha1", "ha1_sha256", "ha1_sha512_256", "token"})
"""Fields of settings whose values are never shown, logged or compared aloud."""


class HidesSecrets(msgspec.Struct, frozen=True):
    """Settings whose repr, plain or by rich, shows "***" for a secret that is set."""

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        shown = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [(name, "***" if name in SECRET_FIELDS and value else value) for name, value in shown]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


class AccountSettings(HidesSecrets, frozen=True, forbid_unknown_fields=True):
    """A further account at the same carrier, with numbers of its own."""

    username: str
    """Account at the carrier."""
    password: str = ""
    """Secret; better given as `password_file` or `password_env`."""
    password_file: str = ""
    """File whose content is the password; relative to the configuration."""
    password_env: str = ""
    """Environment variable that holds the password."""
    numbers: tuple[str, ...] = ()
    """Our numbers of this account, E.164."""


class TrunkSettings(HidesSecrets, frozen=True, forbid_unknown_fields=True):
    """One carrier. With `username` and `register`, we register there; without, the carrier knows our address.

    Calls come in from the addresses `host` resolves to and from those in `addresses` (IP or network), nowhere else.
    """

    name: str
    """The trunk's name."""
    host: str
    """Name or address of the carrier's SIP server."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0
    """Its port; 0: as the domain's SRV records say, else 5060 (5061 with tls)."""
    proxy: str = ""
    """Name or address of the carrier's outbound proxy, at `port`, through which all goes; empty: none."""
    transport: Literal["udp", "tcp", "tls", "auto"] = "udp"
    """How we speak to it; auto: as the domain's NAPTR and SRV records say, else udp."""
    username: str = ""
    """Account at the carrier; empty: the carrier knows us by our address."""
    password: str = ""
    """Secret; better given as `password_file` or `password_env`."""
    password_file: str = ""
    """File whose content is the password; relative to the configuration."""
    password_env: str = ""
    """Environment variable that holds the password."""
    register: bool = False
    """Register there, so that the carrier knows where we are."""
    realm: str = ""
    """Digest realm expected; empty: whatever the carrier says."""
    domain: str = ""
    """Domain in From and To; empty: `host`."""
    expires: Annotated[int, msgspec.Meta(ge=60, le=86_400)] = 600
    """Seconds a registration is asked for; it is renewed in time."""
    keep_alive_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 30.0
    """Seconds between OPTIONS; 0: none."""
    addresses: tuple[str, ...] = ()
    """Further addresses or networks ("192.0.2.0/28") whose calls are this carrier's."""
    numbers: tuple[str, ...] = ()
    """Our numbers with this carrier, E.164."""
    caller_id: str = ""
    """Number shown on calls that leave here; empty: the first of `numbers`, else `username`."""
    identity: Literal["from", "asserted"] = "from"
    """How our number is told: in From alone, or in P-Asserted-Identity too (RFC 3325)."""
    diversion: Literal["off", "diversion", "history-info", "both"] = "diversion"
    """How the carrier is told that a call is forwarded, and by which of our numbers: Diversion (RFC 5806), History-Info
    (RFC 7044), both or not at all."""
    accounts: tuple[AccountSettings, ...] = ()
    """Further accounts there, each registered as this one is; a call leaves by the account whose number is shown."""
    channels: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    """Simultaneous calls; 0: no limit."""
    answer_timeout: TimeOut = 60.0
    """Seconds a call out may ring."""
    trying_timeout: TimeOut = 3.0
    """No answer of any kind to a call within so many seconds: the next trunk is tried."""
    progress_timeout: TimeOut = 8.0
    """No ringing or early media after so many seconds: the next trunk is tried."""
    codecs: tuple[CodecName, ...] = ("PCMA", "PCMU")
    """Codecs offered and accepted, the preferred one first. A call whose two sides share none is transcoded."""
    srtp: Encryption = "off"
    """Encrypt the voice. `preferred`: where the other side can; `required`: or there is no call."""
    srtp_keys: Annotated[tuple[Keying, ...], msgspec.Meta(min_length=1, max_length=2)] = ("sdes",)
    """Where the keys come from: `sdes`: the signalling, which TLS should then protect; `dtls`: a handshake beside the
    voice, which nobody on the way can read. Both: what the other side can. Browsers always use `dtls`."""

    @property
    def all_numbers(self) -> tuple[str, ...]:
        """Our numbers with this carrier, of all accounts."""
        return (*self.numbers, *(number for account in self.accounts for number in account.numbers))


class PhoneSettings(HidesSecrets, frozen=True, forbid_unknown_fields=True):
    """A SIP phone, named by its extension. Give `password` (plain) or `ha1` (MD5 of username:realm:password).

    A plain password is turned into all three hashes when the configuration is loaded, and not kept.
    """

    extension: str
    """What one dials to reach the phone, and its user name."""
    password: str = ""
    """Secret; better given as `password_file`, `password_env` or `ha1`."""
    password_file: str = ""
    """File that holds hashes of the password, as `softacd phones password` writes it, or the password; relative to the
    configuration."""
    password_env: str = ""
    """Environment variable that holds the password."""
    ha1: str = ""
    """MD5 of `extension:sip.domain:password`, 32 hexadecimal digits (RFC 7616, 3.4.2)."""
    ha1_sha256: str = ""
    """The same with SHA-256, 64 hexadecimal digits (RFC 8760)."""
    ha1_sha512_256: str = ""
    """The same with SHA-512-256, 64 hexadecimal digits."""
    display_name: str = ""
    """The name others see when this phone calls."""
    contacts: Annotated[int, msgspec.Meta(ge=1, le=32)] = 4
    """How many devices may be registered with this extension at once."""
    ring_seconds: TimeOut = 45.0
    """How long a call from another phone rings here."""
    outside: bool = True
    """May call out through the trunks."""
    manager: bool = False
    """May close hours by hand and switch the emergency mode, by feature code."""
    caller_id: str = ""
    """Number shown outside, on trunks that own it; elsewhere, or empty: the trunk's."""
    pickup_groups: tuple[str, ...] = ()
    """Groups of phones that pick up each other's calls; without any, only calls of phones without any."""
    codecs: tuple[CodecName, ...] = ("PCMA", "PCMU")
    """Codecs offered and accepted, the preferred one first. A call whose two sides share none is transcoded."""
    srtp: Encryption = "off"
    """Encrypt the voice. `preferred`: where the other side can; `required`: or there is no call."""
    srtp_keys: Annotated[tuple[Keying, ...], msgspec.Meta(min_length=1, max_length=2)] = ("sdes",)
    """Where the keys come from: `sdes`: the signalling, which TLS should then protect; `dtls`: a handshake beside the
    voice, which nobody on the way can read. Both: what the other side can. Browsers always use `dtls`."""


class GroupSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Several phones behind one number. Forwards of the phones do not apply here, do-not-disturb does."""

    name: str
    """The group's name."""
    number: str
    """What one dials to reach the group."""
    extensions: tuple[str, ...]
    """The phones, in the order a linear group rings them."""
    strategy: Literal["all", "linear"] = "all"
    """`all`: every phone rings at once; `linear`: one after another."""
    ring_seconds: TimeOut = 20.0
    """How long it rings: all phones together, or each of a linear group."""


class NumberSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of our outside numbers and the flow its callers enter. "*" is every number not named."""

    number: str
    """E.164 ("+37322000111"), digits as the carrier sends them, or "*"."""
    flow: str
    """The flow's name."""
    hours: str = ""
    """Opening hours of this number, by name; empty: always open."""
    closed: str = ""
    """Flow for callers who find it closed; empty: the same flow."""
    language: str = ""
    """What its callers hear, where the customer base names no other; empty: the house's language."""


class FeatureCodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is dialled on a phone to change its agent's status or its own settings, to pick up and to park."""

    available: str = "*40"
    """Log in, or be available again."""
    break_: str = msgspec.field(default="*41", name="break")
    """Take a break."""
    lunch: str = "*42"
    """Go to lunch."""
    not_ready: str = "*43"
    """Be not ready."""
    log_out: str = "*44"
    """Log out."""
    finish_wrap_up: str = "*45"
    """End the wrap-up before its time."""
    extend_wrap_up: str = "*46"
    """Ask for more wrap-up."""
    sign_on: str = "*48"
    """Followed by an agent's code: the agent sits at this phone from now on, and is available."""
    topic: str = "*47"
    """Followed by the place of a topic in its queue's list (*472 is the second): the reason of the last call."""
    do_not_disturb: str = "*78"
    """Do not ring this phone."""
    disturb: str = "*79"
    """Ring this phone again."""
    forward_always: str = "*21"
    """Followed by a number: forward every call there; alone: no longer. `*21*NUMBER#` is understood too."""
    forward_busy: str = "*67"
    """The same for calls that find the phone busy or are declined."""
    forward_no_answer: str = "*61"
    """The same for calls nobody answers, and while the phone is not registered."""
    pick_up: str = "*8"
    """Answer a call that rings elsewhere: alone, in a common pickup group; followed by an extension, there."""
    record: str = "*1"
    """Pressed by an agent's or another phone of the house while it talks: record the call, or stop."""
    pause_recording: str = "*2"
    """Pressed in the same way: leave out what is said now (a card number), or go on."""
    park: str = "*70"
    """Transfer a call here to park it; the place where it waits is said."""
    messages: str = "*97"
    """Hear messages: of this phone, or, followed by a mailbox's number, of that one. *97801 needs its PIN elsewhere."""
    emergency: str = "*35"
    """Switch the emergency mode on, or off; for phones with `manager`."""


class DialPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How phones' dialled numbers are understood. Outside calls are closed until `outside` patterns are named.

    A pattern is digits with "X" for any digit, "Z" for 1 to 9, and a final "." for any rest ("0XXXXXXXXX", "+373.").
    """

    outside: tuple[str, ...] = ()
    """Patterns of the outside numbers that may be dialled."""
    emergency: tuple[str, ...] = ("112",)
    """Numbers every phone may dial outside, without prefix, whatever else is closed; they go to any trunk at once."""
    outside_calls_an_hour: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 120
    """Outside calls a phone may make, or forward, within an hour; 0: no ceiling."""
    outside_calls_at_once: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 4
    """Outside calls a phone may have, or have forwarded, at once; 0: no ceiling."""
    flow_calls_an_hour: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 600
    """Outside calls each flow may make for its callers within an hour; 0: no ceiling."""
    flow_calls_at_once: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 20
    """Outside calls each flow may have at once; 0: no ceiling."""
    outside_prefix: str = ""
    """Dialled before an outside number and removed ("9")."""
    trunks: tuple[str, ...] = ()
    """Trunks in the order they are tried; empty: all, as configured."""
    prefer_quality: bool = False
    """Try first the trunks that have served well lately (calls taken, voice without gaps); equals in that order."""
    feature_codes: FeatureCodes = FeatureCodes()
    """What is dialled to change something instead of calling somebody."""
    park_slots: tuple[str, ...] = ("*701", "*702", "*703", "*704", "*705", "*706", "*707", "*708", "*709")
    """Places where parked calls wait; dialling one fetches its call."""
    park_seconds: TimeOut = 120.0
    """A call parked for so long rings at the phone that parked it; when nobody answers it waits on."""


class ConferenceSettings(HidesSecrets, frozen=True, forbid_unknown_fields=True):
    """A room where everybody who has dialled its number, or was transferred to it, hears everybody.

    Who is alone in it hears music. A tone tells that somebody comes or goes; the key * mutes and unmutes.
    """

    name: str
    """The conference's name."""
    number: str
    """What one dials to reach it."""
    pin: Annotated[str, msgspec.Meta(pattern="^[0-9]{0,12}$")] = ""
    """Digits that are asked for at the door; empty: none. Who is transferred there is not asked."""
    most: Annotated[int, msgspec.Meta(ge=2, le=500)] = 50
    """So many may be in it at once."""
    music: str = "music/default"
    """What one hears who is alone."""


class MailboxSettings(HidesSecrets, frozen=True, forbid_unknown_fields=True):
    """Where callers leave messages: of a queue, of a phone's user, or of the whole house."""

    name: str
    """The mailbox's name."""
    number: Annotated[str, msgspec.Meta(pattern="^([0-9]{2,10})?$")] = ""
    """What one dials, forwards or transfers to, to leave a message; empty: only flows and `answers` lead there."""
    phones: tuple[str, ...] = ()
    """Phones whose lamp tells of its messages, and which hear them by the feature code."""
    answers: bool = False
    """It takes the calls to its phones that nobody answers or that find them busy, unless the user of the phone has
    forwarded those or a flow has rung the phone."""
    pin: Annotated[str, msgspec.Meta(pattern="^([0-9]{4,12})?$")] = ""
    """Digits asked for before messages are heard. Without any its own phones hear them at once, other phones never."""
    greeting: Speeches = ("leave-message",)
    """What callers hear before the tone."""
    most_seconds: Annotated[float, msgspec.Meta(ge=5, le=1800)] = 180.0
    """How long a message may be."""
    least_seconds: Annotated[float, msgspec.Meta(ge=0.5, le=30)] = 1.0
    """Less speech than this is no message."""
    silence_seconds: Annotated[float, msgspec.Meta(ge=0, le=60)] = 4.0
    """So much silence ends a message; 0: only a key, the caller or its length does."""
    most_messages: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 200
    """So many are kept; then callers are told that nothing can be left."""


class SourceSettings(HidesSecrets, frozen=True, forbid_unknown_fields=True):
    """Where flows look things up: a web service that speaks JSON, or an SQLite database. Give `url` or `database`.

    "customers" is always there: the customer base, with the tables customers, numbers and blocked.
    """

    name: str
    """What flows call it."""
    url: str = ""
    """http or https address; the path of a step is appended."""
    token: str = ""
    """Sent as `Authorization: Bearer`; better given as `token_file` or `token_env`."""
    token_file: str = ""
    """File whose content is the token; relative to the configuration."""
    token_env: str = ""
    """Environment variable that holds the token."""
    database: str = ""
    """SQLite file, opened for reading only; relative to the configuration."""
    at_once: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20
    """Requests at a time; more wait for their turn, as long as their step's time-out lets them."""


class VoiceLink(msgspec.Struct, frozen=True):
    """A voice that speaks texts in one language, as flows see it."""

    language: str
    timeout: float
    """Seconds a caller waits for it."""


class CrmLink(msgspec.Struct, frozen=True):
    """Another system that knows customers, as calls see it."""

    name: str
    on_arrival: bool
    """Asked as soon as a call comes from a carrier."""
    timeout: float
    """Seconds a flow that asks waits for it."""
    patience: float
    """Seconds in which an answer is still of use to the agent."""


class EmergencySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where callers of every queue go when the house cannot take calls. Switched by feature code or over the API."""

    numbers: tuple[str, ...] = ()
    """Mobile phones, as they are dialled outside; they are called one after another."""
    seconds: TimeOut = 25.0
    """How long each may ring."""


class SwitchSettings(msgspec.Struct, frozen=True):
    """Everything the switch is told by the configuration; composed and validated by ops.config."""

    domain: str
    """Realm and domain of our phones."""
    keep_alive_seconds: float = 25.0
    """Seconds between what keeps the routers of phones behind NAT awake; 0: nothing does."""
    keep_alive: KeepAlive = "options"
    """What does it."""
    digest: tuple[DigestAlgorithm, ...] = ("MD5",)
    """Digest algorithms phones are offered, the preferred one first."""
    trunks: tuple[TrunkSettings, ...] = ()
    phones: tuple[PhoneSettings, ...] = ()
    numbers: tuple[NumberSettings, ...] = ()
    flows: tuple[FlowSettings, ...] = ()
    crms: tuple[CrmLink, ...] = ()
    """Asked who calls, in this order."""
    voices: tuple[VoiceLink, ...] = ()
    """Who speaks texts."""
    groups: tuple[GroupSettings, ...] = ()
    conferences: tuple[ConferenceSettings, ...] = ()
    mailboxes: tuple[MailboxSettings, ...] = ()
    hours: tuple[HoursSettings, ...] = ()
    reasons: tuple[ReasonSettings, ...] = ()
    emergency: EmergencySettings = EmergencySettings()
    missed: MissedSettings = MissedSettings()
    dial_plan: DialPlan = DialPlan()
    guard: GuardSettings = GuardSettings()
    language: str = "en"
