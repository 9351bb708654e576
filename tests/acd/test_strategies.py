"""Every strategy, and who goes before whom: one transcript each."""

from collections import Counter

import pytest

from softacd.acd.distributor import Distributor
from softacd.acd.model import AgentSettings, QueueSettings, Strategy, TierSettings
from softacd.acd.vocabulary import (
    CallerJoined,
    CallerLeft,
    DeviceChanged,
    Exit,
    Offer,
    OfferAnswered,
    OfferRefused,
    OtherCallStarted,
    Refusal,
    Status,
    StatusChosen,
    TalkEnded,
    Withdraw,
    Withdrawal,
)
from tests.acd.playbook import Playbook, queue

NAMES = ("ann", "bob", "cid")


def shop(strategy: Strategy, **settings: object) -> Playbook:
    plain = {"wrap_up_seconds": 0.0, "reject_delay": 0.0, "ring_seconds": 60.0}
    return Playbook([queue("sales", *NAMES, strategy=strategy, **plain | settings)], *NAMES)


def rung(play: Playbook) -> list[str]:
    return [command.agent for command in play.out if isinstance(command, Offer)]


def serve(play: Playbook, caller: str, seconds: float = 10.0) -> str:
    """The caller is rung for, answered and talks; who it was."""
    play >> CallerJoined(caller, "sales")
    (agent,) = rung(play)
    play >> OfferAnswered(agent, caller)
    play.at(play.now + seconds) >> TalkEnded(agent, caller)
    return agent


def test_round_robin_goes_on_behind_whoever_rang_last() -> None:
    play = shop(Strategy.ROUND_ROBIN)
    assert [serve(play, f"c{number}") for number in range(4)] == ["ann", "bob", "cid", "ann"]
    play >> StatusChosen("bob", Status.BREAK)
    assert serve(play, "c5") == "cid"
    play >> StatusChosen("bob", Status.AVAILABLE)
    assert serve(play, "c6") == "ann"
    play.distributor.configure([play.distributor._turn.floor.queues["sales"].settings], _agents(), play.now)
    assert serve(play, "c7") == "bob"


def _agents() -> list[AgentSettings]:
    return [AgentSettings(name=name, phone=name, available_at_start=True) for name in NAMES]


def test_linear_begins_at_the_top_of_the_list() -> None:
    play = shop(Strategy.LINEAR)
    assert [serve(play, f"c{number}") for number in range(3)] == ["ann", "ann", "ann"]
    play >> OtherCallStarted("ann", "o1")
    assert serve(play, "c4") == "bob"


def test_fewest_calls_counts_those_of_this_queue_today() -> None:
    play = shop(Strategy.FEWEST_CALLS)
    assert [serve(play, f"c{number}") for number in range(3)] == ["ann", "bob", "cid"]
    play >> StatusChosen("cid", Status.BREAK)
    assert [serve(play, f"d{number}") for number in range(2)] == ["ann", "bob"]
    play >> StatusChosen("cid", Status.AVAILABLE)
    assert serve(play, "e1") == "cid"
    play.distributor.start_day(play.now)
    assert serve(play, "f1") == "ann"


def test_least_talk_time_evens_out_long_conversations() -> None:
    play = shop(Strategy.LEAST_TALK_TIME)
    assert [serve(play, "c1", 100.0), serve(play, "c2", 10.0), serve(play, "c3", 30.0)] == ["ann", "bob", "cid"]
    assert [serve(play, "c4", 15.0), serve(play, "c5", 10.0), serve(play, "c6")] == ["bob", "bob", "cid"]


def test_random_and_weighted_random_draw_whom_chance_says() -> None:
    tiers = (TierSettings("ann", weight=6), TierSettings("bob", weight=3), TierSettings("cid", weight=1))
    for strategy, shares in (
        (Strategy.RANDOM, {"ann": 1 / 3, "bob": 1 / 3, "cid": 1 / 3}),
        (Strategy.WEIGHTED_RANDOM, {"ann": 0.6, "bob": 0.3, "cid": 0.1}),
    ):
        numbers = iter(_uniform(40_000))
        settings = QueueSettings(name="sales", strategy=strategy, tiers=tiers, wrap_up_seconds=0.0)
        distributor = Distributor([settings], _agents(), 0.0, draw=lambda: next(numbers))  # noqa: B023 - used in this turn
        for name in NAMES:
            distributor.handle(DeviceChanged(name, reachable=True), 0.0)
        seen: Counter[str] = Counter()
        for number in range(3_000):
            commands = distributor.handle(CallerJoined(f"c{number}", "sales"), float(number))
            (offer,) = [command for command in commands if isinstance(command, Offer)]
            seen[offer.agent] += 1
            distributor.handle(CallerLeft(offer.caller), float(number))
        for name, share in shares.items():
            assert seen[name] / 3_000 == pytest.approx(share, abs=0.04)


