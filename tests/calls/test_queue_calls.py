"""A caller through greeting, menu, notice and queue: as transcripts between the switch and its peers."""

import pytest

from softacd.acd.vocabulary import State, Status
from softacd.calls.records import AgentEvent, CallEvent, CallRecord, LegRecord, Outcome, TraceRow
from softacd.rtp import vocabulary as media
from softacd.sdp.negotiation import LocalMedia
from tests.calls.world import Peer, Ring, World, shop


def enter_queue(world: World, carrier: str = "alpha", caller: str = "0690001") -> Ring:
    """A caller comes in, hears greeting and menu, presses 1, hears the notice, waits."""
    peer = next(peer for peer in world.peers.values() if peer.name == carrier)
    number = "37322000111" if carrier == "alpha" else "37322000222"
    call = peer.dial(number, from_=caller)
    assert call.status == 200
    stream = max(world.open_streams)
    assert world.finish_play(stream) == ("prompts/en/welcome",)
    assert world.playing[stream].clips == ("prompts/en/menu-main",)
    world.press(stream, "1")
    assert world.finish_play(stream) == ("prompts/en/recording-notice",)
    return call


def phone(world: World, name: str) -> Peer:
    return next(peer for peer in world.peers.values() if peer.name == name)


def ringing(world: World) -> list[str]:
    """Phones that ring now."""
    return [
        peer.name
        for peer in world.peers.values()
        if peer.name.isdigit() and any(not call.over and not call.dialog for call in peer.calls)
    ]


def test_the_caller_is_answered_at_once_and_four_phones_ring() -> None:
    world = shop()
    enter_queue(world)
    assert world.log[:5] == [
        "alpha -> switch INVITE",
        "switch -> alpha 100 Trying",
        "switch -> alpha 200 OK",
        "media 1 play prompts/en/welcome",
        "alpha -> switch ACK",
    ]
    assert ringing(world) == ["101", "102", "103", "104"]
    assert "media 1 play music/default" in world.log


def test_the_first_to_answer_has_the_call_and_the_others_are_told_why() -> None:
    world = shop()
    caller = enter_queue(world)
    for name in ("101", "102", "103", "104"):
        phone(world, name).respond(phone(world, name).calls[-1], 180)
    world.log.clear()
    phone(world, "102").answer()
    assert world.log[0] == "102 -> switch 200 OK"
    assert "switch -> 102 ACK" in world.log
    assert "media 1 bridge 3" in world.log
    for name in ("101", "103", "104"):
        assert f"switch -> {name} CANCEL" in world.log
        lost = phone(world, name).calls[-1]
        assert lost.cancelled
        assert lost.reason == 'SIP;cause=200;text="Call completed elsewhere"'
    assert world.switch.distributor.agent("a2").state is State.TALKING
    world.advance(30)
    phone(world, "alpha").hang_up(caller)
    assert phone(world, "102").calls[-1].over
    record = world.calls()[0]
    assert (record.outcome, record.agent, record.queue, record.keys) == (Outcome.ANSWERED, "a2", "sales", "1")
    assert (record.talk_ms, record.ended_by, record.cause) == (30_000, "caller", 200)
    assert world.switch.distributor.agent("a2").state is State.WRAP_UP
    world.advance(5)
    assert world.switch.distributor.agent("a2").state is State.IDLE
    world.assert_clean()


def test_two_callers_ring_disjoint_groups_at_the_same_time() -> None:
    world = shop(agents=8)
    enter_queue(world)
    enter_queue(world, "beta", "0690002")
    assert len(ringing(world)) == 8
    assert all(len(phone(world, str(100 + index)).calls) == 1 for index in range(1, 9))


