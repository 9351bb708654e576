"""A carrier that is Asterisk, with registration and as a static trunk, over UDP, TCP and TLS."""

from pathlib import Path

import pytest

from softacd.calls.records import Direction, Outcome
from tests.certificates import Certificates
from tests.interop.asterisk import OUTSIDE, AsteriskCarrier, Transport, needs_asterisk
from tests.interop.conftest import Switch
from tests.interop.phones import Phones, until
from tests.interop.shop import GREETING, MUSIC, NUMBERS, Settings, free_port, own_host
from tests.interop.test_phones import talk

pytestmark = [pytest.mark.interop, needs_asterisk]


def listening(certificates: Certificates) -> tuple[dict[str, str], Settings]:
    """Where the shop listens, by transport, and its section [sip]."""
    host = own_host(1)
    where = {transport: f"{host}:{free_port(host)}" for transport in ("udp", "tcp", "tls")}
    certificate, key = certificates.sign("shop", f"IP:{host}")
    return where, {
        "listen": [f"{transport}:{address}" for transport, address in where.items()],
        "certificate": str(certificate),
        "private_key": str(key),
        "authorities": str(certificates.authority),
    }


@pytest.mark.parametrize("register", [True, False], ids=["registered", "static"])
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_calls_both_ways_hold_and_keys(
    switch: Switch, phones: Phones, certificates: Certificates, tmp_path: Path, transport: Transport, register: bool
) -> None:
    where, sip = listening(certificates)
    async with (
        AsteriskCarrier(
            tmp_path, transport=transport, register=register, certificates=certificates, shop=where[transport]
        ) as carrier,
        switch(sip=sip, trunks={"beta": carrier.trunk_settings()}, dial_plan={"trunks": ["beta"]}) as shop,
    ):
        if register:
            await shop.until_registered("beta")
        ann = await shop.phone_of(phones, "ann")
        await shop.available("ann")
        outside = await carrier.outside_phone(phones)
        if transport != "udp":
            shop.may_linger("sockets", "files")  # connections with the carrier stay open, one a direction
        await shop.count_from_here()

        caller = await (await outside.dial(carrier.number())).established()
        await caller.until_hears(GREETING)
        await caller.press("1")
        agent = await (await ann.rings()).answer()
        assert OUTSIDE in (agent.call.peer or "")
        await talk(caller, agent)
        await agent.call.hold()
        await caller.until_hears(MUSIC)
        await agent.call.resume()
        await talk(caller, agent)
        await caller.press("73")
        await agent.press("#")
        await until(lambda: (agent.digits, caller.digits) == ("73", "#"), 3, lambda: f"{agent.digits} {caller.digits}")
        await caller.hang_up()
        await agent.over()

        dialling = await ann.dial(shop.uri(OUTSIDE))
        ringing = await outside.rings()
        assert NUMBERS["beta"] in (ringing.call.peer or "")
        await ringing.answer()
        await dialling.established()
        await talk(dialling, ringing)
        await ringing.call.hold()
        await dialling.until_hears(MUSIC)
        await ringing.call.resume()
        await talk(dialling, ringing)
        await ringing.hang_up()
        await dialling.over()
        first, second = await shop.ended_calls(2)
        assert (first.direction, first.outcome, first.agent) == (Direction.INCOMING, Outcome.ANSWERED, "ann")
        assert (first.caller, first.called) == (OUTSIDE, NUMBERS["beta"])
        assert (second.direction, second.outcome, second.trunk) == (Direction.OUTGOING, Outcome.ANSWERED, "beta")