def _uniform(many: int) -> list[float]:
    """Pseudo-random numbers that depend on nobody's seed (a Lehmer generator)."""
    state, found = 12_345, []
    for _ in range(many):
        state = state * 48_271 % 2_147_483_647
        found.append(state / 2_147_483_647)
    return found


def test_progressive_adds_a_phone_every_few_seconds() -> None:
    play = shop(Strategy.PROGRESSIVE, ring=2, progressive_seconds=5.0)
    play >> CallerJoined("c1", "sales") << Offer("c1", "ann", "sales", 60.0)
    play.at(4.9) << []
    play.at(5.0) << Offer("c1", "bob", "sales", 60.0)
    play.at(30.0) << []


def test_a_caller_who_asks_for_a_skill_waits_for_it_until_less_will_do() -> None:
    skills = {"ann": {"russian": 1}, "bob": {}, "cid": {"russian": 3}}
    settings = queue("sales", *NAMES, skills={"russian": 2}, relax_seconds=10.0, ring=1, ring_seconds=60.0)
    play = Playbook([settings], *NAMES)
    play.distributor.configure([settings], [AgentSettings(name, name, skills=skills[name]) for name in NAMES], play.now)
    play >> CallerJoined("c1", "sales") << Offer("c1", "cid", "sales", 60.0)
    play >> CallerJoined("c2", "sales") << []
    play.at(9.0) >> CallerJoined("c3", "sales", skills=(("russian", 3),)) << []
    play.at(10.0) << Offer("c2", "ann", "sales", 60.0)  # one level less
    play.at(28.9) << []
    play >> OfferAnswered("ann", "c2")
    play.at(39.0) << Offer("c3", "bob", "sales", 60.0)  # nothing is asked any more


def test_the_second_level_helps_only_after_a_while() -> None:
    settings = queue("sales", "ann", ("bob", 2), ("cid", 3), escalate_seconds=10.0, ring=1, ring_seconds=60.0)
    play = Playbook([settings], *NAMES)
    play >> CallerJoined("c1", "sales") << Offer("c1", "ann", "sales", 60.0)
    play >> CallerJoined("c2", "sales") << []
    play.at(10.0) << Offer("c2", "bob", "sales", 60.0)
    play >> CallerJoined("c3", "sales") << []
    play.at(29.9) << []
    play.at(30.0) << Offer("c3", "cid", "sales", 60.0)
    empty = Playbook([settings], *NAMES)
    empty >> StatusChosen("ann", Status.LOGGED_OUT) >> CallerJoined("c1", "sales")
    empty << Offer("c1", "bob", "sales", 60.0)  # where nobody serves, nobody is waited for


def test_the_personal_manager_rings_alone_as_long_as_patience_lasts() -> None:
    settings = queue("sales", "ann", "bob", ring=2, ring_seconds=60.0, wrap_up_seconds=0.0)
    play = Playbook([settings], "ann", "bob", "cid")  # cid serves no queue
    play >> CallerJoined("c1", "sales", preferred_agent="cid", patience=20.0) << Offer("c1", "cid", "sales", 60.0)
    play >> CallerJoined("c2", "sales", preferred_agent="cid", patience=20.0) << []
    play.at(20.0) << [Offer("c2", "ann", "sales", 60.0), Offer("c1", "bob", "sales", 60.0)]  # cover first
    play >> OfferAnswered("cid", "c1")
    assert Withdraw("c1", "bob", Withdrawal.ANSWERED_ELSEWHERE) in play.out


