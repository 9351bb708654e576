"""Is the carrier there?"""

from __future__ import annotations

import pytest

from softacd.sip.events import IncomingResponse
from softacd.sip.headers import NameAddress
from softacd.sip.probe import Probe
from tests.playbook import CARRIER, Playbook, event, receive, sends, wait
from tests.sip.ladder import answer, new_stack


@pytest.fixture
def play() -> Playbook:
    return Playbook(new_stack())


@pytest.fixture
def probe(play: Playbook) -> Probe:
    caller = NameAddress.parse("<sip:softacd@192.0.2.1>")
    return Probe(play.stack, flow=CARRIER, uri="sip:203.0.113.9", from_=caller, jitter=lambda: 0.5, interval=30.0)


def hear(play: Playbook, probe: Probe, status: int) -> None:
    play >> receive(answer(play, status, "r"), CARRIER) << event(IncomingResponse)
    probe.on_response(play.event.transaction, play.event.response, play.now)


def test_any_answer_proves_life_and_is_timed(play: Playbook, probe: Probe) -> None:
    assert probe.state == "unknown"
    probe.start(play.now)
    play.drain()
    play << sends("OPTIONS sip:203.0.113.9", CARRIER)
    play >> wait(0.025)
    hear(play, probe, 405)
    assert probe.state == "alive"
    assert probe.round_trip == pytest.approx(0.025)
    assert probe.next_deadline() == pytest.approx(play.now + 30)


def test_silence_is_noticed_before_the_transaction_gives_up(play: Playbook, probe: Probe) -> None:
    probe.start(play.now)
    play.drain()
    play << sends("OPTIONS")
    sent = play.sent
    play >> wait(4.0) << sends("OPTIONS") << sends("OPTIONS") << sends("OPTIONS")
    probe.handle_deadline(play.now)
    assert (probe.state, probe.cause) == ("unreachable", "no answer")
    play.sent = sent
    hear(play, probe, 200)
    assert (probe.state, probe.cause) == ("alive", "")


@pytest.mark.parametrize("status", [408, 503])
def test_nobody_behind_the_proxy_is_nobody(play: Playbook, probe: Probe, status: int) -> None:
    probe.start(play.now)
    play.drain()
    play << sends("OPTIONS")
    hear(play, probe, status)
    assert (probe.state, probe.cause) == ("unreachable", f"{status} Whatever")
    assert probe.next_deadline() == pytest.approx(play.now + 10)


def test_after_stop_nothing_counts(play: Playbook, probe: Probe) -> None:
    probe.start(play.now)
    play.drain()
    play << sends("OPTIONS")
    probe.stop()
    hear(play, probe, 200)
    assert (probe.state, probe.next_deadline()) == ("unknown", None)
