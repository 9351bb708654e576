"""The door: challenges, answers, replays (RFC 3261 section 22, RFC 7616)."""

from __future__ import annotations

from itertools import count

import pytest

from softacd.sip.authenticator import Account, DigestAuthenticator, Verdict
from softacd.sip.digest import MD5, SHA_256, SHA_512_256, Challenge, Credentials, answer_challenge, ha1
from softacd.sip.message import Request

REALM = "example.com"
ANNA = Account(
    "100",
    *(ha1(algorithm, "100", REALM, "secret") for algorithm in (MD5, SHA_256, SHA_512_256)),
    addresses_of_record=("sip:100@example.com",),
)
RIGHT = Credentials("100", "secret")


def new_authenticator(*algorithms: str, **accounts: Account) -> DigestAuthenticator:
    numbers = count(1)
    return DigestAuthenticator(
        REALM,
        secret=b"s" * 16,
        token=lambda: f"t{next(numbers)}",
        accounts=accounts or {"100": ANNA},
        algorithms=algorithms or (MD5,),
    )


def register(*authorizations: str, proxy: bool = False) -> Request:
    request = Request("REGISTER", "sip:example.com", {})
    return request.extend(("Proxy-Authorization" if proxy else "Authorization", value) for value in authorizations)


def challenges(verdict: Verdict) -> list[Challenge]:
    found = [Challenge.parse(value) for _, value in verdict.headers]
    assert all(found)
    return [challenge for challenge in found if challenge is not None]


def answer(challenge: Challenge, credentials: Credentials = RIGHT, nc: int = 1) -> str:
    return answer_challenge(challenge, credentials, method="REGISTER", uri="sip:example.com", cnonce="c", nc=nc)


@pytest.mark.parametrize("proxy", [False, True])
def test_challenge_answer_in(proxy: bool) -> None:
    door = new_authenticator()
    verdict = door.authenticate(register(), 10.0, proxy=proxy)
    assert (verdict.username, verdict.status) == (None, 407 if proxy else 401)
    assert [name for name, _ in verdict.headers] == ["Proxy-Authenticate" if proxy else "WWW-Authenticate"]
    challenge = challenges(verdict)[0]
    assert (challenge.realm, challenge.qop, challenge.stale) == (REALM, ("auth",), False)
    assert door.authenticate(register(answer(challenge), proxy=proxy), 11.0, proxy=proxy).username == "100"


def test_a_wrong_password_and_an_unknown_user_look_the_same() -> None:
    door = new_authenticator()
    challenge = challenges(door.authenticate(register(), 10.0))[0]
    wrong = door.authenticate(register(answer(challenge, Credentials("100", "guess"))), 10.0)
    unknown = door.authenticate(register(answer(challenge, Credentials("999", "guess"))), 10.0)
    for verdict in (wrong, unknown):
        assert (verdict.username, verdict.status, verdict.cause) == (None, 401, "wrong credentials")
        assert not challenges(verdict)[0].stale
    assert {name for name, _ in wrong.headers} == {name for name, _ in unknown.headers}


def test_a_captured_request_cannot_be_replayed() -> None:
    door = new_authenticator()
    challenge = challenges(door.authenticate(register(), 10.0))[0]
    captured = register(answer(challenge))
    assert door.authenticate(captured, 10.0).username == "100"
    again = door.authenticate(captured, 10.1)
    assert (again.username, again.cause) == (None, "replayed")
    assert challenges(again)[0].stale  # the owner of the password may try again without asking for it
    assert door.authenticate(register(answer(challenge, nc=2)), 10.2).username == "100"
    assert door.authenticate(register(answer(challenge, nc=2)), 10.3).cause == "replayed"


def test_a_nonce_grows_old() -> None:
    door = new_authenticator()
    challenge = challenges(door.authenticate(register(), 10.0))[0]
    late = door.authenticate(register(answer(challenge)), 10.0 + 300.1)
    assert (late.username, late.cause) == (None, "stale nonce")
    fresh = challenges(late)[0]
    assert fresh.stale
    assert door.authenticate(register(answer(fresh)), 311.0).username == "100"


def test_a_wrong_password_on_an_old_nonce_is_not_called_stale() -> None:
    door = new_authenticator()
    challenge = challenges(door.authenticate(register(), 10.0))[0]
    assert (
        door.authenticate(register(answer(challenge, Credentials("100", "guess"))), 999.0).cause == "wrong credentials"
    )


@pytest.mark.parametrize(
    "nonce", ["", "x", "a.b", "2710.t1.00000000000000000000000000000000", "é.b.c", "zz.zz." + "0" * 32]
)
def test_a_nonce_of_somebody_else_is_stale(nonce: str) -> None:
    assert (
        new_authenticator().authenticate(register(answer(Challenge(REALM, nonce, qop=("auth",)))), 10.0).cause
        == "stale nonce"
    )


def test_without_qop_a_nonce_serves_once() -> None:
    door = new_authenticator()
    challenge = Challenge(REALM, challenges(door.authenticate(register(), 10.0))[0].nonce)
    assert door.authenticate(register(answer(challenge)), 10.0).username == "100"
    assert door.authenticate(register(answer(challenge)), 10.0).cause == "replayed"


