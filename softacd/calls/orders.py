"""What people order over the API, checked against the living switch and carried out."""

from collections.abc import Callable

from softacd.calls.call import Call
from softacd.calls.call_table import Phase
from softacd.calls.control import Choices, NotPossibleError, UnknownNameError
from softacd.calls.emergency import switch_emergency, to_queue
from softacd.calls.exchange import Exchange
from softacd.calls.hours import Opening, opens_at
from softacd.calls.house import CLOSED, CLOSED_QUEUE
from softacd.calls.refer import TransferRefusedError
from softacd.calls.transfer import transfer_by_house
from softacd.calls.views import HoursView, HouseView


def choose(exchange: Exchange, extension: str, choices: Choices, now: float) -> None:
    """Change a phone's settings. Raises UnknownNameError, NotPossibleError; then nothing has changed."""
    if extension not in exchange.phones:
        known = ", ".join(sorted(exchange.phones)) or "none"
        raise UnknownNameError(f"no phone has the extension {extension!r}; there are: {known}")
    for number in (choices.forward_always, choices.forward_busy, choices.forward_no_answer):
        if number and not exchange.forwardable(extension, number):
            raise NotPossibleError(f"calls of {extension} cannot be forwarded to {number!r}: it may not dial that")
    exchange.phone_book.choose(
        extension,
        now,
        do_not_disturb=choices.do_not_disturb,
        forward_always=choices.forward_always,
        forward_busy=choices.forward_busy,
        forward_no_answer=choices.forward_no_answer,
    )


def house_view(exchange: Exchange, now: float) -> HouseView:
    """Opening hours and the emergency mode."""
    wall = exchange.services.wall(now)
    views = []
    for name, settings in exchange.hours.items():
        state, why = exchange.opening(name, wall)
        closed = exchange.house.closed(name)
        following = (
            None if closed or state is Opening.OPEN else opens_at(settings, exchange.local(wall), exchange.holiday)
        )
        views.append(
            HoursView(
                name=name,
                open=state is Opening.OPEN,
                why=why,
                closed_by_hand=closed,
                opens=round(following.timestamp() * 1000) if following is not None else 0,
            )
        )
    return HouseView(emergency=exchange.house.emergency, hours=tuple(views))


def order_emergency(exchange: Exchange, on: bool, now: float) -> None:
    """The emergency mode on or off. Raises NotPossibleError."""
    if on and not exchange.settings.emergency.numbers:
        raise NotPossibleError("no mobile phones are configured: emergency.numbers is empty")
    if on is not exchange.house.emergency:
        switch_emergency(exchange, on, "api", now)


def close_hours(exchange: Exchange, name: str, closed: bool, now: float) -> None:
    """Close hours by hand, or not any more. Raises UnknownNameError."""
    if name not in exchange.hours:
        known = ", ".join(sorted(exchange.hours)) or "none"
        raise UnknownNameError(f"no hours are named {name!r}; there are: {known}")
    if closed is not exchange.house.closed(name):
        exchange.house.switch(CLOSED + name, closed, "api", now)


def close_queue(exchange: Exchange, name: str, closed: bool, now: float) -> None:
    """Close a queue by hand, or not any more; who waits in it already goes on waiting. Raises UnknownNameError."""
    _known_queue(exchange, name)
    if closed is not exchange.house.queue_closed(name):
        exchange.house.switch(CLOSED_QUEUE + name, closed, "api", now)


def move_caller(call: Call, queue: str, now: float) -> None:
    """Have a caller who waits in a queue wait in another one. Raises UnknownNameError, NotPossibleError."""
    exchange = call.exchange
    _known_queue(exchange, queue)
    wait = next((wait for wait in exchange.desk.waits() if wait.call is call), None)
    if wait is None:
        raise NotPossibleError(f"call {call.id} waits in no queue now")
    if wait.queue == queue:
        raise NotPossibleError(f"call {call.id} waits in {queue} already")
    state, why = exchange.queue_opening(queue, call.services.wall(now))
    if state is not Opening.OPEN:
        raise NotPossibleError(f"{queue} is {why or state}")
    call.note("moved", f"{wait.queue} to {queue}", now)

    def enter(unserved: Callable[[float], None], at: float) -> None:
        call.enter_phase(Phase.FLOW, at)
        call.activity = None
        call.begin(to_queue(call, queue, unserved, at), at)

    wait.divert(enter, now)


def take_over(call: Call, extension: str, now: float) -> None:
    """Ring a supervisor's phone and give it the caller of a conversation; the agent leaves it.

    Raises UnknownNameError, NotPossibleError.
    """
    if extension not in call.exchange.phones:
        raise UnknownNameError(f"there is no phone {extension!r}")
    called = call.called_leg
    if called is not None and called.number == extension:
        raise NotPossibleError(f"call {call.id} is at {extension} already")
    call.note("taken-over", extension, now)
    transfer_party(call, extension, now, callers_leg=True)


def _known_queue(exchange: Exchange, name: str) -> None:
    if name not in exchange.queues:
        known = ", ".join(sorted(exchange.queues)) or "none"
        raise UnknownNameError(f"no queue is named {name!r}; there are: {known}")


def transfer_party(call: Call, number: str, now: float, *, callers_leg: bool, by: str = "") -> None:
    """Connect one party of a conversation to a number, with the rights of the phone `by` ("": of the house).

    Raises NotPossibleError.
    """
    leg = call.caller_leg if callers_leg else call.called_leg
    if leg is None or call.conversation is None:
        raise NotPossibleError(f"call {call.id} is no conversation now")
    try:
        transfer_by_house(call, leg, number, now, call.exchange.phones.get(by))
    except TransferRefusedError as error:
        raise NotPossibleError(str(error)) from error
