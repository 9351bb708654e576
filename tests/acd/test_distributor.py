"""The distributor's rules, told as transcripts: at (time), events in (>>), commands out (<<).

Longer than most files: every rule of the one module has its transcript here, and they share its people.
"""

import pytest

from softacd.acd.distributor import NO_ANSWER_REASON, UNREACHABLE_DELAYS, Distributor
from softacd.acd.errors import CallerAlreadyWaitingError, DistributorError, SettingsError, UnknownAgentError
from softacd.acd.model import AgentSettings, QueueSettings, Strategy, TierSettings
from softacd.acd.vocabulary import (
    AgentChanged,
    AnswerTooLate,
    CallerExited,
    CallerJoined,
    CallerLeft,
    Connect,
    DeviceChanged,
    Exit,
    HoldChanged,
    Offer,
    OfferAnswered,
    OfferRefused,
    OfferRinging,
    OtherCallEnded,
    OtherCallStarted,
    Refusal,
    State,
    Status,
    StatusChosen,
    TalkEnded,
    Withdraw,
    Withdrawal,
    WrapUpExtended,
    WrapUpFinished,
)
from tests.acd.playbook import Playbook, agents, queue

EIGHT = ("ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal")


def offers(caller: str, *names: str, queue: str = "sales", ring_seconds: float = 20.0) -> list[Offer]:
    return [Offer(caller, name, queue, ring_seconds) for name in names]


def withdrawals(caller: str, withdrawal: Withdrawal, *names: str) -> list[Withdraw]:
    return [Withdraw(caller, name, withdrawal) for name in names]


# --- ringing and answering ----------------------------------------------------------------------------------------


def test_a_call_from_first_ring_to_wrap_up() -> None:
    play = Playbook([queue("sales", "ann")], "ann")
    play.at(0.0) >> CallerJoined("c1", "sales") << offers("c1", "ann")
    play.changes(AgentChanged("ann", Status.AVAILABLE, State.OFFERED, caller="c1"))
    play.at(0.2) >> OfferRinging("ann", "c1") << []
    play.changes(AgentChanged("ann", Status.AVAILABLE, State.RINGING, caller="c1"))
    play.at(4.0) >> OfferAnswered("ann", "c1")
    play << [Connect("c1", "ann", "sales", 4.0), CallerExited("c1", "sales", Exit.ANSWERED, 4.0)]
    play.changes(AgentChanged("ann", Status.AVAILABLE, State.TALKING, caller="c1"))
    play.at(30.0) >> HoldChanged("ann", "c1", held=True) << []
    play.changes(AgentChanged("ann", Status.AVAILABLE, State.HELD, caller="c1"))
    play.at(35.0) >> HoldChanged("ann", "c1", held=False) << []
    play.at(64.0) >> TalkEnded("ann", "c1") << []
    play.changes(AgentChanged("ann", Status.AVAILABLE, State.WRAP_UP, caller="c1", until=79.0))
    assert play.distributor.agent("ann").talk_seconds == 60.0
    play.at(79.0) << []
    play.changes(AgentChanged("ann", Status.AVAILABLE, State.IDLE))
    assert play.distributor.agent("ann").wrap_up_seconds == 15.0


def test_two_callers_ring_four_phones_each_at_the_same_time() -> None:
    play = Playbook([queue("sales", *EIGHT, ring=4)], *EIGHT)
    play.at(0.0) >> CallerJoined("c1", "sales") << offers("c1", "ann", "bob", "cid", "dan")
    play.at(0.0) >> CallerJoined("c2", "sales") << offers("c2", "eve", "fay", "gus", "hal")
    play.at(0.0) >> CallerJoined("c3", "sales") << []


def test_the_first_answer_wins_and_the_others_stop_ringing() -> None:
    play = Playbook([queue("sales", "ann", "bob", "cid", ring=3)], "ann", "bob", "cid")
    play.at(0.0) >> CallerJoined("c1", "sales") << offers("c1", "ann", "bob", "cid")
    play.at(3.0) >> OfferAnswered("bob", "c1")
    play << [
        Connect("c1", "bob", "sales", 3.0),
        CallerExited("c1", "sales", Exit.ANSWERED, 3.0),
        *withdrawals("c1", Withdrawal.ANSWERED_ELSEWHERE, "ann", "cid"),
    ]
    play.at(3.0) >> OfferAnswered("cid", "c1") << AnswerTooLate("c1", "cid")
    assert play.distributor.agent("cid").ready


