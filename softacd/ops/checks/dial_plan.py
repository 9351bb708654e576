"""The numbers people dial: one space for extensions, queues and feature codes, and the ways out of the house."""

import re

from softacd.calls.routing import status_code
from softacd.ops.checks.trunks import DIGITS, E164, as_e164, numbers_of
from softacd.ops.configuration_errors import KeyPath, dotted, quoted
from softacd.ops.draft import Draft
from softacd.ops.schema import fields_of

_IN_CONVERSATION = frozenset({"record", "pause_recording"})
_FEATURE_CODE = re.compile(r"[*#][0-9*#]{1,7}")
_QUEUE_NUMBER = re.compile(r"[0-9]{2,10}")
_PATTERN = re.compile(r"(?=.)\+?[0-9XZ*#]*\.?")
_EMERGENCY = frozenset({"112", "911", "999"})
"""Numbers that are an emergency somewhere, besides those of [dial_plan] emergency."""


def check_dial_plan(draft: Draft) -> None:
    """No number means two things; patterns are patterns; our outside numbers lead somewhere."""
    _check_number_space(draft)
    _check_outside(draft)
    _check_numbers(draft)


def _check_number_space(draft: Draft) -> None:
    taken: dict[str, str] = {}
    emergency = _EMERGENCY | frozenset(draft.dial_plan.emergency if draft.dial_plan else ())

    def take(number: str, path: KeyPath, owner: str) -> None:
        if number in taken:
            draft.error(path, f"{quoted(number)} is already {taken[number]}", "a number nobody else has")
        taken.setdefault(number, owner)

    for extension in draft.names["phones"]:
        take(extension, ("phones", extension), f"the extension of {dotted(('phones', extension))}")
        if extension in emergency:
            draft.error(("phones", extension), f"{extension} is an emergency number", "another extension")
    for queue in draft.queues.values():
        if queue.number:
            path: KeyPath = ("queues", queue.name, "number")
            if not _QUEUE_NUMBER.fullmatch(queue.number):
                draft.error(path, f"got {quoted(queue.number)}", "2 to 10 digits")
            elif queue.number in emergency:
                draft.error(path, f"{queue.number} is an emergency number", "another number")
            take(queue.number, path, f"the number of {dotted(('queues', queue.name))}")
    for mailbox in draft.mailboxes.values():
        if mailbox.number:
            path = ("mailboxes", mailbox.name, "number")
            if mailbox.number in emergency:
                draft.error(path, f"{mailbox.number} is an emergency number", "another number")
            take(mailbox.number, path, f"the number of {dotted(('mailboxes', mailbox.name))}")
    rooms = [("conferences", conference.name, conference.number) for conference in draft.conferences.values()]
    for section, name, number in [*(("groups", group.name, group.number) for group in draft.groups.values()), *rooms]:
        path = (section, name, "number")
        if not _QUEUE_NUMBER.fullmatch(number):
            draft.error(path, f"got {quoted(number)}", "2 to 10 digits")
        elif number in emergency:
            draft.error(path, f"{number} is an emergency number", "another number")
        take(number, path, f"the number of {dotted((section, name))}")
    for hours in draft.hours.values():
        if hours.code:
            path = ("hours", hours.name, "code")
            if not _FEATURE_CODE.fullmatch(hours.code):
                draft.error(path, f"got {quoted(hours.code)}", "* or # and 1 to 7 digits")
            take(hours.code, path, f"the code of {dotted(('hours', hours.name))}")
    if draft.dial_plan is None:
        return
    codes = draft.dial_plan.feature_codes
    for key, field in fields_of(type(codes)):
        code = getattr(codes, field.name)
        path = ("dial_plan", "feature_codes", key)
        if not _FEATURE_CODE.fullmatch(code):
            draft.error(path, f"got {quoted(code)}", "* or # and 1 to 7 digits")
        # those pressed in a conversation are never dialled: they may be codes that are
        take(f"in a conversation: {code}" if key in _IN_CONVERSATION else code, path, f"the feature code {key}")
    for agent in draft.agents.values():
        if agent.code:
            take(codes.sign_on + agent.code, ("agents", agent.name, "code"), f"what {agent.name} signs on with")
    for reason in draft.reasons.values():
        if reason.code:
            dialled = f"{status_code(codes, reason.status)}{reason.code}"
            take(dialled, ("reasons", reason.name, "code"), f"the code of {dotted(('reasons', reason.name))}")
    for index, slot in enumerate(draft.dial_plan.park_slots):
        path = ("dial_plan", "park_slots", index)
        if not _FEATURE_CODE.fullmatch(slot):
            draft.error(path, f"got {quoted(slot)}", "* or # and 1 to 7 digits")
        take(slot, path, "a park slot")


