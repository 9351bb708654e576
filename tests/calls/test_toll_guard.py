"""What phones may spend outside, and who they are there."""

from softacd.calls.model import DialPlan
from softacd.calls.toll_guard import TollGuard


def guard(an_hour: int = 3, at_once: int = 2) -> TollGuard:
    made = TollGuard()
    made.configure(DialPlan(outside_calls_an_hour=an_hour, outside_calls_at_once=at_once))
    return made


def test_calls_at_once() -> None:
    tolls = guard(an_hour=0)
    assert tolls.admit("101", "a", 0) == ""
    assert tolls.admit("101", "b", 0) == ""
    assert "2 outside calls at once" in tolls.admit("101", "c", 0)
    assert tolls.admit("102", "d", 0) == "", "another phone has its own"
    tolls.release("a")
    assert tolls.admit("101", "c", 0) == ""
    assert tolls.refused == 1


def test_calls_an_hour() -> None:
    tolls = guard(at_once=0)
    for second in (0, 1, 2):
        assert tolls.admit("101", f"{second}", second) == ""
        tolls.release(f"{second}")
    assert "3 outside calls within an hour" in tolls.admit("101", "x", 3599)
    assert tolls.admit("101", "x", 3600) == ""
    assert tolls.admit("101", "y", 3600.5) != ""


def test_without_ceilings_nothing_is_refused() -> None:
    tolls = guard(0, 0)
    assert not any(tolls.admit("101", str(call), 0) for call in range(500))
