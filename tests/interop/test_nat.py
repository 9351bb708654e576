"""Phones behind real NAT: the same router, different ones with the same addresses, symmetric; ourselves behind one."""

import asyncio
from pathlib import Path

import pytest

from tests.interop.nat import Branch, Net, needs_nat
from tests.interop.pjsua import PjsuaPhone, needs_pjsua, talk

pytestmark = [pytest.mark.interop, needs_nat, needs_pjsua]
LAN = "192.168.1"
FORGETS = 4
"""Seconds after which a router forgets, where a test waits for that."""


async def call(caller: PjsuaPhone, called: PjsuaPhone, server: str) -> None:
    """They call, hear each other, press a key, hang up."""
    since, heard = len(caller.facts), len(called.facts)
    caller.do("dial", uri=f"sip:{called.user}@{server}")
    ringing = await called.rings()
    called.do("answer")
    await called.talks(ringing)
    await talk(caller, called)
    caller.do("press", digits="5")
    await called.until("digit", digit="5", since=heard)
    called.do("hang-up")
    await called.over(ringing)
    await caller.until("state", state="DISCONNECTED", since=since)


async def test_phones_behind_the_same_router_and_behind_another_with_the_same_addresses(tmp_path: Path) -> None:
    with Net() as net:
        server = net.public("switch", 10)
        net.router("one", 21)
        net.router("two", 22, random_ports=True)
        first, second = net.behind("one", "a", f"{LAN}.11"), net.behind("one", "b", f"{LAN}.12")
        third = net.behind("two", "c", f"{LAN}.11")
        async with (
            Branch(net, "switch", server, tmp_path) as branch,
            branch.phone(net, "a", first, "101", at=server) as ann,
            branch.phone(net, "b", second, "102", at=server) as bob,
            branch.phone(net, "c", third, "103", at=server) as carol,
        ):
            for caller, called in ((ann, bob), (carol, ann), (bob, carol)):
                await call(caller, called, server)


@pytest.mark.parametrize("kept_by", ["options", "crlf", "phone", "nobody"])
async def test_a_router_that_forgets_is_reminded(tmp_path: Path, kept_by: str) -> None:
    by_us = {"keep_alive": kept_by, "keep_alive_seconds": 1.5}
    sip = by_us if kept_by in ("options", "crlf") else {"keep_alive_seconds": 0}
    with Net() as net:
        server = net.public("switch", 10)
        outside = net.public("d", 40)
        net.router("one", 21, timeout=FORGETS)
        inside = net.behind("one", "a", f"{LAN}.11")
        async with (
            Branch(net, "switch", server, tmp_path, sip=sip, phones={"101": {"ring_seconds": 3}}) as branch,
            branch.phone(net, "a", inside, "101", at=server, naive=2 if kept_by == "phone" else 0) as ann,
            branch.phone(net, "d", outside, "201", at=server) as dan,
        ):
            await asyncio.sleep(2.5 * FORGETS)
            if kept_by != "nobody":
                await call(dan, ann, server)
                return
            dan.do("dial", uri=f"sip:101@{server}")
            assert (await dan.over(0))["status"] == 480
            assert not [fact for fact in ann.facts if fact["event"] == "ringing"]


@pytest.mark.parametrize("address", ["8.8.8.23", "learned"])
async def test_we_stand_behind_a_router_ourselves(tmp_path: Path, address: str) -> None:
    with Net() as net:
        public = net.router("ours", 23)
        own = net.behind("ours", "switch", "10.0.9.2")
        net.forward("ours", "5060", own)
        net.forward("ours", "20000-20999", own)
        net.router("one", 21)
        inside, outside = net.behind("one", "a", f"{LAN}.11"), net.public("d", 40)
        trunk = {"host": net.public("carrier", 41), "port": 5060, "keep_alive_seconds": 1, "numbers": []}
        carrier = PjsuaPhone(
            "carrier", 500, prefix=net.inside("carrier"), domain="carrier", password="", transport="udp", port=5060,
            address=trunk["host"],
        )  # fmt: skip
        async with (
            carrier,
            Branch(net, "switch", own, tmp_path, sip={"public_address": address}, trunks={"beta": trunk}) as branch,
        ):
            if address == "learned":
                async with asyncio.timeout(10):
                    while "our public address was learned" not in branch.log:  # noqa: ASYNC110 - another process' log
                        await asyncio.sleep(0.1)
            async with (
                branch.phone(net, "a", inside, "101", at=public) as ann,
                branch.phone(net, "d", outside, "201", at=public) as dan,
            ):
                await call(ann, dan, public)
                await call(dan, ann, public)
                invite = next(fact["header"] for fact in dan.facts if fact["event"] == "ringing")
                assert public in invite
                assert own not in invite
