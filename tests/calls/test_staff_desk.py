"""The agents' time in the records: every status and reason, the alarm when one lasts too long."""

import pytest

from softacd.acd.vocabulary import Status
from softacd.calls.agent_times import StatusTimes, add_up
from softacd.calls.control import NotPossibleError
from softacd.calls.reasons import ReasonSettings
from softacd.calls.records import AgentAlarm, AgentTime
from softacd.calls.snapshot import snapshot
from tests.calls.test_phone_features import code
from tests.calls.test_queue_calls import enter_queue, phone
from tests.calls.world import EPOCH, World, shop

REASONS = (
    ReasonSettings("doctor", code="1", paid=False, limit_seconds=600),
    ReasonSettings("training", code="2"),
    ReasonSettings("smoke", status="break", paid=False),
)


def staffed() -> World:
    return shop(agents=1, wrap_up=10.0, changes={"reasons": REASONS})


def times(world: World) -> list[AgentTime]:
    return [record for record in world.records if isinstance(record, AgentTime)]


def alarms(world: World) -> list[AgentAlarm]:
    return [record for record in world.records if isinstance(record, AgentAlarm)]


def overdue(world: World) -> bool:
    return snapshot(world.switch, world.now).agents[0].overdue


def test_a_phone_dials_the_code_of_a_reason_and_the_time_is_recorded_under_it() -> None:
    world = staffed()
    code(world, "101", "*431")
    agent = world.switch.distributor.agent("a1")
    assert (agent.status, agent.reason) == (Status.NOT_READY, "doctor")
    begun = world.switch.services.wall(world.now)
    world.advance(200.0)
    code(world, "101", "*40")
    doctor = next(row for row in times(world) if row.reason == "doctor")
    assert (doctor.status, doctor.paid) == ("not-ready", False)
    assert doctor.ended - doctor.started == pytest.approx(200_000, abs=2000)
    assert doctor.started == pytest.approx(begun, abs=2000)
    assert doctor.idle_ms + doctor.own_call_ms == pytest.approx(doctor.ended - doctor.started, abs=2)


def test_a_status_with_reasons_takes_no_other_and_always_none_at_all() -> None:
    world = staffed()
    set_status = world.switch.desk.set_status
    with pytest.raises(NotPossibleError, match="not-ready has no reason 'smoke'; there are: doctor, training"):
        set_status("a1", Status.NOT_READY, "smoke", world.now)
    set_status("a1", Status.NOT_READY, "", world.now)
    set_status("a1", Status.LUNCH, "soup", world.now)  # lunch has no reasons of its own
    assert phone(world, "101").dial("*439").status == 404


def test_who_is_away_too_long_raises_one_alarm_until_he_is_back() -> None:
    world = staffed()
    world.switch.desk.set_status("a1", Status.NOT_READY, "doctor", world.now)
    world.settle()
    begun = world.switch.services.wall(world.now)
    world.advance(599.0)
    assert not alarms(world)
    world.advance(2.0)
    assert alarms(world) == [AgentAlarm("a1", begun + 600_000, "not-ready", "doctor", begun, 600_000)]
    assert overdue(world)
    world.switch.configure(
        world.switch.exchange.settings,
        tuple(world.switch.exchange.queues.values()),
        tuple(world.switch.exchange.agents.values()),
        world.now,
    )
    world.advance(900.0)
    assert len(alarms(world)) == 1
    world.switch.desk.set_status("a1", Status.AVAILABLE, "", world.now)
    world.settle()
    assert not overdue(world)
    assert not len(world.switch.services.deadlines)


def test_a_reload_that_shortens_the_limit_counts_from_the_beginning() -> None:
    import msgspec

    world = staffed()
    world.switch.desk.set_status("a1", Status.NOT_READY, "training", world.now)
    world.advance(400.0)
    shorter = (ReasonSettings("training", limit_seconds=300),)
    exchange = world.switch.exchange
    world.switch.configure(
        msgspec.structs.replace(exchange.settings, reasons=shorter),
        tuple(exchange.queues.values()),
        tuple(exchange.agents.values()),
        world.now,
    )
    world.advance(1.0)
    assert [alarm.reason for alarm in alarms(world)] == ["training"]


def test_what_is_not_recorded_yet_can_be_asked_and_adds_up_with_what_is() -> None:
    world = staffed()
    world.switch.cut_times(world.now)
    world.settle()
    world.records.clear()
    caller = enter_queue(world)
    phone(world, "101").answer()
    world.advance(60.0)
    world.switch.cut_times(world.now)
    world.settle()
    world.advance(30.0)
    phone(world, "alpha").hang_up(caller)
    world.advance(20.0)
    present = world.switch.desk.account("a1", world.now)
    assert present is not None
    rows = [*times(world), present]
    sums = add_up("a1", rows, since=EPOCH, before=present.ended)
    (available,) = sums.statuses
    assert (available.talk_ms, available.wrap_up_ms) == (90_000, 10_000)
    assert sums.logged_in_ms == sums.paid_ms == available.total_ms
    parts = (available.idle_ms, available.ringing_ms, available.hold_ms, available.own_call_ms)
    assert available.total_ms == pytest.approx(sum(parts) + 100_000, abs=5)


def test_the_end_of_the_switch_records_the_rest() -> None:
    world = staffed()
    world.advance(10.0)
    world.records.clear()
    world.switch.stop(world.now)
    world.settle()
    assert [row.status for row in times(world)] == ["available"]
    assert world.switch.desk.account("a1", world.now) is None


def test_paid_and_unpaid_time_of_one_reason_stand_apart() -> None:
    rows = [
        AgentTime("ann", 0, 1000, "break", "smoke", paid=False, idle_ms=1000),
        AgentTime("ann", 1000, 5000, "break", "smoke", paid=True, idle_ms=4000),
        AgentTime("ann", 5000, 6000, "break", "smoke", paid=False, idle_ms=1000),
    ]
    sums = add_up("ann", rows, since=0, before=6000)
    assert sums.statuses == (
        StatusTimes("break", "smoke", True, 4000, idle_ms=4000),
        StatusTimes("break", "smoke", False, 2000, idle_ms=2000),
    )
    assert (sums.logged_in_ms, sums.paid_ms) == (6000, 4000)
