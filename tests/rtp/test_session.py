"""One stream: its reports, its silence, its directions."""

import pytest

from softacd.rtp import rtcp
from softacd.rtp.packet import Packet
from softacd.rtp.rtcp import Report, ReportBlock, SenderInfo
from softacd.rtp.vocabulary import (
    Play,
    StreamDead,
    StreamSilent,
)
from tests.rtp.studio import WALL, Studio


def test_silence_is_reported_once_until_something_is_heard() -> None:
    studio = Studio(rtp_timeout_seconds=10.0)
    studio.stream(1)
    studio.hear(1)
    studio.events()
    studio.wait(30)
    silent = [event for event in studio.events() if isinstance(event, StreamSilent)]
    assert len(silent) == 1
    assert 10 <= silent[0].seconds <= 11.1
    studio.hear(1)
    studio.wait(15)
    assert sum(isinstance(event, StreamSilent) for event in studio.events()) == 1


def test_a_peer_that_should_not_send_is_not_reported_silent() -> None:
    studio = Studio(rtp_timeout_seconds=10.0)
    studio.stream(1)
    studio.agree(1, receive=False)
    studio.wait(60)
    assert not any(isinstance(event, StreamSilent) for event in studio.events())


def test_a_peer_that_never_sends_is_reported_sooner_and_in_the_end_dead() -> None:
    studio = Studio(no_audio_seconds=4.0, rtp_timeout_seconds=10.0, dead_seconds=60.0)
    studio.stream(1)
    studio.wait(120)
    told = [event for event in studio.events() if isinstance(event, StreamSilent | StreamDead)]
    assert [(type(event), round(event.seconds / 2) * 2) for event in told] == [
        (StreamSilent, 4),
        (StreamSilent, 10),
        (StreamDead, 60),
    ]
    assert isinstance(told[0], StreamSilent)
    assert told[0].never


def test_reports_of_the_peer_are_a_sign_of_life() -> None:
    studio = Studio(dead_seconds=20.0)
    studio.stream(1)
    studio.hear(1)
    session = studio.core.sessions[1]
    for _ in range(10):
        studio.wait(5)
        session.receive_rtcp(rtcp.build(Report(5, None, ()), "phone"), ("10.0.0.1", 4003), studio.now, WALL)
    assert not any(isinstance(event, StreamDead) for event in studio.events())
    assert session.statistics(studio.now).silent_seconds >= 49
    studio.wait(30)
    assert any(isinstance(event, StreamDead) for event in studio.events())


def test_both_directions_are_judged() -> None:
    studio = Studio()
    studio.stream(1)
    session = studio.core.sessions[1]
    assert (session.statistics(studio.now).mos, session.statistics(studio.now).remote_mos) == (0, 0)
    studio.hear(1, count=50)
    studio.do(Play(1, 1, ("a",), loop=True))
    studio.wait(1.0)
    back = ReportBlock(session.outbound.ssrc, 25, session.outbound.sent // 10, 5, 80, 0, 0)
    session.receive_rtcp(rtcp.build(Report(5, None, (back,)), "phone"), ("10.0.0.1", 4003), studio.now, WALL)
    statistics = session.statistics(studio.now)
    assert statistics.mos > 4.3
    assert 2.5 < statistics.remote_mos < 3.6  # one packet of ten was lost


def test_a_report_says_what_was_sent_and_heard_and_measures_the_round_trip() -> None:
    studio = Studio()
    studio.stream(1)
    session = studio.core.sessions[1]
    studio.hear(1, count=10)
    studio.do(Play(1, 1, ("a",)))
    studio.wait(0.2)
    theirs = Report(5, SenderInfo(rtcp.ntp_time(WALL), 0, 10, 1600), ())
    session.receive_rtcp(rtcp.build(theirs, "phone"), ("10.0.0.1", 4003), studio.now, WALL + studio.now)
    report = rtcp.parse(session.report("me@softacd", studio.now + 0.5, WALL + studio.now + 0.5)).reports[0]
    assert report.sender is not None
    assert (report.sender.packets, report.sender.octets) == (5, 800)
    block = report.blocks[0]
    assert (block.ssrc, block.lost, block.fraction_lost) == (5, 0, 0)
    assert (block.last_report, block.delay) == (rtcp.middle(rtcp.ntp_time(WALL)), 32_768)

    ours = rtcp.middle(report.sender.ntp)
    back = ReportBlock(session.outbound.ssrc, 12, 3, 5, 80, ours, 65_536)
    wall = WALL + studio.now + 0.5 + 1.0 + 0.040  # held for one second, 40 ms on the way
    session.receive_rtcp(rtcp.build(Report(5, None, (back,)), "phone"), ("10.0.0.1", 4003), studio.now + 2, wall)
    statistics = session.statistics(studio.now)
    assert (statistics.remote_lost, statistics.remote_jitter_ms) == (3, 10.0)
    assert statistics.round_trip_ms == pytest.approx(40, abs=0.1)
    second = rtcp.parse(session.report("me@softacd", studio.now + 3, wall)).reports[0]
    assert second.sender is None  # nothing was sent since: a receiver report


def test_reports_of_strangers_are_dropped() -> None:
    studio = Studio()
    studio.stream(1)
    session = studio.core.sessions[1]
    session.receive_rtcp(rtcp.build(Report(5, None, ()), "phone"), ("10.6.6.6", 4003), studio.now, WALL)
    session.receive_rtcp(b"rubbish", ("10.0.0.1", 4003), studio.now, WALL)
    assert (session.statistics(studio.now).strangers, session.statistics(studio.now).malformed) == (1, 1)
    assert session.rtcp_destination == ("10.0.0.1", 4003)


def test_reports_follow_a_peer_behind_nat() -> None:
    studio = Studio()
    studio.stream(1)
    session = studio.core.sessions[1]
    packet = Packet(0, 1, 0, 5, b"v" * 160).build()
    assert studio.core.consider(session, ("203.0.113.7", 61_000), bytearray(packet), len(packet), studio.now)
    assert session.rtcp_destination == ("203.0.113.7", 61_001)
    session.receive_rtcp(rtcp.build(Report(5, None, ()), "x"), ("203.0.113.7", 62_222), studio.now, WALL)
    assert session.rtcp_destination == ("203.0.113.7", 62_222)
