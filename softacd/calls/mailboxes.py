"""How many voice messages wait in each mailbox: told by whoever keeps them, shown by phones (RFC 3842)."""

from typing import NamedTuple

from softacd.calls.services import Services


class Waiting(NamedTuple):
    """Messages nobody has heard yet, and those kept."""

    new: int = 0
    old: int = 0


NONE = Waiting()


class Mailboxes:
    """By extension: its phones' lamps follow."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waiting: dict[str, Waiting] = {}

    def of(self, extension: str) -> Waiting:
        """What waits for an extension."""
        return self._waiting.get(extension, NONE)

    def tell(self, extension: str, *, new: int, old: int) -> None:
        """A message came, was heard or removed: how many there are now. Subscribed phones are told in this turn."""
        waiting = Waiting(max(new, 0), max(old, 0))
        if waiting == self.of(extension):
            return
        if waiting == NONE:
            del self._waiting[extension]
        else:
            self._waiting[extension] = waiting
        self._services.changes(extension)
