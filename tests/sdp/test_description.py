"""Session descriptions as phones and carriers write them, good and bad."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.sdp.description import Direction, SessionDescription
from softacd.sdp.errors import SdpError

DESK_PHONE = b"""v=0\r
o=- 3891 3891 IN IP4 192.168.1.20\r
s=Desk phone\r
i=a session\r
c=IN IP4 192.168.1.20\r
b=AS:84\r
t=0 0\r
a=X-nat:0\r
a=sendonly\r
m=audio 4010 RTP/AVP 9 0 8 101\r
i=the audio\r
c=IN IP4 192.168.1.21\r
b=TIAS:64000\r
a=rtcp:4017 IN IP4 192.168.1.21\r
a=sendrecv\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-16\r
m=video 0 RTP/AVP 31\r
"""


def test_everything_of_a_description_is_found() -> None:
    session = SessionDescription.parse(DESK_PHONE)
    assert (session.origin.user, session.origin.session_id, session.origin.version) == ("-", "3891", 3891)
    assert session.name == "Desk phone"
    assert session.connection is not None
    assert session.connection.host == "192.168.1.20"
    assert session.attribute("X-nat") == "0"
    assert session.attribute("group") is None
    audio, video = session.media
    assert (audio.kind, audio.port, audio.protocol, audio.formats) == (
        "audio",
        4010,
        "RTP/AVP",
        ("9", "0", "8", "101"),
    )
    assert audio.connection is not None
    assert audio.connection.host == "192.168.1.21"
    assert audio.attribute("sendrecv") == ""
    assert audio.values("rtpmap") == ["101 telephone-event/8000"]
    assert video.port == 0
    assert session.direction(audio) is Direction.SENDRECV
    assert session.direction(video) is Direction.SENDONLY  # the session's, as it has none of its own


def test_what_is_parsed_is_written_again_as_it_was() -> None:
    assert SessionDescription.parse(DESK_PHONE).serialise() == DESK_PHONE


def test_sloppy_writers_are_understood() -> None:
    """Bare LF, no s= and t=, a blank line and white space at the end, ports per layer, TTL on the address."""
    body = (
        b"v=0\no=root 1 1 IN IP4 10.0.0.1 \nc=IN IP4 10.0.0.1/127\nm=audio 5004/2 RTP/AVP 0\na= rtpmap:0 PCMU/8000\n\n"
    )
    session = SessionDescription.parse(body)
    assert session.times == ("0 0",)
    assert session.connection is not None
    assert session.connection.host == "10.0.0.1"
    assert session.media[0].port == 5004
    assert session.media[0].attribute("rtpmap") == "0 PCMU/8000"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "no o= line"),
        (b"o=- 1 1 IN IP4 1.2.3.4\r\n", "does not begin with"),
        (b"v=1\r\n", "does not begin with"),
        (b"v=0\r\n", "no o= line"),
        (b"v=0\r\no=- 1 IN IP4 1.2.3.4\r\n", "5 fields instead of 6"),
        (b"v=0\r\no=- 1 x IN IP4 1.2.3.4\r\n", "version is not a number"),
        (b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\nnonsense\r\n", "line 3"),
        (b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\nc=ATM X 1\r\n", "c= on line 3"),
        (b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\nc=IN IP4 1.2.3.4\r\nm=audio\r\n", "1 fields"),
        (b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\nc=IN IP4 1.2.3.4\r\nm=audio 65536 RTP/AVP 0\r\n", "not a port"),
        (b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\nc=IN IP4 1.2.3.4\r\nm=audio -1 RTP/AVP 0\r\n", "not a port"),
        (b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\nm=audio 4000 RTP/AVP 0\r\n", "no connection address"),
        (b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\n\0\r\n", "NUL"),
        (b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\n" + b"m=audio 0 RTP/AVP 0\r\n" * 33, "more than 32"),
        (b"v" * 70_000, "longer than"),
    ],
)
def test_what_is_no_description_is_answered_400(body: bytes, complaint: str) -> None:
    with pytest.raises(SdpError, match=complaint) as caught:
        SessionDescription.parse(body)
    assert caught.value.status == 400


@given(st.binary(max_size=300))
def test_any_bytes_parse_or_raise_sdp_error(body: bytes) -> None:
    with contextlib.suppress(SdpError):
        SessionDescription.parse(b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\n" + body)


@given(st.data())
def test_a_description_with_lines_lost_or_doubled_parses_or_raises_sdp_error(data: st.DataObject) -> None:
    lines = DESK_PHONE.splitlines(keepends=True)
    chosen = data.draw(st.lists(st.sampled_from(lines), max_size=24))
    try:
        session = SessionDescription.parse(b"".join([b"v=0\r\n", *chosen]))
    except SdpError:
        return
    written = session.serialise()
    assert SessionDescription.parse(written).serialise() == written