def test_an_agent_told_too_late_keeps_the_offer_he_has_meanwhile() -> None:
    play = Playbook([queue("sales", "ann", "bob", ring=2)], "ann", "bob")
    play.at(0.0) >> CallerJoined("c1", "sales") << offers("c1", "ann", "bob")
    play.at(1.0) >> CallerJoined("c2", "sales") << []
    play.at(2.0) >> OfferAnswered("ann", "c1")
    play << [
        Connect("c1", "ann", "sales", 2.0),
        CallerExited("c1", "sales", Exit.ANSWERED, 2.0),
        *withdrawals("c1", Withdrawal.ANSWERED_ELSEWHERE, "bob"),
        *offers("c2", "bob"),
    ]
    play.at(2.1) >> OfferAnswered("bob", "c1") << AnswerTooLate("c1", "bob")
    play.at(3.0) >> OfferAnswered("bob", "c2")
    play << [Connect("c2", "bob", "sales", 2.0), CallerExited("c2", "sales", Exit.ANSWERED, 2.0)]


def test_a_repeated_answer_does_not_end_the_conversation() -> None:
    play = Playbook([queue("sales", "ann")], "ann")
    play >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1")
    play >> OfferAnswered("ann", "c1") << []


def test_an_answer_counts_although_the_ring_was_just_due_to_end() -> None:
    play = Playbook([queue("sales", "ann", ring_seconds=10.0)], "ann")
    play.at(0.0) >> CallerJoined("c1", "sales")
    play.now = 10.004  # the driver is late: nobody has served the deadline at 10.0
    play >> OfferAnswered("ann", "c1")
    play << [Connect("c1", "ann", "sales", 10.004), CallerExited("c1", "sales", Exit.ANSWERED, 10.004)]


def test_a_caller_who_hangs_up_frees_every_phone_in_idle_order() -> None:
    play = Playbook([queue("sales", "ann", "bob", ring=2)], "ann", "bob")
    play.at(0.0) >> CallerJoined("c1", "sales") << offers("c1", "ann", "bob")
    play.at(5.0) >> CallerLeft("c1")
    play << [CallerExited("c1", "sales", Exit.ABANDONED, 5.0), *withdrawals("c1", Withdrawal.CALLER_LEFT, "ann", "bob")]
    play >> CallerLeft("c1") << []
    play.at(6.0) >> OfferAnswered("ann", "c1") << AnswerTooLate("c1", "ann")
    play.at(7.0) >> CallerJoined("c2", "sales") << offers("c2", "ann", "bob")


# --- whom to ring -------------------------------------------------------------------------------------------------


def test_longest_idle_first_and_an_unanswered_ring_costs_no_place() -> None:
    play = Playbook([queue("sales", "ann", "bob", strategy=Strategy.LONGEST_IDLE, no_answer_limit=0)], "ann", "bob")
    play.at(0.0) >> CallerJoined("c1", "sales") << offers("c1", "ann")
    play.at(20.0) << [*withdrawals("c1", Withdrawal.NO_ANSWER, "ann"), *offers("c1", "bob")]
    play.at(21.0) >> CallerLeft("c1")
    play.at(30.0) >> CallerJoined("c2", "sales") << offers("c2", "ann")


def test_who_has_just_worked_stands_behind_who_has_not() -> None:
    play = Playbook([queue("sales", "ann", "bob", ring=1, wrap_up_seconds=0.0)], "ann", "bob")
    play.at(0.0) >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1")
    play.at(9.0) >> TalkEnded("ann", "c1")
    play.at(9.0) >> CallerJoined("c2", "sales") << offers("c2", "bob")
    play.at(9.0) >> CallerJoined("c3", "sales") << offers("c3", "ann")


def test_a_higher_tier_level_rings_only_when_no_lower_one_can() -> None:
    floor = [queue("sales", ("boss", 9), ("ann", 1), ("bob", 1), ("vice", 9), ring=3)]
    play = Playbook(floor, "boss", "ann", "bob", "vice")
    play.at(0.0) >> CallerJoined("c1", "sales") << offers("c1", "ann", "bob")  # two of three: the boss is spared
    play.at(1.0) >> CallerJoined("c2", "sales") << offers("c2", "boss", "vice")
    play.at(2.0) >> OfferRefused("ann", "c1", Refusal.REJECTED) << []
    play.at(3.0) >> CallerLeft("c2")
    play << [
        CallerExited("c2", "sales", Exit.ABANDONED, 2.0),
        *withdrawals("c2", Withdrawal.CALLER_LEFT, "boss", "vice"),
    ]
    play.at(4.0) >> OfferRefused("bob", "c1", Refusal.REJECTED) << offers("c1", "boss", "vice")
    play.at(7.0) << offers("c1", "ann")  # her delay is over: level 1 helps those who ring on level 9
    play.at(9.0) << []  # three phones ring


