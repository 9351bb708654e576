"""Topics: why callers of a queue called, as their agents say during the call, in the wrap-up or afterwards."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from softacd.acd.model import QueueSettings
from softacd.calls.control import NotPossibleError
from softacd.calls.records import TopicChosen
from softacd.calls.services import Services

if TYPE_CHECKING:
    from softacd.calls.call import Call

MISSING = "topic-missing"
"""Kind of the event of a call whose agent's wrap-up ended without the topic its queue requires."""


class LastCall(NamedTuple):
    """An agent's latest conversation of a queue."""

    call: str
    queue: str


class TopicDesk:
    """Checks topics against the lists of the queues, records them, and knows which agent still owes one."""

    def __init__(
        self, services: Services, queues: Callable[[], Mapping[str, QueueSettings]], calls: Mapping[str, "Call"]
    ) -> None:
        """`queues` gives the settings in force, `calls` are those that live."""
        self._services = services
        self._queues = queues
        self._calls = calls
        self._last: dict[str, LastCall] = {}
        self._owing: dict[str, str] = {}

    def connected(self, agent: str, call: str, queue: str) -> None:
        """An agent talks to a caller of a queue."""
        self._last[agent] = LastCall(call, queue)

    def talk_ended(self, agent: str, call: str) -> None:
        """The agent's wrap-up begins; where the queue requires a topic and there is none yet, it is owed."""
        last = self._last.get(agent)
        settings = self._queues().get(last.queue) if last is not None and last.call == call else None
        living = self._calls.get(call)
        if settings is not None and settings.topic_required and living is not None and not living.record.topic:
            self._owing[agent] = call

    def owed(self, agent: str) -> str:
        """The call whose topic an agent still has to say, "" when there is none."""
        return self._owing.get(agent, "")

    def forgive(self, agent: str) -> None:
        """The conversation is not over: nothing is owed yet."""
        self._owing.pop(agent, None)

    def wrap_up_over(self, agent: str, now: float) -> None:
        """The agent's wrap-up is over, by its time or otherwise: a topic that was not said is noted as missing."""
        call = self._owing.pop(agent, "")
        if call:
            self._services.note(call, MISSING, agent, now)

    def may_finish(self, agent: str) -> None:
        """Raises NotPossibleError while the agent owes a topic."""
        call = self._owing.get(agent)
        if call is not None:
            last = self._last[agent]
            raise NotPossibleError(
                f"queue {last.queue} wants the topic of call {call} first; choose one with "
                f"POST /api/v1/calls/{call}/topic: {self._choice(last.queue)}"
            )

    def choose(self, call: str, queue: str, topic: str, agent: str, now: float) -> None:
        """A topic is said of a call of a queue, living or not; said again, the newest counts. Raises NotPossibleError.

        `agent` is who says it; empty: not an agent.
        """
        known = self._queues().get(queue)
        if known is None or not known.topics:
            where = f"queue {queue}" if queue else "a call that was in no queue"
            raise NotPossibleError(f"there are no topics for {where}; name them in topics of its [queues] section")
        if topic not in known.topics:
            raise NotPossibleError(f"{topic!r} is no topic of queue {queue}; choose {self._choice(queue)}")
        living = self._calls.get(call)
        if living is not None:
            living.record.topic = topic
        services = self._services
        services.note(call, "topic", topic, now)
        services.records.append(TopicChosen(call=call, at=services.wall(now), topic=topic, agent=agent))
        for name in [name for name, owed in self._owing.items() if owed == call]:
            del self._owing[name]

    def choose_by_number(self, agent: str, number: str, now: float) -> None:
        """The agent dials the place of a topic in the list of the queue of the last conversation, counted from 1.

        Raises NotPossibleError.
        """
        last = self._last.get(agent)
        if last is None:
            raise NotPossibleError(f"agent {agent} has had no call of a queue")
        settings = self._queues().get(last.queue)
        topics = settings.topics if settings is not None else ()
        if not (number.isascii() and number.isdigit() and 1 <= int(number) <= len(topics)):
            raise NotPossibleError(f"{number!r} is not the place of a topic of queue {last.queue}")
        self.choose(last.call, last.queue, topics[int(number) - 1], agent, now)

    def _choice(self, queue: str) -> str:
        settings = self._queues().get(queue)
        return ", ".join(settings.topics) if settings is not None else ""
