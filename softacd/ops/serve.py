"""The composition root: configuration in, a running switch out, and its orderly end.

Order of start: store (what the last run left is put in order), media engine, listening points, switch, HTTP.
The end is the reverse: calls are told, trunks de-register, records are flushed. A second signal ends at once, with
the media workers.

Longer than most files: it is the one place that knows every part, and each of them is a few lines here.
"""

import asyncio
import contextlib
import os
import random
import resource
import secrets
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import structlog
import uvloop

from softacd import __version__
from softacd.acd.vocabulary import Status
from softacd.calls.caller import nobody_known
from softacd.calls.control import Check
from softacd.calls.model import TrunkSettings
from softacd.calls.switch import Switch
from softacd.crm.errors import CustomerBaseError
from softacd.ops.calendars import holiday_name, local_time
from softacd.ops.configuration_editor import ConfigurationEditor
from softacd.ops.configuration_errors import ConfigurationError
from softacd.ops.customer_desk import FILE as CUSTOMERS_FILE
from softacd.ops.customer_desk import CustomerDesk
from softacd.ops.learned_waits import read_learned, write_learned
from softacd.ops.log import HideSecrets, configure_logging
from softacd.ops.model import Configuration
from softacd.ops.notify import Notifier
from softacd.ops.own_command import own_command
from softacd.ops.provisioning_desk import ProvisioningDesk
from softacd.ops.recordings import RecordingKeeper
from softacd.ops.registrations import RegistrationKeeper
from softacd.ops.reload import RestartNeededError, plan_reload
from softacd.ops.report_desk import ReportDesk
from softacd.ops.report_mailer import ReportMailer
from softacd.ops.room import Room
from softacd.ops.vitals import checks, gauges
from softacd.rtp.model import MediaSettings
from softacd.runtime.addresses import Addresses
from softacd.runtime.collector import Collector
from softacd.runtime.crm import Crms
from softacd.runtime.door import DoorListener
from softacd.runtime.driver import Driver
from softacd.runtime.errands import ErrandRunner
from softacd.runtime.live_control import LiveControl
from softacd.runtime.media.clips import ClipLibrary
from softacd.runtime.media.engine import MediaEngine
from softacd.runtime.media.workers import AnyEngine, WorkerPool
from softacd.runtime.message_files import MessageFiles
from softacd.runtime.resolver import Located, Locator, keep_located
from softacd.runtime.tasks import spawn
from softacd.runtime.tcp import TcpListener
from softacd.runtime.tls import ServerCertificate, TlsError, client_context
from softacd.runtime.tokens import Tokens
from softacd.runtime.udp import UdpListener
from softacd.runtime.voice.speaking import Speaking
from softacd.runtime.webhooks import Webhooks
from softacd.runtime.websocket import WebSocketListener
from softacd.sip.limits import Limits
from softacd.sip.transport import Transport
from softacd.store.agent_accounts import unwritten
from softacd.store.errors import StoreError
from softacd.store.recovery import absences
from softacd.store.store import Store
from softacd.web.errors import WebError
from softacd.web.server import WebServer, WebServerSettings

log = structlog.get_logger(__name__)

STOP_SECONDS = 4.0
"""How long peers may take to acknowledge that their calls have ended."""
SWITCH_INTERVAL = 1e-4
"""Seconds a thread may keep the interpreter while another waits: media must not wait 5 ms for signalling."""


CERTIFICATE_TURNS = 60
"""Seconds between looks whether the certificate has been renewed."""


ROOM_TURNS = 10
"""Seconds between looks whether there is room for messages."""


SHIFT_TURNS = 5
"""Seconds between looks whether a shift has ended."""
QUARTER = 900.0
"""Seconds of the clock after which the agents' times are written, so that reports by the hour need only add."""
LEARNED_TURNS = 300
"""Seconds between writes of what was learned of waiting times."""


