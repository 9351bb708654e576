"""A leg whose media goes on at another port, because the process that carried it has died: its device is told.

The device gets a re-INVITE with the new port (RFC 3261 section 14.1). One that does not agree, and a leg whose stream
nobody could take over, has no voice any longer: the leg ends.
"""

from typing import TYPE_CHECKING
from zlib import crc32

from softacd.calls.leg_table import LegState
from softacd.sip.errors import StackMisuseError
from softacd.sip.message import Response
from softacd.sip.transaction import ClientTransaction

if TYPE_CHECKING:
    from softacd.calls.leg import Leg

PAUSE = 0.5
"""Until a leg that is not confirmed yet, or is being re-negotiated, is looked at again."""
TRIES = 64
"""Of these pauses before the leg is given up."""


class LegMove:
    """One move under way. `lost`: there is no stream to go on with."""

    __slots__ = ("_left", "_leg", "_lost")

    def __init__(self, leg: "Leg", *, lost: bool = False) -> None:
        self._leg = leg
        self._lost = lost
        self._left = TRIES

    def on_deadline(self, tag: str, now: float) -> None:
        """Time to look again."""
        del tag
        self.proceed(now)

    def proceed(self, now: float) -> None:
        """Tell the device as soon as its dialog is confirmed."""
        leg = self._leg
        if leg.ended or (leg.dialog is None and leg.state is LegState.ESTABLISHED):
            return
        if leg.state is not LegState.ESTABLISHED or leg.dialog is None:
            self._wait(PAUSE, now)
            return
        if self._lost:
            leg.on_lost(503, "the media of the call was lost", now)
            return
        try:
            transaction = leg.services.stack.request_in_dialog(
                leg.dialog,
                "INVITE",
                now=now,
                body=leg.repeat_offer(),
                content_type="application/sdp",
                credentials=leg.credentials,
            )
        except StackMisuseError:  # another offer is under way
            self._wait(PAUSE, now)
            return
        transaction.context = self

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """The device answered."""
        del transaction
        leg, status = self._leg, response.status
        if status < 200 or leg.dialog is None:
            return
        if status < 300:
            leg.services.stack.acknowledge(leg.dialog, now)
            leg.take_answer(response.body)
            leg.services.note(leg.call, "media-moved", leg.party, now)
        elif status == 491:  # section 14.1: 2.1 to 4 s for who made the Call-ID, 0 to 2 s for the other
            drawn = crc32(leg.services.token().encode())
            self._wait(2.1 + drawn % 191 / 100 if leg.outgoing else drawn % 201 / 100, now)
        else:
            self.on_failure(status, now)

    def on_failure(self, status: int, now: float) -> None:
        """The device did not answer, or will not have it."""
        self._leg.on_lost(status, "the device did not follow its media", now)

    def _wait(self, seconds: float, now: float) -> None:
        self._left -= 1
        if self._left:
            self._leg.services.deadlines.at(now + seconds, self, "move")
