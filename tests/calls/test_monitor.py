"""A supervisor in a conversation: who is seated where, who hears whom, and how it ends."""

import pytest

from softacd.calls.call import Call
from softacd.calls.control import NotPossibleError, UnknownNameError
from softacd.calls.monitor import Mode, monitor
from softacd.calls.records import Segment
from softacd.rtp import vocabulary as media
from tests.calls.test_queue_calls import enter_queue, phone
from tests.calls.world import World, shop

SEEN: dict[int, int] = {}
"""World -> how many of its commands `told` has told."""


def settle(world: World) -> None:
    """Carry out what was asked of a part of the switch."""
    world.switch.settle(world.now)
    world.settle()


def conversation() -> tuple[World, Call]:
    """A caller (stream 1) talks to the agent at 101; 103 is free for a supervisor."""
    world = shop(agents=3, ring=1)
    enter_queue(world)
    phone(world, "101").answer()
    told(world)
    return world, next(iter(world.switch.exchange.calls.values()))


def listening(mode: Mode = Mode.LISTEN) -> tuple[World, Call]:
    world, call = conversation()
    monitor(call, "103", mode, world.now)
    settle(world)
    phone(world, "103").answer()
    return world, call


def told(world: World) -> list[str]:
    """What the engine was told about rooms and bridges since the last time."""
    words = []
    since = SEEN.get(id(world), 0)
    SEEN[id(world)] = len(world.media)
    for command in world.media[since:]:
        match command:
            case media.MixJoin(stream=stream, heard_by=heard_by):
                words.append(f"{stream} joins, heard by {'all' if heard_by is None else list(heard_by)}")
            case media.MixLeave(stream=stream):
                words.append(f"{stream} leaves")
            case media.Bridge(stream=stream, other=other):
                words.append(f"{stream} bridged to {other}")
            case media.Unbridge(stream=stream):
                words.append(f"{stream} unbridged")
    return words


def streams(call: Call) -> tuple[int, int, int]:
    assert call.called_leg is not None
    assert call.conversation is not None
    assert call.conversation.monitor is not None
    leg = call.conversation.monitor._leg
    assert leg is not None
    return call.leg.stream, call.called_leg.stream, leg.stream


def test_while_the_supervisor_s_phone_rings_nothing_changes() -> None:
    world, call = conversation()
    monitor(call, "103", Mode.LISTEN, world.now)
    settle(world)
    assert told(world) == []
    assert not phone(world, "103").calls[-1].over


@pytest.mark.parametrize("mode", [Mode.LISTEN, Mode.WHISPER, Mode.BARGE])
def test_one_who_answers_is_seated_with_those_who_talk(mode: Mode) -> None:
    world, call = listening(mode)
    caller, agent, supervisor = streams(call)
    heard = {Mode.LISTEN: "[]", Mode.WHISPER: f"[{agent}]", Mode.BARGE: "all"}[mode]
    assert told(world) == [
        f"{caller} joins, heard by all",
        f"{agent} joins, heard by all",
        f"{supervisor} joins, heard by {heard}",
    ]


def test_modes_are_changed_by_the_api_and_by_keys() -> None:
    world, call = listening()
    _, agent, supervisor = streams(call)
    told(world)
    monitor(call, "103", Mode.BARGE, world.now)
    settle(world)
    assert told(world) == [f"{supervisor} joins, heard by all"]
    world.press(supervisor, "2")
    assert told(world) == [f"{supervisor} joins, heard by [{agent}]"]
    world.press(supervisor, "1")
    assert told(world) == [f"{supervisor} joins, heard by []"]
    world.press(supervisor, "9")
    assert told(world) == []


