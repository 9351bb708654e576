"""The estimator: right from the first caller, better than an average of past waits, and honest about its doubts."""

from collections.abc import Mapping

import pytest

from softacd.acd.model import TierSettings
from softacd.acd.vocabulary import (
    AgentChanged,
    CallerExited,
    CallerJoined,
    CallerLeft,
    Connect,
    DeviceChanged,
    Exit,
    OtherCallEnded,
    OtherCallStarted,
    State,
    Status,
    StatusChosen,
)
from softacd.acd.wait_time import TALKS_NEEDED, WaitEstimate, WaitTimeEstimator
from tests.acd.playbook import agents, queue
from tests.acd.shop import Shop


class House:
    """An estimator told what happens, without a distributor: agents talk from the start, callers wait."""

    def __init__(self, *names: str, queues: tuple[str, ...] = ("sales",), wrap_up: float = 0.0) -> None:
        settings = [queue(name, *names, wrap_up_seconds=wrap_up) for name in queues]
        self.estimator = WaitTimeEstimator(settings, agents(*names))
        for name in names:
            self.estimator.observe(DeviceChanged(name, reachable=True), 0.0)

    def talks(self, agent: str, since: float, queue: str = "sales") -> None:
        self.estimator.observe(CallerJoined(f"with-{agent}", queue), since)
        self.estimator.observe(Connect(f"with-{agent}", agent, queue, 0.0), since)
        self.estimator.observe(CallerExited(f"with-{agent}", queue, Exit.ANSWERED, 0.0), since)
        self.estimator.observe(AgentChanged(agent, Status.AVAILABLE, State.TALKING), since)

    def teach(self, agent: str, seconds: float, times: int) -> None:
        for number in range(times):
            start = -1000.0 * (times - number) - seconds
            self.talks(agent, start)
            self.estimator.observe(AgentChanged(agent, Status.AVAILABLE, State.IDLE), start + seconds)

    def estimate(self, caller: str, now: float) -> WaitEstimate:
        found = self.estimator.estimate(caller, now)
        assert found is not None
        assert 0 <= found.low <= found.expected <= found.high
        return found


def test_without_any_history_it_answers_but_does_not_ask_to_be_believed() -> None:
    house = House("ann", "bob")
    for agent in ("ann", "bob"):
        house.talks(agent, 0.0)
    house.estimator.observe(CallerJoined("c1", "sales"), 10.0)
    found = house.estimate("c1", 10.0)
    assert 20 < found.expected < 180
    assert not found.trusted
    assert found.staffed == 2


def test_nobody_to_answer_no_estimate() -> None:
    house = House("ann")
    estimator = house.estimator
    estimator.observe(CallerJoined("c1", "sales"), 0.0)
    assert house.estimate("c1", 0.0).expected < 20  # ann is ready
    for gone, back in (
        (AgentChanged("ann", Status.LUNCH, State.IDLE), AgentChanged("ann", Status.AVAILABLE, State.IDLE)),
        (
            AgentChanged("ann", Status.AVAILABLE, State.TALKING, next_status=Status.BREAK),
            AgentChanged("ann", Status.AVAILABLE, State.IDLE),
        ),
        (DeviceChanged("ann", reachable=False), DeviceChanged("ann", reachable=True)),
        (OtherCallStarted("ann", "o1"), OtherCallEnded("ann", "o1")),
    ):
        estimator.observe(gone, 1.0)
        assert estimator.estimate("c1", 1.0) is None
        estimator.observe(back, 2.0)
        assert house.estimate("c1", 2.0).staffed == 1
    assert estimator.estimate("nobody", 2.0) is None
    estimator.observe(CallerExited("c1", "sales", Exit.ABANDONED, 2.0), 2.0)
    assert estimator.estimate("c1", 2.0) is None
    estimator.observe(CallerJoined("c2", "nowhere"), 3.0)
    assert estimator.estimate("c2", 3.0) is None


def test_who_stands_further_back_waits_longer_and_more_agents_wait_less() -> None:
    waits = {}
    for staff in (("ann",), ("ann", "bob"), ("ann", "bob", "cid", "dan")):
        house = House(*staff)
        for agent in staff:
            house.talks(agent, 0.0)
        for number in range(5):
            house.estimator.observe(CallerJoined(f"c{number}", "sales"), 60.0)
        waits[len(staff)] = [house.estimate(f"c{number}", 60.0).expected for number in range(5)]
        assert waits[len(staff)] == sorted(set(waits[len(staff)]))
    for one, two, four in zip(waits[1], waits[2], waits[4], strict=True):
        assert one > 1.5 * two > 2.0 * four


