"""Phones by PJSIP, each in a process of its own: told what to do, asked what they heard."""

import asyncio
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import pytest

from tests.interop.shop import DOMAIN, Shop, free_port

PURE = 0.7
needs_pjsua = pytest.mark.skipif(
    importlib.util.find_spec("pjsua2") is None, reason="pjsua2-python is not installed (there is none for Python 3.13)"
)


class PjsuaPhone:
    """One registered phone, for `async with`."""

    def __init__(self, user: str, frequency: int, *, prefix: Sequence[str] = (), **wanted: Any) -> None:
        """`prefix`: words before the command; `wanted`: further ones for tests/interop/pjsua_phone.py."""
        self.user = user
        self.frequency = frequency
        self._wanted = {"user": user, "frequency": frequency, "port": free_port("127.0.0.1"), **wanted}
        self._prefix = prefix
        self._process: asyncio.subprocess.Process | None = None
        self._news = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self.facts: list[dict[str, Any]] = []

    @classmethod
    def of(cls, shop: Shop, user: str, frequency: int, *, transport: str = "udp", **wanted: Any) -> Self:
        """A phone of the house."""
        port = {"udp": shop.sip_port, "tcp": shop.tcp_port}.get(transport, wanted.pop("registrar_port", 0))
        return cls(
            user,
            frequency,
            registrar=f"{shop.host}:{port}",
            domain=DOMAIN,
            password=shop.tree["phones"][user]["password"],
            transport=transport,
            **wanted,
        )

    def __repr__(self) -> str:
        return f"<PJSIP phone {self.user}: {[fact for fact in self.facts if fact['event'] != 'hears'][-8:]}>"

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._prefix,
            sys.executable,
            str(Path(__file__).with_name("pjsua_phone.py")),
            json.dumps(self._wanted),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self._reader = asyncio.create_task(self._read())
        if self._wanted.get("registrar"):
            fact = await self.until("registered", seconds=20)
            assert fact["status"] == 200, self
        else:
            await self.until("started", seconds=20)
        return self

    async def __aexit__(self, *_: object) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reader is not None:
            await self._reader

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self.facts.append(json.loads(line))
            self._news.set()

    def do(self, what: str, **words: Any) -> None:
        """Tell the phone to do something."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **words}).encode() + b"\n")

    async def until(self, event: str, *, seconds: float = 8.0, since: int = 0, **values: Any) -> dict[str, Any]:
        """Wait for a fact of this kind with these values, from fact number `since` on."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for fact in self.facts[since:]:
                        if fact["event"] == event and all(fact.get(name) == value for name, value in values.items()):
                            return fact
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{self} told of no {event} {values} within {seconds:g} s") from None

    async def until_hears(self, frequency: int, *, call: int | None = None, seconds: float = 6.0) -> None:
        """Wait until the latest sound is this tone and nothing else (within 10 Hz)."""
        since = len(self.facts)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for fact in self.facts[since:]:
                        right = fact["event"] == "hears" and (call is None or fact["call"] == call)
                        if right and abs(fact["frequency"] - frequency) <= 10 and fact["share"] > PURE:
                            return
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            last = [fact for fact in self.facts if fact["event"] == "hears"][-3:]
            raise AssertionError(f"{self} does not hear {frequency} Hz but {last}") from None

    async def rings(self) -> int:
        """Wait for the next call to ring; its number."""
        since = getattr(self, "_rung", 0)
        fact = await self.until("ringing", since=since)
        self._rung = self.facts.index(fact) + 1
        return int(fact["call"])

    async def talks(self, call: int) -> None:
        """Wait until a call is up."""
        await self.until("state", call=call, state="CONFIRMED")

    async def over(self, call: int) -> dict[str, Any]:
        """Wait until a call is over; the fact has its status."""
        return await self.until("state", call=call, state="DISCONNECTED")

    @property
    def digits(self) -> str:
        """Keys that came."""
        return "".join(fact["digit"] for fact in self.facts if fact["event"] == "digit")


async def talk(one: PjsuaPhone, other: PjsuaPhone) -> None:
    """Both hear each other."""
    await asyncio.gather(one.until_hears(other.frequency), other.until_hears(one.frequency))
