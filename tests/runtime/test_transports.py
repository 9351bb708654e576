"""One switch behind real sockets of every kind: phones over WebSocket, TLS, TCP and UDP on both IPs call each other."""

import asyncio
import ssl
from functools import partial
from itertools import count
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from softacd.calls.model import PhoneSettings, SwitchSettings
from softacd.calls.switch import Switch
from softacd.rtp import vocabulary as media
from softacd.runtime.addresses import Addresses
from softacd.runtime.driver import Driver
from softacd.runtime.tcp import TcpListener
from softacd.runtime.tls import ServerCertificate, client_context
from softacd.runtime.udp import UdpListener
from softacd.runtime.websocket import WebSocketListener
from softacd.sdp.description import SessionDescription
from softacd.sdp.negotiation import LocalMedia, answer, offer
from softacd.sip.digest import Credentials, ha1
from softacd.sip.events import IncomingRequest, IncomingResponse, Transmit
from softacd.sip.framing import StreamFramer
from softacd.sip.headers import NameAddress
from softacd.sip.stack import SipStack
from softacd.sip.transport import Flow, Transport, format_host
from tests.certificates import Certificates

DOMAIN = "shop.test"
KINDS = {
    "101": (Transport.WSS, "127.0.0.1"),
    "102": (Transport.TLS, "::1"),
    "103": (Transport.UDP, "::1"),
    "104": (Transport.TCP, "127.0.0.1"),
    "105": (Transport.WS, "::1"),
    "106": (Transport.UDP, "127.0.0.1"),
}
"""Extension -> how it speaks and where."""


class NoMedia:
    """A media engine that has ports and no sound, and a recorder that forgets."""

    def __init__(self) -> None:
        self._ports = [media.PortsOffered(tuple(media.Port("127.0.0.1", 20_000 + 2 * n) for n in range(60)))]

    def submit(self, commands: list[Any]) -> None:
        """Do nothing."""

    def drain(self) -> list[Any]:
        ports, self._ports = self._ports, []
        return list(ports)

    def write(self, record: object) -> None:
        """Forget."""


class House:
    """The switch and its listening points."""

    def __init__(self, certificates: Certificates) -> None:
        around = NoMedia()
        self.driver = Driver(around, around)
        pair = certificates.sign("house", "IP:127.0.0.1", "IP:::1")
        self.secure = ServerCertificate(*pair).context
        self.trust = client_context(str(certificates.authority))
        self.where: dict[tuple[Transport, str], tuple[str, int]] = {}

    async def open(self) -> None:
        driver = self.driver
        for transport, host in KINDS.values():
            addresses = Addresses(host)
            if transport is Transport.UDP:
                loop = asyncio.get_running_loop()
                udp = UdpListener(loop, (host, 0), addresses, driver.receive, driver.flush, admit=driver.admit)
                driver.udp.append(udp)
                self.where[transport, host] = udp.bound
                continue
            kind = WebSocketListener if transport in (Transport.WS, Transport.WSS) else TcpListener
            tls = self.secure if transport in (Transport.TLS, Transport.WSS) else None
            stream = kind(
                addresses, driver.receive, driver.flush, driver.flow_failed,
                admit=driver.admit, stalled=driver.stalled, server_tls=tls,
                client_tls=self.trust if transport is Transport.TLS else None,
            )  # fmt: skip
            await stream.open((host, 0))
            driver.streams.append(stream)
            self.where[transport, host] = stream.bound
        numbers = count(1)
        phones = tuple(PhoneSettings(extension=name, ha1=ha1("MD5", name, DOMAIN, "secret")) for name in KINDS)
        driver.attach(
            Switch(
                SwitchSettings(domain=DOMAIN, phones=phones), (), (), node="t", token=lambda: f"s{next(numbers)}",
                secret=b"s" * 32, jitter=lambda: 0.5, wall=lambda now: round(now * 1000),
                listening={transport: partial(driver.local, transport) for transport, _ in KINDS.values()},
                now=asyncio.get_running_loop().time(),
            )
        )  # fmt: skip


