"""Signing in as a browser does: the cookie, the CSRF token, what is refused, and what nobody can learn from it."""

import time
from collections.abc import Callable

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from softacd.calls.users import Role
from softacd.web.passwords import _totp, new_totp_secret
from tests.web.conftest import Start
from tests.web.small_switch import BEARER, Running, next_event
from tests.web.small_users import PASSWORD, SIGN_IN, Browser, SmallUsers, a_user

MakeBrowser = Callable[[], Browser]


async def test_signing_in_gives_a_session_and_a_cookie_no_script_can_read(browser: MakeBrowser) -> None:
    ann = browser()
    answer = await ann.sign_in("ann")
    assert answer.status_code == 200
    body = answer.json()
    assert {**body, "csrf": ""} == {"name": "ann", "role": "agent", "agent": "ann", "language": "ro", "csrf": ""}
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("softacd_session=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie, "over plain HTTP the browser would not send it back"
    assert (await ann.ask("GET", SIGN_IN)).json() == body


async def test_behind_a_proxy_with_tls_the_cookie_is_secure(start: Start) -> None:
    running = await start(public_url="https://desk.shop.example")
    answer = await Browser(running.client).sign_in("eve")
    assert "; secure" in answer.headers["set-cookie"].lower()


async def test_who_works_as_no_agent_is_told_so(browser: MakeBrowser) -> None:
    assert (await browser().sign_in("eve")).json()["agent"] is None


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong horse battery"), ("nobody", PASSWORD), ("nobody", "x")])
async def test_a_wrong_name_and_a_wrong_password_are_answered_alike(
    browser: MakeBrowser, name: str, password: str
) -> None:
    answer = await browser().sign_in(name, password)
    assert answer.status_code == 401
    assert answer.json()["error"] == "unauthorised"
    assert answer.json()["detail"] == "name or password is wrong"
    assert "set-cookie" not in answer.headers


async def test_unknown_names_are_locked_like_known_ones(browser: MakeBrowser) -> None:
    ann = browser()
    for name in ("ann", "nobody"):
        statuses = [(await ann.sign_in(name, "wrong")).status_code for _ in range(7)]
        assert statuses == [401] * 6 + [429], name
    answer = await ann.sign_in("ann")
    assert answer.status_code == 429, "the right password does not help while the name is locked"
    assert answer.json()["error"] == "too-many"
    assert 1 <= int(answer.headers["retry-after"]) <= 3
    assert (await ann.sign_in("bob")).status_code == 200, "others may"


async def test_what_changes_anything_needs_the_csrf_token(running: Running, browser: MakeBrowser) -> None:
    ann = browser()
    await ann.sign_in("ann")
    path, body = "/api/v1/agents/ann/status", {"status": "lunch"}
    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "0" * 32}):
        refused = await ann.client.put(path, json=body, headers=headers)
        assert (refused.status_code, refused.json()["error"]) == (403, "forbidden")
        assert "X-CSRF-Token" in refused.json()["remedy"]
    assert running.switch.agents["ann"].status == "available"
    assert (await ann.ask("PUT", path, json=body)).status_code == 200
    assert running.switch.agents["ann"].status == "lunch"


async def test_the_csrf_token_of_another_session_is_none(browser: MakeBrowser) -> None:
    ann, bob = browser(), browser()
    await ann.sign_in("ann")
    await bob.sign_in("bob")
    ann.session = bob.session
    assert (await ann.ask("PUT", "/api/v1/agents/ann/status", json={"status": "lunch"})).status_code == 403


async def test_a_page_of_another_site_cannot_sign_anybody_in(browser: MakeBrowser) -> None:
    ann = browser()
    asked = {"json": {"name": "ann", "password": PASSWORD}}
    refused = await ann.client.post(SIGN_IN, headers={"Origin": "https://evil.example"}, **asked)
    assert (refused.status_code, refused.json()["error"]) == (403, "forbidden")
    ours = str(ann.client.base_url).rstrip("/")
    assert (await ann.client.post(SIGN_IN, headers={"Origin": ours}, **asked)).status_code == 200


async def test_signing_out_ends_the_session_at_the_server(running: Running, browser: MakeBrowser) -> None:
    ann = browser()
    await ann.sign_in("ann")
    secret = ann.client.cookies["softacd_session"]
    assert (await ann.ask("DELETE", SIGN_IN)).status_code == 204
    kept = httpx.Cookies({"softacd_session": secret})
    assert (await running.client.get(SIGN_IN, cookies=kept)).status_code == 401


async def test_a_second_factor_is_asked_for_only_after_the_right_password(start: Start) -> None:
    users, secret = SmallUsers(), new_totp_secret()
    users.users["mia"] = a_user("mia", Role.SUPERVISOR, totp_secret=secret)
    mia = Browser((await start(users=users)).client)
    assert (await mia.sign_in("mia", "wrong")).json()["error"] == "unauthorised"
    asked = await mia.sign_in("mia")
    assert (asked.status_code, asked.json()["error"]) == (401, "code-needed")
    assert (await mia.sign_in("mia", code="000000")).json()["detail"] == "the code is wrong"
    code = _totp(secret).generate(int(time.time())).decode()
    assert (await mia.sign_in("mia", code=code)).status_code == 200
    again = await mia.sign_in("mia", code=code)
    assert again.json()["detail"] == "the code is wrong", "RFC 6238 section 5.2: a code is good once"


