"""A server that runs for the length of a test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import uvloop

from softacd.web import WebServer, WebServerSettings
from tests.web.small_switch import TOKEN, Running, SmallHistory, SmallSwitch
from tests.web.small_users import Browser, SmallUsers

Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a server with given settings; ends with the test."""
    async with AsyncExitStack() as stack:

        async def begin(**settings: Any) -> Running:
            switch, history = SmallSwitch(), SmallHistory()
            users = settings.pop("users", None) or SmallUsers()
            server = WebServer(
                WebServerSettings(**{"port": 0, "token": TOKEN, "desk": "", **settings}),
                switch,
                history,
                version="0.1.0",
                users=users,
                write=history.audited.append,
            )
            await server.start()
            stack.push_async_callback(server.stop)
            host, port = server.address
            client = await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=10))
            return Running(server, switch, history, client)

        yield begin


Unserved = Callable[..., httpx.AsyncClient]


@pytest.fixture
def unserved() -> Unserved:
    """The application without sockets, for questions by the dozen: a client that asks it directly."""

    def make(switch: SmallSwitch | None = None, **settings: Any) -> httpx.AsyncClient:
        settings = {"token": TOKEN, "desk": "", **settings}
        server = WebServer(WebServerSettings(**settings), switch or SmallSwitch(), SmallHistory(), version="0.1.0")
        transport = httpx.ASGITransport(app=server.application)
        return httpx.AsyncClient(transport=transport, base_url="http://switch")

    return make


@pytest.fixture
async def browser(running: Running) -> AsyncIterator[Callable[[], Browser]]:
    """Browsers at the running server, each with cookies of its own."""
    async with AsyncExitStack() as stack:
        clients = [httpx.AsyncClient(base_url=running.client.base_url, timeout=10) for _ in range(4)]
        for client in clients:
            await stack.enter_async_context(client)
        left = iter(clients)
        yield lambda: Browser(next(left))


@pytest.fixture
async def running(start: Start) -> Running:
    """A server with a token."""
    return await start()


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, Callable[[], Any]]:
    """The loop the product runs in."""
    return {"uvloop": uvloop.new_event_loop}
