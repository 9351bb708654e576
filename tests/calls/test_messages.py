"""Messages: left in a flow, at a mailbox's number and where nobody answers; heard by phones, with lamps and PINs."""

from typing import Any

import msgspec

from softacd.calls.errands import Failed, FetchMessage, RemoveMessage, Spoken
from softacd.calls.message_desk import LOCKED_SECONDS, PINS_WRONG
from softacd.calls.model import MailboxSettings
from softacd.calls.records import Direction, MessageRecord, Outcome
from softacd.rtp import vocabulary as media
from tests.calls.flows import call_in, flow, hears, press, world_of
from tests.calls.test_queue_calls import phone
from tests.calls.world import Ring, World

NIGHT = """
start = "message"
[steps.message]
do = "voicemail"
mailbox = "sales"
then = "bye"
failed = "sorry"
[steps.bye]
do = "say"
prompts = ["goodbye"]
[steps.sorry]
do = "say"
prompts = ["closed"]
"""
SALES = MailboxSettings("sales", "801", ("101", "102"))
OWN = MailboxSettings("103", "803", ("103",), answers=True, pin="2468")


def house(text: str = NIGHT, *mailboxes: MailboxSettings, **settings: Any) -> World:
    world = world_of(flow(text), settings={"mailboxes": mailboxes or (SALES, OWN)}, available=False, **settings)
    world.switch.exchange.messages.directory = "/messages"
    return world


def leave(world: World, caller: str = "069123456") -> Ring:
    """A caller leaves a message and hangs up while he could review it."""
    call = call_in(world, caller)
    world.finish_play()
    press(world, "#")
    world.peers["198.51.100.1", 5060].hang_up(call)
    return call


def kept(world: World) -> list[MessageRecord]:
    return world.switch.exchange.messages.messages()


def waiting(world: World, extension: str) -> tuple[int, int]:
    return tuple(world.switch.exchange.mailboxes.of(extension))  # type: ignore[return-value] # a pair of them


def quiet(world: World) -> None:
    """The engine tells that the caller says nothing."""
    ((stream, command),) = world.dictated.items()
    world.switch.handle_media(media.RecordingQuiet(stream, command.recording, 4.0), world.now)
    world.settle()


def fetched(world: World, *, there: bool = True) -> None:
    """The file of a message is read, or is gone."""
    (errand,) = [one for one in world.errands() if isinstance(one, FetchMessage)]
    clip = "messages/" + errand.file.removesuffix(".wav")
    world.do(Spoken(errand.errand, clip) if there else Failed(errand.errand, "gone"))


# --- leaving one --------------------


def test_a_message_is_left_after_the_tone_reviewed_and_kept() -> None:
    world = house()
    call = call_in(world)
    assert hears(world) == ("leave-message", "tones/beep")
    world.finish_play()
    ((_, started),) = world.dictated.items()
    assert (started.mono, started.silence_seconds) == (True, 4.0)
    assert started.path.startswith("/messages/2023-11-14/")
    assert not world.playing, "nothing is heard while one speaks"
    press(world, "5")
    assert hears(world) == ("message-review",)
    press(world, "2")
    assert hears(world)[0].startswith("messages/2023-11-14/")
    world.finish_play()
    assert hears(world) == ("message-review",)
    press(world, "1")
    assert hears(world) == ("message-saved",)
    world.finish_play()
    assert hears(world) == ("goodbye",)
    world.finish_play()
    assert call.over
    (message,) = kept(world)
    assert (message.box, message.caller, message.call, message.heard) == ("sales", "069123456", world.calls()[0].id, 0)
    assert message.seconds == 3.5
    assert world.calls()[0].outcome is Outcome.MISSED, "a message is no conversation"
    assert [waiting(world, extension) for extension in ("101", "102", "103")] == [(1, 0), (1, 0), (0, 0)]
    assert world.events("message-left") == [f"message-left sales: {message.id}"]
    assert any(isinstance(record, MessageRecord) for record in world.records)
    assert not world.errands()
    world.assert_clean()


