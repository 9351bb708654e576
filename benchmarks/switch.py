"""A running `softacd run` to be measured: its configuration, its phones registered, its CPU time."""

import http.client
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from benchmarks.sipp import HOST
from softacd.sip.digest import Credentials
from softacd.sip.events import Event, IncomingResponse, Transmit
from softacd.sip.headers import NameAddress
from softacd.sip.stack import SipStack
from softacd.sip.transport import Flow, Transport
from softacd.sip.uri import SipUri

DOMAIN = "bench.softacd.internal"
FIRST_NUMBER = 37_322_100_000
FIRST_EXTENSION = 1000
START_SECONDS = 60.0
TICKS = os.sysconf("SC_CLK_TCK")


def free_ports(count: int) -> list[int]:
    """UDP and TCP ports nobody uses on loopback now."""
    held = []
    ports: list[int] = []
    while len(ports) < count:
        udp = socket.socket(type=socket.SOCK_DGRAM)
        tcp = socket.socket()
        held += [udp, tcp]
        udp.bind((HOST, 0))
        port = udp.getsockname()[1]
        try:
            tcp.bind((HOST, port))
        except OSError:
            continue
        ports.append(port)
    for one in held:
        one.close()
    return ports


def cpu_seconds(stat: Path) -> float:
    """User and system time in a file of proc(5), fields 14 and 15; in steps of 10 ms."""
    fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class RunningSwitch:
    """`softacd run` with one carrier at `carrier_port` and `phones` extensions, each reached by a number of its own.

    A caller of `number(i)` is answered, and rings extension i at once. The number after the last phone's rings one more
    phone, the probe's, and one more carrier may call, from `probe_port`.
    """

    def __init__(
        self,
        directory: Path,
        *,
        carrier_port: int,
        phones: int,
        probe_port: int = 0,
        media: tuple[int, int] | None = None,
        workers: int = 0,
        prefix: Sequence[str] = (),
        sections: Sequence[str] = (),
    ) -> None:
        """`media`: its range of ports, if not the usual one; `workers`: processes for the voice, 0: a thread.

        `prefix`: words before its command ("taskset"); `sections`: more of its configuration, in TOML.
        """
        self._directory = directory
        self._phones = phones
        self._password = secrets.token_urlsafe(18)
        self.token = secrets.token_urlsafe(18)
        self.sip_port, self.web_port = free_ports(2)
        configuration = directory / "softacd.toml"
        configuration.touch(mode=0o600)
        configuration.write_text(
            "\n\n".join([self._configuration(carrier_port, probe_port, media, workers), *sections, ""]),
            encoding="utf-8",
        )
        self._log = directory / "switch.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "softacd.ops.cli", "run", "--config", str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the switch did not start: {self._said()}")
            try:
                self.metrics()
            except (OSError, RuntimeError):
                time.sleep(0.05)
            else:
                return self
        self.__exit__()
        raise RuntimeError(f"the switch was not up within {START_SECONDS:g} s: {self._said()}")

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def number(self, phone: int) -> str:
        """The outside number that rings phone `phone`, 0 to phones - 1."""
        return f"+{FIRST_NUMBER + phone}"

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def metrics(self) -> dict[str, float]:
        """The switch's own figures: family -> value, summed over labels. Raises OSError, RuntimeError."""
        connection = http.client.HTTPConnection(HOST, self.web_port, timeout=5)
        try:
            connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {self.token}"})
            response = connection.getresponse()
            body = response.read().decode("utf-8")
        except http.client.HTTPException as error:
            raise RuntimeError(f"/metrics: {type(error).__name__}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise RuntimeError(f"/metrics: {response.status}")
        values: dict[str, float] = {}
        for line in body.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                family = name.partition("{")[0]
                values[family] = values.get(family, 0.0) + float(value)
        return values

    def settle(self, seconds: float = 10.0) -> None:
        """Wait until no call and no stream lives. Raises RuntimeError when calls do after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            figures = self.metrics()
            living, streams = figures.get("softacd_calls", 0.0), figures.get("softacd_media_streams", 0.0)
            if not living and (not streams or time.monotonic() > deadline):
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"{living:g} calls live {seconds:g} s after the load ended: {self._said()}")
            time.sleep(0.1)

    def register_phones(self, port: int, phones: Sequence[int]) -> None:
        """Register these from `port`, where they will listen. Raises RuntimeError."""
        stack = SipStack(token=lambda: secrets.token_hex(8), user_agent="softacd bench")
        flow = Flow(Transport.UDP, (HOST, port), (HOST, self.sip_port))
        answers: dict[int, int] = {}
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.bind((HOST, port))
            udp.connect((HOST, self.sip_port))
            for phone in phones:
                extension = str(FIRST_EXTENSION + phone)
                address = NameAddress("", SipUri(user=extension, host=DOMAIN))
                transaction = stack.request(
                    "REGISTER",
                    uri=f"sip:{DOMAIN}",
                    flow=flow,
                    from_=address,
                    to=address,
                    headers=(("Contact", f"<sip:{extension}@{HOST}:{port}>"), ("Expires", "3600")),
                    credentials=Credentials(username=extension, password=self._password),
                    now=time.monotonic(),
                )
                transaction.context = phone
                self._exchange(stack, udp, flow, answers, phone)
        refused = {phone: status for phone, status in answers.items() if status != 200}
        if refused or len(answers) != len(phones):
            raise RuntimeError(f"phones were not registered: {refused or 'no answer'} {self._said()}")

    @staticmethod
    def _exchange(stack: SipStack, udp: socket.socket, flow: Flow, answers: dict[int, int], phone: int) -> None:
        """Drive the stack over `udp` until `phone` has its final answer or nothing is left to wait for."""
        while phone not in answers:
            while (item := stack.poll()) is not None:
                if isinstance(item, Transmit):
                    udp.send(item.data)
                else:
                    RunningSwitch._note(item, answers)
            if phone in answers:
                return
            deadline = stack.next_deadline()
            if deadline is None:
                return
            now = time.monotonic()
            if select.select([udp], [], [], max(0.0, deadline - now))[0]:
                stack.receive(udp.recv(65_535), flow, time.monotonic())
            else:
                stack.handle_deadline(time.monotonic())

    @staticmethod
    def _note(event: Event, answers: dict[int, int]) -> None:
        transaction = getattr(event, "transaction", None)
        if transaction is None or not isinstance(transaction.context, int):
            return
        if not isinstance(event, IncomingResponse):
            answers[transaction.context] = 408
        elif event.response.status >= 200:
            answers[transaction.context] = event.response.status

    def _said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace").strip()[-400:]

    def _configuration(self, carrier_port: int, probe_port: int, media: tuple[int, int] | None, workers: int) -> str:
        ports = "" if media is None else f"\nport_low = {media[0]}\nport_high = {media[1]}"
        ports += f"\nworkers = {workers}"
        sections = [
            '[server]\nnode = "bench"\ndata_directory = "data"',
            f'[sip]\nlisten = ["udp:{HOST}:{self.sip_port}"]\ndomain = "{DOMAIN}"',
            f'[media]\nhost = "{HOST}"\nreservoir = 256{ports}',
            f'[web]\nlisten = "{HOST}:{self.web_port}"\ntoken = "{self.token}"',
            '[log]\nlevel = "warning"\nformat = "json"',
            f'[trunks.carrier]\nhost = "{HOST}"\nport = {carrier_port}\nkeep_alive_seconds = 0',
        ]
        if probe_port:
            sections.append(f'[trunks.probe]\nhost = "{HOST}"\nport = {probe_port}\nkeep_alive_seconds = 0')
        for phone in range(self._phones + 1):
            extension = FIRST_EXTENSION + phone
            sections += [
                f'[phones.{extension}]\npassword = "{self._password}"',
                f'[flows.to-{extension}]\nstart = "ring"',
                f'[flows.to-{extension}.steps.ring]\ndo = "ring"\nextension = "{extension}"',
                f'[numbers."{self.number(phone)}"]\nflow = "to-{extension}"',
            ]
        return "\n\n".join(sections) + "\n"
