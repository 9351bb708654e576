"""Every second of an agent's time is told once, under the status and reason it was spent in."""

from softacd.acd.vocabulary import (
    CallerJoined,
    OfferAnswered,
    OfferRinging,
    OtherCallEnded,
    OtherCallStarted,
    Status,
    StatusChosen,
    StatusSpent,
    TalkEnded,
)
from tests.acd.playbook import Playbook, queue


def spent(agent: str, status: Status, reason: str, seconds: float, **states: float) -> StatusSpent:
    parts = dict.fromkeys(("idle", "ringing", "talking", "held", "wrap_up", "own_call"), 0.0) | states
    return StatusSpent(agent, status, reason, seconds, **parts)


def test_a_status_that_ends_is_told_by_what_the_agent_did_in_it() -> None:
    play = Playbook([queue("sales", "ann", wrap_up_seconds=10)], "ann")
    play.at(0).distributor.cut_times(0.0)
    play.at(5) >> CallerJoined("c1", "sales")
    play.at(6) >> OfferRinging("ann", "c1")
    play.at(9) >> OfferAnswered("ann", "c1")
    play.at(69) >> TalkEnded("ann", "c1")
    play.at(90) >> OtherCallStarted("ann", "own")
    play.at(95) >> OtherCallEnded("ann", "own")
    play.at(100) >> StatusChosen("ann", Status.NOT_READY, "doctor")
    play.spent(
        spent("ann", Status.AVAILABLE, "", 100.0, idle=21.0, ringing=4.0, talking=60.0, wrap_up=10.0, own_call=5.0)
    )
    play.at(130) >> StatusChosen("ann", Status.NOT_READY, "training")
    play.spent(spent("ann", Status.NOT_READY, "doctor", 30.0, idle=30.0))


def test_time_logged_out_is_not_told() -> None:
    play = Playbook([queue("sales", "ann")], "ann")
    play.at(0).distributor.cut_times(0.0)
    play >> StatusChosen("ann", Status.LOGGED_OUT)
    play.spent()
    play.at(500) >> StatusChosen("ann", Status.AVAILABLE)
    play.spent()
    assert play.distributor.spent("ann", 507.0) == spent("ann", Status.AVAILABLE, "", 7.0, idle=7.0)


def test_a_status_chosen_in_a_conversation_begins_at_its_end() -> None:
    play = Playbook([queue("sales", "ann", wrap_up_seconds=10)], "ann")
    play.at(0).distributor.cut_times(0.0)
    play >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1")
    play.at(20) >> StatusChosen("ann", Status.LUNCH)
    play.spent()
    play.at(50) >> TalkEnded("ann", "c1")
    play.spent(spent("ann", Status.AVAILABLE, "", 50.0, talking=50.0))
    play.out = play.at(70).distributor.cut_times(70.0)
    play.spent(spent("ann", Status.LUNCH, "", 20.0, idle=10.0, wrap_up=10.0))


def test_a_cut_tells_once_and_the_next_account_begins_there() -> None:
    play = Playbook([queue("sales", "ann", "bob")], "ann", "bob")
    play.distributor.cut_times(0.0)
    play.out = play.distributor.cut_times(900.0)
    play.spent(
        spent("ann", Status.AVAILABLE, "", 900.0, idle=900.0), spent("bob", Status.AVAILABLE, "", 900.0, idle=900.0)
    )
    play.out = play.distributor.cut_times(900.0)
    play.spent()
    play.out = play.distributor.start_day(1000.0)
    play.spent(
        spent("ann", Status.AVAILABLE, "", 100.0, idle=100.0), spent("bob", Status.AVAILABLE, "", 100.0, idle=100.0)
    )
    play.out = play.distributor.cut_times(1001.0)
    play.spent(spent("ann", Status.AVAILABLE, "", 1.0, idle=1.0), spent("bob", Status.AVAILABLE, "", 1.0, idle=1.0))


def test_who_is_no_longer_configured_has_his_time_told() -> None:
    sales = queue("sales", "ann")
    play = Playbook([queue("sales", "ann", "bob")], "ann", "bob")
    play.distributor.cut_times(0.0)
    play.out = play.distributor.configure([sales], [play.distributor._agent("ann").settings], 42.0)
    play.spent(spent("bob", Status.AVAILABLE, "", 42.0, idle=42.0))
