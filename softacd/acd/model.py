"""The owner's settings of queues and agents: decoded from the configuration, read by the distributor."""

from enum import StrEnum
from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
Level = Annotated[int, msgspec.Meta(ge=1, le=99)]


class Strategy(StrEnum):
    """Whom to ring for the next caller."""

    RING_ALL = "ring-all"
    RING_K = "ring-k"  # the `ring` longest-idle agents at once
    LONGEST_IDLE = "longest-idle"
    ROUND_ROBIN = "round-robin"  # the next in the list after whom was rung last, also over a reload
    FEWEST_CALLS = "fewest-calls"  # who has answered the fewest today
    LEAST_TALK_TIME = "least-talk-time"  # who has talked least today
    LINEAR = "linear"  # always from the top of the list
    RANDOM = "random"
    WEIGHTED_RANDOM = "weighted-random"  # each agent in proportion to the weight of his tier
    PROGRESSIVE = "progressive"  # the longest idle, and one more every `progressive_seconds`, up to `ring`


class TierSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ties an agent to a queue. A lower `level` is rung first; `position` orders agents of equal idle time."""

    agent: str
    """The agent's name."""
    level: Level = 1
    """Agents of a higher level are rung for a caller only when none of a lower one is free or rings for him."""
    position: Level = 1
    """Order among agents of one level who have been idle equally long; the order of linear and round-robin."""
    weight: Level = 1
    """How often the agent is drawn with the strategy weighted-random, against the others."""


class QueueSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One waiting line. Durations in seconds; 0 for a limit means no limit."""

    name: str
    """The queue's name."""
    number: str = ""
    """Internal number that phones dial to reach the queue; empty: not reachable by dialling."""
    strategy: Strategy = Strategy.RING_K
    """Whom to ring: everybody free (ring-all), the `ring` longest-idle agents at once (ring-k), one after the other up
    to `ring` (progressive), or one agent: longest-idle, round-robin, fewest-calls, least-talk-time, linear, random,
    weighted-random."""
    ring: Annotated[int, msgspec.Meta(ge=1, le=64)] = 4
    """How many phones ring at once for one caller with the strategies ring-k and progressive."""
    progressive_seconds: Annotated[float, msgspec.Meta(ge=0.5, le=600)] = 5.0
    """With the strategy progressive one more phone rings so long after the one before it."""
    ring_seconds: Annotated[float, msgspec.Meta(ge=1, le=600)] = 20.0
    """How long a phone rings before it counts as unanswered."""
    wrap_up_seconds: Seconds = 15.0
    """Time for notes after a call, in which the agent is not rung."""
    no_answer_limit: Annotated[int, msgspec.Meta(ge=0, le=99)] = 2
    """Consecutive unanswered rings after which the agent is set to not-ready; 0: never."""
    reject_delay: Seconds = 5.0
    """An agent who rejected a call is not rung again for so long."""
    busy_delay: Seconds = 10.0
    """The same for an agent whose phone was busy or unreachable."""
    no_answer_delay: Seconds = 2.0
    """The same for an agent who did not answer."""
    max_callers: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0
    """Callers waiting at most; one more leaves at once with exit "full"."""
    max_wait_seconds: Seconds = 0.0
    """A caller who has waited so long leaves with exit "too-long"."""
    weight: Annotated[int, msgspec.Meta(ge=0, le=99)] = 0
    """Agents of several queues serve the callers of the heavier one first, whatever their priority."""
    ageing_seconds: Seconds = 0.0
    """What one step of priority is worth in seconds of waiting, so that nobody is passed by for ever; 0: a higher
    priority always goes first."""
    escalate_seconds: Seconds = 0.0
    """A caller may ring one tier level more each time he has waited so long; 0: all levels at once."""
    skills: dict[str, Level] = {}
    """Skills its callers ask for and the least level of each."""
    relax_seconds: Seconds = 0.0
    """What is asked of skills falls by one level each time a caller has waited so long, down to nothing; 0: never."""
    redial_seconds: Seconds = 0.0
    """A caller who hung up and calls again within this time has the place in line he had."""
    reconnect_seconds: Seconds = 60.0
    """A caller whose conversation was cut off (a line died, nobody hung up) goes ahead of the queue to the same agent:
    at once when the agent's line died, and when he calls again within this time if it was his own; 0: never."""
    manager_patience_seconds: Seconds = 0.0
    """A customer's own manager is rung alone for so long before anyone may answer; 0: not at all."""
    last_agent_seconds: Annotated[float, msgspec.Meta(ge=0, le=2_592_000)] = 0.0
    """Who spoke with an agent and calls again within this time (at most 30 days) rings that agent first; 0: never."""
    patience_seconds: Seconds = 20.0
    """A caller who is meant for the agent he spoke with last waits so long for him alone before anyone may answer."""
    language_skills: bool = False
    """A customer whose language is known ("ro") asks for the skill of that name, when an agent of the queue has it."""
    max_predicted_seconds: Seconds = 0.0
    """A caller whose foretold wait is longer than this, when it can be trusted, leaves at once with exit
    "predicted-too-long"."""
    call_back_attempts: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    """How often a customer who asked for a call-back is called before it is given up."""
    call_back_retry_seconds: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 300.0
    """Seconds between two attempts to call a customer back."""
    service_level_seconds: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 20.0
    """A caller answered within this time counts as served well."""
    join_without_agents: bool = True
    """False: a caller who finds nobody logged in leaves at once with exit "no-agents"."""
    music: str = "music/default"
    """What waiting callers hear."""
    announce_first: Seconds = 3.0
    """Position and waiting time are first announced this long after joining."""
    announce_every: Seconds = 30.0
    """And then this often; 0: only once."""
    record: bool = False
    """Record the conversations of its callers. Tell them so: the law of most countries asks for it."""
    hours: str = ""
    """Opening hours of the queue, by name: outside them flows pass it by; empty: always open."""
    after_call: str = ""
    """Flow that goes on with a caller whose agent has hung up: a survey; empty: none. The agent's wrap-up begins at
    once."""
    topics: tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=60)], ...] = ()
    """Reasons of contact, one of which the agent says of each call."""
    topic_required: bool = False
    """Agents cannot end their wrap-up early before they have said the topic; the end of its time still ends it."""
    missed_value: Annotated[float, msgspec.Meta(ge=0, le=1e9)] | None = None
    """What it costs to miss a caller of this queue, in the currency of [missed]; left out: the value there."""
    tiers: tuple[TierSettings, ...] = ()
    """Who takes its calls: names, or tables with a name, a level and a position."""


class AgentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One human who takes calls of queues."""

    name: str
    """The agent's name."""
    phone: str = ""
    """Extension of the phone that rings; no other agent has it. Empty: the agent signs on at any phone, by `code`."""
    display_name: str = ""
    """The name people read."""
    available_at_start: bool = False
    """Status at the very first start: available, or logged out. Later starts restore the last status."""
    skills: dict[str, Level] = {}
    """What the agent can do and how well: names of the owner's choice, levels from 1."""
    code: Annotated[str, msgspec.Meta(pattern="^[0-9]{0,8}$")] = ""
    """Dialled after the code for signing on, at any phone: the agent sits there until logged out; empty: not so."""
    pin: Annotated[str, msgspec.Meta(pattern="^[0-9]{0,12}$")] = ""
    """Digits that are asked for then; empty: none."""
    shift: str = ""
    """Hours of the shift, by name: at their end the agent is logged out, after the conversation; empty: never."""

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [(name, "***" if name == "pin" and self.pin else getattr(self, name)) for name in self.__struct_fields__]

    def __repr__(self) -> str:
        return f"AgentSettings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"
