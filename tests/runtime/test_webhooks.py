"""Webhooks to a real web service: signed, in order, again when it fails, and never in anybody's way."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest

from softacd.calls.records import CallRecord, Direction
from softacd.calls.webhooks import WebhookEvent, WebhookSettings, headers
from softacd.runtime import webhooks
from softacd.runtime.webhooks import Receiver, Webhooks, retry_after
from tests.runtime.web_source import WebService

NOW = 1_790_000_000_000


async def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


@asynccontextmanager
async def telling(*settings: WebhookSettings) -> AsyncIterator[Webhooks]:
    numbers = count(1)
    told = Webhooks("n1", lambda: NOW, lambda: f"m{next(numbers)}")
    told.configure(settings)
    try:
        yield told
    finally:
        await told.close()


def a_call(number: int, **fields: Any) -> CallRecord:
    return CallRecord(f"n1-{number}", Direction.INCOMING, NOW, "069", "600", **fields)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Receiver.__init__, "__defaults__", (0.01,))
    monkeypatch.setattr(webhooks, "CLOSING_SECONDS", 0.2)


async def test_it_is_told_in_order_signed_over_id_time_and_body() -> None:
    async with WebService(lambda *_: (204, b"")) as service:
        hook = WebhookSettings("crm", url=f"{service.url}/calls", secret="whsec_c2VjcmV0")
        async with telling(hook) as told:
            for number in range(20):
                told.observe(a_call(number))
            await until(lambda: told.figures()["webhooks_delivered"] == 20)
    assert [body["data"]["id"] for _, _, body in service.asked] == [f"n1-{number}" for number in range(20)]
    method, path, body = service.asked[0]
    assert (method, path, body["type"], body["timestamp"], body["node"]) == (
        "POST", "/calls", "call.started", NOW, "n1",
    )  # fmt: skip
    raw = webhooks.msgspec.json.encode(body)
    signature = headers("m1", NOW // 1000, raw, "whsec_c2VjcmV0")["webhook-signature"]
    assert f"webhook-signature: {signature}" in service.headers[0]
    assert "webhook-id: m1" in service.headers[0]


async def test_only_what_was_asked_for_is_told() -> None:
    async with WebService(lambda *_: (200, b"ok")) as service:
        hook = WebhookSettings("crm", url=service.url, events=(WebhookEvent.CALL_ENDED,))
        async with telling(hook) as told:
            told.observe(a_call(1))
            told.observe(a_call(1, ended=NOW + 1))
            await until(lambda: told.figures()["webhooks_delivered"] == 1)
    assert [body["type"] for _, _, body in service.asked] == ["call.ended"]


async def test_it_is_tried_again_with_the_same_id_until_it_is_heard() -> None:
    answers = iter([503, 500, 429, 408, 200, 200])
    async with (
        WebService(lambda *_: (next(answers), b"")) as service,
        telling(WebhookSettings("crm", url=service.url)) as told,
    ):
        told.observe(a_call(1))
        told.observe(a_call(2))
        await until(lambda: told.figures()["webhooks_delivered"] == 2)
        assert told.figures()["webhooks_attempts_failed"] == 4
    assert [body["data"]["id"] for _, _, body in service.asked] == ["n1-1"] * 5 + ["n1-2"], "the order is kept"
    ids = [line for head in service.headers for line in head.split("\r\n") if line.lower().startswith("webhook-id")]
    assert len(set(ids)) == 2


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
async def test_what_is_refused_for_good_is_counted_and_left(status: int) -> None:
    answers = iter([status, 200])
    async with (
        WebService(lambda *_: (next(answers), b"")) as service,
        telling(WebhookSettings("crm", url=service.url)) as told,
    ):
        told.observe(a_call(1))
        told.observe(a_call(2))
        await until(lambda: told.figures()["webhooks_delivered"] == 1)
        assert told.figures()["webhooks_refused"] == 1
    assert len(service.asked) == 2


async def test_a_receiver_that_hangs_holds_up_neither_calls_nor_another_receiver() -> None:
    async with WebService(lambda *_: (200, b"")) as slow, WebService(lambda *_: (200, b"")) as quick:
        slow.delay = 30.0
        hooks = (
            WebhookSettings("slow", url=slow.url, timeout_seconds=0.1),
            WebhookSettings("quick", url=quick.url),
        )
        async with telling(*hooks) as told:
            began = time.perf_counter()
            for number in range(1000):
                told.observe(a_call(number))
            each = (time.perf_counter() - began) / 1000
            await until(lambda: told.figures()["webhooks_delivered"] == 1000, 20)
            assert told.figures()["webhooks_waiting"] == 1000
            await until(lambda: told.figures()["webhooks_attempts_failed"] >= 2)
    assert each < 0.001, "telling must not cost the call anything to speak of"


async def test_nobody_there_costs_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST_WAITING", 10)
    async with telling(WebhookSettings("dead", url="http://127.0.0.1:9/")) as told:
        for number in range(25):
            told.observe(a_call(number))
        assert (told.figures()["webhooks_waiting"], told.figures()["webhooks_dropped"]) == (10, 15)
        await until(lambda: told.figures()["webhooks_attempts_failed"] >= 1)


async def test_what_is_too_old_is_no_longer_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with telling(WebhookSettings("dead", url="http://127.0.0.1:9/", keep_seconds=1.0)) as told:
        told.observe(a_call(1))
        await until(lambda: told.figures()["webhooks_dropped"] == 1)
        assert told.figures()["webhooks_waiting"] == 0


async def test_a_reload_keeps_what_waits_for_who_stays() -> None:
    async with WebService(lambda *_: (200, b"")) as service:
        stays = WebhookSettings("stays", url="http://127.0.0.1:9/")
        async with telling(stays, WebhookSettings("goes", url=service.url)) as told:
            told.observe(a_call(1))
            told.configure((stays, WebhookSettings("comes", url=service.url)))
            assert told.figures()["webhooks_waiting"] == 1
            told.observe(a_call(2))
            await until(lambda: told.figures()["webhooks_delivered"] == 1)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("", 0), ("120", 120), ("Wed, 21 Oct 2015 07:28:10 GMT", 10), ("soon", 0), ("-5", 0)],
)
def test_retry_after(value: str, seconds: float) -> None:
    assert retry_after(value, 1_445_412_480.0) == seconds
