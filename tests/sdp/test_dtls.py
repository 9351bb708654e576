"""DTLS-SRTP between phones: what is offered, what answered, and who begins."""

import pytest

from softacd.sdp.crypto import SUITES, Crypto
from softacd.sdp.description import SessionDescription
from softacd.sdp.dtls import LocalDtls, RemoteDtls, Setup, parse_fingerprint
from softacd.sdp.errors import NotAcceptable
from softacd.sdp.negotiation import LocalMedia, accept_answer, answer, offer
from softacd.sdp.security import Encryption

OURS, THEIRS = bytes(range(32)), bytes(range(100, 132))
KEY = bytes(range(30))


def colons(digest: bytes) -> str:
    return digest.hex(":").upper()


def local(srtp: Encryption = "required", *, key: bytes = b"", setup: Setup | None = None) -> LocalMedia:
    dtls = LocalDtls(f"sha-256 {colons(OURS)}", setup)
    return LocalMedia(host="192.0.2.1", port=4000, session_id=1, srtp=srtp, srtp_key=key, dtls=dtls)


def theirs(profile: str, *attributes: str, session: tuple[str, ...] = ()) -> SessionDescription:
    lines = ["v=0", "o=- 1 1 IN IP4 198.51.100.7", "s=-", "c=IN IP4 198.51.100.7", "t=0 0"]
    lines += [f"a={value}" for value in session] + [f"m=audio 5000 {profile} 8"]
    return SessionDescription.parse("\r\n".join([*lines, *(f"a={value}" for value in attributes), ""]).encode())


FINGERPRINT = f"fingerprint:SHA-256 {colons(THEIRS).lower()}"
PEER = (("sha-256", THEIRS),)


@pytest.mark.parametrize(
    "value",
    ["", "sha-256", "sha-256 ZZ", f"sha-256 {colons(OURS)}:00", f"sha-1 {colons(OURS[:20])}", f"md5 {colons(OURS)}"],
)
def test_fingerprints_that_are_passed_over(value: str) -> None:
    assert parse_fingerprint(value) is None


@pytest.mark.parametrize(
    ("srtp", "key", "profile"),
    [
        ("off", b"", "RTP/AVP"),
        ("preferred", b"", "RTP/AVP"),
        ("required", b"", "UDP/TLS/RTP/SAVP"),
        ("preferred", KEY, "RTP/AVP"),
        ("required", KEY, "RTP/SAVP"),
    ],
)
def test_what_is_offered(srtp: Encryption, key: bytes, profile: str) -> None:
    media = SessionDescription.parse(offer(local(srtp, key=key))).media[0]
    assert media.protocol == profile
    wanted = ("actpass", f"sha-256 {colons(OURS)}") if srtp != "off" else (None, None)
    assert tuple(media.attribute(name) for name in ("setup", "fingerprint")) == wanted
    # a peer that takes it as a plain offer keeps its reports on their own port
    assert (media.attribute("rtcp-mux") is not None) == (profile == "UDP/TLS/RTP/SAVP")
    assert (media.attribute("crypto") is not None) == (srtp != "off" and bool(key))


@pytest.mark.parametrize(
    ("setup", "ours"), [("actpass", "passive"), ("active", "passive"), ("passive", "active"), ("", "passive")]
)
def test_who_begins(setup: str, ours: Setup) -> None:
    attributes = (FINGERPRINT, f"setup:{setup}") if setup else (FINGERPRINT,)
    made = answer(theirs("UDP/TLS/RTP/SAVP", *attributes), local())
    assert made.remote.dtls == RemoteDtls(PEER, ours)
    written = SessionDescription.parse(made.body).media[0]
    assert (written.protocol, written.attribute("setup")) == ("UDP/TLS/RTP/SAVP", ours)
    assert (made.remote.rtcp_mux, made.remote.ufrag) == (False, "")


def test_parts_are_kept_when_it_is_agreed_again() -> None:
    made = answer(theirs("UDP/TLS/RTP/SAVP", FINGERPRINT, "setup:actpass"), local(setup="active"))
    assert made.remote.dtls == RemoteDtls(PEER, "active")


@pytest.mark.parametrize(("said", "ours"), [("active", "passive"), ("passive", "active")])
def test_the_answer_to_ours(said: str, ours: Setup) -> None:
    answered = theirs("UDP/TLS/RTP/SAVP", f"setup:{said}", "rtcp-mux", session=(FINGERPRINT,))
    agreed = accept_answer(offer(local()), answered)
    assert agreed.dtls == RemoteDtls(PEER, ours)
    assert agreed.rtcp_mux


def test_a_handshake_goes_before_keys_in_the_description_and_keys_before_nothing() -> None:
    crypto = Crypto(3, SUITES[0], KEY)
    line = f"crypto:{crypto.value()}"
    both = answer(theirs("RTP/SAVP", FINGERPRINT, "setup:actpass", line), local(key=KEY)).remote
    assert (both.dtls is not None, both.crypto) == (True, None)
    keys = answer(theirs("RTP/SAVP", line), local(key=KEY)).remote
    assert (keys.dtls, keys.crypto) == (None, crypto)
    assert answer(theirs("RTP/AVP", FINGERPRINT, "setup:actpass"), local("preferred")).remote.dtls is not None
    assert answer(theirs("RTP/AVP", FINGERPRINT, "setup:actpass"), local("off")).remote.dtls is None


@pytest.mark.parametrize(
    ("description", "srtp"),
    [
        (theirs("UDP/TLS/RTP/SAVP", FINGERPRINT, "setup:actpass"), "off"),
        (theirs("UDP/TLS/RTP/SAVP", "setup:actpass"), "preferred"),
        (theirs("UDP/TLS/RTP/SAVP", FINGERPRINT, "setup:holdconn"), "required"),
        (theirs("UDP/TLS/RTP/SAVP", f"crypto:{Crypto(1, SUITES[0], KEY).value()}"), "required"),
        (theirs("RTP/AVP"), "required"),
    ],
)
def test_what_does_not_fit_is_refused(description: SessionDescription, srtp: Encryption) -> None:
    with pytest.raises(NotAcceptable) as raised:
        answer(description, local(srtp, key=KEY))
    assert (raised.value.status, raised.value.warning) == (488, 302)


def test_a_peer_that_drops_the_fingerprint_talks_plainly_or_not_at_all() -> None:
    assert accept_answer(offer(local("preferred")), theirs("RTP/AVP")).dtls is None
    with pytest.raises(NotAcceptable, match="does not encrypt"):
        accept_answer(offer(local()), theirs("UDP/TLS/RTP/SAVP"))
    assert accept_answer(offer(local("off")), theirs("RTP/AVP", FINGERPRINT, "setup:active")).dtls is None
