"""Errands against real services: a web server that answers, is slow, sends nonsense or is not there; SQLite files."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from softacd.calls.errands import (
    Answered,
    AnyResult,
    Failed,
    FetchMessage,
    Query,
    RemoveMessage,
    Request,
    Speak,
    Spoken,
    Tell,
)
from softacd.calls.model import SourceSettings
from softacd.runtime import errands
from softacd.runtime.errands import ErrandRunner
from softacd.runtime.message_files import MessageFiles
from softacd.runtime.voice.voices import SpeechError
from tests.runtime.web_source import WebService

PIN = "48151623"


class Desk:
    """Takes answers."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[AnyResult] = asyncio.Queue()

    def done(self, result: AnyResult) -> None:
        self.answers.put_nowait(result)

    async def next(self) -> AnyResult:
        async with asyncio.timeout(5):
            return await self.answers.get()


async def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come")


def billing(url: str, **more: object) -> tuple[SourceSettings, ...]:
    return (SourceSettings(name="billing", url=url, token="t0ken-of-the-shop", **more),)  # type: ignore[arg-type]


async def test_a_web_service_is_asked_with_the_token_and_its_answer_is_given_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    desk = Desk()
    runner = ErrandRunner(desk.done)
    async with WebService(lambda method, path, body: (200, b'{"account": {"balance": 50.25}}')) as service:
        runner.configure(billing(service.url + "/api"))
        runner.put(Request(1, "billing", "/balance", "POST", {"contract": "12345", "pin": PIN}, 2.0))
        assert await desk.next() == Answered(1, {"account": {"balance": 50.25}})
        assert service.asked == [("POST", "/api/balance", {"contract": "12345", "pin": PIN})]
        assert "Bearer t0ken-of-the-shop" in service.headers[0]
        runner.put(Request(2, "billing", "/c/1%2F2", "GET", {"q": "a b"}, 2.0))
        await desk.next()
        assert service.asked[1][:2] == ("GET", "/api/c/1%2F2?q=a+b")
        await runner.close()
    assert PIN not in caplog.text


@pytest.mark.parametrize(
    ("status", "body", "wanted"),
    [
        (404, b"", Answered(1, None)),
        (500, b"", Failed(1, "HTTP status 500")),
        (302, b"", Failed(1, "HTTP status 302")),
        (200, b"<html>", Failed(1, "the answer is no JSON")),
        (200, b"", Failed(1, "the answer is no JSON")),
        (200, b"[" * 100_000, Failed(1, "the answer is no JSON")),
        (200, b'"' + b"x" * 300_000 + b'"', Failed(1, "the answer is longer than 262144 octets")),
    ],
)
async def test_what_is_no_answer_is_told_without_what_was_asked(status: int, body: bytes, wanted: AnyResult) -> None:
    desk = Desk()
    runner = ErrandRunner(desk.done)
    async with WebService(lambda *_: (status, body)) as service:
        runner.configure(billing(service.url))
        runner.put(Request(1, "billing", "/balance", "POST", {"pin": PIN}, 2.0))
        assert await desk.next() == wanted
        await runner.close()


async def test_a_slow_a_dead_and_an_unknown_source_fail_in_their_time() -> None:
    desk = Desk()
    runner = ErrandRunner(desk.done)
    async with WebService(lambda *_: (200, b"{}")) as service:
        service.delay = 5
        runner.configure(billing(service.url))
        runner.put(Request(1, "billing", "/", "POST", {}, 0.1))
        assert await desk.next() == Failed(1, "no answer within 0.1 s")
    runner.put(Request(2, "billing", "/", "POST", {}, 2.0))
    assert await desk.next() == Failed(2, "ConnectError")
    runner.put(Request(3, "crm", "/", "POST", {}, 2.0))
    assert await desk.next() == Failed(3, "there is no source crm")
    assert runner.failures == 3
    await runner.close()


async def test_requests_beyond_what_a_source_takes_at_once_wait_their_turn() -> None:
    desk = Desk()
    runner = ErrandRunner(desk.done)
    async with WebService(lambda *_: (200, b"{}")) as service:
        service.delay = 0.05
        runner.configure(billing(service.url, at_once=1))
        for number in range(4):
            runner.put(Request(number, "billing", "/", "POST", {}, 2.0))
        await asyncio.sleep(0.02)
        assert len(service.asked) == 1
        assert {(await desk.next()).errand for _ in range(4)} == {0, 1, 2, 3}
        await runner.close()


