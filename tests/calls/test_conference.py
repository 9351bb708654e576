"""Conferences: who is let in, who hears whom, music for who is alone, and how it ends."""

import msgspec

from softacd.calls.call_table import Phase
from softacd.calls.model import ConferenceSettings
from softacd.calls.records import CallEvent, Outcome, Segment
from softacd.rtp import vocabulary as media
from tests.calls.test_queue_calls import phone
from tests.calls.test_transfer import refer
from tests.calls.world import World, shop

BOARD = ConferenceSettings(name="board", number="800", pin="4711", most=3)
OPEN = ConferenceSettings(name="open", number="801")


def house(agents: int = 5) -> World:
    world = shop(agents=agents, available=False)
    exchange = world.switch.exchange
    settings = msgspec.structs.replace(exchange.settings, conferences=(BOARD, OPEN))
    queues, people = tuple(exchange.queues.values()), tuple(exchange.agents.values())
    world.switch.configure(settings, queues, people, world.now)
    return world


def rooms(world: World) -> dict[int, tuple[int, tuple[int, ...] | None]]:
    """Stream -> room and who hears it, by what the engine was told."""
    seated: dict[int, tuple[int, tuple[int, ...] | None]] = {}
    for command in world.media:
        if isinstance(command, media.MixJoin):
            seated[command.stream] = (command.room, command.heard_by)
        elif isinstance(command, media.MixLeave | media.CloseStream):
            seated.pop(command.stream, None)
    return seated


def clips(world: World) -> dict[int, str]:
    return {stream: play.clips[0] for stream, play in world.playing.items()}


def kinds(world: World, *of: str) -> list[str]:
    return [
        f"{event.kind} {event.detail}" for event in world.records if isinstance(event, CallEvent) and event.kind in of
    ]


def test_who_is_alone_hears_music_and_who_comes_hears_the_others() -> None:
    world = house()
    phone(world, "101").dial("801")
    assert clips(world) == {1: "music/default"}
    phone(world, "102").dial("801")
    assert clips(world) == {1: "tones/beep", 3: "tones/beep"}
    phone(world, "103").dial("801")
    seated = rooms(world)
    assert set(seated) == {1, 3, 4}, "2 is the room"
    assert len({room for room, _ in seated.values()}) == 1
    assert {heard_by for _, heard_by in seated.values()} == {None}
    assert next(iter(seated.values()))[0] not in seated, "a room's number is no stream's"
    for leaver in ("103", "102"):
        phone(world, leaver).hang_up()
    assert clips(world)[1] == "music/default"
    phone(world, "101").hang_up()
    assert len(world.switch.exchange.conferences) == 0
    assert {call.outcome for call in world.calls()} == {Outcome.ANSWERED}
    talked = [record for record in world.records if isinstance(record, Segment)]
    assert {segment.party for segment in talked} == {"conference:open"}
    assert len(talked) == 3
    world.assert_clean()


def test_two_conferences_have_rooms_of_their_own() -> None:
    world = house()
    phone(world, "101").dial("801")
    phone(world, "102").dial("800")
    for digit in "4711":
        world.press(3, digit)
    assert len({room for room, _ in rooms(world).values()}) == 2


def test_a_pin_is_asked_for_and_three_wrong_ones_end_the_call() -> None:
    world = house()
    call = phone(world, "101").dial("800")
    assert clips(world) == {1: "prompts/en/enter-pin"}
    world.press(1, "4")
    assert not clips(world), "a key cuts the prompt"
    for digit in "712":
        world.press(1, digit)
    assert clips(world) == {1: "prompts/en/invalid-code"}
    world.press(1, "#")
    world.press(1, "9")
    world.advance(9)  # nothing more is pressed
    assert clips(world) == {1: "prompts/en/too-many-attempts"}
    assert not rooms(world)
    world.finish_play(1)
    assert call.over
    assert kinds(world, "conference-refused") == ["conference-refused board: wrong PIN"] * 3
    world.assert_clean()


def test_the_right_pin_opens_and_a_full_room_does_not() -> None:
    world = house()
    for extension in ("101", "102", "103", "104"):
        phone(world, extension).dial("800")
        for digit in "4711":
            world.press(max(world.open_streams), digit)
    assert len(rooms(world)) == 3
    last = max(world.open_streams)
    assert clips(world)[last] == "prompts/en/busy"
    world.finish_play(last)
    assert phone(world, "104").calls[-1].over


def test_a_key_mutes_and_unmutes() -> None:
    world = house()
    phone(world, "101").dial("801")
    phone(world, "102").dial("801")
    world.press(1, "*")
    assert rooms(world)[1][1] == ()
    world.press(1, "*")
    assert rooms(world)[1][1] is None
    assert kinds(world, "muted", "unmuted") == ["muted open", "unmuted open"]


def test_a_party_is_transferred_into_it_without_a_pin() -> None:
    world = house()
    phone(world, "103").dial("800")
    for digit in "4711":
        world.press(1, digit)
    caller, transferor = phone(world, "101"), phone(world, "102")
    call = caller.dial("102")
    refer(transferor, transferor.answer(), "<sip:800@shop.test>")
    assert transferor.calls[-1].over
    assert not call.over
    assert len(rooms(world)) == 2
    assert [call.phase for call in world.switch.exchange.calls.values()] == [Phase.CONFERENCE, Phase.CONFERENCE]
    caller.hang_up()
    phone(world, "103").hang_up()
    record = next(record for record in world.calls() if record.caller == "101")
    assert record.outcome is Outcome.ANSWERED
    world.assert_clean()
