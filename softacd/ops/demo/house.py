"""A house in which calls can happen: a real switch in its own process, simulated carriers around it and phones in it.

The demonstration plays in one; end-to-end tests open one as well and let their own people act.
"""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from softacd.ops.demo.api import Api, ApiError
from softacd.ops.demo.leaks import LINGER, Opened, opened
from softacd.ops.demo.shop import DOMAIN, SWITCH_HOST, Shop, open_shop, write_configuration
from softacd.ops.demo.switch_process import SwitchError, SwitchProcess
from softacd.simulate.carrier import SimulatedCarrier
from softacd.simulate.phone import SimulatedPhone
from softacd.simulate.user_agent import OnCall
from softacd.simulate.voice import Metronome

PORTS = range(10_000, 16_000)
READY_WITHIN = 60.0
SETTLE_WITHIN = 15.0
"""Legs are remembered some seconds after their call, so that late messages of theirs can be told."""
QUIET = 0.3
"""Seconds after which the connection of an earlier question is closed at the switch's end too."""


class House:
    """Opened by `async with`: both trunks and all phones are registered then. Closed whatever happens.

    `on_call` maps extensions to what is done when they ring; the others refuse. Opening raises SwitchError,
    RegistrationError, GaugeError, ApiError and OSError.
    """

    def __init__(self, directory: Path, on_call: Mapping[str, OnCall] | None = None, *, more: str = "") -> None:
        """`more` is appended to the configuration (TOML)."""
        self.directory = directory
        self._more = more
        self.shop: Shop = open_shop(_free_port("127.0.0.1"), _free_port("127.0.0.1"), _free_port("127.0.0.11"))
        self.api = Api(SWITCH_HOST, self.shop.web_port, self.shop.token)
        self.carriers: dict[str, SimulatedCarrier] = {}
        """By trunk."""
        self.phones: dict[str, SimulatedPhone] = {}
        """By extension."""
        self.on_call: Mapping[str, OnCall] = on_call or {}
        """What is done when an extension rings; read when the house opens."""
        self._metronome = Metronome()
        self._switch: SwitchProcess | None = None
        self._before: Opened | None = None

    @property
    def switch(self) -> SwitchProcess:
        """The switch's process. Raises RuntimeError before the house is open."""
        if self._switch is None:
            raise RuntimeError("the switch is not started")
        return self._switch

    @property
    def lateness(self) -> float:
        """The most a 20 ms beat of the simulated voices came late, in seconds: how busy this machine was."""
        return self._metronome.latest

    @property
    def store_url(self) -> str:
        """Where the switch keeps its records."""
        return f"sqlite:///{self.directory / 'data' / 'softacd.db'}"

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _open(self) -> None:
        configuration = write_configuration(self.shop, self.directory, more=self._more)
        for carrier in self.shop.carriers:
            simulated = SimulatedCarrier(
                carrier.name,
                host=carrier.host,
                accounts={carrier.username: carrier.password},
                metronome=self._metronome,
            )
            self.carriers[carrier.name] = await simulated.start(self.shop.carrier_port)
        self._switch = await SwitchProcess.start(configuration, self.directory / "softacd.log")
        await self._ready("its API answers", self._api_answers)
        for agent in self.shop.agents:
            phone = SimulatedPhone(
                agent.phone,
                domain=DOMAIN,
                registrar=(SWITCH_HOST, self.shop.sip_port),
                password=agent.password,
                host="127.0.0.1",
                metronome=self._metronome,
                display_name=agent.display_name,
                on_call=self.on_call.get(agent.phone),
            )
            self.phones[agent.phone] = await phone.start()
        await asyncio.gather(*(phone.register() for phone in self.phones.values()))
        for name in self.carriers:
            await self._ready(f"trunk {name} registers", lambda name=name: self.registered(name))  # type: ignore[misc]  # mypy cannot infer the default
        self._before = await self.opened()

    async def _ready(self, what: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if not self.switch.running:
                raise SwitchError(f"the switch ended before {what}{self.switch.tail()}")
            if await asyncio.to_thread(condition):
                return
            await asyncio.sleep(0.05)
        raise SwitchError(f"waited {READY_WITHIN:g} s until {what}{self.switch.tail()}")

    def _api_answers(self) -> bool:
        with suppress(ApiError):
            self.api.snapshot()
            return True
        return False

    def registered(self, trunk: str) -> bool:
        """Whether the switch is registered at this trunk's carrier."""
        carrier = next(carrier for carrier in self.shop.carriers if carrier.name == trunk)
        return self.carriers[trunk].reaches(carrier.username)

    async def opened(self) -> Opened:
        """Count what is open in the switch now."""
        await asyncio.sleep(QUIET)
        descriptors, threads = self.switch.descriptors(), self.switch.threads()
        return opened(await asyncio.to_thread(self.api.metrics), descriptors, threads)

    async def left_open(self, say: Callable[[str], None] = lambda words: None) -> dict[str, int]:
        """Name what is open that was not before the first call, once it has had time to close; `say` tells of waits."""
        if self._before is None:
            raise RuntimeError("the house is not open")
        begun = time.monotonic()
        told = False
        while True:
            now = await self.opened()
            left = now.left(self._before)
            still = {name for name, count in left.items() if count}
            waited = time.monotonic() - begun
            # Finished transactions absorb retransmissions for 32 s: waited for when they cannot be told from others.
            patience = LINGER if now.finished_too and still <= {"transactions"} else SETTLE_WITHIN
            if not still or waited > patience:
                return left
            if waited > SETTLE_WITHIN and not told:
                told = True
                say("waiting for finished SIP transactions to expire (32 s, RFC 3261)")

    async def stop_switch(self) -> int:
        """Unregister the phones and stop the switch in order; gives its exit status. Raises SwitchError."""
        await asyncio.gather(*(phone.unregister() for phone in self.phones.values()), return_exceptions=True)
        return await self.switch.stop()

    async def close(self) -> None:
        """End whatever lives."""
        for phone in self.phones.values():
            await phone.stop()
        if self._switch is not None and self._switch.running:
            with suppress(SwitchError):
                await self._switch.stop()
        for carrier in self.carriers.values():
            await carrier.stop()


def _free_port(host: str) -> int:
    """Give a port that is free for UDP and TCP on `host` at this moment.

    Below the range the kernel gives to outgoing connections, so that none takes it before the switch does.
    """
    for _ in range(50):
        port = PORTS.start + secrets.randbelow(len(PORTS))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, socket.socket() as second, suppress(OSError):
            probe.bind((host, port))
            second.bind((host, port))
            return port
    raise SwitchError(f"no free port on {host}")
