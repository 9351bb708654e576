"""Other systems over a real network: asked once, left alone when they want to be, and told of every call in the end."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from softacd.calls.errands import Answered, AnyResult, Failed, Recognise
from softacd.calls.records import CallRecord, Direction, Outcome, TopicChosen
from softacd.crm.adapters.interface import BusyError, CrmError
from softacd.crm.adapters.settings import CrmSettings, FindSettings
from softacd.crm.settings import CustomerSettings
from softacd.runtime import crm
from softacd.runtime.crm import Crms
from softacd.runtime.crm_outbox import Outbox
from softacd.runtime.crm_system import RestingError
from softacd.runtime.errands import ErrandRunner
from tests.crm.adapters.calls import NUMBER
from tests.crm.adapters.models import RATE_LIMIT, TOO_MANY, Bitrix24, HubSpot, Reply, System
from tests.runtime.test_webhooks import until
from tests.runtime.web_source import WebService

HOUSE = CustomerSettings(country="MD")
DOWN = Reply(500, {"error": "INTERNAL_SERVER_ERROR"})


def serving(system: System) -> WebService:
    """A web server in front of a system."""

    def answer(method: str, target: str, body: Any) -> tuple[int, bytes, Mapping[str, str]]:
        lines = service.headers[-1].split("\r\n")[1:]
        told = {name.title(): value for name, _, value in (line.partition(": ") for line in lines)}
        reply = system.reply(method, target, told, body)
        return reply.status, json.dumps(reply.body).encode(), reply.headers

    service = WebService(answer)
    return service


def bitrix(url: str, **more: Any) -> CrmSettings:
    return CrmSettings(
        name="shop", kind="bitrix24", url=url, user=Bitrix24.USER, token=Bitrix24.CODE, users={"ann": "12"},
        **{"topic_seconds": 0.0, **more},
    )  # fmt: skip


def hubspot(url: str, **more: Any) -> CrmSettings:
    return CrmSettings(name="shop", kind="hubspot", url=url, token=HubSpot.TOKEN, **more)


@asynccontextmanager
async def house(directory: Path, *settings: CrmSettings) -> AsyncIterator[Crms]:
    crms = Crms(directory, lambda: round(time.time() * 1000))
    crms.configure(settings, HOUSE)
    try:
        yield crms
    finally:
        await crms.close()


def a_call(name: str = "n1-1", **fields: Any) -> CallRecord:
    given: dict[str, Any] = {"outcome": Outcome.ANSWERED, "agent": "ann", "ended": 2_000, "connected": 1_500, **fields}
    return CallRecord(name, Direction.INCOMING, 1_000, "069123456", "600", **given)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crm, "FIRST_PAUSE", 0.02)


async def test_who_calls_is_asked_once_and_remembered(tmp_path: Path) -> None:
    system = HubSpot()
    system.add(NUMBER.e164, firstname="Maria")
    async with serving(system) as service, house(tmp_path, hubspot(service.url)) as crms:
        service.delay = 0.05
        found = await asyncio.gather(*(crms.find("shop", "069123456") for _ in range(5)))
        assert {one["name"] for one in found if one} == {"Maria"}
        assert await crms.find("shop", "+37369123456") == found[0]
        assert await crms.find("shop", "anonymous") is None
    assert len(system.requests) == 1


async def test_a_category_brings_its_label_and_priority(tmp_path: Path) -> None:
    find = FindSettings(path="/{digits}", fields={"name": "name", "category": "kind"})
    service = WebService(lambda *_: (200, b'{"name": "Maria", "kind": "vip"}'))
    async with service, house(tmp_path, CrmSettings(name="own", url=service.url, find=find)) as crms:
        found = await crms.find("own", "069123456")
    assert found is not None
    assert (found["category"], found["label"], found["priority"]) == ("vip", "VIP", 10)


async def test_a_slow_system_keeps_a_flow_no_longer_than_its_time_and_its_answer_still_comes(tmp_path: Path) -> None:
    system = HubSpot()
    system.add(NUMBER.e164, firstname="Maria")
    results: list[AnyResult] = []
    async with serving(system) as service, house(tmp_path, hubspot(service.url)) as crms:
        service.delay = 0.5
        runner = ErrandRunner(results.append)
        runner.crms = crms
        began = time.monotonic()
        runner.put(Recognise(1, "shop", "069123456", 5.0))
        runner.put(Recognise(2, "shop", "069123456", 0.1))
        await until(lambda: results)
        assert time.monotonic() - began < 0.4
        assert isinstance(results[0], Failed)
        assert results[0].errand == 2
        await until(lambda: len(results) == 2)
        await runner.close()
    assert isinstance(results[1], Answered)
    assert results[1].found is not None
    assert results[1].found["name"] == "Maria"
    assert len(system.requests) == 1


async def test_one_that_fails_is_left_alone_and_tried_again_by_one_request(tmp_path: Path) -> None:
    system = HubSpot()
    system.add(NUMBER.e164, firstname="Maria")
    async with serving(system) as service:
        settings = hubspot(service.url, failures=2, rest_seconds=0.2)
        async with house(tmp_path, settings) as crms:
            system.refusals += [DOWN, DOWN, DOWN]
            for _ in range(2):
                with pytest.raises(CrmError, match="500"):
                    await crms.find("shop", "069123456")
            with pytest.raises(RestingError):
                await crms.find("shop", "069123456")
            assert len(system.requests) == 2
            await asyncio.sleep(0.25)
            service.delay = 0.05
            numbers = [f"06912345{index}" for index in range(5)]
            tried = await asyncio.gather(*(crms.find("shop", one) for one in numbers), return_exceptions=True)
            assert len(system.requests) == 3, "one tries for all"
            assert all(isinstance(one, CrmError) for one in tried)
            await asyncio.sleep(0.25)
            assert await crms.find("shop", "069123456") is not None
            assert await crms.find("shop", "069123450") is None
            assert crms.figures()["crm_failures"] == 3


async def test_one_that_asks_for_it_is_left_alone_for_as_long(tmp_path: Path) -> None:
    system = HubSpot()
    async with serving(system) as service, house(tmp_path, hubspot(service.url)) as crms:
        system.refusals.append(RATE_LIMIT)
        with pytest.raises(BusyError):
            await crms.find("shop", "069123456")
        with pytest.raises(RestingError) as resting:
            await crms.find("shop", "069123456")
        assert 2.5 < resting.value.seconds <= 3.0
    assert len(system.requests) == 1


async def test_a_dead_one_is_told_when_it_is_back_after_a_restart_of_ours_and_only_once(tmp_path: Path) -> None:
    system = Bitrix24()
    system.add(NUMBER.e164, NAME="Maria")
    async with serving(system) as service:
        settings = bitrix(service.url, failures=1000)
        system.refusals += [DOWN] * 3
        async with house(tmp_path, settings) as crms:
            crms.observe(a_call())
            await until(lambda: len(system.requests) == 3)
            system.refusals += [DOWN] * 1000
        assert not system.activities
        system.refusals.clear()
        async with house(tmp_path, settings) as crms:
            await until(lambda: crms.figures()["crm_told"] == 1)
        async with house(tmp_path, settings) as crms:
            assert crms.figures()["crm_untold"] == 0
    assert [(one["ORIGIN_ID"], one["RESPONSIBLE_ID"]) for one in system.activities] == [("n1-1", 12)]


async def test_too_many_requests_pause_the_telling_and_lose_nothing(tmp_path: Path) -> None:
    system = Bitrix24()
    system.add(NUMBER.e164)
    async with serving(system) as service, house(tmp_path, bitrix(service.url, rest_seconds=0.1)) as crms:
        system.refusals += [TOO_MANY, TOO_MANY]
        for index in range(5):
            crms.observe(a_call(f"n1-{index}"))
        await until(lambda: crms.figures()["crm_told"] == 5)
    assert sorted(one["ORIGIN_ID"] for one in system.activities) == [f"n1-{index}" for index in range(5)]


async def test_what_it_refuses_for_good_is_dropped_and_stops_nothing(tmp_path: Path) -> None:
    system = Bitrix24()
    system.add(NUMBER.e164)
    async with serving(system) as service, house(tmp_path, bitrix(service.url)) as crms:
        system.refusals.append(Reply(400, {"error": "ERROR_CORE", "error_description": "wrong"}))
        crms.observe(a_call("n1-1"))
        await until(lambda: crms.figures()["crm_dropped"] == 1)
        crms.observe(a_call("n1-2"))
        await until(lambda: crms.figures()["crm_told"] == 1)
    assert [one["ORIGIN_ID"] for one in system.activities] == ["n1-2"]


async def test_the_topic_said_after_the_call_is_told_with_it(tmp_path: Path) -> None:
    system = Bitrix24()
    system.add(NUMBER.e164)
    async with serving(system) as service, house(tmp_path, bitrix(service.url, topic_seconds=600)) as crms:
        crms.observe(a_call())
        crms.observe(a_call("n1-2", outcome=Outcome.ABANDONED, agent="", connected=0))
        await until(lambda: crms.figures()["crm_told"] == 1)  # nobody will say why a missed call came
        assert [one["SUBJECT"] for one in system.activities] == ["Missed call"]
        crms.observe(TopicChosen(call="n1-1", at=3_000, topic="delivery", agent="ann"))
        await until(lambda: crms.figures()["crm_told"] == 2)
    assert system.activities[1]["SUBJECT"] == "Incoming call: delivery"


async def test_other_settings_forget_no_call(tmp_path: Path) -> None:
    system = Bitrix24()
    system.add(NUMBER.e164)
    async with serving(system) as service, house(tmp_path, bitrix("http://127.0.0.1:1")) as crms:
        crms.observe(a_call())
        await until(lambda: crms.figures()["crm_failures"] >= 1)
        crms.configure([bitrix(service.url)], HOUSE)
        await until(lambda: crms.figures()["crm_told"] == 1)


async def test_no_secret_and_no_number_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    system = Bitrix24()
    with structlog.testing.capture_logs() as told:
        async with serving(system) as service, house(tmp_path, bitrix(service.url, failures=1)) as crms:
            for refusal in (DOWN, TOO_MANY, Reply(401, {"error": "INVALID_CREDENTIALS"})):
                system.refusals = [refusal] * 9
                crms.observe(a_call(f"n1-{refusal.status}"))
                with pytest.raises(CrmError):
                    await crms.find("shop", "069123456")
        assert told
    others = [record.getMessage() for record in caplog.records if record.name != "httpx2"]  # silenced by ops.log
    everything = f"{told}{others}{bitrix('http://127.0.0.1:1')!r}"
    for secret in (Bitrix24.CODE, "69123456"):
        assert secret not in everything


async def test_a_torn_line_costs_that_call_only(tmp_path: Path) -> None:
    path = tmp_path / "crm-shop.jsonl"
    system = Bitrix24()
    async with serving(system) as service, house(tmp_path, bitrix(service.url, topic_seconds=600)) as crms:
        for index in range(3):
            crms.observe(a_call(f"n1-{index}"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    outbox = Outbox(path)
    assert list(outbox.entries) == ["n1-0", "n1-1"]
    outbox.done("n1-0")
    await outbox.close()
    assert list(Outbox(path).entries) == ["n1-1"]


def test_the_outbox_is_written_anew_when_most_of_it_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softacd.runtime.crm_outbox.LINES_KEPT", 10)

    async def many() -> int:
        async with house(tmp_path, bitrix("http://127.0.0.1:1", topic_seconds=600)) as crms:
            (correspondent,) = crms._correspondents.values()
            for index in range(200):
                crms.observe(a_call(f"n1-{index}"))
                correspondent.outbox.done(f"n1-{index}")
        return (tmp_path / "crm-shop.jsonl").read_bytes().count(b"\n")

    assert asyncio.run(many()) < 40
