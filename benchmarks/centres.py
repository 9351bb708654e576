"""The call centres the dispatch suite compares, softacd and Asterisk's app_queue: one agent, or ten who ring together.

Agents are made ready from outside: by softacd's HTTP API, by Asterisk's manager interface (QueuePause).
"""

import json
import secrets
import socket
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from benchmarks.asterisk import Peer
from benchmarks.sipp import HOST
from benchmarks.switch import FIRST_EXTENSION, RunningSwitch, free_ports

AGENTS = 10
"""Who ring together; the first of them is the one agent of the other queue."""
ANSWER_SECONDS = 5.0
PLAIN = "wrap_up_seconds = 0\nannounce_first = 3600"


class Centre(ABC):
    """A running call centre with a queue of one agent and a queue that rings all. For `with`."""

    name: str
    alone: str
    """Dialled for the queue of one agent."""
    together: str
    """Dialled for the queue that rings ten."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self._directory = directory
        self.carrier_port, self.phone_port = free_ports(2)
        self._control: socket.socket | None = None

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(self, *_: object) -> None: ...

    @property
    @abstractmethod
    def pid(self) -> int:
        """The process measured."""

    @property
    @abstractmethod
    def port(self) -> int:
        """Where it takes calls."""

    @abstractmethod
    def caller(self, number: int) -> str:
        """The user of the caller of this number."""

    @abstractmethod
    def _order(self, agent: int, ready: bool) -> bytes:
        """What makes an agent ready, or not."""

    @abstractmethod
    def _said(self) -> bytes:
        """The whole next answer to an order. Raises OSError."""

    def ready(self, ready: bool, agent: int = 0) -> None:
        """Make an agent ready or not, and wait until that is confirmed. Raises RuntimeError."""
        self.begin(ready, agent)
        self.confirm()

    def begin(self, ready: bool, agent: int = 0) -> None:
        """Send the order alone."""
        self._connection.sendall(self._order(agent, ready))

    def confirm(self) -> None:
        """Wait for the answer. Raises RuntimeError."""
        said = self._said()
        if not said.startswith((b"HTTP/1.1 200", b"Response: Success")):
            raise RuntimeError(f"{self.name} did not take an agent's status: {said[:300]!r}")

    @property
    def _connection(self) -> socket.socket:
        if self._control is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._control

    def _until(self, data: bytes, end: bytes) -> bytes:
        """`data` and what comes, to `end`. Raises OSError."""
        while end not in data:
            more = self._connection.recv(65_535)
            if not more:
                raise ConnectionError(f"{self.name} closed its control connection: {data[-200:]!r}")
            data += more
        return data

    def _connect(self, port: int) -> None:
        self._control = socket.create_connection((HOST, port), timeout=ANSWER_SECONDS)
        self._control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _disconnect(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None


class SoftacdCentre(Centre):
    """`softacd run` with its default settings, ten agents, no wrap-up and no announcements."""

    name = "softacd"
    alone, together = "+37322900001", "+37322900010"

    def __init__(self, directory: Path, prefix: tuple[str, ...] = ()) -> None:
        super().__init__(directory)
        names = [f"a{number}" for number in range(AGENTS)]
        sections = [f'[agents.{name}]\nphone = "{FIRST_EXTENSION + at}"' for at, name in enumerate(names)]
        for queue, number, strategy, agents in (
            ("alone", self.alone, "longest-idle", names[:1]),
            ("together", self.together, "ring-all", names),
        ):
            sections += [
                f'[queues.{queue}]\nstrategy = "{strategy}"\nagents = {json.dumps(agents)}\n{PLAIN}',
                f'[flows.{queue}]\nstart = "wait"',
                f'[flows.{queue}.steps.wait]\ndo = "queue"\nqueue = "{queue}"',
                f'[numbers."{number}"]\nflow = "{queue}"',
            ]
        self._switch = RunningSwitch(
            directory, carrier_port=self.carrier_port, phones=AGENTS, prefix=prefix, sections=sections
        )

    def __enter__(self) -> Self:
        self._switch.__enter__()
        try:
            self._switch.register_phones(self.phone_port, range(AGENTS))
            self._connect(self._switch.web_port)
            for agent in range(1, AGENTS):
                self.ready(True, agent)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._disconnect()
        self._switch.__exit__()

    @property
    def pid(self) -> int:
        return self._switch.pid

    @property
    def port(self) -> int:
        return self._switch.sip_port

    def caller(self, number: int) -> str:
        return f"+37360{number:06d}"

    def _order(self, agent: int, ready: bool) -> bytes:
        body = json.dumps({"status": "available" if ready else "break"})
        return (
            f"PUT /api/v1/agents/a{agent}/status HTTP/1.1\r\nHost: {HOST}\r\n"
            f"Authorization: Bearer {self._switch.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def _said(self) -> bytes:
        head, _, body = self._until(b"", b"\r\n\r\n").partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while lengths and len(body) < int(lengths[0].split(b":")[1]):
            body += self._connection.recv(65_535)
        return head + b"\r\n\r\n" + body


class AsteriskCentre(Centre):
    """The peer of `benchmarks.asterisk`, its queues not answering before an agent does; retry=1, its best."""

    name = "Asterisk"
    alone, together = "qrrmemory1r1", "qringall10r1"

    def __init__(self, directory: Path, prefix: tuple[str, ...] = ()) -> None:
        super().__init__(directory)
        self._port, self._manager = free_ports(2)
        self._secret = secrets.token_urlsafe(18)
        self._peer = Peer(
            directory,
            port=self._port,
            carrier=(HOST, self.carrier_port),
            agents=(HOST, self.phone_port),
            prefix=prefix,
            files={
                "manager.conf": f"[general]\nenabled=yes\nport={self._manager}\nbindaddr={HOST}\n"
                f"[bench]\nsecret={self._secret}\nread=\nwrite=agent\n"
            },
        )

    def __enter__(self) -> Self:
        self._peer.start()
        try:
            self._connect(self._manager)
            self._until(b"", b"\r\n")  # its greeting
            self._connection.sendall(
                f"Action: Login\r\nUsername: bench\r\nSecret: {self._secret}\r\nEvents: off\r\n\r\n".encode()
            )
            self.confirm()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._disconnect()
        self._peer.stop()

    @property
    def pid(self) -> int:
        return self._peer.pid

    @property
    def port(self) -> int:
        return self._port

    def caller(self, number: int) -> str:
        return "carrier"

    def _order(self, agent: int, ready: bool) -> bytes:
        return (
            f"Action: QueuePause\r\nQueue: {self.alone if agent == 0 else self.together}\r\n"
            f"Interface: PJSIP/agent{agent + 1:03d}\r\nPaused: {'false' if ready else 'true'}\r\n\r\n"
        ).encode()

    def _said(self) -> bytes:
        return self._until(b"", b"\r\n\r\n")
