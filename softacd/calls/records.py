"""What is remembered of calls and agents: the rows the store keeps, the web pushes and the terminal prints.

Times are wall-clock integers, milliseconds since 1970-01-01 UTC; durations are integers in milliseconds; 0 for a
time means "did not happen". Ids carry the node's name first, so that several nodes may share a store.
"""

from enum import StrEnum

import msgspec

from softacd.calls.users import AuditEntry


class Direction(StrEnum):
    """Seen from the shop."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    INTERNAL = "internal"


class Outcome(StrEnum):
    """How a call ended, in one word. OPEN only while it lives; INTERRUPTED is written by the next start."""

    OPEN = "open"
    ANSWERED = "answered"  # a human talked (agent, colleague, outside party)
    ABANDONED = "abandoned"  # the caller gave up in the queue
    MISSED = "missed"  # the caller hung up before the queue, or nobody was there to answer
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    REFUSED = "refused"
    SERVED = "served"  # the machine was the purpose: feature code, information
    INTERRUPTED = "interrupted"


MISSED_OUTCOMES = frozenset({Outcome.ABANDONED, Outcome.MISSED})


class CallRecord(msgspec.Struct):
    """One call, from the first INVITE to the last BYE. Written when it starts and again when it ends."""

    id: str
    direction: Direction
    started: int
    caller: str
    """Number or extension as presented."""
    called: str
    """Number or extension dialled."""
    trunk: str = ""
    answered: int = 0
    """When the switch or the called party first answered the caller."""
    queue: str = ""
    queued: int = 0
    """When the caller entered the (last) queue."""
    connected: int = 0
    """When a human was first connected."""
    agent: str = ""
    """The agent who talked to the caller last; each conversation is a Segment."""
    ended: int = 0
    wait_ms: int = 0
    talk_ms: int = 0
    hold_ms: int = 0
    outcome: Outcome = Outcome.OPEN
    cause: int = 0
    """SIP status or Q.850-like cause that ended it; 200 for a normal hang-up."""
    ended_by: str = ""
    """"caller", "called", "switch"."""
    keys: str = ""
    """Keys pressed in flows, in order; "x" for one that is a secret."""
    missed_handled: int = 0
    """For missed calls: when somebody called back or the caller got through; 0 while open."""
    caller_name: str = ""
    """Name shown to who was called: a customer's, with the label of the category, or what the carrier presented."""
    category: str = ""
    """The caller's category when the call came; empty: none."""
    customer: str = ""
    """Id of the customer who called; empty: nobody known."""
    topic: str = ""
    """Reason of contact, as the agent said; empty: not said."""


class LegRecord(msgspec.Struct):
    """One leg: one dialog with one device, and its voice. Written when it ends."""

    id: str
    call: str
    party: str
    """"trunk:alpha", "phone:101", "agent:ann"."""
    number: str
    outgoing: bool
    started: int
    sip_call_id: str = ""
    ringing: int = 0
    answered: int = 0
    ended: int = 0
    cause: int = 0
    reason: str = ""
    codec: str = ""
    packets_sent: int = 0
    packets_received: int = 0
    packets_lost: int = 0
    jitter_ms: float = 0.0
    remote_lost: int = 0
    remote_jitter_ms: float = 0.0
    round_trip_ms: float = 0.0
    strangers: int = 0
    mos: float = 0.0
    """How well its voice arrived here: the E-model's estimate of a listener's opinion, 1 to 4.5 (ITU-T G.107); 0: none
    arrived."""
    remote_mos: float = 0.0
    """How well it heard us, by its own reports; 0: it reported nothing."""
    fault: str = ""
    """What was wrong with its voice: "sent no audio", "stopped sending audio"."""


class Segment(msgspec.Struct, frozen=True):
    """One conversation of a call: who of the house talked, and how long. A transfer ends one and begins another."""

    call: str
    number: int
    """1, 2, ... within the call."""
    party: str
    """"agent:ann", "phone:101", "trunk:alpha": whom the caller talked to."""
    agent: str
    started: int
    ended: int
    talk_ms: int
    hold_ms: int
    ended_by: str
    """"caller", "called", "switch", "transfer", "cut-off" (the called party's line died)."""


class RecordingRecord(msgspec.Struct):
    """One recording: a WAV file, left what `party` said, right what it heard. Written when it begins and ends."""

    id: str
    """The call's id and a number within the call."""
    call: str
    party: str
    """Whose line was recorded: "trunk:alpha", "phone:101"."""
    queue: str
    agent: str
    """The agent who was heard last."""
    started: int
    file: str
    """Path below the directory of recordings."""
    ended: int = 0
    seconds: float = 0.0
    """Length of the file."""
    octets: int = 0
    """Size of the file; 0: there is none."""
    pauses: int = 0
    """How often it was paused; a tone in the file marks each."""
    paused_ms: int = 0
    """For how long it was paused, together."""
    removed: int = 0
    """When the file was removed because its time was over; 0: it is there."""
    error: str = ""
    """Why it could not be written to its end."""


class CallEvent(msgspec.Struct, frozen=True):
    """One thing that happened to a call: flow steps, keys, announcements, offers, hold, connect."""

    call: str
    at: int
    kind: str
    detail: str = ""


class AgentEvent(msgspec.Struct, frozen=True):
    """An agent's status or state changed."""

    agent: str
    at: int
    status: str
    state: str
    reason: str = ""
    call: str = ""