def test_an_agent_in_reserve_stays_free_while_a_lower_level_rings() -> None:
    play = Playbook([queue("sales", "ann", ("boss", 2), ("vice", 2), ring=3)], "ann", "boss", "vice")
    play >> StatusChosen("boss", Status.BREAK)
    play >> StatusChosen("vice", Status.BREAK)
    play.at(0.0) >> CallerJoined("c1", "sales") << offers("c1", "ann")
    play >> StatusChosen("boss", Status.AVAILABLE) << []
    play.at(1.0) >> OfferRefused("ann", "c1", Refusal.REJECTED) << offers("c1", "boss")
    play.at(6.0) << offers("c1", "ann")
    play >> StatusChosen("vice", Status.AVAILABLE) << offers("c1", "vice")  # the call has come to level 2


def test_who_comes_back_from_a_break_stands_behind_who_stayed() -> None:
    play = Playbook([queue("sales", "ann", "bob", ring=1)], "ann", "bob")
    play.at(5.0) >> StatusChosen("ann", Status.BREAK) >> StatusChosen("ann", Status.AVAILABLE)
    play >> CallerJoined("c1", "sales") << offers("c1", "bob")


def test_tier_position_decides_between_agents_of_equal_idle_time() -> None:
    tiers = (TierSettings("ann", position=2), TierSettings("bob", position=1))
    play = Distributor([QueueSettings(name="sales", tiers=tiers, ring=1)], agents("ann", "bob"), 0.0)
    play.handle(DeviceChanged("ann", reachable=True), 1.0)
    play.handle(DeviceChanged("bob", reachable=True), 2.0)
    assert play.handle(CallerJoined("c1", "sales"), 3.0)[0] == Offer("c1", "bob", "sales", 20.0)


def test_ring_all_includes_who_comes_free_while_it_rings() -> None:
    play = Playbook([queue("sales", "ann", "bob", "cid", strategy=Strategy.RING_ALL)], "ann", "bob", "cid")
    play >> StatusChosen("cid", Status.BREAK)
    play.at(1.0) >> CallerJoined("c1", "sales") << offers("c1", "ann", "bob")
    play.at(2.0) >> StatusChosen("cid", Status.AVAILABLE) << offers("c1", "cid")


# --- whom to ring for ----------------------------------------------------------------------------------------------


def busy_floor(*names: str, ring: int = 4, **settings: object) -> Playbook:
    """Everybody is on a break and three callers wait."""
    play = Playbook([queue("sales", *names, ring=ring, **settings)], *names)
    for name in names:
        play >> StatusChosen(name, Status.BREAK)
    for caller in ("c1", "c2", "c3"):
        play >> CallerJoined(caller, "sales")
    return play


def test_nobody_gets_a_second_phone_while_a_caller_behind_has_none() -> None:
    play = busy_floor("ann", "bob", "cid", "dan", "eve")
    play >> StatusChosen("ann", Status.AVAILABLE) << offers("c1", "ann")
    play >> StatusChosen("bob", Status.AVAILABLE) << offers("c2", "bob")
    play >> StatusChosen("cid", Status.AVAILABLE) << offers("c3", "cid")
    play >> StatusChosen("dan", Status.AVAILABLE) << offers("c1", "dan")
    play >> StatusChosen("eve", Status.AVAILABLE) << offers("c1", "eve")


def test_agents_who_come_free_together_cover_first_then_fill_up() -> None:
    play = Playbook([queue("sales", "ann", "bob", "cid", "dan", ring=4)], "ann", "bob", "cid", "dan")
    play.at(0.0) >> CallerJoined("c1", "sales") << offers("c1", "ann", "bob", "cid", "dan")
    play.at(1.0) >> CallerJoined("c2", "sales") << []  # a phone that rings is not taken away
    play.at(2.0) >> CallerJoined("c3", "sales") << []
    play.at(3.0) >> OfferAnswered("bob", "c1")
    play << [
        Connect("c1", "bob", "sales", 3.0),
        CallerExited("c1", "sales", Exit.ANSWERED, 3.0),
        *withdrawals("c1", Withdrawal.ANSWERED_ELSEWHERE, "ann", "cid", "dan"),
        *offers("c2", "ann"),
        *offers("c3", "cid"),
        *offers("c2", "dan"),
    ]