def test_silence_ends_a_message_and_who_says_no_more_has_kept_it() -> None:
    world = house()
    call_in(world)
    press(world, "#")  # the greeting is known
    assert hears(world) == ("tones/beep",)
    world.finish_play()
    quiet(world)
    assert hears(world) == ("message-review",)
    world.finish_play()
    world.advance(7)
    assert hears(world) == ("message-saved",)
    assert len(kept(world)) == 1


def test_a_message_has_a_greatest_length() -> None:
    world = house()
    call_in(world)
    world.finish_play()
    world.advance(181)
    assert hears(world) == ("message-review",)
    assert world.events("message-long-enough")


def test_who_hangs_up_while_speaking_has_left_a_message() -> None:
    world = house()
    call = call_in(world)
    world.finish_play()
    world.peers["198.51.100.1", 5060].hang_up(call)
    assert len(kept(world)) == 1
    world.assert_clean()


def test_it_is_recorded_again_or_discarded_by_key_and_the_files_go() -> None:
    world = house()
    call_in(world)
    world.finish_play()
    press(world, "#3")
    assert hears(world) == ("tones/beep",)
    (removed,) = world.errands()
    assert isinstance(removed, RemoveMessage)
    assert removed.file.endswith("-1.wav")
    world.finish_play()
    press(world, "#*")
    assert hears(world) == ("message-deleted",)
    assert [type(errand) for errand in world.errands()] == [RemoveMessage]
    assert kept(world) == []
    assert world.events("message-dropped") == ["message-dropped discarded"] * 2
    world.finish_play()
    world.finish_play()
    world.assert_clean()


def test_a_short_message_is_dropped_and_asked_for_again_three_times() -> None:
    world = house()
    world.voiced = 0.3
    call = call_in(world)
    world.finish_play()
    for _ in range(2):
        quiet(world)
        assert hears(world) == ("message-too-short", "tones/beep")
        world.finish_play()
    quiet(world)
    assert hears(world) == ("message-too-short",)
    world.finish_play()
    world.finish_play()
    assert call.over
    assert kept(world) == []
    assert len(world.errands()) == 3
    world.assert_clean()


def test_a_full_disk_is_told_to_the_caller_before_and_while_he_speaks() -> None:
    world = house()
    world.switch.exchange.messages.closed = "9 MB are free"
    call_in(world)
    assert hears(world) == ("service-unavailable",)
    world.finish_play()
    assert hears(world) == ("closed",)
    world.finish_play()
    world.switch.exchange.messages.closed = ""
    call = call_in(world)
    world.finish_play()
    world.disk = "No space left on device"
    (stream,) = world.dictated
    world.end_dictation(stream)
    world.settle()
    assert hears(world) == ("service-unavailable",)
    world.finish_play()
    world.finish_play()
    assert call.over
    assert world.events("message-impossible") == [
        "message-impossible 9 MB are free",
        "message-impossible No space left on device",
    ]
    assert kept(world) == []
    world.assert_clean()


def test_a_slow_disk_holds_nobody_and_the_message_is_kept_when_it_is_there() -> None:
    world = house()
    call_in(world)
    world.finish_play()
    ((stream, command),) = world.dictated.items()
    world.dictated.clear()
    press(world, "#")
    world.advance(5.1)
    assert hears(world) == ("message-saved",)
    assert kept(world) == []
    world.switch.handle_media(media.RecordingEnded(stream, command.recording, 4.0, 64_000, "", 3.0), world.now)
    assert len(kept(world)) == 1


def test_a_mailbox_has_room_for_so_many() -> None:
    world = house(NIGHT, msgspec.structs.replace(SALES, most_messages=1))
    leave(world)
    call_in(world)
    assert hears(world) == ("service-unavailable",)
    assert world.events("message-impossible") == ["message-impossible mailbox sales is full"]


def test_without_a_review_a_key_is_the_end() -> None:
    world = house(NIGHT.replace('then = "bye"', 'then = "bye"\nreview = false'))
    call_in(world)
    world.finish_play()
    press(world, "#")
    assert hears(world) == ("message-saved",)


