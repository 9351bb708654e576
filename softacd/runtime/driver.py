"""The driver: the one place where the switch meets sockets, the clock, the media engine and the store.

After every input it drains the switch's three queues and arms one timer. Nothing here decides anything about calls.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from softacd.calls.errands import AnyErrand, AnyResult
from softacd.calls.records import AnyRecord
from softacd.calls.switch import Switch
from softacd.rtp.vocabulary import AnyCommand, AnyEvent, CloseStream, ReturnPorts
from softacd.runtime.tcp import TcpListener
from softacd.runtime.udp import UdpListener
from softacd.sip.guard_table import Offence
from softacd.sip.transport import Flow, Transport

log = structlog.get_logger(__name__)

MAY_WAIT = (CloseStream, ReturnPorts)
"""Commands nobody hears: they go with the next ones, so that a hang-up does not wake the media engine."""
LONGEST_WAIT = 0.02
"""Seconds such a command waits at most."""

LATE_LIMIT = 0.25
"""A timer this late (seconds) is worth a warning: the loop was blocked or the machine is overloaded."""


class Engine(Protocol):
    """The media engine, wherever it runs."""

    def submit(self, commands: list[AnyCommand]) -> None:
        """Hand over commands; thread safe."""

    def drain(self) -> list[AnyEvent]:
        """Take what happened."""


class Recorder(Protocol):
    """Where records go."""

    def write(self, record: AnyRecord) -> None:
        """Never blocks, never raises."""


class Errands(Protocol):
    """Who asks web services and databases."""

    def put(self, errand: AnyErrand) -> None:
        """Begin an errand; its answer is given to `Driver.errand_done`."""


Observer = Callable[[AnyRecord], None]


class Driver:
    """Runs one switch."""

    def __init__(self, engine: Engine, recorder: Recorder) -> None:
        self.engine = engine
        self.recorder = recorder
        self.errands: Errands | None = None
        """Who carries out what flows want of the outside."""
        self.observers: list[Observer] = []
        self.udp: list[UdpListener] = []
        self.streams: list[TcpListener] = []
        self.turned: Callable[[float], None] = lambda now: None
        """Called after every input was dealt with."""
        self.messages_received = 0
        self.messages_sent = 0
        self.errors = 0
        self._switch: Switch | None = None
        self._loop = asyncio.get_running_loop()
        self._armed: float | None = None
        self._unhurried: list[AnyCommand] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def switch(self) -> Switch:
        """The switch that is run."""
        if self._switch is None:
            raise RuntimeError("the driver has no switch yet")
        return self._switch

    @property
    def attached(self) -> bool:
        """Whether there is a switch to run."""
        return self._switch is not None

    def attach(self, switch: Switch) -> None:
        """Run this switch; its listening points must be open."""
        self._switch = switch
        switch.start(time.monotonic())
        self.media_ready()  # the engine's first ports came before there was a switch to take them

    # --- inputs --------------------

    def receive(self, data: bytes, flow: Flow) -> None:
        """A SIP message from a socket. A fault of ours costs this message, never the loop."""
        if self._switch is None:
            return
        self.messages_received += 1
        try:
            self._switch.receive_sip(data, flow, time.monotonic())
        except Exception as error:  # noqa: BLE001 - a fault of ours costs one event, never the loop
            self._fault(error, "sip", peer=flow.remote[0])
        self._send()

    def admit(self, host: str) -> bool:
        """Whether a message from `host` is read at all."""
        return self._switch is not None and self._switch.guard.admit(host, time.monotonic())

    def stalled(self, host: str) -> None:
        """A connection of `host` came to nothing."""
        if self._switch is not None:
            self._switch.guard.offend(host, Offence.STALLED, time.monotonic())
            self.flush()

    def flow_failed(self, flow: Flow) -> None:
        """A peer could not be reached."""
        self.perform(lambda switch, now: switch.flow_failed(flow, now))

    def media_ready(self) -> None:
        """The media engine has events; called in the loop's thread."""
        if self._switch is None:
            return
        for event in self.engine.drain():
            try:
                self._switch.handle_media(event, time.monotonic())
            except Exception as error:  # noqa: BLE001 - see receive
                self._fault(error, "media", event_type=type(event).__name__)
        self.flush()

    def errand_done(self, result: AnyResult) -> None:
        """An errand is over."""
        self.perform(lambda switch, now: switch.errand_done(result, now))

    def perform(self, action: Callable[[Switch, float], None]) -> None:
        """Do something with the switch now and carry out what follows; the action's exceptions are the caller's."""
        if self._switch is None:
            return
        now = time.monotonic()
        try:
            action(self._switch, now)
        finally:
            self._switch.settle(now)
            self.flush()

    # --- outputs --------------------

    def flush(self) -> None:
        """Drain every output and arm the timer."""
        if self._switch is None:
            return
        self._send()
        switch = self.switch
        switch.tell_why(time.monotonic())
        wanted = switch.errands
        while wanted:
            errand = wanted.popleft()
            if self.errands is not None:
                self.errands.put(errand)
        records = switch.records
        while records:
            record = records.popleft()
            self.recorder.write(record)
            for observer in self.observers:
                try:
                    observer(record)
                except Exception as error:  # noqa: BLE001 - who watches must not keep records or timers from us
                    self._fault(error, "observer", record=type(record).__name__)
        while (event := switch.guard.poll()) is not None:
            ban = event.ban
            log.warning(
                "a source of unwanted messages",
                now=event.kind.value,
                source=ban.source,
                cause=ban.cause.value,
                seconds=round(ban.until - ban.since),
                bans_so_far=ban.count,
            )
        self._arm()

    def _send(self) -> None:
        transmits = self.switch.transmits
        while transmits:
            data, flow = (item := transmits.popleft()).data, item.flow
            self.messages_sent += 1
            self._listener(flow).send(data, flow)
        if self.switch.media:  # audio must follow the answer at once, not at the end of the burst
            self._submit(self.switch.media)

    def _submit(self, commands: deque[AnyCommand]) -> None:
        unhurried = self._unhurried
        if all(isinstance(command, MAY_WAIT) for command in commands):
            if not unhurried:
                self._loop.call_later(LONGEST_WAIT, self._submit_unhurried)
            unhurried.extend(commands)
        else:
            self.engine.submit([*unhurried, *commands])  # in order
            unhurried.clear()
        commands.clear()

    def _submit_unhurried(self) -> None:
        if self._unhurried:
            self.engine.submit(self._unhurried)
            self._unhurried = []

    def listeners(self, transport: Transport) -> Sequence[UdpListener | TcpListener]:
        """The listening points of a transport, as configured."""
        if transport is Transport.UDP:
            return self.udp
        return [listener for listener in self.streams if listener.transport is transport]

    def local(self, transport: Transport, remote: str) -> tuple[str, int]:
        """Our address towards a peer: requests of ours leave by the first listening point that reaches it."""
        listeners = self.listeners(transport)
        return next((found for found in listeners if found.reaches(remote)), listeners[0]).local(remote)

    def _listener(self, flow: Flow) -> UdpListener | TcpListener:
        """The listening point a flow belongs to, known by its address and port."""
        listeners = self.udp if flow.transport is Transport.UDP else self.listeners(flow.transport)
        if len(listeners) > 1:
            able = [listener for listener in listeners if listener.reaches(flow.remote[0])]
            for listener in able:
                if listener.local(flow.remote[0]) == flow.local:
                    return listener
            if able:
                return able[0]
        return listeners[0]

    def _arm(self) -> None:
        now = time.monotonic()
        self.turned(now)
        deadline = self.switch.next_deadline()
        if deadline is None:
            return
        if self._armed is not None:
            if self._armed <= deadline:
                return  # the armed one comes first and re-arms
            if self._timer is not None:
                self._timer.cancel()
        self._armed = deadline
        self._timer = self._loop.call_later(max(0.0, deadline - now), self._due)

    def _due(self) -> None:
        now = time.monotonic()
        armed, self._armed, self._timer = self._armed, None, None
        if armed is not None and now - armed > LATE_LIMIT:
            log.warning("the event loop was late", seconds=round(now - armed, 3))
        try:
            self.switch.handle_deadline(now)
        except Exception as error:  # noqa: BLE001 - a fault of ours costs one event, never the loop
            self._fault(error, "deadline")
        self.flush()

    def _fault(self, error: Exception, where: str, **context: object) -> None:
        self.errors += 1
        log.error("internal error", where=where, exc_info=error, **context)

    async def close(self) -> None:
        """Close the sockets and forget the timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._submit_unhurried()
        for udp in self.udp:
            udp.close()
        for stream in self.streams:
            await stream.close()
