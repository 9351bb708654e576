"""Picking up: answering here what rings elsewhere. The leg that picks up joins the call that rang.

A caller a queue offers to an agent can be picked up too: he leaves the queue as one who was answered.
"""

from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.exchange import Exchange, PickUpable
from softacd.calls.prompts import Prompt, clip
from softacd.calls.records import Outcome as CallOutcome


def find_ringing(exchange: Exchange, picker: str, extension: str) -> PickUpable | None:
    """What `picker` may pick up: the call that rings longest, at `extension` or ("") in a common pickup group."""
    own = frozenset(exchange.phones[picker].pickup_groups) if picker in exchange.phones else frozenset()
    for reach in exchange.ringing:
        if reach.extension == picker or reach.caller == picker:
            continue
        if extension and reach.extension != extension:
            continue
        phone = exchange.phones.get(reach.extension)
        theirs = frozenset(phone.pickup_groups) if phone else frozenset()
        if own & theirs or (not own and not theirs):
            return reach
    return None


class PickUp(Activity):
    """One phone picking up."""

    def __init__(self, call: Call, extension: str) -> None:
        super().__init__(call)
        self._extension = extension
        self._play = 0

    def start(self, now: float) -> None:
        """Take the call; it may be gone by the time audio can flow."""
        call = self.call
        call.enter_phase(Phase.FLOW, now)
        picker = call.leg.number
        reach = find_ringing(call.exchange, picker, self._extension)
        if reach is None:
            self._play = call.leg.play((clip(Prompt.INVALID_CODE, call.language),))
            return
        other = reach.call
        other.note("picked-up", f"{reach.extension} by {picker}", now)
        leg = call.give_leg(other, now)
        other.occupy(picker, now)
        reach.picked_up(leg, now)

    def on_play_ended(self, play: int, error: str, now: float) -> None:
        """Said."""
        if play == self._play:
            self.call.finish(now, outcome=CallOutcome.FAILED)
