"""Offer and answer (RFC 3264), hold in both styles, and what is refused."""

import msgspec
import pytest

from softacd.sdp.description import Direction, SessionDescription
from softacd.sdp.errors import NotAcceptable
from softacd.sdp.ice import LocalIce
from softacd.sdp.negotiation import LocalMedia, MediaFormat, RemoteMedia, accept_answer, answer, offer

LOCAL = LocalMedia(host="192.0.2.1", port=16_400, session_id=42)


def described(*lines: str, host: str = "198.51.100.7") -> SessionDescription:
    """A description of a phone at `host` with the media `lines`."""
    head = ["v=0", f"o=phone 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=3034423619 3042462419"]
    return SessionDescription.parse("\r\n".join([*head, *lines, ""]).encode())


def agreed(*lines: str, direction: Direction = Direction.SENDRECV, host: str = "198.51.100.7") -> RemoteMedia:
    """What our answer to those lines agrees to."""
    return answer(described(*lines, host=host), LOCAL, direction).remote


def audio_of(body: bytes) -> list[str]:
    """Lines from the first m= line on."""
    text = body.decode()
    return text[text.index("m=") :].splitlines()


def test_our_offer() -> None:
    assert offer(LOCAL).decode().splitlines() == [
        "v=0",
        "o=softacd 42 1 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "t=0 0",
        "m=audio 16400 RTP/AVP 8 0 101",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=ptime:20",
        "a=sendrecv",
    ]


def test_the_answer_takes_the_offerers_first_codec_that_we_speak() -> None:
    made = answer(described("m=audio 4000 RTP/AVP 9 0 8 96", "a=rtpmap:96 telephone-event/8000", "a=ptime:30"), LOCAL)
    assert audio_of(made.body) == [
        "m=audio 16400 RTP/AVP 0 96",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:96 telephone-event/8000",
        "a=fmtp:96 0-15",
        "a=ptime:20",
        "a=sendrecv",
    ]
    assert b"t=3034423619 3042462419" in made.body  # RFC 3264 section 6: the offer's
    assert made.remote == RemoteMedia(
        host="198.51.100.7",
        rtp_port=4000,
        rtcp_port=4001,
        codec=MediaFormat("PCMU", 0),
        telephone_event=96,
        telephone_event_in=96,
        packet_ms=30,
    )


def test_offer_answer_and_acceptance_agree_with_each_other() -> None:
    offered = offer(LOCAL)
    theirs = LocalMedia(host="198.51.100.7", port=4000, session_id=7, codecs=("PCMU",))
    made = answer(SessionDescription.parse(offered), theirs)
    back = accept_answer(offered, SessionDescription.parse(made.body))
    assert made.remote.codec == back.codec == MediaFormat("PCMU", 0)
    assert made.remote.telephone_event == back.telephone_event == 101
    assert (made.remote.host, made.remote.rtp_port) == ("192.0.2.1", 16_400)
    assert (back.host, back.rtp_port) == ("198.51.100.7", 4000)


@pytest.mark.parametrize(
    ("theirs", "wanted", "ours", "hold"),
    [
        ("a=sendrecv", Direction.SENDRECV, Direction.SENDRECV, False),
        ("a=sendonly", Direction.SENDRECV, Direction.RECVONLY, True),
        ("a=recvonly", Direction.SENDRECV, Direction.SENDONLY, False),
        ("a=inactive", Direction.SENDRECV, Direction.INACTIVE, True),
        ("a=sendrecv", Direction.SENDONLY, Direction.SENDONLY, False),
        ("a=sendonly", Direction.SENDONLY, Direction.INACTIVE, True),
        ("a=recvonly", Direction.RECVONLY, Direction.INACTIVE, False),
    ],
)
def test_directions_are_mirrored(theirs: str, wanted: Direction, ours: Direction, hold: bool) -> None:
    """RFC 3264 section 6.1, seen from here."""
    made = answer(described("m=audio 4000 RTP/AVP 0", theirs), LOCAL, wanted)
    assert (made.remote.direction, made.remote.hold) == (ours, hold)
    assert audio_of(made.body)[-1] == f"a={ours.value}"


def test_the_sessions_direction_counts_where_the_media_has_none() -> None:
    assert agreed("a=sendonly", "m=audio 4000 RTP/AVP 0").direction is Direction.RECVONLY
    assert agreed("a=sendonly", "m=audio 4000 RTP/AVP 0", "a=sendrecv").direction is Direction.SENDRECV


def test_hold_in_the_old_style() -> None:
    """RFC 2543: the address 0.0.0.0; nothing may be sent there (RFC 3264 section 8.4)."""
    remote = agreed("m=audio 4000 RTP/AVP 0", host="0.0.0.0")
    assert (remote.hold, remote.direction) == (True, Direction.RECVONLY)


