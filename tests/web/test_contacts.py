"""Topics of calls and the history of a customer over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from softacd.calls.customers import Customer
from softacd.calls.records import Direction, Outcome, Segment, TopicChosen
from softacd.crm.settings import CustomerSettings
from softacd.ops.customer_desk import CustomerDesk
from softacd.store import Store
from softacd.web import WebServer, WebServerSettings
from tests.web.small_switch import BEARER, NOW, TOKEN, Running, SmallSwitch, Story, a_record

ANN = "+37369123456"
ANNS_OFFICE = "+37322123456"


async def test_the_topic_of_a_call_that_lives_and_of_one_that_is_over(running: Running) -> None:
    running.history.stories = [Story(a_record("n1-3", queue="sales", agent="bob"))]
    for call, body, agent in (
        ("n1-7", {"topic": "invoice"}, "ann"),
        ("n1-3", {"topic": "delivery"}, "bob"),
        ("n1-3", {"topic": "delivery", "agent": "ann"}, "ann"),
    ):
        answer = await running.client.post(f"/api/v1/calls/{call}/topic", json=body, headers=BEARER)
        assert (answer.status_code, answer.json()) == (200, {"call": call, "topic": body["topic"], "agent": agent})
    assert running.switch.topics == [
        ("n1-7", "sales", "invoice", "ann"), ("n1-3", "sales", "delivery", "bob"), ("n1-3", "sales", "delivery", "ann"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [
        ("none", {"topic": "invoice"}, 404),
        ("n1-7", {"topic": "weather"}, 409),
        ("n1-7", {"topic": ""}, 400),
        ("n1-7", {}, 400),
    ],
)
async def test_what_is_refused(running: Running, call: str, body: dict[str, str], status: int) -> None:
    answer = await running.client.post(f"/api/v1/calls/{call}/topic", json=body, headers=BEARER)
    assert answer.status_code == status
    assert running.switch.topics == []


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Ann, with two numbers and three calls; a colleague's call and a stranger's."""
    desk = await CustomerDesk.open(tmp_path / "customers.db", CustomerSettings(country="MD"), set(), lambda: NOW)
    await desk.put([Customer(numbers=(ANN, ANNS_OFFICE), name="Ann")])
    store = await Store.open(f"sqlite:///{tmp_path}/softacd.db", node="n1", wall=lambda: NOW)
    talked = {"ended": NOW + 9, "connected": NOW, "outcome": Outcome.ANSWERED}
    store.write(a_record("n1-1", NOW + 1, "069123456", queue="sales", agent="bob", talk_ms=7, **talked))
    store.write(Segment("n1-1", 1, "agent:ann", "ann", NOW, NOW, 3, 0, "transfer"))
    store.write(Segment("n1-1", 2, "agent:bob", "bob", NOW, NOW, 4, 0, "caller"))
    store.write(TopicChosen("n1-1", NOW + 20, "invoice", "bob"))
    store.write(a_record("n1-2", NOW + 2, ANNS_OFFICE, queue="sales", wait_ms=5, ended=NOW + 9,
                         outcome=Outcome.ABANDONED))  # fmt: skip
    outgoing = a_record("n1-3", NOW + 3, "101", **talked)
    outgoing.direction, outgoing.called = Direction.OUTGOING, "069123456"
    store.write(outgoing)
    store.write(a_record("n1-4", NOW + 4, "+40721000000", **talked))
    server = WebServer(WebServerSettings(token=TOKEN), SmallSwitch(), store, version="0.1.0", customers=desk)
    transport = httpx.ASGITransport(app=server.application)
    async with httpx.AsyncClient(transport=transport, base_url="http://switch", headers=BEARER) as asked:
        yield asked
    await store.close()
    await desk.close()


async def test_the_history_of_a_customer_by_any_number(client: httpx.AsyncClient) -> None:
    body = (await client.get("/api/v1/customers/022123456/contacts")).json()
    assert (set(body["numbers"]), body["next"]) == ({ANN, ANNS_OFFICE}, None)
    told = ("call", "topic", "agents", "outcome", "direction")
    assert [tuple(one[name] for name in told) for one in body["contacts"]] == [
        ("n1-3", "", [], "answered", "outgoing"),
        ("n1-2", "", [], "abandoned", "incoming"),
        ("n1-1", "invoice", ["ann", "bob"], "answered", "incoming"),
    ]  # fmt: skip
    first = (await client.get("/api/v1/customers/022123456/contacts", params={"limit": 2})).json()
    rest = (await client.get("/api/v1/customers/022123456/contacts", params={"before": first["next"]})).json()
    assert [one["call"] for one in first["contacts"] + rest["contacts"]] == ["n1-3", "n1-2", "n1-1"]


async def test_of_a_stranger(client: httpx.AsyncClient) -> None:
    body = (await client.get("/api/v1/customers/%2B40721000000/contacts")).json()
    assert ([one["call"] for one in body["contacts"]], body["numbers"]) == (["n1-4"], ["+40721000000"])
    assert (await client.get("/api/v1/customers/hello/contacts")).status_code == 400
