"""Conferences: rooms reached by a number, where everybody hears everybody. A PIN may guard the door.

A room exists while somebody is in it. Who is alone hears music; a tone tells that somebody comes or goes. Whoever is
in can mute and unmute himself with a key.
"""

from hmac import compare_digest

from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.conference_desk import Room
from softacd.calls.deadlines import Deadline
from softacd.calls.model import ConferenceSettings
from softacd.calls.prompts import Prompt, Tone, clip
from softacd.calls.records import Outcome, Segment
from softacd.rtp.vocabulary import MixJoin, MixLeave

TRIES = 3
"""How often a PIN may be entered."""
KEY_SECONDS = 8.0
"""Wait for the next key of a PIN, after which what was entered is judged."""
MUTE = "*"
"""The key that mutes and unmutes who presses it."""


class Attendance(Activity):
    """One caller of a conference, from the door to the end."""

    def __init__(self, call: Call, settings: ConferenceSettings, *, vouched: bool = False) -> None:
        """`vouched`: somebody of the house has sent the caller here, who need not know the PIN."""
        super().__init__(call)
        self._vouched = vouched
        self._settings = settings
        self._room: Room | None = None
        self._entered = ""
        self._tries = 0
        self._play = 0
        self._leaving = False
        self._muted = False
        self._joined_at = 0.0
        self._patience: Deadline | None = None

    def start(self, now: float) -> None:
        """Ask for the PIN, or let the caller in."""
        call = self.call
        if call.phase is Phase.ARRIVED:
            call.enter_phase(Phase.FLOW, now)
        call.step = self._settings.name
        if self._settings.pin and not self._vouched:
            self._ask(Prompt.ENTER_PIN)
        else:
            self._enter(now)

    def stop(self, now: float) -> None:
        """The call ends, or does something else."""
        self._hush()
        room, self._room = self._room, None
        if room is None:
            return
        call = self.call
        call.services.media.append(MixLeave(stream=call.leg.stream))
        call.exchange.conferences.leave(self._settings.name, self)
        call.note("conference-left", self._settings.name, now)
        call.account_for(self._segment(now))

    def on_digit(self, digit: str, now: float) -> None:
        """A key of the PIN; inside, the key that mutes."""
        if self._room is not None:
            if digit == MUTE:
                self._muted = not self._muted
                self.call.note("muted" if self._muted else "unmuted", self._settings.name, now)
                self._sit(self._room)
                self._play = self.call.leg.play((Tone.BEEP,))
            return
        if self._leaving:
            return
        self.call.leg.silence()
        self._hush()
        if digit == "#":
            self._judge(now)
            return
        self._entered += digit
        if len(self._entered) >= len(self._settings.pin):
            self._judge(now)
        else:
            self._patience = self.call.services.deadlines.at(now + KEY_SECONDS, self, "key")

    def on_play_ended(self, play: int, error: str, now: float) -> None:
        """Told: wait for the PIN, or hang up."""
        if play != self._play or self._room is not None:
            return
        if self._leaving:
            self.call.finish(now, outcome=Outcome.SERVED)
        elif self._patience is None:
            self._patience = self.call.services.deadlines.at(now + KEY_SECONDS, self, "key")

    def on_deadline(self, tag: str, now: float) -> None:
        """No further key came."""
        del tag
        self._patience = None
        self._judge(now)

    def on_company(self, *, alone: bool) -> None:
        """Somebody came or went, perhaps we ourselves."""
        leg = self.call.leg
        if alone:
            self._play = leg.play((self._settings.music,), loop=True, shared=True)
        else:
            self._play = leg.play((Tone.BEEP,))

    # --- small things --------------------

    def _ask(self, *prompts: Prompt) -> None:
        self._entered = ""
        language = self.call.language
        self._play = self.call.leg.play(tuple(clip(prompt, language) for prompt in prompts))

    def _judge(self, now: float) -> None:
        entered, self._entered = self._entered, ""
        if compare_digest(entered.encode(), self._settings.pin.encode()):
            self._enter(now)
            return
        self._tries += 1
        self.call.note("conference-refused", f"{self._settings.name}: wrong PIN", now)
        if self._tries >= TRIES:
            self._leave_with(Prompt.TOO_MANY_ATTEMPTS)
        else:
            self._ask(Prompt.INVALID_CODE, Prompt.ENTER_PIN)

    def _enter(self, now: float) -> None:
        call, name = self.call, self._settings.name
        desk = call.exchange.conferences
        if desk.size(name) >= self._settings.most:
            call.note("conference-refused", f"{name}: full", now)
            self._leave_with(Prompt.BUSY)
            return
        call.enter_phase(Phase.CONFERENCE, now)
        call.note("conference", name, now)
        call.record.connected = call.record.connected or call.services.wall(now)
        self._joined_at = now
        self._room = desk.enter(name, self)
        self._sit(self._room)
        self._room.announce()

    def _sit(self, room: Room) -> None:
        heard_by: tuple[int, ...] | None = () if self._muted else None
        self.call.services.media.append(MixJoin(stream=self.call.leg.stream, room=room.number, heard_by=heard_by))

    def _leave_with(self, prompt: Prompt) -> None:
        self._leaving = True
        self._ask(prompt)

    def _hush(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _segment(self, now: float) -> Segment:
        call = self.call
        wall = call.services.wall
        return Segment(
            call=call.id,
            number=call.next_segment(),
            party=f"conference:{self._settings.name}",
            agent="",
            started=wall(self._joined_at),
            ended=wall(now),
            talk_ms=round((now - self._joined_at) * 1000),
            hold_ms=0,
            ended_by="caller",
        )
