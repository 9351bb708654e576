"""Who will answer a queue's callers, kept in order as agents come, talk and go."""


class Crew:
    """The staffed agents of one queue: every one of them is in exactly one of three places."""

    __slots__ = ("ready", "talking", "version", "wrapping_up")

    def __init__(self) -> None:
        self.ready: dict[str, float] = {}
        """Free or being rung -> since when."""
        self.wrapping_up: dict[str, float] = {}
        """In wrap-up -> until when."""
        self.talking: dict[str, dict[str, tuple[float, float]]] = {}
        """Queue of the conversation -> agent -> since when, and the agent's pace; the longest conversation first."""
        self.version = 0
        """Counts changes."""

    def is_ready(self, agent: str, since: float) -> None:
        """Put the agent among those who are free."""
        self.remove(agent)
        self.ready[agent] = since

    def wraps_up(self, agent: str, until: float) -> None:
        """Put the agent among those who will be free then."""
        self.remove(agent)
        self.wrapping_up[agent] = until

    def talks(self, agent: str, queue: str, since: float, pace: float) -> None:
        """Put the agent among those in a conversation with a caller of this queue."""
        group = self.talking.setdefault(queue, {})
        if group.get(agent) != (since, pace):  # held and resumed: the place stays
            self.remove(agent)
            group[agent] = (since, pace)
        self.version += 1

    def remove(self, agent: str) -> None:
        """The agent answers nobody any more, or is about to be put elsewhere."""
        self.version += 1
        if self.ready.pop(agent, None) is None and self.wrapping_up.pop(agent, None) is None:
            for group in self.talking.values():
                if group.pop(agent, None) is not None:
                    return