class Phone(asyncio.DatagramProtocol):
    """A stack on one kind of socket; calls that come are answered."""

    def __init__(self, house: House, name: str) -> None:
        self.name = name
        self.transport, self.host = KINDS[name]
        self.remote = house.where[self.transport, self.host]
        self.statuses: list[tuple[str, int]] = []
        self.requests: list[str] = []
        self.news = asyncio.Event()
        self._house = house
        self._stack = SipStack(token=lambda: f"{name}{next(self._numbers)}")
        self._numbers = count(1)
        self._send: Any = None
        self._local = ("", 0)
        self._socket: Any = None
        self._reader: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        host, port = self.remote
        if self.transport is Transport.UDP:
            self._socket, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: self, local_addr=(self.host, 0), remote_addr=self.remote
            )
            self._send = self._socket.sendto
            self._local = self._socket.get_extra_info("sockname")[:2]
        elif self.transport in (Transport.TCP, Transport.TLS):
            tls: ssl.SSLContext | None = self._house.trust if self.transport is Transport.TLS else None
            reader, self._socket = await asyncio.open_connection(host, port, ssl=tls)
            self._send = self._socket.write
            self._local = self._socket.get_extra_info("sockname")[:2]
            self._reader = asyncio.create_task(self._read(reader))
        else:
            scheme, tls = ("wss", self._house.trust) if self.transport is Transport.WSS else ("ws", None)
            uri = f"{scheme}://{format_host(host)}:{port}/"
            socket: ClientConnection = await connect(uri, subprotocols=[Subprotocol("sip")], ssl=tls)
            self._socket = socket
            self._send = lambda data: self._tasks.append(asyncio.create_task(socket.send(data.decode())))
            self._tasks: list[asyncio.Task[None]] = []
            self._local = socket.local_address[:2]
            self._reader = asyncio.create_task(self._listen(socket))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        framer = StreamFramer()
        while data := await reader.read(65_536):
            for message in framer.feed(data):
                self.received(message)

    async def _listen(self, socket: ClientConnection) -> None:
        async for message in socket:
            self.received(message.encode() if isinstance(message, str) else message)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr
        self.received(data)

    @property
    def flow(self) -> Flow:
        return Flow(self.transport, self._local, self.remote, 0 if self.transport is Transport.UDP else 1)

    def received(self, data: bytes) -> None:
        self._stack.receive(data, self.flow, asyncio.get_running_loop().time())
        self.settle()

    def settle(self) -> None:
        now = asyncio.get_running_loop().time()
        while (item := self._stack.poll()) is not None:
            if isinstance(item, Transmit):
                self._send(item.data)
            elif isinstance(item, IncomingRequest):
                self.requests.append(item.request.method)
                body = b""
                if item.request.method == "INVITE":
                    body = answer(SessionDescription.parse(item.request.body), self._sound()).body
                self._stack.respond(item.transaction, 200, now=now, body=body)
            elif isinstance(item, IncomingResponse):
                self.statuses.append((item.transaction.method, item.response.status))
                if item.dialog is not None and item.transaction.method == "INVITE" and item.response.status == 200:
                    self._stack.acknowledge(item.dialog, now)
                    self.dialog = item.dialog
        self.news.set()

    def _sound(self) -> LocalMedia:
        return LocalMedia(host=self.host, port=40_000, session_id=1, codecs=("PCMA", "PCMU"))

    async def until(self, what: tuple[str, int] | str) -> None:
        async with asyncio.timeout(3):
            while what not in self.statuses and what not in self.requests:
                self.news.clear()
                await self.news.wait()

    def ask(self, method: str, number: str) -> None:
        me = NameAddress.parse(f"<sip:{self.name}@{DOMAIN}>")
        host, port = self._local
        contact = f"<sip:{self.name}@{format_host(host)}:{port};transport={self.transport}>"
        options: dict[str, Any] = {
            "uri": f"sip:{number}@{DOMAIN}" if number else f"sip:{DOMAIN}",
            "flow": self.flow,
            "from_": me,
            "to": NameAddress.parse(f"<sip:{number or self.name}@{DOMAIN}>"),
            "credentials": Credentials(username=self.name, password="secret"),
            "now": asyncio.get_running_loop().time(),
            "headers": [("Contact", contact)],
        }
        if method == "INVITE":
            self._stack.invite(body=offer(self._sound()), **options)
        else:
            self._stack.request(method, **options)
        self.settle()

    def hang_up(self) -> None:
        self._stack.request_in_dialog(self.dialog, "BYE", now=asyncio.get_running_loop().time())
        self.settle()

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
        closed = self._socket.close()
        if closed is not None:
            await closed


@pytest.mark.parametrize(
    ("caller", "called"),
    [("101", "102"), ("102", "103"), ("103", "104"), ("104", "105"), ("105", "106"), ("106", "101")],
)
async def test_every_transport_calls_and_is_called(certificates: Certificates, caller: str, called: str) -> None:
    house = House(certificates)
    await house.open()
    one, other = Phone(house, caller), Phone(house, called)
    for phone in (one, other):
        await phone.connect()
        phone.ask("REGISTER", "")
        await phone.until(("REGISTER", 200))
    one.ask("INVITE", called)
    await one.until(("INVITE", 200))
    assert "INVITE" in other.requests
    one.hang_up()
    await other.until("BYE")
    assert house.driver.errors == 0
    assert house.driver.switch.guard.bans() == []
    for phone in (one, other):
        await phone.close()
    await house.driver.close()


async def test_a_browser_that_leaves_cannot_be_called_any_more(certificates: Certificates) -> None:
    house = House(certificates)
    await house.open()
    browser, caller = Phone(house, "105"), Phone(house, "106")
    for phone in (browser, caller):
        await phone.connect()
        phone.ask("REGISTER", "")
        await phone.until(("REGISTER", 200))
    await browser.close()
    async with asyncio.timeout(3):
        while house.driver.streams[-1].connections:  # noqa: ASYNC110 - a listening point tells nobody of its count
            await asyncio.sleep(0.01)
    caller.ask("INVITE", "105")
    await caller.until(("INVITE", 480))
    await caller.close()
    await house.driver.close()
