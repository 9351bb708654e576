"""A program that lives through calls until it is killed: `busy_switch.py URL`.

Prints one line the moment a call's end was handed to the store and 20 ms have passed, and "open ID" for calls it keeps.
"""

import asyncio
import sys
import time

import uvloop

from softacd.calls.records import AgentEvent, CallEvent, CallRecord, Direction, LegRecord, Outcome, TraceRow
from softacd.store import Store


def wall() -> int:
    return int(time.time() * 1000)


async def main(url: str) -> None:
    store = await Store.open(url, node="n1", wall=wall)
    store.write(AgentEvent("ann", wall(), "lunch", "idle"))
    for name in ("n1-waits", "n1-talks"):
        talks = name == "n1-talks"
        record = CallRecord(name, Direction.INCOMING, wall(), "+37369123456", "+37322000111", queue="sales")
        record.queued = wall()
        record.connected = wall() if talks else 0
        store.write(record)
    store.write(LegRecord("n1-talks-a", "n1-talks", "trunk:alpha", "+37369123456", False, wall()))
    number = 0
    while True:
        number += 1
        record = CallRecord(f"n1-{number}", Direction.INCOMING, wall(), "+40721000000", "+37322000111")
        store.write(record)
        for step in range(5):
            store.write(CallEvent(record.id, wall(), "key", str(step)))
            store.write(TraceRow(record.id, wall(), True, "trunk:alpha", "INVITE"))
        record.ended = wall()
        record.outcome = Outcome.ANSWERED
        store.write(record)
        await asyncio.sleep(0.02)
        print(record.id, store.status().queued, flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
