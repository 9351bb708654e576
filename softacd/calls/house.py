"""The house as a whole: hours closed by hand and the emergency mode. Each change is a record, the newest counts."""

from collections.abc import Iterable

from softacd.calls.records import HouseEvent
from softacd.calls.services import Services

EMERGENCY = "emergency"
"""The switch that sends the callers of every queue to the mobile phones."""
CLOSED = "closed:"
"""Before a name of hours: closed by hand."""

CLOSED_QUEUE = "closed-queue:"
"""Before a name of a queue: closed by hand."""


class House:
    """What was switched on by hand."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._events: dict[str, HouseEvent] = {}

    @property
    def emergency(self) -> bool:
        """Whether all queues go to the mobile phones."""
        return self.is_on(EMERGENCY)

    def closed(self, hours: str) -> bool:
        """Whether these hours were closed by hand."""
        return self.is_on(CLOSED + hours)

    def queue_closed(self, queue: str) -> bool:
        """Whether this queue was closed by hand."""
        return self.is_on(CLOSED_QUEUE + queue)

    def is_on(self, name: str) -> bool:
        """Whether a switch is on."""
        event = self._events.get(name)
        return event is not None and event.on

    def restore(self, events: Iterable[HouseEvent]) -> None:
        """Put back what was on before the restart."""
        for event in events:
            self._events.setdefault(event.name, event)

    def switch(self, name: str, on: bool, by: str, now: float) -> None:
        """Switch something on or off; `by` is the phone, or "api"."""
        event = HouseEvent(name=name, at=self._services.wall(now), on=on, by=by)
        self._events[name] = event
        self._services.records.append(event)

    def events(self) -> tuple[HouseEvent, ...]:
        """The newest of each switch."""
        return tuple(self._events.values())