# --- where phones lead to it --------------------


def test_a_mailbox_takes_the_calls_nobody_takes_at_its_phone() -> None:
    world = house()
    call = phone(world, "101").dial("103")
    phone(world, "103").respond(phone(world, "103").calls[-1], 486)
    assert call.status == 200
    assert hears(world) == ("leave-message", "tones/beep")
    world.finish_play()
    phone(world, "101").hang_up(call)
    (message,) = kept(world)
    assert (message.box, message.caller) == ("103", "101")
    assert waiting(world, "103") == (1, 0)
    again = phone(world, "101").dial("103")
    world.advance(46)  # nobody answers
    assert again.status == 200
    phone(world, "101").hang_up(again)
    world.assert_clean()


def test_a_user_who_has_forwarded_his_calls_does_not_want_his_mailbox() -> None:
    world = house()
    world.switch.exchange.phone_book.choose("103", world.now, forward_busy="102")
    phone(world, "101").dial("103")
    phone(world, "103").respond(phone(world, "103").calls[-1], 486)
    assert phone(world, "102").calls
    assert not world.events("step")


def test_a_flow_that_rings_a_phone_decides_itself_what_comes_next() -> None:
    text = 'start = "ring"\n[steps.ring]\ndo = "ring"\nextension = "103"\nthen = "bye"\n' + NIGHT.partition("failed")[0]
    world = house(text.replace('start = "message"\n', "") + '[steps.bye]\ndo = "say"\nprompts = ["goodbye"]\n')
    call_in(world)
    phone(world, "103").respond(phone(world, "103").calls[-1], 486)
    assert hears(world) == ("goodbye",)


def test_it_is_dialled_forwarded_and_transferred_to_by_its_number() -> None:
    world = house()
    call = phone(world, "101").dial("801")
    assert hears(world) == ("leave-message", "tones/beep")
    phone(world, "101").hang_up(call)
    world.switch.exchange.phone_book.choose("102", world.now, forward_always="801")
    call = phone(world, "101").dial("102")
    assert call.status == 200
    assert hears(world) == ("leave-message", "tones/beep")
    world.finish_play()
    phone(world, "101").hang_up(call)
    assert [message.box for message in kept(world)] == ["sales"]
    world.assert_clean()


# --- hearing them --------------------


def test_a_phone_hears_its_messages_the_new_ones_first_and_its_lamp_follows() -> None:
    world = house()
    leave(world, "069000001")
    leave(world, "069000002")
    first, second = kept(world)
    world.switch.exchange.messages.mark(first.id, True, world.now)
    assert waiting(world, "101") == (1, 1)
    call = phone(world, "101").dial("*97")
    assert hears(world) == ("you-have", "digits/1", "new-message")
    world.finish_play()
    assert hears(world)[0] == "received-at"
    world.finish_play()
    fetched(world)
    assert hears(world) == (f"messages/{second.file[:-4]}",)
    assert waiting(world, "101") == waiting(world, "102") == (0, 2)
    world.finish_play()
    assert hears(world) == ("message-menu",)
    press(world, "1")
    fetched(world)
    press(world, "9")
    world.finish_play()
    fetched(world)
    assert hears(world) == (f"messages/{first.file[:-4]}",)
    press(world, "7")
    assert hears(world) == ("message-deleted",)
    assert [type(errand) for errand in world.errands()] == [RemoveMessage]
    world.finish_play()
    assert hears(world) == ("no-more-messages",)
    world.finish_play()
    assert call.over
    assert [message.id for message in kept(world)] == [second.id]
    assert first.removed
    assert waiting(world, "102") == (0, 1)
    assert world.calls()[-1].outcome is Outcome.SERVED
    world.assert_clean()


