"""Where a dialled number leads: numbers of ours, extensions, queues, feature codes, the outside.

Pure look-ups over the settings. Numbers are compared by their digits; "+" and separators do not count.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from softacd.acd.model import AgentSettings, QueueSettings
from softacd.calls.hours import HoursSettings
from softacd.calls.model import (
    ConferenceSettings,
    DialPlan,
    FeatureCodes,
    GroupSettings,
    MailboxSettings,
    NumberSettings,
    PhoneSettings,
)
from softacd.calls.reasons import ReasonSettings

SUFFIX_DIGITS = 7
"""So many last digits must agree when a carrier writes a number in another format than the owner."""


class Feature(StrEnum):
    """What a feature code does."""

    AVAILABLE = "available"
    BREAK = "break"
    LUNCH = "lunch"
    NOT_READY = "not-ready"
    LOG_OUT = "log-out"
    FINISH_WRAP_UP = "finish-wrap-up"
    EXTEND_WRAP_UP = "extend-wrap-up"
    DO_NOT_DISTURB = "do-not-disturb"
    DISTURB = "disturb"
    FORWARD_ALWAYS = "forward-always"
    FORWARD_BUSY = "forward-busy"
    FORWARD_NO_ANSWER = "forward-no-answer"
    EMERGENCY = "emergency"
    TOPIC = "topic"
    MESSAGES = "messages"
    SIGN_ON = "sign-on"
    CLOSE = "close"


class ToExtension(msgspec.Struct, frozen=True):
    """Another phone."""

    extension: str


class ToQueue(msgspec.Struct, frozen=True):
    """A queue's own number."""

    queue: str


class ToGroup(msgspec.Struct, frozen=True):
    """A group of phones."""

    group: str


class ToConference(msgspec.Struct, frozen=True):
    """A room where everybody hears everybody."""

    conference: str


class ToMailbox(msgspec.Struct, frozen=True):
    """A mailbox, to leave a message in."""

    mailbox: str


class ToFeature(msgspec.Struct, frozen=True):
    """A feature code; `number` is what was dialled after it, or what its code names: hours, a reason, an agent."""

    feature: Feature
    number: str = ""


class ToPickUp(msgspec.Struct, frozen=True):
    """A call that rings elsewhere: at `extension`, or ("") in a common pickup group."""

    extension: str


class ToPark(msgspec.Struct, frozen=True):
    """Where calls are parked."""


class ToSlot(msgspec.Struct, frozen=True):
    """A parked call."""

    slot: str


class ToOutside(msgspec.Struct, frozen=True):
    """A number the trunks can reach, as it is to be dialled."""

    number: str
    emergency: bool = False


class ToNobody(msgspec.Struct, frozen=True):
    """Nothing of ours; `status` is the SIP answer (404 unknown, 403 not allowed)."""

    status: int
    why: str


Destination = (
    ToExtension
    | ToQueue
    | ToGroup
    | ToConference
    | ToMailbox
    | ToFeature
    | ToPickUp
    | ToPark
    | ToSlot
    | ToOutside
    | ToNobody
)


def digits(number: str) -> str:
    """The digits of a number, "*" and "#" kept."""
    return "".join(character for character in number if character in "0123456789*#")


def pattern(text: str) -> re.Pattern[str]:
    """A dial pattern as a regular expression: X any digit, Z 1 to 9, a final "." any rest."""
    rest = text.endswith(".")
    body = text[:-1] if rest else text
    parts = {"X": r"\d", "Z": "[1-9]"}
    return re.compile(
        "".join(parts.get(character, re.escape(character)) for character in body) + (r"\d*" if rest else "")
    )


def feature_codes(codes: FeatureCodes) -> dict[str, Feature]:
    """Code dialled -> feature."""
    return {
        codes.available: Feature.AVAILABLE,
        codes.break_: Feature.BREAK,
        codes.lunch: Feature.LUNCH,
        codes.not_ready: Feature.NOT_READY,
        codes.log_out: Feature.LOG_OUT,
        codes.finish_wrap_up: Feature.FINISH_WRAP_UP,
        codes.extend_wrap_up: Feature.EXTEND_WRAP_UP,
        codes.do_not_disturb: Feature.DO_NOT_DISTURB,
        codes.disturb: Feature.DISTURB,
        codes.emergency: Feature.EMERGENCY,
        codes.messages: Feature.MESSAGES,
        **codes_before_numbers(codes),
    }


def status_code(codes: FeatureCodes, status: str) -> str:
    """The feature code of a status that has reasons."""
    return {"break": codes.break_, "lunch": codes.lunch, "not-ready": codes.not_ready}[status]


def codes_before_numbers(codes: FeatureCodes) -> dict[str, Feature]:
    """Code dialled before a number -> feature."""
    return {
        codes.topic: Feature.TOPIC,
        codes.messages: Feature.MESSAGES,
        codes.forward_always: Feature.FORWARD_ALWAYS,
        codes.forward_busy: Feature.FORWARD_BUSY,
        codes.forward_no_answer: Feature.FORWARD_NO_ANSWER,
    }


