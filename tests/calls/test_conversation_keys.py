"""Keys a phone of the house presses while it talks: recording by hand."""

import pytest

from softacd.calls.records import CallEvent
from softacd.rtp import vocabulary as media
from tests.calls.test_queue_calls import enter_queue, phone
from tests.calls.world import World, shop

RECORDING = media.StartRecording | media.PauseRecording | media.ResumeRecording | media.StopRecording


def talking() -> tuple[World, int, int]:
    """An outside caller and an agent; the streams of both."""
    world = shop(agents=1, ring=1)
    world.switch.services.recordings.directory = "/recordings"
    enter_queue(world)
    phone(world, "101").answer()
    return world, min(world.open_streams), max(world.open_streams)


def press(world: World, stream: int, digits: str, pause: float = 0.3) -> None:
    for digit in digits:
        world.press(stream, digit)
        world.advance(pause)


def ordered(world: World) -> list[str]:
    return [type(command).__name__ for command in world.media if isinstance(command, RECORDING)]


def test_an_agent_records_pauses_goes_on_and_stops() -> None:
    world, caller, agent = talking()
    press(world, agent, "*1")
    assert world.playing[agent].clips == ("tones/beep",)
    press(world, agent, "*2")
    press(world, agent, "*2")
    press(world, agent, "*1")
    assert ordered(world) == ["StartRecording", "PauseRecording", "ResumeRecording", "StopRecording"]
    assert all(command.stream == caller for command in world.media if isinstance(command, RECORDING)), (
        "left is the caller, right the agent"
    )


@pytest.mark.parametrize("keys", ["1", "*", "*3", "1*", "**9", "12"])
def test_other_keys_are_only_keys(keys: str) -> None:
    world, _, agent = talking()
    press(world, agent, keys)
    assert ordered(world) == []


def test_a_code_pressed_slowly_or_by_the_caller_is_none() -> None:
    world, caller, agent = talking()
    press(world, agent, "*1", pause=3.0)
    press(world, caller, "*1")
    assert ordered(world) == []


def test_a_star_too_many_does_no_harm() -> None:
    world, _, agent = talking()
    press(world, agent, "**1")
    assert ordered(world) == ["StartRecording"]


def test_what_cannot_be_recorded_is_told_and_heard() -> None:
    world, _, agent = talking()
    world.switch.services.recordings.closed = "the disk is nearly full"
    press(world, agent, "*1")
    assert world.playing[agent].clips == ("tones/connected",)
    assert ("recording-refused", "the disk is nearly full") in [
        (event.kind, event.detail) for event in world.records if isinstance(event, CallEvent)
    ]