def test_the_method_is_part_of_the_proof() -> None:
    door = new_authenticator()
    challenge = challenges(door.authenticate(register(), 10.0))[0]
    value = answer_challenge(challenge, RIGHT, method="INVITE", uri="sip:example.com", cnonce="c")
    assert door.authenticate(register(value), 10.0).cause == "wrong credentials"


def test_both_algorithms_are_offered_in_order_and_either_is_taken() -> None:
    door = new_authenticator(SHA_256, MD5)
    offered = challenges(door.authenticate(register(), 10.0))
    assert [challenge.algorithm for challenge in offered] == [SHA_256, MD5]
    for number, challenge in enumerate(offered, 1):
        assert door.authenticate(register(answer(challenge, nc=number)), 10.0).username == "100"


def test_a_client_that_answers_every_challenge_is_let_in_once() -> None:
    door = new_authenticator(SHA_256, MD5)
    offered = challenges(door.authenticate(register(), 10.0))
    both = register(*[answer(challenge) for challenge in offered])
    assert door.authenticate(both, 10.0).username == "100"
    assert door.authenticate(both, 10.0).cause == "replayed"


def test_sha_256_is_offered_only_while_everybody_has_it() -> None:
    old = Account("200", ha1(MD5, "200", REALM, "x"))
    door = new_authenticator(SHA_256, MD5, a=ANNA, b=old)
    assert [challenge.algorithm for challenge in challenges(door.authenticate(register(), 10.0))] == [MD5]


def test_an_algorithm_not_offered_is_not_taken() -> None:
    door = new_authenticator(SHA_256)
    challenge = challenges(door.authenticate(register(), 10.0))[0]
    weak = Challenge(REALM, challenge.nonce, MD5, qop=("auth",))
    assert door.authenticate(register(answer(weak)), 10.0).cause == "no credentials"


def test_credentials_for_another_realm_are_passed_over() -> None:
    door = new_authenticator()
    challenge = challenges(door.authenticate(register(), 10.0))[0]
    foreign = answer(Challenge("elsewhere", "n", qop=("auth",)))
    assert door.authenticate(register(foreign, 'Digest broken="', answer(challenge)), 10.0).username == "100"


def test_an_empty_hash_opens_nothing() -> None:
    door = new_authenticator(**{"100": Account("100", "")})
    challenge = challenges(door.authenticate(register(), 10.0))[0]
    assert door.authenticate(register(answer(challenge, Credentials("100", ""))), 10.0).cause == "wrong credentials"


def test_old_nonce_counts_are_forgotten() -> None:
    door = new_authenticator()
    for number in range(100):
        now = 10.0 + number * 100
        challenge = challenges(door.authenticate(register(), now))[0]
        assert door.authenticate(register(answer(challenge)), now).username == "100"
    assert len(door._counts) <= 5


def test_hashes_do_not_show() -> None:
    for secret in (ANNA.ha1_md5, ANNA.ha1_sha256, ANNA.ha1_sha512_256):
        assert secret not in repr(ANNA)


def test_the_strongest_is_offered_first_and_each_is_good() -> None:
    door = new_authenticator(SHA_512_256, SHA_256, MD5)
    offered = challenges(door.authenticate(register(), 10.0))
    assert [challenge.algorithm for challenge in offered] == [SHA_512_256, SHA_256, MD5]
    for count_used, challenge in enumerate(offered, 1):
        assert door.authenticate(register(answer(challenge, nc=count_used)), 10.0).username == "100"


def test_what_is_offered_can_be_changed_while_nonces_stay_good() -> None:
    door = new_authenticator()
    challenge = challenges(door.authenticate(register(), 10.0))[0]
    door.offer((SHA_512_256, MD5))
    assert door.authenticate(register(answer(challenge)), 10.0).username == "100"
    assert [one.algorithm for one in challenges(door.authenticate(register(), 10.0))] == [SHA_512_256, MD5]


def test_a_lent_account_is_proved_by_the_passing_name_until_it_is_recalled() -> None:
    door = new_authenticator()
    door.lend("desk~1", "for a day", "100")
    passing = Credentials("desk~1", "for a day")
    [challenge] = challenges(door.authenticate(register(), 10.0))
    assert door.authenticate(register(answer(challenge, passing)), 10.1).username == "100", "it is the account's"
    [challenge] = challenges(door.authenticate(register(), 10.2))
    assert door.authenticate(register(answer(challenge)), 10.3).username == "100", "its own password is good as before"
    [challenge] = challenges(door.authenticate(register(), 10.4))
    wrong = Credentials("100", "for a day")
    assert door.authenticate(register(answer(challenge, wrong)), 10.5).username is None
    door.recall("desk~1")
    assert door.authenticate(register(answer(challenge, passing, 2)), 10.6).cause == "wrong credentials"


def test_nothing_is_lent_of_nobody_and_no_account_is_hidden() -> None:
    door = new_authenticator()
    with pytest.raises(KeyError):
        door.lend("desk~1", "for a day", "999")
    with pytest.raises(KeyError):
        door.lend("100", "for a day", "100")
    door.lend("desk~1", "for a day", "100")
    door.configure(REALM, {})
    [challenge] = challenges(door.authenticate(register(), 10.0))
    passing = Credentials("desk~1", "for a day")
    assert door.authenticate(register(answer(challenge, passing)), 10.1).username is None, "the account is gone"
