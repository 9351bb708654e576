"""Tokens drawn many at a time."""

from softacd.runtime.tokens import DRAWN_AT_ONCE, TOKEN_BYTES, Tokens


def test_each_token_is_given_once_and_has_all_its_bits() -> None:
    draw = Tokens()
    tokens = [draw() for _ in range(3 * DRAWN_AT_ONCE + 1)]
    assert len(set(tokens)) == len(tokens)
    assert {len(token) for token in tokens} == {2 * TOKEN_BYTES}
    assert all(0 <= int(token, 16) < 1 << 8 * TOKEN_BYTES for token in tokens)


def test_two_sources_share_nothing() -> None:
    one, other = Tokens(), Tokens()
    assert not {one() for _ in range(DRAWN_AT_ONCE)} & {other() for _ in range(DRAWN_AT_ONCE)}
