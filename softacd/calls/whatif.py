"""A dry run: what would become of a call, by the running configuration and everybody as he is now.

Nothing is changed, nobody is asked: a step whose way depends on a key, on a web service or on what such an answer was
kept in leads everywhere it can lead. What can be known is decided: opening hours and times of day at the moment asked
about, branches on who the caller is, and the keys that are given. Queues and agents are as they are now, whatever
moment is asked about.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from softacd.calls import words
from softacd.calls.acquaintance import Wish
from softacd.calls.caller import Caller
from softacd.calls.emergency import in_emergency
from softacd.calls.flow_doings import holds
from softacd.calls.flow_graph import Exit, condition, exits
from softacd.calls.flow_steps import (
    BranchStep,
    CollectStep,
    FlowSettings,
    HoursStep,
    LookupStep,
    MenuStep,
    QueueStep,
    SetStep,
    Step,
    SubFlowStep,
    TransferStep,
)
from softacd.calls.flow_text import Given, variables
from softacd.calls.flow_variables import Variables
from softacd.calls.flow_words import describe
from softacd.calls.hours import Opening
from softacd.calls.records import CallRecord, Direction
from softacd.calls.routing import SUFFIX_DIGITS, ToQueue, digits
from softacd.calls.services import Services
from softacd.calls.whatif_answer import Lead, QueueForecast, StepForecast, WhatIf
from softacd.calls.whatif_queue import NAME, forecast, join

if TYPE_CHECKING:
    from softacd.calls.exchange import Exchange

STAYS = frozenset({"rings", "waits"})
"""Outcomes of a queue in which the caller is let in."""


def what_if(exchange: "Exchange", caller: str, called: str, at: int, keys: str, now: float) -> WhatIf:
    """Follow a call from `caller` to `called` at the moment `at` (wall-clock ms); `keys` are pressed in menus."""
    known = exchange.lookup(caller)
    number = exchange.routing.number_for(called)
    trunk = _trunk(exchange, called if number is None or number.number == "*" else number.number)
    language = exchange.settings.language
    if known is not None and known.language in words.LANGUAGES:
        language = known.language
    elif number is not None and number.language:
        language = number.language
    hours, flow_name = "", ""
    if number is not None:
        flow_name = number.flow
        if number.hours:
            state, why = exchange.opening(number.hours, at)
            hours = f"{number.hours}: {state}{f' ({why})' if why else ''}"
            if state is not Opening.OPEN:
                flow_name = number.closed or number.flow
    refused = _refused(exchange, called, trunk, known, is_ours=number is not None)
    steps: tuple[StepForecast, ...] = ()
    if not refused:
        record = CallRecord(
            id=NAME,
            direction=Direction.INCOMING,
            started=at,
            caller=caller,
            called=called,
            trunk=trunk,
            category=known.category if known is not None else "",
            customer=known.customer if known is not None else "",
        )
        walk = _Walk(exchange, _Subject(exchange, record, known, language), at, keys, now)
        steps = tuple(walk.steps(exchange.flows[flow_name]))
    local = exchange.local(at)
    return WhatIf(
        caller=caller,
        called=called,
        at=at,
        local=f"{local:%Y-%m-%d %H:%M}",
        verdict=refused or _verdict(flow_name, hours, steps),
        trunk=trunk,
        number=number.number if number is not None else "",
        hours=hours,
        emergency=in_emergency(exchange),
        known=known is not None,
        name=known.shown("") if known is not None else "",
        customer=known.customer if known is not None else "",
        category=known.category if known is not None else "",
        manager=known.manager if known is not None else "",
        language=language,
        priority=known.priority if known is not None else 0,
        blacklisted=known is not None and known.blacklisted,
        flow="" if refused else flow_name,
        steps=steps,
    )


def _trunk(exchange: "Exchange", number: str) -> str:
    """The trunk that has a number of ours, in whatever format; "" when none has."""
    wanted = digits(number)
    for trunk in exchange.settings.trunks:
        owned = [digits(one) for one in trunk.all_numbers]
        if wanted in owned or any(
            len(wanted) >= SUFFIX_DIGITS and one.endswith(wanted[-SUFFIX_DIGITS:]) for one in owned
        ):
            return trunk.name
    return ""


def _refused(exchange: "Exchange", called: str, trunk: str, known: Caller | None, *, is_ours: bool) -> str:
    """Why the call enters no flow, "" when it does; in the order in which callers from outside are judged."""
    if not is_ours:
        return f"{called} is no number of ours: refused with 404."
    carrier = exchange.trunks.get(trunk)
    if carrier is not None and 0 < carrier.settings.channels <= len(carrier.calls_now):
        return f"Trunk {trunk} has no free channel: refused with 486."
    if known is not None and known.blacklisted:
        told = f"hears {known.refuse_prompt}" if known.refuse_prompt else f"refused with {known.refuse_status}"
        return f"The caller is on the blacklist: {told}."
    return ""


class _Subject:
    """What variables are read of."""

    def __init__(self, exchange: "Exchange", record: CallRecord, known: Caller | None, language: str) -> None:
        self.exchange = exchange
        self.services: Services = exchange.services
        self.id = record.id
        self.record = record
        self.known = known
        self.language = language


class _Knowledge(Variables):
    """The variables at the moment asked about."""

    at = 0

    def moment(self) -> datetime:
        return self._call.exchange.local(self.at)


class _Walk:
    """One way through the flows."""

    def __init__(self, exchange: "Exchange", subject: _Subject, at: int, keys: str, now: float) -> None:
        self._exchange = exchange
        self._subject = subject
        self._at = at
        self._keys = keys
        self._now = now
        self._variables = _Knowledge(subject)
        self._variables.at = at
        self._variables.now = now
        self._set: frozenset[str] = frozenset()

    def steps(self, flow: FlowSettings) -> Iterator[StepForecast]:
        """Every step that can be come to, once, in the order of the way."""
        self._set = frozenset(_set_on_the_way(flow, self._exchange.flows, set()))
        seen: set[tuple[str, str]] = set()
        waiting = [(flow.name, flow.start)]
        while waiting:
            place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            told = self._forecast(self._exchange.flows[place[0]], place[1])
            waiting.extend((lead.flow, lead.step) for lead in reversed(told.leads))
            yield told

    def _forecast(self, flow: FlowSettings, name: str) -> StepForecast:
        step = flow.steps[name]
        known, ways, queue = "", list(exits(step)), None
        match step:
            case HoursStep():
                known, ways = self._hours(step, ways)
            case BranchStep():
                known, ways = self._branch(step, ways)
            case MenuStep() if self._keys:
                pressed, self._keys = self._keys[0], self._keys[1:]
                known = f"pressed {pressed}" + ("" if pressed in step.choices else ", which is no choice")
                ways = [way for way in ways if way.pressed and way.label == pressed] or ways
            case QueueStep():
                queue, ways = self._queue(step, ways)
            case TransferStep() if self._is_known(step.number):
                number = self._variables.expand(step.number)
                found = self._exchange.routing.destination(number, self._exchange.house_rights)
                if isinstance(found, ToQueue):
                    asked = QueueStep(queue=found.queue)
                    queue = join(self._exchange, asked, self._wish(asked), self._party, self._subject.known, self._now)
            case _:
                pass
        leads = [Lead(way.label, flow.name, way.target, way.pressed) for way in ways]
        if isinstance(step, SubFlowStep) and step.flow in self._exchange.flows:
            leads = [Lead(f"{one.label} afterwards".strip(), one.flow, one.step) for one in leads]
            leads.insert(0, Lead("", step.flow, self._exchange.flows[step.flow].start))
        does, _, detail = describe(step).partition(" ")
        return StepForecast(flow.name, name, does, detail, known, tuple(leads), queue)

    @property
    def _party(self) -> str:
        """The caller's number; "" when he hides it."""
        number = self._subject.record.caller
        return number if any(digit.isdigit() for digit in number) else ""

    def _wish(self, step: QueueStep) -> Wish:
        settings = self._exchange.queues[step.queue]
        return self._exchange.desk.acquaintances.wish(settings, self._party, self._subject.known, self._now)

    def _is_known(self, text: str) -> bool:
        """Whether a text holds nothing that is set on the way."""
        return not self._set.intersection(variables(text))

    def _hours(self, step: HoursStep, ways: list[Exit]) -> tuple[str, list[Exit]]:
        state, why = self._exchange.opening(step.hours, self._at)
        taken = "holiday" if state is Opening.HOLIDAY and step.holiday else state.value
        taken = "closed" if taken == "holiday" and not step.holiday else taken
        return f"{step.hours}: {state}{f' ({why})' if why else ''}", [way for way in ways if way.key == (taken,)]

    def _branch(self, step: BranchStep, ways: list[Exit]) -> tuple[str, list[Exit]]:
        """The ways up to the first case that surely holds."""
        told: dict[str, str] = {}
        possible: list[Exit] = []
        for index, case in enumerate(step.cases):
            way = Exit(("cases", index, "then"), condition(case), case.then)
            if not self._is_known(case.value):
                possible.append(way)
                continue
            value = self._variables.expand(case.value)
            if case.value:
                told[case.value] = f"{case.value} = {value}" if value else f"{case.value} is empty"
            if holds(case, value, self._variables.moment()):
                return "; ".join(told.values()), [*possible, way]
        return "; ".join(told.values()), [*possible, *(way for way in ways if way.key == ("otherwise",))]

    def _queue(self, step: QueueStep, ways: list[Exit]) -> tuple[QueueForecast, list[Exit]]:
        prefer = self._variables.expand(step.prefer) if self._is_known(step.prefer) else ""
        found = forecast(self._exchange, step, prefer, self._party, self._subject.known, self._at, self._now)
        if found.outcome in STAYS:
            return found, ways
        left_by: Mapping[str, str] = {str(how): target for how, target in step.exits.items()}
        target = left_by.get(found.outcome, step.then)
        return found, [Exit((found.outcome,), found.outcome, target)] if target else []


