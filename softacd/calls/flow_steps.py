"""The flow language: what the steps of a call flow are, as decoded from the configuration.

Texts may hold variables as {name}; `flow_text` says which there are. What is said is a list of *speeches*: a prompt
("welcome": in the caller's language; "prompts/en/welcome" or "shop/offer": this very sound), or a kind and a value
("number:{count}", "money:{balance} UAH", "digits:{contract}", "time:{time}", "date:{due}", "text:Dear {name}").

A step that is left through an empty exit ends the call, in a sub-flow it returns to the flow that called it.
"""

from typing import Annotated, Literal

import msgspec

from softacd.calls.setting_types import TimeOut

Speeches = tuple[str, ...]
Tries = Annotated[int, msgspec.Meta(ge=1, le=10)]
Status = Annotated[int, msgspec.Meta(ge=400, le=699)]


class FlowStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do"):
    """Base of every step; `do` tells which it is."""


class AnswerStep(FlowStep, frozen=True, tag="answer"):
    """Answer the caller, who hears ringing until then. Every step that says something answers by itself."""

    then: str = ""
    """Next step."""


class SayStep(FlowStep, frozen=True, tag="say"):
    """Say something and go on; what cannot be said (a prompt is missing) is passed over.

    A key pressed meanwhile is kept for a menu or a collection that `then` leads to.
    """

    prompts: Speeches
    """What is said, one after another."""
    fallback: str = ""
    """Prompt said instead of a text that no voice speaks, or not in time."""
    then: str = ""
    """Next step."""


class MenuStep(FlowStep, frozen=True, tag="menu"):
    """Tell the choices and wait for one key."""

    prompts: Speeches
    """What is said: the choices."""
    choices: dict[str, str]
    """Key (0 to 9, * or #) -> step."""
    languages: dict[str, str] = {}
    """Key -> language the caller hears from then on; each is a key of `choices` too."""
    barge_in: bool = True
    """A key cuts the prompts short; false: keys count when everything is said."""
    timeout_seconds: TimeOut = 5.0
    """Wait for a key after the prompts."""
    tries: Tries = 3
    """How often the choices are told before `otherwise`."""
    invalid: Speeches = ("menu-invalid",)
    """Said after a key that is no choice."""
    silence: Speeches = ("menu-timeout",)
    """Said when no key came."""
    otherwise: str = ""
    """Step after the last try."""