def test_a_wrap_up_that_is_nearly_over_is_a_short_and_certain_wait() -> None:
    house = House("ann", wrap_up=30.0)
    house.teach("ann", 200.0, TALKS_NEEDED)
    house.talks("ann", 0.0)
    house.estimator.observe(CallerJoined("c1", "sales"), 90.0)
    before = house.estimate("c1", 100.0)
    house.estimator.observe(AgentChanged("ann", Status.AVAILABLE, State.WRAP_UP, until=130.0), 100.0)
    after = house.estimate("c1", 100.0)
    assert 29 <= after.low <= after.expected <= after.high < 50
    assert after.trusted
    assert before.expected > after.expected
    assert house.estimate("c1", 125.0).expected == pytest.approx(after.expected - 25, abs=3)


def test_the_length_of_conversations_is_learned_and_an_agents_own_pace_too() -> None:
    slow, quick = House("ann", "bob"), House("ann", "bob")
    slow.teach("ann", 600.0, 40)
    quick.teach("ann", 60.0, 40)
    found = []
    for house in (slow, quick):
        house.talks("ann", 0.0)
        house.talks("bob", 0.0)
        house.estimator.observe(CallerJoined("c1", "sales"), 5.0)
        found.append(house.estimate("c1", 5.0).expected)
    assert found[0] > 4 * found[1]

    waits = {}
    for talker in ("ann", "bob"):
        house = House("ann", "bob")
        for _ in range(20):
            house.teach("ann", 60.0, 1)
            house.teach("bob", 400.0, 1)
        house.talks(talker, 0.0)
        absent = "bob" if talker == "ann" else "ann"
        house.estimator.observe(AgentChanged(absent, Status.BREAK, State.IDLE), 0.0)
        house.estimator.observe(CallerJoined("c1", "sales"), 5.0)
        waits[talker] = house.estimate("c1", 5.0).expected
    assert waits["bob"] > 2 * waits["ann"]


def test_callers_of_another_queue_count_when_they_compete_for_the_same_agents() -> None:
    def expected(ahead: str, tiers: Mapping[str, tuple[str, ...]]) -> float:
        settings = [queue(name, *names) for name, names in tiers.items()]
        estimator = WaitTimeEstimator(settings, agents("ann", "bob"))
        for agent in ("ann", "bob"):
            estimator.observe(DeviceChanged(agent, reachable=True), 0.0)
            estimator.observe(AgentChanged(agent, Status.AVAILABLE, State.TALKING), 0.0)
        for number in range(6):
            estimator.observe(CallerJoined(f"c{number}", ahead), 1.0)
        estimator.observe(CallerJoined("me", "sales"), 2.0)
        found = estimator.estimate("me", 2.0)
        assert found is not None
        return found.expected

    shared = {"sales": ("ann", "bob"), "support": ("ann", "bob")}
    apart = {"sales": ("ann",), "support": ("bob",)}
    assert expected("support", shared) == pytest.approx(expected("sales", shared))
    assert expected("support", shared) > 2 * expected("support", apart)


def test_who_takes_the_place_he_had_waits_as_long_as_from_there() -> None:
    house = House("ann")
    house.talks("ann", 0.0)
    for number in range(1, 4):
        house.estimator.observe(CallerJoined(f"c{number}", "sales"), 10.0 * number)
    house.estimator.observe(CallerJoined("back", "sales", arrived=15.0, call_back=True), 40.0)
    waits = [house.estimate(caller, 40.0).expected for caller in ("c1", "back", "c2", "c3")]
    assert waits == sorted(waits)
    assert len(set(waits)) == 4


def test_a_call_back_that_is_given_up_says_nothing_of_patience() -> None:
    def rate(*, call_back: bool) -> float:
        house = House("ann")
        for number in range(50):
            caller = f"c{number}"
            house.estimator.observe(CallerJoined(caller, "sales", call_back=call_back), 100.0 * number)
            house.estimator.observe(CallerExited(caller, "sales", Exit.ABANDONED, 5.0), 100.0 * number + 5.0)
        return house.estimator._histories["sales"].abandonment_rate

    assert rate(call_back=True) == House("ann").estimator._histories["sales"].abandonment_rate < rate(call_back=False)