async def test_sessions_outlive_a_restart_and_end_with_their_user(start: Start) -> None:
    users = SmallUsers()
    first = await start(users=users)
    ann = Browser(first.client)
    await ann.sign_in("ann")
    cookies = httpx.Cookies({"softacd_session": ann.client.cookies["softacd_session"]})
    await first.server.stop()
    second = await start(users=users)
    assert (await second.client.get(SIGN_IN, cookies=cookies)).json()["name"] == "ann"
    assert (await second.client.delete("/api/v1/users/ann", headers=BEARER)).status_code == 200
    assert (await second.client.get(SIGN_IN, cookies=cookies)).status_code == 401
    assert users.kept == {}


async def test_a_changed_password_ends_the_other_sessions(browser: MakeBrowser) -> None:
    here, there = browser(), browser()
    await here.sign_in("ann")
    await there.sign_in("ann")
    path = f"{SIGN_IN}/password"
    wrong = await here.ask("PUT", path, json={"old": "no", "new": "another horse battery"})
    assert wrong.status_code == 409
    weak = await here.ask("PUT", path, json={"old": PASSWORD, "new": "password123"})
    assert weak.status_code == 409
    assert "guessed" in weak.json()["detail"]
    assert (await here.ask("PUT", path, json={"old": PASSWORD, "new": "another horse battery"})).status_code == 204
    assert (await here.ask("GET", SIGN_IN)).status_code == 200
    assert (await there.ask("GET", SIGN_IN)).status_code == 401
    assert (await there.sign_in("ann", "another horse battery")).status_code == 200


async def test_the_token_is_no_session(running: Running) -> None:
    assert (await running.client.get(SIGN_IN, headers=BEARER)).status_code == 401
    assert (await running.client.get(SIGN_IN)).status_code == 401


async def test_a_websocket_opens_for_a_page_of_ours_and_closes_with_the_session(
    running: Running, browser: MakeBrowser
) -> None:
    eve = browser()
    await eve.sign_in("eve")
    cookie = {"Cookie": f"softacd_session={eve.client.cookies['softacd_session']}"}
    ours = str(running.client.base_url).rstrip("/")
    for origin in ({}, {"Origin": "https://evil.example"}, {"Origin": f"{ours}0"}):
        with pytest.raises(InvalidStatus) as raised:
            async with running.watch(additional_headers=cookie | origin):
                pass
        assert raised.value.response.status_code == 403
    async with running.watch(additional_headers=cookie | {"Origin": ours}) as socket:
        assert (await next_event(socket))["type"] == "snapshot"
        await eve.ask("DELETE", SIGN_IN)
        with pytest.raises(ConnectionClosed) as closed:
            [await next_event(socket) for _ in range(5)]
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.reason == "the session has ended"


async def test_what_was_done_is_in_the_audit_log_without_secrets(running: Running, browser: MakeBrowser) -> None:
    ann, root = browser(), browser()
    await ann.sign_in("ann", "wrong horse battery")
    await ann.sign_in("ann")
    await ann.ask("PUT", "/api/v1/agents/ann/status", json={"status": "lunch", "reason": "soup"})
    await ann.ask("PUT", "/api/v1/agents/bob/status", json={"status": "lunch"})
    await root.sign_in("root")
    await root.ask("PUT", "/api/v1/users/new", json={"role": "agent", "password": "another horse battery"})
    told = [(entry.user, entry.act, entry.status, entry.detail) for entry in running.history.audited]
    assert told == [
        ("ann", "sign-in", 401, ""),
        ("ann", "sign-in", 200, ""),
        ("ann", "PUT /api/v1/agents/{name}/status", 200, '{"status":"lunch","reason":"soup"}'),
        ("ann", "PUT /api/v1/agents/{name}/status", 403, ""),
        ("root", "sign-in", 200, ""),
        ("root", "PUT /api/v1/users/{name}", 200, '{"role":"agent","password":"***"}'),
    ]
    page = (await root.ask("GET", "/api/v1/audit", params={"user": "ann", "limit": 2})).json()
    assert [entry["status"] for entry in page["entries"]]
    assert (await ann.ask("GET", "/api/v1/audit")).status_code == 403


async def test_the_last_administrator_stays(browser: MakeBrowser) -> None:
    root = browser()
    await root.sign_in("root")
    assert (await root.ask("DELETE", "/api/v1/users/root")).status_code == 409
    assert (await root.ask("PUT", "/api/v1/users/root", json={"role": "agent"})).status_code == 409
    assert (await root.ask("PUT", "/api/v1/users/new", json={"role": "agent"})).status_code == 409
    assert (await root.ask("DELETE", "/api/v1/users/eve")).json()["role"] == "supervisor"
    names = [user["name"] for user in (await root.ask("GET", "/api/v1/users")).json()]
    assert names == ["ann", "bob", "clerk", "root"]


async def test_a_browser_is_lent_its_agents_phone_until_the_session_ends(
    running: Running, browser: MakeBrowser
) -> None:
    ann, again, eve = browser(), browser(), browser()
    await ann.sign_in("ann")
    lent = (await ann.ask("GET", f"{SIGN_IN}/phone")).json()
    assert (lent["extension"], lent["address_of_record"]) == ("101", "sip:101@softacd.internal")
    assert (lent["path"], lent["domain"]) == ("/sip", "softacd.internal")
    assert running.switch.lent == {lent["user"]: lent["password"]}
    assert (await ann.ask("GET", f"{SIGN_IN}/phone")).json() == lent, "every page of a session is told the same"
    await again.sign_in("ann")
    other = (await again.ask("GET", f"{SIGN_IN}/phone")).json()
    assert {other["user"], other["password"]}.isdisjoint({lent["user"], lent["password"]})
    await ann.ask("DELETE", SIGN_IN)
    assert running.switch.lent == {other["user"]: other["password"]}
    await eve.sign_in("eve")
    assert (await eve.ask("GET", f"{SIGN_IN}/phone")).status_code == 404, "she works as no agent"