def test_priority_goes_first_then_arrival_across_queues() -> None:
    floor = [queue("sales", "ann"), queue("support", "ann")]
    play = Playbook(floor, "ann")
    play >> StatusChosen("ann", Status.LUNCH)
    play.at(1.0) >> CallerJoined("c1", "support")
    play.at(2.0) >> CallerJoined("c2", "sales")
    play.at(3.0) >> CallerJoined("vip", "sales", priority=9)
    assert [play.distributor.position(caller) for caller in ("c1", "c2", "vip")] == [1, 2, 1]
    play.at(4.0) >> StatusChosen("ann", Status.AVAILABLE) << offers("vip", "ann")
    play >> OfferAnswered("ann", "vip")
    play.at(5.0) >> TalkEnded("ann", "vip")
    play >> WrapUpFinished("ann") << offers("c1", "ann", queue="support")
    assert play.distributor.position("nobody") is None


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "delay"), [(Refusal.REJECTED, 5.0), (Refusal.BUSY, 10.0), (Refusal.NO_ANSWER, 2.0)]
)
def test_a_refusal_rings_the_next_and_leaves_the_agent_alone_for_a_while(refusal: Refusal, delay: float) -> None:
    play = Playbook([queue("sales", "ann", "bob", ring=1)], "ann", "bob")
    play.at(0.0) >> CallerJoined("c1", "sales") << offers("c1", "ann")
    play.at(1.0) >> OfferRefused("ann", "c1", refusal) << offers("c1", "bob")
    play.at(1.0) >> CallerJoined("c2", "sales") << []
    play.at(1.0 + delay - 0.001) << []
    play.at(1.0 + delay) << offers("c2", "ann")


def test_an_unreachable_phone_is_tried_ever_more_rarely_until_it_registers() -> None:
    play = Playbook([queue("sales", "ann")], "ann")
    play >> CallerJoined("c1", "sales")
    for delay in (*UNREACHABLE_DELAYS, UNREACHABLE_DELAYS[-1]):
        play >> OfferRefused("ann", "c1", Refusal.UNREACHABLE) << []
        start = play.now
        play.at(start + delay - 0.001) << []
        play.at(start + delay) << offers("c1", "ann")
    play >> OfferRefused("ann", "c1", Refusal.UNREACHABLE) << []
    play >> DeviceChanged("ann", reachable=True) << offers("c1", "ann")
    start = play.now
    play >> OfferRefused("ann", "c1", Refusal.UNREACHABLE) << []
    play.at(start + UNREACHABLE_DELAYS[0]) << offers("c1", "ann")  # the delays begin anew


def test_after_too_many_unanswered_rings_the_agent_is_not_ready() -> None:
    play = Playbook([queue("sales", "ann", no_answer_limit=2)], "ann")
    play.at(0.0) >> CallerJoined("c1", "sales") << offers("c1", "ann")
    play.at(20.0) << withdrawals("c1", Withdrawal.NO_ANSWER, "ann")
    play.at(22.0) << offers("c1", "ann")
    play.at(42.0) << withdrawals("c1", Withdrawal.NO_ANSWER, "ann")
    play.changes(AgentChanged("ann", Status.NOT_READY, State.IDLE, NO_ANSWER_REASON))
    play.at(100.0) << []
    play >> StatusChosen("ann", Status.AVAILABLE) << offers("c1", "ann")
    play.at(121.0)
    assert play.distributor.agent("ann").no_answers == 1  # counting starts anew


def test_an_answer_or_a_rejection_ends_the_count_of_unanswered_rings() -> None:
    play = Playbook([queue("sales", "ann", no_answer_limit=2)], "ann")
    play.at(0.0) >> CallerJoined("c1", "sales") << offers("c1", "ann")
    play.at(22.0) >> OfferRefused("ann", "c1", Refusal.REJECTED) << []
    play.at(27.0) << offers("c1", "ann")
    play.at(47.0) << withdrawals("c1", Withdrawal.NO_ANSWER, "ann")
    assert play.distributor.agent("ann").status is Status.AVAILABLE


