"""The steps of a flow, each by itself: what they name exists, what they say can be said, no secret leaves by them."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from softacd.calls import words
from softacd.calls.flow_steps import (
    BranchStep,
    CallBackStep,
    CollectStep,
    DialStep,
    FlowSettings,
    FlowStep,
    HoursStep,
    LookupStep,
    MenuStep,
    QueueStep,
    RingStep,
    SetStep,
    Step,
    SubFlowStep,
    SurveyStep,
    TransferStep,
    VoicemailStep,
    WebhookStep,
)
from softacd.calls.flow_text import NAME, QUEUE_FIGURES, WRITABLE, Given, speech, variables
from softacd.calls.hours import spans
from softacd.calls.routing import pattern
from softacd.ops.configuration_errors import KeyPath, nearest, one_of, quoted
from softacd.ops.draft import Draft

KEYS = frozenset("0123456789*#")
CUSTOMERS = "customers"
"""The source that is always there: the customer base."""
_SPEECHES = ("prompts", "invalid", "silence", "offer")
_BOUND = re.compile(r":([a-z][a-z0-9_]*)")
_SELECT = re.compile(r"\s*(select|with)\b", re.IGNORECASE)


def check_steps(draft: Draft, flow: FlowSettings, path: KeyPath) -> None:
    """Check every step of a flow."""
    secrets = {step.into for step in flow.steps.values() if isinstance(step, CollectStep) and step.masked}
    for name, step in flow.steps.items():
        here = (*path, "steps", name)
        _check_speeches(draft, step, here, secrets)
        _check_variables(draft, step, here)
        _CHECKS.get(type(step), _nothing)(draft, step, here)
        if isinstance(step, LookupStep | WebhookStep):
            _check_secrets(draft, step, here, secrets)


def texts_of(step: Step) -> Iterator[tuple[KeyPath, str]]:
    """Every text of a step that may hold variables, and where it stands."""
    for field in _SPEECHES:
        yield from (((field, index), text) for index, text in enumerate(getattr(step, field, ())))
    for field in ("path", "extension", "agent", "number", "prefer"):
        if text := getattr(step, field, ""):
            yield (field,), text
    for field in ("send", "values"):
        yield from (((field, name), text) for name, text in getattr(step, field, {}).items())
    if isinstance(step, BranchStep):
        yield from ((("cases", index, "value"), case.value) for index, case in enumerate(step.cases) if case.value)


def set_by(step: Step) -> Iterator[tuple[KeyPath, str]]:
    """The variables a step sets, and where it says so."""
    if isinstance(step, CollectStep):
        yield ("into",), step.into
    elif isinstance(step, LookupStep):
        yield from ((("save", name), name) for name in step.save)
    elif isinstance(step, SetStep):
        yield from ((("values", name), name) for name in step.values)


def _check_speeches(draft: Draft, step: Step, path: KeyPath, secrets: set[str]) -> None:
    if getattr(step, "prompts", None) == () and not isinstance(step, VoicemailStep):
        draft.error((*path, "prompts"), "is empty", 'at least one, like "welcome"')
    for field in _SPEECHES:
        for index, text in enumerate(getattr(step, field, ())):
            check_speech(draft, text, (*path, field, index))
            for name in secrets.intersection(variables(text)):
                draft.error((*path, field, index), f"would say the secret {{{name}}}", "a variable that is not masked")


def check_speech(draft: Draft, text: str, path: KeyPath) -> None:
    """Something that is said can be."""
    try:
        speech(text)
    except ValueError as error:
        expected = 'a prompt like "welcome", or "number:", "digits:", "money:", "time:", "date:", "text:"'
        draft.error(path, str(error), expected)


def _check_variables(draft: Draft, step: Step, path: KeyPath) -> None:
    """Variables set have names of their own, variables used are set somewhere."""
    given = [*Given, *(f"queue.{queue}.{figure}" for queue in draft.names["queues"] for figure in QUEUE_FIGURES)]
    for key, name in set_by(step):
        if name in WRITABLE:
            continue
        if name in given:
            draft.error((*path, *key), f"{{{name}}} is what every call has", "another name")
        elif not NAME.fullmatch(name):
            draft.error((*path, *key), f"{quoted(name)} is no name of a variable", "small letters, digits and _")
    known = [*given, *_set_anywhere(draft)]
    for key, text in texts_of(step):
        for name in variables(text):
            if name not in known:
                draft.error((*path, *key), f"nothing sets {{{name}}}", one_of(known, limit=30), nearest(name, known))


def _set_anywhere(draft: Draft) -> list[str]:
    """Sub-flows share the variables of who calls them."""
    found = {name: None for flow in draft.flows.values() for step in flow.steps.values() for _, name in set_by(step)}
    return list(found)


def _check_secrets(draft: Draft, step: LookupStep | WebhookStep, path: KeyPath, secrets: set[str]) -> None:
    """An address stands in the logs of whoever is asked, and of all in between."""
    named: list[tuple[KeyPath, str]] = [(("path",), step.path)]
    if isinstance(step, WebhookStep) or (step.method == "GET" and not step.query):
        named += [(("send", name), text) for name, text in step.send.items()]
    for key, text in named:
        for name in secrets.intersection(variables(text)):
            draft.error(
                (*path, *key), f"would write the secret {{{name}}} into logs", 'a lookup with method = "POST" and send'
            )


def _nothing(draft: Draft, step: Step, path: KeyPath) -> None:
    pass


def _menu(draft: Draft, step: MenuStep, path: KeyPath) -> None:
    if not step.choices:
        draft.error((*path, "choices"), "is empty", 'keys and steps, like 1 = "sales"')
    _check_keys(draft, step.choices, (*path, "choices"))
    for key, language in step.languages.items():
        here = (*path, "languages", key)
        if key not in step.choices:
            draft.error(here, f"{quoted(key)} is no choice", one_of(list(step.choices)))
        if language not in words.LANGUAGES:
            draft.error(here, f"nothing can be said in {quoted(language)}", one_of(sorted(words.LANGUAGES)))


def _check_keys(draft: Draft, choices: dict[str, str], path: KeyPath) -> None:
    for key in choices:
        if key not in KEYS:
            draft.error((*path, key), f"{quoted(key)} is no key", "one of 0 to 9, * or #")


def _collect(draft: Draft, step: CollectStep, path: KeyPath) -> None:
    if step.least > step.most:
        draft.error((*path, "least"), f"is more than most, {step.most}", f"at most {step.most}")
    if step.spent and not step.attempts:
        draft.error((*path, "spent"), "is never taken", "attempts, how often a caller may come here")


def _branch(draft: Draft, step: BranchStep, path: KeyPath) -> None:
    if not step.cases:
        draft.error(
            (*path, "cases"), "is empty", 'at least one, like { value = "{category}", is = ["vip"], then = "x" }'
        )
    for index, case in enumerate(step.cases):
        here = (*path, "cases", index)
        conditions = (
            bool(case.is_),
            bool(case.starts),
            case.below is not None,
            case.above is not None,
            case.empty is not None,
        )
        if not any(conditions) and not case.between:
            draft.error(here, "has no condition", "one of is, starts, below, above, between, empty")
        if any(conditions) and not case.value:
            draft.error((*here, "value"), "is missing", 'what is judged, like "{category}"')
        if case.between:
            try:
                spans(case.between)
            except ValueError as error:
                draft.error((*here, "between"), str(error), 'like "08:00-12:30"')


def _hours(draft: Draft, step: HoursStep, path: KeyPath) -> None:
    draft.refer((*path, "hours"), step.hours, "hours", "hours")


def _lookup(draft: Draft, step: LookupStep, path: KeyPath) -> None:
    if step.source in draft.names["crm"]:
        for key in ("path", "query", "send"):
            if getattr(step, key):
                draft.error((*path, key), "another system is asked for the caller's number only", "no such key")
        return
    if not _refer_source(draft, step.source, path):
        return
    source = draft.sources.get(step.source)
    database = step.source == CUSTOMERS or (source is not None and bool(source.database))
    if source is None and not database:
        return  # could not be decoded: told already
    if database and not step.query:
        draft.error((*path, "query"), "is missing: this source is a database", "a SELECT")
    if not database and step.query:
        draft.error((*path, "query"), "the source is a web service", "path, method and send")
    if database and step.path:
        draft.error((*path, "path"), "the source is a database", "a query")
    if step.query:
        if not _SELECT.match(step.query) or ";" in step.query:
            draft.error((*path, "query"), "is not one SELECT", "one statement that begins with SELECT or WITH")
        for name in variables(step.query):
            draft.error(
                (*path, "query"),
                f"{{{name}}} in a query would let callers write it",
                f':{name} with send = {{ {name} = "{{{name}}}" }}',
            )
        for name in _BOUND.findall(step.query):
            if name not in step.send:
                draft.error((*path, "query"), f":{name} has no value", f"send = {{ {name} = ... }}")


def _refer_source(draft: Draft, name: str, path: KeyPath) -> bool:
    return name == CUSTOMERS or draft.refer((*path, "source"), name, "sources", "source")


def _webhook(draft: Draft, step: WebhookStep, path: KeyPath) -> None:
    if step.source == CUSTOMERS or not draft.refer((*path, "source"), step.source, "sources", "source"):
        if step.source == CUSTOMERS:
            draft.error((*path, "source"), "is a database", "a source with a url")
        return
    source = draft.sources.get(step.source)
    if source is not None and source.database:
        draft.error((*path, "source"), "is a database", "a source with a url")


def _queue(draft: Draft, step: QueueStep, path: KeyPath) -> None:
    draft.refer((*path, "queue"), step.queue, "queues", "queue")
    _check_keys(draft, step.keys, (*path, "keys"))
    if step.prefer and not variables(step.prefer):
        draft.refer((*path, "prefer"), step.prefer, "agents", "agent")

    if step.after_call:
        draft.refer((*path, "after_call"), step.after_call, "flows", "flow")
    if step.offer and not step.keys:
        draft.error((*path, "offer"), "offers a key, and there is none", 'keys = { 1 = "call-back" }')
    if step.offer_above_seconds and not step.offer:
        draft.error((*path, "offer_above_seconds"), "there is no offer", 'offer = ["callback-offer"]')


def _call_back(draft: Draft, step: CallBackStep, path: KeyPath) -> None:
    if step.queue:
        draft.refer((*path, "queue"), step.queue, "queues", "queue")


def _voicemail(draft: Draft, step: VoicemailStep, path: KeyPath) -> None:
    draft.refer((*path, "mailbox"), step.mailbox, "mailboxes", "mailbox")


def _survey(draft: Draft, step: SurveyStep, path: KeyPath) -> None:
    if step.least >= step.most:
        draft.error((*path, "least"), f"is not less than most, {step.most}", "the worst score, less than the best")
    if not step.topic:
        draft.error((*path, "topic"), "is empty", 'what the question is about, like "service"')


def _ring(draft: Draft, step: RingStep, path: KeyPath) -> None:
    if bool(step.extension) == bool(step.agent):
        draft.error(path, "rings nobody" if not step.agent else "rings both", "either extension or agent")
    groups = {group.number for group in draft.groups.values()}
    if step.extension and not variables(step.extension) and step.extension not in groups:
        draft.refer((*path, "extension"), step.extension, "phones", "extension")
    if step.agent and not variables(step.agent):
        draft.refer((*path, "agent"), step.agent, "agents", "agent")


def _dial(draft: Draft, step: DialStep, path: KeyPath) -> None:
    if not variables(step.number):
        check_outside_number(draft, step.number, (*path, "number"))


def check_outside_number(draft: Draft, number: str, path: KeyPath) -> None:
    """A number the house itself calls must be open like every other."""
    plan = draft.dial_plan
    if plan is None:
        return
    bare = number.removeprefix(plan.outside_prefix)
    if not number.startswith(plan.outside_prefix) or not any(pattern(one).fullmatch(bare) for one in plan.outside):
        draft.error(path, f"{quoted(number)} is not open", "a number that a pattern of dial_plan.outside allows")


def _transfer(draft: Draft, step: TransferStep, path: KeyPath) -> None:
    if variables(step.number):
        return
    inside = {*draft.names["phones"], *(group.number for group in draft.groups.values())}
    inside |= {queue.number for queue in draft.queues.values() if queue.number}
    inside |= {conference.number for conference in draft.conferences.values()}
    inside |= {mailbox.number for mailbox in draft.mailboxes.values() if mailbox.number}
    if step.number not in inside:
        check_outside_number(draft, step.number, (*path, "number"))


def _sub_flow(draft: Draft, step: SubFlowStep, path: KeyPath) -> None:
    draft.refer((*path, "flow"), step.flow, "flows", "flow")


_CHECKS: dict[type[FlowStep], Callable[[Draft, Any, KeyPath], None]] = {
    MenuStep: _menu,
    CollectStep: _collect,
    BranchStep: _branch,
    HoursStep: _hours,
    LookupStep: _lookup,
    QueueStep: _queue,
    CallBackStep: _call_back,
    RingStep: _ring,
    VoicemailStep: _voicemail,
    SurveyStep: _survey,
    DialStep: _dial,
    TransferStep: _transfer,
    SubFlowStep: _sub_flow,
    WebhookStep: _webhook,
}
