"""What a queue would do with a caller now: he joins a copy of the running distributor, which is asked why."""

from typing import TYPE_CHECKING

import msgspec

from softacd.acd.vocabulary import CallerExited, CallerLeft, Exit
from softacd.calls.acquaintance import Wish
from softacd.calls.caller import Caller
from softacd.calls.emergency import in_emergency
from softacd.calls.flow_steps import QueueStep
from softacd.calls.hours import Opening
from softacd.calls.queue_joining import joining
from softacd.calls.rehearsal import rehearsal
from softacd.calls.whatif_answer import QueueForecast

if TYPE_CHECKING:
    from softacd.calls.exchange import Exchange

NAME = "what-if"
"""What the caller is called in the copy; ids of calls hold a number."""


def forecast(
    exchange: "Exchange", step: QueueStep, prefer: str, party: str, known: Caller | None, at: int, now: float
) -> QueueForecast:
    """What this step would lead to; its hours are judged `at` (wall-clock ms), all else `now` (monotonic seconds).

    `prefer` is the agent the step names, with variables' values.
    """
    settings = exchange.queues.get(step.queue)
    if settings is None:
        return QueueForecast(step.queue, Exit.CLOSED.value, "there is no such queue any more")
    if in_emergency(exchange):
        phones = ", ".join(exchange.settings.emergency.numbers)
        return QueueForecast(step.queue, "emergency", f"emergency mode: {phones} are called, one after another")
    if settings.hours:
        state, why = exchange.opening(settings.hours, at)
        if state is not Opening.OPEN:
            return QueueForecast(step.queue, Exit.CLOSED.value, f"{settings.hours}: {why or state}")
    if prefer in exchange.agents:
        return join(exchange, step, Wish(prefer, step.patience_seconds), party, known, now)
    wish = exchange.desk.acquaintances.wish(settings, party, known, now)
    return join(exchange, step, wish, party, known, now)


def join(
    exchange: "Exchange", step: QueueStep, wish: Wish, party: str, known: Caller | None, now: float
) -> QueueForecast:
    """Let him stand in line, in a copy, and see."""
    desk = exchange.desk
    distributor, estimator = rehearsal(desk.distributor, desk.estimator)
    kept = desk.call_backs.place_of(step.queue, party, now)
    event = joining(
        exchange,
        caller=NAME,
        queue=step.queue,
        party=party,
        known=known,
        priority=step.priority + (known.priority if known is not None else 0),
        skills=step.skills,
        wish=wish,
        arrived=kept.arrived if kept is not None else None,
    )
    left = (CallerLeft(caller=kept.caller, exit=Exit.CALL_BACK),) if kept is not None and kept.caller else ()
    for one in (*left, event):
        estimator.observe(one, now)
        for command in distributor.handle(one, now):
            estimator.observe(command, now)
            if isinstance(command, CallerExited) and command.caller == NAME:
                return QueueForecast(step.queue, command.exit.value, "the queue lets him go at once")
    why = distributor.explain(NAME, now)
    if why is None:
        raise RuntimeError(f"who joined {step.queue} neither waits there nor left it")
    estimate = estimator.estimate(NAME, now)
    expected = estimate.expected if estimate is not None and estimate.trusted else None
    found = QueueForecast(
        queue=step.queue,
        outcome="waits",
        place=why.place,
        meant_for=wish.agent,
        standings=why.standings,
        more=why.more,
        expected_wait=expected,
    )
    if found.rings:
        return msgspec.structs.replace(found, outcome="rings")
    limit = exchange.queues[step.queue].max_predicted_seconds
    if limit and expected is not None and expected > limit and not wish.reconnect:
        return msgspec.structs.replace(found, outcome=Exit.PREDICTED.value, why=f"{expected:.0f} s are foretold")
    return found