def test_the_count_begins_anew_after_an_answer() -> None:
    play = Playbook([queue("sales", "ann", no_answer_limit=2, wrap_up_seconds=0.0)], "ann")
    play.at(0.0) >> CallerJoined("c1", "sales")
    play.at(20.0) << withdrawals("c1", Withdrawal.NO_ANSWER, "ann")
    play.at(22.0) << offers("c1", "ann")
    play.at(23.0) >> OfferAnswered("ann", "c1") >> TalkEnded("ann", "c1") >> CallerJoined("c2", "sales")
    play.at(43.0) << withdrawals("c2", Withdrawal.NO_ANSWER, "ann")
    assert play.distributor.agent("ann").status is Status.AVAILABLE


def test_a_refusal_of_an_offer_that_is_no_more_is_ignored() -> None:
    play = Playbook([queue("sales", "ann")], "ann")
    play >> CallerJoined("c1", "sales") >> CallerLeft("c1") >> OfferRefused("ann", "c1", Refusal.REJECTED) << []
    assert play.distributor.agent("ann").ready


# --- what the agent does -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.BREAK, Status.LUNCH, Status.NOT_READY, Status.LOGGED_OUT])
def test_leaving_while_the_phone_rings_stops_it_and_rings_another(status: Status) -> None:
    play = Playbook([queue("sales", "ann", "bob", ring=1)], "ann", "bob")
    play >> CallerJoined("c1", "sales") >> OfferRinging("ann", "c1")
    play >> StatusChosen("ann", status, "doctor")
    play << [*withdrawals("c1", Withdrawal.AGENT_LEFT, "ann"), *offers("c1", "bob")]
    play.changes(
        AgentChanged("ann", status, State.IDLE, "doctor"),
        AgentChanged("bob", Status.AVAILABLE, State.OFFERED, caller="c1"),
    )


def test_a_break_chosen_in_a_conversation_begins_after_it() -> None:
    play = Playbook([queue("sales", "ann")], "ann")
    play.at(0.0) >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1")
    play >> StatusChosen("ann", Status.BREAK, "coffee") << []
    play.changes(AgentChanged("ann", Status.AVAILABLE, State.TALKING, caller="c1", next_status=Status.BREAK))
    play >> CallerJoined("c2", "sales")
    play.at(10.0) >> TalkEnded("ann", "c1") << []
    play.changes(AgentChanged("ann", Status.BREAK, State.WRAP_UP, "coffee", "c1", until=25.0))
    play.at(25.0) << []
    play.changes(AgentChanged("ann", Status.BREAK, State.IDLE, "coffee"))


def test_a_choice_taken_back_in_the_conversation_never_happens() -> None:
    play = Playbook([queue("sales", "ann", wrap_up_seconds=0.0)], "ann")
    play >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1")
    play >> StatusChosen("ann", Status.LOGGED_OUT) >> StatusChosen("ann", Status.AVAILABLE) >> TalkEnded("ann", "c1")
    play.changes(AgentChanged("ann", Status.AVAILABLE, State.IDLE))


def test_logging_out_in_a_conversation_skips_the_wrap_up() -> None:
    play = Playbook([queue("sales", "ann")], "ann")
    play >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1") >> StatusChosen("ann", Status.LOGGED_OUT)
    play >> TalkEnded("ann", "c1")
    play.changes(AgentChanged("ann", Status.LOGGED_OUT, State.IDLE))
    assert play.distributor.next_deadline() is None


def test_logging_out_in_wrap_up_ends_it() -> None:
    play = Playbook([queue("sales", "ann")], "ann")
    play.at(0.0) >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1")
    play.at(10.0) >> TalkEnded("ann", "c1")
    play.at(14.0) >> StatusChosen("ann", Status.BREAK)
    play.changes(AgentChanged("ann", Status.BREAK, State.WRAP_UP, caller="c1", until=25.0))
    play >> StatusChosen("ann", Status.LOGGED_OUT)
    play.changes(AgentChanged("ann", Status.LOGGED_OUT, State.IDLE))
    assert play.distributor.agent("ann").wrap_up_seconds == 4.0
    assert play.distributor.next_deadline() is None


def test_a_lost_registration_stops_the_ring_and_a_conversation_survives_it() -> None:
    play = Playbook([queue("sales", "ann", "bob", ring=1)], "ann", "bob")
    play >> CallerJoined("c1", "sales") << offers("c1", "ann")
    play >> DeviceChanged("ann", reachable=False)
    play << [*withdrawals("c1", Withdrawal.AGENT_LEFT, "ann"), *offers("c1", "bob")]
    play >> OfferAnswered("bob", "c1") >> DeviceChanged("bob", reachable=False) << []
    assert play.distributor.agent("bob").state is State.TALKING
    play >> CallerJoined("c2", "sales") << []
    play >> DeviceChanged("ann", reachable=True) << offers("c2", "ann")


