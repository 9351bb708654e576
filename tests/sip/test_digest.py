"""Digest against the published examples, and the client's choices (RFC 7616, RFC 2617, RFC 8760)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.sip.digest import (
    MD5,
    MD5_SESS,
    SHA_256,
    SHA_512_256,
    Challenge,
    Credentials,
    answer_challenge,
    choose_challenge,
    digest_response,
    ha1,
    hash_text,
    parse_credentials,
)
from softacd.sip.errors import MalformedError
from softacd.sip.grammar import quote


def test_the_example_of_rfc_2617() -> None:
    # section 3.5
    stored = ha1(MD5, "Mufasa", "testrealm@host.com", "Circle Of Life")
    assert stored == "939e7578ed9e3c518a452acee763bce9"
    response = digest_response(
        MD5,
        stored,
        nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
        method="GET",
        uri="/dir/index.html",
        qop="auth",
        nc="00000001",
        cnonce="0a4f113b",
    )
    assert response == "6629fae49393a05397450978507c4ef1"


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        (MD5, "8ca523f5e9506fed4657c9700eebdbec"),
        (SHA_256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, expected: str) -> None:
    # section 3.9.1
    response = digest_response(
        algorithm,
        ha1(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life"),
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        method="GET",
        uri="/dir/index.html",
        qop="auth",
        nc="00000001",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert response == expected


def test_without_qop_it_is_rfc_2069() -> None:
    stored = ha1(MD5, "u", "r", "p")
    inner = hash_text(MD5, "REGISTER:sip:r")
    assert digest_response(MD5, stored, nonce="n", method="REGISTER", uri="sip:r") == hash_text(
        MD5, f"{stored}:n:{inner}"
    )


def test_a_session_key_is_hashed_with_both_nonces() -> None:
    stored = ha1(MD5, "u", "r", "p")
    inner = hash_text(MD5, f"{stored}:n:c")
    plain = digest_response(MD5, inner, nonce="n", method="BYE", uri="sip:r", qop="auth", nc="00000001", cnonce="c")
    assert (
        digest_response(MD5_SESS, stored, nonce="n", method="BYE", uri="sip:r", qop="auth", nc="00000001", cnonce="c")
        == plain
    )


def test_sha_512_256_is_its_own_hash_and_not_a_truncation() -> None:
    assert hash_text(SHA_512_256, "") == "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a"


CHALLENGE = 'Digest realm="carrier, Ltd", nonce="n\\"1", algorithm=SHA-256, qop="auth,auth-int", stale=TRUE, opaque="o"'


def test_a_challenge_is_read_and_written() -> None:
    challenge = Challenge.parse(CHALLENGE)
    assert challenge == Challenge("carrier, Ltd", 'n"1', SHA_256, "o", ("auth", "auth-int"), stale=True)
    simple = Challenge("r", "n", MD5, None, ("auth",))
    assert Challenge.parse(str(simple)) == simple


@pytest.mark.parametrize(
    "value",
    [
        'Basic realm="x"',
        'Digest realm="x"',
        'Digest realm="x", nonce="n", algorithm=FOO',
        "NoOneKnowsThisScheme opaque-data=here",
    ],
)
def test_what_cannot_be_answered_is_none(value: str) -> None:
    assert Challenge.parse(value) is None


def test_a_quality_of_protection_that_is_no_token_is_none() -> None:
    for value, names in ((r"auth\x", ()), ('"auth, au th,AUTH-INT"', ("auth", "auth-int"))):
        challenge = Challenge.parse(f'Digest realm="a", nonce="b", qop={value}')
        assert challenge is not None
        assert challenge.qop == names
        assert Challenge.parse(str(challenge)) == challenge


def test_garbage_is_malformed() -> None:
    with pytest.raises(MalformedError):
        parse_credentials('Digest realm="open, nonce')


def test_the_first_challenge_we_can_answer_is_taken() -> None:
    values = [
        'Basic realm="r"',
        'Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"',
        'Digest realm="r", nonce="n"',
    ]
    with_password = choose_challenge(values, Credentials("u", "p"))
    assert with_password is not None
    assert with_password.algorithm == SHA_256
    with_hash = choose_challenge(values, Credentials("u", ha1=ha1(MD5, "u", "r", "p"), realm="r"))
    assert with_hash is not None
    assert with_hash.algorithm == MD5
    assert choose_challenge(values, Credentials("u", "p", realm="other")) is None
    assert choose_challenge(['Digest realm="r", nonce="n", qop="auth-int"'], Credentials("u", "p")) is None


def test_the_answer_carries_what_the_server_needs() -> None:
    challenge = Challenge("r", "n", SHA_256, "o", ("auth",))
    value = answer_challenge(challenge, Credentials('u"x', "p"), method="REGISTER", uri="sip:r", cnonce="c", nc=2)
    scheme, parameters = parse_credentials(value)
    assert scheme == "digest"
    stored = ha1(SHA_256, 'u"x', "r", "p")
    assert parameters.pop("response") == digest_response(
        SHA_256, stored, nonce="n", method="REGISTER", uri="sip:r", qop="auth", nc="00000002", cnonce="c"
    )
    assert parameters == {
        "username": 'u"x',
        "realm": "r",
        "nonce": "n",
        "uri": "sip:r",
        "algorithm": "SHA-256",
        "cnonce": "c",
        "qop": "auth",
        "nc": "00000002",
        "opaque": "o",
    }


def test_a_stored_hash_answers_like_the_password() -> None:
    challenge = Challenge("r", "n", MD5, None, ("auth",))
    by_password = answer_challenge(challenge, Credentials("u", "p"), method="BYE", uri="sip:x", cnonce="c")
    by_hash = answer_challenge(
        challenge, Credentials("u", ha1=ha1(MD5, "u", "r", "p")), method="BYE", uri="sip:x", cnonce="c"
    )
    assert by_password == by_hash


def test_secrets_do_not_show() -> None:
    shown = repr(Credentials("u", "hunter2", ha1="abcdef"))
    assert "hunter2" not in shown
    assert "abcdef" not in shown


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters="\r\n")), st.text())
def test_any_quoted_value_survives(nonce: str, realm: str) -> None:
    _, parameters = parse_credentials(f"Digest nonce={quote(nonce)},realm={quote(realm)}")
    assert parameters == {"nonce": nonce, "realm": realm}
