"""Queues and agents as configured, how they are tied together, and how a reload ties them anew."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from softacd.acd.agent import Agent, Tier
from softacd.acd.agent_table import IN_CONVERSATION
from softacd.acd.errors import SettingsError
from softacd.acd.model import AgentSettings, QueueSettings
from softacd.acd.queue import Queue, TierLevel


class FloorChange(NamedTuple):
    """What a reload took away: queues with the callers still in them, agents not in a conversation."""

    queues: list[Queue]
    agents: list[Agent]


def validate(queues: list[QueueSettings], agents: list[AgentSettings]) -> None:
    """Raise SettingsError unless names are unique and every tier names an agent, at most once a queue."""
    names = [agent.name for agent in agents]
    if len(set(names)) < len(names):
        raise SettingsError(f"two agents share the name {_twin(names)!r}: names must be unique")
    known = set(names)
    names = [queue.name for queue in queues]
    if len(set(names)) < len(names):
        raise SettingsError(f"two queues share the name {_twin(names)!r}: names must be unique")
    for queue in queues:
        tiers = [tier.agent for tier in queue.tiers]
        if len(set(tiers)) < len(tiers):
            raise SettingsError(f"queue {queue.name!r} names agent {_twin(tiers)!r} in two tiers")
        for name in tiers:
            if name not in known:
                raise SettingsError(f"queue {queue.name!r} has a tier for {name!r}, who is no agent")


class Floor:
    """The queues and agents by name. An agent removed in a conversation stays, `leaving`, until it ends."""

    __slots__ = ("_draw", "agents", "queues")

    def __init__(self, draw: Callable[[], float]) -> None:
        self._draw = draw
        self.queues: dict[str, Queue] = {}
        self.agents: dict[str, Agent] = {}

    def draw_anew(self, draw: Callable[[], float]) -> None:
        """Draw lots from `draw` from now on."""
        self._draw = draw
        for queue in self.queues.values():
            queue.draw = draw

    def configure(
        self, queue_settings: Iterable[QueueSettings], agent_settings: Iterable[AgentSettings], now: float
    ) -> FloorChange:
        """Take these settings, or raise SettingsError and change nothing.

        Callers, statuses, states, timers and statistics stay. Afterwards no agent stands among the ready ones: the
        distributor enlists them anew.
        """
        queue_list, agent_list = list(queue_settings), list(agent_settings)
        validate(queue_list, agent_list)
        for agent in self.agents.values():
            agent.delist()
        former_queues, former_agents = self.queues, self.agents
        self.queues = {}
        for settings in queue_list:
            queue = former_queues.pop(settings.name, None)
            if queue is None:
                queue = Queue(settings, self._draw)
            else:
                queue.configure(settings)
            self.queues[settings.name] = queue
        self.agents = {}
        for owner in agent_list:
            known = former_agents.pop(owner.name, None)
            agent = Agent(owner, now) if known is None else known
            agent.settings = owner
            agent.leaving = False
            self.agents[owner.name] = agent
        removed = []
        for agent in former_agents.values():
            agent.leaving = True
            if agent.state in IN_CONVERSATION:
                self.agents[agent.name] = agent
            else:
                removed.append(agent)
        self._wire()
        for agent in removed:
            agent.tiers = ()
        return FloorChange(list(former_queues.values()), removed)

    def _wire(self) -> None:
        """Build the tier levels of every queue and the tiers of every agent; what was counted today stays."""
        tiers: dict[str, list[Tier]] = {name: [] for name in self.agents}
        for queue in self.queues.values():
            numbers = sorted({tier.level for tier in queue.settings.tiers})
            levels = {number: TierLevel(number, index) for index, number in enumerate(numbers)}
            queue.set_levels(list(levels.values()))
            queue.agents = tuple(tier.agent for tier in queue.settings.tiers)
            queue.skilled = {name: self.agents[name].settings.skills for name in queue.agents}
            for order, settings in enumerate(queue.settings.tiers):
                tier = Tier(queue, levels[settings.level], settings, order)
                known = self.agents[settings.agent].tier_in(queue)
                if known is not None:
                    tier.answered, tier.talk_seconds = known.answered, known.talk_seconds
                tiers[settings.agent].append(tier)
        for name, agent in self.agents.items():
            agent.tiers = tuple(tiers[name])


def _twin(names: list[str]) -> str:
    """The first name that occurs twice."""
    return next(name for index, name in enumerate(names) if name in names[:index])
