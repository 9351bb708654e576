"""What people order over the API, checked against the living switch and carried out."""

from softacd.calls.call import Call
from softacd.calls.control import Choices, NotPossibleError, UnknownNameError
from softacd.calls.emergency import switch_emergency
from softacd.calls.exchange import Exchange
from softacd.calls.hours import Opening, opens_at
from softacd.calls.house import CLOSED
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


def transfer_party(call: Call, number: str, now: float, *, callers_leg: bool) -> None:
    """Connect one party of a conversation to a number. Raises NotPossibleError."""
    leg = call.caller_leg if callers_leg else call.called_leg
    if leg is None or call.conversation is None:
        raise NotPossibleError(f"call {call.id} is no conversation now")
    try:
        transfer_by_house(call, leg, number, now)
    except TransferRefusedError as error:
        raise NotPossibleError(str(error)) from error
