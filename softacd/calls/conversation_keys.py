"""Codes a phone of the house presses while it talks: record the call or stop, pause the recording or go on.

The keys reach the other party too, as all keys do; a code is told from them by its first key.
"""

from typing import TYPE_CHECKING

from softacd.calls.leg import Leg
from softacd.calls.prompts import Tone
from softacd.calls.recording_desk import NotRecordingError

if TYPE_CHECKING:
    from softacd.calls.call import Call

BETWEEN_KEYS = 2.0
"""Seconds after which a code that was begun is forgotten."""


class ConversationKeys:
    """The keys of one conversation, party by party."""

    def __init__(self, call: "Call") -> None:
        self._call = call
        self._pressed: dict[str, tuple[str, float]] = {}

    def press(self, leg: Leg, digit: str, now: float) -> None:
        """A party pressed a key; carriers' parties have no codes."""
        if leg.party.startswith("trunk:"):
            return
        codes = self._call.exchange.settings.dial_plan.feature_codes
        known = {codes.record: self._record, codes.pause_recording: self._pause}
        before, at = self._pressed.get(leg.id, ("", 0.0))
        pressed = before + digit if now - at <= BETWEEN_KEYS else digit
        if not any(code.startswith(pressed) for code in known):
            pressed = digit if any(code.startswith(digit) for code in known) else ""
        self._pressed[leg.id] = (pressed, now)
        if pressed in known:
            del self._pressed[leg.id]
            try:
                known[pressed](now)
            except NotRecordingError as error:
                self._call.note("recording-refused", str(error), now)
                leg.play((Tone.CONNECTED,))
            else:
                leg.play((Tone.BEEP,))

    def _record(self, now: float) -> None:
        call, desk = self._call, self._call.services.recordings
        if desk.of(call.id) is None:
            desk.start(call.id, call.leg, queue=call.record.queue, agent=call.agent, now=now)
        else:
            desk.stop(call.id, now)

    def _pause(self, now: float) -> None:
        call, desk = self._call, self._call.services.recordings
        if desk.paused(call.id):
            desk.resume(call.id, now)
        else:
            desk.pause(call.id, now)
