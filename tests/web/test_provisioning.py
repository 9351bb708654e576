"""Tickets and the door of phones, on a real configuration."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from softacd.ops.config import load_configuration
from softacd.ops.model import Configuration
from softacd.ops.provisioning_desk import ProvisioningDesk
from softacd.ops.provisioning_settings import ProvisioningSettings
from softacd.ops.starter import write_starter
from softacd.web import WebServer, WebServerSettings
from softacd.web.administration import ConfigurationRefusedError
from tests.web.small_switch import BEARER, NOW, TOKEN, SmallHistory, SmallSwitch

MAC = "00:15:65:AA:BB:CC"


class Shop:
    def __init__(self, directory: Path) -> None:
        write_starter(directory)
        self.path = directory
        self.now = NOW
        self.running = load_configuration(directory)
        self.set(ProvisioningSettings("https://pbx.shop.example/", server="192.0.2.10"))
        self.passwords: dict[str, str] = {}
        self.refuses = False
        self.clients: list[httpx.AsyncClient] = []
        self.restart()

    def set(self, settings: ProvisioningSettings) -> None:
        self.running = msgspec.structs.replace(self.running, provisioning=settings)

    def restart(self) -> None:
        """A new desk on the same files."""
        desk = ProvisioningDesk(self._running, lambda: self.now, self._set_password)
        self.server = WebServer(
            WebServerSettings(token=TOKEN), SmallSwitch(), SmallHistory(), version="0.1.0", provisioning=desk
        )

    async def _set_password(self, extension: str, password: str) -> None:
        if self.refuses:
            raise ConfigurationRefusedError("the disk is full", "Make room.")
        self.passwords[extension] = password

    def _running(self) -> Configuration:
        return self.running

    def phone(self, address: str = "127.0.0.1", scheme: str = "http") -> httpx.AsyncClient:
        """A client without a token, at an address."""
        transport = httpx.ASGITransport(app=self.server.application, client=(address, 4711))
        client = httpx.AsyncClient(transport=transport, base_url=f"{scheme}://pbx.shop.example")
        self.clients.append(client)
        return client

    async def issue(self, **fields: str) -> Any:
        body = {"extension": "101", "vendor": "yealink", "mac": MAC, **fields}
        async with self.phone() as client:
            answer = await client.post("/api/v1/provisioning", json=body, headers=BEARER)
        return answer.json() if answer.status_code == 201 else answer


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    for client in shop.clients:
        await client.aclose()


def place(ticket: Any) -> str:
    path = urlsplit(ticket["url"]).path
    return path if path.endswith(ticket["file"]) else path + str(ticket["file"])


async def test_a_document_is_fetched_once(shop: Shop) -> None:
    ticket = await shop.issue()
    assert ticket["url"].startswith("https://pbx.shop.example/provision/")
    assert (ticket["file"], ticket["mac"]) == ("001565aabbcc.cfg", "001565aabbcc")
    assert ticket["qr"].startswith("<svg")
    assert shop.passwords == {}, "it comes into being when it is fetched"
    async with shop.phone("198.51.100.7", "https") as phone:
        assert (await phone.get(urlsplit(ticket["url"]).path + "y000000000028.cfg")).status_code == 404
        found = await phone.get(place(ticket))
        assert (found.status_code, found.headers["cache-control"]) == (200, "no-store")
        assert f"account.1.password = {shop.passwords['101']}\n" in found.text
        assert "account.1.outbound_proxy.1.address = 192.0.2.10\n" in found.text
        assert (await phone.get(place(ticket))).status_code == 404


async def test_never_in_the_clear_and_never_without_the_ticket(shop: Shop) -> None:
    ticket = await shop.issue()
    async with shop.phone("198.51.100.7") as phone:
        assert (await phone.get(place(ticket))).status_code == 403
        assert (await phone.post(place(ticket))).status_code == 405
    async with shop.phone() as proxy:
        assert (await proxy.get("/provision/001565aabbcc.cfg")).status_code == 404
        assert (await proxy.get("/provision/guess/001565aabbcc.cfg")).status_code == 404
        assert (await proxy.get(place(ticket))).status_code == 200, "a proxy with TLS on this machine"


async def test_guessing_is_slow(shop: Shop) -> None:
    ticket = await shop.issue()
    async with shop.phone("198.51.100.7", "https") as phone:
        for number in range(10):
            assert (await phone.get(f"/provision/guess-{number}/001565aabbcc.cfg")).status_code == 404
        assert (await phone.get(place(ticket))).status_code == 429
        shop.now += 60_000
        assert (await phone.get(place(ticket))).status_code == 200


async def test_tickets_expire_are_replaced_revoked_and_outlive_a_restart(shop: Shop) -> None:
    first, second = await shop.issue(), await shop.issue(vendor="snom")
    shop.restart()
    async with shop.phone("198.51.100.7", "https") as phone:
        assert (await phone.get(place(first))).status_code == 404, "a later ticket of the phone voids it"
        [waits] = (await phone.get("/api/v1/provisioning", headers=BEARER)).json()
        assert (waits["extension"], waits["vendor"], waits["author"]) == ("101", "snom", "token")
        gone = await phone.delete("/api/v1/provisioning/101", headers=BEARER)
        assert gone.status_code == 200
        assert (await phone.delete("/api/v1/provisioning/101", headers=BEARER)).status_code == 404
        assert (await phone.get(place(second))).status_code == 404
        third = await shop.issue()
        shop.now += 24 * 3_600_000
        assert (await phone.get(place(third))).status_code == 404
    kept = (shop.path / "data/provisioning.json").stat()
    assert kept.st_mode & 0o777 == 0o600
    token = urlsplit(third["url"]).path.split("/")[2]
    assert token not in (shop.path / "data/provisioning.json").read_text()


async def test_a_softphone_reads_a_code(shop: Shop) -> None:
    ticket = await shop.issue(vendor="linphone", mac="")
    assert ticket["url"].endswith("/linphone.xml")
    async with shop.phone("198.51.100.7", "https") as phone:
        found = await phone.get(urlsplit(ticket["url"]).path)
    assert found.headers["content-type"] == "application/xml; charset=utf-8"
    assert "sip:101@softacd.internal" in found.text


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"extension": "999"}, 400, "no phone '999'"),
        ({"mac": "00:15"}, 400, "no address of a phone"),
        ({"vendor": "nokia"}, 400, "vendor"),
    ],
)
async def test_what_cannot_be_set_up(shop: Shop, fields: dict[str, str], status: int, said: str) -> None:
    answer = await shop.issue(**fields)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text


async def test_without_an_address_it_says_so(shop: Shop) -> None:
    shop.set(ProvisioningSettings())
    answer = await shop.issue()
    assert (answer.status_code, "provisioning" in answer.json()["remedy"]) == (409, True)
    async with shop.phone() as client:
        assert (await client.get("/api/v1/provisioning")).status_code == 401


async def test_a_password_that_cannot_be_set_costs_no_ticket(shop: Shop) -> None:
    ticket = await shop.issue()
    shop.refuses = True
    async with shop.phone("198.51.100.7", "https") as phone:
        assert (await phone.get(place(ticket))).status_code == 409
        shop.refuses = False
        assert (await phone.get(place(ticket))).status_code == 200
