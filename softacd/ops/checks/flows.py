"""Call flows are graphs: every step named exists and is reached, and no path turns in circles by itself."""

from collections.abc import Iterator

from softacd.calls.model import FlowSettings, MenuStep, QueueStep, RingStep, Step
from softacd.ops.configuration_errors import KeyPath, nearest, one_of, quoted
from softacd.ops.draft import Draft

KEYS = frozenset("0123456789*#")


def check_flows(draft: Draft) -> None:
    """Check each flow by itself, and that some number leads to it."""
    used = {number.flow for number in draft.numbers.values()}
    for flow in draft.flows.values():
        path: KeyPath = ("flows", flow.name)
        _check_steps(draft, flow, path)
        if _check_targets(draft, flow, path):
            _check_reached(draft, flow, path)
            _check_circles(draft, flow, path)
        if flow.name not in used and used <= set(draft.names["flows"]):
            draft.warn(
                path, "no number leads to this flow", f'[numbers."+37322000111"] with flow = {quoted(flow.name)}'
            )


def successors(step: Step) -> Iterator[tuple[tuple[str, ...], str, bool]]:
    """Where a step leads: the key that says so, the step named, and whether the caller has to press a key for it."""
    if isinstance(step, MenuStep):
        for key, target in step.choices.items():
            yield ("choices", key), target, True
        if step.otherwise:
            yield ("otherwise",), step.otherwise, False
        return
    if isinstance(step, QueueStep):
        for key, target in step.keys.items():
            yield ("keys", key), target, True
        for how, target in step.exits.items():
            yield ("exits", how), target, False
    if getattr(step, "then", ""):
        yield ("then",), getattr(step, "then", ""), False


def _check_steps(draft: Draft, flow: FlowSettings, path: KeyPath) -> None:
    for name, step in flow.steps.items():
        here = (*path, "steps", name)
        if isinstance(step, QueueStep):
            draft.refer((*here, "queue"), step.queue, "queues", "queue")
        elif isinstance(step, RingStep):
            if step.extension not in {group.number for group in draft.groups.values()}:
                draft.refer((*here, "extension"), step.extension, "phones", "extension")
        elif isinstance(step, MenuStep) and not step.choices:
            draft.error((*here, "choices"), "is empty", 'keys and steps, like 1 = "sales"')
        for (where, *rest), _, pressed in successors(step):
            if pressed and rest[0] not in KEYS:
                draft.error((*here, where, *rest), f"{quoted(rest[0])} is no key", "one of 0 to 9, * or #")
        prompts = getattr(step, "prompts", None)
        if prompts == ():
            draft.error((*here, "prompts"), "is empty", 'at least one, like "prompts/en/welcome"')


def _check_targets(draft: Draft, flow: FlowSettings, path: KeyPath) -> bool:
    """Whether every step named exists; the rest makes no sense otherwise."""
    known = list(flow.steps)
    named: list[tuple[KeyPath, str]] = [((*path, "start"), flow.start)]
    for name, step in flow.steps.items():
        named += [((*path, "steps", name, *key), target) for key, target, _ in successors(step)]
    missing = [(where, target) for where, target in named if target not in flow.steps]
    for where, target in missing:
        draft.error(where, f"there is no step {quoted(target)} in this flow", one_of(known), nearest(target, known))
    return not missing


def _check_reached(draft: Draft, flow: FlowSettings, path: KeyPath) -> None:
    reached: set[str] = set()
    waiting = [flow.start]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [target for _, target, _ in successors(flow.steps[name])]
    for name in flow.steps:
        if name not in reached:
            draft.error((*path, "steps", name), "is never reached", "a step that leads here, or no such step")


def _check_circles(draft: Draft, flow: FlowSettings, path: KeyPath) -> None:
    """Steps that lead back to themselves without a key pressed would hold a silent caller, and a line, for ever.

    Each circle is told once, at the edge that closes it.
    """
    done: set[str] = set()

    def follow(name: str, trail: tuple[str, ...]) -> None:
        if name in done:
            return
        for key, target, pressed in successors(flow.steps[name]):
            if pressed:
                continue
            if target in (*trail, name):
                circle = [*(*trail, name)[(*trail, name).index(target) :], target]
                draft.error(
                    (*path, "steps", name, *key),
                    f"the steps {' -> '.join(circle)} turn in a circle without a key of the caller",
                    "a path that ends or waits for a key",
                )
            else:
                follow(target, (*trail, name))
        done.add(name)

    for start in flow.steps:
        follow(start, ())
