"""All interleavings in small worlds, as deep as a quick test goes; `python -m tests.acd.small_worlds` goes deeper."""

import pytest

from softacd.acd.turn import Turn
from tests.acd.small_worlds import SCENES, BrokenPromiseError, explore


@pytest.mark.parametrize("name", SCENES)
def test_every_promise_holds_in_every_order_of_events(name: str) -> None:
    found = explore(SCENES[name], 5)
    assert found.states > 300


def test_a_distributor_that_forgets_to_match_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def forget(turn: Turn, now: float) -> None:
        del now
        turn.freed.clear()
        turn.wanting.clear()

    monkeypatch.setattr("softacd.acd.distributor.deal", forget)
    with pytest.raises(BrokenPromiseError, match="ready or not"):
        explore(SCENES["ring two, breaks and phones"], 4)


def test_a_distributor_that_lets_phones_ring_on_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softacd.acd.presence.withdraw", lambda *_: None)
    with pytest.raises(BrokenPromiseError, match="who is away rings for nobody"):
        explore(SCENES["ring two, breaks and phones"], 4)