def test_who_left_the_message_is_called_back_by_key_with_the_rights_of_the_phone() -> None:
    world = house()
    leave(world, "069000001")
    call = phone(world, "101").dial("*97")
    world.finish_play()
    world.finish_play()
    fetched(world)
    press(world, "5")
    carrier = world.peers["198.51.100.1", 5060]
    outside = carrier.calls[-1]
    assert not outside.over
    carrier.answer(outside)
    assert set(world.bridges) == world.open_streams
    phone(world, "101").hang_up(call)
    record = world.calls()[-1]
    assert (record.direction, record.called, record.outcome) == (Direction.OUTGOING, "069000001", Outcome.ANSWERED)
    world.assert_clean()


def test_a_number_the_phone_may_not_dial_is_not_called_back() -> None:
    world = house()
    leave(world, "+88100000")
    phone(world, "101").dial("*97")
    world.finish_play()
    world.finish_play()
    fetched(world)
    press(world, "5")
    assert hears(world) == ("not-allowed",)
    world.finish_play()
    assert hears(world) == ("message-menu",)


def test_a_pin_is_asked_for_everywhere_hidden_and_locked_after_many_wrong_ones() -> None:
    world = house()
    call = phone(world, "101").dial("*97803")
    assert hears(world) == ("enter-pin",)
    press(world, "1111")
    assert hears(world) == ("invalid-code",)
    world.finish_play()
    press(world, "2468")
    assert hears(world) == ("no-messages",)
    world.finish_play()
    assert call.over
    record = world.calls()[-1]
    assert record.keys == "x" * 8
    assert "2468" not in "".join(world.events())
    for _ in range(PINS_WRONG // 3):
        call = phone(world, "101").dial("*97803")
        press(world, "1111")
        press(world, "2222")
        press(world, "333#")
        assert hears(world) == ("too-many-attempts",)
        world.finish_play()
        assert call.over
    phone(world, "103").dial("*97")
    press(world, "2468")
    assert hears(world) == ("invalid-code",), "after so many wrong ones the right one is wrong too"
    phone(world, "103").hang_up()
    world.advance(LOCKED_SECONDS + 1)
    phone(world, "103").register()
    phone(world, "103").dial("*97")
    press(world, "2468")
    assert hears(world) == ("no-messages",)
    world.finish_play()
    world.assert_clean()


def test_who_has_no_mailbox_and_who_may_not_hear_one_is_told() -> None:
    world = house()
    for dialled, prompt in (("*97", "invalid-code"), ("*97999", "invalid-code"), ("*97801", "not-allowed")):
        call = phone(world, "104").dial(dialled)
        assert hears(world) == (prompt,)
        world.finish_play()
        assert call.over
    world.assert_clean()


def test_a_message_whose_file_is_gone_is_passed_over() -> None:
    world = house()
    leave(world)
    phone(world, "101").dial("*97")
    world.finish_play()
    world.finish_play()
    fetched(world, there=False)
    assert hears(world) == ("service-unavailable",)
    assert not kept(world)[0].heard
    world.finish_play()
    assert hears(world) == ("no-more-messages",)


def test_who_presses_nothing_is_let_go() -> None:
    world = house()
    leave(world)
    call = phone(world, "101").dial("*97")
    for _ in range(2):
        world.finish_play()
    fetched(world)
    for _ in range(20):
        if call.over:
            break
        if world.playing:
            world.finish_play()
        world.advance(8.1)
    assert call.over
    world.assert_clean()


def test_messages_and_lamps_come_back_after_a_restart_and_follow_a_reload() -> None:
    world = house()
    leave(world)
    leave(world)
    records = [msgspec.structs.replace(message) for message in kept(world)]
    records[0].heard = 1
    again = house()
    again.switch.restore_messages(records)
    assert waiting(again, "101") == (1, 1)
    exchange = again.switch.exchange
    settings = msgspec.structs.replace(exchange.settings, mailboxes=(msgspec.structs.replace(SALES, phones=("105",)),))
    again.switch.configure(settings, tuple(exchange.queues.values()), tuple(exchange.agents.values()), again.now)
    assert [waiting(again, extension) for extension in ("101", "105")] == [(0, 0), (1, 1)]
