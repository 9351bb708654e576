"""The media engine with real sockets: who is heard by whom, in what numbering, and what is reported."""

import threading
import time
import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from softacd.rtp import rtcp
from softacd.rtp.g711 import TRANSCODE, encode
from softacd.rtp.model import MediaSettings
from softacd.rtp.packet import Packet
from softacd.rtp.vocabulary import (
    Bridge,
    CloseStream,
    DigitPressed,
    OpenStream,
    Play,
    PlayEnded,
    Port,
    ReportClosed,
    SendDigits,
    SetRemote,
    StopPlay,
    StreamClosed,
    StreamReport,
    StreamStarted,
    Unbridge,
)
from softacd.runtime.media import epoll_wire, loop
from softacd.runtime.media.clips import ClipLibrary
from softacd.runtime.media.engine import MediaEngine
from softacd.runtime.media.uring import Ring, open_ring
from tests.runtime.media.bench import HOST, PCMA, PCMU, Bench, Phone, tone


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("media")
    for name, samples in (("prompts/en/welcome", 1200), ("music/default", 8000), ("tones/beep", 80)):
        path = directory / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(tone(samples).tobytes())
    return directory


@pytest.fixture
def bench(root: Path) -> Iterator[Bench]:
    made = Bench(root)
    yield made
    made.close()


def continuous(packets: list[Packet]) -> bool:
    """One source, sequence numbers without a gap, timestamps that only go forward (RFC 3550 section 5.1)."""
    pairs = list(pairwise(packets))
    return (
        len({packet.ssrc for packet in packets}) == 1
        and all((after.sequence - before.sequence) & 0xFFFF == 1 for before, after in pairs)
        and all(0 < (after.timestamp - before.timestamp) & 0xFFFF_FFFF < 80_000 for before, after in pairs)
    )


def talk(speaker: Phone, listener: Phone, packets: int) -> list[Packet]:
    """`speaker` says something, packet by packet; what `listener` heard."""
    heard = []
    for _ in range(packets):
        speaker.say()
        heard.append(listener.hear())
    return heard


def bridged(bench: Bench, *, first: Phone | None = None) -> tuple[Phone, Phone]:
    """Two phones in conversation, both latched."""
    ann, bob = first or bench.phone(1), bench.phone(2)
    bench.submit(Bridge(1, 2))
    ann.say()
    bench.expect(StreamStarted, stream=1)
    bob.hear()
    bob.say()
    bench.expect(StreamStarted, stream=2)
    ann.hear()
    return ann, bob


def test_two_phones_hear_each_other(bench: Bench) -> None:
    ann, bob = bridged(bench)
    said = [ann.say(bytes([number]) * 160) for number in range(20)]
    heard = [bob.hear() for _ in range(20)]
    assert [packet.payload for packet in heard] == said
    assert continuous(heard)
    assert heard[0].ssrc != ann.ssrc  # each stream is a source of its own
    said = [bob.say(bytes([number]) * 160) for number in range(20)]
    heard = [ann.hear() for _ in range(20)]
    assert [packet.payload for packet in heard] == said
    assert continuous(heard)


def test_the_first_source_becomes_the_peer_and_strangers_are_dropped(bench: Bench) -> None:
    """The phone sits behind NAT: its packets come from elsewhere than its SDP says."""
    phone, bob = bench.phone(1), bench.phone(2)
    outside, stranger = Phone(), Phone()
    bench.phones += [outside, stranger]
    bench.submit(Bridge(1, 2))
    outside.target = stranger.target = phone.target
    outside.say()
    started = bench.expect(StreamStarted, stream=1)
    assert (started.host, started.port) == outside.address
    bob.hear()
    stranger.say()
    said = outside.say(b"\x11" * 160)
    assert bob.hear().payload == said  # and nothing of the stranger before it
    bob.say()
    outside.hear()
    assert phone.hears_nothing()
    assert stranger.hears_nothing()


def test_without_latch_only_the_agreed_host_is_heard(bench: Bench) -> None:
    ann, bob = bench.phone(1, latch=False), bench.phone(2)
    elsewhere = Phone(host="127.0.0.2")
    bench.phones.append(elsewhere)
    elsewhere.target = ann.target
    bench.submit(Bridge(1, 2))
    elsewhere.say()
    said = ann.say(b"\x22" * 160)
    assert bob.hear().payload == said
    bench.submit(CloseStream(1))
    assert bench.expect(StreamClosed, stream=1).statistics.strangers == 1


