"""Tells the service manager how the program is: sd_notify(3) in a few lines.

Without $NOTIFY_SOCKET every call does nothing; a manager that has gone away is no reason to stop.
"""

import os
import socket
from collections.abc import Mapping


class Notifier:
    """The line to the service manager. Cheap enough to call from the event loop: one datagram, never waiting."""

    __slots__ = ("_address", "_socket", "watchdog_seconds")

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = ""
        self._socket: socket.socket | None = None
        if address.startswith(("/", "@")) and len(address) > 1:
            # An address that begins with @ is in the abstract name space: its first byte is NUL (unix(7)).
            self._address = "\0" + address[1:] if address.startswith("@") else address
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        self.watchdog_seconds = _watchdog_seconds(environment)
        """How often the manager must hear `watchdog()`; None: it does not listen. Call it twice as often."""

    @property
    def active(self) -> bool:
        """Whether a service manager listens."""
        return self._socket is not None

    def ready(self, status: str = "") -> None:
        """The program serves calls; also ends a reload."""
        self._send("READY=1", f"STATUS={status}" if status else "")

    def reloading(self, monotonic_microseconds: int) -> None:
        """A reload begins; `ready` ends it (Type=notify-reload needs the time)."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={monotonic_microseconds}")

    def stopping(self, status: str = "") -> None:
        """The program is on its way out."""
        self._send("STOPPING=1", f"STATUS={status}" if status else "")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={text}")

    def watchdog(self) -> None:
        """The event loop still turns."""
        self._send("WATCHDOG=1")

    def extend_timeout(self, seconds: float) -> None:
        """Starting or stopping takes this much longer, and that is right (a long migration, calls that end)."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, *assignments: str) -> None:
        if self._socket is None:
            return
        # One assignment a line: a line break inside a text would be another assignment.
        text = "\n".join(assignment.replace("\n", " ") for assignment in assignments if assignment)
        try:
            self._socket.sendto(text.encode(), self._address)
        except OSError:
            return  # the manager is gone or its queue is full; the next call may get through


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    """sd_watchdog_enabled(3): the period counts only for the process the manager names."""
    period = environment.get("WATCHDOG_USEC", "")
    process = environment.get("WATCHDOG_PID", str(os.getpid()))
    if not period.isdigit() or int(period) == 0 or process != str(os.getpid()):
        return None
    return int(period) / 1_000_000
