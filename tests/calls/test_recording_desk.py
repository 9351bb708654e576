"""Recordings as calls see them: begun by the queue or by hand, kept through holds and transfers, accounted for."""

import pytest

from softacd.calls.leg_voice import LegVoice
from softacd.calls.recording_desk import NotRecordingError, RecordingDesk
from softacd.calls.records import CallEvent, RecordingRecord
from softacd.rtp import vocabulary as media
from tests.calls.test_queue_calls import enter_queue, phone
from tests.calls.world import World, shop


def recorded_shop(**queue: object) -> World:
    world = shop(agents=2, **{"record": True, **queue})  # type: ignore[arg-type]  # settings of the queue
    world.switch.services.recordings.directory = "/var/recordings"
    return world


def words(world: World) -> list[str]:
    """Media commands about recordings, in order."""
    kinds = (media.StartRecording, media.PauseRecording, media.ResumeRecording, media.StopRecording)
    return [f"{type(command).__name__} {command.stream}" for command in world.media if isinstance(command, kinds)]


def finished(world: World, seconds: float = 12.5, octets: int = 400_044, error: str = "") -> RecordingRecord:
    """The engine tells that the newest file is complete; its account."""
    start = [command for command in world.media if isinstance(command, media.StartRecording)][-1]
    event = media.RecordingEnded(start.stream, start.recording, seconds, octets, error)
    world.switch.handle_media(event, world.now)
    world.settle()
    return [record for record in world.records if isinstance(record, RecordingRecord)][-1]


def events(world: World) -> list[str]:
    return [f"{event.kind}: {event.detail}" for event in world.records if isinstance(event, CallEvent)]


def talk(world: World, agent: str = "101") -> str:
    """A caller reaches an agent; the call's id."""
    enter_queue(world)
    phone(world, agent).answer()
    return next(iter(world.switch.exchange.calls))


def test_a_queue_that_records_records_the_conversation_from_its_first_word() -> None:
    world = recorded_shop()
    call = talk(world)
    start = next(command for command in world.media if isinstance(command, media.StartRecording))
    assert (start.stream, start.path) == (1, f"/var/recordings/2023-11-14/{call}-1.wav")
    world.advance(10)
    phone(world, "alpha").hang_up()
    assert words(world) == ["StartRecording 1", "StopRecording 1"]
    record = finished(world)
    assert (record.id, record.call, record.party, record.queue, record.agent) == (
        f"{call}-1",
        call,
        "trunk:alpha",
        "sales",
        "a1",
    )
    assert (record.ended - record.started, record.seconds, record.octets, record.error) == (10_000, 12.5, 400_044, "")
    assert f"recorded: {call}-1" in events(world)
    assert len(world.switch.services.recordings) == 0
    world.assert_clean()


def test_a_queue_that_does_not_record_can_be_recorded_by_hand() -> None:
    world = recorded_shop(record=False)
    call = talk(world)
    desk = world.switch.services.recordings
    assert words(world) == []
    leg = world.switch.exchange.calls[call].leg
    desk.start(call, leg, queue="sales", agent="a1", now=world.now)
    with pytest.raises(NotRecordingError, match="already"):
        desk.start(call, leg, queue="sales", agent="a1", now=world.now)
    desk.pause(call, world.now)
    with pytest.raises(NotRecordingError, match="paused already"):
        desk.pause(call, world.now)
    world.advance(7)
    desk.resume(call, world.now)
    with pytest.raises(NotRecordingError, match="not paused"):
        desk.resume(call, world.now)
    desk.stop(call, world.now)
    with pytest.raises(NotRecordingError, match="not being recorded"):
        desk.stop(call, world.now)
    again = desk.start(call, leg, queue="sales", agent="a1", now=world.now)
    assert again.id == f"{call}-2"
    world.settle()
    assert words(world) == [
        "StartRecording 1",
        "PauseRecording 1",
        "ResumeRecording 1",
        "StopRecording 1",
        "StartRecording 1",
    ]
    first = desk._by_number[1]
    assert (first.pauses, first.paused_ms) == (1, 7000)


def test_what_cannot_be_recorded_is_told_and_the_call_goes_on() -> None:
    world = recorded_shop()
    world.switch.services.recordings.closed = "less than 500 MB are free"
    call = talk(world)
    assert words(world) == []
    assert "recording-refused: less than 500 MB are free" in events(world)
    world.switch.services.recordings.closed = ""
    world.switch.services.recordings.directory = ""
    with pytest.raises(NotRecordingError, match="no directory"):
        world.switch.services.recordings.start(
            call, world.switch.exchange.calls[call].leg, queue="", agent="", now=world.now
        )
    phone(world, "alpha").hang_up()
    world.assert_clean()


def test_a_disk_that_fails_ends_the_recording_and_not_the_call() -> None:
    world = recorded_shop()
    call = talk(world)
    record = finished(world, 3.0, 96_044, "No space left on device")
    assert (record.error, record.octets) == ("No space left on device", 96_044)
    assert "recording-failed: No space left on device" in events(world)
    assert world.switch.exchange.calls[call].phase == "talking"
    assert world.switch.services.recordings.of(call) is None
    phone(world, "alpha").hang_up()
    assert words(world) == ["StartRecording 1"]
    world.assert_clean()


def test_hold_does_not_end_it_and_a_pause_lasts_until_the_end() -> None:
    world = recorded_shop()
    call = talk(world)
    world.switch.services.recordings.pause(call, world.now)
    world.advance(4)
    phone(world, "alpha").hang_up()
    record = finished(world)
    assert (record.pauses, record.paused_ms) == (1, 4000)


def test_nobody_asks_for_what_nobody_made() -> None:
    made: list[object] = []
    desk = RecordingDesk(lambda now: 0, made.append, made.append)
    desk.on_ended(media.RecordingEnded(1, 5, 1.0, 44), 0.0)
    desk.close("nothing", 0.0)
    assert made == []


@pytest.mark.parametrize("plain", [(), ("101",), ("alpha",), ("alpha", "101")])
def test_keys_cross_between_devices_with_different_ways_of_pressing(
    plain: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has no telephone-events presses tones; each side gets the other's keys in its own way, once."""
    world = recorded_shop()
    talk(world)
    call = next(iter(world.switch.exchange.calls.values()))
    caller, agent = call.leg, call.called_leg
    assert agent is not None
    monkeypatch.setattr(
        LegVoice,
        "sends_events",
        property(lambda leg: (leg is caller and "alpha" not in plain) or (leg is agent and "101" not in plain)),
    )
    world.media.clear()
    world.press(caller.stream, "5")
    digits = [command for command in world.media if isinstance(command, media.SendDigits)]
    assert [command.stream for command in digits] == ([agent.stream] if len(plain) == 1 else [])
    world.media.clear()
    world.press(agent.stream, "6")
    digits = [command for command in world.media if isinstance(command, media.SendDigits)]
    assert [command.stream for command in digits] == ([caller.stream] if len(plain) == 1 else [])
