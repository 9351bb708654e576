"""One call: the caller's leg, what is done with it (an activity at a time), the called leg, and the record.

The call decides how it ends; activities decide what the caller goes through until then.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

from softacd.calls import words
from softacd.calls.acquaintance import cut_off
from softacd.calls.call_table import Phase, enter
from softacd.calls.caller import Caller
from softacd.calls.conversation import Conversation
from softacd.calls.diversion import Diversion
from softacd.calls.exchange import Exchange
from softacd.calls.identity import passable_reason
from softacd.calls.leg import Leg, Signal
from softacd.calls.leg_table import LegState
from softacd.calls.records import MISSED_OUTCOMES, CallRecord, Direction, Outcome, Segment
from softacd.calls.trunk import Trunk
from softacd.calls.views import ContactView

INTERVAL_TOO_SMALL = 422
"""The caller's side asks again at once with the interval it was told (RFC 4028 section 7.2)."""
HIDDEN_KEY = "x"
"""Stands for a key that is a secret."""


class Waited(NamedTuple):
    """A place in a queue: since when (monotonic), and what it was asked for with."""

    queue: str
    since: float
    priority: int
    skills: tuple[tuple[str, int], ...]


class Activity(ABC):
    """What a call is doing with its caller. One at a time; the call tells it what concerns it."""

    def __init__(self, call: "Call") -> None:
        self.call = call

    @abstractmethod
    def start(self, now: float) -> None:
        """Begin."""

    def stop(self, now: float) -> None:
        """The call ends or does something else: undo whatever is under way."""

    def on_digit(self, digit: str, now: float) -> None:
        """The caller pressed a key."""

    def on_play_ended(self, play: int, error: str, now: float) -> None:
        """Playback to the caller is over."""

    @property
    def hides_keys(self) -> bool:
        """The keys pressed now are a secret: they stand in no record."""
        return False

    def on_told(self, leg: Leg, play: int, now: float) -> None:
        """Playback to another party than the caller is over."""

    def on_leg_gone(self, leg: Leg, now: float) -> bool:
        """A leg hung up; True when that does not end the call."""
        return False


