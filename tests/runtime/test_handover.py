"""Four threads hand events to one distributor: each arrives once, in its thread's order, and the loop always wakes."""

import select
import sys
import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from softacd.acd.vocabulary import AnyEvent, CallerExited, CallerJoined, CallerLeft, Exit
from softacd.runtime.handover import Handover
from tests.acd.playbook import Playbook, queue

PRODUCERS = 4
CALLERS = 2_500
PATIENCE_S = 60


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads are switched as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def events(producer: int) -> Iterator[list[AnyEvent]]:
    """Callers who come and go at once, one or three events at a time."""
    for number in range(CALLERS):
        caller = f"{producer}-{number}"
        if number % 3:
            yield [CallerJoined(caller, "sales"), CallerLeft(caller, Exit.ABANDONED)]
        else:
            yield [CallerJoined(caller, "sales")]
            yield [CallerLeft(caller, Exit.ABANDONED)]


@pytest.mark.usefixtures("hasty")
def test_four_producers_lose_and_duplicate_nothing() -> None:
    handover: Handover[AnyEvent] = Handover()
    distributor = Playbook([queue("sales")]).distributor
    start = threading.Barrier(PRODUCERS)

    def produce(producer: int) -> None:
        start.wait()
        for batch in events(producer):
            handover.put(batch)

    threads = [threading.Thread(target=produce, args=(number,)) for number in range(PRODUCERS)]
    for thread in threads:
        thread.start()
    joined: list[str] = []
    exited: Counter[str] = Counter()
    now, expected = 0.0, 2 * PRODUCERS * CALLERS
    with select.epoll() as poller:
        poller.register(handover.descriptor, select.EPOLLIN)
        while expected:
            assert poller.poll(PATIENCE_S), "nobody woke the loop, though not everything has come"
            for event in handover.take():
                expected -= 1
                now += 0.001
                if isinstance(event, CallerJoined):
                    joined.append(event.caller)
                for command in distributor.handle(event, now):
                    if isinstance(command, CallerExited):
                        exited[command.caller] += 1
    for thread in threads:
        thread.join()
    assert handover.take() == []
    assert set(exited.values()) == {1}
    assert len(joined) == len(set(joined)) == len(exited) == PRODUCERS * CALLERS
    for producer in range(PRODUCERS):
        mine = [caller for caller in joined if caller.startswith(f"{producer}-")]
        assert mine == [f"{producer}-{number}" for number in range(CALLERS)]
    assert distributor.queues(now)[0].waiting == ()
