"""Snapshots of the living switch, for the terminal, the web and metrics: read-only copies, wall-clock milliseconds."""

import msgspec

TRUNK_UP = frozenset({"registered", "refreshing", "static"})
"""States of a trunk in which calls can pass."""


class TrunkView(msgspec.Struct, frozen=True):
    """A carrier: is it there, and how loaded."""

    name: str
    state: str
    """"registered", "registering", "backing-off", "rejected", "static", "unreachable", "stopped", "resolving" ..."""
    since: int
    cause: str
    reachable: bool | None
    """Answer to OPTIONS; None when not probed."""
    round_trip_ms: float | None
    calls: int
    last_incoming: int
    failures: int
    quality: str = "good"
    """How it has served lately: "good", "fair" or "poor"."""

    @property
    def up(self) -> bool:
        """Whether calls can pass: registered (or not needing to be), and not silent to OPTIONS."""
        return self.state in TRUNK_UP and self.reachable is not False


class PhoneView(msgspec.Struct, frozen=True):
    """A phone: its registrations and calls."""

    extension: str
    display_name: str
    contacts: tuple[str, ...]
    calls: int
    do_not_disturb: bool = False
    """Its user does not want it to ring."""
    forward_always: str = ""
    """Where every call goes; empty: nowhere."""
    forward_busy: str = ""
    """Where calls go that find it busy; empty: nowhere."""
    forward_no_answer: str = ""
    """Where calls go that nobody answers; empty: nowhere."""


class LegView(msgspec.Struct, frozen=True):
    """The voice of one device in a call that lives, as of the newest reports (every five seconds)."""

    party: str
    """"trunk:alpha", "phone:101"."""
    codec: str
    mos: float
    """How well its voice arrives here, 1 to 4.5 (E-model, ITU-T G.107); 0: nothing has arrived, or no report yet."""
    remote_mos: float
    """How well it hears us, by its own reports; 0: it reports nothing."""
    lost: int
    """Packets that did not arrive here."""
    jitter_ms: float
    round_trip_ms: float
    fault: str
    """What is wrong with its voice: "sent no audio"; empty: nothing."""


class ContactView(msgspec.Struct, frozen=True, kw_only=True):
    """What another system knows of who calls."""

    source: str
    """The system's name in the configuration."""
    id: str = ""
    """The system's own id of the contact."""
    name: str = ""
    """Name of the contact."""
    company: str = ""
    """Company the contact belongs to."""
    category: str = ""
    """Category of the house the contact belongs to."""
    manager: str = ""
    """The agent who looks after the contact."""
    notes: str = ""
    """Whatever agents should know."""
    link: str = ""
    """Address of the contact in the system."""


class CallView(msgspec.Struct, frozen=True):
    """A call that lives now."""

    id: str
    direction: str
    caller: str
    called: str
    trunk: str
    phase: str
    """"greeting", "menu", "queue", "ringing", "talking", "held" ..."""
    since: int
    queue: str
    position: int
    expected_wait: float | None
    agent: str
    started: int
    caller_name: str = ""
    """Name of the caller as phones show it; empty: not known."""
    category: str = ""
    """Category of the customer who calls; empty: none."""
    customer: str = ""
    """Id of the customer who calls; empty: nobody known."""
    topic: str = ""
    """Reason of contact; empty: not said yet."""
    contacts: tuple[ContactView, ...] = ()
    """What other systems know of the caller."""
    legs: tuple[LegView, ...] = ()
    """The caller's device and the one it talks to, with how well they are heard."""


class AgentView(msgspec.Struct, frozen=True):
    """An agent now."""

    name: str
    display_name: str
    phone: str
    status: str
    state: str
    reason: str
    since: int
    reachable: bool
    call: str
    answered_today: int
    topic_owed: str = ""
    """The call whose topic the agent must still say; empty: none."""
    overdue: bool = False
    """The status lasts longer than its reason may."""


class QueueView(msgspec.Struct, frozen=True):
    """A queue now and today. `service_level`: 0..1 of offered calls answered within the threshold, None before any."""

    name: str
    number: str
    waiting: int
    longest_wait_s: float
    ready: int
    busy: int
    staffed: int
    offered: int
    answered: int
    abandoned: int
    service_level: float | None
    expected_wait: float | None
    estimate_error_s: float | None = None
    """How far the estimates of some 30 recent waits were off, on average; None before any was judged."""
    estimate_coverage: float | None = None
    """Share of those waits that were within their estimated range, 0 to 1; 0.8 is intended."""
    topics: tuple[str, ...] = ()
    """Reasons of contact its agents choose from."""
    topic_required: bool = False
    """A wrap-up cannot be ended early without one."""
    missed: int = 0
    """Calls of it that were missed since the start."""
    missed_value: float = 0.0
    """What it costs to miss one of its callers."""
    missed_cost: float = 0.0
    """What the missed calls since the start cost together, each counted."""
    closed: bool = False
    """Closed by hand: it takes no callers until somebody opens it again."""
    call_backs: int = 0
    """Customers in line who do not wait on the telephone: they are called back. `waiting` counts none of them."""


class BanView(msgspec.Struct, frozen=True):
    """A source whose messages are dropped unread."""

    source: str
    """An IPv4 address, or an IPv6 network of 64 bits."""
    since: int
    until: int
    """When it is listened to again, by itself."""
    seconds_left: float
    """Until then."""
    bans: int
    """How many it has had lately, this one included; each lasts twice as long as the one before."""
    offence: str
    """What the last straw was: nonsense, challenged, credentials, refused, unserved, flood, stalled."""


class Snapshot(msgspec.Struct, frozen=True):
    """Everything at one moment."""

    at: int
    trunks: tuple[TrunkView, ...]
    phones: tuple[PhoneView, ...]
    queues: tuple[QueueView, ...]
    agents: tuple[AgentView, ...]
    calls: tuple[CallView, ...]
    currency: str = ""
    """Of the value of missed calls (ISO 4217); empty: not said."""
    missed_value: float = 0.0
    """What it costs to miss a caller who got to no queue."""


class HoursView(msgspec.Struct, frozen=True):
    """Opening hours now."""

    name: str
    open: bool
    """Whether it is open."""
    why: str
    """Why it is closed, where the week's plan is not the cause: a holiday, a date, by hand."""
    closed_by_hand: bool
    """Closed until somebody opens it again."""
    opens: int
    """When it opens next by its hours, ms since 1970-01-01 UTC; 0: open now, closed by hand, or not within a month."""


class HouseView(msgspec.Struct, frozen=True):
    """What holds for the whole house."""

    emergency: bool
    """The callers of every queue go to the mobile phones."""
    hours: tuple[HoursView, ...]
    """Every opening hours that are configured."""
