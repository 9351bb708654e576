"""What people order over the API, checked against the living switch and carried out."""

from softacd.calls.call import Call
from softacd.calls.control import Choices, NotPossibleError, UnknownNameError
from softacd.calls.exchange import Exchange
from softacd.calls.refer import TransferRefusedError
from softacd.calls.transfer import transfer_by_house


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


def transfer_party(call: Call, number: str, now: float, *, callers_leg: bool) -> None:
    """Connect one party of a conversation to a number. Raises NotPossibleError."""
    leg = call.caller_leg if callers_leg else call.called_leg
    if leg is None or call.conversation is None:
        raise NotPossibleError(f"call {call.id} is no conversation now")
    try:
        transfer_by_house(call, leg, number, now)
    except TransferRefusedError as error:
        raise NotPossibleError(str(error)) from error