@pytest.mark.parametrize("how", ["key", "order", "before it rings"])
def test_one_who_takes_over_talks_on_in_the_agent_s_place(how: str) -> None:
    if how == "before it rings":
        world, call = listening(Mode.TAKE_OVER)
    else:
        world, call = listening()
        caller, _, supervisor = streams(call)
        told(world)
        if how == "key":
            world.press(supervisor, "4")
        else:
            monitor(call, "103", Mode.TAKE_OVER, world.now)
            settle(world)
        assert told(world)[-1] == f"{caller} bridged to {supervisor}"
    assert phone(world, "101").calls[-1].over
    assert not phone(world, "103").calls[-1].over
    assert call.phase == "talking"
    assert call.called_leg is not None
    assert (call.called_leg.number, call.agent) == ("103", world.switch.exchange.agent_of_phone["103"])
    segments = [record for record in world.records if isinstance(record, Segment)]
    assert [(segment.party, segment.ended_by) for segment in segments] == [("agent:a1", "transfer")]
    phone(world, "alpha").hang_up()
    assert phone(world, "103").calls[-1].over
    world.assert_clean()


def test_one_who_hangs_up_leaves_the_two_bridged_as_before() -> None:
    world, call = listening()
    caller, agent, _ = streams(call)
    told(world)
    phone(world, "103").hang_up()
    assert told(world) == [f"{caller} bridged to {agent}"]
    assert call.phase == "talking"
    phone(world, "alpha").hang_up()
    world.assert_clean()


def test_the_end_of_the_conversation_lets_the_supervisor_go() -> None:
    world, _ = listening()
    phone(world, "alpha").hang_up()
    assert phone(world, "103").calls[-1].over
    assert phone(world, "101").calls[-1].over
    world.assert_clean()


def test_the_end_while_it_rings_stops_the_ringing() -> None:
    world, call = conversation()
    monitor(call, "103", Mode.LISTEN, world.now)
    settle(world)
    phone(world, "alpha").hang_up()
    assert phone(world, "103").calls[-1].cancelled
    world.assert_clean()


def test_nobody_answers_and_the_conversation_has_not_noticed() -> None:
    world, call = conversation()
    monitor(call, "103", Mode.LISTEN, world.now)
    settle(world)
    world.advance(31)
    assert phone(world, "103").calls[-1].cancelled
    assert call.conversation is not None
    assert call.conversation.monitor is None
    assert call.phase == "talking"
    monitor(call, "103", Mode.LISTEN, world.now)  # may be asked again
    settle(world)
    phone(world, "103").respond(phone(world, "103").calls[-1], 486)
    assert call.conversation.monitor is None


def test_on_hold_the_room_is_empty_and_fills_again() -> None:
    world, call = listening()
    caller, agent, supervisor = streams(call)
    told(world)
    assert call.conversation is not None
    assert call.called_leg is not None
    call.conversation.hold(call.called_leg, held=True, now=world.now)
    settle(world)
    assert told(world) == [f"{caller} leaves", f"{agent} leaves", f"{supervisor} leaves", f"{caller} unbridged"]
    call.conversation.hold(call.called_leg, held=False, now=world.now)
    settle(world)
    assert [line.partition(",")[0] for line in told(world)] == [
        f"{caller} joins",
        f"{agent} joins",
        f"{supervisor} joins",
    ]


def test_keys_pressed_in_a_room_are_made_anew_for_the_other() -> None:
    world, call = listening()
    caller, agent, _ = streams(call)
    told(world)
    since = SEEN[id(world)]
    world.press(caller, "5")
    sent = [command for command in world.media[since:] if isinstance(command, media.SendDigits)]
    assert [(command.stream, command.digits) for command in sent] == [(agent, "5")]


def test_what_cannot_be_monitored() -> None:
    world, call = conversation()
    with pytest.raises(UnknownNameError, match="999"):
        monitor(call, "999", Mode.LISTEN, world.now)
    with pytest.raises(NotPossibleError, match="in this conversation itself"):
        monitor(call, "101", Mode.LISTEN, world.now)
    monitor(call, "103", Mode.LISTEN, world.now)
    with pytest.raises(NotPossibleError, match="phone 103 is there already"):
        monitor(call, "102", Mode.LISTEN, world.now)
    settle(world)
    phone(world, "alpha").hang_up()
    with pytest.raises(NotPossibleError, match="no conversation"):
        monitor(call, "103", Mode.LISTEN, world.now)


def test_an_agent_who_supervises_is_offered_nothing_meanwhile() -> None:
    world, _ = listening()
    assert not world.switch.distributor.agent("a3").ready
    phone(world, "103").hang_up()
    assert world.switch.distributor.agent("a3").ready
