"""Passwords and codes: which are good, and for how long."""

import pytest

from softacd.web.passwords import (
    STEP_SECONDS,
    _totp,
    hash_password,
    judge_password,
    new_totp_secret,
    totp_address,
    totp_step,
    verify_password,
)


def test_a_hash_is_argon2id_and_only_its_own_password_s() -> None:
    hashed = hash_password("correct battery staple")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_password("correct battery staple", hashed)
    assert not verify_password("correct battery stapl", hashed)
    assert not verify_password("correct battery staple", "no hash at all")
    assert hash_password("correct battery staple") != hashed, "salted"


@pytest.mark.parametrize(
    "password", ["short", "password123", "maria12345", "aaaaaaaaaaaa", "1234567890", "x" * 300, "Softacd2026!"]
)
def test_what_is_guessed_first_is_no_password(password: str) -> None:
    assert judge_password("maria", password)


def test_others_are() -> None:
    assert judge_password("maria", "correct battery") == ""
    assert judge_password("maria", "пароль из слов") == ""


def test_a_code_is_good_for_its_step_and_the_ones_beside_it() -> None:
    secret, now = new_totp_secret(), 1_790_000_010.0
    code = _totp(secret).generate(int(now)).decode()
    step = int(now // STEP_SECONDS)
    assert totp_step(secret, code, now) == step
    assert totp_step(secret, code, now + STEP_SECONDS) == step
    assert totp_step(secret, code, now - STEP_SECONDS) == step
    assert totp_step(secret, code, now + 2 * STEP_SECONDS) is None
    assert totp_step(secret, "", now) is None
    assert totp_step(secret, "нет", now) is None


def test_the_first_codes_of_rfc_6238() -> None:
    """Appendix B, SHA-1, the last six of eight digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert totp_step(secret, "287082", 59) == 1
    assert totp_step(secret, "081804", 1111111109) == 37037036
    assert totp_step(secret, "005924", 1234567890) == 41152263


def test_an_authenticator_is_told_by_an_address() -> None:
    address = totp_address("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "maria", "My shop")
    assert address.startswith("otpauth://totp/My%20shop:maria?")
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in address