def test_two_answers_in_the_same_moment_give_one_conversation() -> None:
    world = shop()
    enter_queue(world)
    first, second = phone(world, "101"), phone(world, "102")
    # both 200 OK are under way before either arrives
    for peer in (first, second):
        call = peer.calls[-1]
        assert call.remote_sdp is not None
    world.peers.pop(second.address)  # its 200 is still in the network
    first.answer()
    world.peers[second.address] = second
    late = second.calls[-1]
    second.respond(late, 200)
    assert late.acknowledged == 1
    assert late.over, "the late answer is acknowledged and released with BYE"
    assert world.switch.distributor.agent("a2").state is State.IDLE
    assert world.switch.distributor.agent("a1").state is State.TALKING
    bridges = [command for command in world.media if isinstance(command, media.Bridge)]
    assert len(bridges) == 1
    phone(world, "alpha").hang_up()
    world.assert_clean()


def test_the_caller_who_gives_up_is_in_the_missed_list_and_every_phone_stops() -> None:
    world = shop()
    caller = enter_queue(world)
    world.advance(10)
    phone(world, "alpha").hang_up(caller)
    assert ringing(world) == []
    record = world.calls()[0]
    assert (record.outcome, record.queue, record.wait_ms) == (Outcome.ABANDONED, "sales", 10_000)
    world.assert_clean()


@pytest.mark.parametrize("moment", ["greeting", "menu", "notice", "queue", "talking"])
def test_hanging_up_anywhere_frees_everything(moment: str) -> None:
    world = shop()
    peer = phone(world, "alpha")
    call = peer.dial("37322000111", from_="0690001")
    if moment != "greeting":
        world.finish_play(1)
    if moment not in ("greeting", "menu"):
        world.press(1, "1")
    if moment in ("queue", "talking"):
        world.finish_play(1)
    if moment == "talking":
        phone(world, "101").answer()
    peer.hang_up(call)
    record = world.calls()[0]
    expected = {"queue": Outcome.ABANDONED, "talking": Outcome.ANSWERED}.get(moment, Outcome.MISSED)
    assert record.outcome is expected
    world.assert_clean()


def test_a_late_offer_is_answered_in_the_ack() -> None:
    world = shop()
    call = phone(world, "alpha").dial("37322000111", from_="0690001", sdp=False)
    assert call.status == 200
    assert call.remote_sdp is not None, "the switch offers in its 200"
    assert world.playing[1].clips == ("prompts/en/welcome",)
    phone(world, "alpha").hang_up(call)
    world.assert_clean()


def test_no_answer_goes_to_the_next_agents_and_pauses_after_the_limit() -> None:
    world = shop(agents=2, ring=1, ring_seconds=10, no_answer_limit=2)
    enter_queue(world)
    assert ringing(world) == ["101"]
    world.advance(10.1)
    assert ringing(world) == ["102"]
    world.advance(40)
    statuses = {agent.name: agent.status for agent in world.switch.distributor.agents()}
    assert statuses == {"a1": Status.NOT_READY, "a2": Status.NOT_READY}


def test_a_refusing_phone_is_not_rung_again_at_once() -> None:
    world = shop(agents=2, ring=1, reject_delay=5)
    enter_queue(world)
    first = phone(world, "101")
    first.respond(first.calls[-1], 603)
    assert ringing(world) == ["102"]
    world.advance(1)
    assert len(first.calls) == 1


def test_an_agent_who_becomes_ready_rings_in_the_same_turn() -> None:
    world = shop(agents=1, available=False)
    enter_queue(world)
    assert ringing(world) == []
    world.log.clear()
    world.switch.desk.set_status("a1", Status.AVAILABLE, "", world.now)
    world.switch._pump(world.now)
    world.settle()
    assert "switch -> 101 INVITE" in world.log


def test_position_is_announced_and_music_comes_back() -> None:
    world = shop(agents=1, available=False, announce_first=3, announce_every=30)
    enter_queue(world)
    world.advance(3.1)
    assert "prompts/en/you-are-next" in world.playing[1].clips
    world.finish_play(1)
    assert world.playing[1].clips == ("music/default",)
    world.advance(30)
    assert "prompts/en/you-are-next" in world.playing[1].clips