def test_an_agent_in_another_call_is_not_offered_until_the_last_one_ends() -> None:
    play = Playbook([queue("sales", "ann")], "ann")
    play >> CallerJoined("c1", "sales") << offers("c1", "ann")
    play >> OtherCallStarted("ann", "o1") << withdrawals("c1", Withdrawal.AGENT_LEFT, "ann")
    play >> OtherCallStarted("ann", "o2") << []
    play >> OtherCallEnded("ann", "o1") << []
    play >> OtherCallEnded("ann", "unknown") << []
    play >> OtherCallEnded("ann", "o2") << offers("c1", "ann")


def test_a_consultation_begun_in_the_conversation_blocks_beyond_its_end() -> None:
    play = Playbook([queue("sales", "ann", wrap_up_seconds=0.0)], "ann")
    play >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1")
    play >> OtherCallStarted("ann", "o1") >> CallerJoined("c2", "sales")
    play.at(9.0) >> TalkEnded("ann", "c1") << []
    play.at(12.0) >> OtherCallEnded("ann", "o1") << offers("c2", "ann")


def test_a_phone_lost_in_the_conversation_is_not_rung_after_it() -> None:
    play = Playbook([queue("sales", "ann", wrap_up_seconds=10.0)], "ann")
    play >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1") >> DeviceChanged("ann", reachable=False)
    play >> CallerJoined("c2", "sales") >> TalkEnded("ann", "c1") << []
    play.at(10.0) << []
    play >> DeviceChanged("ann", reachable=True) << offers("c2", "ann")


# --- wrap-up ---------------------------------------------------------------------------------------------------------


def test_wrap_up_holds_to_the_millisecond_in_every_queue_of_the_agent() -> None:
    names = [f"queue-{number}" for number in range(6)]
    play = Playbook([queue(name, "ann", wrap_up_seconds=15.0) for name in names], "ann")
    play.at(0.0) >> CallerJoined("c1", "queue-0") >> OfferAnswered("ann", "c1")
    play.at(100.0) >> TalkEnded("ann", "c1")
    for number in range(1, 6):
        play >> CallerJoined(f"c{number + 1}", f"queue-{number}") << []
    assert play.distributor.next_deadline() == 115.0
    play.at(114.999) << []
    play.at(115.0) << offers("c2", "ann", queue="queue-1")


def test_a_late_driver_changes_nothing_about_the_end_of_a_wrap_up() -> None:
    play = Playbook([queue("sales", "ann", "bob", ring=1)], "ann", "bob")
    for caller, agent in (("c1", "ann"), ("c2", "bob")):
        play.at(0.0) >> CallerJoined(caller, "sales") >> OfferAnswered(agent, caller)
    play.at(10.0) >> TalkEnded("bob", "c2")
    play.at(11.0) >> TalkEnded("ann", "c1")
    play.now = 60.0  # nobody called handle_deadline at 25 and 26
    play >> CallerJoined("c3", "sales") << offers("c3", "bob")
    assert play.distributor.agent("ann").since == 26.0


def test_what_else_was_due_happens_in_the_turn_of_a_late_answer() -> None:
    play = Playbook([queue("sales", "ann", "bob", ring=1, wrap_up_seconds=5.0)], "ann", "bob")
    play.at(0.0) >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1") >> TalkEnded("ann", "c1")
    play >> CallerJoined("c2", "sales") << offers("c2", "bob")
    play >> CallerJoined("c3", "sales") << []
    play.now = 8.0  # nobody has served ann's deadline at 5.0
    play >> OfferAnswered("bob", "c2")
    play << [Connect("c2", "bob", "sales", 8.0), CallerExited("c2", "sales", Exit.ANSWERED, 8.0), *offers("c3", "ann")]


def test_wrap_up_extended_finished_and_without() -> None:
    play = Playbook([queue("sales", "ann", wrap_up_seconds=10.0)], "ann")
    play.at(0.0) >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1") >> TalkEnded("ann", "c1")
    play >> CallerJoined("c2", "sales")
    play.at(9.0) >> WrapUpExtended("ann", 5.0) << []
    play.changes(AgentChanged("ann", Status.AVAILABLE, State.WRAP_UP, caller="c1", until=15.0))
    play >> WrapUpExtended("ann", float("nan")) << []
    play.at(14.999) << []
    play.at(15.0) << offers("c2", "ann")
    play >> WrapUpExtended("ann", 5.0) >> WrapUpFinished("ann") << []
    play >> OfferAnswered("ann", "c2") >> TalkEnded("ann", "c1") << []  # not his caller any more
    assert play.distributor.agent("ann").state is State.TALKING


