"""Who may do what, tried from outside with every role at every path."""

import re
from typing import Any

import httpx
import pytest
from litestar.routes import HTTPRoute, WebSocketRoute

from softacd.calls.control import UnknownNameError
from softacd.web import WebServer, WebServerSettings
from softacd.web.permissions import PERMISSIONS, Need
from tests.web.small_switch import BEARER, TOKEN, SmallHistory, SmallSwitch, Story, a_record
from tests.web.small_users import Browser, SmallUsers

NAMES = {"name": "bob", "call": "n1-7", "extension": "102", "number": "022123456", "source": "192.0.2.66",
         "recording": "r1", "sku": "x", "reference": "s1", "bookmark": "1", "kind": "day",
         "path": "x", "message": "m1"}  # fmt: skip


class Elsewhere:
    """What is no part of these tests: whatever is asked of it, it does not know."""

    def __getattr__(self, name: str) -> Any:
        raise UnknownNameError(f"{name} is no part of these tests")


def everything(switch: SmallSwitch, history: SmallHistory) -> WebServer:
    """The application with all that can be switched on."""
    other: Any = Elsewhere()
    return WebServer(
        WebServerSettings(token=TOKEN, desk=""), switch, history, version="0", users=SmallUsers(),
        customers=other, knowledge=other, reports=other, sip=other,
        administration=other, provisioning=other, saved_reports=other,
    )  # fmt: skip


def routes() -> set[str]:
    """Every method and path the application has."""
    found = set()
    for route in everything(SmallSwitch(), SmallHistory()).routes():
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
        if isinstance(route, WebSocketRoute):
            found.add(f"WEBSOCKET {path}")
        elif isinstance(route, HTTPRoute):
            found |= {f"{method} {path}" for method in route.methods if method != "OPTIONS"}
    return found


def test_every_path_has_its_line_in_the_table() -> None:
    known = routes()
    assert known - set(PERMISSIONS) == set(), "say in softacd/web/permissions.py who may do this"


def test_no_line_of_the_table_is_of_a_path_that_is_not_there() -> None:
    assert set(PERMISSIONS) - routes() == set()


