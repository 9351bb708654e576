"""`softacd run` beside a service manager: ready, reloaded by SIGHUP, refused reloads, stopped by SIGTERM."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
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


class Service:
    """A child `softacd run` and what it tells its manager."""

    def __init__(self, directory: Path) -> None:
        write_secrets(directory / "secrets")
        self.file = directory / "softacd.toml"
        self.write(CONFIGURATION)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(directory / "notify"))
        self.manager.settimeout(30)
        self.log = (directory / "log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "softacd.ops.cli", "run", "--config", str(self.file)],
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
        assert secret.read_text().strip() not in text


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