class CollectStep(FlowStep, frozen=True, tag="collect"):
    """Ask for digits and keep them in a variable."""

    prompts: Speeches
    """What is said: which digits, and how they end."""
    into: str
    """The variable."""
    least: Annotated[int, msgspec.Meta(ge=1, le=40)] = 1
    """Fewer digits are not taken."""
    most: Annotated[int, msgspec.Meta(ge=1, le=40)] = 20
    """With so many the entry is complete."""
    terminator: Literal["#", "*", ""] = "#"
    """Key that completes the entry; empty: none."""
    timeout_seconds: TimeOut = 7.0
    """Wait for the first key after the prompts."""
    pause_seconds: TimeOut = 4.0
    """And so long for each further one; then what has come is the entry."""
    check: Literal["", "extension", "outside", "luhn"] = ""
    """What the digits must be: an extension, group or queue of the house; an outside number the dial plan opens; a
    card number (ISO/IEC 7812 check digit)."""
    masked: bool = False
    """A secret (PIN, card): its digits stand in no record, log or trace, and may not be said or put into a path."""
    tries: Tries = 3
    """How often it is asked before `otherwise`."""
    attempts: Annotated[int, msgspec.Meta(ge=0, le=20)] = 0
    """How often one caller may come to this step; the next time leads to `spent`. 0: no limit."""
    spent: str = ""
    """Step for who has had all attempts."""
    invalid: Speeches = ("entry-invalid",)
    """Said after an entry that is not taken."""
    silence: Speeches = ("menu-timeout",)
    """Said when no key came."""
    then: str = ""
    """Next step, with the digits."""
    otherwise: str = ""
    """Step after the last try."""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way out of a branch. Each condition given must hold."""

    then: str
    """Where it leads."""
    value: str = ""
    """What is judged, like "{category}", "{caller}", "{queue.sales.wait}"."""
    is_: tuple[str, ...] = msgspec.field(default=(), name="is")
    """It is one of these."""
    starts: tuple[str, ...] = ()
    """It begins with one of these."""
    below: float | None = None
    """It is a number below this."""
    above: float | None = None
    """It is a number above this."""
    between: str = ""
    """The time of day is within, like "08:00-12:30"; past midnight too. The value plays no part."""
    empty: bool | None = None
    """It is empty (true), or not (false)."""


class BranchStep(FlowStep, frozen=True, tag="branch"):
    """Go where the first case that holds leads."""

    cases: tuple[Case, ...]
    """In the order they are tried."""
    otherwise: str = ""
    """Step when none holds."""


class HoursStep(FlowStep, frozen=True, tag="hours"):
    """Go by opening hours."""

    hours: str
    """Which, by name."""
    open: str = ""
    """Step while open."""
    closed: str = ""
    """Step while closed."""
    holiday: str = ""
    """Step on holidays and on days closed by date; empty: as `closed`."""


class LookupStep(FlowStep, frozen=True, tag="lookup"):
    """Ask a source: a web service (JSON) or a database. The caller hears `play` until the answer is there."""

    source: str
    """Name of a [sources.NAME] or a [crm.NAME], which is asked who has the caller's number; "customers" is the customer
    base."""
    path: str = ""
    """Appended to the url of a web service; variables are escaped."""
    method: Literal["GET", "POST"] = "POST"
    """How it is asked: with GET what is sent is the query of the address, else a JSON object."""
    send: dict[str, str] = {}
    """Names and texts sent to a web service, or bound in the query of a database."""
    query: str = ""
    """For a database: one SELECT; `:name` stands for a value of `send`. Its first row is the answer."""
    save: dict[str, str] = {}
    """Variable -> where its value stands in the answer: a path in the JSON ("account.balance", "items.0.name"), or a
    column. All must be there."""
    timeout_seconds: Annotated[float, msgspec.Meta(ge=0.05, le=30)] = 2.0
    """Wait for the answer; then `failed`."""
    play: str = "music/default"
    """Music meanwhile, for a caller who has been answered; empty: silence."""
    then: str = ""
    """Next step, with the answer."""
    missing: str = ""
    """Step when nothing was found: HTTP status 404, no row, or a value of `save` that is not there."""
    failed: str = ""
    """Step when there was no answer in time, or no usable one."""


class SetStep(FlowStep, frozen=True, tag="set"):
    """Set variables. `language` is what the caller hears from then on."""

    values: dict[str, str]
    """Variable -> text."""
    then: str = ""
    """Next step."""


QueueExit = Literal["full", "no-agents", "too-long", "predicted-too-long", "closed"]
"""Why a queue lets a caller go without an agent."""


class QueueStep(FlowStep, frozen=True, tag="queue"):
    """Wait for an agent."""

    queue: str
    """The queue's name."""
    priority: int = 0
    """Callers of a higher priority are served first."""
    skills: dict[str, Annotated[int, msgspec.Meta(ge=1, le=99)]] = {}
    """Skills these callers ask for beside those of the queue, and the least level of each."""
    prefer: str = ""
    """An agent who is rung alone at first, like "{manager}"."""
    patience_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 20.0
    """For so long; then anybody may answer."""
    keys: dict[str, str] = {}
    """Key (0 to 9, * or #) -> step: a waiting caller who presses it leaves the queue and goes there."""
    offer: Speeches = ()
    """What waiting callers are told of those keys, like "callback-offer": each time their place is announced."""
    offer_above_seconds: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    """Only those are told whose foretold wait is longer than this and can be trusted; 0: all."""
    after_call: str = ""
    """Flow for callers whose agent has hung up, instead of the queue's own `after_call`."""
    exits: dict[QueueExit, str] = {}
    """Why a caller leaves unserved -> step; what is not named goes to `then`."""
    then: str = ""
    """Step for a caller who was not served."""


class RingStep(FlowStep, frozen=True, tag="ring"):
    """Ring an extension, a group or an agent's phone; give one of `extension` and `agent`."""

    extension: str = ""
    """The phone to ring, or the number of a group."""
    agent: str = ""
    """The agent whose phone is rung, whatever the status; may be "{manager}"."""
    seconds: TimeOut = 30.0
    """For how long."""
    then: str = ""
    """Step when nobody answers."""
    busy: str = ""
    """Step when busy or declined; empty: `then`."""


class DialStep(FlowStep, frozen=True, tag="dial"):
    """Call an outside number for the caller: a mobile phone, another site. Counted by the toll guard as the flow's."""

    number: str
    """The number as it is dialled; with variables it must match an outside pattern of the dial plan."""
    seconds: TimeOut = 40.0
    """For how long it may ring."""
    then: str = ""
    """Step when nobody answers."""


