"""Call flows as graphs: where each step leads, and the circles in which a silent caller would turn for ever.

A flow ends for every caller because of three rules the configuration check holds it to: every step named exists, every
step that waits has an end of its own (a time, a number of tries, an agent or the caller), and every circle of steps
passes one that only a key of the caller leaves that way.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from softacd.calls.flow_steps import (
    AnswerStep,
    BranchStep,
    CallBackStep,
    CollectStep,
    DialStep,
    FlowSettings,
    FlowStep,
    HoursStep,
    LookupStep,
    MenuStep,
    NoticeStep,
    PlayStep,
    QueueStep,
    RingStep,
    SayStep,
    SetStep,
    Step,
    SubFlowStep,
    SurveyStep,
    TransferStep,
    VoicemailStep,
    WebhookStep,
)


class Exit(NamedTuple):
    """One way out of a step: the key of the configuration that names the target, a word for it, and the target.

    `pressed`: only something the caller does leads there.
    """

    key: tuple[str | int, ...]
    label: str
    target: str
    pressed: bool = False


EXITS: dict[type[FlowStep], tuple[tuple[str, str], ...]] = {
    AnswerStep: (("then", ""),),
    SayStep: (("then", ""),),
    MenuStep: (("otherwise", "otherwise"),),
    CollectStep: (("otherwise", "otherwise"), ("spent", "attempts spent")),
    BranchStep: (("otherwise", "otherwise"),),
    HoursStep: (("open", "open"), ("closed", "closed"), ("holiday", "holiday")),
    LookupStep: (("then", "found"), ("missing", "not found"), ("failed", "no answer")),
    SetStep: (("then", ""),),
    QueueStep: (("then", "not served"),),
    RingStep: (("then", "no answer"), ("busy", "busy")),
    CallBackStep: (("then", ""), ("otherwise", "no number to call")),
    SurveyStep: (("then", ""), ("otherwise", "no score")),
    VoicemailStep: (("then", ""), ("failed", "no message can be taken")),
    DialStep: (("then", "no answer"),),
    TransferStep: (("then", "not reached"),),
    PlayStep: (("then", ""),),
    NoticeStep: (("then", ""),),
    SubFlowStep: (("then", ""),),
    WebhookStep: (("then", ""),),
}
"""The fields of each step that name a step the caller is led to without doing anything."""


def exits(step: Step) -> Iterator[Exit]:
    """Where a step leads, in the order of the manual; exits that name no step are left out."""
    if isinstance(step, MenuStep):
        for key, target in step.choices.items():
            yield Exit(("choices", key), key, target, pressed=True)
    elif isinstance(step, QueueStep):
        for key, target in step.keys.items():
            yield Exit(("keys", key), key, target, pressed=True)
        for how, target in step.exits.items():
            yield Exit(("exits", how), how, target)
    elif isinstance(step, CollectStep) and step.then:
        yield Exit(("then",), "digits", step.then, pressed=True)
    elif isinstance(step, BranchStep):
        for index, case in enumerate(step.cases):
            yield Exit(("cases", index, "then"), condition(case), case.then)
    for field, label in EXITS.get(type(step), ()):
        if target := getattr(step, field):
            yield Exit((field,), label, target)


def condition(case: object) -> str:
    """A case in a few words: "{category} is vip, gold"."""
    said: list[str] = []
    for field in ("is_", "starts", "below", "above", "between", "empty"):
        value = getattr(case, field)
        if value is None or value == () or value == "":
            continue
        word = field.rstrip("_")
        if field == "between":
            said.append(f"time {value}")
        elif field == "empty":
            said.append("is empty" if value else "is not empty")
        else:
            said.append(f"{word} {', '.join(value) if isinstance(value, tuple) else f'{value:g}'}")
    value = getattr(case, "value", "")
    return f"{value} {' and '.join(said)}".strip()


def reached(flow: FlowSettings) -> set[str]:
    """The steps that callers can come to."""
    found: set[str] = set()
    waiting = [flow.start]
    while waiting:
        name = waiting.pop()
        if name not in found and name in flow.steps:
            found.add(name)
            waiting += [way.target for way in exits(flow.steps[name])]
    return found


def circles(flow: FlowSettings) -> list[list[str]]:
    """The circles that turn without anything the caller does: each as the steps passed, the first one again at the end.

    One circle is told for each set of steps that hang together in circles.
    """
    return _circles(
        {
            name: [way.target for way in exits(step) if not way.pressed and way.target in flow.steps]
            for name, step in flow.steps.items()
        }
    )


def calls_itself(flows: Mapping[str, FlowSettings]) -> list[list[str]]:
    """The circles in which flows call each other as sub-flows."""
    return _circles(
        {
            name: [step.flow for step in flow.steps.values() if isinstance(step, SubFlowStep) and step.flow in flows]
            for name, flow in flows.items()
        }
    )


def _circles(edges: Mapping[str, list[str]]) -> list[list[str]]:
    found: list[list[str]] = []
    done: set[str] = set()
    for start in edges:
        trail: list[str] = []
        stack: list[Iterator[str]] = [iter([start])]
        while stack:  # depth first, by hand: a flow may be long
            name = next(stack[-1], None)
            if name is None:
                stack.pop()
                if trail:
                    done.add(trail.pop())
            elif name in trail:
                found.append([*trail[trail.index(name) :], name])
                done.update(trail)
                break
            elif name not in done:
                trail.append(name)
                stack.append(iter(edges[name]))
    return found
