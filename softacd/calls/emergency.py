"""The emergency mode: the callers of every queue go to the mobile phones, those who wait already too."""

from collections.abc import Callable
from functools import partial

from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.diversion import Diversion, Why
from softacd.calls.exchange import Exchange
from softacd.calls.house import EMERGENCY
from softacd.calls.queue_wait import QueueWait
from softacd.calls.ring import Ring

PAYER = "flow:emergency"


def in_emergency(exchange: Exchange) -> bool:
    """Whether callers go to the mobile phones now."""
    return exchange.house.emergency and bool(exchange.settings.emergency.numbers)


def emergency_ring(call: Call, unserved: Callable[[float], None], attempt: int = 0) -> Ring:
    """Call the mobile phones one after another; `unserved` when none answers."""
    settings = call.exchange.settings.emergency

    def next_one(now: float) -> None:
        if attempt + 1 < len(settings.numbers):
            call.enter_phase(Phase.FLOW, now)
            call.begin(emergency_ring(call, unserved, attempt + 1), now)
        else:
            unserved(now)

    return Ring.outside(
        call,
        settings.numbers[attempt],
        call.caller_name or call.record.caller,
        payer=PAYER,
        seconds=settings.seconds,
        diversions=(Diversion(PAYER, Why.ALWAYS),),
        unserved=next_one,
    )


def to_queue(call: Call, queue: str, unserved: Callable[[float], None]) -> Activity:
    """What a caller of a queue's own number begins: to wait in it, or in an emergency the mobile phones."""
    return emergency_ring(call, unserved) if in_emergency(call.exchange) else QueueWait(call, queue, 0, unserved)


def switch_emergency(exchange: Exchange, on: bool, by: str, now: float) -> None:
    """Switch the mode; switched on, who waits in a queue is called through to the mobile phones at once."""
    exchange.house.switch(EMERGENCY, on, by, now)
    if not in_emergency(exchange):
        return
    for wait in exchange.desk.waits():
        wait.call.note("emergency", "from the queue to the mobile phones", now)
        wait.divert(partial(_divert, wait.call), now)


def _divert(call: Call, unserved: Callable[[float], None], now: float) -> None:
    call.enter_phase(Phase.FLOW, now)
    call.activity = None
    call.begin(emergency_ring(call, unserved), now)
