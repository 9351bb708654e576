"""Agents sign on where they sit down, and leave their seat with the end of their work."""

from datetime import UTC, datetime

import msgspec
import pytest

from softacd.acd.model import AgentSettings
from softacd.acd.vocabulary import State, Status
from softacd.calls.control import NotPossibleError, UnknownNameError
from softacd.calls.hours import HoursSettings
from softacd.calls.records import AgentSeat
from softacd.calls.seat_desk import SHIFT_END
from tests.calls.test_phone_features import code
from tests.calls.test_queue_calls import enter_queue, phone
from tests.calls.world import World, shop


def hot_desks(*, pin: str = "", shift: str = "", week: str = "00:00-12:00") -> World:
    """Phones 101 to 103; a1 sits at 101 for good, a2 at none, a3 at 103, all logged out."""
    world = shop(agents=3, available=False, wrap_up=10.0)
    exchange = world.switch.exchange
    settings = msgspec.structs.replace(exchange.settings, hours=(HoursSettings("early", {"mon-sun": week}),))
    agents = (
        AgentSettings("a1", "101", code="1"),
        AgentSettings("a2", code="2", pin=pin, shift=shift),
        AgentSettings("a3", "103", code="3"),
    )
    world.switch.configure(settings, tuple(exchange.queues.values()), agents, world.now)
    world.settle()
    return world


def seat(world: World, agent: str) -> tuple[str, Status, bool]:
    view = world.switch.distributor.agent(agent)
    return view.phone, view.status, view.reachable


def test_who_dials_his_code_sits_there_and_takes_calls() -> None:
    world = hot_desks()
    assert seat(world, "a2") == ("", Status.LOGGED_OUT, False)
    code(world, "102", "*482")
    assert seat(world, "a2") == ("102", Status.AVAILABLE, True)
    caller = enter_queue(world)
    assert phone(world, "102").calls[-1].status == 0, "the phone rings"
    phone(world, "102").answer()
    assert world.switch.distributor.agent("a2").state is State.TALKING
    phone(world, "alpha").hang_up(caller)
    assert world.calls()[-1].agent == "a2"
    world.advance(11.0)
    code(world, "102", "*44")
    world.advance(0.1)
    assert seat(world, "a2") == ("", Status.LOGGED_OUT, False)
    seats = [(row.agent, row.phone) for row in world.records if isinstance(row, AgentSeat)]
    assert seats == [("a2", "102"), ("a2", "")]
    world.assert_clean()


def test_a_colleague_who_is_out_lends_his_phone_and_has_it_back() -> None:
    world = hot_desks()
    code(world, "101", "*482")
    assert seat(world, "a2")[0] == "101"
    assert seat(world, "a1") == ("", Status.LOGGED_OUT, False)
    code(world, "101", "*42")
    assert seat(world, "a2")[1] is Status.LUNCH, "what is dialled there is for who sits there"
    with pytest.raises(NotPossibleError, match="a2 is at phone 101; log a2 out first"):
        world.switch.desk.seats.sign_on("a1", "101", world.now)
    world.switch.desk.set_status("a2", Status.LOGGED_OUT, "", world.now)
    world.advance(0.1)
    assert seat(world, "a1") == ("101", Status.LOGGED_OUT, True)
    code(world, "101", "*481")
    assert seat(world, "a1") == ("101", Status.AVAILABLE, True)
    world.assert_clean()


def test_who_is_in_a_conversation_stays_where_he_is() -> None:
    world = hot_desks()
    code(world, "102", "*482")
    enter_queue(world)
    with pytest.raises(NotPossibleError, match="a2 has a caller at phone 102"):
        world.switch.desk.seats.sign_on("a2", "103", world.now)
    phone(world, "102").answer()
    with pytest.raises(NotPossibleError, match="a2 has a caller at phone 102"):
        world.switch.desk.seats.sign_on("a2", "103", world.now)
    world.switch.desk.seats.sign_on("a2", "102", world.now)
    with pytest.raises(UnknownNameError, match="there is no phone '999'"):
        world.switch.desk.seats.sign_on("a2", "999", world.now)
    with pytest.raises(UnknownNameError, match="no agent is named 'a9'"):
        world.switch.desk.seats.sign_on("a9", "102", world.now)