def test_an_answer_cuts_the_announcement_under_way() -> None:
    world = shop(agents=1, announce_first=3)
    caller = enter_queue(world)
    world.advance(3.1)
    assert "prompts/en/you-are-next" in world.playing[1].clips
    cut = world.playing[1].play
    world.log.clear()
    phone(world, "101").answer()
    assert [line for line in world.log if line.startswith("media")] == ["media 1 bridge 2"]
    assert not world.playing
    assert world.bridges == {1: 2, 2: 1}
    # the engine's word that it was cut starts no music, and no announcement is due any more
    world.switch.handle_media(media.PlayEnded(1, cut, finished=False), world.now)
    world.settle()
    world.advance(120)
    assert not world.playing
    phone(world, "alpha").hang_up(caller)
    world.assert_clean()


def test_the_expected_wait_is_told_once_the_estimate_can_be_trusted() -> None:
    world = shop(agents=1, announce_first=3, wrap_up=0)
    agent = phone(world, "101")

    def served(seconds: float) -> None:
        agent.register()
        caller = enter_queue(world)
        agent.answer()
        world.advance(seconds)
        phone(world, "alpha").hang_up(caller)

    def told() -> tuple[str, ...]:
        """What a caller hears who comes right after another was answered."""
        first = enter_queue(world)
        agent.answer()
        second = enter_queue(world, "beta", "0690002")
        world.advance(3.1)
        clips = world.playing[max(world.playing)].clips
        phone(world, "beta").hang_up(second)
        phone(world, "alpha").hang_up(first)
        return tuple(clip.removeprefix("prompts/en/") for clip in clips)

    assert told() == ("you-are-next",), "nothing was learned yet"
    for seconds in (175, 180, 185) * 5:
        served(seconds)
    clips = told()
    assert clips[:2] == ("you-are-next", "expected-wait")
    between, low, middle, high, unit = clips[2:]
    assert (between, middle, unit) == ("between", "and", "minutes")
    assert int(low.removeprefix("digits/")) < 3 < int(high.removeprefix("digits/")), "three minutes, as all before"
    assert world.events("announced")[-1] == f"announced {' '.join(clip.rpartition('/')[2] for clip in clips)}"
    world.assert_clean()


def test_the_menu_asks_again_and_then_gives_up() -> None:
    world = shop()
    peer = phone(world, "alpha")
    call = peer.dial("37322000111", from_="0690001")
    world.finish_play(1)
    world.press(1, "7")
    assert world.playing[1].clips == ("prompts/en/menu-invalid", "prompts/en/menu-main")
    world.finish_play(1)
    world.advance(5.1)
    assert world.playing[1].clips == ("prompts/en/menu-timeout", "prompts/en/menu-main")
    world.finish_play(1)
    world.advance(5.1)
    assert call.over
    assert world.calls()[0].outcome is Outcome.MISSED
    world.assert_clean()


def test_a_key_pressed_during_the_greeting_is_the_menus_answer() -> None:
    world = shop()
    phone(world, "alpha").dial("37322000111", from_="0690001")
    world.press(1, "1")
    assert world.playing[1].clips == ("prompts/en/recording-notice",)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("application/dtmf-relay", b"Signal=1\r\nDuration=160\r\n"), ("application/dtmf", b"1")],
)
def test_keys_by_info(content_type: str, body: bytes) -> None:
    world = shop()
    peer = phone(world, "alpha")
    call = peer.dial("37322000111", from_="0690001")
    world.finish_play(1)
    peer.send(call, "INFO", body, content_type)
    assert peer.statuses[-1] == 200
    assert world.playing[1].clips == ("prompts/en/recording-notice",)


def test_hold_by_the_agent_plays_music_and_is_counted() -> None:
    world = shop()
    caller = enter_queue(world)
    agent = phone(world, "101")
    talk = agent.answer()
    world.advance(10)
    hold = b"v=0\r\no=- 1 2 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\nm=audio 40002 RTP/AVP 8\r\n"
    agent.send(talk, "INVITE", hold + b"a=sendonly\r\n", "application/sdp")
    assert world.playing[1].clips == ("music/default",)
    assert world.switch.distributor.agent("a1").state is State.HELD
    world.advance(20)
    agent.send(talk, "INVITE", hold.replace(b"1 2", b"1 3") + b"a=sendrecv\r\n", "application/sdp")
    assert 1 not in world.playing
    assert world.switch.distributor.agent("a1").state is State.TALKING
    world.advance(5)
    phone(world, "alpha").hang_up(caller)
    record = world.calls()[0]
    assert (record.hold_ms, record.talk_ms) == (20_000, 15_000)
    world.assert_clean()


