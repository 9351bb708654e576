"""The shop's goods over HTTP, on a real base; a promise that falls due is pushed to who watches."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from softacd.crm.settings import CustomerSettings
from softacd.ops.customer_desk import CustomerDesk
from softacd.web import WebServer, WebServerSettings
from tests.web.small_switch import BEARER, NOW, TOKEN, SmallHistory, SmallSwitch

KETTLE = {"sku": "K-1", "name": "Red kettle", "alternatives": ["K-2"]}
ORDER = {"reference": "o 1", "sku": "K-1", "supplier": "Acme", "quantity": 5, "promised": "2026-11-27"}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    desk = await CustomerDesk.open(tmp_path / "customers.db", CustomerSettings(country="MD"), {"ann"}, lambda: NOW)
    server = WebServer(
        WebServerSettings(token=TOKEN),
        SmallSwitch(),
        SmallHistory(),
        version="0.1.0",
        customers=desk,
        knowledge=desk.knowledge,
    )
    transport = httpx.ASGITransport(app=server.application)
    async with httpx.AsyncClient(transport=transport, base_url="http://switch", headers=BEARER) as asked:
        assert (await asked.put("/api/v1/goods", json={"goods": [KETTLE, {"sku": "K-2", "stock": 4}]})).json()[
            "created"
        ] == 2
        yield asked
    await desk.close()


async def test_a_promise_from_the_order_to_the_call(client: httpx.AsyncClient) -> None:
    before = (await client.get("/api/v1/events")).json()["last"]
    assert (await client.put("/api/v1/supplies", json={"supplies": [ORDER]})).json()["created"] == 1
    made = await client.post("/api/v1/goods/K-1/bookmark", json={"number": "069 123 456", "agent": "ann"})
    assert (made.status_code, made.json()["number"], made.json()["arrived"]) == (201, "+37369123456", 0)
    card = (await client.get("/api/v1/goods/K-1")).json()
    assert (card["bookmarks"], card["alternatives"][0]["stock"]) == (1, 4)
    assert card["expected"][0]["supply"]["reference"] == "o 1"
    received = await client.post("/api/v1/supplies/o%201/receive", json={"day": "2026-11-28"})
    assert received.json()["goods"]["stock"] == 5
    assert (await client.post("/api/v1/supplies/o%201/receive", json={})).status_code == 409
    pushed = (await client.get("/api/v1/events", params={"since": before, "types": "bookmark"})).json()["events"]
    assert [event["data"]["agent"] for event in pushed] == ["ann"]
    (task,) = (await client.get("/api/v1/bookmarks", params={"agent": "ann", "due": True})).json()
    assert task["arrived"] == NOW
    assert (await client.post(f"/api/v1/bookmarks/{task['id']}/done")).json()["done"] == NOW
    assert (await client.get("/api/v1/bookmarks")).json() == []
    assert (await client.get("/api/v1/suppliers")).json()[0]["usual_delay_days"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v1/goods/none", None, 404),
        ("POST", "/api/v1/goods/none/bookmark", {"number": "069123456", "agent": "ann"}, 404),
        ("POST", "/api/v1/goods/K-1/bookmark", {"number": "069123456", "agent": "zoe"}, 404),
        ("POST", "/api/v1/goods/K-1/bookmark", {"number": "hello", "agent": "ann"}, 400),
        ("POST", "/api/v1/supplies/none/receive", {}, 404),
        ("POST", "/api/v1/bookmarks/7/done", None, 404),
        ("PUT", "/api/v1/goods", {"goods": [{"sku": ""}]}, 400),
        ("PUT", "/api/v1/goods", {"goods": [{"sku": "A", "stock": -1}]}, 400),
        ("PUT", "/api/v1/supplies", {"supplies": [{**ORDER, "promised": "tomorrow"}]}, 400),
    ],
)
async def test_what_is_refused(client: httpx.AsyncClient, method: str, path: str, body: object, status: int) -> None:
    assert (await client.request(method, path, json=body)).status_code == status


async def test_articles_are_found_by_words(client: httpx.AsyncClient) -> None:
    found = (await client.get("/api/v1/goods", params={"q": "KETTLE"})).json()
    assert [one["sku"] for one in found] == ["K-1"]


async def test_nobody_without_the_token(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/goods", "/api/v1/suppliers", "/api/v1/bookmarks"):
        assert (await client.get(path, headers={"Authorization": ""})).status_code == 401


async def test_every_field_is_described(client: httpx.AsyncClient) -> None:
    schemas = (await client.get("/api/v1/openapi.json")).json()["components"]["schemas"]
    for name in ("Goods", "Supply", "Expected", "Supplier", "Alternative", "Bookmark", "GoodsCard", "Received"):
        assert schemas[name]["description"], name
        for field, schema in schemas[name]["properties"].items():
            assert schema.get("description"), f"{name}.{field}"