def test_who_moves_leaves_the_phone_before() -> None:
    world = hot_desks()
    code(world, "102", "*482")
    code(world, "103", "*482")
    assert seat(world, "a2") == ("103", Status.AVAILABLE, True)
    enter_queue(world)
    assert not phone(world, "102").calls[1:]
    assert phone(world, "103").calls[-1].status == 0
    assert world.switch.exchange.agent_of_phone == {"101": "a1", "103": "a2"}


def test_a_wrong_pin_seats_nobody() -> None:
    world = hot_desks(pin="4711")
    call = phone(world, "102").dial("*482")
    stream = max(world.switch.services.streams)
    for digit in "4712":
        world.press(stream, digit)
    assert seat(world, "a2")[1] is Status.LOGGED_OUT
    for digit in "4711":
        world.press(stream, digit)
    world.finish_play()
    assert call.over
    assert seat(world, "a2") == ("102", Status.AVAILABLE, True)
    assert world.events("sign-on-refused") == ["sign-on-refused a2: wrong PIN"]
    assert "4711" not in repr(world.switch.exchange.agents["a2"])


def test_the_end_of_a_shift_logs_out_after_the_conversation() -> None:
    world = hot_desks(shift="early")
    clock = {"at": datetime(2026, 6, 1, 11, 59, 30, tzinfo=UTC)}
    world.switch.exchange.local = lambda wall: clock["at"]
    world.switch.end_shifts(world.now)
    code(world, "102", "*482")
    code(world, "103", "*483")
    caller = enter_queue(world)
    phone(world, "102").answer()
    world.switch.end_shifts(world.now)
    assert seat(world, "a2")[1] is Status.AVAILABLE
    clock["at"] = datetime(2026, 6, 1, 12, 0, 1, tzinfo=UTC)
    world.switch.end_shifts(world.now)
    view = world.switch.distributor.agent("a2")
    assert (view.status, view.next_status) == (Status.AVAILABLE, Status.LOGGED_OUT)
    assert seat(world, "a3")[1] is Status.AVAILABLE, "who has no shift stays"
    phone(world, "alpha").hang_up(caller)
    assert world.switch.distributor.agent("a2").reason == SHIFT_END
    world.advance(0.1)
    assert seat(world, "a2") == ("", Status.LOGGED_OUT, False)
    code(world, "102", "*482")  # overtime
    world.switch.end_shifts(world.now)
    assert seat(world, "a2")[1] is Status.AVAILABLE, "only the end itself logs out"


def test_seats_survive_a_restart_and_a_reload() -> None:
    world = hot_desks()
    events = [AgentSeat("a2", 1, "102"), AgentSeat("gone", 1, "103"), AgentSeat("a3", 1, "999")]
    world.switch.restore_seats(events, world.now)
    assert world.switch.exchange.seats == {"a2": "102"}
    assert seat(world, "a2") == ("102", Status.LOGGED_OUT, True)
    exchange = world.switch.exchange
    configured = tuple(AgentSettings(name, "10" + name[1], code=name[1]) for name in ("a1", "a2", "a3"))
    code(world, "103", "*482")
    world.switch.configure(exchange.settings, tuple(exchange.queues.values()), configured, world.now)
    world.settle()
    assert seat(world, "a2") == ("103", Status.AVAILABLE, True)
    assert seat(world, "a3") == ("", Status.LOGGED_OUT, False)
    fewer = msgspec.structs.replace(
        exchange.settings, phones=tuple(one for one in exchange.settings.phones if one.extension != "103")
    )
    world.switch.configure(fewer, tuple(exchange.queues.values()), configured, world.now)
    world.settle()
    assert seat(world, "a2")[0] == "102"