class AgentTime(msgspec.Struct, frozen=True):
    """How an agent spent a time in one status for one reason, by what the machine saw of him.

    Written when the status changes, at every quarter of an hour by the clock, at the end of the day, and at the end of
    the program: reports need only add. A time logged out is not written.
    """

    agent: str
    started: int
    ended: int
    status: str
    reason: str = ""
    """Why; empty: none was given."""
    paid: bool = True
    """Whether the shop pays for it, as configured then."""
    idle_ms: int = 0
    """Nothing to do."""
    ringing_ms: int = 0
    """Reserved for a caller, or the phone rang."""
    talk_ms: int = 0
    """In conversations of queues."""
    hold_ms: int = 0
    """The same, the caller on hold."""
    wrap_up_ms: int = 0
    """After conversations, with the calls made about them."""
    own_call_ms: int = 0
    """In calls that no queue gave him."""


class AgentSeat(msgspec.Struct, frozen=True):
    """An agent has signed on at a phone, or left it; the newest counts, also after a restart."""

    agent: str
    at: int
    phone: str
    """Its extension; empty: the one the agent is configured with, or none."""


class AgentAlarm(msgspec.Struct, frozen=True):
    """An agent's status lasts longer than its reason may."""

    agent: str
    at: int
    status: str
    reason: str
    since: int
    """When the status began."""
    limit_ms: int
    """How long it may last."""


class PhoneEvent(msgspec.Struct, frozen=True):
    """What the user of a phone has chosen, whole, whenever it changes: the newest counts, also after a restart."""

    extension: str
    at: int
    do_not_disturb: bool = False
    """The phone does not ring."""
    forward_always: str = ""
    """Where every call goes; empty: nowhere."""
    forward_busy: str = ""
    """Where calls go that find the phone busy; empty: nowhere."""
    forward_no_answer: str = ""
    """Where calls go that nobody answers; empty: nowhere."""


class HouseEvent(msgspec.Struct, frozen=True):
    """Something was switched by hand for the whole house: the newest of a name counts, also after a restart."""

    name: str
    """"emergency", or "closed:" and the name of hours."""
    at: int
    on: bool
    """Whether it is on now."""
    by: str
    """The phone's extension, or "api"."""


class MessageRecord(msgspec.Struct):
    """One message somebody left in a box. Written when it is left, heard and removed."""

    id: str
    """The call's id and a number within the call."""
    box: str
    """Whose message it is: the name of the box."""
    call: str
    caller: str
    caller_name: str
    """Name of the caller, as agents' phones show it."""
    left: int
    """When it was left."""
    file: str
    """Path below the directory of messages."""
    seconds: float = 0.0
    """Length."""
    heard: int = 0
    """When it was first heard; 0: it is new."""
    removed: int = 0
    """When it was deleted, file and all; 0: it is there."""
    error: str = ""
    """Why it could not be kept to its end."""


class Rating(msgspec.Struct, frozen=True):
    """What a caller said in a survey: one score on one topic."""

    call: str
    at: int
    queue: str
    agent: str
    """Who had talked to the caller last."""
    topic: str
    """What the question was about, in the owner's word."""
    score: int
    """The key pressed: the worst the question allows (1) to the best (5)."""
    low: bool
    """At or below what the survey calls low: somebody should look at this call."""


class TopicChosen(msgspec.Struct, frozen=True):
    """The reason of contact of one call was said; the newest counts and stands in the call's record."""

    call: str
    at: int
    topic: str
    """The reason of contact."""
    agent: str
    """Who said it; empty: not an agent."""


class MissedOwner(msgspec.Struct, frozen=True):
    """Who takes care of a caller whose calls were missed, from the first of them until he is reached.

    Of several the newest counts, but one that was assigned before one that was not.
    """

    caller: str
    """Number as presented."""
    at: int
    owner: str
    """Name of an agent; "": nobody any more."""
    assigned: bool = False
    """Somebody decided so; False: it is whom the caller missed, or the customer's manager."""


class CallBackState(StrEnum):
    """What becomes of a call-back."""

    WAITING = "waiting"  # in line, or until whoever asked has hung up
    RINGING = "ringing"  # an agent has taken it, the customer is being called
    PAUSING = "pausing"  # the customer was not reached and is tried again later
    SERVED = "served"
    CALLED_AGAIN = "called-again"  # the customer called himself and took its place
    FAILED = "failed"  # not reached as often as the queue tries
    CLOSED = "closed"  # its queue is no more

    @classmethod
    def open(cls) -> frozenset["CallBackState"]:
        """Those in which something is still to be done."""
        return frozenset({cls.WAITING, cls.RINGING, cls.PAUSING})


class CallBackEvent(msgspec.Struct, frozen=True):
    """A call-back, whole, whenever it changes: the newest counts, also after a restart."""

    id: str
    """The call in which it was asked for."""
    at: int
    state: CallBackState
    queue: str
    number: str
    """Whom to call."""
    name: str = ""
    arrived: int = 0
    """When he entered the queue: his place in line."""
    priority: int = 0
    """Who is of a higher priority is served first."""
    skills: str = ""
    """What he asks of agents beside the queue: "cars=2 ro=1"."""
    attempts: int = 0
    """How often he has been called."""
    next_attempt: int = 0
    """When he stands in line again; 0: he does, or never will."""
    agent: str = ""
    """Who took the last attempt."""
    call: str = ""
    """The last call to him."""


class TraceRow(msgspec.Struct, frozen=True):
    """One SIP message of a call, for the ladder."""

    call: str
    at: int
    sent: bool
    party: str
    """The other end: "trunk:alpha", "phone:101"."""
    line: str
    """"INVITE", "180 Ringing"."""
    cseq: str = ""


AnyRecord = (
    CallRecord | LegRecord | Segment | CallEvent | AgentEvent | PhoneEvent | HouseEvent | TraceRow
    | RecordingRecord | CallBackEvent
    | MessageRecord | Rating | MissedOwner | TopicChosen | AgentTime | AgentAlarm | AgentSeat | AuditEntry
)  # fmt: skip