def test_an_unreachable_phone_is_refused_and_the_rest_ring() -> None:
    world = shop(agents=2)
    gone = phone(world, "101")
    gone.mute = True
    enter_queue(world)
    assert ringing(world) == ["102"]
    world.advance(35)
    assert world.switch.distributor.agent("a1").status is Status.AVAILABLE


def test_records_tell_the_whole_story() -> None:
    world = shop()
    caller = enter_queue(world)
    phone(world, "103").answer()
    world.advance(3)
    phone(world, "103").hang_up()
    assert caller.over
    call = world.calls()[0]
    assert call.ended_by == "called"
    legs = {record.id: record for record in world.records if isinstance(record, LegRecord)}
    assert {leg.party for leg in legs.values()} == {"trunk:alpha", "agent:a1", "agent:a2", "agent:a3", "agent:a4"}
    assert legs[f"{call.id}.1"].answered
    assert legs[f"{call.id}.1"].packets_sent == 1
    assert legs[f"{call.id}.2"].cause == 487
    kinds = [record.kind for record in world.records if isinstance(record, CallEvent)]
    assert kinds[:5] == ["flow", "step", "step", "key", "step"]
    assert kinds.count("offered") == 4
    assert "connected" in kinds
    trace = [row.line for row in world.records if isinstance(row, TraceRow) and row.call == call.id]
    assert trace[0] == "INVITE"
    assert "200 OK" in trace
    assert trace.count("BYE") == 2
    states = [record.state for record in world.records if isinstance(record, AgentEvent) and record.agent == "a3"]
    assert states[-1] == "wrap-up"
    assert isinstance(world.records[0], AgentEvent | CallRecord | TraceRow)


def test_a_caller_for_whom_there_is_no_port_is_told_and_missed() -> None:
    world = shop()
    world.switch.services.ports.clear()
    call = phone(world, "alpha").dial("37322000111", from_="0690001")
    assert call.status == 503
    assert world.calls()[0].outcome is Outcome.MISSED
    assert world.switch.desk.missed[""] == 1


def test_a_caller_without_a_codec_of_ours_is_told_and_missed() -> None:
    world = shop()
    alpha = phone(world, "alpha")
    alpha.local = lambda call=None: LocalMedia(host="198.51.100.1", port=40_000, session_id=1, codecs=("G722",))  # type: ignore[method-assign]
    call = alpha.dial("37322000111", from_="0690001")
    assert call.status == 488
    assert world.calls()[0].outcome is Outcome.MISSED


def test_a_caller_who_shall_ask_again_with_a_longer_interval_is_not_missed() -> None:
    world = shop()
    call = phone(world, "alpha").dial(
        "37322000111", from_="0690001", headers=(("Supported", "timer"), ("Session-Expires", "30"))
    )
    assert call.status == 422
    assert world.calls()[0].outcome is Outcome.FAILED


def test_a_phone_for_which_there_is_no_port_is_nobodys_missed_call() -> None:
    world = shop()
    world.switch.services.ports.clear()
    assert phone(world, "101").dial("600").status == 503
    assert world.calls()[0].outcome is Outcome.FAILED


def test_stop_tells_every_call() -> None:
    world = shop()
    caller = enter_queue(world)
    phone(world, "101").answer()
    enter_queue(world, "beta", "0690002")
    world.switch.stop(world.now)
    world.settle()
    assert caller.over
    assert phone(world, "101").calls[0].over
    assert world.switch.stopped
    refused = phone(world, "alpha").dial("37322000111", from_="0690003")
    assert refused.status == 503
