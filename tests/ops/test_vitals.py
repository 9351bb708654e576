"""What the parts say of their health, in words the owner can act on."""

from types import SimpleNamespace
from typing import Any

from softacd.calls.control import Check
from softacd.ops.vitals import checks, gauges
from softacd.runtime.collector import Collector

KEEPER: Any = SimpleNamespace(check=lambda figures: Check("recordings", healthy=figures.failed == 0))


def engine(*, alive: bool) -> Any:
    return SimpleNamespace(
        alive=alive,
        recorder_figures=lambda: SimpleNamespace(open=1, waiting=2, failed=0),
        figures=lambda: SimpleNamespace(streams=3, sockets=128),
    )


def store(*, failing: bool) -> Any:
    status = SimpleNamespace(
        failing=failing,
        error="disk is full" if failing else "",
        remedy="Free some space." if failing else "",
        queued=4,
        spooled=5,
    )
    return SimpleNamespace(status=lambda: status)


async def test_what_has_not_started_is_not_judged() -> None:
    assert checks(None, None, KEEPER) == []
    assert set(gauges(None, None, None, Collector())) == {
        "tasks",
        "collector_longest_pause_seconds",
        "collector_hardest_pause_seconds",
        "collector_collections",
    }


async def test_a_dead_engine_and_a_full_disk_come_with_a_remedy() -> None:
    found = {check.name: check for check in checks(engine(alive=False), store(failing=True), KEEPER)}
    assert [found[name].healthy for name in ("recordings", "media", "store")] == [True, False, False]
    assert "restart" in found["media"].remedy
    assert (found["store"].detail, found["store"].remedy) == ("disk is full", "Free some space.")


async def test_what_the_parts_hold_is_told() -> None:
    customers: Any = SimpleNamespace(directory=SimpleNamespace(index=[1, 2]))
    held = gauges(engine(alive=True), store(failing=False), customers, Collector())
    assert (held["media_engine_streams"], held["media_sockets"], held["recordings_waiting"]) == (3, 128, 2)
    assert (held["store_queued"], held["store_spooled"], held["customer_numbers"]) == (4, 5, 2)