def test_calls_made_in_a_wrap_up_belong_to_it() -> None:
    house = House("ann", wrap_up=30.0)
    house.talks("ann", 0.0)
    house.estimator.observe(CallerJoined("c1", "sales"), 50.0)
    house.estimator.observe(AgentChanged("ann", Status.AVAILABLE, State.WRAP_UP, until=90.0), 60.0)
    wrapping_up = house.estimate("c1", 70.0)
    house.estimator.observe(OtherCallStarted("ann", "own"), 70.0)
    house.estimator.observe(AgentChanged("ann", Status.AVAILABLE, State.AFTER_CALL, until=90.0), 70.0)
    assert house.estimate("c1", 70.0) == wrapping_up
    learned = house.estimator._histories["sales"].wrap_up.weight
    house.estimator.observe(OtherCallEnded("ann", "own"), 80.0)
    house.estimator.observe(AgentChanged("ann", Status.AVAILABLE, State.WRAP_UP, until=90.0), 80.0)
    assert house.estimator._histories["sales"].wrap_up.weight == learned, "it is not over"
    house.estimator.observe(AgentChanged("ann", Status.AVAILABLE, State.IDLE), 90.0)
    average = house.estimator._histories["sales"].wrap_up
    assert (average.weight, average.mean) == (learned + 1, 30.0)


def test_a_call_that_outlasts_the_wrap_up_gives_no_answers() -> None:
    house = House("ann", wrap_up=30.0)
    house.talks("ann", 0.0)
    house.estimator.observe(AgentChanged("ann", Status.AVAILABLE, State.WRAP_UP, until=90.0), 60.0)
    house.estimator.observe(OtherCallStarted("ann", "own"), 70.0)
    house.estimator.observe(AgentChanged("ann", Status.AVAILABLE, State.AFTER_CALL, until=90.0), 70.0)
    house.estimator.observe(AgentChanged("ann", Status.AVAILABLE, State.OWN_CALL), 90.0)
    house.estimator.observe(CallerJoined("c1", "sales"), 91.0)
    assert house.estimator.estimate("c1", 91.0) is None


def test_higher_priority_overtakes_and_so_will_those_who_keep_coming() -> None:
    house = House("ann")
    house.talks("ann", 0.0)
    house.estimator.observe(CallerJoined("me", "sales"), 1.0)
    alone = house.estimate("me", 2.0).expected
    house.estimator.observe(CallerJoined("vip-0", "sales", 5), 3.0)
    behind_one = house.estimate("me", 4.0).expected
    for number in range(1, 20):
        house.estimator.observe(CallerJoined(f"vip-{number}", "sales", 5), 4.0)
        house.estimator.observe(CallerExited(f"vip-{number}", "sales", Exit.ABANDONED, 0.0), 4.0)
    assert alone < behind_one < house.estimate("me", 5.0).expected


def shop(seed: int, *, hours: float = 8.0, count: int = 8, load: float = 1.05) -> Shop:
    """A shop on the edge of its capacity: conversations of three minutes, wrap-up 15 s."""
    names = [f"agent-{number}" for number in range(count)]
    found = Shop([queue("sales", *names)], names, seed=seed)
    found.arrivals("sales", (180 + 15 + 4) / count / load, hours * 3600)
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_beats_the_average_of_past_waits_by_far_and_its_range_holds(seed: int) -> None:
    judged = shop(seed).run(10 * 3600).answered(since=1800.0)
    ours, naive, covered = Shop.errors(judged)
    assert len(judged) > 300
    assert ours < 0.7 * naive
    assert 0.65 < covered < 0.95
    expected = sum(one.estimate.expected for one in judged) / len(judged)
    assert expected == pytest.approx(sum(one.actual for one in judged) / len(judged), rel=0.25)


def test_its_own_score_says_what_the_simulation_says() -> None:
    found = shop(4)
    found.run(10 * 3600)
    score = found.estimator.snapshot().queues["sales"].score
    assert score.scored > 100
    assert 0.5 < score.coverage <= 1.0
    assert 1.0 < score.absolute_error < 120.0


