"""Failures add up, in time that is passed in."""

from softacd.web.lockout import MOST_KNOWN, Lockout


def test_the_wait_doubles_with_every_failure_up_to_the_longest() -> None:
    lockout, now, waits = Lockout(free=2, first=2.0, longest=10.0), 0.0, []
    for _ in range(7):
        lockout.begun("ann", now)
        waits.append(lockout.seconds_left("ann", now))
        now += waits[-1]
        assert lockout.seconds_left("ann", now) == 0.0
    assert waits == [0.0, 0.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_success_and_time_forget_failures() -> None:
    lockout = Lockout(free=0, first=5.0, memory=60.0)
    lockout.begun("ann", 0.0)
    assert lockout.seconds_left("ann", 1.0) == 4.0
    assert lockout.seconds_left("bob", 1.0) == 0.0
    lockout.succeeded("ann")
    assert lockout.seconds_left("ann", 1.0) == 0.0
    for at in range(8):
        lockout.begun("ann", float(at))
    assert lockout.seconds_left("ann", 8.0) > 60
    assert lockout.seconds_left("ann", 68.0) == 0.0


def test_an_address_is_forgiven_one_failure_for_each_success() -> None:
    lockout = Lockout(free=1)
    for _ in range(3):
        lockout.begun("192.0.2.1", 0.0)
    lockout.forgive("192.0.2.1", 0.0)
    assert lockout.seconds_left("192.0.2.1", 0.0) == 2.0
    lockout.forgive("192.0.2.1", 0.0)
    assert lockout.seconds_left("192.0.2.1", 0.0) == 0.0


def test_memory_is_bounded() -> None:
    lockout = Lockout(free=0)
    for number in range(MOST_KNOWN + 10):
        lockout.begun(str(number), 0.0)
    assert lockout.seconds_left("0", 0.0) == 0.0
    assert lockout.seconds_left(str(MOST_KNOWN), 0.0) > 0.0
