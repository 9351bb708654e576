"""A browser whose WebSocket ended in the middle of a call: if it comes back the call goes on, else the leg is over.

We cannot open such a connection (RFC 7118 section 5). A page that lives connects again and registers the contact its
dialogs have; one that was closed or loaded anew never does, and its voice would be missed much later only.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from softacd.calls.leg_table import LegState
from softacd.sip.location import Binding
from softacd.sip.transport import Flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from softacd.calls.leg import Leg

PAUSE = 0.5
"""Between two looks whether it is back."""
RETURN_SECONDS = 8.0
"""What a browser has to come back. JsSIP tries after 2 s, and again after twice that."""


class Return:
    """One leg that waits for its device. `bindings` tells what is registered for its extension now."""

    __slots__ = ("_bindings", "_leg", "_lost", "_until")

    def __init__(self, leg: "Leg", bindings: "Callable[[float], Iterable[Binding]]", now: float) -> None:
        self._leg = leg
        self._bindings = bindings
        self._lost = leg.dialog.flow if leg.dialog is not None else leg.flow
        self._until = now + RETURN_SECONDS
        leg.services.deadlines.at(now + PAUSE, self, "return")

    def on_deadline(self, tag: str, now: float) -> None:
        """Look whether the device is back."""
        del tag
        leg, dialog = self._leg, self._leg.dialog
        if leg.state is not LegState.ESTABLISHED or dialog is None or dialog.flow != self._lost:
            return
        for binding in self._bindings(now):
            if binding.contact.matches(dialog.remote_target) and binding.flow != self._lost:
                dialog.flow = leg.flow = binding.flow
                leg.services.note(leg.call, "returned", f"{leg.party}: connected again", now)
                return
        if now >= self._until:
            leg.on_lost(503, "its connection ended and it did not come back", now)
        else:
            leg.services.deadlines.at(now + PAUSE, self, "return")


def legs_of(legs: Iterable["Leg"], flow: Flow) -> list["Leg"]:
    """Those whose dialog goes over a connection."""
    return [
        leg
        for leg in legs
        if leg.dialog is not None
        and leg.state is LegState.ESTABLISHED
        and (leg.dialog.flow.transport, leg.dialog.flow.connection) == (flow.transport, flow.connection)
    ]
