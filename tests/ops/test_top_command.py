"""`softacd top` against a server that runs: what it shows, and what it says when it cannot."""

import asyncio
import http.server
import io
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from softacd.acd.vocabulary import Status
from softacd.ops.api_client import ApiClient, ApiError
from softacd.ops.top_command import follow, top
from softacd.web import WebServer, WebServerSettings
from tests.web.small_switch import TOKEN, SmallHistory, SmallSwitch


class Served:
    """A server that runs, its switch and its address."""

    def __init__(self) -> None:
        self.switch = SmallSwitch()
        self.server = WebServer(WebServerSettings(port=0, token=TOKEN), self.switch, SmallHistory(), version="0.1.0")

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self.server.address)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    one = Served()
    await one.server.start()
    yield one
    await one.server.stop()


async def run(*words: str, environment: dict[str, str] | None = None) -> Result:
    """Run the command beside the server."""
    variables = {"SOFTACD_TOKEN": "", "COLUMNS": "100", **(environment or {})}
    return await asyncio.to_thread(CliRunner().invoke, top, list(words), env=variables)


async def test_one_picture(served: Served, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(TOKEN + "\n")
    result = await run("--once", "--url", served.url, "--token-file", str(secret))
    assert result.exit_code == 0, result.output
    assert "calls 1" in result.output
    assert "Ann" in result.output
    assert "alpha" in result.output
    assert "+37322123456" in result.output
    assert "\x1b" not in result.output


async def test_without_a_terminal_it_is_one_picture_too(served: Served) -> None:
    result = await run("--url", served.url, environment={"SOFTACD_TOKEN": TOKEN})
    assert (result.exit_code, result.output.count("Agents")) == (0, 1)


async def test_address_and_token_from_the_configuration(served: Served, tmp_path: Path) -> None:
    port = served.server.address[1]
    (tmp_path / "softacd.toml").write_text(
        f'[server]\nname = "Our shop"\n[web]\nlisten = "0.0.0.0:{port}"\ntoken_env = "API_TOKEN"\n'
    )
    result = await run("--once", "--config", str(tmp_path / "softacd.toml"), environment={"API_TOKEN": TOKEN})
    assert result.exit_code == 0, result.output
    assert "Our shop" in result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), ("needs a session or the API's token", "--token-file", "SOFTACD_TOKEN")),
        (("--token", "of-something-else-entirely"), ("token is not the API's", "--token-file")),
        (("--token", "не\nто"), ("cannot be sent",)),
        (("--token-file", "/nonexistent/token"), ("cannot be read", "/nonexistent/token")),
    ],
)
async def test_a_token_that_is_not_right(served: Served, words: tuple[str, ...], said: tuple[str, ...]) -> None:
    result = await run("--once", "--url", served.url, *words)
    assert result.exit_code == 1
    for part in said:
        assert part in result.output
    assert "something-else" not in result.output


async def test_nothing_answers(served: Served) -> None:
    url = served.url
    await served.server.stop()
    result = await run("--once", "--url", url, "--token", TOKEN)
    assert result.exit_code == 1
    assert f"nothing answers at {url}" in result.output
    assert "softacd run" in result.output


@pytest.mark.parametrize(
    ("url", "said"),
    [("ftp://x", "is no address"), ("http://", "is no address"), ("http://x:99999", "is no address")],
)
async def test_an_address_that_is_none(url: str, said: str) -> None:
    result = await run("--once", "--url", url, "--token", TOKEN)
    assert (result.exit_code, said in result.output) == (1, True)


async def test_an_api_that_is_closed(served: Served) -> None:
    closed = WebServer(WebServerSettings(port=0), served.switch, SmallHistory(), version="0.1.0")
    await closed.start()
    try:
        result = await run("--once", "--url", "http://{}:{}".format(*closed.address), "--token", TOKEN)
    finally:
        await closed.stop()
    assert result.exit_code == 1
    assert "no token is configured" in result.output
    assert "web.token_file" in result.output


@pytest.fixture
def somebody_else() -> Iterator[str]:
    """A web server that is not softacd."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<html>welcome</html>" if "200" in self.headers["Authorization"] else b"go away"
            self.send_response(200 if "200" in self.headers["Authorization"] else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's word
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("token", ["answer-200", "answer-404"])
async def test_another_program_at_that_address(somebody_else: str, token: str) -> None:
    result = await run("--once", "--url", somebody_else, "--token", token)
    assert result.exit_code == 1
    assert "like softacd" in result.output


async def test_the_view_follows_marks_a_silence_and_comes_back(served: Served) -> None:
    """The pictures as a terminal gets them: a new status, the switch away, the switch back."""
    loop = asyncio.get_running_loop()
    port = served.server.address[1]
    again = WebServer(WebServerSettings(port=port, token=TOKEN), served.switch, SmallHistory(), version="0.1.0")
    screen = io.StringIO()
    console = Console(file=screen, width=100, height=30, force_terminal=True, legacy_windows=False)
    client = ApiClient(served.url, TOKEN)
    pictures: list[str] = []

    async def nothing() -> None:
        """Let one picture be drawn."""

    async def back() -> None:
        served.switch.set_status("Женя", Status.BREAK, "dentist")
        await again.start()

    steps = iter([nothing, served.server.stop, nothing, back, nothing])

    def sleep(_: float) -> None:
        pictures.append(screen.getvalue())
        screen.seek(0)
        screen.truncate()
        try:
            step = next(steps)
        except StopIteration:
            raise KeyboardInterrupt from None
        asyncio.run_coroutine_threadsafe(step(), loop).result(10)

    def watch() -> None:
        with pytest.raises(KeyboardInterrupt):
            follow(console, client, client.snapshot(), "softacd", 0.1, sleep)

    await asyncio.to_thread(watch)
    client.close()
    await again.stop()
    marked = ["trying again" in picture for picture in pictures]
    assert marked == [False, False, True, True, False, False]
    assert all("Ann" in picture for picture in pictures)
    assert ["dentist" in picture for picture in pictures] == [False, False, False, False, True, True]


async def test_a_token_that_changes_ends_the_view(served: Served) -> None:
    console = Console(file=io.StringIO(), width=100, height=30, force_terminal=True)
    client = ApiClient(served.url, TOKEN)
    first = await asyncio.to_thread(client.snapshot)
    client._headers["Authorization"] = "Bearer of-something-else-entirely"
    with pytest.raises(ApiError, match="not the API's"):
        await asyncio.to_thread(follow, console, client, first, "softacd", 0.1, lambda _: None)
    client.close()


async def test_one_connection_serves_many_questions(served: Served) -> None:
    client = ApiClient(served.url, TOKEN)

    def ask() -> set[object]:
        return {(client.snapshot(), client._connection.sock)[1] for _ in range(5)}

    assert len(await asyncio.to_thread(ask)) == 1
    client.close()