# --- limits and ends -------------------------------------------------------------------------------------------------


def test_a_full_queue_turns_the_caller_away() -> None:
    play = Playbook([queue("sales", max_callers=1)])
    play >> CallerJoined("c1", "sales") << []
    play >> CallerJoined("c2", "sales") << CallerExited("c2", "sales", Exit.FULL, 0.0)


def test_nobody_logged_in_turns_the_caller_away_but_a_break_does_not() -> None:
    play = Playbook([queue("sales", "ann", join_without_agents=False)], "ann")
    play >> StatusChosen("ann", Status.BREAK)
    play >> CallerJoined("c1", "sales") << []
    play >> StatusChosen("ann", Status.LOGGED_OUT)
    play >> CallerJoined("c2", "sales") << CallerExited("c2", "sales", Exit.NO_AGENTS, 0.0)


def test_waiting_too_long_ends_the_wait_and_the_ringing() -> None:
    play = Playbook([queue("sales", "ann", max_wait_seconds=12.0)], "ann")
    play.at(3.0) >> CallerJoined("c1", "sales") << offers("c1", "ann")
    play.at(15.0)
    play << [CallerExited("c1", "sales", Exit.TOO_LONG, 12.0), *withdrawals("c1", Withdrawal.CALLER_LEFT, "ann")]
    assert play.distributor.next_deadline() is None


def test_a_caller_answered_in_time_has_no_limit_left() -> None:
    play = Playbook([queue("sales", "ann", max_wait_seconds=12.0)], "ann")
    play >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1")
    assert play.distributor.next_deadline() is None
    play.at(100.0) << []
    assert play.distributor.agent("ann").state is State.TALKING


def test_what_cannot_be_is_refused_or_answered() -> None:
    play = Playbook([queue("sales", "ann")], "ann")
    play >> CallerJoined("c1", "nowhere") << CallerExited("c1", "nowhere", Exit.CLOSED, 0.0)
    play >> CallerJoined("c1", "sales")
    with pytest.raises(CallerAlreadyWaitingError, match="c1"):
        play >> CallerJoined("c1", "sales")
    with pytest.raises(DistributorError, match="OfferAnswered"):
        play >> CallerLeft("c1", Exit.ANSWERED)
    with pytest.raises(UnknownAgentError, match="zoe"):
        play.distributor.agent("zoe")
    play >> StatusChosen("zoe", Status.AVAILABLE) << []
    play >> OfferAnswered("zoe", "c1") << AnswerTooLate("c1", "zoe")
    for event in (
        DeviceChanged("zoe", reachable=True),
        OfferRinging("zoe", "c1"),
        OfferRefused("zoe", "c1", Refusal.BUSY),
        TalkEnded("zoe", "c1"),
        HoldChanged("zoe", "c1", held=True),
        OtherCallStarted("zoe", "o1"),
        OtherCallEnded("zoe", "o1"),
        WrapUpFinished("zoe"),
        WrapUpExtended("zoe", 1.0),
    ):
        play >> event << []


# --- reload ----------------------------------------------------------------------------------------------------------


def test_reload_keeps_callers_statuses_conversations_timers_and_statistics() -> None:
    floor = [queue("sales", "ann", "bob", "cid", ring=1)]
    play = Playbook(floor, "ann", "bob", "cid")
    play.at(0.0) >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1")
    play >> CallerJoined("c2", "sales") >> OfferAnswered("bob", "c2")
    play >> StatusChosen("cid", Status.LUNCH, "soup")
    play.at(10.0) >> TalkEnded("bob", "c2") >> CallerJoined("c3", "sales")
    play.at(12.0)
    play.out = play.distributor.configure(
        [queue("sales", "ann", "bob", "cid", ring=2)], agents("ann", "bob", "cid"), 12.0
    )
    play << []
    ann, bob, cid = play.distributor.agents()
    assert (ann.state, bob.state, bob.until) == (State.TALKING, State.WRAP_UP, 25.0)
    assert (cid.status, cid.reason) == (Status.LUNCH, "soup")
    (sales,) = play.distributor.queues(12.0)
    assert (sales.today.offered, sales.today.answered) == (3, 2)
    assert [(caller.caller, caller.waited) for caller in sales.waiting] == [("c3", 2.0)]
    play.at(25.0) << offers("c3", "bob")
    play >> StatusChosen("cid", Status.AVAILABLE) << offers("c3", "cid")  # ring = 2 now


