"""One agent as the distributor knows him."""

from softacd.acd.agent_table import OFFERABLE, Trigger, next_state
from softacd.acd.model import AgentSettings
from softacd.acd.queue import Key, Queue, TierLevel, insert, remove
from softacd.acd.vocabulary import AgentChanged, State, Status


class Tier:
    """The agent's place in one queue: his level there, and his key while he stands among its ready agents."""

    __slots__ = ("key", "level", "position", "queue")

    def __init__(self, queue: Queue, level: TierLevel, position: int) -> None:
        self.queue = queue
        self.level = level
        self.position = position
        self.key: Key | None = None


class Agent:
    """Status, state and what they depend on. Times are monotonic seconds.

    `caller` and `queue` are those of the current offer, conversation or wrap-up. `timer` is the one deadline that can
    run for an agent: the ring, the delay after a refusal, or the wrap-up; `until` is when it is due.
    """

    __slots__ = (
        "answered",
        "caller",
        "idle_since",
        "leaving",
        "name",
        "no_answers",
        "other_calls",
        "queue",
        "reachable",
        "ready",
        "reason",
        "settings",
        "since",
        "state",
        "status",
        "status_since",
        "talk_seconds",
        "talking_since",
        "tiers",
        "timer",
        "unreachables",
        "until",
        "upcoming",
        "wrap_up_seconds",
    )

    def __init__(self, settings: AgentSettings, now: float) -> None:
        self.name = settings.name
        self.settings = settings
        self.status = Status.AVAILABLE if settings.available_at_start else Status.LOGGED_OUT
        self.reason = ""
        self.status_since = now
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
        self.wrap_up_seconds = 0.0
        self.tiers: tuple[Tier, ...] = ()
        self.ready = False
        self.leaving = False

    def move(self, trigger: Trigger, now: float) -> None:
        """Follow the state table; raises IllegalTransitionError."""
        new = next_state(self.state, trigger)
        if new is not self.state:
            self.state = new
            self.since = now

    def is_offerable(self) -> bool:
        """Whether a caller may be offered now. With no offer, conversation or wrap-up, a timer is a delay."""
        return (
            (self.status, self.state) == OFFERABLE
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
            tier.key = key = (since, tier.position, name)
            insert(tier.level.ready, key)

    def delist(self) -> None:
        """Stand among them no more; nothing happens to who does not."""
        if self.ready:
            self.ready = False
            for tier in self.tiers:
                if tier.key is not None:
                    remove(tier.level.ready, tier.key)
                    tier.key = None

    def changed(self) -> AgentChanged:
        """The command that tells the world of his status and state."""
        return AgentChanged(
            self.name,
            self.status,
            self.state,
            self.reason,
            self.caller,
            self.until if self.state is State.WRAP_UP else None,
            None if self.upcoming is None else self.upcoming[0],
        )