ENGINE_STOP_SECONDS = 2.0
"""How long the media engine may take to close its streams and files."""
SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""What tells us to stop."""


class StartError(Exception):
    """The switch cannot start; the text says why and what to do."""


class PartDiedError(Exception):
    """A part without which there are no calls has died; the text says which and why."""


class Server:
    """One running softacd."""

    def __init__(self, configuration: Configuration, path: Path, hide: HideSecrets) -> None:
        self._configuration = configuration
        self._path = path
        self._hide = hide
        self._notifier = Notifier()
        self._offset = time.time() - time.monotonic()
        self._stop = asyncio.Event()
        self._signalled = False
        self._died = ""
        self._up = False
        self._addresses_known: list[Addresses] = []
        self._registrations = RegistrationKeeper(Path(configuration.server.data_directory), self.wall)
        self._tasks: list[asyncio.Task[None]] = []
        self._resolving: dict[str, asyncio.Task[None]] = {}
        self._engine: AnyEngine | None = None
        self._store: Store | None = None
        self._customers: CustomerDesk | None = None
        self._driver: Driver | None = None
        self._web: WebServer | None = None
        self._door: DoorListener | None = None
        media = configuration.media
        self._keeper = RecordingKeeper(
            Path(media.recordings),
            keep_days=media.recordings_keep_days,
            least_free_mb=media.recordings_least_free_mb,
            form=media.recordings_format,
            encoder=[*own_command(), "encode-recordings"],
        )
        self._messages = MessageFiles(Path(media.messages))
        self._message_room = Room(self._messages.directory, media.recordings_least_free_mb, "messages")
        self._certificate: ServerCertificate | None = None
        self._locator = Locator()
        self._collector = Collector()
        self._editor = ConfigurationEditor(
            path, lambda: self._configuration, self._apply, lambda: self.wall(time.monotonic())
        )
        self._provisioning = ProvisioningDesk(
            lambda: self._configuration, lambda: self.wall(time.monotonic()), self._editor.set_phone_password
        )
        self._mailer: ReportMailer | None = None
        self._errands: ErrandRunner | None = None
        self._webhooks: Webhooks | None = None
        self._crms: Crms | None = None
        self._speaking: Speaking | None = None

    def wall(self, now: float) -> int:
        """Wall-clock milliseconds of a monotonic moment."""
        return round((now + self._offset) * 1000)

    # --- start --------------------

    async def run(self) -> None:
        """Serve until told to stop. Raises StartError, and PartDiedError after an orderly end."""
        loop = asyncio.get_running_loop()
        # Not the loop's handlers: the second signal must be heard whatever keeps the loop busy.
        before = {number: signal.signal(number, lambda *_: self._on_stop_signal(loop)) for number in SIGNALS}
        # Before the start: an unhandled SIGHUP ends the process, and the manager may reload as soon as it hears READY.
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        try:
            await self._start()
            await self._stop.wait()
        finally:
            await self._end()
            for number, handler in before.items():
                signal.signal(number, handler)
        if self._died:
            raise PartDiedError(self._died)

    async def _start(self) -> None:
        configuration = self._configuration
        try:
            self._store = await Store.open(
                configuration.store.url,
                node=configuration.server.node,
                wall=lambda: self.wall(time.monotonic()),
                spool=spool_of(configuration),
            )
        except StoreError as error:
            raise StartError(str(error)) from error
        try:
            self._customers = await CustomerDesk.open(
                Path(configuration.server.data_directory) / CUSTOMERS_FILE,
                configuration.customers,
                {agent.name for agent in configuration.agents},
                lambda: self.wall(time.monotonic()),
            )
        except CustomerBaseError as error:
            raise StartError(str(error)) from error
        found = self._store.recovery.describe()
        if found:
            log.warning("the last run did not end in order", found=found)
        loop = asyncio.get_running_loop()
        self._engine = self._make_engine(lambda: loop.call_soon_threadsafe(self._media_ready))
        driver = self._driver = Driver(self._engine, self._store)
        try:
            for unusable in self._engine.start():
                log.warning("a sound cannot be used", error=str(unusable))
        except OSError as error:
            raise StartError(f"media: {configuration.media.host}: {error}; mend [media] host or ports") from error
        await self._listen(driver)
        self._open_door(driver)
        switch = self._make_switch(driver)
        await self._restore_statuses(switch)
        self._restore_learned(switch)
        self._registrations.restore(driver, switch)
        self._speaking = Speaking(configuration.spoken_texts())
        self._speaking.configure(configuration.voices)
        self._errands = ErrandRunner(
            driver.errand_done,
            Path(configuration.server.data_directory) / CUSTOMERS_FILE,
            self._speaking.speak,
            messages=self._messages,
        )
        self._errands.configure(configuration.sources)
        driver.errands = self._errands
        token = Tokens()
        self._webhooks = Webhooks(
            configuration.server.node, lambda: self.wall(time.monotonic()), lambda: f"msg_{token()}"
        )
        self._webhooks.configure(configuration.webhooks)
        driver.observers.append(self._webhooks.observe)
        self._crms = Crms(Path(configuration.server.data_directory), lambda: self.wall(time.monotonic()))
        self._crms.configure(configuration.crm, configuration.customers)
        self._errands.crms = self._crms
        driver.observers.append(self._crms.observe)
        switch.exchange.local = local_time(configuration.server.time_zone)
        switch.exchange.holiday = holiday_name
        driver.attach(switch)
        self._keeper.prepare(switch.services.recordings)
        self._message_room.prepare(switch.exchange.messages)
        self._resolve_trunks()
        await self._start_web(driver)
        self._collector.start(time.monotonic())
        driver.turned = self._collector.turn
        self._tasks.append(spawn(self._housekeeping(), "housekeeping"))
        keeping = self._keeper.keep(self._store, switch.services.recordings, lambda: self.wall(time.monotonic()))
        self._tasks.append(spawn(keeping, "recordings"))
        log.info("softacd is up", version=__version__, **self._addresses())
        self._up = True
        self._notifier.ready(f"{len(configuration.phones)} phones, {len(configuration.trunks)} trunks")

    def _make_engine(self, events_ready: Callable[[], object]) -> AnyEngine:
        media = self._configuration.media
        if not media.workers:
            return MediaEngine(
                media, events_ready, ClipLibrary(self._configuration.sound_roots(), self._messages.directory)
            )
        directory = Path(self._configuration.server.data_directory)
        directory.mkdir(parents=True, exist_ok=True)
        settings = msgspec.convert(media, MediaSettings, from_attributes=True)
        return WorkerPool(
            settings,
            events_ready,
            self._configuration.sound_roots(),
            command=[*own_command(), "media-worker"],
            directory=directory,
            messages=self._messages.directory,
        )

    async def _listen(self, driver: Driver) -> None:
        for listener in self._configuration.sip.listeners():
            addresses = self._own(listener.host)
            try:
                if listener.transport == "udp":
                    driver.udp.append(
                        UdpListener(
                            asyncio.get_running_loop(),
                            (listener.host, listener.port),
                            addresses,
                            driver.receive,
                            driver.flush,
                            admit=driver.admit,
                        )
                    )
                else:
                    stream = self._stream_listener(Transport(listener.transport), addresses, driver)
                    await stream.open((listener.host, listener.port))
                    driver.streams.append(stream)
            except OSError as error:
                raise StartError(
                    f"sip: {listener}: {error.strerror or error}; another program may use it: mend [sip] listen"
                ) from error

    def _open_door(self, driver: Driver) -> None:
        """Where browsers' phones come in by the desk's own address."""
        host, port = self._configuration.web.address()
        self._door = DoorListener(
            self._own(host),
            driver.receive,
            driver.flush,
            driver.flow_failed,
            admit=driver.admit,
            stalled=driver.stalled,
        )
        self._door.bound = (host, port)
        driver.streams.append(self._door)

    def _own(self, host: str) -> Addresses:
        sip = self._configuration.sip
        addresses = Addresses(host, sip.told_address, learns=sip.learns_address)
        self._addresses_known.append(addresses)
        return addresses

    def _learn_address(self, seen: str) -> bool:
        """A carrier sees us at this address."""
        changed = [addresses.learn(seen) for addresses in self._addresses_known]
        if any(changed):
            log.info("our public address was learned from a carrier", address=seen)
        return any(changed)

    def _stream_listener(self, transport: Transport, addresses: Addresses, driver: Driver) -> TcpListener:
        sip = self._configuration.sip
        secure = transport in (Transport.TLS, Transport.WSS)
        try:
            if secure and self._certificate is None:
                self._certificate = ServerCertificate(Path(sip.certificate), Path(sip.private_key))
            authorities = client_context(sip.authorities) if transport is Transport.TLS else None
        except TlsError as error:
            raise StartError(f"sip: {error}") from error
        kind = WebSocketListener if transport in (Transport.WS, Transport.WSS) else TcpListener
        return kind(
            addresses,
            driver.receive,
            driver.flush,
            driver.flow_failed,
            admit=driver.admit,
            stalled=driver.stalled,
            server_tls=self._certificate.context if secure and self._certificate is not None else None,
            client_tls=authorities,
        )

    def _refresh_certificate(self) -> None:
        """Take a renewed certificate into use; a wrong one is told and the old one kept."""
        if self._certificate is None:
            return
        try:
            if self._certificate.refresh():
                log.info("the certificate was read again", certificate=self._configuration.sip.certificate)
        except TlsError as error:
            log.error("the certificate in use stays, the new one cannot be used", error=str(error))

    def _make_switch(self, driver: Driver) -> Switch:
        configuration = self._configuration
        listening: dict[Transport, Callable[[str], tuple[str, int]]] = {
            transport: partial(driver.local, transport) for transport in Transport if driver.listeners(transport)
        }
        media = self._own(configuration.media.host)
        return Switch(
            configuration.switch_settings(),
            configuration.queues,
            configuration.agents,
            node=configuration.server.node,
            token=Tokens(),
            secret=secrets.token_bytes(32),
            jitter=random.random,
            wall=self.wall,
            listening=listening,
            media_host=lambda flow: media.towards(flow.remote[0]),
            fingerprint=self._engine.fingerprint if self._engine is not None else "",
            user_agent=f"softacd/{__version__}",
            limits=Limits(
                server_transactions=configuration.security.open_transactions,
                dialogs=configuration.security.open_dialogs,
            ),
            learn=self._learn_address,
            lookup=self._customers.directory.lookup if self._customers is not None else nobody_known,
            first_stream=self.wall(time.monotonic()),  # of no earlier run
            now=time.monotonic(),
        )

    async def _restore_statuses(self, switch: Switch) -> None:
        if self._store is None:
            return
        with contextlib.suppress(StoreError):
            switch.restore_seats(await self._store.last_seats(), time.monotonic())
            statuses = await self._store.last_statuses()
            found = self._store.recovery
            if not found.orderly:
                left = await self._store.ask(partial(unwritten, last=statuses.values(), alive=found.last_alive))
                for row in left:
                    paid = switch.exchange.reasons.paid(Status(row.status), row.reason)
                    self._store.write(msgspec.structs.replace(row, paid=paid))
            for absence in absences(statuses.values(), found.last_alive):
                self._store.write(absence)
            for name, event in statuses.items():
                if name in switch.exchange.agents:
                    switch.restore_status(name, Status(event.status), event.reason, time.monotonic())
            switch.restore_phones((await self._store.last_choices()).values())
            switch.exchange.house.restore(await self._store.last_switches())
            switch.restore_messages(await self._store.messages())
            switch.restore_call_backs(await self._store.call_backs(), time.monotonic())

    def _restore_learned(self, switch: Switch) -> None:
        try:
            learned = read_learned(Path(self._configuration.server.data_directory))
        except (OSError, ValueError) as error:
            log.warning("waiting times are learned from the beginning", error=str(error))
        else:
            if learned is not None:
                switch.estimator.restore(learned)

    def _keep_learned(self) -> None:
        """What was learned of waiting times outlives this run; a full disk costs no more than that."""
        if self._driver is None or not self._driver.attached:
            return
        try:
            directory = Path(self._configuration.server.data_directory)
            write_learned(directory, self._driver.switch.estimator.snapshot())
        except OSError as error:
            log.warning("what was learned of waiting times cannot be kept", error=str(error))

    async def _start_web(self, driver: Driver) -> None:
        if self._store is None:
            return
        desk = ReportDesk(self._store, lambda: self._configuration, lambda: self.wall(time.monotonic()))
        if self._mailer is None:
            self._mailer = ReportMailer(
                desk, lambda: self._configuration, self._checks, lambda: self.wall(time.monotonic())
            )
            self._tasks.append(spawn(self._mailer.run(), "mail"))
        settings = self._configuration.web
        host, port = settings.address()
        control = LiveControl(driver, self._checks, self._gauges)
        self._web = WebServer(
            WebServerSettings(
                host=host,
                port=port,
                token=settings.token,
                metrics_open=settings.metrics_open,
                recordings=self._configuration.media.recordings,
                messages=self._configuration.media.messages,
                name=self._configuration.server.name,
                public_url=settings.public_url,
                session_idle_minutes=settings.session_idle_minutes,
                session_hours=settings.session_hours,
            ),
            control,
            self._store,
            version=__version__,
            customers=self._customers,
            knowledge=self._customers.knowledge if self._customers is not None else None,
            users=self._store.users,
            sip=self._door,
            write=self._store.write,
            reports=desk,
            saved_reports=self._mailer,
            administration=self._editor,
            provisioning=self._provisioning,
        )
        try:
            await self._web.start()
        except WebError as error:
            raise StartError(str(error)) from error
        if self._door is not None:
            self._door.bound = self._web.address

    def _addresses(self) -> dict[str, str]:
        shown = {}
        driver = self._driver
        if driver is not None:
            shown["udp"] = ", ".join("{}:{}".format(*udp.bound) for udp in driver.udp)
            for stream in driver.streams:
                if stream is self._door:
                    continue  # it is the HTTP server's
                address = "{}:{}".format(*stream.bound)
                known = shown.get(stream.transport.value)
                shown[stream.transport.value] = f"{known}, {address}" if known else address
        if self._web is not None:
            shown["http"] = "{}:{}".format(*self._web.address)
        return shown

    # --- while it runs --------------------

    def reload(self) -> None:
        """Read the configuration again; a wrong one is reported and the running one stays in force."""
        if not self._up or self._stop.is_set():
            return
        self._notifier.reloading(time.monotonic_ns() // 1000)
        self._refresh_certificate()
        try:
            plan = plan_reload(self._configuration, self._path)
        except (ConfigurationError, RestartNeededError) as error:
            log.error("the running configuration stays in force", problems=str(error))
        else:
            self._apply(plan.configuration)
            log.info("configuration reloaded", changes=[str(change) for change in plan.changes] or "none")
        self._notifier.ready()

    def _apply(self, wanted: Configuration) -> None:
        """Make a checked configuration the running one."""
        if self._driver is None:
            return
        settings = wanted.switch_settings()
        self._driver.perform(lambda switch, now: switch.configure(settings, wanted.queues, wanted.agents, now))
        if self._customers is not None:
            self._customers.configure(wanted.customers, {agent.name for agent in wanted.agents})
        self._driver.switch.exchange.local = local_time(wanted.server.time_zone)
        if self._errands is not None:
            self._errands.configure(wanted.sources)
        if self._webhooks is not None:
            self._webhooks.configure(wanted.webhooks)
        if self._crms is not None:
            self._crms.configure(wanted.crm, wanted.customers)
        if self._speaking is not None:
            self._speaking.configure(wanted.voices)
        old, self._configuration = self._configuration, wanted
        self._hide.know(wanted.secrets())
        self._resolve_trunks()
        if old.web != wanted.web:
            self._tasks.append(spawn(self._restart_web(self._driver), "restart of the API"))

    async def _restart_web(self, driver: Driver) -> None:
        """Serve the API with new settings (a changed token closes every session of the old one)."""
        if self._web is not None:
            await self._web.stop()
        try:
            await self._start_web(driver)
        except StartError as error:
            log.error("the API could not be started again", error=str(error))

    def _resolve_trunks(self) -> None:
        """One resolving task a trunk, as configured now."""
        for task in self._resolving.values():
            task.cancel()
        self._resolving = {
            trunk.name: spawn(
                keep_located(
                    self._locator,
                    trunk.proxy or trunk.host,
                    trunk.port,
                    None if trunk.transport == "auto" else Transport(trunk.transport),
                    self._carrier_transports(),
                    partial(self._resolved, trunk),
                ),
                f"locating {trunk.name}",
            )
            for trunk in self._configuration.trunks
        }

    def _carrier_transports(self) -> tuple[Transport, ...]:
        """What we can speak to carriers, the preferred first."""
        listening = {listener.transport for listener in self._configuration.sip.listeners()}
        return tuple(
            transport for transport in (Transport.UDP, Transport.TCP, Transport.TLS) if transport.value in listening
        )

    def _resolved(self, trunk: TrunkSettings, located: Located) -> None:
        if not located.targets:
            log.warning("the carrier's name cannot be resolved", trunk=trunk.name)
        if self._driver is None:
            return
        for stream in self._driver.streams:
            if stream.transport is Transport.TLS:
                stream.names |= dict.fromkeys(located.targets, trunk.proxy or trunk.host)
        self._driver.perform(lambda switch, now: switch.resolved(trunk.name, located.targets, now, located.transport))

    def _media_ready(self) -> None:
        if self._driver is not None:
            self._driver.media_ready()

    async def _housekeeping(self) -> None:
        """Follow the wall clock and the day, and alarm when a part has died."""
        day = time.localtime().tm_yday
        quarter = time.time() // QUARTER
        turns = 0
        while True:
            await asyncio.sleep(1.0)
            self._offset = time.time() - time.monotonic()
            if turns % SHIFT_TURNS == 0 and self._driver is not None:
                self._driver.perform(lambda switch, now: switch.end_shifts(now))
            if (now := time.time() // QUARTER) != quarter and self._driver is not None:
                quarter = now
                self._driver.perform(lambda switch, now: switch.cut_times(now))
            if (today := time.localtime().tm_yday) != day and self._driver is not None:
                day = today
                self._driver.perform(lambda switch, now: switch.start_day(now))
            self._notifier.watchdog()
            self._collect()
            if self._driver is not None and self._driver.attached:
                await self._registrations.keep(self._driver.switch.location)
            turns += 1
            if turns % ROOM_TURNS == 0 and self._driver is not None and self._driver.attached:
                self._message_room.look(self._driver.switch.exchange.messages)
            if turns % LEARNED_TURNS == 0:
                self._keep_learned()
            if turns % CERTIFICATE_TURNS == 0:
                self._refresh_certificate()
            if self._engine is not None and not self._engine.alive and not self._stop.is_set():
                self._died = f"media engine: {self._engine.failure!r}"
                log.critical("the media engine has died; restarting is the remedy", failure=repr(self._engine.failure))
                self._stop.set()

    def _collect(self) -> None:
        """The collector's turn where no call gives it one, and its look through everything when no call is up."""
        now = time.monotonic()
        self._collector.turn(now)
        up = self._driver is not None and self._driver.attached and bool(self._driver.switch.exchange.calls)
        self._collector.rest(now, quiet=not up)

    def _checks(self) -> list[Check]:
        return checks(self._engine, self._store, self._keeper, self._message_room)

    def _gauges(self) -> dict[str, float]:
        found = gauges(self._engine, self._store, self._customers, self._collector)
        for told in (self._webhooks, self._crms):
            if told is not None:
                found |= told.figures()
        return found

    # --- the end --------------------

    def _on_stop_signal(self, loop: asyncio.AbstractEventLoop) -> None:
        """A signal's handler: between any two steps of the program."""
        if self._signalled:
            if self._engine is not None:
                self._engine.kill()
            os._exit(130)
        self._signalled = True
        loop.call_soon_threadsafe(self._stop_in_order)

    def _stop_in_order(self) -> None:
        log.info("stopping: calls are told and records flushed; once more stops at once")
        self._stop.set()

    async def _end(self) -> None:
        self._notifier.stopping("calls are told, records flushed")
        for task in (*self._tasks, *self._resolving.values()):
            task.cancel()
        if self._web is not None:
            await self._web.stop()
        driver = self._driver
        if driver is not None and driver.attached:
            driver.perform(lambda switch, now: switch.stop(now))
            deadline = time.monotonic() + STOP_SECONDS
            while not driver.switch.stopped and time.monotonic() < deadline:  # noqa: ASYNC110 - the core has no events
                await asyncio.sleep(0.02)
        self._keep_learned()
        if driver is not None and driver.attached:
            await self._registrations.keep(driver.switch.location)
        if self._engine is not None:
            await asyncio.to_thread(self._stop_engine, self._engine)
            if driver is not None and driver.attached:
                driver.media_ready()
                driver.perform(lambda switch, now: switch.services.accounts.tell_all())
        if driver is not None:
            await driver.close()
        if self._store is not None:
            await self._store.close()
        if self._errands is not None:
            await self._errands.close()
        if self._speaking is not None:
            await self._speaking.close()
        if self._webhooks is not None:
            await self._webhooks.close()
        if self._crms is not None:
            await self._crms.close()
        if self._customers is not None:
            await self._customers.close()
        log.info("stopped")

    @staticmethod
    def _stop_engine(engine: AnyEngine) -> None:
        try:
            engine.stop(ENGINE_STOP_SECONDS)
        except TimeoutError as error:
            log.warning("the media engine is ended by force", error=str(error))
            engine.kill()


def spool_of(configuration: Configuration) -> Path | None:
    """Where rows wait while a database server is away; None: beside the SQLite file, as the store chooses."""
    if configuration.store.url.startswith("sqlite"):
        return None
    return Path(configuration.server.data_directory) / f"{configuration.server.node}.spool"


def run(configuration: Configuration, path: Path) -> int:
    """Run until stopped; returns the exit status."""
    hide = configure_logging(configuration.log, configuration.secrets())
    if not configuration.media.workers:
        sys.setswitchinterval(SWITCH_INTERVAL)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(configuration, path, hide))
    except StartError as error:
        log.error("cannot start", error=str(error))
        return 1
    except PartDiedError as error:
        log.error("ended because a part has died: the service manager shall start again", error=str(error))
        return 1
    return 0


async def _serve(configuration: Configuration, path: Path, hide: HideSecrets) -> None:
    await Server(configuration, path, hide).run()
