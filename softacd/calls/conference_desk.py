"""The rooms of conferences that somebody is in."""

from collections.abc import Callable, Iterable
from typing import Protocol

from softacd.calls.model import ConferenceSettings


class Attendee(Protocol):
    """Who sits in a room."""

    def on_company(self, *, alone: bool) -> None:
        """Somebody came or went."""


class Room:
    """Those who are in one conference now, in the order they came. `number` is its room of the mixer."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.seats: list[Attendee] = []

    def announce(self) -> None:
        """Let everybody hear that somebody has come or gone."""
        for attendee in self.seats:
            attendee.on_company(alone=len(self.seats) == 1)


class ConferenceDesk:
    """All conferences, and the rooms somebody is in. One per switch."""

    def __init__(self, new_number: Callable[[], int]) -> None:
        """`new_number` gives numbers of rooms that no other room has."""
        self._new_number = new_number
        self._settings: dict[str, ConferenceSettings] = {}
        self._rooms: dict[str, Room] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def configure(self, conferences: Iterable[ConferenceSettings]) -> None:
        """Take new settings; who is in a room stays there."""
        self._settings = {conference.name: conference for conference in conferences}

    def settings(self, name: str) -> ConferenceSettings:
        """What is configured for a conference."""
        return self._settings[name]

    def size(self, name: str) -> int:
        """How many are in a conference."""
        room = self._rooms.get(name)
        return len(room.seats) if room is not None else 0

    def enter(self, name: str, attendee: Attendee) -> Room:
        """Take a seat. The caller announces it once the attendee can hear."""
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(self._new_number())
        room.seats.append(attendee)
        return room

    def leave(self, name: str, attendee: Attendee) -> None:
        """Give the seat up; the others hear it, and the last who goes takes the room along."""
        room = self._rooms.get(name)
        if room is None or attendee not in room.seats:
            return
        room.seats.remove(attendee)
        room.announce()
        if not room.seats:
            del self._rooms[name]
