"""The customer base of a running switch: what was put is known in the same turn, and loads happen beside calls."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from softacd.calls.control import UnknownNameError
from softacd.calls.customers import Customer, NotANumberError
from softacd.crm.index import Index
from softacd.crm.settings import CustomerSettings
from softacd.ops.customer_desk import CustomerDesk

NOW = 1_790_000_000_000


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[CustomerDesk]:
    opened = await CustomerDesk.open(tmp_path / "customers.db", CustomerSettings(country="MD"), {"ann"}, lambda: NOW)
    yield opened
    await opened.close()


async def test_what_was_put_is_known_at_once(desk: CustomerDesk) -> None:
    lookup = desk.directory.lookup
    assert lookup("069123456") is None
    report = await desk.put([Customer(numbers=("+37369123456",), name="Ann", category="vip")])
    caller = lookup("069123456")
    assert report.created == 1
    assert caller is not None
    assert caller.shown("") == "VIP Ann"
    assert (await desk.find("69123456")).customer == (await desk.page(0, 10))[0]


async def test_blocked_and_served_again_at_once(desk: CustomerDesk) -> None:
    await desk.block("069123456", 0, "rude")
    caller = desk.directory.lookup("+37369123456")
    assert caller is not None
    assert caller.blacklisted
    assert [block.reason for block in await desk.blocks()] == ["rude"]
    assert (await desk.unblock("069123456")).number == "+37369123456"
    assert desk.directory.lookup("+37369123456") is None
    with pytest.raises(UnknownNameError, match="not on the blacklist"):
        await desk.unblock("069123456")
    with pytest.raises(NotANumberError, match="dialled in MD"):
        await desk.block("12", 0, "")


async def test_many_changes_are_loaded_and_later_ones_stay(desk: CustomerDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Index, "LEAST_CHANGES", 10)
    for name in ("first", "second"):
        await desk.put([Customer(numbers=(f"0691{n:05}",), name=name) for n in range(20)])
    assert desk._reloading is not None
    await desk.put([Customer(numbers=("069100000",), name="third")])
    await desk._reloading
    names = {n: caller.name for n in range(20) if (caller := desk.directory.lookup(f"0691{n:05}"))}
    assert names == {0: "third", **dict.fromkeys(range(1, 20), "second")}
    assert len(desk.directory.index) >= 20


async def test_agents_and_settings_may_change(desk: CustomerDesk) -> None:
    bobs = Customer(numbers=("069123456",), manager="bob")
    assert (await desk.put([bobs])).problems[0].field == "manager"
    desk.configure(CustomerSettings(country="MD"), {"bob"})
    assert (await desk.put([bobs])).created == 1
