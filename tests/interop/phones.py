"""Real phones: many baresip user agents in this process, each with a mouth that hums one tone and an ear per call."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from baresip import Account, BaresipError, Config
from baresip.call import Call, CallState, DigitEvent
from baresip.events import Event, StackEvent
from baresip.runtime import Runtime
from baresip.ua import UserAgent

from tests.interop.tones import RATE, WINDOW, last, loudness, narrowed, purity, tone

PURE = 0.7
"""Share of energy that makes a window "this tone and nothing else"."""
FRAME = 0.02
AHEAD = 0.08
"""Seconds of sound queued ahead in the phone."""


class Line:
    """One call of one phone: what it hears, which keys came, how it ended. Its mouth hums while the call lives."""

    def __init__(self, phone: "Phone", call: Call) -> None:
        self.phone = phone
        self.call = call
        self.heard = bytearray()
        self.digits = ""
        self.events: list[tuple[Event, str]] = []
        self.ended_at = 0.0
        self.born = time.monotonic()
        self._quiet = False
        self._gone = asyncio.Event()
        self._task = asyncio.create_task(self._live())
        call.on(self._on_event)
        call.on_dtmf(self._on_digit)
        if call.state is CallState.CLOSED:
            self._gone.set()

    def __repr__(self) -> str:
        return f"<line of {self.phone.user}: {self.call.state.value}, {[event.name for event, _ in self.events]}>"

    @property
    def up(self) -> bool:
        """Whether the parties can talk."""
        return self.call.state is CallState.ESTABLISHED

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.call.state is CallState.CLOSED

    @property
    def cause(self) -> str:
        """What the phone was told when the call was over."""
        return next((text for event, text in self.events if event is Event.CALL_CLOSED), "")

    # --- what the human does --------------------

    async def answer(self) -> "Line":
        """Pick up; returns when the phone is in the call."""
        await self.call.answer()
        await self.call.wait_established(5)
        return self

    async def established(self, seconds: float = 5.0) -> "Line":
        """Wait for the other side to answer."""
        await self.call.wait_established(seconds)
        return self

    async def press(self, digits: str) -> None:
        """Press keys."""
        await self.call.send_dtmf(digits)

    async def hang_up(self) -> None:
        """Hang up, if the other side was not faster."""
        with contextlib.suppress(BaresipError):
            await self.call.hangup()
        await self.over()

    async def over(self, seconds: float = 5.0) -> None:
        """Wait until the call is over, whoever ended it."""
        await asyncio.wait_for(self._gone.wait(), seconds)

    def be_quiet(self, quiet: bool = True) -> None:
        """Stop humming, or begin again."""
        self._quiet = quiet

    # --- what the ear says --------------------

    def hears(self, frequency: int) -> bool:
        """Whether the latest sound is this tone and nothing else."""
        return len(self.heard) >= WINDOW * RATE * 2 and purity(last(self.heard), frequency) > PURE

    @property
    def hears_nothing(self) -> bool:
        """Whether the latest sound is silence, or none came."""
        return loudness(last(self.heard)) < 60

    async def until_hears(self, frequency: int, seconds: float = 4.0) -> None:
        """Wait for a tone. Raises AssertionError telling what was heard instead."""
        await until(
            lambda: self.hears(frequency),
            seconds,
            lambda: f"{self} waits for {frequency} Hz; its ear: {describe(last(self.heard))}",
        )

    async def until_silent(self, seconds: float = 4.0) -> None:
        """Wait until nothing is heard."""
        await until(lambda: self.hears_nothing, seconds, lambda: f"{self} still hears {describe(last(self.heard))}")

    def forget(self) -> None:
        """Begin to listen anew."""
        self.heard.clear()

    # --- the phone's own work --------------------

    def _on_digit(self, event: DigitEvent) -> None:
        self.digits += event.digit

    def _on_event(self, event: StackEvent) -> None:
        self.events.append((event.event, event.text or ""))
        if event.event is Event.CALL_CLOSED:
            self.ended_at = time.monotonic()
            self._gone.set()

    async def _live(self) -> None:
        begun, written, rate, channels = 0.0, 0, 0, 1
        hum = b""
        while not self._gone.is_set():
            await asyncio.sleep(FRAME)
            with contextlib.suppress(
                BaresipError
            ):  # no media yet, or replaced by a re-INVITE: the next turn binds anew
                audio = self.call.audio
                now = time.monotonic()
                info = audio.info()
                if (info.tx_sample_rate, info.tx_channels) != (rate, channels) and info.tx_sample_rate:
                    rate, channels = info.tx_sample_rate, info.tx_channels
                    hum, begun, written = tone(self.phone.frequency, rate=rate, channels=channels), now, 0
                self.heard += narrowed(audio.read(RATE * 24), info.rx_sample_rate, info.rx_channels)
                wanted = round((now - begun + AHEAD) * rate) * 2 * channels - written
                if wanted > 0:
                    at = written % len(hum)
                    sound = (hum[at:] + hum)[:wanted] if not self._quiet else bytes(wanted)
                    audio.write(sound)
                    written += wanted

    async def close(self) -> None:
        """End the call if it lives, and the mouth."""
        if not self.ended:
            with contextlib.suppress(BaresipError, TimeoutError):
                await self.call.hangup()
                await self.over(1.0)
        self._gone.set()
        await self._task


class Phone:
    """One registered phone. `rings` tells of a call once its INVITE is there; `lines` are all its calls so far."""

    def __init__(self, user: str, frequency: int, agent: UserAgent) -> None:
        self.user = user
        self.frequency = frequency
        self.agent = agent
        self.lines: list[Line] = []
        self.on_ring: Callable[[Line], Any] | None = None
        self._rings: asyncio.Queue[Line] = asyncio.Queue()
        self._tasks: set[asyncio.Task[Any]] = set()
        agent.on_incoming(self._incoming)

    def __repr__(self) -> str:
        return f"<phone {self.user}, {self.frequency} Hz>"

    @property
    def ringing(self) -> list[Line]:
        """Calls that ring now."""
        return [line for line in self.lines if line.call.state is CallState.INCOMING]

    async def rings(self, seconds: float = 5.0) -> Line:
        """Wait for the next call to ring here."""
        try:
            return await asyncio.wait_for(self._rings.get(), seconds)
        except TimeoutError:
            raise AssertionError(f"{self} did not ring within {seconds:g} s") from None

    async def dial(self, uri: str) -> Line:
        """Call somebody; returns when the INVITE is sent."""
        line = Line(self, await self.agent.dial(uri))
        self.lines.append(line)
        return line

    def adopt(self, call: Call) -> Line:
        """Take a call the stack made by itself (a transfer asked by the peer)."""
        line = Line(self, call)
        self.lines.append(line)
        return line

    def _incoming(self, call: Call) -> None:
        line = Line(self, call)
        self.lines.append(line)
        self._rings.put_nowait(line)
        if self.on_ring is not None:
            task = asyncio.ensure_future(self.on_ring(line))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End every call."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for line in self.lines:
            await line.close()


class Phones:
    """The phones of one test. baresip keeps one stack a process: only one of these lives at a time."""

    def __init__(self, port: int, media_port: int, authority: Path | None = None, *, host: str = "127.0.0.1") -> None:
        self._host = host
        self._authority = authority
        self._port = port
        self._media_port = media_port
        self._runtime = Runtime()
        self.phones: list[Phone] = []
        self.trace: list[str] = []
        """Every SIP message sent or received by any phone of this test, as text."""
        self._handler = _Trace(self.trace)

    @classmethod
    async def on_free_ports(cls, authority: Path | None = None, *, host: str = "127.0.0.1") -> "Phones":
        """Bring a stack up; where another program was faster at a port (baresip wants the next one too), try others.

        `authority`: a PEM file; over TLS whom it has signed is believed, and nobody else.
        """
        for attempt in range(5):
            with socket.socket() as probe:
                probe.bind((host, 0))
                port = int(probe.getsockname()[1])
            try:
                return await cls(port, 20_000 + port % 20_000 // 2 * 2, authority, host=host).start()
            except BaresipError:
                if attempt == 4:
                    raise
        raise AssertionError("unreachable")

    async def start(self) -> "Phones":
        """Bring the stack up. Raises BaresipError."""
        logger = logging.getLogger("baresip.native.sip")
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        await self._runtime.start(
            Config(
                net_interface=self._host,
                max_concurrent_calls=None,
                native_log_level="error",
                sip_trace=True,
                extra_config_text=(
                    "module srtp.so\nmodule dtls_srtp.so\n"
                    + (f"sip_cafile {self._authority}\nsip_verify_server yes\n" if self._authority else "")
                    + f"sip_listen {self._host}:{self._port}\nrtp_ports {self._media_port}-{self._media_port + 800}\n"
                ),
            )
        )
        logger.addHandler(self._handler)
        return self

    async def phone(
        self,
        user: str,
        password: str,
        *,
        domain: str,
        registrar: str,
        frequency: int,
        transport: str = "udp",
        codecs: tuple[str, ...] = ("pcma", "pcmu"),
        dtmf: str = "rtpevent",
        encryption: str = "",
    ) -> Phone:
        """A phone, registered. `registrar` is host:port."""
        account = Account(
            user=user,
            domain=domain,
            password=password,
            registrar=f"sip:{registrar};transport={transport}",
            transport=transport,  # type: ignore[arg-type]  # a Literal there
            audio_codecs=codecs,
            dtmf_mode=dtmf,  # type: ignore[arg-type]  # a Literal there
            extra_params=(f"mediaenc={encryption}",) if encryption else (),
        )
        phone = Phone(user, frequency, await UserAgent.create(self._runtime, account))
        self.phones.append(phone)
        await phone.agent.register(timeout=5)
        return phone

    def received(self, method: str) -> list[str]:
        """Requests of a method that any of the phones received, retransmissions too, as far as traced by now."""
        return [text for text in self.trace if text.startswith("RX") and f"\n{method} sip:" in text]

    def ladder(self, count: int) -> list[str]:
        """The latest messages of all phones, a line each: when, which way, first line, Call-ID, CSeq."""
        rows = []
        for at, text in list(zip(self._handler.times, self.trace, strict=False))[-count:]:
            way, *head = text.splitlines()
            wanted = [line for line in head[1:] if line.lower().startswith(("call-id:", "cseq:", "reason:"))]
            rows.append(f"{at:.3f} {way} | {' | '.join([*head[:1], *wanted])}")
        return rows

    async def close(self) -> None:
        """End calls and the stack."""
        for phone in self.phones:
            await phone.close()
        await self._runtime.close()
        logging.getLogger("baresip.native.sip").removeHandler(self._handler)


class _Trace(logging.Handler):
    def __init__(self, into: list[str]) -> None:
        super().__init__()
        self._into = into
        self.times: list[float] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.times.append(time.monotonic())
        self._into.append(record.getMessage())


async def until(condition: Callable[[], bool], seconds: float, why: Callable[[], str]) -> None:
    """Wait for a condition that events elsewhere make true. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{why()} (waited {seconds:g} s)")
        await asyncio.sleep(0.02)


def describe(pcm: bytes) -> str:
    """What a stretch of sound is, for a failed test: the strongest whole ten Hertz and its share."""
    if loudness(pcm) < 60:
        return f"silence ({len(pcm) / 2 / RATE:.2f} s)"
    best = max(range(200, 3500, 10), key=lambda frequency: purity(pcm, frequency))
    return f"{best} Hz, {purity(pcm, best):.0%} of its energy, loudness {loudness(pcm):.0f}"
