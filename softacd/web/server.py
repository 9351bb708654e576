"""The HTTP server: the API behind its gate, served by uvicorn inside the loop that already runs.

Nothing here touches signals, starts a loop or configures logging: the program that owns them starts and stops this.
"""

import asyncio
import contextlib
import errno
import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import structlog
import uvicorn
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import ASGIRoute, HTTPRoute, WebSocketRoute

from softacd.calls.control import Control
from softacd.calls.customers import Customers
from softacd.calls.goods import Bookmark, Knowledge
from softacd.calls.model import HidesSecrets
from softacd.calls.records import AnyRecord
from softacd.calls.reports import Reports
from softacd.calls.users import AuditEntry
from softacd.web.access import LEAST_TOKEN_LENGTH, Access
from softacd.web.accounts import Accounts, UserStore
from softacd.web.administration import Administration
from softacd.web.agents import agent_handlers
from softacd.web.asgi import Application
from softacd.web.assets import Assets
from softacd.web.audit import AuditLog
from softacd.web.calls import call_handlers
from softacd.web.configuration import configuration_handlers
from softacd.web.contacts import contact_handlers, topic_handlers
from softacd.web.customers import customer_handlers
from softacd.web.description import Description, openapi_config
from softacd.web.errors import WebError, answer_error
from softacd.web.events import event_handlers
from softacd.web.feed import Feed
from softacd.web.gate import Gate
from softacd.web.goods import goods_handlers
from softacd.web.history import History
from softacd.web.house import house_handlers
from softacd.web.live import LiveFeed, live_handlers
from softacd.web.messages import message_handlers
from softacd.web.metrics import Metrics
from softacd.web.missed import missed_handlers
from softacd.web.overview import overview_handlers
from softacd.web.permissions import Permissions
from softacd.web.phones import phone_handlers
from softacd.web.provisioning import ProvisioningDoor, provisioning_handlers
from softacd.web.punctual import PunctualHttp
from softacd.web.ratings import rating_handlers
from softacd.web.recordings import recording_handlers
from softacd.web.reports import report_handlers
from softacd.web.saved_reports import SavedReports, saved_report_handlers
from softacd.web.security import security_handlers
from softacd.web.session import session_handlers
from softacd.web.sip_door import SipDoor, sip_handlers
from softacd.web.tickets import Provisioning
from softacd.web.users import user_handlers

log = structlog.get_logger("softacd.web")

STUCK_SECONDS = 20.0
"""A peer that takes no byte of what is sent for so long is cut by the kernel (TCP_USER_TIMEOUT, tcp(7))."""
_MOST_BODY = 64 * 1024
_MOST_MESSAGE = 65_535
"""Octets of a WebSocket message: a SIP message of a browser; watchers say a word."""
_MOST_CONNECTIONS = 512
_MOST_WATCHERS = 100
_MOST_LIVE = 400
_GRACE_SECONDS = 3
_KEEP_SECONDS = 20.0
_TURNS_TO_LEAVE = 50
"""Turns of the loop; a watcher that keeps up needs some five, one that does not is shut without a word."""


class WebServerSettings(HidesSecrets, frozen=True, forbid_unknown_fields=True):
    """Where the API is served and who may use it."""

    host: str = "127.0.0.1"
    """IP address of this machine."""
    port: int = 8080
    """0 lets the system choose."""
    token: str = ""
    """Secret of at least 16 characters; empty: no program may use the API."""
    metrics_open: bool = False
    """Serve /metrics without the token."""
    recordings: str = ""
    """Directory the files of recordings lie below; empty: there are none."""
    messages: str = ""
    """Directory the files of messages lie below; empty: there are none."""
    name: str = "softacd"
    """What authenticators call this installation."""
    public_url: str = ""
    """What browsers reach it by, where a proxy is between; empty: by this address."""
    session_idle_minutes: float = 30.0
    """A session that was not used for so long ends."""
    session_hours: float = 12.0
    """No session lasts longer."""
    desk: str = str(Path(__file__).parent / "static" / "desk")
    """Directory of the desk's built pages; empty: none are served."""
    heartbeat_seconds: float = 15.0
    """A WebSocket hears something at least so often."""
    event_capacity: int = 4096
    """Events kept for watchers that come back or lag."""


