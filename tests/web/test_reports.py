"""Reports over HTTP, on a real store."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import openpyxl
import pytest

from softacd.acd.model import AgentSettings, QueueSettings, TierSettings
from softacd.calls.missed import MissedSettings
from softacd.calls.records import AgentEvent, CallRecord, Direction, Outcome, Segment
from softacd.ops.model import Configuration, ServerSettings
from softacd.ops.report_desk import ReportDesk
from softacd.store import Store
from softacd.web import WebServer, WebServerSettings
from tests.store.shop import MORNING
from tests.web.small_switch import BEARER, TOKEN, SmallHistory, SmallSwitch
from tests.web.test_description import conform, operations

CONFIGURATION = Configuration(
    server=ServerSettings(time_zone="Europe/Chisinau"),
    missed=MissedSettings(value=100.0, currency="MDL"),
    agents=(AgentSettings("ann", "101"),),
    queues=(QueueSettings("sales", tiers=(TierSettings("ann"),), missed_value=350.0),),
)
MONTH = {"first": "2026-06-01", "last": "2026-06-30"}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """11:00 in Chisinau: one call answered, one lost, another of the evening before."""
    store = await Store.open(f"sqlite:///{tmp_path / 'softacd.db'}", node="n1", wall=lambda: MORNING + 3_600_000)
    for record in (
        _call("n1-1", MORNING, connected=MORNING + 8_000, wait_ms=8_000, talk_ms=60_000, outcome=Outcome.ANSWERED),
        _call("n1-2", MORNING + 60_000, wait_ms=31_000, outcome=Outcome.ABANDONED, caller="+37369123456"),
        _call("n1-0", MORNING - 12 * 3_600_000, outcome=Outcome.ABANDONED, queue="", caller="+37322765432"),
        Segment("n1-1", 1, "agent:ann", "ann", MORNING + 8_000, MORNING + 68_000, 60_000, 0, "caller"),
        AgentEvent("ann", MORNING - 600_000, "available", "idle"),
        AgentEvent("ann", MORNING + 1_800_000, "break", "idle", "=doctor"),
    ):
        store.write(record)
    desk = ReportDesk(store, lambda: CONFIGURATION, lambda: MORNING + 3_600_000)
    server = WebServer(WebServerSettings(token=TOKEN), SmallSwitch(), SmallHistory(), version="0.1.0", reports=desk)
    transport = httpx.ASGITransport(app=server.application)
    async with httpx.AsyncClient(transport=transport, base_url="http://switch", headers=BEARER) as asked:
        yield asked
    await store.close()


def _call(name: str, started: int, queue: str = "sales", caller: str = "+40721000000", **fields: object) -> CallRecord:
    return CallRecord(
        name, Direction.INCOMING, started, caller, "+37322000111", trunk="alpha", queue=queue, ended=started + 90_000,
        **fields,  # type: ignore[arg-type] # fields of the record
    )  # fmt: skip


async def test_today_by_queue(client: httpx.AsyncClient) -> None:
    body = (await client.get("/api/v1/reports/queue")).json()
    assert (body["first"], body["last"], body["time_zone"], body["currency"]) == (
        "2026-06-01", "2026-06-01", "Europe/Chisinau", "MDL",
    )  # fmt: skip
    [sales] = body["rows"]
    assert (sales["name"], sales["offered"], sales["answered"], sales["abandoned"]) == ("sales", 2, 1, 1)
    assert (sales["within_target"], sales["service_level"], sales["lost_callers"]) == (1, 0.5, 1)
    assert (sales["wait_mean_s"], sales["wait_p90_s"], sales["missed_money"]) == (19.5, 31.0, 350.0)
    assert body["total"] == {**sales, "name": ""}


async def test_hours_are_the_shops(client: httpx.AsyncClient) -> None:
    body = (await client.get("/api/v1/reports/hour", params={"first": "2026-05-31", "last": "2026-06-01"})).json()
    assert [(row["name"], row["offered"]) for row in body["rows"]] == [("11", 2), ("23", 1)]
    body = (await client.get("/api/v1/reports/day", params={"first": "2026-05-01"})).json()
    assert [(row["name"], row["offered"], row["missed_money"]) for row in body["rows"]] == [
        ("2026-05-31", 1, 100.0), ("2026-06-01", 2, 350.0),
    ]  # fmt: skip


async def test_agents_and_their_statuses(client: httpx.AsyncClient) -> None:
    [ann] = (await client.get("/api/v1/reports/agent")).json()["rows"]
    assert (ann["name"], ann["conversations"], ann["talk_s"], ann["paused_s"]) == ("ann", 1, 60.0, 1800.0)
    rows = (await client.get("/api/v1/reports/status")).json()["rows"]
    assert [(row["status"], row["reason"], row["seconds"]) for row in rows] == [
        ("available", "", 2400.0), ("break", "=doctor", 1800.0),
    ]  # fmt: skip


async def test_files(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/reports/status/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="softacd-status-2026-06-01-2026-06-01.csv"' in answer.headers["content-disposition"]
    assert answer.text.split("\r\n") == [
        "agent,status,reason,seconds,times",
        "ann,available,,2400.0,1",
        "ann,break,'=doctor,1800.0,1",
        "",
    ]
    answer = await client.get("/api/v1/reports/queue/xlsx", params=MONTH)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert sheet["A1"].value == "Calls by queue, 2026-06-01 to 2026-06-30 (Europe/Chisinau)"
    assert [sheet.cell(3, column).value for column in (1, 2, 7, 17)] == [
        "Queue", "Offered", "Service level", "Missed money, MDL",
    ]  # fmt: skip
    assert [sheet.cell(4, column).value for column in (1, 2, 7, 17)] == ["sales", 2, 0.5, 350]
    assert [sheet.cell(5, column).value for column in (1, 2)] == ["Total", 2]
    assert sheet.cell(4, 7).number_format == "0.0%"
    for kind in ("hour", "day", "topic", "trunk", "number", "agent", "status"):
        answer = await client.get(f"/api/v1/reports/{kind}/xlsx", params=MONTH)
        assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames == [kind]


@pytest.mark.parametrize(
    ("path", "query", "said"),
    [
        ("weather", {}, "kind"),
        ("weather/csv", {}, "kind"),
        ("queue", {"first": "2026-06-02", "last": "2026-06-01"}, "ends before"),
        ("queue", {"first": "2020-06-02", "last": "2026-06-01"}, "more than 800 days"),
        ("agent", {"first": "0001-01-01", "last": "0001-01-02"}, "no period"),
        ("queue", {"first": "yesterday"}, "first"),
    ],
)
async def test_what_cannot_be_reported_is_told(
    client: httpx.AsyncClient, path: str, query: dict[str, str], said: str
) -> None:
    answer = await client.get(f"/api/v1/reports/{path}", params=query)
    assert (answer.status_code, said in answer.json()["detail"]) == (400, True), answer.text


async def test_reports_are_described_and_answer_so(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/v1/openapi.json")).json()
    schemas = document["components"]["schemas"]
    for name in ("CallReport", "CallFigures", "AgentReport", "AgentFigures", "StatusReport", "StatusTime"):
        for field, property_ in schemas[name]["properties"].items():
            assert property_.get("description"), f"{name}.{field}"
    paths = {path for path, _, _ in operations(document) if "/reports/" in path}
    assert paths == {f"/api/v1/reports/{end}" for end in ("{kind}", "agent", "status", "{kind}/csv", "{kind}/xlsx")}
    for path in ("/api/v1/reports/{kind}", "/api/v1/reports/agent", "/api/v1/reports/status"):
        answer = await client.get(path.format(kind="trunk"), params=MONTH)
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        conform(answer.json(), schema, schemas, path)
    files = document["paths"]["/api/v1/reports/{kind}/csv"]["get"]["responses"]["200"]["content"]
    assert list(files) == ["text/csv"]
