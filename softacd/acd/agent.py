"""One agent as the distributor knows him."""

from softacd.acd.agent_table import AVAILABLE, IDLE, IN_WRAP_UP, STATES, Trigger, next_state
from softacd.acd.line import AgentKey, Key
from softacd.acd.model import AgentSettings, TierSettings
from softacd.acd.queue import Queue, TierLevel
from softacd.acd.strategy import agent_key
from softacd.acd.vocabulary import AgentChanged, State, Status, StatusSpent


class Tier:
    """The agent's place in one queue: his level there, his order in the list, what he did for the queue today, and his
    key while he stands among its ready agents."""

    __slots__ = ("answered", "key", "level", "order", "position", "queue", "talk_seconds", "weight")

    def __init__(self, queue: Queue, level: TierLevel, settings: TierSettings, order: int) -> None:
        self.queue = queue
        self.level = level
        self.order = order
        self.position = float(settings.position)
        self.weight = settings.weight
        self.answered = 0
        self.talk_seconds = 0.0
        self.key: AgentKey | None = None


class Agent:
    """Status, state and what they depend on. Times are monotonic seconds.

    `caller` and `queue` are those of the current offer, conversation or wrap-up. `timer` is the one deadline that can
    run for an agent: the ring, the delay after a refusal, or the wrap-up; `until` is when it is due.
    """

    __slots__ = (
        "accounted",
        "answered",
        "booked_until",
        "caller",
        "cut_at",
        "cut_states",
        "idle_since",
        "leaving",
        "name",
        "no_answers",
        "other_calls",
        "personal",
        "queue",
        "reachable",
        "ready",
        "reason",
        "reason_seconds",
        "settings",
        "since",
        "state",
        "state_seconds",
        "status",
        "status_seconds",
        "status_since",
        "talk_seconds",
        "talking_since",
        "tiers",
        "timer",
        "unreachables",
        "until",
        "upcoming",
    )

    def __init__(self, settings: AgentSettings, now: float) -> None:
        self.name = settings.name
        self.settings = settings
        self.status = Status.AVAILABLE if settings.available_at_start else Status.LOGGED_OUT
        self.reason = ""
        self.status_since = now
        self.booked_until = now
        self.status_seconds = dict.fromkeys(Status, 0.0)
        self.reason_seconds: dict[tuple[Status, str], float] = {}
        self.state_seconds = dict.fromkeys(State, 0.0)
        self.accounted = now
        self.cut_at = now
        self.cut_states = dict(self.state_seconds)
        self.upcoming: tuple[Status, str] | None = None
        self.state = State.IDLE
        self.since = now
        self.idle_since = now
        self.reachable = False
        self.other_calls: set[str] = set()
        self.caller = ""
        self.queue: Queue | None = None
        self.timer = 0
        self.until: float | None = None
        self.no_answers = 0
        self.unreachables = 0
        self.talking_since = now
        self.answered = 0
        self.talk_seconds = 0.0
        self.tiers: tuple[Tier, ...] = ()
        self.personal: list[Key] = []  # callers who wait for this agent alone and for whom he does not ring
        self.ready = False
        self.leaving = False

    def move(self, trigger: Trigger, now: float) -> None:
        """Follow the state table; raises IllegalTransitionError."""
        old = self.state
        new = STATES[old].get(trigger)
        if new is None:
            new = next_state(old, trigger)  # which says what is wrong
        if new is not old:
            self.state_seconds[old] += now - self.accounted
            self.accounted = now
            self.state = new
            self.since = now

    def take_status(self, status: Status, reason: str, now: float) -> StatusSpent | None:
        """Have this status from now on; returns the account of the one before, as `cut` does."""
        spent = self.cut(now)
        if status is not self.status:
            self.status = status
            self.status_since = now
        self.reason = reason
        return spent

    def cut(self, now: float) -> StatusSpent | None:
        """As `spent`; the next account begins now."""
        spent = self.spent(now)
        self.cut_at = now
        self.cut_states = dict(self.state_seconds)
        return spent

    def spent(self, now: float) -> StatusSpent | None:
        """The account of the present status since it began or was cut last; None: logged out, or no time has passed."""
        self.account(now)
        seconds = now - self.cut_at
        if self.status is Status.LOGGED_OUT or seconds <= 0:
            return None
        by = {state: self.state_seconds[state] - self.cut_states[state] for state in State}
        return StatusSpent(
            self.name,
            self.status,
            self.reason,
            seconds,
            idle=by[State.IDLE],
            ringing=by[State.OFFERED] + by[State.RINGING],
            talking=by[State.TALKING],
            held=by[State.HELD],
            wrap_up=by[State.WRAP_UP] + by[State.AFTER_CALL],
            own_call=by[State.OWN_CALL],
        )

    def account(self, now: float) -> None:
        """Book the time in the present status and state up to now."""
        seconds = now - self.booked_until
        self.booked_until = now
        self.status_seconds[self.status] += seconds
        if self.reason:
            key = (self.status, self.reason)
            self.reason_seconds[key] = self.reason_seconds.get(key, 0.0) + seconds
        self.state_seconds[self.state] += now - self.accounted
        self.accounted = now

    def forget_day(self) -> None:
        """Begin the day's account from zero."""
        self.answered = 0
        self.talk_seconds = 0.0
        self.status_seconds = dict.fromkeys(Status, 0.0)
        self.reason_seconds = {}
        self.state_seconds = dict.fromkeys(State, 0.0)
        self.cut_states = dict.fromkeys(State, 0.0)

    def gives_answers(self) -> bool:
        """Whether he will answer callers, now or after what he does."""
        return self.status is Status.AVAILABLE and self.upcoming is None and self.reachable and not self.leaving

    def tier_in(self, queue: Queue) -> Tier | None:
        """His tier in this queue; None for who rings there only as somebody's personal agent."""
        for tier in self.tiers:
            if tier.queue is queue:
                return tier
        return None

    def is_offerable(self) -> bool:
        """Whether a caller may be offered now. With no offer, conversation or wrap-up, a timer is a delay."""
        return (
            self.state is IDLE
            and self.status is AVAILABLE
            and self.reachable
            and not self.other_calls
            and not self.timer
            and not self.leaving
        )

    def enlist(self) -> None:
        """Stand among the ready agents of every queue of his."""
        self.ready = True
        since, name = self.idle_since, self.name
        for tier in self.tiers:
            tier.key = key = (since, tier.position, name) if tier.queue.by_idle_time else agent_key(self, tier)
            tier.level.ready.insert(key)

    def delist(self) -> None:
        """Stand among them no more; nothing happens to who does not."""
        if self.ready:
            self.ready = False
            for tier in self.tiers:
                if tier.key is not None:
                    tier.level.ready.remove(tier.key)
                    tier.key = None

    def changed(self) -> AgentChanged:
        """The command that tells the world of his status and state."""
        return AgentChanged(
            self.name,
            self.status,
            self.state,
            self.reason,
            self.caller,
            self.until if self.state in IN_WRAP_UP else None,
            None if self.upcoming is None else self.upcoming[0],
        )