def _set_on_the_way(flow: FlowSettings, flows: Mapping[str, FlowSettings], seen: set[str]) -> Iterator[str]:
    """The variables that steps of a flow, or of the flows it calls, may set."""
    seen.add(flow.name)
    for step in flow.steps.values():
        yield from _set_by(step)
        if isinstance(step, SubFlowStep) and step.flow in flows and step.flow not in seen:
            yield from _set_on_the_way(flows[step.flow], flows, seen)


def _set_by(step: Step) -> Iterator[str]:
    match step:
        case CollectStep():
            yield step.into
        case LookupStep():
            yield from step.save
        case SetStep():
            yield from step.values
        case MenuStep() if step.languages:
            yield Given.LANGUAGE.value
        case _:
            pass


def _verdict(flow: str, hours: str, steps: tuple[StepForecast, ...]) -> str:
    enters = f"Enters flow {flow}" + (f" ({hours})" if hours else "")
    queues = [step.queue for step in steps if step.queue is not None]
    names = list(dict.fromkeys(queue.queue for queue in queues))
    if not queues:
        return f"{enters} and reaches no queue."
    if len(queues) > 1:
        return f"{enters}; it can come to {', '.join(names)}."
    [queue] = queues
    match queue.outcome:
        case "rings":
            return f"{enters} and rings {', '.join(queue.rings)} in {queue.queue}."
        case "waits":
            return f"{enters} and waits in {queue.queue}, place {queue.place}."
        case "emergency":
            return f"{enters}; {queue.why}."
        case _:
            return f"{enters} and leaves {queue.queue} at once, {queue.outcome}: {queue.why}."
