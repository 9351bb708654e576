"""Phones calling phones, queues, feature codes and the outside; strangers refused."""

import pytest

from softacd.acd.vocabulary import State, Status
from softacd.calls.model import TrunkSettings
from softacd.calls.records import CallEvent, Direction, LegRecord, Outcome
from softacd.rtp import vocabulary as media
from tests.calls.world import Peer, World, shop


def phone(world: World, name: str) -> Peer:
    return next(peer for peer in world.peers.values() if peer.name == name)


def test_a_phone_calls_a_phone() -> None:
    world = shop()
    caller, called = phone(world, "101"), phone(world, "102")
    call = caller.dial("102")
    assert call.status == 0
    called.respond(called.calls[-1], 180)
    assert call.status == 180
    called.answer()
    assert call.status == 200
    assert any(isinstance(command, media.Bridge) for command in world.media)
    called.hang_up()
    assert call.over
    record = world.calls()[0]
    assert (record.direction, record.outcome, record.caller, record.called) == (
        Direction.INTERNAL, Outcome.ANSWERED, "101", "102",
    )  # fmt: skip
    world.assert_clean()


def test_an_agent_in_an_own_call_is_not_offered() -> None:
    world = shop(agents=2)
    phone(world, "101").dial("102")
    alpha = phone(world, "alpha")
    alpha.dial("37322000111", from_="0690001")
    world.finish_play(1 if 1 in world.playing else None)
    stream = next(iter(world.playing))
    world.press(stream, "1")
    world.finish_play(stream)
    assert len(phone(world, "101").calls) == 1
    assert len(phone(world, "102").calls) == 1, "102 rings for 101 only"


def test_busy_is_passed_on() -> None:
    world = shop()
    caller, called = phone(world, "101"), phone(world, "102")
    called.behaviour = lambda peer, call, now: peer.stack.respond(call.transaction, 486, now=now) and None  # type: ignore[arg-type]
    call = caller.dial("102")
    assert call.status == 486
    assert world.calls()[0].outcome is Outcome.BUSY
    world.assert_clean()


def test_cancel_reaches_the_called_phone() -> None:
    world = shop()
    caller, called = phone(world, "101"), phone(world, "102")
    call = caller.dial("102")
    called.respond(called.calls[-1], 180)
    caller.cancel(call)
    assert called.calls[-1].cancelled
    assert call.status == 487
    assert world.calls()[0].outcome is Outcome.NO_ANSWER
    world.assert_clean()


def test_nobody_answers() -> None:
    world = shop()
    call = phone(world, "101").dial("102")
    world.advance(46)
    assert call.status == 480
    assert phone(world, "102").calls[-1].cancelled
    world.assert_clean()


def test_a_phone_calls_the_queue() -> None:
    world = shop(agents=3)
    call = phone(world, "101").dial("600")
    assert call.status == 200
    assert [peer.name for peer in world.peers.values() if peer.name.isdigit() and peer.calls] == ["101", "102", "103"]
    assert len(phone(world, "101").calls) == 1, "the caller's own phone does not ring"
    phone(world, "102").answer()
    phone(world, "101").hang_up(call)
    assert world.calls()[0].agent == "a2"
    world.assert_clean()


@pytest.mark.parametrize(
    ("code", "status", "prompt"),
    [
        ("*41", Status.BREAK, "status-break"),
        ("*42", Status.LUNCH, "status-lunch"),
        ("*43", Status.NOT_READY, "status-not-ready"),
        ("*44", Status.LOGGED_OUT, "status-logged-out"),
        ("*40", Status.AVAILABLE, "status-available"),
    ],
)
def test_feature_codes_set_the_status(code: str, status: Status, prompt: str) -> None:
    world = shop()
    call = phone(world, "101").dial(code)
    assert call.status == 200
    assert world.finish_play() == (f"prompts/en/{prompt}",)
    assert call.over
    assert world.switch.distributor.agent("a1").status is status
    assert world.calls()[0].outcome is Outcome.SERVED
    world.assert_clean()


def test_finish_wrap_up_by_code() -> None:
    world = shop(wrap_up=60)
    phone(world, "102").dial("600")
    phone(world, "101").answer()
    phone(world, "101").hang_up()
    assert world.switch.distributor.agent("a1").state is State.WRAP_UP
    phone(world, "101").dial("*45")
    world.finish_play()
    assert world.switch.distributor.agent("a1").state is State.IDLE


