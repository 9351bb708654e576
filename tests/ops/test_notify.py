"""sd_notify(3): what arrives at a real socket of the manager."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from softacd.ops.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A service manager's socket, and how the environment names it."""
    name = f"@softacd-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name[1:] if name.startswith("@") else name)
        listening.settimeout(2)
        yield listening, name


def test_the_life_of_a_service(manager: tuple[socket.socket, str]) -> None:
    listening, name = manager
    notifier = Notifier({"NOTIFY_SOCKET": name})
    assert notifier.active
    notifier.ready("2 trunks up")
    assert listening.recv(4096) == b"READY=1\nSTATUS=2 trunks up"
    notifier.status("7 calls\nREADY=0")
    assert listening.recv(4096) == b"STATUS=7 calls READY=0"
    notifier.watchdog()
    assert listening.recv(4096) == b"WATCHDOG=1"
    notifier.reloading(123_456)
    assert listening.recv(4096) == b"RELOADING=1\nMONOTONIC_USEC=123456"
    notifier.ready()
    assert listening.recv(4096) == b"READY=1"
    notifier.extend_timeout(1.5)
    assert listening.recv(4096) == b"EXTEND_TIMEOUT_USEC=1500000"
    notifier.stopping("waiting for 3 calls")
    assert listening.recv(4096) == b"STOPPING=1\nSTATUS=waiting for 3 calls"
    notifier.close()
    notifier.status("after the end")
    assert not notifier.active


@pytest.mark.parametrize("address", ["", "relative/path", "vsock:2:1234", "@", "/"])
def test_without_a_manager_nothing_happens(address: str) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": address})
    notifier.ready()
    assert not notifier.active


def test_a_manager_that_is_gone_or_full_stops_nobody(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    notifier = Notifier({"NOTIFY_SOCKET": path})
    notifier.ready()  # not there yet
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(path)
        for number in range(5000):  # more than its queue takes, with nobody reading
            notifier.status(f"{number}")
        assert listening.recv(100) == b"STATUS=0"
    notifier.stopping()  # gone again
    notifier.close()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_period(environment: dict[str, str], seconds: float | None) -> None:
    assert Notifier(environment).watchdog_seconds == seconds
