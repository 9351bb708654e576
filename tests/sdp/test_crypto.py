"""Keys in descriptions (RFC 4568), and what both sides make of them."""

import base64

import pytest

from softacd.sdp.crypto import Crypto, parse_crypto
from softacd.sdp.description import SessionDescription
from softacd.sdp.errors import NotAcceptable
from softacd.sdp.negotiation import Encryption, LocalMedia, accept_answer, answer, offer

OURS, THEIRS = bytes(range(30)), bytes(range(100, 130))
KEY = base64.b64encode(THEIRS).decode()


def local(srtp: Encryption = "off", key: bytes = OURS) -> LocalMedia:
    return LocalMedia(host="192.0.2.1", port=4000, session_id=1, srtp=srtp, srtp_key=key)


def offered(profile: str, *crypto: str) -> SessionDescription:
    lines = ["v=0", "o=- 1 1 IN IP4 198.51.100.7", "s=-", "c=IN IP4 198.51.100.7", "t=0 0", f"m=audio 5000 {profile} 8"]
    return SessionDescription.parse("\r\n".join([*lines, *(f"a=crypto:{value}" for value in crypto), ""]).encode())


@pytest.mark.parametrize(
    "value",
    [
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80  inline:{KEY}|2^31",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} -UNKNOWN",
    ],
)
def test_usable_keys(value: str) -> None:
    assert parse_crypto(value) == Crypto(1, "AES_CM_128_HMAC_SHA1_80", THEIRS)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1 AES_CM_128_HMAC_SHA1_80",
        f"x AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 F8_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY[:-4]}",
        "1 AES_CM_128_HMAC_SHA1_80 inline:====",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4",  # a master key identifier in every packet
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP",
    ],
)
def test_lines_that_are_passed_over(value: str) -> None:
    assert parse_crypto(value) is None


def test_a_key_is_never_shown() -> None:
    crypto = Crypto(1, "AES_CM_128_HMAC_SHA1_80", THEIRS)
    assert repr(crypto) == "Crypto(tag=1, suite='AES_CM_128_HMAC_SHA1_80', key=***)"
    assert parse_crypto(crypto.value()) == crypto


@pytest.mark.parametrize(("srtp", "profile"), [("off", "RTP/AVP"), ("preferred", "RTP/AVP"), ("required", "RTP/SAVP")])
def test_what_is_offered(srtp: Encryption, profile: str) -> None:
    media = SessionDescription.parse(offer(local(srtp))).media[0]
    assert media.protocol == profile
    assert (media.attribute("crypto") is not None) == (srtp != "off")


def test_both_ends_learn_each_other_s_key() -> None:
    """The offerer requires, the answerer prefers: ours and theirs cross over."""
    ours = offer(local("required"))
    made = answer(SessionDescription.parse(ours), local("preferred", THEIRS))
    assert made.remote.crypto == Crypto(1, "AES_CM_128_HMAC_SHA1_80", OURS)
    assert SessionDescription.parse(made.body).media[0].protocol == "RTP/SAVP"
    agreed = accept_answer(ours, SessionDescription.parse(made.body))
    assert agreed.crypto == Crypto(1, "AES_CM_128_HMAC_SHA1_80", THEIRS)


def test_the_answer_takes_the_offerer_s_first_usable_suite_under_its_tag() -> None:
    made = answer(
        offered("RTP/SAVP", f"1 AES_256_CM_HMAC_SHA1_80 inline:{KEY}", f"7 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"),
        local("preferred"),
    )
    assert made.remote.crypto == Crypto(7, "AES_CM_128_HMAC_SHA1_32", THEIRS)
    written = SessionDescription.parse(made.body).media[0].attribute("crypto")
    assert written == Crypto(7, "AES_CM_128_HMAC_SHA1_32", OURS).value()


@pytest.mark.parametrize("srtp", ["off", "preferred"])
def test_a_plain_offer_is_answered_plainly(srtp: Encryption) -> None:
    made = answer(offered("RTP/AVP"), local(srtp))
    assert made.remote.crypto is None
    assert b"crypto" not in made.body


def test_keys_in_a_plain_offer_are_used_by_who_likes_to() -> None:
    keyed = offered("RTP/AVP", f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}")
    assert answer(keyed, local("preferred")).remote.crypto is not None
    assert answer(keyed, local("required")).remote.crypto is not None
    assert answer(keyed, local("off")).remote.crypto is None


@pytest.mark.parametrize(
    ("description", "srtp"),
    [
        (offered("RTP/AVP"), "required"),
        (offered("RTP/SAVP"), "preferred"),
        (offered("RTP/SAVP", "1 NULL inline:AAAA"), "required"),
        (offered("RTP/SAVP", f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"), "off"),
    ],
)
def test_what_does_not_fit_is_refused(description: SessionDescription, srtp: Encryption) -> None:
    with pytest.raises(NotAcceptable) as raised:
        answer(description, local(srtp))
    assert (raised.value.status, raised.value.warning) == (488, 302)


def test_a_peer_that_ignores_a_preferred_key_talks_plainly_and_a_required_one_not_at_all() -> None:
    plain = offered("RTP/AVP")
    assert accept_answer(offer(local("preferred")), plain).crypto is None
    with pytest.raises(NotAcceptable, match="does not encrypt"):
        accept_answer(offer(local("required")), plain)


def test_a_key_nobody_offered_is_not_taken() -> None:
    keyed = offered("RTP/AVP", f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}")
    assert accept_answer(offer(local("off")), keyed).crypto is None