def test_outside_through_the_first_trunk_with_the_shops_number() -> None:
    world = shop()
    call = phone(world, "101").dial("069123456")
    alpha = phone(world, "alpha")
    invite = alpha.calls[-1].transaction.request
    assert invite.uri.user == "069123456"
    assert invite.from_.uri.user == "37322000111"
    alpha.answer()
    assert call.status == 200
    phone(world, "101").hang_up(call)
    record = world.calls()[0]
    assert (record.direction, record.trunk, record.outcome) == (Direction.OUTGOING, "alpha", Outcome.ANSWERED)
    world.assert_clean()


@pytest.mark.parametrize("status", [500, 503, 403])
def test_a_failing_trunk_is_followed_by_the_next(status: int) -> None:
    world = shop()
    alpha, beta = phone(world, "alpha"), phone(world, "beta")
    alpha.behaviour = lambda peer, call, now: peer.stack.respond(call.transaction, status, now=now) and None  # type: ignore[arg-type]
    call = phone(world, "101").dial("069123456")
    assert beta.calls[-1].transaction.request.from_.uri.user == "37322000222"
    beta.answer()
    assert call.status == 200
    phone(world, "101").hang_up(call)
    assert world.calls()[0].trunk == "beta"
    world.assert_clean()


def test_a_trunk_we_are_not_registered_at_is_passed_over() -> None:
    trunks = tuple(
        TrunkSettings(name, host, username="shop", password="s", register=True, keep_alive_seconds=0)
        for name, host in (("alpha", "198.51.100.1"), ("beta", "198.51.100.2"))
    )
    world = shop(changes={"trunks": trunks})
    alpha, beta = phone(world, "alpha"), phone(world, "beta")
    assert (alpha.registers, beta.registers) == (1, 1)
    alpha.mute = True
    world.advance(301)  # what alpha granted is over, and its refresh unanswered; beta's was renewed
    alpha.mute = False
    phone(world, "101").register()
    world.records.clear()
    call = phone(world, "101").dial("069123456")
    assert world.events("trunk-passed-over") == ["trunk-passed-over alpha: not registered (no answer)"]
    assert not alpha.calls
    beta.answer()
    assert call.status == 200
    phone(world, "101").hang_up(call)
    assert world.calls()[0].trunk == "beta"
    world.assert_clean()


def test_a_silent_trunk_is_followed_by_the_next() -> None:
    world = shop()
    phone(world, "alpha").mute = True
    phone(world, "101").dial("069123456")
    assert not phone(world, "beta").calls
    world.advance(8.1)
    assert len(phone(world, "beta").calls) == 1


@pytest.mark.parametrize("status", [486, 404, 603])
def test_the_called_partys_refusal_is_final(status: int) -> None:
    world = shop()
    alpha, beta = phone(world, "alpha"), phone(world, "beta")
    alpha.behaviour = lambda peer, call, now: peer.stack.respond(call.transaction, status, now=now) and None  # type: ignore[arg-type]
    call = phone(world, "101").dial("069123456")
    assert call.status == status
    assert not beta.calls
    world.assert_clean()


def test_a_call_to_a_phone_goes_the_path_it_registered_by() -> None:
    """RFC 3327 section 5.2: a proxy before the phone is on the way of every call to it."""
    world = shop()
    proxy = "<sip:edge.shop.test;lr>"
    called = phone(world, "102")
    called.register(headers=(("Supported", "path"), ("Path", proxy)))
    call = phone(world, "101").dial("102")
    invite = called.calls[-1].transaction.request
    assert invite.headers("Route") == [proxy]
    assert invite.uri.user == "102", "the phone's contact, not the proxy"
    called.answer()
    called.hang_up()
    assert call.over
    world.assert_clean()


def test_early_media_is_heard_before_the_answer() -> None:
    world = shop()
    call = phone(world, "101").dial("069123456")
    alpha = phone(world, "alpha")
    alpha.respond(alpha.calls[-1], 183, sdp=True)
    assert call.status == 183
    assert call.remote_sdp is not None
    assert any(isinstance(command, media.Bridge) for command in world.media)
    alpha.answer()
    assert call.status == 200
    alpha.hang_up()
    world.assert_clean()


def test_outside_numbers_are_closed_until_opened() -> None:
    world = shop()
    call = phone(world, "101").dial("00870123456")
    assert call.status == 404
    assert world.calls()[0].outcome is Outcome.REFUSED
    world.assert_clean()


