# ruff: noqa: E501 - rows of tables
"""A shop on an ordinary morning, as the console is told of it: what the API answers, without a switch behind it.

Every answer is made of the API's own records, so a field that is renamed there is missed here too.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from playwright.async_api import Browser, BrowserContext, Page, Route, WebSocketRoute

from softacd.calls.customers import Block, Customer, Found
from softacd.calls.goods import (
    Alternative,
    Bookmark,
    Expected,
    Goods,
    GoodsCard,
    Supplier,
    Supply,
)
from softacd.calls.missed import MissedCaller
from softacd.calls.records import CallEvent, CallRecord, Direction, LegRecord, Outcome, TraceRow
from softacd.calls.reports import AgentFigures, AgentReport, CallFigures, CallReport, ReportKind
from softacd.calls.views import (
    AgentView,
    BanView,
    CallView,
    HoursView,
    HouseView,
    LegView,
    PhoneView,
    QueueView,
    Snapshot,
    TrunkView,
)
from softacd.web.calls import CallPage, CallStoryAnswer
from softacd.web.contacts import Contact, ContactPage
from softacd.web.missed import MissedList

DESK = Path(__file__).parents[2] / "softacd/web/static/desk"
NOW = 1_790_072_640_000
S = 1000
KINDS = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self' ws://desk.test; media-src 'self' blob:; worker-src 'self'; base-uri 'none'; form-action 'none'"
)
ORIGIN = "http://desk.test"


def _agent(name: str, shown: str, phone: str, status: str, state: str, ago: int, call: str = "", n: int = 0, reason: str = "") -> AgentView:  # fmt: skip
    return AgentView(name, shown, phone, status, state, reason, NOW - ago * S, status != "logged-out", call, n)


AGENTS = (
    _agent("ann", "Ana Munteanu", "101", "available", "talking", 74, "n1-41", 14),
    _agent("bob", "Борис Ковальчук", "102", "available", "idle", 35, n=9),
    _agent("carol", "Carolina Rusu", "103", "available", "wrap-up", 12, n=17),
    _agent("dan", "Дмитро Шевченко", "104", "available", "talking", 305, "n1-39", 11),
    _agent("eve", "Eva Popescu", "105", "lunch", "idle", 1260, n=8),
    _agent("finn", "Фёдор Иванов", "106", "available", "ringing", 4, "n1-43", 6),
    _agent("gus", "Gheorghe Ceban", "107", "not-ready", "idle", 420, n=5, reason="depozit"),
    _agent("hana", "Ганна Бондар", "108", "logged-out", "idle", 30_000),
)
QUEUES = (
    QueueView(
        "sales", "601", 3, 96.0, 1, 3, 5, 148, 131, 9, 0.86, 48.0, topics=("price", "stock", "delivery", "other")
    ),
    QueueView("service", "602", 0, 0.0, 1, 1, 3, 64, 61, 2, 0.93, 12.0, topics=("warranty", "repair")),
    QueueView("accounts", "603", 1, 14.0, 0, 1, 1, 22, 18, 3, 0.71, 120.0),
)
LEGS = (
    LegView("trunk:alpha", "PCMA", 4.3, 4.2, 3, 2.1, 24.0, ""),
    LegView("phone:101", "PCMA", 4.4, 4.4, 0, 0.8, 6.0, ""),
)
CALLS = (
    CallView("n1-39", "incoming", "+37379555013", "+37322000111", "alpha", "talking", NOW - 305 * S, "service", 0, None, "dan", NOW - 330 * S, legs=LEGS),
    CallView("n1-40", "incoming", "+37368112233", "+37322000111", "alpha", "queue", NOW - 96 * S, "sales", 1, 20.0, "", NOW - 110 * S, "Mihai Donici"),
    CallView("n1-41", "incoming", "+37369123456", "+37322000111", "alpha", "talking", NOW - 74 * S, "sales", 0, None, "ann", NOW - 99 * S, "Ирина Петренко", "VIP", "7", "", LEGS),
    CallView("n1-42", "incoming", "+37360777888", "+37322000111", "beta", "menu", NOW - 9 * S, "", 0, None, "", NOW - 9 * S),
    CallView("n1-43", "incoming", "+37378901234", "+37322000111", "alpha", "ringing", NOW - 4 * S, "sales", 0, None, "finn", NOW - 30 * S, "Servicii Auto SRL"),
)  # fmt: skip
TRUNKS = (
    TrunkView("moldtelecom", "registered", NOW, "", True, 12.5, 4, NOW, 0),
    TrunkView("orange", "backing-off", NOW - 340 * S, "503 from the carrier", False, None, 0, 0, 3),
)
PHONES = (
    *(
        PhoneView(
            agent.phone, agent.display_name, ("sip:x@127.0.0.1",) if agent.reachable else (), int(bool(agent.call))
        )
        for agent in AGENTS
    ),
    PhoneView("201", "Director", ("sip:201@127.0.0.1",), 0),
)
HOUSE = HouseView(
    False, (HoursView("office", True, "", False, 0), HoursView("warehouse", False, "", False, NOW + 50_000 * S))
)


def _record(name: str, ago: int, outcome: Outcome, **fields: Any) -> CallRecord:
    caller = fields.pop("caller", "+37369123456")
    fields = {"trunk": "alpha", "queue": "sales", "called": "+37322000111", **fields}
    return CallRecord(
        name, fields.pop("direction", Direction.INCOMING), NOW - ago * S, caller, outcome=outcome, **fields
    )


RECORDS = [
    _record("n1-41", 99, Outcome.OPEN, agent="ann", wait_ms=21_000, queued=NOW - 95 * S, connected=NOW - 74 * S, answered=NOW - 99 * S, keys="12", caller_name="Ирина Петренко", category="VIP", customer="7"),
    _record("n1-38", 900, Outcome.ANSWERED, agent="ann", wait_ms=8_000, talk_ms=312_000, hold_ms=24_000, topic="delivery", ended=NOW - 560 * S, ended_by="caller", caller="+37379555013"),
    _record("n1-37", 1900, Outcome.ABANDONED, wait_ms=95_000, ended=NOW - 1800 * S, ended_by="caller", caller="+37368112233", caller_name="Mihai Donici"),
    _record("n1-36", 2600, Outcome.ANSWERED, direction=Direction.OUTGOING, caller="101", called="+37360777888", agent="ann", queue="", talk_ms=65_000, ended=NOW - 2500 * S, ended_by="called"),
    _record("n1-35", 4100, Outcome.BUSY, direction=Direction.INTERNAL, caller="101", called="104", agent="ann", queue="", ended=NOW - 4090 * S, ended_by="switch"),
    _record("n1-34", 5200, Outcome.MISSED, queue="", caller="+37378000999", ended=NOW - 5180 * S, ended_by="caller"),
]  # fmt: skip
EVENTS = [
    CallEvent("n1-41", NOW - 99 * S, "flow", "main"),
    CallEvent("n1-41", NOW - 99 * S, "step", "greeting: say prompts/ro/welcome"),
    CallEvent("n1-41", NOW - 97 * S, "step", "menu"),
    CallEvent("n1-41", NOW - 96 * S, "key", "1"),
    CallEvent("n1-41", NOW - 95 * S, "hours", "office: open"),
    CallEvent("n1-41", NOW - 95 * S, "queue-joined", "sales"),
    CallEvent("n1-41", NOW - 80 * S, "offered", "ann"),
    CallEvent("n1-41", NOW - 80 * S, "why", "place 1: ann: idle 412 s, level 1, knows the caller | bob: in wrap-up for 12 s more; carol: talking"),
    CallEvent("n1-41", NOW - 79 * S, "ring", "101"),
    CallEvent("n1-41", NOW - 74 * S, "connected", "ann"),
]  # fmt: skip
TRACE = [
    TraceRow("n1-41", NOW - 99_000 + at, sent, party, line)
    for at, sent, party, line in (
        (0, False, "trunk:alpha", "INVITE"),
        (2, True, "trunk:alpha", "100 Trying"),
        (9, True, "trunk:alpha", "200 OK"),
        (31, False, "trunk:alpha", "ACK"),
        (19_000, True, "phone:101", "INVITE"),
        (19_020, False, "phone:101", "180 Ringing"),
        (25_000, False, "phone:101", "200 OK"),
        (25_001, True, "phone:101", "ACK"),
        (25_400, True, "phone:102", "CANCEL"),
        (25_410, False, "phone:102", "487 Request Terminated"),
    )
]
LEG_RECORDS = [
    LegRecord("n1-41-1", "n1-41", "trunk:alpha", "+37369123456", False, NOW - 99 * S, codec="PCMA", packets_lost=3, jitter_ms=2.1, round_trip_ms=24, mos=4.3, remote_mos=4.1),
    LegRecord("n1-41-2", "n1-41", "phone:101", "101", True, NOW - 80 * S, codec="PCMA", packets_lost=210, jitter_ms=31.4, round_trip_ms=180, mos=3.1, remote_mos=3.6, fault="stopped sending audio"),
]  # fmt: skip
CUSTOMER = Customer(
    numbers=("+37369123456", "+37322445566"),
    name="Ирина Петренко",
    external_id="1C-0007",
    category="VIP",
    manager="ann",
    language="ru",
    notes="Доставка только после 18:00.\nСкидка 7 % до конца года.",
    id=7,
    updated=NOW,
)
CONTACTS = ContactPage(
    CUSTOMER.numbers,
    [
        Contact("n1-38", NOW - 90_000 * S, Direction.INCOMING, "+37369123456", "sales", "delivery", ("ann",), Outcome.ANSWERED, 8000, 312_000),
        Contact("n1-30", NOW - 400_000 * S, Direction.OUTGOING, "+37369123456", "", "", ("bob", "ann"), Outcome.ANSWERED, 0, 65_000),
        Contact("n1-29", NOW - 900_000 * S, Direction.INCOMING, "+37322445566", "sales", "", (), Outcome.ABANDONED, 95_000, 0),
    ],
    None,
)  # fmt: skip
MISSED = MissedList(
    [
        MissedCaller("+37368112233", "Mihai Donici", "", "", 3, NOW - 5000 * S, NOW - 1900 * S, 95_000, "sales", "ann", True, ("n1-37",), ("sales",), 450.0),
        MissedCaller("+37378000999", "", "", "", 1, NOW - 5200 * S, NOW - 5200 * S, 12_000, "", "", False, ("n1-34",), ("",), 200.0),
        MissedCaller("+37360123123", "ТОВ «Світанок»", "wholesale", "9", 1, NOW - 9000 * S, NOW - 9000 * S, 61_000, "sales", "bob", False, ("n1-33",), ("sales",), 450.0),
    ],
    1100.0,
    "MDL",
)  # fmt: skip
GOODS = [
    Goods(sku="SH-120", name="Șurubelniță cu acumulator 12 V", stock=14),
    Goods(sku="SH-180", name="Шуруповёрт аккумуляторный 18 В", stock=0, buyer_comment="Берут мастера.", alternatives=("SH-120",)),
]  # fmt: skip
GOODS_CARD = GoodsCard(
    GOODS[1],
    (Expected(Supply(reference="PO-81", sku="SH-180", supplier="Bosch Kyiv", quantity=20, promised="2026-12-01"), "2026-12-03", "2026-12-09"),),
    (Supplier("Bosch Kyiv", 31, 2, 8, 0.58),),
    (Alternative("SH-120", GOODS[0].name, 14),),
    2,
)  # fmt: skip
BOOKMARKS = [Bookmark(4, "SH-180", "+37369123456", "ann", "", NOW - 90_000 * S, NOW - 500 * S, 0)]
FIGURES = [
    CallFigures(
        name, *counts, level, mean, mean * 2, mean * 6, mean * 0.8, 40_000.0, 900.0, 6000.0, 341.0, lost, lost * 450.0
    )
    for name, counts, level, mean, lost in (
        ("2026-09-16", (148, 131, 9, 8, 112), 0.86, 21.0, 4),
        ("2026-09-17", (201, 172, 21, 8, 140), 0.74, 34.0, 11),
        ("2026-09-18", (187, 170, 12, 5, 151), 0.81, 26.0, 6),
        ("2026-09-19", (92, 90, 1, 1, 88), 0.96, 9.0, 0),
        ("2026-09-20", (12, 4, 8, 0, 2), 0.2, 80.0, 7),
        ("2026-09-21", (176, 160, 10, 6, 139), 0.83, 24.0, 5),
        ("2026-09-22", (84, 77, 5, 2, 66), 0.85, 22.0, 3),
    )
]
REPORT = CallReport(
    ReportKind.DAY, date(2026, 9, 16), date(2026, 9, 22), "Europe/Chisinau", "", "MDL", FIGURES,
    CallFigures("", 900, 804, 66, 30, 698, 0.81, 25.0, 61.0, 480.0, 19.0, 280_000.0, 6300.0, 42_000.0, 341.0, 36, 16_200.0),
)  # fmt: skip
AGENT_FIGURES = [
    AgentFigures(
        "ann", 160, 140, 40_000.0, 1200.0, 7000.0, 341.0, 900.0, 20_000.0, 2400.0, 71_000.0, 9000.0, 80_000.0, 0.71
    ),
    AgentFigures(
        "bob", 130, 101, 31_000.0, 400.0, 5000.0, 360.0, 0.0, 33_000.0, 2000.0, 71_000.0, 5000.0, 76_000.0, 0.51
    ),
]
AGENT_REPORT = AgentReport(
    REPORT.first, REPORT.last, "Europe/Chisinau", AGENT_FIGURES,
    AgentFigures("", 290, 241, 71_000.0, 1600.0, 12_000.0, 350.0, 900.0, 53_000.0, 4400.0, 142_000.0, 14_000.0, 156_000.0, 0.61),
)  # fmt: skip
STORY = CallStoryAnswer(CALLS[2], RECORDS[0], LEG_RECORDS, [], EVENTS, TRACE)
# fmt: off
USERS = [
    {"name": "admin", "role": "administrator", "agent": "", "language": "ro", "second_factor": True, "created": NOW, "changed": NOW},
    {"name": "ana", "role": "agent", "agent": "ann", "language": "ro", "second_factor": False, "created": NOW, "changed": NOW - 90_000 * S},
    {"name": "sergiu", "role": "supervisor", "agent": "", "language": "ru", "second_factor": False, "created": NOW, "changed": NOW},
]
AUDIT = [
    {"at": NOW - 60 * S, "user": "sergiu", "role": "supervisor", "source": "192.0.2.7", "act": "POST /api/v1/calls/{call}/monitor", "target": "/api/v1/calls/n1-41/monitor", "status": 202, "detail": '{"phone":"201","mode":"listen"}'},
    {"at": NOW - 900 * S, "user": "ana", "role": "agent", "source": "192.0.2.9", "act": "PUT /api/v1/agents/{name}/status", "target": "/api/v1/agents/bob/status", "status": 403, "detail": "this is another agent's; only a supervisor may do this"},
    {"at": NOW - 5000 * S, "user": "admin", "role": "", "source": "192.0.2.7", "act": "sign-in", "target": "admin", "status": 401, "detail": "name or password is wrong"},
]


def _field(key: str, meaning: str, kind: str, default: Any, **more: Any) -> dict[str, Any]:
    return {"key": key, "meaning": meaning, "type": kind, "default": default, "required": False, "choices": [], "secret": False, "restart": "", **more}


CONFIGURATION = {
    "version": "5f2c",
    "running": True,
    "sections": [
        {"section": "server", "meaning": "The program itself.", "named": False, "editable": False, "fields": [_field("node", "Name of this node.", "text", "n1")], "entries": [{"name": "", "file": "softacd.toml", "line": 1, "values": {"node": "n1"}, "secrets": []}]},
        {
            "section": "queues", "meaning": "Callers who wait for one of several agents.", "named": True, "editable": True,
            "fields": [
                _field("number", "Extension that leads here.", "text", ""),
                _field("agents", "Who takes its calls.", "list of text", []),
                _field("strategy", "Whose phone rings.", "one of", "longest-idle", choices=["longest-idle", "ring-all", "round-robin"]),
                _field("wrap_up_seconds", "Time for the paperwork.", "a number from 0 to 3600", 30),
            ],
            "entries": [
                {"name": "sales", "file": "queues.toml", "line": 3, "values": {"number": "601", "agents": ["ann", "bob"], "wrap_up_seconds": 20}, "secrets": []},
                {"name": "service", "file": "queues.toml", "line": 12, "values": {"number": "602", "agents": ["dan"]}, "secrets": []},
            ],
        },
    ],
}
VERSIONS = [
    {"number": 3, "version": "5f2c", "at": NOW - 3000 * S, "author": "admin", "comment": "Two more agents before the holidays", "files": ["queues.toml"]},
    {"number": 2, "version": "11aa", "at": NOW - 90_000 * S, "author": "file", "comment": "", "files": ["softacd.toml"]},
]
# fmt: on
BLOCKED = [Block("+37360000666", 0, "abuse", NOW - 90_000 * S)]
BANS = [BanView("192.0.2.66", NOW - 5 * S, NOW + 55 * S, 55.0, 1, "credentials")]
SESSIONS = {
    "agent": {"name": "ana", "role": "agent", "agent": "ann"},
    "supervisor": {"name": "sergiu", "role": "supervisor", "agent": None},
    "administrator": {"name": "admin", "role": "administrator", "agent": None},
}


class Scene:
    """What the API answers while one page is looked at. `answers` may be changed by a test."""

    def __init__(self, role: str | None, *, agents: tuple[AgentView, ...] = AGENTS) -> None:
        self.role = role
        self.reachable = True
        self.tokens: set[str | None] = set()
        self.sent: list[tuple[str, str, Any]] = []
        """What the page asked to be changed: method, path, body."""
        self.snapshot = Snapshot(NOW, TRUNKS, PHONES, QUEUES, agents, CALLS, "MDL", 200.0)
        self.answers: dict[str, Any] = {
            "/agents": agents,
            "/queues": QUEUES,
            "/calls": CallPage((), RECORDS, None),
            "/calls/n1-41": STORY,
            "/customers/+37369123456": Found("+37369123456", CUSTOMER, None),
            "/customers/+37369123456/contacts": CONTACTS,
            "/missed": MISSED,
            "/goods": GOODS,
            "/goods/SH-180": GOODS_CARD,
            "/bookmarks": BOOKMARKS,
            "/users": USERS,
            "/audit": {"entries": AUDIT, "next": None},
            "/configuration": CONFIGURATION,
            "/configuration/versions": VERSIONS,
            "/blocked": BLOCKED,
            "/bans": BANS,
            "/reports/day": REPORT,
            "/reports/agent": AGENT_REPORT,
            "/reports/queue": msgspec.structs.replace(
                REPORT,
                kind=ReportKind.QUEUE,
                rows=[
                    msgspec.structs.replace(one, name=name)
                    for one, name in zip(FIGURES, ("sales", "service", "accounts"), strict=False)
                ],
            ),
            "/house": HOUSE,
            "/recordings": {"recordings": [], "next": None},
        }
        self.sockets: list[WebSocketRoute] = []

    async def open(self, browser: Browser, *, place: str = "", language: str = "en", theme: str = "light", size: tuple[int, int] = (1366, 768)) -> Page:  # fmt: skip
        """A page of a browser of its own that has the console's files and these answers."""
        context: BrowserContext = await browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale=language, reduced_motion="reduce"
        )
        await context.add_init_script(
            f"localStorage.setItem('language', '{language}'); localStorage.setItem('theme', '{theme}');"
            "localStorage.setItem('phone', 'desk')"
        )
        page = await context.new_page()
        await page.clock.set_fixed_time(NOW / 1000)
        await page.route(f"{ORIGIN}/**", self._serve)
        await page.route_web_socket(lambda address: "/api/v1/live" in address, self._live)
        await page.goto(f"{ORIGIN}/{place}")
        return page

    async def _live(self, socket: WebSocketRoute) -> None:
        if not self.reachable:
            await socket.close()
            return
        self.sockets.append(socket)
        data = msgspec.to_builtins(self.snapshot) | {"house": msgspec.to_builtins(HOUSE)}
        socket.send(json.dumps({"type": "snapshot", "seq": 1, "at": NOW, "data": data}))

    async def _serve(self, route: Route) -> None:
        address = urlsplit(route.request.url)
        path = unquote(address.path)
        if not path.startswith("/api/v1/"):
            file = DESK / (path.lstrip("/") or "index.html")
            headers = {"Content-Security-Policy": CSP}
            await route.fulfill(path=file, content_type=KINDS[file.suffix], headers=headers)
            return
        path = path.removeprefix("/api/v1")
        method = route.request.method
        if method != "GET":
            self.sent.append((method, path, route.request.post_data_json))
            self.tokens.add(await route.request.header_value("X-CSRF-Token"))
        if path == "/session":
            if self.role is None:
                await self._refuse(route, 401, "unauthorised", "nobody has signed in")
                return
            await route.fulfill(json=SESSIONS[self.role] | {"language": "en", "csrf": "c"})
        elif path in self.answers:
            answer = self.answers[path]
            if path == "/goods" and parse_qs(address.query).get("q"):
                answer = GOODS[1:]
            await route.fulfill(body=msgspec.json.encode(answer), content_type="application/json")
        else:
            await self._refuse(route, 404, "not-found", f"there is no {path}")

    @staticmethod
    async def _refuse(route: Route, status: int, error: str, detail: str) -> None:
        await route.fulfill(status=status, json={"error": error, "detail": detail, "remedy": ""})