def test_last_figures_somebody_waits_for_do_not_wait(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.phone(1)
    bench.phone(2)
    monkeypatch.setattr(loop, "LONGEST_WAIT", 3600.0)  # what may wait does so for ever
    bench.engine.submit([CloseStream(1)])
    bench.engine.submit([CloseStream(2), ReportClosed(2)])
    assert [bench.expect(StreamClosed, stream=stream).stream for stream in (1, 2)] == [1, 2]


def test_strangers_queued_before_the_latch_are_dropped_too(bench: Bench) -> None:
    """What lay in the socket when the peer was found was never checked by the kernel."""
    ann, bob = bench.phone(1), bench.phone(2)
    stranger = Phone()
    bench.phones.append(stranger)
    stranger.target = ann.target
    bench.submit(Bridge(1, 2))
    said = []
    for number in range(30):
        said.append(ann.say(bytes([number]) * 160))
        stranger.say(b"\xee" * 160)
    assert [bob.hear().payload for _ in range(30)] == said
    assert bob.hears_nothing()


def test_transcoding_between_the_laws(bench: Bench) -> None:
    ann, bob = bridged(bench, first=bench.phone(1, PCMA))
    said = ann.say(encode("PCMA", tone(160, 1000)))
    heard = bob.hear()
    assert (heard.payload_type, heard.payload) == (0, said.translate(TRANSCODE["PCMA", "PCMU"]))
    said = bob.say(encode("PCMU", tone(160, 1000)))
    heard = ann.hear()
    assert (heard.payload_type, heard.payload) == (8, said.translate(TRANSCODE["PCMU", "PCMA"]))


def test_numbers_run_on_through_prompt_bridge_and_prompt(bench: Bench) -> None:
    caller, agent = bench.phone(1), bench.phone(2)
    caller.say()
    agent.say()
    bench.expect(StreamStarted, stream=2)
    heard = []
    bench.submit(Play(1, 7, ("prompts/en/welcome",)))
    heard += [caller.hear() for _ in range(8)]
    assert bench.expect(PlayEnded, stream=1) == PlayEnded(1, 7, finished=True)
    bench.submit(Bridge(1, 2))
    heard += talk(agent, caller, 4)
    bench.submit(Play(1, 8, ("music/default",), loop=True))
    heard += [caller.hear() for _ in range(5)]
    bench.submit(Bridge(1, 2))
    assert bench.expect(PlayEnded, stream=1) == PlayEnded(1, 8, finished=False)
    heard += caller.drain()
    heard += talk(agent, caller, 3)
    assert continuous(heard)
    assert [number for number, packet in enumerate(heard) if packet.marker][:3] == [0, 8, 12]


def test_an_announcement_under_way_is_cut_by_the_bridge_and_nothing_of_it_comes_later(bench: Bench) -> None:
    caller, agent = bench.phone(1), bench.phone(2)
    caller.say()
    agent.say()
    bench.expect(StreamStarted, stream=2)
    bench.submit(Play(1, 7, ("prompts/en/welcome",) * 20))  # three seconds
    heard = [caller.hear() for _ in range(3)]
    bench.submit(Bridge(1, 2))
    assert bench.expect(PlayEnded, stream=1) == PlayEnded(1, 7, finished=False)
    heard += caller.drain()
    said = [agent.say(bytes([number]) * 160) for number in range(5)]
    answered = [caller.hear() for _ in range(5)]
    assert [packet.payload for packet in answered] == said
    assert continuous(heard + answered)
    said = [caller.say(bytes([number]) * 160) for number in range(5)]
    assert [agent.hear().payload for _ in range(5)] == said
    assert caller.hears_nothing(0.06)


def test_a_prompt_is_the_clip_without_a_gap(bench: Bench) -> None:
    phone = bench.phone(1, PCMA)
    bench.submit(Play(1, 1, ("tones/beep", "prompts/en/welcome")))
    bench.expect(PlayEnded, stream=1, finished=True)
    sound = b"".join(packet.payload for packet in phone.drain())
    clip = encode("PCMA", tone(80)) + encode("PCMA", tone(1200))
    assert sound == clip


def test_stop_play_ends_it_at_once(bench: Bench) -> None:
    phone = bench.phone(1)
    bench.submit(Play(1, 1, ("music/default",), loop=True))
    phone.hear()
    bench.submit(StopPlay(1))
    assert bench.expect(PlayEnded, stream=1) == PlayEnded(1, 1, finished=False)
    phone.drain()
    assert phone.hears_nothing(0.06)


def test_an_unknown_clip_is_an_error_the_flow_hears(bench: Bench) -> None:
    bench.phone(1)
    bench.submit(Play(1, 1, ("prompts/en/nonesuch",)))
    ended = bench.expect(PlayEnded, stream=1)
    assert not ended.finished
    assert ended.error == "unknown clip: prompts/en/nonesuch"


def test_shared_music_is_one_broadcast(bench: Bench) -> None:
    ann, bob = bench.phone(1), bench.phone(2)
    music = encode("PCMU", tone(8000))
    bench.submit(Play(1, 1, ("music/default",), loop=True, shared=True))
    for _ in range(5):
        ann.hear()
    bench.submit(Play(2, 2, ("music/default",), loop=True, shared=True))
    at_ann, at_bob = (phone.hear().payload for phone in (ann, bob))
    positions = [(music + music).find(sound) for sound in (at_ann, at_bob)]
    distance = (positions[1] - positions[0]) % 8000
    assert min(distance, 8000 - distance) <= 400  # within 50 ms of each other, though one came later


@pytest.mark.parametrize("at_once", [True, False])
def test_many_hear_music_whether_or_not_the_kernel_sends_it_at_once(
    root: Path, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
) -> None:
    volleys: list[int] = []

    class Counted(Ring):
        def send(self, sockets: np.ndarray, addresses: np.ndarray, length: int) -> int:
            volleys.append(len(sockets))
            return super().send(sockets, addresses, length)

    if at_once and open_ring() is None:
        pytest.skip("this kernel has no io_uring for us")
    monkeypatch.setattr(loop, "open_ring", Counted if at_once else lambda: None)
    bench = Bench(root, MediaSettings(port_low=43_000, port_high=43_199, reservoir=8))
    phones = [bench.phone(stream) for stream in range(1, 8)]
    for stream, phone in enumerate(phones[1:], 2):  # the first has not been heard: it is sent to as agreed
        phone.say()
        bench.expect(StreamStarted, stream=stream)
    bench.submit(*(Play(stream, stream, ("music/default",), loop=True) for stream in range(1, 8)))
    heard = [[phone.hear() for _ in range(12)] for phone in phones]
    phones[0].say()
    bench.expect(StreamStarted, stream=1)
    bench.submit(StopPlay(4))
    music = encode("PCMU", tone(8000)) * 2
    for stream, (phone, packets) in enumerate(zip(phones, heard, strict=True), 1):
        packets += phone.drain() if stream == 4 else [phone.hear() for _ in range(12)]
        assert continuous(packets)
        assert all(after.timestamp - before.timestamp == 160 for before, after in pairwise(packets))
        assert music.startswith(b"".join(packet.payload for packet in packets))
    if at_once:
        assert 6 in volleys, "the first phone is not in it before it was heard"
        assert volleys[-1] == 6, "and the fourth not after"
    bench.close()


def test_key_presses_are_reported_and_passed_on(bench: Bench) -> None:
    ann, bob = bench.phone(1, event=101), bench.phone(2, event=96)
    bench.submit(Bridge(1, 2))
    ann.say()
    bob.hear()
    ann.press(4)
    ann.press(4)
    assert bench.expect(DigitPressed, stream=1).digit == "4"
    assert bench.expect(DigitPressed, stream=1).digit == "4"
    heard = [bob.hear() for _ in range(10)]
    assert {packet.payload_type for packet in heard} == {96}
    assert [packet.payload[1] & 0x80 for packet in heard[:5]] == [0, 0, 0x80, 0x80, 0x80]
    assert len({packet.timestamp for packet in heard}) == 2
    assert not any(isinstance(event, DigitPressed) for event in bench.events)


def test_key_presses_are_kept_from_a_peer_without_telephone_events(bench: Bench) -> None:
    ann, bob = bench.phone(1), bench.phone(2, event=None)
    bench.submit(Bridge(1, 2))
    before = talk(ann, bob, 1)
    ann.press(11)
    ann.say()
    assert bench.expect(DigitPressed, stream=1).digit == "#"
    after = bob.hear()
    assert after.payload_type == 0
    assert continuous([*before, after])  # no gap where the events were


def test_digits_are_sent_as_events(bench: Bench) -> None:
    phone = bench.phone(1)
    bench.submit(SendDigits(1, "9", 100))
    heard = [phone.hear() for _ in range(7)]
    assert {packet.payload[0] for packet in heard} == {9}
    assert [packet.marker for packet in heard] == [True] + [False] * 6
    assert [int.from_bytes(packet.payload[2:], "big") for packet in heard] == [160, 320, 480, 640, 800, 800, 800]
    assert [bool(packet.payload[1] & 0x80) for packet in heard] == [False] * 4 + [True] * 3
    assert len({packet.timestamp for packet in heard}) == 1


def test_directions_are_honoured(bench: Bench) -> None:
    ann, bob = bridged(bench)
    bench.agree(2, bob, send=False)  # Bob's phone has put us on hold
    ann.say()
    assert bob.hears_nothing()
    bench.agree(1, ann, receive=False)
    bench.agree(2, bob)
    ann.say()
    assert bob.hears_nothing()
    bench.agree(1, ann)
    assert bob.hears_nothing()  # and what came meanwhile was not kept
    said = ann.say(b"\x33" * 160)
    assert bob.hear().payload == said


def test_a_new_address_is_followed_and_the_old_one_is_a_stranger(bench: Bench) -> None:
    ann, bob = bridged(bench)
    desk = Phone()
    bench.phones.append(desk)
    desk.target = ann.target
    bench.agree(1, desk)
    bob.say()
    heard = desk.hear()  # sent to the new address before anything came from it
    ann.say(b"\x01" * 160)
    desk.say(b"\x02" * 160)
    assert bench.expect(StreamStarted, stream=1).port == desk.address[1]
    assert bob.hear().payload == b"\x02" * 160
    bob.say()
    assert continuous([heard, desk.hear()])


def test_unbridged_streams_are_silent(bench: Bench) -> None:
    ann, bob = bridged(bench)
    bench.submit(Unbridge(2))
    ann.say()
    bob.say()
    assert bob.hears_nothing()
    assert ann.hears_nothing()


def test_a_refusing_peer_does_not_end_the_engine(bench: Bench) -> None:
    ann, bob = bridged(bench)
    bob.rtp.close()
    for _ in range(5):
        ann.say()
    bench.submit(Play(1, 1, ("tones/beep",)))
    assert bench.expect(PlayEnded, stream=1).finished
    assert bench.engine.alive


def test_bye_and_reports(bench: Bench) -> None:
    ann, _ = bridged(bench)
    bench.submit(CloseStream(1))
    compound = rtcp.parse(ann.rtcp.recv(2048))
    assert len(compound.goodbyes) == 1
    assert compound.reports[0].ssrc == compound.goodbyes[0]
    assert compound.reports[0].blocks[0].ssrc == ann.ssrc
    assert compound.reports[0].sender is not None
    assert list(compound.cnames) == list(compound.goodbyes)
    statistics = bench.expect(StreamClosed, stream=1).statistics
    assert (statistics.sent, statistics.received, statistics.lost, statistics.codec) == (1, 1, 0, "PCMU")


def test_ports_come_back(bench: Bench) -> None:
    bench.until(lambda: len(bench.ports) == bench.settings.reservoir)
    for stream in range(1, 21):
        bench.phone(stream)
    bench.until(lambda: bench.engine.figures().streams == 20)
    for stream in range(1, 21):
        bench.submit(CloseStream(stream))
    bench.until(lambda: bench.engine.figures().streams == 0 and bench.engine.figures().reservoir == 8)
    assert bench.engine.figures().sockets == 16


def test_the_reservoir_is_full_again_at_once(root: Path) -> None:
    """Nothing else happens that could wake the engine."""
    bench = Bench(root, MediaSettings(port_low=42_000, port_high=42_999, reservoir=60))
    bench.until(lambda: len(bench.ports) == 60)
    began = time.monotonic()
    bench.engine.submit([OpenStream(stream, port) for stream, port in enumerate(bench.ports)])
    bench.until(lambda: len(bench.ports) == 120)
    assert time.monotonic() - began < 0.5  # eight at each of its ten wake-ups a second would take 0.7 s
    bench.close()


def test_a_port_not_on_offer_gives_no_stream(bench: Bench) -> None:
    bench.submit(OpenStream(5, Port(HOST, 1024)))
    assert bench.expect(StreamClosed, stream=5).statistics.codec == ""


@pytest.mark.parametrize("codec", [PCMU, PCMA])
def test_the_tones_of_digits_are_played_where_events_are_not_agreed(bench: Bench, codec: object) -> None:
    phone = bench.phone(1, PCMA if codec == PCMA else PCMU, event=None)
    bench.submit(SendDigits(1, "5", 80))
    heard = [phone.hear() for _ in range(4)]
    assert {packet.payload_type for packet in heard} == {phone.codec.payload_type}
    assert continuous(heard)


def test_an_address_nothing_can_be_sent_to_harms_nobody(bench: Bench) -> None:
    ann, bob = bridged(bench)
    port = bench.open(3)
    for host, number in (("no.such.host.example", 4000), (HOST, 65_535), (HOST, 0), ("::1", 4000)):
        bench.submit(SetRemote(3, host, number, number + 1, PCMU), Play(3, 1, ("tones/beep",)))
        bench.expect(PlayEnded, stream=3)
    assert port.rtp
    bench.submit(CloseStream(3))
    assert len(talk(ann, bob, 3)) == 3


def test_a_flood_of_strangers_does_not_hide_the_peer(bench: Bench) -> None:
    ann, bob = bench.phone(1, latch=False), bench.phone(2)
    bench.submit(Bridge(1, 2))
    for _ in range(20):
        flood = Phone(host="127.0.0.3")
        bench.phones.append(flood)
        for _ in range(10):
            flood.say(target=ann.target)
    assert len(talk(ann, bob, 3)) == 3


def test_packets_before_the_agreement_are_not_taken_for_strangers(bench: Bench) -> None:
    port = bench.open(1)
    phone = Phone()
    bench.phones.append(phone)
    bench.submit()
    phone.say(target=(HOST, port.rtp))
    bench.agree(1, phone)
    bench.submit(CloseStream(1))
    assert bench.expect(StreamClosed, stream=1).statistics.strangers == 0


def test_the_engine_stops_with_its_streams(bench: Bench) -> None:
    bridged(bench)
    bench.engine.stop(5)
    closed = [event.stream for event in bench.engine.drain() if isinstance(event, StreamClosed)]
    assert sorted(closed) == [1, 2]
    assert not bench.engine.alive
    assert bench.engine.figures().sockets == 0


def test_an_address_that_is_not_ours_is_told_at_the_start(root: Path) -> None:
    engine = MediaEngine(MediaSettings(host="192.0.2.1"), lambda: None, ClipLibrary([root]))
    with pytest.raises(OSError, match="annot assign"):
        engine.start()
    engine.stop(1)


def test_commands_from_many_threads_arrive_in_order(bench: Bench) -> None:
    """Each thread's commands are carried out in its order; none is lost, none is doubled."""
    bench.phone(1)

    def many(first: int) -> None:
        for number in range(first, first + 200):
            bench.engine.submit([Play(1, number, ("nonesuch",))])

    threads = [threading.Thread(target=many, args=(1000 * index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bench.submit()
    ended = [event.play for event in bench.events if isinstance(event, PlayEnded)]
    assert len(ended) == 800
    for index in range(4):
        mine = [play for play in ended if play // 1000 == index]
        assert mine == list(range(1000 * index, 1000 * index + 200))


def test_under_load_packets_are_gathered_and_none_is_lost(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epoll_wire, "BUSY_RATE", 100)
    monkeypatch.setattr(epoll_wire, "CALM_RATE", 10)
    bench = Bench(root)
    ann, bob = bridged(bench)
    heard: list[Packet] = []
    while not bench.engine.figures().gathering:
        heard += talk(ann, bob, 20)
        assert len(heard) < 10_000
    heard += talk(ann, bob, 50)
    assert continuous(heard)

    def calm() -> bool:
        talk(ann, bob, 1)  # the rate is looked at when something comes
        return not bench.engine.figures().gathering

    monkeypatch.setattr(epoll_wire, "CALM_RATE", 1_000_000)
    bench.until(calm, "calm")
    bench.close()


def test_reports_go_out_and_the_round_trip_comes_back(root: Path) -> None:
    bench = Bench(root, MediaSettings(port_low=42_000, port_high=42_999, reservoir=8, rtcp_interval_seconds=1.0))
    ann, _ = bridged(bench)
    data, source = ann.rtcp.recvfrom(2048)
    ours = rtcp.parse(data).reports[0]
    assert source == (HOST, bench.used[1].rtp + 1)
    assert ours.sender is not None
    block = rtcp.ReportBlock(ours.ssrc, 0, 2, 1, 16, rtcp.middle(ours.sender.ntp), 0)
    ann.rtcp.sendto(rtcp.build(rtcp.Report(ann.ssrc, None, (block,)), "ann"), source)
    bench.until(
        lambda: any(
            isinstance(event, StreamReport) and event.stream == 1 and event.statistics.remote_lost == 2
            for event in bench.events
        )
    )
    bench.submit(CloseStream(1))
    statistics = bench.expect(StreamClosed, stream=1).statistics
    assert statistics.remote_jitter_ms == 2.0
    assert statistics.round_trip_ms is not None
    assert statistics.round_trip_ms < 1000
    bench.close()