def test_a_stranger_is_refused_without_any_call() -> None:
    world = shop()
    stranger = world.peer("101x", ("192.0.2.99", 5060), "secret")
    call = stranger.dial("600", from_="101")
    assert call.status == 403
    assert world.calls() == []
    assert world.switch.door.strangers == 1


def test_a_wrong_password_makes_no_call() -> None:
    world = shop()
    caller = phone(world, "101")
    caller.credentials = world.peer("101", ("203.0.113.77", 5060), "wrong").credentials
    call = caller.dial("102")
    assert call.status in (401, 403, 407)
    assert world.calls() == []


def test_a_number_that_is_not_ours() -> None:
    world = shop()
    call = phone(world, "alpha").dial("99999999999", from_="0690001")
    assert call.status == 404
    notes = [record.detail for record in world.records if isinstance(record, CallEvent) and record.kind == "refused"]
    assert notes == ["99999999999 is no number of ours"]


def test_info_digits_are_sent_as_events_to_the_other_side() -> None:
    world = shop()
    caller, called = phone(world, "101"), phone(world, "102")
    call = caller.dial("102")
    called.answer()
    caller.send(call, "INFO", b"Signal=5\r\nDuration=100", "application/dtmf-relay")
    assert [command.digits for command in world.media if isinstance(command, media.SendDigits)] == ["5"]


def test_several_devices_of_one_extension_ring_together() -> None:
    world = shop()
    second = world.peer("102b", ("203.0.113.99", 5060))
    second.name = "102"
    second.credentials = phone(world, "102").credentials
    second.register()
    call = phone(world, "101").dial("102")
    first = phone(world, "102")
    assert len(first.calls) == len(second.calls) == 1
    second.answer()
    assert first.calls[-1].cancelled
    assert call.status == 200


def test_a_phone_that_vanishes_in_a_call_is_missed_after_its_silence() -> None:
    world = shop()
    caller, called = phone(world, "101"), phone(world, "102")
    call = caller.dial("102")
    called.answer()
    silent = max(world.open_streams)
    called.mute = True
    world.switch.handle_media(media.StreamSilent(silent, 30.0), world.now)
    world.settle()
    world.advance(7.9)
    assert not call.over
    world.advance(0.2)
    assert call.over
    assert world.calls()[0].outcome is Outcome.ANSWERED
    world.assert_clean()


def test_who_sent_no_audio_is_named_in_the_record_and_in_what_happened() -> None:
    world = shop()
    caller, called = phone(world, "101"), phone(world, "102")
    call = caller.dial("102")
    called.answer()
    deaf = max(world.open_streams)
    world.advance(4)
    world.switch.handle_media(media.StreamSilent(deaf, 4.0, never=True), world.now)
    world.settle()
    assert not call.over
    assert [event.detail for event in world.records if isinstance(event, CallEvent) and event.kind == "no-audio"] == [
        "phone 102 sent no audio"
    ]
    caller.hang_up()
    world.settle()
    faults = {leg.party: leg.fault for leg in world.records if isinstance(leg, LegRecord)}
    assert faults["phone:102"] == "sent no audio"


def test_a_call_whose_phone_is_dead_is_ended() -> None:
    world = shop()
    caller, called = phone(world, "101"), phone(world, "102")
    call = caller.dial("102")
    called.answer()
    world.switch.handle_media(media.StreamDead(max(world.open_streams), 300.0), world.now)
    world.settle()
    assert call.over
    assert called.calls[-1].over
    world.assert_clean()


def test_a_phone_that_is_only_muted_keeps_its_call() -> None:
    world = shop()
    caller, called = phone(world, "101"), phone(world, "102")
    call = caller.dial("102")
    called.answer()
    world.switch.handle_media(media.StreamSilent(max(world.open_streams), 30.0), world.now)
    world.advance(40)
    assert not call.over


def test_phones_with_encryption_are_offered_keys_and_others_are_not() -> None:
    """Each leg has its own key, and the engine is told both sides' of it."""
    world = shop(agents=2)
    world.switch.services.encryption["102"] = "required"
    caller = phone(world, "101")
    caller.dial("102")
    called = phone(world, "102").calls[-1]
    assert called.remote_sdp is not None
    offered = called.remote_sdp.media[0]
    assert offered.protocol == "RTP/SAVP"
    assert (offered.attribute("crypto") or "").startswith("1 AES_CM_128_HMAC_SHA1_80 inline:")
    assert world.switch.services.new_key() != world.switch.services.new_key()
    assert len(world.switch.services.new_key()) == 30