class At:
    """The application without sockets, and who asks it."""

    def __init__(self) -> None:
        self.switch, self.history = SmallSwitch(), SmallHistory()
        self.history.stories = [Story(a_record("n1-3", agent="bob")), Story(a_record("n1-4", agent="ann"))]
        self.server = everything(self.switch, self.history)
        transport = httpx.ASGITransport(app=self.server.application, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://switch")


@pytest.fixture
async def at() -> At:
    made = At()
    assert made.server.accounts is not None
    await made.server.accounts.load()
    return made


async def signed_in(running: At, name: str) -> Browser:
    running.client.cookies.clear()
    browser = Browser(running.client)
    assert (await browser.sign_in(name)).status_code == 200
    return browser


ALLOWED: dict[str, set[Need]] = {
    "root": set(Need),
    "eve": set(Need) - {Need.ADMINISTRATOR},
    "ann": {Need.NOTHING, Need.SIGNED_IN},  # every name in the paths is another agent's
    "clerk": {Need.NOTHING, Need.SIGNED_IN},
}


@pytest.mark.parametrize("user", ALLOWED)
async def test_each_role_reaches_what_it_may_and_nothing_else(at: At, user: str) -> None:
    browser = await signed_in(at, user)
    for route, need in sorted(PERMISSIONS.items()):
        method, _, path = route.partition(" ")
        if method == "WEBSOCKET" or path == "/api/v1/session" or "totp" in path:
            continue
        other = path.format(**NAMES | {"call": "n1-3"})
        answer = await browser.ask(method, other, content=b"{}")
        refused = answer.status_code == 403
        if need in ALLOWED[user]:
            assert not refused or "only a supervisor may" in answer.text, (user, route, answer.text)
        else:
            assert refused, (user, route, answer.status_code)
            assert answer.json()["error"] == "forbidden"


async def test_nobody_reaches_anything_but_health_and_signing_in(at: At) -> None:
    for route, need in sorted(PERMISSIONS.items()):
        method, _, path = route.partition(" ")
        if method != "WEBSOCKET" and need is not Need.NOTHING:
            answer = await at.client.request(method, path.format(**NAMES), content=b"{}")
            assert answer.status_code == 401, (route, answer.text)


async def test_an_agent_does_what_is_his(at: At) -> None:
    ann = await signed_in(at, "ann")
    assert (await ann.ask("PUT", "/api/v1/agents/ann/status", json={"status": "lunch"})).status_code == 200
    assert (await ann.ask("GET", "/api/v1/agents/ann")).json()["call"] == "n1-7"
    assert (await ann.ask("GET", "/api/v1/agents/bob")).status_code == 403
    assert (await ann.ask("GET", "/api/v1/calls/n1-7")).status_code == 200, "a call he is in"
    assert (await ann.ask("GET", "/api/v1/calls/n1-4")).status_code == 200, "a call he talked in"
    assert (await ann.ask("GET", "/api/v1/calls/n1-3")).status_code == 403
    assert (await ann.ask("GET", "/api/v1/phones/101")).status_code == 200
    assert (await ann.ask("GET", "/api/v1/phones/102")).status_code == 403
    assert (await ann.ask("POST", "/api/v1/calls/n1-7/hang-up")).status_code == 202
    assert "n1-7" not in at.switch.calls


async def test_lists_tell_an_agent_his_own(at: At) -> None:
    ann = await signed_in(at, "ann")
    calls = (await ann.ask("GET", "/api/v1/calls")).json()
    assert [call["id"] for call in calls["live"]] == ["n1-7"]
    assert [call["id"] for call in calls["calls"]] == ["n1-4"]
    assert (await ann.ask("GET", "/api/v1/calls", params={"agent": "bob"})).status_code == 403
    agents: dict[str, Any] = {one["name"]: one for one in (await ann.ask("GET", "/api/v1/agents")).json()}
    assert agents["ann"]["call"] == "n1-7"
    assert agents["bob"]["answered_today"] == 0
    assert agents["bob"]["state"] == "wrap-up", "how a colleague is, is known: calls are transferred by it"
    phones = {one["extension"]: one for one in (await ann.ask("GET", "/api/v1/phones")).json()}
    assert phones["101"]["contacts"] == ["sip:101@127.0.0.1:5070"]
    assert phones["102"]["contacts"] == []


async def test_an_agent_transfers_with_the_rights_of_his_phone(at: At) -> None:
    ann = await signed_in(at, "ann")
    assert (await ann.ask("POST", "/api/v1/calls/n1-7/transfer", json={"to": "102"})).status_code == 202
    assert (await ann.ask("POST", "/api/v1/calls/n1-7/take-over", json={"extension": "101"})).status_code == 403
    eve = await signed_in(at, "eve")
    assert (await eve.ask("POST", "/api/v1/calls/n1-7/transfer", json={"to": "102"})).status_code == 202
    assert at.switch.rights == ["101", ""]
    assert (await eve.ask("POST", "/api/v1/calls/n1-7/take-over", json={"extension": "102"})).status_code == 202
    assert (await eve.ask("POST", "/api/v1/calls/n1-7/move", json={"queue": "support"})).status_code == 409
    assert at.switch.supervised == [("n1-7", "taken over by 102")]
    assert (await eve.ask("PUT", "/api/v1/queues/sales/closed", json={"closed": True})).json() == {"closed": True}
    assert at.switch.closed_queues == {"sales"}
    assert (await eve.ask("PUT", "/api/v1/queues/none/closed", json={"closed": True})).status_code == 404


async def test_who_works_as_no_agent_owns_nothing(at: At) -> None:
    clerk = await signed_in(at, "clerk")
    assert (await clerk.ask("GET", "/api/v1/calls")).status_code == 403
    assert (await clerk.ask("GET", "/api/v1/calls/n1-7")).status_code == 403
    assert (await clerk.ask("PUT", "/api/v1/agents/ann/status", json={"status": "lunch"})).status_code == 403


async def test_an_agent_says_nothing_in_anothers_name(at: At) -> None:
    ann = await signed_in(at, "ann")
    path = "/api/v1/calls/n1-7/topic"
    assert (await ann.ask("POST", path, json={"topic": "invoice", "agent": "bob"})).status_code == 403
    assert (await ann.ask("POST", path, json={"topic": "invoice"})).status_code == 200
    assert at.switch.topics == [("n1-7", "sales", "invoice", "ann")]


async def test_the_token_is_an_administrators(at: At) -> None:
    for path in ("/api/v1/users", "/api/v1/bans", "/api/v1/snapshot", "/api/v1/calls/n1-3"):
        assert (await at.client.get(path, headers=BEARER)).status_code == 200
