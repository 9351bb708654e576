from random import Random

from softacd.simulate.people import FIRST_CALLER_SIGNATURE, Habits, KeyBy, Move, People

USUAL = Habits()


def people(seed: int, habits: Habits = USUAL) -> People:
    return People(Random(seed), carriers=("alpha", "beta"), keys="123", habits=habits)


def test_a_seed_repeats_the_day_and_another_makes_another() -> None:
    def day(seed: int) -> list[object]:
        crowd = people(seed)
        return [(crowd.caller(index), crowd.pause(), crowd.agent()) for index in range(20)]

    assert day(4) == day(4)
    assert day(4) != day(5)


def test_callers_are_told_apart_by_number_and_come_over_every_carrier() -> None:
    crowd = people(1)
    callers = [crowd.caller(index) for index in range(22)]
    assert len({caller.number for caller in callers}) == 22
    assert len({caller.signature for caller in callers}) == 22
    assert min(caller.signature for caller in callers) == FIRST_CALLER_SIGNATURE
    assert {caller.carrier for caller in callers} == {"alpha", "beta"}
    assert {caller.key for caller in callers} == set("123")
    assert {caller.key_by for caller in callers} == set(KeyBy)


def test_habits_decide_the_shares() -> None:
    never = people(2, Habits(ignore=0, reject=0, hold=0, rest=0, give_up=0))
    assert {never.agent().move for _ in range(200)} == {Move.ANSWER}
    assert {(plan.hold, plan.rest) for plan in (never.agent() for _ in range(200))} == {(0.0, 0.0)}
    assert min(never.caller(index).patience for index in range(200)) >= Habits().patience[0]
    always = people(2, Habits(ignore=0.5, reject=0.5, hold=1, give_up=1))
    assert {always.agent().move for _ in range(200)} == {Move.IGNORE, Move.REJECT}
    assert max(always.caller(index).patience for index in range(200)) <= Habits().little_patience[1]
