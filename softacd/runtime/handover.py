"""The one way of things between threads: put from any thread, taken by one loop, in order, without a lock."""

import contextlib
import os
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Handover(Generic[T]):
    """Any number of threads put, one takes: nothing is lost, nothing comes twice, one thread's things keep their order.

    A deque's append and popleft are atomic by themselves. `descriptor` is readable when there may be something.
    """

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._things: deque[T] = deque()
        self._signalled = False

    def put(self, things: Iterable[T]) -> None:
        """Hand over; they stand together, and behind what this thread put before."""
        self._things.extend(things)
        self.wake()

    def wake(self) -> None:
        """Have the loop look."""
        if not self._signalled:
            self._signalled = True
            os.eventfd_write(self.descriptor, 1)

    def take(self) -> list[T]:
        """Everything that has come; called by the loop when `descriptor` is readable."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.descriptor)
        self._signalled = False  # before emptying: what comes meanwhile signals again
        things: list[T] = []
        try:
            while True:
                things.append(self._things.popleft())
        except IndexError:
            return things

    def __del__(self) -> None:
        # Not before the last reference is gone: a late `wake` must not write into somebody else's descriptor.
        os.close(self.descriptor)
