"""A caller in a queue: music, announcements of position and waiting time, and the moment an agent answers."""

from collections.abc import Callable, Collection, Mapping

from softacd.acd.vocabulary import Exit
from softacd.calls.call import Activity, Call, Waited
from softacd.calls.call_table import Phase
from softacd.calls.deadlines import Deadline


class QueueWait(Activity):
    """One caller waiting in one queue. `unserved` is called when the queue lets the caller go without an agent.

    A customer's own priority is added to `priority`.
    """

    def __init__(
        self,
        call: Call,
        queue: str,
        priority: int,
        unserved: Callable[[float], None],
        *,
        skills: Mapping[str, int] | None = None,
        keys: Collection[str] = (),
        reconnect_to: str = "",
        prefer: str = "",
        patience: float = 0.0,
        offer: tuple[str, ...] = (),
        offer_above: float = 0.0,
        after_call: str = "",
    ) -> None:
        """`skills` are asked for beside the queue's own; a key of `keys` takes the caller out of the line.

        `prefer` names an agent who is rung alone for `patience` seconds, `reconnect_to` the agent whose line to this
        caller has just died. `offer` are clips that tell of the keys, to whom a wait of more than `offer_above` seconds
        is foretold (0: to all). `after_call` names the flow for whose agent has hung up; empty: the queue's.
        """
        super().__init__(call)
        self.queue = queue
        self.skills = skills or {}
        self.reconnect_to = reconnect_to
        self.prefer = prefer
        self.patience = patience
        self.exit: Exit | None = None
        """How the caller left; before that None."""
        self.key = ""
        """The key that took him out of the line."""
        self._keys = keys
        self._offer = offer
        self._offer_above = offer_above
        self._after_call = after_call
        self.priority = priority + (call.known.priority if call.known is not None else 0)
        self._settings = call.exchange.queues[queue]
        self._unserved = unserved
        self._joined = False
        self._announcement = 0
        self._next: Deadline | None = None

    def start(self, now: float) -> None:
        """Join the line; music until something happens."""
        call = self.call
        call.enter_phase(Phase.QUEUE, now)
        call.record.queue = self.queue
        call.record.queued = call.services.wall(now)
        call.services.records.append(call.record)
        call.after_call = self._after_call or self._settings.after_call
        call.note("queue-joined", self.queue, now)
        self._music()
        self._next = call.services.deadlines.at(now + self._settings.announce_first, self, "announce")
        self._joined = True
        call.waited = Waited(self.queue, now, self.priority, tuple(self.skills.items()))
        call.exchange.desk.join(self, now)

    def stop(self, now: float) -> None:
        """Leave the line, if still in it."""
        self._hush()
        self._unserved = _served  # whoever began this wait may keep it: then neither keeps the other
        if self._joined:
            self._joined = False
            self.call.exchange.desk.leave(self, now)

    def exited(self, how: Exit, waited: float, now: float) -> None:
        """The distributor let the caller go; ANSWERED and PICKED_UP are followed by Call.connect."""
        self._joined = False
        self.exit = how
        self._hush()
        self.call.note("queue-left", f"{self.queue}: {how} after {waited:.1f} s", now)
        if how not in (Exit.ANSWERED, Exit.ABANDONED, Exit.PICKED_UP):
            self.call.leg.silence()
            unserved, self._unserved = self._unserved, _served
            unserved(now)

    def on_digit(self, digit: str, now: float) -> None:
        """A key of those offered: the caller leaves the line and goes where it leads."""
        if self._joined and digit in self._keys:
            self.key = digit
            self.call.exchange.desk.leave_by_key(self, now)

    def divert(self, serve: Callable[[Callable[[float], None], float], None], now: float) -> None:
        """Take the caller out of the line for `serve`, which is told what to do should that not serve him either."""
        unserved = self._unserved
        self._unserved = lambda at: serve(unserved, at)
        self.call.exchange.desk.leave_closed(self, now)

    def on_deadline(self, tag: str, now: float) -> None:
        """Time to say where the caller stands."""
        del tag
        clips = (*self.call.exchange.desk.announcement(self.call, now), *self._offered(now))
        if self._settings.announce_every:
            self._next = self.call.services.deadlines.at(now + self._settings.announce_every, self, "announce")
        if clips:
            self.call.note("announced", " ".join(clip.rpartition("/")[2] for clip in clips), now)
            self._announcement = self.call.leg.play(clips)

    def on_play_ended(self, play: int, error: str, now: float) -> None:
        """After an announcement, music again."""
        if play == self._announcement and self._joined:
            self._announcement = 0
            self._music()

    def _offered(self, now: float) -> tuple[str, ...]:
        """What is told of the keys, to whom it is told."""
        if not self._offer_above:
            return self._offer
        estimate = self.call.exchange.desk.estimate(self.call.id, now)
        worth = estimate is not None and estimate.trusted and estimate.expected > self._offer_above
        return self._offer if worth else ()

    def _music(self) -> None:
        self.call.leg.play((self._settings.music,), loop=True, shared=True)

    def _hush(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None


def _served(now: float) -> None:
    """Nothing is left to be done for a caller who is no longer in the line."""