def test_reload_asks_for_more_phones_for_who_rings_already() -> None:
    play = Playbook([queue("sales", "ann", "bob", ring=1)], "ann", "bob")
    play >> CallerJoined("c1", "sales") << offers("c1", "ann")
    play.out = play.distributor.configure([queue("sales", "ann", "bob", ring=2)], agents("ann", "bob"), play.now)
    play << offers("c1", "bob")


def test_reload_closes_a_removed_queue_and_retires_a_removed_agent() -> None:
    play = Playbook([queue("sales", "ann", "bob", ring=1), queue("support", "cid")], "ann", "bob", "cid")
    play.at(0.0) >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1")
    play >> CallerJoined("c2", "sales") << offers("c2", "bob")
    play >> CallerJoined("c3", "support") << offers("c3", "cid", queue="support")
    play.at(5.0)
    play.out = play.distributor.configure([queue("sales", "cid")], agents("cid"), 5.0)
    play << [
        *withdrawals("c2", Withdrawal.AGENT_LEFT, "bob"),
        CallerExited("c3", "support", Exit.CLOSED, 5.0),
        *withdrawals("c3", Withdrawal.CALLER_LEFT, "cid"),
        *offers("c2", "cid"),
    ]
    assert AgentChanged("bob", Status.LOGGED_OUT, State.IDLE) in play.out
    play >> StatusChosen("ann", Status.AVAILABLE, "x") << []
    play.at(60.0) >> TalkEnded("ann", "c1") << []
    play.changes(AgentChanged("ann", Status.LOGGED_OUT, State.IDLE))
    assert [agent.name for agent in play.distributor.agents()] == ["cid"]


def test_reload_takes_an_agent_out_of_a_queue_while_his_phone_rings() -> None:
    play = Playbook([queue("sales", "ann", "bob", ring=1)], "ann", "bob")
    play >> CallerJoined("c1", "sales") << offers("c1", "ann")
    play.out = play.distributor.configure([queue("sales", "bob", ring=1)], agents("ann", "bob"), play.now)
    play << [*withdrawals("c1", Withdrawal.AGENT_LEFT, "ann"), *offers("c1", "bob")]


def test_reload_applies_a_shorter_limit_to_who_waits_already() -> None:
    play = Playbook([queue("sales")])
    play.at(0.0) >> CallerJoined("c1", "sales")
    play.at(10.0) >> CallerJoined("c2", "sales")
    play.at(20.0)
    play.out = play.distributor.configure([queue("sales", max_wait_seconds=15.0)], [], 20.0)
    play << CallerExited("c1", "sales", Exit.TOO_LONG, 20.0)
    play.at(25.0) << CallerExited("c2", "sales", Exit.TOO_LONG, 15.0)


def test_a_contradictory_reload_changes_nothing() -> None:
    play = Playbook([queue("sales", "ann")], "ann")
    twice = QueueSettings(name="sales", tiers=(TierSettings("ann"), TierSettings("ann")))
    for queues, names in (
        ([queue("sales", "zoe")], ["ann"]),
        ([twice], ["ann"]),
        ([queue("sales"), queue("sales")], ["ann"]),
        ([], ["ann", "ann"]),
    ):
        with pytest.raises(SettingsError):
            play.distributor.configure(queues, agents(*names), 1.0)
    play >> CallerJoined("c1", "sales") << offers("c1", "ann")


def test_the_status_before_the_restart_comes_back() -> None:
    distributor = Distributor([queue("sales", "ann")], [AgentSettings("ann", "ann")], 0.0)
    assert distributor.agent("ann").status is Status.LOGGED_OUT
    distributor.restore_status("ann", Status.LUNCH, "soup", 1.0)
    distributor.restore_status("gone", Status.LUNCH, "", 1.0)
    assert (distributor.agent("ann").status, distributor.agent("ann").reason) == (Status.LUNCH, "soup")
    assert not distributor.agent("ann").reachable


def test_a_new_day_counts_from_zero_and_keeps_the_line() -> None:
    play = Playbook([queue("sales", "ann")], "ann")
    play >> CallerJoined("c1", "sales") >> OfferAnswered("ann", "c1") >> CallerJoined("c2", "sales")
    play.distributor.start_day(play.now)
    (sales,) = play.distributor.queues(play.now)
    assert (sales.today.offered, sales.today.answered, len(sales.waiting)) == (1, 0, 1)
    assert play.distributor.agent("ann").answered == 0
