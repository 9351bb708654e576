"""A browser whose WebSocket ended in the middle of a call: if it comes back the call goes on, else the leg is over.

We cannot open such a connection (RFC 7118 section 5). A page that lives connects again and registers the contact its
dialogs have. One that was loaded anew has other contacts: it takes the place of its leg by an INVITE with Replaces
(`softacd.calls.replaces`). One that was closed does neither, and its voice would be missed much later only. Whoever it
talked to hears music as soon as it is more than a hiccup.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from softacd.calls.leg_table import LegState
from softacd.sip.location import Binding
from softacd.sip.transport import Flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from softacd.calls.call import Call
    from softacd.calls.leg import Leg

PAUSE = 0.5
"""Between two looks whether it is back."""
MUSIC_AFTER = 1.5
"""Seconds without it after which the other side hears music: a page that lives is back by then, and was heard all
along."""
RETURN_SECONDS = 10.0
"""What a browser has to come back: to connect again, or to load its page anew."""


class Return:
    """One leg that waits for its device. `bindings` tells what is registered for its extension now."""

    __slots__ = ("_bindings", "_call", "_leg", "_lost", "_music", "_music_at", "_until")

    def __init__(
        self, leg: "Leg", call: "Call | None", bindings: "Callable[[float], Iterable[Binding]]", now: float
    ) -> None:
        self._leg = leg
        self._call = call
        self._bindings = bindings
        self._lost = leg.dialog.flow if leg.dialog is not None else leg.flow
        self._until = now + RETURN_SECONDS
        self._music_at = now + MUSIC_AFTER
        self._music = False
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
                self._play_music(False, now)
                return
        if now >= self._until:
            leg.on_lost(503, "its connection ended and it did not come back", now)
        else:
            if now >= self._music_at:
                self._play_music(True, now)
            leg.services.deadlines.at(now + PAUSE, self, "return")

    def _play_music(self, wanted: bool, now: float) -> None:
        """Keep whom it talked to on music, as if it held; no longer when it is back."""
        call, leg = self._call, self._leg
        conversation = call.conversation if call is not None else None
        if wanted is self._music or conversation is None or leg.held or call is None:
            return
        if leg is call.leg or leg is conversation.other:
            self._music = wanted
            conversation.hold(leg, held=wanted, now=now)


def legs_of(legs: Iterable["Leg"], flow: Flow) -> list["Leg"]:
    """Those whose dialog goes over a connection."""
    return [
        leg
        for leg in legs
        if leg.dialog is not None
        and leg.state is LegState.ESTABLISHED
        and (leg.dialog.flow.transport, leg.dialog.flow.connection) == (flow.transport, flow.connection)
    ]
