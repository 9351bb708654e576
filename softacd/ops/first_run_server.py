"""The first run: nothing is configured, and whoever has the address from the terminal answers what is asked."""

import asyncio
import contextlib
import hmac
import secrets
import socket
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click
import msgspec
import uvicorn
from litestar import Litestar, Response, get, post
from litestar.enums import MediaType
from litestar.params import JSONBody

from softacd.calls.control import UnknownNameError
from softacd.ops.configuration_errors import ConfigurationError
from softacd.ops.first_run import SetupRequest, judge, write
from softacd.ops.model import format_address
from softacd.web.asgi import Application, Message, Receive, Scope, Send
from softacd.web.errors import ErrorWord, Problem, answer_error
from softacd.web.passwords import LEAST_PASSWORD

DEFAULT_LISTEN = ("127.0.0.1", 8080)
_MOST_BODY = 64 * 1024
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),  # the address holds the token
    (b"cache-control", b"no-store"),
)


class SetupDone(msgspec.Struct, frozen=True):
    """The shop is configured, and the switch starts."""

    file: str
    """The configuration."""
    warnings: list[str]
    """What deserves a second look."""
    phones: list[str]
    """Extensions; each phone gets its password when it is set up."""


class SetupState(msgspec.Struct, frozen=True):
    """What is asked, and what would be proposed."""

    addresses: list[str]
    """Addresses of this machine in its networks."""
    languages: list[str]
    """What callers may hear."""
    least_password: int
    """Characters the administrator's password has at least."""


class FirstRun:
    """Serves until the answers are good and written. `start` once; then `wait`."""

    def __init__(self, directory: Path, addresses: list[str], web: str) -> None:
        """`web` is where this is served, and the API after it."""
        self._web = web
        self.token = secrets.token_urlsafe(24)
        self._directory = directory
        self._addresses = addresses
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.application: Application = _Door(self._application(), self)

    @property
    def open(self) -> bool:
        """Whether the token is still good: once used, it opens nothing."""
        return not self._done.done()

    async def wait(self) -> None:
        """Return when the configuration is written."""
        await self._done

    def _application(self) -> Litestar:
        @get("/state", sync_to_thread=False)
        def state() -> SetupState:
            """What is asked."""
            return SetupState(self._addresses, ["en", "ru", "uk", "ro"], LEAST_PASSWORD)

        @post("/check", status_code=200)
        async def check(data: JSONBody[SetupRequest]) -> Response[list[str] | Problem]:
            """Judge the answers; nothing is written."""
            return await self._judged(data)

        @post("/", status_code=200)
        async def finish(data: JSONBody[SetupRequest]) -> Response[Any]:
            """Write the configuration; the switch starts with it."""
            if not self.open:
                raise UnknownNameError("the shop is configured already")
            judged = await self._judged(data)
            if judged.status_code != HTTPStatus.OK:
                return judged
            try:
                reading = await asyncio.to_thread(write, data, self._directory, self._web)
            except OSError as error:
                detail = f"{error.filename}: {error.strerror}"
                return _problem(HTTPStatus.CONFLICT, ErrorWord.NOT_POSSIBLE, detail, "Choose another folder.")
            if self.open:
                self._done.set_result(None)
            extensions = [phone.extension for phone in data.phones]
            return Response(SetupDone("softacd.toml", [str(problem) for problem in reading.warnings], extensions))

        return Litestar(
            route_handlers=[state, check, finish],
            exception_handlers={Exception: answer_error},
            openapi_config=None,
            request_max_body_size=_MOST_BODY,
            logging_config=None,
        )

    async def _judged(self, data: SetupRequest) -> Response[Any]:
        try:
            _, _, reading = await asyncio.to_thread(judge, data, self._directory, self._web)
        except ConfigurationError as error:
            first = error.problems[0]
            detail = "; ".join(f"{problem.key}: {problem.message}" for problem in error.problems)
            return _problem(HTTPStatus.BAD_REQUEST, ErrorWord.INVALID, detail, f"Expected {first.expected}.")
        return Response([str(problem) for problem in reading.warnings], status_code=HTTPStatus.OK)


def _problem(status: HTTPStatus, word: ErrorWord, detail: str, remedy: str) -> Response[Any]:
    return Response(Problem(word, detail, remedy), status_code=status, media_type=MediaType.JSON)


class _Door:
    """Lets in only what begins with /setup/TOKEN; everything else is not there."""

    def __init__(self, application: Any, first_run: FirstRun) -> None:
        self._application = application
        self._first_run = first_run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        prefix, _, rest = scope["path"].removeprefix("/setup/").partition("/")
        right = hmac.compare_digest(prefix.encode(), self._first_run.token.encode())
        if not scope["path"].startswith("/setup/") or not right or not self._first_run.open:
            await send({"type": "http.response.start", "status": 404, "headers": [*_HEADERS]})
            await send({"type": "http.response.body", "body": b"there is nothing here\n"})
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        path = f"/{rest}"
        await self._application({**scope, "path": path, "raw_path": path.encode()}, receive, with_headers)


async def first_run(directory: Path, listen: tuple[str, int], addresses: list[str]) -> None:
    """Ask for the first configuration, and return when it is written. Raises OSError when the port is taken."""
    listener = socket.create_server(listen)
    host, port = listener.getsockname()[:2]
    run = FirstRun(directory, addresses, format_address(host, port))
    config = uvicorn.Config(
        run.application, lifespan="off", log_config=None, log_level="error", access_log=False, server_header=False
    )
    server = uvicorn.Server(config)
    # The terminal alone learns the token: no log, no file.
    click.echo(f"Nothing is configured in {directory} yet. Set the shop up at\n\n"
               f"  http://{format_address(host, port)}/setup/{run.token}/\n\nThe address is good once.")  # fmt: skip
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    waiting = asyncio.create_task(run.wait())
    try:
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            raise KeyboardInterrupt
        await asyncio.sleep(0.2)  # the answer leaves before the door is shut
    finally:
        waiting.cancel()
        server.should_exit = True
        await serving
        listener.close()


def own_addresses() -> list[str]:
    """IPv4 addresses of this machine, the one towards other networks first, this machine alone last."""
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # nothing is sent: the system only chooses the way
        found.append(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        found += [entry[4][0] for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]  # type: ignore[misc]
    return list(dict.fromkeys([*found, "127.0.0.1"]))