def test_whoever_waits_for_one_agent_gets_him_first_and_is_for_all_when_he_goes() -> None:
    settings = queue("sales", "ann", "bob", ring=1, ring_seconds=60.0, wrap_up_seconds=0.0)
    play = Playbook([settings], "ann", "bob")
    play >> CallerJoined("c0", "sales") >> OfferAnswered("ann", "c0")
    play >> OtherCallStarted("bob", "o1")
    play >> CallerJoined("c1", "sales") >> CallerJoined("c2", "sales", preferred_agent="ann", patience=100.0)
    play >> TalkEnded("ann", "c0") << Offer("c2", "ann", "sales", 60.0)
    play >> OfferRefused("ann", "c2", Refusal.REJECTED) << []
    play.at(5.0) << Offer("c1", "ann", "sales", 60.0)
    play >> OfferAnswered("ann", "c1") >> CallerLeft("c2")
    play >> CallerJoined("c3", "sales", preferred_agent="ann", patience=100.0) << []
    play >> DeviceChanged("ann", reachable=False)
    play >> CallerJoined("c4", "sales", preferred_agent="ann", patience=100.0) << []
    assert play.distributor._turn.callers["c3"].personal is None
    assert play.distributor._turn.callers["c4"].personal is None


def test_a_cut_off_caller_comes_back_ahead_of_everybody() -> None:
    settings = queue("sales", "ann", ring_seconds=60.0, wrap_up_seconds=0.0, max_callers=2)
    play = Playbook([settings], "ann")
    play >> CallerJoined("c0", "sales") >> OfferAnswered("ann", "c0")
    play >> CallerJoined("c1", "sales", priority=9) >> CallerJoined("c2", "sales")
    play >> CallerJoined("c0", "sales", preferred_agent="ann", patience=30.0, reconnect=True) << []
    assert play.distributor.position("c0") == 1
    play >> TalkEnded("ann", "c0") << Offer("c0", "ann", "sales", 60.0)


def test_a_redial_in_time_finds_its_place_again() -> None:
    play = Playbook([queue("sales", "ann", redial_seconds=30.0, max_wait_seconds=500.0)], "ann")
    play >> StatusChosen("ann", Status.BREAK)
    play >> CallerJoined("c1", "sales", party="111")
    play.at(10.0) >> CallerJoined("c2", "sales", party="222")
    play >> CallerLeft("c1")
    play.at(40.0) >> CallerJoined("c1b", "sales", party="111")
    assert [play.distributor.position(name) for name in ("c1b", "c2")] == [1, 2]
    play >> CallerLeft("c1b")
    play.at(70.001) >> CallerJoined("c1c", "sales", party="111")
    assert [play.distributor.position(name) for name in ("c2", "c1c")] == [1, 2]
    play >> CallerLeft("c2", Exit.KEY) >> CallerJoined("c2b", "sales", party="222")
    assert play.distributor.position("c2b") == 2  # who left on purpose has no place to come back to


def test_priority_is_worth_so_much_waiting_when_it_ages() -> None:
    for ageing, first in ((0.0, "vip"), (60.0, "vip"), (10.0, "plain")):
        play = Playbook([queue("sales", "ann", ageing_seconds=ageing)], "ann")
        play >> StatusChosen("ann", Status.BREAK) >> CallerJoined("plain", "sales")
        play.at(30.0) >> CallerJoined("vip", "sales", priority=1)
        assert play.distributor.position(first) == 1


def test_the_heavier_queue_is_served_first_the_longest_waiter_among_equals() -> None:
    queues = [queue("a", "ann"), queue("b", "ann"), queue("c", "ann", weight=5)]
    play = Playbook(queues, "ann")
    play >> StatusChosen("ann", Status.BREAK)
    play >> CallerJoined("b1", "b", priority=3) >> CallerJoined("a1", "a", priority=3) >> CallerJoined("c1", "c")
    order = []
    for caller in ("c1", "b1", "a1"):
        play >> StatusChosen("ann", Status.AVAILABLE)
        order += [command.caller for command in play.out if isinstance(command, Offer)]
        play >> StatusChosen("ann", Status.BREAK) << Withdraw(caller, "ann", Withdrawal.AGENT_LEFT)
        play >> CallerLeft(caller)
    assert order == ["c1", "b1", "a1"]


def test_time_in_every_status_is_accounted() -> None:
    play = Playbook([queue("sales", "ann")], "ann")
    play.distributor.start_day(0.0)
    play.at(100.0) >> StatusChosen("ann", Status.LUNCH)
    play.at(160.0) >> StatusChosen("ann", Status.LUNCH, "dentist")
    play.at(200.0) >> StatusChosen("ann", Status.AVAILABLE)
    seconds = play.distributor.agent("ann").status_seconds
    assert (seconds[Status.AVAILABLE], seconds[Status.LUNCH]) == (100.0, 100.0)
