"""Whatever is asked of the API: an answer of the described shape, and never the program's own failure."""

import asyncio
from urllib.parse import quote

import httpx
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from softacd.web import WebServer, WebServerSettings
from softacd.web.errors import Problem
from tests.web.small_switch import BEARER, TOKEN, SmallHistory, SmallSwitch, Story, a_record

WORDS = [
    "api", "v1", "calls", "agents", "queues", "events", "missed", "snapshot", "n1-7", "ann", "bob", "status", "wrap-up",
    "finish", "extend", "hang-up", "healthz", "metrics", "openapi.json", "..", "", "Женя",
]  # fmt: skip
NAMES = ["limit", "since", "before", "outcome", "number", "agent", "queue", "types", "trace", "token"]
VALUES = st.one_of(
    st.sampled_from(["", "0", "1", "-1", "1e9", "9" * 30, "null", "true", "answered", "agent,call", "%00", "NaN"]),
    st.text(max_size=20),
)
PATHS = st.one_of(
    st.sampled_from(
        ["/api/v1/calls", "/api/v1/events", "/api/v1/missed", "/api/v1/calls/n1-7", "/api/v1/agents/ann/status"]
    ),
    st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=12)), max_size=6).map(
        # a path that begins with two slashes would name another host to the client
        lambda parts: "/" + "/".join(quote(part, safe=".") for part in parts).lstrip("/")
    ),
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=10)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(["status", "reason", "seconds", "x"]), inner, max_size=3),
        ),
        max_leaves=6,
    ).map(msgspec.json.encode),
)
TYPES = st.sampled_from(
    ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)


def _application() -> WebServer:
    history = SmallHistory()
    history.stories = [Story(a_record("n1-7"))]
    return WebServer(WebServerSettings(token=TOKEN), SmallSwitch(), history, version="0.1.0")


SERVER = _application()


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]),
    path=PATHS,
    query=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=4),
    body=BODIES,
    content_type=TYPES,
)
def test_every_question_gets_a_proper_answer(
    method: str, path: str, query: list[tuple[str, str | int | float | bool | None]], body: bytes, content_type: str
) -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=SERVER.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://switch") as client:
            return await client.request(
                method,
                path,
                params=tuple(query),
                content=body,
                headers=BEARER | ({"Content-Type": content_type} if content_type else {}),
            )

    answer = asyncio.run(ask())
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and method != "HEAD":
        problem = msgspec.json.decode(answer.content, type=Problem)
        assert problem.detail
    assert TOKEN not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
