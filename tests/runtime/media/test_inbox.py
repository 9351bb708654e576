"""The way of commands into the loop: in order, told once, from any thread."""

import select

from softacd.rtp.vocabulary import ReservePorts
from softacd.runtime.media.inbox import Inbox


def test_what_is_put_is_taken_in_order_and_told_once() -> None:
    inbox = Inbox()
    with select.epoll() as poller:
        poller.register(inbox.descriptor, select.EPOLLIN)
        assert poller.poll(0) == []
        inbox.put([ReservePorts(1)])
        inbox.put([ReservePorts(2), ReservePorts(3)])
        assert poller.poll(0) == [(inbox.descriptor, select.EPOLLIN)]
        assert inbox.take() == [ReservePorts(1), ReservePorts(2), ReservePorts(3)]
        assert poller.poll(0) == []
        assert inbox.take() == []
        inbox.put([ReservePorts(4)])
        assert poller.poll(0)


def test_a_wake_without_commands_is_told_too() -> None:
    inbox = Inbox()
    inbox.wake()
    assert select.select([inbox.descriptor], [], [], 0)[0]
    assert inbox.take() == []
