"""A new configuration while people talk: nobody notices, and what is new is in force at once."""

import asyncio
import os
import signal

import pytest

from tests.interop.conftest import Switch
from tests.interop.phones import Phones
from tests.interop.shop import MUSIC, Shop, as_toml
from tests.interop.test_phones import connect, talk

pytestmark = pytest.mark.interop


async def reload(shop: Shop, expected: str) -> None:
    """Have the switch read its configuration again, and wait for what it says."""
    path = shop.directory / "softacd.toml"
    path.write_text(as_toml(shop.tree), encoding="utf-8")
    told = len(shop.logged())
    os.kill(shop.process.pid, signal.SIGHUP)
    await shop.until(
        f"it says {expected!r}", lambda: any(expected in str(line["event"]) for line in shop.logged()[told:])
    )


async def test_a_reload_keeps_calls_callers_and_figures_and_a_wrong_one_changes_nothing(
    switch: Switch, phones: Phones
) -> None:
    async with switch() as shop:
        callers = [await shop.office_phone(phones, extension) for extension in ("201", "202")]
        ann, bob, carol = await shop.phones_of(phones, "ann", "bob", "carol")
        await shop.available("ann")
        talking, agent = await connect(callers[0], ann, shop.uri("601"))
        waiting = await (await callers[1].dial(shop.uri("601"))).established()
        await waiting.until_hears(MUSIC)
        before = (await shop.snapshot()).queues[0]

        shop.tree["queues"]["sales"]["wrap_up_seconds"] = 40
        shop.tree["queues"]["sales"]["agents"] = ["ann", "finn"]
        shop.tree["queues"]["front"] = {"number": "604", "agents": ["carol"]}
        del shop.tree["phones"]["110"], shop.tree["agents"]["jana"]
        for name in ("support", "accounts"):
            shop.tree["queues"][name]["agents"].remove("jana")
        await reload(shop, "configuration reloaded")
        after = (await shop.snapshot()).queues[0]
        assert (after.name, after.offered, after.answered, after.waiting) == ("sales", 2, 1, 1)
        assert after.longest_wait_s >= before.longest_wait_s
        talking.forget()
        agent.forget()
        await talk(talking, agent)
        await waiting.until_hears(MUSIC)
        await shop.available("bob", "carol")  # bob takes no calls of this queue any more
        await asyncio.sleep(0.3)
        assert bob.lines == []
        direct, _ = await connect(bob, carol, shop.uri("604"))
        await direct.hang_up()

        shop.tree["queues"]["sales"]["ring"] = 999
        await reload(shop, "the running configuration stays in force")
        shop.tree["queues"]["sales"]["ring"] = 4
        talking.forget()
        await talking.until_hears(ann.frequency)

        await talking.hang_up()
        await shop.until_agent("ann", state="wrap-up")
        status, _ = await shop.ask("POST", "/api/v1/agents/ann/wrap-up/finish")
        assert status == 200
        second = await (await ann.rings(1)).answer()
        await talk(waiting, second)
        await waiting.hang_up()
        shop.complaints_expected = True