class Call:
    """A call that lives."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        id: str,  # noqa: A002 - the field's own word
        direction: Direction,
        caller: str,
        caller_name: str,
        called: str,
        trunk: Trunk | None,
        now: float,
        known: Caller | None = None,
    ) -> None:
        """`known` is what the house knows of who calls; `caller_name` what the other side presented."""
        services = exchange.services
        self.exchange = exchange
        self.services = services
        self.id = id
        self.known = known
        self.caller_name = known.shown(caller_name) if known is not None else caller_name
        self.phase = Phase.ARRIVED
        self.phase_since = services.wall(now)
        self.step = ""
        self.caller_leg: Leg | None = None
        self.called_leg: Leg | None = None
        self.activity: Activity | None = None
        self.agent = ""
        self.rung = ""
        """The agent a queue rang last for the caller."""
        self.expected_wait: float | None = None
        self.waited: Waited | None = None
        """Where it waited last in a queue."""
        self.withheld = False
        """The caller, a phone of the house, does not want to be shown outside."""
        self.end_reason = ""
        """Why whoever ended the call did, as he said it (RFC 3326): devices that still ring are told."""
        self.after_call = ""
        """Flow that goes on with the caller when his agent has hung up; empty: the call is over then."""
        self.diverted: tuple[Diversion, ...] = ()
        """Who sent the call on before it came to us, the last one first, as the carrier tells."""
        self.language = exchange.settings.language
        """What the caller hears: the house's, the customer's, or what was chosen."""
        if known is not None and known.language in words.LANGUAGES:
            self.language = known.language
        self.contacts: tuple[ContactView, ...] = ()
        """What other systems know of the caller."""
        self.presented_name = caller_name
        self.recording_declined = False
        """The caller does not want the conversation recorded."""
        self.hops = 70
        """Max-Forwards of what is sent for this call: loops through other exchanges end (RFC 7332)."""
        self.record = CallRecord(
            id=id,
            direction=direction,
            started=services.wall(now),
            caller=caller,
            called=called,
            trunk=trunk.settings.name if trunk else "",
            caller_name=self.caller_name,
            category=known.category if known is not None else "",
            customer=known.customer if known is not None else "",
        )
        self.trunks: list[Trunk] = []
        self._waiting: Activity | None = None
        self.conversation: Conversation | None = None
        self._segments = 0
        self._legs = 0
        self._occupied: set[str] = set()
        if trunk is not None:
            self.hold_channel(trunk)
            trunk.last_incoming = services.wall(now)
        exchange.calls[id] = self
        services.records.append(self.record)

    # --- small things --------------------

    def new_leg_id(self) -> str:
        """The id of this call's next leg."""
        self._legs += 1
        return f"{self.id}.{self._legs}"

    def hold_channel(self, trunk: Trunk) -> None:
        """This call occupies a channel of a trunk until it ends."""
        trunk.calls_now.add(self.id)
        self.trunks.append(trunk)

    def occupy(self, extension: str, now: float) -> None:
        """This call keeps a phone busy that no queue rang: its agent is offered nothing meanwhile."""
        if extension not in self._occupied:
            self._occupied.add(extension)
            self.exchange.desk.other_call(extension, self.id, True, now)

    def vacate(self, extension: str, now: float) -> None:
        """The phone is free of this call, unless another leg of it talks there."""
        parties = (self.caller_leg, self.called_leg)
        if any(leg is not None and leg.answered and leg.number == extension for leg in parties):
            return
        if extension in self._occupied:
            self._occupied.discard(extension)
            self.exchange.desk.other_call(extension, self.id, False, now)

    @property
    def music(self) -> str:
        """What a party on hold hears."""
        queue = self.exchange.queues.get(self.record.queue)
        return queue.music if queue else "music/default"

    def note(self, kind: str, detail: str, now: float) -> None:
        """Record that something happened."""
        self.services.note(self.id, kind, detail, now)

    def enter_phase(self, phase: Phase, now: float) -> None:
        """Move to a phase the table allows. Raises IllegalPhaseError."""
        self.phase = enter(self.phase, phase)
        self.phase_since = self.services.wall(now)

    @property
    def leg(self) -> Leg:
        """The caller's leg, which a living call has."""
        if self.caller_leg is None:
            raise RuntimeError("a call without its caller's leg")
        return self.caller_leg

    # --- the course of the call --------------------

    def begin(self, activity: Activity, now: float) -> None:
        """Do this with the caller from now on."""
        if self.activity is not None:
            self.activity.stop(now)
        self.activity = activity
        activity.start(now)

    def begin_from(self, flow: Activity, activity: Activity, now: float) -> None:
        """Leave the flow for a queue or a ring that may come back to it."""
        self.activity = activity if self.activity is flow else self.activity
        if self.activity is activity:
            activity.start(now)

    def answer_and_begin(self, activity: Activity, now: float) -> None:
        """Answer the caller; begin as soon as audio can flow (with the ACK, when the INVITE had no offer)."""
        self.record.answered = self.services.wall(now)
        self.leg.accept(now)
        if self.leg.has_media:
            self.begin(activity, now)
        else:
            self._waiting = activity

    def alert(self, now: float) -> None:
        """Let the caller, not yet answered, hear ringing while something is found out."""
        if self.leg.state is LegState.ARRIVED:
            self.leg.alert(now)

    def connect(self, other: Leg, now: float, *, agent: str = "") -> None:
        """Caller and `other` talk. Whatever the caller hears is cut; the bridge begins with the next packet."""
        if self.activity is not None:
            activity, self.activity = self.activity, None
            activity.stop(now)
        other.user = self
        self.called_leg = other
        self.agent = agent
        record = self.record
        record.agent = agent or record.agent
        connected = self.services.wall(now)
        if not record.connected:
            record.connected = connected
            record.answered = record.answered or connected
            if record.queued:
                record.wait_ms = connected - record.queued
        self.conversation = Conversation(self, self.next_segment(), other, agent, now)
        self.conversation.open(now)
        self.services.records.append(record)

    def next_segment(self) -> int:
        """The number of this call's next segment."""
        self._segments += 1
        return self._segments

    def account_for(self, segment: Segment) -> None:
        """Talk that is over belongs to the record."""
        self.record.talk_ms += segment.talk_ms
        self.record.hold_ms += segment.hold_ms
        self.services.records.append(segment)

    def lose_called(self, now: float) -> None:
        """The line to the called party is dead; the caller is there, and waits for what becomes of him."""
        self.called_leg = None
        self._close_conversation(now, "cut-off")
        self.enter_phase(Phase.TRANSFERRING, now)
        self.leg.unbridge()

    # --- transfers: parties leave and come ---

    def leave(self, leg: Leg, now: float, *, agent_stays: bool = False) -> None:
        """A party leaves the conversation by a transfer (its leg lives on): whoever remains is the caller now.

        `agent_stays`: the agent only changes the device, and goes on talking to whom the queue sent.
        """
        if leg is self.caller_leg:
            self.caller_leg = self.called_leg
        self.called_leg = None
        for party in (leg, self.leg):  # a queue's call no longer keeps the agent's phone busy, this one does
            if party.number in self.exchange.phones and not (agent_stays and self.seats(self.agent, party)):
                self.occupy(party.number, now)
        self._close_conversation(now, "transfer", agent_stays=agent_stays)
        self.enter_phase(Phase.TRANSFERRING, now)
        self.leg.unbridge()

    def release(self, leg: Leg, now: float) -> Leg:
        """End this call, which another takes over: `leg` hangs up, the other party's leg is handed out."""
        if self.conversation is None:
            raise RuntimeError("only a conversation can be taken over")
        partner = self.conversation.partner(leg)
        partner.user = None
        if partner is self.called_leg:
            self.called_leg = None
        else:
            self.caller_leg = self.called_leg
            self.called_leg = None
        self._close_conversation(now, "transfer")
        self._end(now, by="transfer", cause=200)
        return partner

    def give_leg(self, other: "Call", now: float) -> Leg:
        """End this call, whose caller joins `other`: a phone that dialled to pick up or to fetch a call."""
        leg = self.leg
        leg.user = None
        self.caller_leg = None
        leg.call = leg.record.call = other.id
        self._end(now, by="switch", cause=200, outcome=Outcome.SERVED)
        return leg

    def adopt(self, leg: Leg, other: "Call", now: float) -> None:
        """Go on with a party of another call."""
        leg.call = leg.record.call = self.id
        for trunk in other.trunks:
            self.hold_channel(trunk)
        agent = self.exchange.agent_of_phone.get(leg.number, "")
        if agent or leg.number in self.exchange.phones:
            self.occupy(leg.number, now)
        self.note("transferred", f"{leg.party} of call {other.id}", now)
        self.connect(leg, now, agent=agent)

    def seats(self, agent: str, leg: Leg) -> bool:
        """Whether a leg is at the phone of an agent."""
        return bool(agent) and self.exchange.agent_of_phone.get(leg.number, "") == agent

    def _close_conversation(self, now: float, ended_by: str, *, agent_stays: bool = False) -> None:
        conversation, self.conversation = self.conversation, None
        if conversation is None:
            return
        segment = conversation.close(now, ended_by, agent_stays=agent_stays)
        if conversation.agent and not agent_stays:
            self.exchange.desk.met(self, conversation.agent, now)
        self.agent = ""
        self.account_for(segment)

    def finish(self, now: float, *, outcome: Outcome | None = None, status: int = 603) -> None:
        """End the call from our side: BYE to answered legs, `status` to a caller never answered."""
        answered = self.caller_leg is not None and self.caller_leg.answered
        self._end(now, by="switch", cause=200 if answered else status, outcome=outcome, status=status)

    def abort(self, status: int, now: float) -> None:
        """The call could not even get its caller's leg; the caller has been answered `status`."""
        self._end(now, by="switch", cause=status, outcome=Outcome.FAILED)

    # --- what the legs say --------------------

    def on_leg(self, leg: Leg, signal: Signal, now: float) -> None:
        """A leg moved."""
        if signal is Signal.HUNG_UP:
            self._on_hang_up(leg, now)
        elif signal is Signal.CONFIRMED:
            if self._waiting is not None:
                activity, self._waiting = self._waiting, None
                if leg.has_media:
                    self.begin(activity, now)
                else:
                    self.finish(now, outcome=Outcome.FAILED)
            elif not leg.has_media:
                self.finish(now)
            elif self.conversation is not None:
                self.conversation.audible(now)
        elif signal in (Signal.HELD, Signal.RESUMED) and self.conversation is not None:
            # a caller who holds while we play chose not to listen: nothing to do
            self.conversation.hold(leg, held=signal is Signal.HELD, now=now)

    def _on_hang_up(self, leg: Leg, now: float) -> None:
        if self.activity is not None and self.activity.on_leg_gone(leg, now):
            return
        by = "caller" if leg is self.caller_leg else "called"
        self.note("hang-up", by, now)
        agent, lost = self.agent, cut_off(leg)
        if agent and lost and leg is self.called_leg and self.exchange.desk.take_back(self, now):
            return
        if agent and not lost and leg is self.called_leg and self._survive(leg, now):
            return
        if agent and lost:
            self._close_conversation(now, by)
            self.exchange.desk.met(self, agent, now, cut_off=True)
        self._end(now, by=by, cause=leg.cause, reason=passable_reason(leg.reason))

    def _survive(self, leg: Leg, now: float) -> bool:
        """The agent has hung up: whether a flow goes on with the caller, who is there."""
        from softacd.calls.flow_survey import after_call  # flows know calls

        flow = after_call(self) if self.after_call and self.leg.answered else None
        if flow is None:
            return False
        self.called_leg = None
        self._close_conversation(now, "called")
        self.services.recordings.close(self.id, now)
        self.vacate(leg.number, now)
        self.leg.unbridge()
        self.note("after-call", self.after_call, now)
        self.enter_phase(Phase.FLOW, now)
        self.begin(flow, now)
        return True

    def on_digit(self, leg: Leg, digit: str, now: float, *, by_info: bool) -> None:
        """A key was pressed: by one who talks, for the other; by a caller who does not, for us."""
        if self.conversation is not None:
            self.conversation.pass_digit(leg, digit, now, by_info=by_info)
        elif leg is self.caller_leg:
            hidden = self.activity is not None and self.activity.hides_keys
            self.record.keys += HIDDEN_KEY if hidden else digit
            self.note("key", HIDDEN_KEY if hidden else digit, now)
            if self.activity is not None:
                self.activity.on_digit(digit, now)

    def on_play_ended(self, leg: Leg, play: int, error: str, now: float) -> None:
        """Playback is over."""
        if error:
            self.note("prompt-missing", error, now)
        if self.activity is None:
            return
        if leg is self.caller_leg:
            self.activity.on_play_ended(play, error, now)
        else:
            self.activity.on_told(leg, play, now)

    # --- the end --------------------

    def _end(
        self,
        now: float,
        *,
        by: str,
        cause: int,
        outcome: Outcome | None = None,
        status: int = 603,
        reason: str = "",
    ) -> None:
        if self.phase is Phase.ENDED:
            return
        record = self.record
        queued = self.phase is Phase.QUEUE
        self._close_conversation(now, by)
        self.enter_phase(Phase.ENDED, now)
        self.end_reason = reason
        activity, self.activity = self.activity, None
        if activity is not None:
            activity.stop(now)
        self._waiting = None
        self.services.recordings.close(self.id, now)
        for leg in (self.caller_leg, self.called_leg):
            if leg is not None:
                leg.hang_up(now, status=status, reason=reason)
        record.ended = self.services.wall(now)
        record.ended_by = by
        record.cause = cause
        if not record.connected and queued:
            record.wait_ms = record.ended - record.queued
        if outcome is Outcome.FAILED and record.direction is Direction.INCOMING and cause != INTERVAL_TOO_SMALL:
            outcome = Outcome.MISSED  # somebody called and got nobody: whatever failed, somebody shall call back
        record.outcome = outcome if outcome and not record.connected else self._outcome(queued, by, cause)
        if record.outcome in MISSED_OUTCOMES and record.direction is Direction.INCOMING:
            self.exchange.desk.was_missed(self, now)
        for trunk in self.trunks:
            trunk.calls_now.discard(self.id)
        for extension in list(self._occupied):
            self.vacate(extension, now)
        self.services.accounts.call_ended(record, now)
        self.exchange.tolls.release(self.id)
        self.exchange.calls.pop(self.id, None)
        self.exchange.messages.call_ended(self.id)
        self.exchange.desk.call_backs.call_ended(self.id, now)

    def _outcome(self, queued: bool, by: str, cause: int) -> Outcome:
        if self.record.connected:
            return Outcome.ANSWERED
        if queued and by == "caller":
            return Outcome.ABANDONED
        if self.record.direction is Direction.INCOMING:
            return Outcome.MISSED
        if cause in (486, 600):
            return Outcome.BUSY
        if cause in (480, 487, 408):
            return Outcome.NO_ANSWER
        return Outcome.SERVED if cause == 200 else Outcome.FAILED
