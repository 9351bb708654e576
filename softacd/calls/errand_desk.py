"""Errands on their way: who waits for which, and that nobody waits longer than he said."""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from softacd.calls.deadlines import Deadline, Deadlines
from softacd.calls.errands import AnyErrand, AnyResult, Failed, Tell


class Asker(Protocol):
    """Who asks."""

    def on_result(self, result: AnyResult, now: float) -> None:
        """It is over."""


class ErrandDesk:
    """Hands errands out in `wanted`; answers that come late, or for who is gone, are dropped."""

    def __init__(self, deadlines: Deadlines) -> None:
        self.wanted: deque[AnyErrand] = deque()
        self._deadlines = deadlines
        self._waiting: dict[int, tuple[Asker, Deadline]] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def ask(self, asker: Asker, make: Callable[[int], AnyErrand], seconds: float, now: float) -> int:
        """Have an errand done; the asker hears of it within so many seconds. Returns its number."""
        self._last += 1
        number = self._last
        self._waiting[number] = (asker, self._deadlines.at(now + seconds, self, str(number)))
        self.wanted.append(make(number))
        return number

    def tell(self, errand: Tell) -> None:
        """Have something told that nobody waits for."""
        self.wanted.append(errand)

    def forget(self, number: int) -> None:
        """Nobody waits for it any more."""
        entry = self._waiting.pop(number, None)
        if entry is not None:
            entry[1].cancel()

    def done(self, result: AnyResult, now: float) -> None:
        """An errand is over."""
        entry = self._waiting.pop(result.errand, None)
        if entry is not None:
            entry[1].cancel()
            entry[0].on_result(result, now)

    def on_deadline(self, tag: str, now: float) -> None:
        """No answer in time."""
        self.done(Failed(int(tag), "no answer in time"), now)
