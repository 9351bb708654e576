"""Carriers found by their names, asked of a name server on loopback."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from softacd.runtime import resolver
from softacd.runtime.resolver import Located, Locator, keep_located
from softacd.sip.transport import Transport
from tests.runtime.name_server import NameServer

ALL = (Transport.UDP, Transport.TCP, Transport.TLS)
ZONE = {
    ("carrier.test", "NAPTR"): (300, ['20 10 "s" "SIP+D2T" "" _sip._tcp.carrier.test.',
                                      '10 10 "s" "SIP+D2U" "" _sip._udp.carrier.test.']),
    ("_sip._udp.carrier.test", "SRV"): (120, ["20 0 5070 two.carrier.test.", "10 0 5062 one.carrier.test."]),
    ("_sip._tcp.carrier.test", "SRV"): (120, ["10 0 5063 one.carrier.test."]),
    ("one.carrier.test", "A"): (60, ["192.0.2.1"]),
    ("two.carrier.test", "A"): (600, ["192.0.2.2", "192.0.2.3"]),
    ("two.carrier.test", "AAAA"): (600, ["2001:db8::2"]),
    ("plain.test", "A"): (45, ["192.0.2.9"]),
    ("_sips._tcp.secure.test", "SRV"): (50, ["1 1 5061 one.carrier.test."]),
    ("_sip._udp.closed.test", "SRV"): (50, ["0 0 0 ."]),
    ("closed.test", "A"): (50, ["192.0.2.66"]),
}  # fmt: skip


@pytest.fixture
async def names() -> AsyncIterator[NameServer]:
    server = NameServer(dict(ZONE))
    yield server
    server.close()


async def locator(names: NameServer, hosts: Path = Path("/nowhere")) -> Locator:
    return Locator(["127.0.0.1"], await names.start(), hosts=hosts, draw=lambda: 0.5)


async def test_naptr_then_srv_then_addresses(names: NameServer) -> None:
    found = await (await locator(names)).locate("carrier.test", supported=ALL)
    assert (found.transport, found.seconds) == (Transport.UDP, 60.0)
    assert found.targets[0] == ("192.0.2.1", 5062)
    assert set(found.targets[1:3]) == {("192.0.2.2", 5070), ("192.0.2.3", 5070)}  # a host's own addresses rotate
    assert found.targets[3:] == (("2001:db8::2", 5070),)


async def test_a_configured_transport_asks_for_its_service_only(names: NameServer) -> None:
    where = await locator(names)
    assert (await where.locate("carrier.test", transport=Transport.TCP)).targets == (("192.0.2.1", 5063),)
    assert (await where.locate("secure.test", transport=Transport.TLS)) == Located(
        (("192.0.2.1", 5061),), Transport.TLS, 50.0
    )
    assert names.asked["carrier.test", "NAPTR"] == 0


async def test_without_naptr_services_are_tried_in_our_order(names: NameServer) -> None:
    found = await (await locator(names)).locate("secure.test", supported=ALL)
    assert (found.transport, found.targets) == (Transport.TLS, (("192.0.2.1", 5061),))


async def test_a_port_or_an_address_needs_no_service_record(names: NameServer) -> None:
    where = await locator(names)
    assert (await where.locate("one.carrier.test", 5080)).targets == (("192.0.2.1", 5080),)
    assert (await where.locate("192.0.2.77")).targets == (("192.0.2.77", 5060),)
    assert (await where.locate("2001:db8::7", transport=Transport.TLS)).targets == (("2001:db8::7", 5061),)
    assert not any(kind == "SRV" for _, kind in names.asked)


async def test_without_service_records_the_name_itself_is_the_server(names: NameServer) -> None:
    assert await (await locator(names)).locate("plain.test", transport=Transport.UDP) == Located(
        (("192.0.2.9", 5060),), Transport.UDP, 45.0
    )


async def test_a_service_decidedly_not_there_is_not_looked_for_elsewhere(names: NameServer) -> None:
    assert (await (await locator(names)).locate("closed.test", transport=Transport.UDP)).targets == ()


async def test_the_hosts_file_comes_before_dns(names: NameServer, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("# ours\n2001:db8::5 plain.test\n192.0.2.5  other Plain.test # here\n")
    where = await locator(names, hosts)
    assert (await where.locate("plain.test", 5060)).targets == (("192.0.2.5", 5060), ("2001:db8::5", 5060))


async def test_local_names_need_no_name_server(names: NameServer) -> None:
    found = await (await locator(names)).locate("localhost")
    assert ("127.0.0.1", 5060) in found.targets
    assert not names.asked


async def test_a_name_nobody_knows(names: NameServer) -> None:
    assert (await (await locator(names)).locate("nobody.invalid")).targets == ()


async def test_it_is_asked_again_when_it_expires_and_kept_when_nobody_answers(
    names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "SOONEST_SECONDS", 0.02)
    monkeypatch.setattr(resolver, "RETRY_SECONDS", 0.02)
    names.zone["plain.test", "A"] = (0, ["192.0.2.9"])
    told: list[Located] = []
    news = asyncio.Event()

    def found(located: Located) -> None:
        told.append(located)
        news.set()

    async def until_asked(times: int) -> None:
        while names.asked["plain.test", "A"] < times:  # noqa: ASYNC110 - the server counts, and tells nobody
            await asyncio.sleep(0.005)

    where = await locator(names)
    task = asyncio.create_task(keep_located(where, "plain.test", 5060, Transport.UDP, (), found))
    await asyncio.wait_for(until_asked(4), 5)
    assert [located.targets for located in told] == [(("192.0.2.9", 5060),)]  # told once, though asked often
    names.zone["plain.test", "A"] = (0, ["192.0.2.10"])
    news.clear()
    await asyncio.wait_for(news.wait(), 5)
    assert told[-1].targets == (("192.0.2.10", 5060),)
    del names.zone["plain.test", "A"]
    names.zone["plain.test", "TXT"] = (0, ['"left"'])
    await asyncio.wait_for(until_asked(names.asked["plain.test", "A"] + 3), 5)
    assert len(told) == 2  # what was known stays in use
    task.cancel()