def test_a_day_of_two_queues_with_shared_agents_and_priority_callers() -> None:
    names = [f"agent-{number}" for number in range(6)]
    floor = [queue("sales", *names[:4]), queue("support", *names[2:])]
    found = Shop(floor, names, seed=7)
    for name, every, priority in (("sales", 75.0, 0), ("support", 80.0, 0), ("sales", 600.0, 3)):
        found.arrivals(name, every, 8 * 3600, priority)
    found.status(7200.0, StatusChosen(names[0], Status.LUNCH))
    found.status(9000.0, StatusChosen(names[0], Status.AVAILABLE))
    judged = found.run(10 * 3600).answered(since=1800.0)
    ours, naive, covered = Shop.errors(judged)
    assert len(judged) > 200
    assert ours < 0.85 * naive
    assert 0.6 < covered < 0.97


def test_it_knows_nothing_of_the_future() -> None:
    """Two days alike up to noon and different after: the estimates of the morning are the same to the last bit."""
    quiet, busy = shop(5, hours=4.0), shop(5, hours=4.0)

    def crowd() -> None:
        for number in range(50):
            busy.join(f"crowd-{number}", "sales", 9)

    busy.at(4 * 3600 - 1.0, crowd)
    mornings = [
        [(one.at, one.estimate) for one in each.run(6 * 3600).judged if one.at < 4 * 3600 - 1.0]
        for each in (quiet, busy)
    ]
    assert mornings[0] == mornings[1]
    assert len(mornings[0]) > 100


def test_what_was_learned_survives_a_restart() -> None:
    found = shop(6)
    found.run(10 * 3600)
    learned = found.estimator.snapshot()
    names = [f"agent-{number}" for number in range(8)]
    fresh = WaitTimeEstimator([queue("sales", *names)], agents(*names))
    fresh.restore(learned)
    assert fresh.snapshot() == learned

    def ask(estimator: WaitTimeEstimator) -> WaitEstimate | None:
        now = 20 * 3600.0
        for name in names:
            estimator.observe(DeviceChanged(name, reachable=True), now)
            estimator.observe(AgentChanged(name, Status.AVAILABLE, State.TALKING), now)
        estimator.observe(CallerJoined("c1", "sales"), now)
        return estimator.estimate("c1", now)

    again, untaught = ask(fresh), ask(WaitTimeEstimator([queue("sales", *names)], agents(*names)))
    assert again is not None
    assert untaught is not None
    assert (again.trusted, untaught.trusted) == (True, False)
    assert again.expected != untaught.expected


def test_a_reload_keeps_the_line_and_the_lessons() -> None:
    house = House("ann", "bob")
    house.teach("ann", 300.0, TALKS_NEEDED)
    house.talks("ann", 0.0)
    house.estimator.observe(CallerJoined("c1", "sales"), 1.0)
    before = house.estimator.snapshot()
    house.estimator.configure([queue("sales", "ann"), queue("support", "bob")], agents("ann", "bob"))
    assert house.estimate("c1", 2.0).staffed == 1
    assert house.estimator.snapshot().queues["sales"] == before.queues["sales"]
    house.estimator.configure([queue("support", "bob")], agents("bob"))
    assert house.estimator.estimate("c1", 3.0) is None
    house.estimator.observe(CallerExited("c1", "sales", Exit.CLOSED, 3.0), 3.0)
    house.estimator.observe(AgentChanged("ann", Status.LOGGED_OUT, State.IDLE), 3.0)
    house.estimator.configure([queue("sales", "ann")], agents("ann"))
    assert house.estimator.snapshot().queues["sales"].talk == before.queues["sales"].talk


def test_events_of_strangers_are_nothing() -> None:
    house = House("ann")
    for item in (
        DeviceChanged("zoe", reachable=True),
        OtherCallStarted("zoe", "o1"),
        OtherCallEnded("zoe", "o1"),
        AgentChanged("zoe", Status.AVAILABLE, State.TALKING),
        Connect("c1", "zoe", "sales", 0.0),
        Connect("c1", "ann", "nowhere", 0.0),
        CallerExited("c1", "sales", Exit.ANSWERED, 1.0),
        CallerLeft("c1"),
    ):
        house.estimator.observe(item, 1.0)
    assert house.estimator.snapshot().queues["sales"].talk.seen == 0
    assert TierSettings("ann") in queue("sales", "ann").tiers