def test_the_answer_to_our_hold_is_no_hold_of_theirs() -> None:
    offered = offer(LOCAL, Direction.SENDONLY)
    remote = accept_answer(offered, described("m=audio 4000 RTP/AVP 8", "a=recvonly"))
    assert (remote.direction, remote.hold) == (Direction.SENDONLY, False)
    remote = accept_answer(offered, described("m=audio 4000 RTP/AVP 8"))  # a phone that ignores directions
    assert (remote.direction, remote.hold) == (Direction.SENDONLY, False)


def test_further_media_is_refused_line_by_line() -> None:
    made = answer(
        described(
            "m=video 5000 RTP/AVP 31 34", "m=audio 4000 RTP/AVP 0", "m=audio 4002 RTP/AVP 8", "m=image 6 udptl t38"
        ),
        LOCAL,
    )
    media = SessionDescription.parse(made.body).media
    assert [(line.kind, line.port, line.formats) for line in media] == [
        ("video", 0, ("31", "34")),
        ("audio", 16_400, ("0",)),
        ("audio", 0, ("8",)),
        ("image", 0, ("t38",)),
    ]


def test_the_first_audio_line_may_be_in_codecs_we_do_not_speak() -> None:
    remote = agreed("m=audio 4000 RTP/AVP 18", "m=audio 4002 RTP/AVP 8")
    assert (remote.rtp_port, remote.codec.name) == (4002, "PCMA")


@pytest.mark.parametrize(
    ("lines", "warning", "complaint"),
    [
        ([], 304, "no audio"),
        (["m=video 5000 RTP/AVP 31"], 304, "no audio"),
        (["m=audio 0 RTP/AVP 0"], 304, "no audio"),
        (["m=audio 4000 RTP/AVP 18 3"], 305, "no common codec"),
        (["m=audio 4000 RTP/AVP 97"], 305, "no common codec"),
        (["m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"], 305, "no common codec"),
        (["m=audio 4000 RTP/SAVP 0"], 302, "RTP/SAVP is not supported"),
        (["m=audio 4000 RTP/AVP 0", "c=IN IP4 phone.example.com"], 301, "must be an IP address"),
        (["m=audio 4000 RTP/AVP 0", "c=IN IP4 224.2.1.1/127"], 330, "multicast"),
        (["m=audio 4000 RTP/AVP 0", "c=IN IP6 2001:db8::1"], 300, "IP version 6"),
    ],
)
def test_what_cannot_be_agreed_to_is_answered_488(lines: list[str], warning: int, complaint: str) -> None:
    with pytest.raises(NotAcceptable, match=complaint) as caught:
        agreed(*lines)
    assert (caught.value.status, caught.value.warning) == (488, warning)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "does not describe"),
        (["m=audio 0 RTP/AVP 8"], "refuses"),
        (["m=audio 4000 RTP/AVP 18"], "no common codec"),
    ],
)
def test_an_answer_that_agrees_to_nothing(lines: list[str], complaint: str) -> None:
    with pytest.raises(NotAcceptable, match=complaint):
        accept_answer(offer(LOCAL), described(*lines))


def test_rtpmap_names_compare_without_case_and_dynamic_types_need_one() -> None:
    remote = agreed("m=audio 4000 RTP/AVP 97 98", "a=rtpmap:98 pcma/8000/1")
    assert remote.codec == MediaFormat("PCMA", 98)


def test_the_rtcp_port() -> None:
    """RFC 3605, else RTP + 1; nonsense is as good as nothing."""
    assert agreed("m=audio 4000 RTP/AVP 0", "a=rtcp:53020 IN IP4 198.51.100.9").rtcp_port == 53_020
    assert agreed("m=audio 4000 RTP/AVP 0", "a=rtcp:0").rtcp_port == 4001
    assert agreed("m=audio 4000 RTP/AVP 0", "a=rtcp:seventeen").rtcp_port == 4001


@pytest.mark.parametrize(("value", "expected"), [("10", 10), ("60", 60), ("120", 20), ("0", 20), ("9" * 5000, 20)])
def test_packet_times_we_do_not_send_become_20_ms(value: str, expected: int) -> None:
    assert agreed("m=audio 4000 RTP/AVP 0", f"a=ptime:{value}").packet_ms == expected


def test_numbers_of_absurd_length_do_no_harm() -> None:
    absurd = "9" * 5000
    remote = agreed(f"m=audio 4000 RTP/AVP {absurd} 0", f"a=rtpmap:{absurd} PCMU/8000", f"a=rtcp:{absurd}")
    assert remote.codec.payload_type == 0


def test_telephone_event_must_run_at_the_codecs_clock() -> None:
    lines = [
        "m=audio 4000 RTP/AVP 0 100 101",
        "a=rtpmap:100 telephone-event/48000",
        "a=rtpmap:101 telephone-event/8000",
    ]
    assert agreed(*lines).telephone_event == 101
    assert agreed(*lines[:2]).telephone_event is None


