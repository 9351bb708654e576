"""Who calls, among a million: put on the disk, loaded into memory, looked up by every spelling while others are put.

The look-up is measured whole, from the carrier's spelling to the Caller. Beside it: the same cards in a plain
dictionary, asked with the number ready made. `python -m benchmarks.customers`
"""

import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.harness import Figures, Progress, figure, table
from softacd.calls.customers import Customer
from softacd.crm.base import CustomerBase
from softacd.crm.directory import Directory
from softacd.crm.numbers import canonical, key_of
from softacd.crm.settings import CustomerSettings

SETTINGS = CustomerSettings(country="UA")
BATCH = 300
DICTIONARY = "a dictionary asked with the E.164 number"
SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda number: number,
    lambda number: "00" + number[1:],
    lambda number: number[1:],
    lambda number: "0" + number[4:],
)
STRANGERS = 5
"""Every so many look-ups one is of nobody we know."""


def run(customers: int = 1_000_000, lookups: int = 100_000, *, progress: Progress = lambda text: None) -> Figures:
    """Measure with so many customers, one number each, and so many look-ups."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as directory:
        base = CustomerBase(Path(directory) / "customers.db", lambda: 1_790_000_000_000)
        try:
            progress("putting customers on the disk")
            began = time.perf_counter()
            for batch in _batches(customers):
                base.put(batch, SETTINGS, ())
            importing = time.perf_counter() - began
            progress("loading")
            before = _resident()
            began = time.perf_counter()
            index = base.load()
            loading = time.perf_counter() - began
            grown = _resident() - before
            octets = index._packed.octets  # noqa: SLF001 - what the process grew by is only told in whole pages
            who = Directory(index, SETTINGS, lambda: 1_790_000_000_000)
            progress("looking up")
            times, found = _look_up(who.lookup, chance, customers, lookups)
            progress("looking up while customers are put")
            amid = _amid_puts(who, base, chance, customers, max(lookups // 10, 100))
            ready = _dictionary(chance, min(customers, 200_000), lookups)
        finally:
            base.close()
    if found != lookups - len(range(0, lookups, STRANGERS)):
        raise AssertionError(f"{found} of {lookups} look-ups found somebody")
    return {
        "lookup: median": figure(times[len(times) // 2] * 1e6, "us", beside=ready * 1e6, ratio_to=DICTIONARY),
        "lookup: p99": figure(_quantile(times, 0.99) * 1e3, "ms", goal=5.0),
        "lookup: p99.9": figure(_quantile(times, 0.999) * 1e3, "ms", goal=5.0),
        "lookup: p99 while 300 are put": figure(_quantile(amid, 0.99) * 1e3, "ms", goal=5.0),
        "put: a customer": figure(importing / customers * 1e6, "us"),
        "load: all": figure(loading, "s", goal=10.0),
        "load: memory of the index": figure(octets / 2**20, "MiB"),
        "load: memory of the process": figure(grown / 2**20, "MiB"),
    }


def number_of(customer: int) -> str:
    """A Ukrainian mobile number, another for each customer, spread as numbers are."""
    return f"+38050{customer * 7_919 % 10_000_000:07}"


def _batches(customers: int) -> Iterator[list[Customer]]:
    for first in range(0, customers, BATCH):
        yield [
            Customer(numbers=(number_of(one),), name=f"Customer {one}", external_id=f"C{one}", category="regular")
            for one in range(first, min(first + BATCH, customers))
        ]


def _look_up(
    lookup: Callable[[str], object], chance: random.Random, customers: int, lookups: int
) -> tuple[list[float], int]:
    """Seconds of each look-up, ascending, and how many found somebody."""
    texts = []
    for count in range(lookups):
        number = (
            f"+38067{chance.randrange(10_000_000):07}"
            if count % STRANGERS == 0
            else number_of(chance.randrange(customers))
        )
        texts.append(chance.choice(SPELLINGS)(number))
    times: list[float] = []
    found = 0
    clock = time.perf_counter
    for text in texts:
        canonical.cache_clear()
        began = clock()
        caller = lookup(text)
        times.append(clock() - began)
        found += caller is not None
    return sorted(times), found


def _amid_puts(who: Directory, base: CustomerBase, chance: random.Random, customers: int, lookups: int) -> list[float]:
    """Look-ups between puts of whole batches in another thread, as the running switch has them."""
    from threading import Event, Thread

    done = Event()

    def put() -> None:
        for batch in _batches(customers):
            if done.is_set():
                return
            base.put(batch, SETTINGS, ())

    thread = Thread(target=put)
    thread.start()
    try:
        return _look_up(who.lookup, chance, customers, lookups)[0]
    finally:
        done.set()
        thread.join()


def _dictionary(chance: random.Random, customers: int, lookups: int) -> float:
    """Median seconds of the ideal program's look-up."""
    cards = {key_of(number_of(one)): (one, f"Customer {one}") for one in range(customers)}
    times = []
    for _ in range(lookups):
        key = key_of(number_of(chance.randrange(customers)))
        began = time.perf_counter()
        cards.get(key)
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2]


def _quantile(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))]


def _resident() -> int:
    """Octets of memory the process has at this moment."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    print(table(run(progress=print)))
