"""Customers and the blacklist over HTTP, on a real customer base."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from softacd.crm.settings import CustomerSettings
from softacd.ops.customer_desk import CustomerDesk
from softacd.web import WebServer, WebServerSettings
from tests.web.small_switch import BEARER, NOW, TOKEN, SmallHistory, SmallSwitch

ANN = {"numbers": ["069 123 456"], "name": "Ann", "category": "vip"}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    desk = await CustomerDesk.open(tmp_path / "customers.db", CustomerSettings(country="MD"), set(), lambda: NOW)
    server = WebServer(WebServerSettings(token=TOKEN), SmallSwitch(), SmallHistory(), version="0.1.0", customers=desk)
    transport = httpx.ASGITransport(app=server.application)
    async with httpx.AsyncClient(transport=transport, base_url="http://switch", headers=BEARER) as asked:
        yield asked
    await desk.close()


async def test_put_find_and_page(client: httpx.AsyncClient) -> None:
    put = await client.put("/api/v1/customers", json={"customers": [ANN, {"numbers": ["1"]}]})
    body = put.json()
    assert (put.status_code, body["created"], body["updated"], body["unchanged"]) == (200, 1, 0, 0)
    assert [(problem["row"], problem["field"]) for problem in body["problems"]] == [(1, "numbers")]
    assert (await client.put("/api/v1/customers", json={"customers": [ANN]})).json()["unchanged"] == 1
    found = (await client.get("/api/v1/customers/%2B37369123456")).json()
    assert (found["number"], found["customer"]["name"], found["block"]) == ("+37369123456", "Ann", None)
    page = (await client.get("/api/v1/customers", params={"limit": 1})).json()
    assert [customer["numbers"] for customer in page["customers"]] == [["+37369123456"]]
    assert (await client.get("/api/v1/customers", params={"after": page["next"]})).json() == {
        "customers": [],
        "next": None,
    }


async def test_block_and_unblock(client: httpx.AsyncClient) -> None:
    blocked = await client.put("/api/v1/blocked/069000000", json={"reason": "rude"})
    assert blocked.json() == {"number": "+37369000000", "until": 0, "reason": "rude", "since": NOW}
    assert (await client.get("/api/v1/blocked")).json() == [blocked.json()]
    assert (await client.delete("/api/v1/blocked/069000000")).json() == blocked.json()
    assert (await client.delete("/api/v1/blocked/069000000")).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"customers": [{"name": "Ann"}]}, 400),
        ({"customers": [{"numbers": ["1"], "nam": "Ann"}]}, 400),
        ({"customers": [ANN] * 1001}, 400),
        ({"customers": [{**ANN, "notes": "x" * 10_000}] * 120}, 413),
    ],
)
async def test_what_is_not_taken(client: httpx.AsyncClient, body: object, status: int) -> None:
    answer = await client.put("/api/v1/customers", json=body)
    assert answer.status_code == status
    assert (await client.get("/api/v1/customers")).json()["customers"] == []


async def test_what_is_no_number_is_refused_with_a_remedy(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/customers/hello")
    assert answer.status_code == 400
    assert "dialled in MD" in answer.json()["remedy"]


async def test_nobody_without_the_token(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/customers", "/api/v1/blocked", "/api/v1/customers/1"):
        assert (await client.get(path, headers={"Authorization": ""})).status_code == 401


async def test_every_field_is_described(client: httpx.AsyncClient) -> None:
    schemas = (await client.get("/api/v1/openapi.json")).json()["components"]["schemas"]
    for name in (
        "Customer",
        "Block",
        "Found",
        "PutReport",
        "FieldProblem",
        "CustomerPage",
        "PutRequest",
        "BlockRequest",
    ):
        assert schemas[name]["description"], name
        for field, schema in schemas[name]["properties"].items():
            assert schema.get("description"), f"{name}.{field}"