async def test_a_database_is_read_and_never_written(tmp_path: Path) -> None:
    path = tmp_path / "stock.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE goods (id TEXT, left INTEGER)")
        connection.execute("INSERT INTO goods VALUES ('rose', 7)")
    desk = Desk()
    runner = ErrandRunner(desk.done, customers=path)
    runner.configure((SourceSettings(name="stock", database=str(path)),))
    for number, source in enumerate(("stock", "customers")):
        runner.put(Query(number, source, "SELECT left, id FROM goods WHERE id = :id", {"id": "rose"}, 2.0))
        assert await desk.next() == Answered(number, {"left": 7, "id": "rose"})
    runner.put(Query(2, "stock", "SELECT left FROM goods WHERE id = :id", {"id": "x' OR '1'='1"}, 2.0))
    assert await desk.next() == Answered(2, None)
    runner.put(Query(3, "stock", "WITH x AS (SELECT 1) DELETE FROM goods", {}, 2.0))
    assert isinstance(await desk.next(), Failed)
    runner.put(Query(4, "stock", "SELECT colour FROM goods", {}, 2.0))
    failed = await desk.next()
    assert isinstance(failed, Failed)
    assert "no such column: colour" in failed.why
    await runner.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM goods").fetchone() == (1,)


async def test_a_query_that_would_run_for_ever_is_ended_and_the_next_is_served(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    sqlite3.connect(path).close()
    desk = Desk()
    runner = ErrandRunner(desk.done)
    runner.configure((SourceSettings(name="x", database=str(path)),))
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    runner.put(Query(1, "x", endless, {}, 0.2))
    assert isinstance(await desk.next(), Failed)
    runner.put(Query(2, "x", "SELECT 1 AS one", {}, 2.0))
    assert await desk.next() == Answered(2, {"one": 1})
    await runner.close()


async def test_a_webhook_is_told_again_until_it_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "RETRIES", (0.01, 0.01))
    desk = Desk()
    runner = ErrandRunner(desk.done)
    answers = [500, 503, 200]
    async with WebService(lambda *_: (answers.pop(0) if answers else 500, b"")) as service:
        runner.configure(billing(service.url))
        runner.put(Tell("n1-1", "billing", "/hook", {"who": "069"}))
        await eventually(lambda: len(service.asked) == 3)
        assert service.asked == [("POST", "/hook", {"who": "069"})] * 3
        assert runner.untold == 0
        runner.put(Tell("n1-2", "billing", "/hook", {}))
        await eventually(lambda: runner.untold == 1)
        assert len(service.asked) == 6
        await runner.close()


async def test_a_voice_speaks_or_is_not_installed() -> None:
    desk = Desk()
    runner = ErrandRunner(desk.done)
    runner.put(Speak(1, "Hello", "en", 1.0))
    assert await desk.next() == Failed(1, "no voice is installed")

    async def speaker(text: str, language: str) -> str:
        if language != "en":
            raise SpeechError("no voice speaks this language")
        return f"speech/{text}"

    speaking = ErrandRunner(desk.done, speaker=speaker)
    speaking.put(Speak(2, "Hello", "en", 1.0))
    assert await desk.next() == Spoken(2, "speech/Hello")
    speaking.put(Speak(3, "Hello", "xx", 1.0))
    assert await desk.next() == Failed(3, "no voice speaks this language")


async def test_a_source_changed_by_a_reload_is_asked_at_its_new_address() -> None:
    desk = Desk()
    runner = ErrandRunner(desk.done)
    async with WebService(lambda *_: (200, b'"old"')) as old, WebService(lambda *_: (200, b'"new"')) as new:
        runner.configure(billing(old.url))
        runner.put(Request(1, "billing", "/", "POST", {}, 2.0))
        assert await desk.next() == Answered(1, "old")  # type: ignore[arg-type]
        runner.configure(billing(new.url))
        runner.put(Request(2, "billing", "/", "POST", {}, 2.0))
        assert await desk.next() == Answered(2, "new")  # type: ignore[arg-type]
        runner.configure(())
        runner.put(Request(3, "billing", "/", "POST", {}, 2.0))
        assert await desk.next() == Failed(3, "there is no source billing")
        await runner.close()


async def test_the_file_of_a_message_is_brought_and_removed_and_none_beside_it(tmp_path: Path) -> None:
    desk = Desk()
    root = tmp_path / "messages"
    (root / "day").mkdir(parents=True)
    (root / "day" / "a.wav").write_bytes(b"RIFF")
    (tmp_path / "secret.wav").write_bytes(b"RIFF")
    runner = ErrandRunner(desk.done, messages=MessageFiles(root))
    runner.put(FetchMessage(1, "day/a.wav", 2.0))
    assert await desk.next() == Spoken(1, "messages/day/a")
    for number, file in enumerate(("../secret.wav", "/etc/passwd", "", "day/gone.wav"), 2):
        runner.put(FetchMessage(number, file, 2.0))
        assert isinstance(await desk.next(), Failed)
    for file in ("day/a.wav", "day/a.wav", "../secret.wav"):
        runner.put(RemoveMessage(file))
    await eventually(lambda: not (root / "day" / "a.wav").exists())
    await runner.close()
    assert (tmp_path / "secret.wav").exists()


async def test_without_a_directory_no_message_can_be_brought() -> None:
    desk = Desk()
    runner = ErrandRunner(desk.done)
    runner.put(FetchMessage(1, "day/a.wav", 2.0))
    runner.put(RemoveMessage("day/a.wav"))
    assert await desk.next() == Failed(1, "there is no directory for messages")
    await runner.close()
