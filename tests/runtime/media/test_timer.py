"""The timer among descriptors: never early, to a fraction of a millisecond, and quiet once cleared."""

import select
import time

from softacd.runtime.media.timer import Timer


def test_it_fires_when_armed_for_and_can_be_armed_again() -> None:
    timer = Timer()
    with select.epoll() as poller:
        poller.register(timer.descriptor, select.EPOLLIN)
        assert poller.poll(0) == []
        for pause in (0.0023, 0.0107):
            when = time.monotonic() + pause
            timer.arm(when)
            assert poller.poll(1)
            assert time.monotonic() >= when
            timer.clear()
            timer.clear()
            assert poller.poll(0) == []
        timer.arm(time.monotonic() + 10)
        timer.arm(0.0)  # long past: at once
        assert poller.poll(1)
    timer.close()
