"""The whole vocabulary of the distributor, on one page: events in, commands out.

`Distributor.handle(event, now) -> list[Command]`, synchronous; `next_deadline()`, `handle_deadline(now)`. Agents and
queues are named by their configured names; a *caller* is the switch's call id. Everything is a frozen msgspec Struct:
what transcripts print, the journal stores and the web pushes. They hold texts and numbers only, so the garbage
collector need not look at them. Times are monotonic seconds.
"""

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """What the human says: chosen by the agent, or forced (after too many unanswered rings)."""

    LOGGED_OUT = "logged-out"
    AVAILABLE = "available"
    BREAK = "break"
    LUNCH = "lunch"
    NOT_READY = "not-ready"


class State(StrEnum):
    """What the machine sees. WRAP_UP is the "working" of the call-centre vocabulary."""

    IDLE = "idle"
    OFFERED = "offered"  # a caller is reserved for this agent, the phone has not confirmed ringing
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"  # in a conversation, the other side on hold
    WRAP_UP = "wrap-up"
    AFTER_CALL = "after-call"  # in wrap-up, and in a call of his own: he rings somebody about the conversation
    OWN_CALL = "own-call"  # in a call that no queue gave him


class Refusal(StrEnum):
    """Why an offered agent did not take the call."""

    NO_ANSWER = "no-answer"
    REJECTED = "rejected"  # 603 and friends: the human said no
    BUSY = "busy"  # 486: the phone is in another call
    UNREACHABLE = "unreachable"  # no registration, time-out, 5xx


class Exit(StrEnum):
    """How a caller left the queue: exactly one per caller."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    FULL = "full"
    NO_AGENTS = "no-agents"
    TOO_LONG = "too-long"
    PREDICTED = "predicted-too-long"
    KEY = "key"
    PICKED_UP = "picked-up"  # answered at a phone the queue did not ring
    CALL_BACK = "call-back"  # hung up, and is called back when it is his turn
    CLOSED = "closed"


class Withdrawal(StrEnum):
    """Why an offer is taken back; decides the Reason header of the CANCEL."""

    ANSWERED_ELSEWHERE = "answered-elsewhere"
    CALLER_LEFT = "caller-left"
    NO_ANSWER = "no-answer"
    AGENT_LEFT = "agent-left"


# --- events in ----------------------------------------------------------------------------------------------------


class CallerJoined(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A caller enters `queue`. Higher `priority` goes first; within one priority, order of arrival."""

    caller: str
    queue: str
    priority: int = 0
    party: str = ""  # who calls (his number): a redial is known by it
    preferred_agent: str = ""  # personal manager or last agent; rung alone, before anybody else waits for him ...
    patience: float = 0.0  # ... and after so many seconds anyone may answer
    skills: tuple[tuple[str, int], ...] = ()  # (skill, level) asked for beside those of the queue
    reconnect: bool = False  # was cut off in a conversation: goes ahead of the queue
    arrived: float | None = None  # what counts as his arrival when he takes a place that he already had; None: now
    call_back: bool = False  # is to be called back: nobody waits at a telephone, so no limit applies


class CallerLeft(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The caller hung up (ABANDONED), left on purpose (KEY) or was PICKED_UP, whatever was going on.

    Unknown callers are ignored.
    """

    caller: str
    exit: Exit = Exit.ABANDONED


class StatusChosen(msgspec.Struct, frozen=True, tag=True, gc=False):
    """An agent (or the supervisor) chose a status. `reason` is a configured free word ("doctor")."""

    agent: str
    status: Status
    reason: str = ""


class DeviceChanged(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent's phone registered (reachable) or its last registration went."""

    agent: str
    reachable: bool


class OfferRinging(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent's phone rings (a 18x came)."""

    agent: str
    caller: str


class OfferAnswered(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent's phone answered (200 OK). First one wins; the others are told AnswerTooLate."""

    agent: str
    caller: str


class OfferRefused(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent's phone did not take the call."""

    agent: str
    caller: str
    refusal: Refusal


class TalkEnded(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The conversation of this agent and caller is over: wrap-up begins (or none, when the queue has none)."""

    agent: str
    caller: str


class HoldChanged(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The conversation was put on hold or resumed."""

    agent: str
    caller: str
    held: bool


class OtherCallStarted(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent's phone is in a call that is not the queue's (an own call, a colleague): not offered meanwhile."""

    agent: str
    call: str


class OtherCallEnded(msgspec.Struct, frozen=True, tag=True, gc=False):
    """That call is over."""

    agent: str
    call: str


class WrapUpFinished(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent ends the wrap-up before its time."""

    agent: str


class WrapUpExtended(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent asks for `seconds` more of wrap-up."""

    agent: str
    seconds: float


AnyEvent = (
    CallerJoined | CallerLeft | StatusChosen | DeviceChanged | OfferRinging | OfferAnswered | OfferRefused
    | TalkEnded | HoldChanged | OtherCallStarted | OtherCallEnded | WrapUpFinished | WrapUpExtended
)  # fmt: skip

# --- commands out ---------------------------------------------------------------------------------------------------


class Offer(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Ring this agent for this caller now. The agent is reserved: no other caller is offered meanwhile."""

    caller: str
    agent: str
    queue: str
    ring_seconds: float


class Withdraw(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Stop ringing this agent for this caller (CANCEL)."""

    caller: str
    agent: str
    withdrawal: Withdrawal


class Connect(msgspec.Struct, frozen=True, tag=True, gc=False):
    """This agent has the caller: bridge them. Exactly one per answered caller."""

    caller: str
    agent: str
    queue: str
    waited: float


class AnswerTooLate(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The agent answered a caller that is gone or taken: ACK and BYE; the agent is free at once."""

    caller: str
    agent: str


class CallerExited(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The caller is no longer in the queue. Exactly one per CallerJoined; ANSWERED accompanies Connect."""

    caller: str
    queue: str
    exit: Exit
    waited: float


class AgentChanged(msgspec.Struct, frozen=True, tag=True, gc=False):
    """An agent's status or state changed: for records, live views and phones' lamps."""

    agent: str
    status: Status
    state: State
    reason: str = ""
    caller: str = ""
    until: float | None = None  # end of wrap-up
    next_status: Status | None = None  # chosen during a conversation, takes effect at its end


class StatusSpent(msgspec.Struct, frozen=True, tag=True, gc=False):
    """How an agent spent `seconds` in one status with one reason, by what the machine saw of him. Nothing of a time
    logged out is told; a long time comes in pieces, each when the account is cut."""

    agent: str
    status: Status
    reason: str
    seconds: float
    idle: float
    ringing: float  # a caller was reserved for him, or his phone rang
    talking: float
    held: float
    wrap_up: float  # with the calls he made in it
    own_call: float


AnyCommand = Offer | Withdraw | Connect | AnswerTooLate | CallerExited | AgentChanged | StatusSpent
