"""The desk's files as a browser gets them."""

import gzip
from pathlib import Path

import pytest

from tests.web.conftest import Unserved
from tests.web.small_switch import BEARER

SCRIPT = b"export const desk = 1;\n" * 200
HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def desk(tmp_path: Path) -> str:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(b"<!doctype html><title>softacd</title>")
    (tmp_path / "assets" / "desk-0123abcd.js").write_bytes(SCRIPT)
    (tmp_path / "icon.png").write_bytes(b"\x89PNG")
    return str(tmp_path)


@pytest.mark.parametrize("path", ["/", "/wallboard", "/agents/ann"])
async def test_every_path_a_browser_navigates_to_is_the_page(unserved: Unserved, desk: str, path: str) -> None:
    answer = await unserved(desk=desk).get(path, headers=HTML)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert "set-cookie" not in answer.headers


async def test_assets_are_kept_for_ever_and_packed(unserved: Unserved, desk: str) -> None:
    client = unserved(desk=desk)
    async with client.stream("GET", "/assets/desk-0123abcd.js", headers={"Accept-Encoding": "br, gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(b"".join([part async for part in answer.aiter_raw()])) == SCRIPT
    plain = await client.get("/assets/desk-0123abcd.js", headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers
    assert plain.content == SCRIPT
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["vary"] == "accept-encoding"
    assert plain.headers["content-type"].startswith(("text/javascript", "application/javascript"))


async def test_who_has_a_file_is_told_so(unserved: Unserved, desk: str) -> None:
    client = unserved(desk=desk)
    tag = (await client.get("/icon.png")).headers["etag"]
    again = await client.get("/icon.png", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag


async def test_a_head_has_no_body(unserved: Unserved, desk: str) -> None:
    answer = await unserved(desk=desk).head("/", headers=HTML)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


async def test_what_is_no_page_is_not_answered_with_one(unserved: Unserved, desk: str) -> None:
    client = unserved(desk=desk)
    assert (await client.get("/assets/gone.js", headers=HTML)).status_code == 401
    assert (await client.get("/api/v1/no-such-thing", headers=HTML | BEARER)).status_code == 404
    assert (await client.get("/../etc/passwd", headers=BEARER)).status_code == 404
    assert (await client.post("/", headers=BEARER)).status_code == 404