def _check_outside(draft: Draft) -> None:
    if draft.dial_plan is None:
        return
    plan = draft.dial_plan
    for index, pattern in enumerate(plan.outside):
        path: KeyPath = ("dial_plan", "outside", index)
        if not _PATTERN.fullmatch(pattern):
            draft.error(path, f"got {quoted(pattern)}", "digits, X for any digit, Z for 1 to 9, a final . for any rest")
        elif pattern.strip("+") in (".", ""):
            draft.warn(
                path, f"{quoted(pattern)} opens every number of the world, the dearest too", "your own country's"
            )
    for index, number in enumerate(plan.emergency):
        if not re.fullmatch(r"[0-9]{2,6}", number):
            draft.error(("dial_plan", "emergency", index), f"got {quoted(number)}", "2 to 6 digits")
    if plan.outside_prefix and not re.fullmatch(r"[0-9]{1,4}", plan.outside_prefix):
        draft.error(("dial_plan", "outside_prefix"), f"got {quoted(plan.outside_prefix)}", "1 to 4 digits")
    for index, name in enumerate(plan.trunks):
        draft.refer(("dial_plan", "trunks", index), name, "trunks", "trunk")
        if name in plan.trunks[:index]:
            draft.error(("dial_plan", "trunks", index), f"{quoted(name)} is given twice", "each trunk once")
    if plan.outside and not draft.names["trunks"]:
        draft.warn(("dial_plan", "outside"), "outside numbers are open, but there is no trunk", "[trunks.NAME]")
    if not plan.outside and draft.names["trunks"]:
        draft.warn(("dial_plan", "outside"), "outside calls are closed: no pattern is named", 'outside = ["+373."]')
    for extension in draft.names["phones"]:
        if plan.outside_prefix and extension.startswith(plan.outside_prefix):
            draft.warn(
                ("phones", extension),
                f"begins with outside_prefix {quoted(plan.outside_prefix)}; dialling it always rings the phone",
            )


def _check_numbers(draft: Draft) -> None:
    for number in draft.names["numbers"]:
        if number != "*" and not E164.fullmatch(number) and not DIGITS.fullmatch(number):
            draft.error(
                ("numbers", number),
                f"the number is {quoted(number)}",
                'a number like "+37322000111", digits as the carrier sends them, or "*" for every other',
                as_e164(number),
            )
    seen: dict[str, str] = {}
    for number in draft.names["numbers"]:
        first = seen.setdefault(number.lstrip("+"), number)
        if first != number:
            draft.error(("numbers", number), f"is the same number as {quoted(first)}", "each number once")
    for entry in draft.numbers.values():
        draft.refer(("numbers", entry.number, "flow"), entry.flow, "flows", "flow")
    if "*" in draft.names["numbers"]:
        return
    for trunk in draft.trunks.values():
        for here, number in numbers_of(trunk):
            if number not in draft.names["numbers"]:
                draft.warn(
                    here,
                    f"calls to {number} are refused: no flow is named for it",
                    f'[numbers."{number}"] with flow = or [numbers."*"]',
                )
