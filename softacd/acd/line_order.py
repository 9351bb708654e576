"""Who stands before whom in the lines of all queues; the distributor and the estimator keep the same order."""

from collections import OrderedDict
from typing import NamedTuple

from softacd.acd.line import Key
from softacd.acd.model import QueueSettings
from softacd.acd.vocabulary import CallerJoined

AHEAD = -1000.0
"""Comes before every queue weight: callers who were cut off."""


class Place(NamedTuple):
    """Where someone stood: the moment that counts as his arrival, and until when a redial finds it again."""

    arrival: float
    until: float


class Redials:
    """Places of callers who hung up, by their number, kept as long as the queue grants it."""

    __slots__ = ("_places",)

    def __init__(self) -> None:
        self._places: OrderedDict[str, Place] = OrderedDict()

    def __len__(self) -> int:
        return len(self._places)

    def keep(self, party: str, arrival: float, until: float, now: float) -> None:
        """Remember a place; those that nobody came back to in time are forgotten."""
        places = self._places
        places[party] = Place(arrival, until)
        places.move_to_end(party)
        while places and next(iter(places.values())).until < now:
            places.popitem(last=False)

    def take(self, party: str, now: float) -> float | None:
        """The moment that counts as the arrival of who comes back, once; None for everybody else."""
        place = self._places.pop(party, None)
        return place.arrival if place is not None and place.until >= now else None


def key_of(settings: QueueSettings, event: CallerJoined, arrival: float, number: int) -> Key:
    """The caller's key: reconnects first, then by the weight of the queue, priority and arrival.

    With ageing a step of priority is a credit of seconds: two callers keep their order for ever once they have come,
    so the line needs no sorting as time passes.
    """
    weight = AHEAD if event.reconnect else -float(settings.weight)
    if settings.ageing_seconds:
        return (weight, 0.0, arrival - event.priority * settings.ageing_seconds, number, event.caller)
    return (weight, -float(event.priority), arrival, number, event.caller)
