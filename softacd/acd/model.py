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


class TierSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ties an agent to a queue. A lower `level` is rung first; `position` orders agents of equal idle time."""

    agent: str
    level: Level = 1
    position: Level = 1


class QueueSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One waiting line. Durations in seconds; 0 for a limit means no limit."""

    name: str
    number: str = ""
    """Internal number that phones dial to reach the queue; empty: not reachable by dialling."""
    strategy: Strategy = Strategy.RING_K
    ring: Annotated[int, msgspec.Meta(ge=1, le=64)] = 4
    ring_seconds: Annotated[float, msgspec.Meta(ge=1, le=600)] = 20.0
    wrap_up_seconds: Seconds = 15.0
    no_answer_limit: Annotated[int, msgspec.Meta(ge=0, le=99)] = 2
    """Consecutive unanswered rings after which the agent is set to not-ready; 0: never."""
    reject_delay: Seconds = 5.0
    busy_delay: Seconds = 10.0
    no_answer_delay: Seconds = 2.0
    max_callers: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0
    max_wait_seconds: Seconds = 0.0
    service_level_seconds: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 20.0
    join_without_agents: bool = True
    """False: a caller who finds nobody logged in leaves at once with exit "no-agents"."""
    music: str = "music/default"
    announce_first: Seconds = 3.0
    """Position and waiting time are first announced this long after joining."""
    announce_every: Seconds = 30.0
    """And then this often; 0: only once."""
    tiers: tuple[TierSettings, ...] = ()


class AgentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One human. `phone` is the extension that rings; `initial` is the status at the first start."""

    name: str
    phone: str
    display_name: str = ""
    available_at_start: bool = False