class WebServer:
    """The API of one switch. `start` once, `stop` once; both in the loop that runs the switch."""

    def __init__(
        self,
        settings: WebServerSettings,
        control: Control,
        history: History,
        *,
        version: str,
        customers: Customers | None = None,
        knowledge: Knowledge | None = None,
        reports: Reports | None = None,
        users: UserStore | None = None,
        sip: SipDoor | None = None,
        write: Callable[[AuditEntry], None] | None = None,
        administration: Administration | None = None,
        provisioning: Provisioning | None = None,
        saved_reports: SavedReports | None = None,
    ) -> None:
        """Without `users` nobody can sign in; `sip` takes browsers' phones; `write` keeps the audit log."""
        self._settings = settings
        self._control = control
        self._feed = Feed(lambda: time.time_ns() // 1_000_000, capacity=settings.event_capacity)
        self._access = Access(settings.token)
        self.accounts = None if users is None else _accounts(users, settings)
        """Who may sign in; None: nobody."""
        self._live = LiveFeed(control, _wall)
        permissions = Permissions(control, history, metrics_open=settings.metrics_open)
        description = Description()
        application = Litestar(
            route_handlers=[
                *overview_handlers(control, Metrics(control, history, self._feed, self._access, version=version)),
                *call_handlers(control, history),
                *topic_handlers(control, history),
                *missed_handlers(control, history),
                *agent_handlers(control, history),
                *security_handlers(control),
                *(customer_handlers(customers) if customers is not None else ()),
                *(contact_handlers(customers, history) if customers is not None else ()),
                *(goods_handlers(knowledge, self._tell) if knowledge is not None else ()),
                *(report_handlers(reports) if reports is not None else ()),
                *(saved_report_handlers(saved_reports) if saved_reports is not None else ()),
                *(configuration_handlers(administration) if administration is not None else ()),
                *(provisioning_handlers(provisioning) if provisioning is not None else ()),
                *phone_handlers(control),
                *house_handlers(control),
                *recording_handlers(control, history, Path(settings.recordings) if settings.recordings else None),
                *message_handlers(control, Path(settings.messages) if settings.messages else None),
                *rating_handlers(history),
                *self._people(control, history),
                *live_handlers(self._live, watchers=_MOST_LIVE, heartbeat=settings.heartbeat_seconds),
                *(sip_handlers(sip) if sip is not None else ()),
                *event_handlers(control, self._feed, watchers=_MOST_WATCHERS, heartbeat=settings.heartbeat_seconds),
            ],
            exception_handlers={Exception: answer_error},
            guards=[permissions.guard],
            openapi_config=openapi_config(version, description),
            request_max_body_size=_MOST_BODY,
            logging_config=None,
        )
        self._framework = application
        description.make(application)
        self.described = description.body
        """The API's description of itself, as JSON."""
        gate = Gate(
            application,  # type: ignore[arg-type] # the framework has narrower types for the same ASGI shapes
            self._access,
            clock=time.monotonic,
            wall=time.time,
            metrics_open=settings.metrics_open,
            accounts=self.accounts,
            assets=Assets(Path(settings.desk) if settings.desk else None),
            audit=AuditLog(partial(self._keep, write), _wall) if write is not None else None,
            public_url=settings.public_url,
        )
        self.application: Application = gate if provisioning is None else ProvisioningDoor(gate, provisioning)
        """The ASGI application, gate and all."""
        self._server: _EmbeddedServer | None = None
        self._serving: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None
        self._unwatch: Callable[[], None] = _nothing
        self._keeping: asyncio.Task[None] | None = None

    def routes(self) -> list[HTTPRoute | ASGIRoute | WebSocketRoute]:
        """Everything that can be asked for."""
        return list(self._framework.routes)

    def _people(self, control: Control, history: History) -> list[HTTPRouteHandler]:
        if self.accounts is None:
            return []
        return [
            *session_handlers(self.accounts, control, lifetime=round(self._settings.session_hours * 3600)),
            *user_handlers(self.accounts, history, issuer=self._settings.name),
        ]

    def _tell(self, bookmark: Bookmark) -> None:
        self._feed.observe(bookmark)
        self._live.observe(bookmark)

    def _observe(self, record: AnyRecord) -> None:
        self._feed.observe(record)
        self._live.observe(record)

    def _keep(self, write: Callable[[AuditEntry], None], entry: AuditEntry) -> None:
        write(entry)
        self._feed.observe(entry)

    async def _keep_sessions(self, accounts: Accounts) -> None:
        """End sessions that have expired, and remember when the others were used."""
        while True:
            await asyncio.sleep(_KEEP_SECONDS)
            try:
                await accounts.keep()
            except Exception as error:  # noqa: BLE001 - the store's, told by its own alarm; tried again
                log.warning("sessions cannot be kept", error=str(error))

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it is served at; the real port when 0 was asked for. Raises RuntimeError before `start`."""
        if self._socket is None:
            raise RuntimeError("the server is not started")
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    async def start(self) -> None:
        """Bind and serve. Raises WebError when the address cannot be had or the token is too short to be safe."""
        settings = self._settings
        where = _format(settings.host, settings.port)
        if 0 < len(settings.token) < LEAST_TOKEN_LENGTH:
            raise WebError(
                where,
                f"the API's token has {len(settings.token)} characters",
                f"Use at least {LEAST_TOKEN_LENGTH}, made at random: `openssl rand -hex 24`.",
            )
        if self.accounts is not None:
            await self.accounts.load()
        self._socket = _listen(settings.host, settings.port, where)
        self._server = _EmbeddedServer(
            uvicorn.Config(
                self.application,
                http=PunctualHttp,
                ws="websockets-sansio",
                ws_max_size=_MOST_MESSAGE,
                ws_per_message_deflate=False,
                ws_ping_interval=settings.heartbeat_seconds,
                lifespan="off",
                log_config=None,
                log_level="warning",  # below, it writes whole addresses of WebSockets, and in those the token
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,  # the gate sends it
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._unwatch = self._control.watch(self._observe)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="softacd.web")
        started = asyncio.create_task(self._server.running.wait())
        await asyncio.wait({self._serving, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if self._serving.done():
            self._unwatch()
            self._serving.result()
            raise WebError(where, "the HTTP server ended as it began", "The log tells more; please report it.")
        if self.accounts is not None:
            self._keeping = asyncio.create_task(self._keep_sessions(self.accounts), name="softacd.web sessions")
        if not settings.token and (self.accounts is None or not self.accounts.users()):
            log.warning(
                "the API is closed: no token is configured and there are no users",
                address=where,
                remedy="set web.token_file, or `softacd users add NAME --role administrator`",
            )
        elif not ipaddress.ip_address(self.address[0]).is_loopback:
            log.warning(
                "the API is reachable from other machines without encryption",
                address=where,
                remedy="put a reverse proxy with TLS in front and listen on 127.0.0.1",
            )

    async def stop(self) -> None:
        """Close watchers with 1001, let requests in progress end (for three seconds), close the sockets."""
        self._unwatch()
        self._unwatch = _nothing
        self._feed.close()
        self._live.close()
        await self._leave_sessions()
        if self._server is None or self._serving is None:
            return
        for _ in range(_TURNS_TO_LEAVE):  # watchers say good-bye before their connections are shut
            if not self._feed.watchers and not self._live.watchers:
                break
            await asyncio.sleep(0)
        self._server.should_exit = True
        self._server.leaving.set()
        with contextlib.suppress(asyncio.CancelledError):
            await self._serving
        if self._socket is not None:
            self._socket.close()
        self._server = self._serving = None

    async def _leave_sessions(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None
        if self.accounts is not None:
            with contextlib.suppress(Exception):  # sessions then seem to have been used some seconds earlier
                await self.accounts.keep()
            self.accounts.close()


class _EmbeddedServer(uvicorn.Server):
    """uvicorn as a guest: it leaves signals alone and waits for an event instead of looking ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.running = asyncio.Event()
        self.leaving = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal."""
        yield

    async def main_loop(self) -> None:
        """Serve until told to leave."""
        self.running.set()
        await self.leaving.wait()


def _wall() -> int:
    return time.time_ns() // 1_000_000


def _accounts(users: UserStore, settings: WebServerSettings) -> Accounts:
    return Accounts(
        users,
        wall=_wall,
        clock=time.monotonic,
        idle=round(settings.session_idle_minutes * 60_000),
        lifetime=round(settings.session_hours * 3_600_000),
    )


def _nothing() -> None:
    """Stop watching what is not watched."""


def _listen(host: str, port: int, where: str) -> socket.socket:
    """A bound socket. Raises WebError with what the owner can do."""
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        raise WebError(where, f"{host!r} is not an IP address", "Set web.listen to address:port.") from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(STUCK_SECONDS * 1000))
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise WebError(where, error.strerror or str(error), _remedy(error, port)) from error
    listener.setblocking(False)
    return listener


def _remedy(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Another program (or another softacd) has port {port}: end it, or choose another port in web.listen."
    if error.errno == errno.EADDRNOTAVAIL:
        return "This machine does not have that address: set web.listen to one it has, such as 127.0.0.1:8080."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} is for the system's own: choose one above 1023 in web.listen."
    return "Check web.listen in the configuration."


def _format(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
