"""A timer among the descriptors of a poller: epoll's own timeouts are whole milliseconds, too coarse for a packet."""

import contextlib
import ctypes
import os

TFD_NONBLOCK, TFD_CLOEXEC = os.O_NONBLOCK, os.O_CLOEXEC
TFD_TIMER_ABSTIME = 1
CLOCK_MONOTONIC = 1
NANOSECONDS = 1_000_000_000


class _Specification(ctypes.Structure):
    """struct itimerspec of timerfd_create(2): interval and value, each in seconds and nanoseconds."""

    _fields_ = (
        ("interval_seconds", ctypes.c_long),
        ("interval_nanoseconds", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("nanoseconds", ctypes.c_long),
    )


# PyDLL: setting a timer takes less time than letting other threads run meanwhile.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.timerfd_settime.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]


class Timer:
    """`descriptor` is readable from the moment armed for on, until cleared."""

    def __init__(self) -> None:
        self.descriptor: int = _libc.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._specification = _Specification()
        self._address = ctypes.addressof(self._specification)

    def arm(self, when: float) -> None:
        """Fire at `when` (monotonic seconds), at once when it is past."""
        moment = max(int(when * NANOSECONDS), 1)  # 0 would disarm it
        self._specification.seconds, self._specification.nanoseconds = divmod(moment, NANOSECONDS)
        if _libc.timerfd_settime(self.descriptor, TFD_TIMER_ABSTIME, self._address, None) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def clear(self) -> None:
        """It has fired: be readable no longer."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.descriptor, 8)

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.descriptor)
