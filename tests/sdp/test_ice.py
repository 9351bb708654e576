"""Browsers' descriptions: Chromium's own offer answered, ours answered, and what is refused."""

from pathlib import Path

import pytest

from softacd.sdp.description import Direction, SessionDescription
from softacd.sdp.dtls import LocalDtls
from softacd.sdp.errors import NotAcceptable
from softacd.sdp.ice import LocalIce
from softacd.sdp.negotiation import LocalMedia, accept_answer, answer, offer

OFFER = Path(__file__).with_name("browser_offer.sdp").read_bytes()
"""Made by Chromium 156."""
LOCAL = LocalMedia(
    host="192.0.2.1",
    port=4000,
    session_id=1,
    srtp="required",
    dtls=LocalDtls(f"sha-256 {bytes(32).hex(':').upper()}"),
    ice=LocalIce("abcd", "p" * 32),
)


def parsed(old: bytes = b"", new: bytes = b"") -> SessionDescription:
    return SessionDescription.parse(OFFER.replace(old, new) if old else OFFER)


def test_a_browser_s_offer() -> None:
    made = answer(parsed(), LOCAL)
    remote = made.remote
    assert (remote.codec.name, remote.telephone_event, remote.ufrag, remote.rtcp_mux) == ("PCMU", 126, "UNq/", True)
    assert (remote.direction, remote.hold) == (Direction.SENDRECV, False)  # whatever c=0.0.0.0 says
    assert remote.dtls is not None
    assert remote.dtls.setup == "passive"
    written = SessionDescription.parse(made.body)
    media = written.media[0]
    assert (written.attribute("ice-lite"), written.attribute("group")) == ("", "BUNDLE 0")
    assert (media.port, media.protocol, media.attribute("mid")) == (4000, "UDP/TLS/RTP/SAVPF", "0")
    assert (media.attribute("ice-ufrag"), media.attribute("ice-pwd")) == ("abcd", "p" * 32)
    assert media.attribute("candidate") == "1 1 udp 2130706431 192.0.2.1 4000 typ host"
    assert media.attribute("rtcp-mux") == ""
    assert not {"extmap", "rtcp-fb", "crypto"} & {attribute.name for attribute in media.attributes}


def test_ours_is_in_the_browsers_profile_and_its_answer_is_taken() -> None:
    ours = offer(LOCAL)
    media = SessionDescription.parse(ours).media[0]
    assert (media.protocol, media.attribute("setup")) == ("UDP/TLS/RTP/SAVPF", "actpass")
    assert SessionDescription.parse(ours).attribute("ice-lite") == ""
    agreed = accept_answer(ours, parsed(b"setup:actpass", b"setup:active"))
    assert (agreed.codec.name, agreed.ufrag, agreed.rtcp_mux) == ("PCMU", "UNq/", True)
    assert agreed.dtls is not None
    assert agreed.dtls.setup == "passive"


def test_hold_is_a_direction() -> None:
    assert answer(parsed(b"a=sendrecv", b"a=sendonly"), LOCAL).remote.direction is Direction.RECVONLY
    assert answer(parsed(b"a=sendrecv", b"a=inactive"), LOCAL).remote.hold


def test_video_beside_it_is_refused_and_leaves_the_bundle() -> None:
    video = b"m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n"
    both = SessionDescription.parse(OFFER.replace(b"BUNDLE 0", b"BUNDLE 0 1") + video)
    written = SessionDescription.parse(answer(both, LOCAL).body)
    assert [(media.port, media.attribute("mid")) for media in written.media] == [(4000, "0"), (0, "1")]
    assert written.attribute("group") == "BUNDLE 0"


def test_another_lite_side_is_where_its_description_says() -> None:
    lite = parsed(b"a=group:BUNDLE 0", b"a=ice-lite").serialise().replace(b"0.0.0.0", b"198.51.100.7")
    made = answer(SessionDescription.parse(lite), LOCAL)
    assert (made.remote.ufrag, made.remote.host) == ("", "198.51.100.7")
    assert b"ice-ufrag" not in made.body


@pytest.mark.parametrize(
    ("old", "new"), [(b"a=rtcp-mux\n", b""), (b"a=fingerprint:sha-256", b"a=fingerprint:sha-1"), (b"SAVPF 111", b"X 1")]
)
def test_what_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(NotAcceptable):
        answer(parsed(old, new), LOCAL)


def test_a_password_is_never_shown() -> None:
    assert repr(LOCAL.ice) == "LocalIce(ufrag='abcd', password=***)"