def test_each_end_may_number_its_events_as_it_likes() -> None:
    """RFC 3264 section 5.1: a payload type says what its writer wants to receive."""
    remote = accept_answer(offer(LOCAL), described("m=audio 4000 RTP/AVP 8 96", "a=rtpmap:96 telephone-event/8000"))
    assert (remote.telephone_event, remote.telephone_event_in) == (96, 101)
    remote = accept_answer(offer(LOCAL), described("m=audio 4000 RTP/AVP 8"))
    assert (remote.telephone_event, remote.telephone_event_in) == (None, None)


def test_the_version_rises_only_when_something_changed() -> None:
    """RFC 3264 section 8."""
    first = offer(LOCAL)
    assert offer(LOCAL, previous=first) == first
    second = offer(LOCAL, Direction.SENDONLY, previous=first)
    assert b"o=softacd 42 2 " in second
    third = answer(described("m=audio 4000 RTP/AVP 0"), LOCAL, previous=second).body
    assert b"o=softacd 42 3 " in third


def test_ipv6() -> None:
    local = LocalMedia(host="2001:db8::5", port=16_400, session_id=1)
    body = b"v=0\r\no=- 1 1 IN IP6 2001:db8::9\r\ns=-\r\nc=IN IP6 2001:db8::9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
    made = answer(SessionDescription.parse(body), local)
    assert b"c=IN IP6 2001:db8::5\r\n" in made.body
    assert made.remote.host == "2001:db8::9"


WIDE = msgspec.structs.replace(LOCAL, codecs=("OPUS", "G722", "PCMA"))


def test_wide_codecs_are_offered_as_their_rfcs_want_them() -> None:
    assert audio_of(offer(WIDE))[:10] == [
        "m=audio 16400 RTP/AVP 96 9 8 102 101",
        "a=rtpmap:96 opus/48000/2",
        "a=fmtp:96 useinbandfec=1",
        "a=rtpmap:9 G722/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:102 telephone-event/48000",
        "a=fmtp:102 0-15",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=ptime:20",
    ]


def test_opus_is_agreed_under_their_number_with_the_events_that_go_with_it() -> None:
    lines = ["m=audio 4000 RTP/AVP 111 8 126 110", "a=rtpmap:111 opus/48000/2", "a=rtpmap:126 telephone-event/8000"]
    for more, number, rate in (("a=rtpmap:110 telephone-event/48000", 110, 48_000), ("a=ptime:20", 126, 8000)):
        made = answer(described(*lines, more), WIDE)
        assert made.remote.codec == MediaFormat("OPUS", 111, 48_000)
        assert (made.remote.telephone_event, made.remote.telephone_event_rate) == (number, rate)
        assert "a=rtpmap:111 opus/48000/2" in audio_of(made.body)
        assert f"a=rtpmap:{number} telephone-event/{rate}" in audio_of(made.body)
        back = accept_answer(offer(WIDE), SessionDescription.parse(made.body))
        assert (back.codec.name, back.telephone_event_rate) == ("OPUS", rate)


QUIET = msgspec.structs.replace(LOCAL, comfort_noise=True)


def test_comfort_noise_is_offered_beside_codecs_without_silence_of_their_own() -> None:
    assert "m=audio 16400 RTP/AVP 8 0 13 101" in audio_of(offer(QUIET))
    assert "a=rtpmap:13 CN/8000" in audio_of(offer(QUIET))
    opus = msgspec.structs.replace(QUIET, codecs=("OPUS",))
    assert not any("CN" in line for line in audio_of(offer(opus)))
    browser = msgspec.structs.replace(QUIET, ice=LocalIce("abcd", "e" * 22))
    assert not any("CN" in line for line in audio_of(offer(browser)))


@pytest.mark.parametrize(
    ("lines", "welcome", "expected"),
    [
        (["m=audio 4000 RTP/AVP 0 13"], True, True),
        (["m=audio 4000 RTP/AVP 0 13", "a=rtpmap:13 CN/8000"], True, True),
        (["m=audio 4000 RTP/AVP 0 13", "a=rtpmap:13 cn/8000"], False, False),
        (["m=audio 4000 RTP/AVP 0"], True, False),
        (["m=audio 4000 RTP/AVP 0 105", "a=rtpmap:105 CN/16000"], True, False),
        (["m=audio 4000 RTP/AVP 9 13"], True, False),
    ],
)
def test_comfort_noise_is_agreed_to_where_it_is_offered(lines: list[str], welcome: bool, expected: bool) -> None:
    local = msgspec.structs.replace(LOCAL, codecs=("G722", "PCMU"), comfort_noise=welcome)
    made = answer(described(*lines), local)
    assert made.remote.comfort_noise is expected
    assert ("a=rtpmap:13 CN/8000" in audio_of(made.body)) is expected


def test_comfort_noise_that_only_one_side_lists_is_not_agreed() -> None:
    with_noise, without = described("m=audio 4000 RTP/AVP 8 13"), described("m=audio 4000 RTP/AVP 8")
    assert accept_answer(offer(QUIET), with_noise).comfort_noise
    assert not accept_answer(offer(QUIET), without).comfort_noise
    assert not accept_answer(offer(LOCAL), with_noise).comfort_noise