class CallBackStep(FlowStep, frozen=True, tag="call-back"):
    """Note that the caller is to be called back, at the place in line he had, and tell him so. He may hang up.

    Only numbers that `dial_plan.outside` opens are called, whatever a caller presents or enters.
    """

    queue: str = ""
    """The queue whose agents call him; empty: the one he has just left."""
    confirm: bool = True
    """His number is told: he accepts it (1) or enters another (2), as he does when it is hidden or may not be called.
    False: it is taken as it was presented."""
    timeout_seconds: TimeOut = 6.0
    """Wait for a key."""
    tries: Tries = 3
    """How often he is asked before `otherwise`."""
    prompts: Speeches = ("callback-accepted",)
    """What tells him so."""
    otherwise: str = ""
    """Step for a caller who gives no number that may be called, or who was in no queue."""
    then: str = ""
    """Next step."""


class VoicemailStep(FlowStep, frozen=True, tag="voicemail"):
    """Let the caller leave a message: greeting, tone, recording. Any key, silence or its greatest length ends it."""

    mailbox: str
    """The mailbox's name."""
    prompts: Speeches = ()
    """What is said before the tone; empty: the mailbox's greeting."""
    review: bool = True
    """Afterwards the caller may keep (1), hear (2), record again (3) or discard (*) it; who does nothing keeps it."""
    tries: Tries = 3
    """How often the caller may try who has said nothing, or records again."""
    failed: str = ""
    """Step when no message can be taken: the mailbox or the disk is full. The caller is told."""
    then: str = ""
    """Next step, whether a message was left or not."""


class TransferStep(FlowStep, frozen=True, tag="transfer"):
    """Connect to whatever a phone of the house would reach by dialling: an extension, group, queue, outside number."""

    number: str
    """What is dialled, like "{extension}"."""
    then: str = ""
    """Step when it leads nowhere or nobody answers."""


class PlayStep(FlowStep, frozen=True, tag="play"):
    """Play music for a while."""

    seconds: TimeOut
    """For how long."""
    music: str = "music/default"
    """What."""
    then: str = ""
    """Next step."""


class NoticeStep(FlowStep, frozen=True, tag="record-notice"):
    """Say that the conversation will be recorded; a caller may decline."""

    prompts: Speeches = ("recording-notice",)
    """What is said."""
    decline: Literal["", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"] = ""
    """Key by which the caller declines: this call is not recorded."""
    then: str = ""
    """Next step."""


class SurveyStep(FlowStep, frozen=True, tag="survey"):
    """Ask for a score, which is kept with the call, its agent and its queue. Best in a flow named by `after_call`."""

    topic: str
    """What the question is about, in a word."""
    prompts: Speeches = ("survey-question",)
    """The question."""
    least: Annotated[int, msgspec.Meta(ge=0, le=9)] = 1
    """The worst score, a key."""
    most: Annotated[int, msgspec.Meta(ge=0, le=9)] = 5
    """The best."""
    low: Annotated[int, msgspec.Meta(ge=0, le=9)] = 2
    """At or below this somebody should look at the call."""
    timeout_seconds: TimeOut = 6.0
    """Wait for a key after the question."""
    tries: Tries = 2
    """How often it is asked before `otherwise`."""
    invalid: Speeches = ("menu-invalid",)
    """Said after a key that is no score."""
    silence: Speeches = ()
    """Said when no key came."""
    then: str = ""
    """Next step, with a score."""
    otherwise: str = ""
    """Step after the last try."""


class SubFlowStep(FlowStep, frozen=True, tag="flow"):
    """Go through another flow, and come back where that one ends."""

    flow: str
    """Its name."""
    then: str = ""
    """Next step."""


class WebhookStep(FlowStep, frozen=True, tag="webhook"):
    """Tell a web service something, without waiting for what it says."""

    source: str
    """Name of a [sources.NAME] with a url."""
    path: str = ""
    """Appended to the url; variables are escaped."""
    send: dict[str, str] = {}
    """Names and texts, sent as a JSON object by POST."""
    then: str = ""
    """Next step."""


class HangUpStep(FlowStep, frozen=True, tag="hang-up"):
    """End the call."""

    status: Status = 603
    """SIP status for a caller who has not been answered."""


Step = (
    AnswerStep
    | SayStep
    | MenuStep
    | CollectStep
    | BranchStep
    | HoursStep
    | LookupStep
    | SetStep
    | QueueStep
    | RingStep
    | DialStep
    | TransferStep
    | PlayStep
    | NoticeStep
    | SubFlowStep
    | CallBackStep
    | VoicemailStep
    | SurveyStep
    | WebhookStep
    | HangUpStep
)

STEPS: tuple[type[FlowStep], ...] = Step.__args__
"""Every step, in the order of the manual."""


class FlowSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a caller goes through: named steps, beginning with `start`. May stand in `flows/*.toml` too."""

    name: str
    """The flow's name."""
    start: str
    """Name of the first step."""
    steps: dict[str, Step]
    """Name -> step. Every step is reached, and no path turns in a circle without a key of the caller."""