class Routing:
    """The look-ups, built once for a configuration."""

    def __init__(
        self,
        phones: Iterable[PhoneSettings],
        queues: Iterable[QueueSettings],
        numbers: Iterable[NumberSettings],
        dial_plan: DialPlan,
        groups: Iterable[GroupSettings] = (),
        conferences: Iterable[ConferenceSettings] = (),
        hours: Iterable[HoursSettings] = (),
        mailboxes: Iterable[MailboxSettings] = (),
        reasons: Iterable[ReasonSettings] = (),
        agents: Iterable[AgentSettings] = (),
    ) -> None:
        self._phones: Mapping[str, PhoneSettings] = {phone.extension: phone for phone in phones}
        self._queues = {queue.number: queue.name for queue in queues if queue.number}
        self._groups = {group.number: group.name for group in groups}
        self._conferences = {conference.number: conference.name for conference in conferences}
        self._mailboxes = {mailbox.number: mailbox.name for mailbox in mailboxes if mailbox.number}
        self._features = feature_codes(dial_plan.feature_codes)
        self._closures = {entry.code: entry.name for entry in hours if entry.code}
        self._reasons = {
            status_code(dial_plan.feature_codes, reason.status) + reason.code: reason
            for reason in reasons
            if reason.code
        }
        self._signing_on = {dial_plan.feature_codes.sign_on + agent.code: agent.name for agent in agents if agent.code}
        self._before_numbers = codes_before_numbers(dial_plan.feature_codes)
        self._pick_up = dial_plan.feature_codes.pick_up
        self._park = dial_plan.feature_codes.park
        self._slots = frozenset(dial_plan.park_slots)
        self._emergency = frozenset(dial_plan.emergency)
        self._prefix = dial_plan.outside_prefix
        self._outside = [pattern(text) for text in dial_plan.outside]
        self._numbers = {digits(entry.number): entry for entry in numbers}
        self._default = self._numbers.pop("*", None)

    def number_for(self, called: str) -> NumberSettings | None:
        """The outside number of ours that was called, with the flow its callers enter; None: not our number."""
        wanted = digits(called)
        if wanted in self._numbers:
            return self._numbers[wanted]
        if len(wanted) >= SUFFIX_DIGITS:
            tail = wanted[-SUFFIX_DIGITS:]
            alike = [entry for number, entry in self._numbers.items() if number.endswith(tail)]
            if len({(entry.flow, entry.hours, entry.closed) for entry in alike}) == 1:
                return alike[0]
        return self._default

    def destination(self, dialled: str, caller: PhoneSettings) -> Destination:
        """Where a phone's dialled number leads."""
        if dialled in self._emergency:
            return ToOutside(dialled, emergency=True)
        if dialled in self._features:
            return ToFeature(self._features[dialled])
        if dialled in self._reasons:
            reason = self._reasons[dialled]
            return ToFeature(Feature(reason.status), reason.name)
        if dialled in self._signing_on:
            return ToFeature(Feature.SIGN_ON, self._signing_on[dialled])
        if dialled in self._closures:
            return ToFeature(Feature.CLOSE, self._closures[dialled])
        if dialled in self._queues:
            return ToQueue(self._queues[dialled])
        if dialled in self._phones:
            return ToExtension(dialled)
        if dialled in self._groups:
            return ToGroup(self._groups[dialled])
        if dialled in self._conferences:
            return ToConference(self._conferences[dialled])
        if dialled in self._mailboxes:
            return ToMailbox(self._mailboxes[dialled])
        if dialled.startswith(("*", "#")):
            return self._code_destination(dialled)
        return self._outside_destination(dialled, caller)

    def mailbox(self, number: str) -> str:
        """The mailbox that has a number; "" when none has."""
        return self._mailboxes.get(number, "")

    def presented(self, number: str, caller: PhoneSettings) -> Destination:
        """Where one reaches somebody by the number he presented: a phone of the house, or outside without the prefix.

        Emergency numbers, codes and whatever else callers may pretend to be lead to nobody.
        """
        if number in self._phones:
            return ToExtension(number)
        if number in self._emergency:
            return ToNobody(403, "an emergency number calls nobody")
        return self._outside_destination(self._prefix + number, caller)

    def _code_destination(self, dialled: str) -> Destination:
        if dialled in self._slots:
            return ToSlot(dialled)
        if dialled == self._park:
            return ToPark()
        if dialled.startswith(self._pick_up) and (extension := dialled.removeprefix(self._pick_up)) in (
            "",
            *self._phones,
        ):
            return ToPickUp(extension)
        for code, feature in self._before_numbers.items():
            if dialled.startswith(code):
                return ToFeature(feature, dialled.removeprefix(code).removeprefix("*").removesuffix("#"))
        return ToNobody(404, "no such feature code")

    def _outside_destination(self, dialled: str, caller: PhoneSettings) -> Destination:
        if self._prefix and not dialled.startswith(self._prefix):
            return ToNobody(404, "no such extension, and not an outside number")
        number = dialled[len(self._prefix) :]
        if not any(known.fullmatch(number) for known in self._outside):
            return ToNobody(404, "no such extension, and no [dial_plan] outside pattern allows it")
        if not caller.outside:
            return ToNobody(403, "this phone may not call outside")
        return ToOutside(number)
