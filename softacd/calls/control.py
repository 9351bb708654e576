"""What the outside (HTTP API, console, terminal) may ask of the living switch, and what it may watch.

The driver implements `Control`; `web` and `ops` only know this page. Every method is called in the event loop's
thread and returns at once.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from softacd.acd.vocabulary import Status
from softacd.calls.records import AgentTime, AnyRecord, MessageRecord
from softacd.calls.views import BanView, HouseView, Snapshot
from softacd.calls.whatif_answer import WhatIf


class UnknownNameError(LookupError):
    """No such call, agent, queue or trunk. HTTP status 404."""


class NotPossibleError(Exception):
    """The thing exists, but not in a state in which this can be done. HTTP status 409."""


class Check(msgspec.Struct, frozen=True):
    """One part of the program and whether it works; `remedy` says what the owner can do when it does not."""

    name: str
    healthy: bool
    detail: str = ""
    remedy: str = ""


class Figures(msgspec.Struct, frozen=True):
    """Counters and gauges since start, by metric name without prefix ("sip_messages_received_total" -> value)."""

    counters: dict[str, float]
    gauges: dict[str, float]


class Choices(msgspec.Struct, frozen=True):
    """What is to change of a phone's settings; None: stays. A number "" ends the forward."""

    do_not_disturb: bool | None = None
    forward_always: str | None = None
    forward_busy: str | None = None
    forward_no_answer: str | None = None


class LentPhone(msgspec.Struct, frozen=True):
    """A phone as a browser may be it."""

    extension: str
    display_name: str
    address_of_record: str
    """"sip:101@softacd.internal"."""


class Control(Protocol):
    """The switch as seen from outside."""

    def snapshot(self) -> Snapshot:
        """Everything now: trunks, phones, queues, agents, calls."""

    def health(self) -> list[Check]:
        """One check a part: SIP sockets, media engine, store, each trunk."""

    def figures(self) -> Figures:
        """Counters and gauges for metrics."""

    def agents_of(self, call: str) -> frozenset[str]:
        """The agents a call that lives is with or is offered to; none when no such call lives."""

    def phone_of(self, agent: str) -> str:
        """The extension of the phone an agent works at; "" when there is no such agent."""

    def lend_phone(self, agent: str, name: str, password: str) -> LentPhone:
        """Let a browser be the phone of an agent with a passing name and password. Raises UnknownNameError."""

    def recall_phone(self, name: str) -> None:
        """Take a passing name back."""

    def set_status(self, agent: str, status: Status, reason: str = "") -> None:
        """Set an agent's status. Raises UnknownNameError, NotPossibleError (a reason the shop does not have)."""

    def sign_on(self, agent: str, phone: str) -> None:
        """Seat an agent at a phone and make him available. Raises UnknownNameError, NotPossibleError."""

    def account(self, agent: str) -> AgentTime | None:
        """How an agent has spent the time that is not in the store yet; None: logged out. Raises UnknownNameError."""

    def what_if(self, caller: str, called: str, at: str, keys: str) -> WhatIf:
        """What would become of a call now, or at a moment like "Sat 18:05". Raises ValueError (no moment)."""

    def finish_wrap_up(self, agent: str) -> None:
        """End an agent's wrap-up now. Raises UnknownNameError, NotPossibleError (also: its call has no topic yet)."""

    def extend_wrap_up(self, agent: str, seconds: float) -> None:
        """Give an agent more wrap-up. Raises UnknownNameError, NotPossibleError."""

    def set_topic(self, call: str, queue: str, topic: str, agent: str) -> None:
        """Say why somebody called: of a call of a queue, living or not. Raises NotPossibleError."""

    def own_missed(self, caller: str, owner: str) -> None:
        """Have an agent ("": nobody) take care of a caller whose calls were missed. Raises UnknownNameError."""

    def choose(self, extension: str, choices: Choices) -> None:
        """Set what the user of a phone may choose. Raises UnknownNameError, NotPossibleError (a number)."""

    def house(self) -> HouseView:
        """Opening hours and the emergency mode now."""

    def switch_emergency(self, on: bool) -> None:
        """Send the callers of all queues to the mobile phones, or no longer. Raises NotPossibleError."""

    def close_hours(self, name: str, closed: bool) -> None:
        """Close hours by hand, or leave them to the clock again. Raises UnknownNameError."""

    def close_queue(self, name: str, closed: bool) -> None:
        """Let a queue take no more callers, or take them again. Raises UnknownNameError."""

    def move(self, call: str, queue: str) -> None:
        """Have a waiting caller wait in another queue. Raises UnknownNameError, NotPossibleError."""

    def take_over(self, call: str, extension: str) -> None:
        """Give the caller of a conversation to another phone once it answers. Raises UnknownNameError,
        NotPossibleError."""

    def transfer(self, call: str, number: str, *, callers_leg: bool, by: str = "") -> None:
        """Connect the caller (or else the called party) of a conversation to a number; the other party leaves.

        `by` is the extension whose rights count; "": those of the house.

        Raises UnknownNameError, NotPossibleError.
        """

    def hang_up(self, call: str) -> None:
        """End a call that lives. Raises UnknownNameError."""

    def bans(self) -> tuple[BanView, ...]:
        """Sources that are banned, the newest ban first."""

    def lift_ban(self, source: str) -> BanView:
        """Listen to a source again. Raises UnknownNameError."""

    def messages(self, mailbox: str = "") -> list[MessageRecord]:
        """The messages of a mailbox, or of all, the oldest first. Raises UnknownNameError."""

    def mark_message(self, message: str, heard: bool) -> None:
        """Say that a message has been heard, or is new. Raises UnknownNameError."""

    def remove_message(self, message: str) -> None:
        """Delete a message, file and all. Raises UnknownNameError."""

    def record(self, call: str, order: str) -> None:
        """ "start", "pause", "resume" or "stop" the recording of a call. Raises UnknownNameError, NotPossibleError."""

    def monitor(self, call: str, extension: str, mode: str) -> None:
        """Let a supervisor "listen", "whisper", "barge" or "take-over". Raises UnknownNameError, NotPossibleError."""

    def watch(self, observer: Callable[[AnyRecord], None]) -> Callable[[], None]:
        """Have every record handed to `observer` the moment it is made; returns the function that stops it."""
