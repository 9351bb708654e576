"""How the parts are that only the composition root knows: the media engine, the store, recordings, customers."""

import asyncio

from softacd.calls.control import Check
from softacd.ops.customer_desk import CustomerDesk
from softacd.ops.recordings import RecordingKeeper
from softacd.ops.room import Room
from softacd.runtime.collector import Collector
from softacd.runtime.media.workers import AnyEngine
from softacd.store.store import Store


def checks(
    engine: AnyEngine | None, store: Store | None, keeper: RecordingKeeper, messages: Room | None = None
) -> list[Check]:
    """One check a part; a part that has not started yet has none."""
    found = []
    if engine is not None:
        found.append(keeper.check(engine.recorder_figures()))
        found.append(Check("media", engine.alive, remedy="" if engine.alive else "restart softacd and report the log"))
    if messages is not None and (problem := messages.check()) is not None:
        found.append(problem)
    if store is not None:
        status = store.status()
        found.append(Check("store", not status.failing, detail=status.error, remedy=status.remedy))
    return found


def gauges(
    engine: AnyEngine | None, store: Store | None, customers: CustomerDesk | None, collector: Collector
) -> dict[str, float]:
    """What they hold now, by metric name without prefix."""
    found: dict[str, float] = {"tasks": len(asyncio.all_tasks())}
    found["collector_longest_pause_seconds"] = collector.longest
    found["collector_hardest_pause_seconds"] = collector.hardest
    found["collector_collections"] = collector.collections
    if engine is not None:
        figures = engine.figures()
        found["media_engine_streams"] = figures.streams
        found["media_sockets"] = figures.sockets
        recorder = engine.recorder_figures()
        found["recordings_open"] = recorder.open
        found["recordings_waiting"] = recorder.waiting
        found["recordings_failed"] = recorder.failed
    if store is not None:
        status = store.status()
        found["store_queued"] = status.queued
        found["store_spooled"] = status.spooled
    if customers is not None:
        found["customer_numbers"] = len(customers.directory.index)
    return found
