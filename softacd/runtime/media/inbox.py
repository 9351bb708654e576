"""Commands on their way into the media loop."""

import contextlib
import os
from collections import deque
from collections.abc import Iterable

from softacd.rtp.vocabulary import AnyCommand


class Inbox:
    """Commands on their way into the loop: safe to fill from any thread."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._commands: deque[AnyCommand] = deque()
        self._signalled = False

    def put(self, commands: Iterable[AnyCommand]) -> None:
        self._commands.extend(commands)
        self.wake()

    def wake(self) -> None:
        """Have the loop look at its inbox."""
        if not self._signalled:
            self._signalled = True
            os.eventfd_write(self.descriptor, 1)

    def take(self) -> list[AnyCommand]:
        """Everything that has come; called by the loop when `descriptor` is readable."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.descriptor)
        self._signalled = False  # before emptying: what comes meanwhile signals again
        commands: list[AnyCommand] = []
        try:
            while True:
                commands.append(self._commands.popleft())
        except IndexError:
            return commands

    def __del__(self) -> None:
        # Not before the last reference is gone: a late `wake` must not write into somebody else's descriptor.
        os.close(self.descriptor)
