"""Call flows are graphs: every step named exists and is reached, and no path turns in circles by itself."""

from softacd.calls.flow_graph import calls_itself, circles, exits, reached
from softacd.calls.flow_steps import FlowSettings, QueueStep, SubFlowStep
from softacd.ops.checks.flow_steps import check_steps
from softacd.ops.configuration_errors import KeyPath, nearest, one_of, quoted
from softacd.ops.draft import Draft


def check_flows(draft: Draft) -> None:
    """Check each flow by itself, that none calls itself, and that some number leads to it."""
    used = {number.flow for number in draft.numbers.values()} | {number.closed for number in draft.numbers.values()}
    used |= {queue.after_call for queue in draft.queues.values()}
    used |= {
        step.after_call for flow in draft.flows.values() for step in flow.steps.values() if isinstance(step, QueueStep)
    }
    used |= {
        step.flow for flow in draft.flows.values() for step in flow.steps.values() if isinstance(step, SubFlowStep)
    }
    for flow in draft.flows.values():
        path: KeyPath = ("flows", flow.name)
        check_steps(draft, flow, path)
        if _check_targets(draft, flow, path):
            _check_reached(draft, flow, path)
            _check_circles(draft, flow, path)
        if flow.name not in used and used <= {"", *draft.names["flows"]}:
            draft.warn(
                path, "no number leads to this flow", f'[numbers."+37322000111"] with flow = {quoted(flow.name)}'
            )
    for circle in calls_itself(draft.flows):
        step = next(
            name
            for name, step in draft.flows[circle[-2]].steps.items()
            if isinstance(step, SubFlowStep) and step.flow == circle[-1]
        )
        draft.error(
            ("flows", circle[-2], "steps", step, "flow"),
            f"the flows {' -> '.join(circle)} call each other without end",
            "a flow that does not lead back here",
        )


def _check_targets(draft: Draft, flow: FlowSettings, path: KeyPath) -> bool:
    """Whether every step named exists; the rest makes no sense otherwise."""
    known = list(flow.steps)
    named: list[tuple[KeyPath, str]] = [((*path, "start"), flow.start)]
    for name, step in flow.steps.items():
        named += [((*path, "steps", name, *way.key), way.target) for way in exits(step)]
    missing = [(where, target) for where, target in named if target not in flow.steps]
    for where, target in missing:
        draft.error(where, f"there is no step {quoted(target)} in this flow", one_of(known), nearest(target, known))
    return not missing


def _check_reached(draft: Draft, flow: FlowSettings, path: KeyPath) -> None:
    found = reached(flow)
    for name in flow.steps:
        if name not in found:
            draft.error((*path, "steps", name), "is never reached", "a step that leads here, or no such step")


def _check_circles(draft: Draft, flow: FlowSettings, path: KeyPath) -> None:
    """Steps that lead back to themselves without a key pressed would hold a silent caller, and a line, for ever."""
    for circle in circles(flow):
        step = flow.steps[circle[-2]]
        key = next(way.key for way in exits(step) if way.target == circle[-1] and not way.pressed)
        draft.error(
            (*path, "steps", circle[-2], *key),
            f"the steps {' -> '.join(circle)} turn in a circle without a key of the caller",
            "a path that ends or waits for a key",
        )
