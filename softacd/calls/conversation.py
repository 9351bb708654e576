"""Two legs that talk: hold and resume, digits by INFO, and the account of it (a segment of the call's record)."""

from typing import TYPE_CHECKING

from softacd.calls.call_table import Phase
from softacd.calls.conversation_keys import ConversationKeys
from softacd.calls.leg import Leg
from softacd.calls.records import Segment

if TYPE_CHECKING:
    from softacd.calls.call import Call
    from softacd.calls.monitor import Monitor


class Conversation:
    """One conversation of a call, from the bridge until somebody leaves it. A transfer makes another."""

    def __init__(self, call: "Call", number: int, other: Leg, agent: str, now: float) -> None:
        self.other = other
        self.agent = agent
        self._call = call
        self._number = number
        self._since = now
        self._held_since = 0.0
        self._held_ms = 0
        self._holders: set[str] = set()
        self._keys = ConversationKeys(call)
        self.monitor: Monitor | None = None
        """The supervisor who listens, if one does."""

    def open(self, now: float) -> None:
        """Bridge the legs; whatever either hears is cut with the next packet."""
        call = self._call
        self.rejoin()
        call.enter_phase(Phase.TALKING, now)
        call.note("connected", self.agent or self.other.number, now)
        queue = call.exchange.queues.get(call.record.queue)
        wanted = queue is not None and queue.record and bool(self.agent) and not call.recording_declined
        call.services.recordings.follow(
            call.id, call.leg, wanted=wanted, queue=call.record.queue, agent=self.agent, now=now
        )
        for leg in (call.leg, self.other):
            if leg.held:
                self.hold(leg, held=True, now=now)

    @property
    def joined(self) -> bool:
        """Both hear each other: nobody holds."""
        return not self._holders

    def rejoin(self) -> None:
        """Let both hear each other: over a bridge, or in a room where a supervisor is."""
        if self._holders:
            return
        if self.monitor is not None and self.monitor.listening:
            self.monitor.join(self._call.leg, self.other)
        elif self._call.leg.has_media:  # else its ACK brings the answer to our offer
            self._call.leg.bridge(self.other)

    def audible(self, now: float) -> None:
        """The caller's late answer came with the ACK: now there is somebody to hear."""
        del now
        self.rejoin()
        if self.other.id in self._holders:
            self._play_music(self._call.leg)

    def partner(self, leg: Leg) -> Leg:
        """Whom a leg talks to."""
        return self.other if leg is self._call.leg else self._call.leg

    def pass_digit(self, leg: Leg, digit: str, now: float, *, by_info: bool) -> None:
        """Give a key one device pressed to the other in the way that one understands.

        Events pass with the media between devices that both use them (RFC 4733), tones in the sound between devices
        that both do not; everything else is made anew.
        """
        self._keys.press(leg, digit, now)
        partner = self.partner(leg)
        in_room = self.monitor is not None and self.monitor.listening  # tones are mixed there, events are not
        if by_info or leg.sends_events != partner.sends_events or (in_room and leg.sends_events):
            partner.send_digit(digit)

    def hold(self, holder: Leg, *, held: bool, now: float) -> None:
        """A device put the other on hold, or resumed: the other hears music meanwhile."""
        call = self._call
        partner = self.partner(holder)
        call.note("hold" if held else "resume", holder.party, now)
        if held:
            self._holders.add(holder.id)
            if self.monitor is not None and self.monitor.listening:
                self.monitor.part()
            self._play_music(partner)
            if call.phase is Phase.TALKING:
                call.enter_phase(Phase.HELD, now)
                self._held_since = now
                self._tell_desk(now, held=True)
            return
        self._holders.discard(holder.id)
        if not self._holders and call.phase is Phase.HELD:
            self._held_ms += round((now - self._held_since) * 1000)
            call.enter_phase(Phase.TALKING, now)
            self.rejoin()
            self._tell_desk(now, held=False)

    def close(self, now: float, ended_by: str, *, agent_stays: bool = False) -> Segment:
        """The account of it; the agent's wrap-up begins, unless `agent_stays` and only changes the device.

        `ended_by`: "caller", "called", "switch", "transfer".
        """
        call = self._call
        monitor, self.monitor = self.monitor, None
        if monitor is not None:
            monitor.end(now)
        if call.phase is Phase.HELD:
            self._held_ms += round((now - self._held_since) * 1000)
        length = round((now - self._since) * 1000)
        if self.agent and not agent_stays:
            call.exchange.desk.talk_ended(self.agent, call.id, now)
        elif call.phase is Phase.HELD:
            self._tell_desk(now, held=False)
        wall = call.services.wall
        return Segment(
            call=call.id,
            number=self._number,
            party=self.other.party,
            agent=self.agent,
            started=wall(self._since),
            ended=wall(now),
            talk_ms=max(0, length - self._held_ms),
            hold_ms=self._held_ms,
            ended_by=ended_by,
        )

    def _play_music(self, leg: Leg) -> None:
        if leg.has_media:
            leg.unbridge()
            leg.play((self._call.music,), loop=True, shared=True)

    def _tell_desk(self, now: float, *, held: bool) -> None:
        if self.agent:
            self._call.exchange.desk.hold_changed(self.agent, self._call.id, held, now)
