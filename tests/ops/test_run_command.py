"""`softacd run` beside a service manager: ready, reloaded by SIGHUP, refused reloads, stopped, started again."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from softacd.ops.starter import write_secrets

CONFIGURATION = """\
[sip]
listen = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]
[media]
port_low = 28000
port_high = 28199
reservoir = 8
[web]
listen = "127.0.0.1:0"
token_file = "secrets/web-token"
[log]
level = "info"
[phones.101]
password_file = "secrets/phone-101"
[agents.ann]
phone = "101"
[queues.sales]
wrap_up_seconds = 15
agents = ["ann"]
"""

SOFTACD = ("-m", "softacd.ops.cli")
WITH_A_FAULT = """
from softacd.ops.cli import main
from softacd.runtime.media.loop import MediaLoop

def run(loop):
    raise OSError("no sockets any more")

MediaLoop.run = run
main()
"""


class Service:
    """A child `softacd run` and what it tells its manager."""

    def __init__(self, directory: Path, text: str = CONFIGURATION, program: Sequence[str] = SOFTACD) -> None:
        write_secrets(directory / "secrets")
        self.file = directory / "softacd.toml"
        self.write(text)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(directory / "notify"))
        self.manager.settimeout(60)
        self.log = (directory / "log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, *program, "run", "--config", str(self.file)],
            env={**os.environ, "NOTIFY_SOCKET": str(directory / "notify")},
            stderr=self.log,
        )

    def write(self, text: str) -> None:
        self.file.write_text(text)

    def told(self) -> str:
        """The first assignment of the next notification that is not the watchdog's."""
        while (text := self.manager.recv(4096).decode().split("\n")[0]) == "WATCHDOG=1":
            pass
        return text

    def reload(self, text: str) -> None:
        self.write(text)
        self.process.send_signal(signal.SIGHUP)
        assert self.told() == "RELOADING=1"
        assert self.told() == "READY=1"

    def workers(self) -> list[int]:
        """Process ids of its media workers."""
        children: list[str] = []
        for thread in Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread may end while we look
                children += (thread / "children").read_text("ascii").split()
        return [int(child) for child in children]

    def events(self) -> list[dict[str, object]]:
        self.log.seek(0)
        return [json.loads(line) for line in self.log if line.startswith("{")]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.manager.close()
        self.log.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path)
    yield running
    running.close()


def test_the_life_of_the_service(service: Service) -> None:
    assert service.told() == "READY=1"
    service.reload(CONFIGURATION.replace("= 15", "= 25"))
    service.reload(CONFIGURATION.replace('["ann"]', '["anna"]'))
    service.reload(CONFIGURATION.replace("port_high = 28199", "port_high = 28299"))
    service.process.send_signal(signal.SIGTERM)
    assert service.told() == "STOPPING=1"
    assert service.process.wait(15) == 0

    events = service.events()
    (reloaded,) = [event for event in events if event["event"] == "configuration reloaded"]
    assert reloaded["changes"] == ["queues.sales.wrap_up_seconds: 15.0 -> 25.0"]
    wrong, refused = [str(event["problems"]) for event in events if "stays in force" in str(event["event"])]
    assert f'{service.file}:18: queues.sales.agents[0]: there is no agent "anna"' in wrong
    assert "restart to change media.port_high (its sockets carry live conversations); nothing was reloaded" in refused
    text = json.dumps(events)
    for secret in (service.file.parent / "secrets").iterdir():
        for line in secret.read_text().splitlines():
            assert line.startswith("#") or line.rpartition(":")[2] not in text


def test_an_interrupt_stops_it_in_order(service: Service) -> None:
    assert service.told() == "READY=1"
    service.process.send_signal(signal.SIGINT)
    assert service.told() == "STOPPING=1"
    assert service.process.wait(15) == 0
    assert service.events()[-1]["event"] == "stopped"


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Service]:
    """One whose media worker does not move any more."""
    running = Service(tmp_path, CONFIGURATION.replace("reservoir = 8", "workers = 1\nreservoir = 8"))
    stopped: list[int] = []
    try:
        assert running.told() == "READY=1"
        (worker,) = running.workers()
        os.kill(worker, signal.SIGSTOP)
        stopped.append(worker)
        running.process.send_signal(signal.SIGTERM)
        assert running.told() == "STOPPING=1"
        yield running
    finally:
        running.close()
        for worker in filter(alive, stopped):
            os.kill(worker, signal.SIGKILL)


def alive(process: int) -> bool:
    """Whether a process runs or is stopped; a dead one nobody has waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(("number", "later"), [(signal.SIGTERM, 0.0), (signal.SIGINT, 0.5)])
def test_a_second_signal_stops_it_at_once_whatever_it_waits_for(
    stuck: Service, number: signal.Signals, later: float
) -> None:
    (worker,) = stuck.workers()
    time.sleep(later)  # into the two seconds the worker has
    begun = time.monotonic()
    stuck.process.send_signal(number)
    assert stuck.process.wait(15) == 130
    assert time.monotonic() - begun < 1.0
    assert not alive(worker)


def test_a_worker_that_does_not_end_is_ended(stuck: Service) -> None:
    (worker,) = stuck.workers()
    assert stuck.process.wait(15) == 0
    assert "ended by force" in str([event["event"] for event in stuck.events()])
    assert not alive(worker)


def test_a_dead_media_engine_ends_it_with_a_status_that_has_it_started_again(tmp_path: Path) -> None:
    service = Service(tmp_path, program=("-c", WITH_A_FAULT))
    try:
        assert service.told() == "READY=1"
        assert service.told() == "STOPPING=1"
        assert service.process.wait(15) == 1
        assert "no sockets any more" in str(service.events()[-1]["error"])
    finally:
        service.close()


def test_a_wrong_configuration_does_not_start(tmp_path: Path) -> None:
    file = tmp_path / "softacd.toml"
    file.write_text("[sip]\nlisten = 5060\n")
    result = subprocess.run(
        [sys.executable, "-m", "softacd.ops.cli", "run", "--config", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert f"{file}:2: error: sip.listen: got 5060" in result.stderr
