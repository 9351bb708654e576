"""A program that lives through calls until it is killed: `busy_switch.py URL [BURST]`.

One call after another: prints a call's id and the rows still in memory 20 ms after its end was handed to the store.
With BURST, so many calls end together, again and again: prints the rows written before, the rows handed over until now,
the age of the oldest row in memory (ms), how long the last commit took (ms), and which calls have ended.
"""

import asyncio
import sys
import time

import uvloop

from softacd.calls.records import AgentEvent, CallEvent, CallRecord, Direction, LegRecord, Outcome, TraceRow
from softacd.store import Store


def wall() -> int:
    return int(time.time() * 1000)


async def main(url: str, burst: int) -> None:
    store = await Store.open(url, node="n1", wall=wall)
    store.write(AgentEvent("ann", wall(), "lunch", "idle"))
    for name in ("n1-waits", "n1-talks"):
        talks = name == "n1-talks"
        record = CallRecord(name, Direction.INCOMING, wall(), "+37369123456", "+37322000111", queue="sales")
        record.queued = wall()
        record.connected = wall() if talks else 0
        store.write(record)
    store.write(LegRecord("n1-talks-a", "n1-talks", "trunk:alpha", "+37369123456", False, wall()))
    if burst:
        await bursts(store, burst)
    number = 0
    while True:
        number += 1
        name = f"n1-{number}"
        live(store, name)
        await asyncio.sleep(0.02)
        print(name, store.status().queued, flush=True)


def live(store: Store, name: str) -> None:
    """A call from its first INVITE to its end."""
    record = CallRecord(name, Direction.INCOMING, wall(), "+40721000000", "+37322000111")
    store.write(record)
    for step in range(5):
        store.write(CallEvent(record.id, wall(), "key", str(step)))
        store.write(TraceRow(record.id, wall(), True, "trunk:alpha", "INVITE"))
    record.ended = wall()
    record.outcome = Outcome.ANSWERED
    store.write(record)


async def bursts(store: Store, size: int) -> None:
    """Calls end faster than the database would take them one by one."""
    number = 0
    while True:
        names = [f"n1-{number + index}" for index in range(size)]
        before = store.status()
        for name in names:
            live(store, name)
        now = store.status()
        print(before.written, now.written + now.queued, before.lag_ms, before.commit_ms, *names, flush=True)
        number += size
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0))
