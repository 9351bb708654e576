"""A supervisor's ear in a conversation: listen, whisper to our side, barge in, or take its place; without a click.

The supervisor's phone is rung like any other. Once it answers, the two who talk leave their bridge for a room of the
mixer, in which the supervisor is seated; when it hangs up, they are bridged again. On hold the room is empty: the
supervisor hears nothing until the conversation goes on. A transfer ends it. A supervisor who takes over talks to the
other side alone from then on: our side's phone is hung up, and its agent wraps up.
"""

from enum import StrEnum
from typing import TYPE_CHECKING

from softacd.calls.attempt import Attempt, Outcome
from softacd.calls.control import NotPossibleError, UnknownNameError
from softacd.calls.deadlines import Deadline
from softacd.calls.leg import Leg, Signal
from softacd.rtp.vocabulary import MixJoin, MixLeave

if TYPE_CHECKING:
    from softacd.calls.call import Call

RING_SECONDS = 30.0


class Mode(StrEnum):
    """Who hears the supervisor."""

    LISTEN = "listen"  # nobody
    WHISPER = "whisper"  # the side of the house
    BARGE = "barge"  # both
    TAKE_OVER = "take-over"  # the side that is not of the house, which leaves


KEYS = {"1": Mode.LISTEN, "2": Mode.WHISPER, "3": Mode.BARGE, "4": Mode.TAKE_OVER}
"""What the supervisor presses to change it."""


class Monitor:
    """One supervisor and one conversation."""

    def __init__(self, call: "Call", extension: str, mode: Mode) -> None:
        self.call = call
        self.extension = extension
        self.mode = mode
        self._attempt: Attempt | None = None
        self._patience: Deadline | None = None
        self._leg: Leg | None = None

    @property
    def listening(self) -> bool:
        """The supervisor's phone has answered."""
        return self._leg is not None

    def start(self, now: float) -> None:
        """Ring the supervisor's phone."""
        call = self.call
        call.note("monitor", f"{self.extension}: {self.mode}", now)
        self._patience = call.services.deadlines.at(now + RING_SECONDS, self, "ring")
        self._attempt = call.exchange.fork(call, self.extension, self, now, party=f"monitor:{self.extension}")
        call.occupy(self.extension, now)
        self._attempt.start(now)

    def change(self, mode: Mode, now: float) -> None:
        """Be heard by others from the next packet on."""
        self.mode = mode
        if mode is Mode.TAKE_OVER and self._leg is not None:
            self._take_over(self._leg, now)
            return
        self.call.note("monitor", f"{self.extension}: {mode}", now)
        if self._leg is not None and self.call.conversation is not None and self.call.conversation.joined:
            self._seat(self._leg)

    def end(self, now: float) -> None:
        """Let the supervisor go; those who talk go on without a room."""
        leg = self._forget(now)
        if leg is not None:
            leg.hang_up(now)
        self._gone(now)

    def join(self, one: Leg, other: Leg) -> None:
        """Seat those who talk, and the supervisor."""
        room = other.stream
        for leg in (one, other):
            self.call.services.media.append(MixJoin(stream=leg.stream, room=room))
        if self._leg is not None:
            self._seat(self._leg)

    def part(self) -> None:
        """Empty the room: a party is on hold."""
        media = self.call.services.media
        for leg in (self.call.caller_leg, self.call.called_leg, self._leg):
            if leg is not None and not leg.ended:
                media.append(MixLeave(stream=leg.stream))

    # --- the supervisor's phone --------------------

    def on_attempt(self, attempt: Attempt, outcome: Outcome, leg: Leg | None, now: float) -> None:
        """It rings, answers or does not."""
        if outcome is Outcome.FAILED:
            self.call.note("monitor-failed", f"{self.extension}: {attempt.status}", now)
            self._forget(now)
            self._gone(now)
        elif outcome is Outcome.ANSWERED and leg is not None:
            self._attempt = None
            self._hush()
            leg.user = self
            self._leg = leg
            conversation = self.call.conversation
            if conversation is None:
                self.end(now)
                return
            self.call.note("monitor-joined", f"{self.extension}: {self.mode}", now)
            if self.mode is Mode.TAKE_OVER:
                self._take_over(leg, now)
            else:
                conversation.rejoin()

    def on_leg(self, leg: Leg, signal: Signal, now: float) -> None:
        """The supervisor hung up."""
        del leg
        if signal is Signal.HUNG_UP:
            self._forget(now)
            self._gone(now)

    def on_digit(self, leg: Leg, digit: str, now: float, *, by_info: bool) -> None:
        """Keys change the mode."""
        del leg, by_info
        if digit in KEYS:
            self.change(KEYS[digit], now)

    def on_play_ended(self, leg: Leg, play: int, error: str, now: float) -> None:
        """Nothing is played to a supervisor."""

    def on_deadline(self, tag: str, now: float) -> None:
        """It rang long enough."""
        del tag
        self.call.note("monitor-failed", f"{self.extension}: no answer", now)
        self._forget(now)
        self._gone(now)

    # --- small things --------------------

    def _seat(self, leg: Leg) -> None:
        call = self.call
        called = call.called_leg
        if called is None:
            return
        heard_by: tuple[int, ...] | None = ()
        if self.mode is Mode.WHISPER:
            heard_by = (self._house(called).stream,)
        elif self.mode is Mode.BARGE:
            heard_by = None
        call.services.media.append(MixJoin(stream=leg.stream, room=called.stream, heard_by=heard_by))

    def _house(self, called: Leg) -> Leg:
        """Our side of the conversation."""
        return self.call.leg if called.party.startswith("trunk:") else called

    def _take_over(self, leg: Leg, now: float) -> None:
        """Sit where our side sat, which hangs up."""
        call = self.call
        conversation, called = call.conversation, call.called_leg
        if conversation is None or called is None:
            self.end(now)
            return
        ours = self._house(called)
        self._leg = conversation.monitor = None
        call.note("taken-over", f"{ours.party} by {self.extension}", now)
        call.leave(ours, now)
        ours.hang_up(now)
        call.vacate(ours.number, now)
        call.occupy(self.extension, now)
        call.connect(leg, now, agent=call.exchange.agent_of_phone.get(self.extension, ""))

    def _hush(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _forget(self, now: float) -> Leg | None:
        self._hush()
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.give_up(now)
        self.call.vacate(self.extension, now)
        leg, self._leg = self._leg, None
        return leg

    def _gone(self, now: float) -> None:
        conversation = self.call.conversation
        if conversation is not None and conversation.monitor is self:
            self.call.note("monitor-ended", self.extension, now)
            conversation.monitor = None
            conversation.rejoin()


def monitor(call: "Call", extension: str, mode: Mode, now: float) -> None:
    """Bring a supervisor into a conversation, or change the mode of one who is there.

    Raises UnknownNameError (the extension), NotPossibleError (no conversation, or it is monitored by another phone).
    """
    if extension not in call.exchange.phones:
        raise UnknownNameError(f"no phone has the extension {extension!r}")
    conversation = call.conversation
    if conversation is None or call.called_leg is None:
        raise NotPossibleError(f"call {call.id} is no conversation now")
    if extension in (call.leg.number, call.called_leg.number):
        raise NotPossibleError(f"phone {extension} is in this conversation itself")
    present = conversation.monitor
    if present is None:
        conversation.monitor = Monitor(call, extension, mode)
        conversation.monitor.start(now)
    elif present.extension == extension:
        present.change(mode, now)
    else:
        raise NotPossibleError(f"phone {present.extension} is there already")
