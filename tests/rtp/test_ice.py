"""The lite agent: whose checks are answered, and who becomes the peer."""

import pytest

from softacd.rtp import stun
from softacd.rtp.ice import SOURCES_KEPT, LiteAgent
from softacd.rtp.vocabulary import IceCredentials

OURS = IceCredentials("ours", "x" * 24)
KEY = OURS.password.encode()
HOME, MOBILE = ("192.0.2.7", 50_000), ("2001:db8::7", 50_001)
CONTROLLING = (stun.ICE_CONTROLLING, bytes(8))
NOMINATE = (stun.USE_CANDIDATE, b"")


def check(*attributes: tuple[int, bytes], user: bytes = b"ours:theirs", key: bytes = KEY) -> bytes:
    wanted = [(stun.USERNAME, user), (stun.PRIORITY, b"\x6e\0\x01\xff"), *attributes]
    return stun.request(bytes(12), wanted, key)


def status(reply: bytes) -> int:
    message = stun.parse(reply)
    value = message.value(stun.ERROR_CODE)
    return 200 if value is None else value[2] * 100 + value[3]


def test_a_check_is_answered_and_its_source_may_speak() -> None:
    agent = LiteAgent(OURS)
    made = agent.receive(check(CONTROLLING), HOME)
    assert stun.mapped_address(stun.parse(made.reply)) == HOME
    assert stun.authentic(made.reply, stun.parse(made.reply), KEY)
    assert (made.nominated, agent.selected, list(agent.sources)) == (True, HOME, [HOME])


def test_the_peer_chooses_and_chooses_anew() -> None:
    agent = LiteAgent(OURS)
    agent.receive(check(CONTROLLING), HOME)
    assert not agent.receive(check(CONTROLLING), MOBILE).nominated
    assert agent.selected == HOME
    assert agent.receive(check(CONTROLLING, NOMINATE), MOBILE).nominated
    assert not agent.receive(check(CONTROLLING, NOMINATE), MOBILE).nominated  # consent checks go on (RFC 7675)
    assert agent.selected == MOBILE


@pytest.mark.parametrize(
    ("data", "answered"),
    [
        (check(key=b"wrong"), 401),
        (check(user=b"their:ours"), 401),
        (check(user=b"\xff"), 401),
        (stun.request(bytes(12), [], KEY), 400),
        (check((0x7FFF, b"")), 420),
        (check((stun.ICE_CONTROLLED, bytes(8))), 487),
    ],
)
def test_checks_that_are_refused_make_nobody_the_peer(data: bytes, answered: int) -> None:
    agent = LiteAgent(OURS)
    assert status(agent.receive(data, HOME).reply) == answered
    assert (agent.selected, agent.sources, agent.refused) == (None, {}, 1)


def test_what_is_not_a_check_is_not_answered() -> None:
    agent = LiteAgent(OURS)
    indication = stun._build(stun.BINDING_INDICATION, bytes(12), [], None)
    for data in (indication, stun.success(bytes(12), HOME, KEY), b"\0\1", check()[:-1]):
        assert agent.receive(data, HOME) == (b"", False)
    assert agent.malformed == 2


def test_a_restart_takes_new_credentials_and_the_last_before_them_still_count() -> None:
    agent = LiteAgent(OURS)
    agent.restart(OURS)
    second, third = IceCredentials("two", "y" * 24), IceCredentials("three", "z" * 24)
    agent.restart(second)
    new = check(NOMINATE, user=b"two:x", key=second.password.encode())
    assert [status(agent.receive(data, HOME).reply) for data in (check(), new)] == [200, 200]
    agent.restart(third)
    assert [status(agent.receive(data, HOME).reply) for data in (check(), new)] == [401, 200]


def test_ways_are_remembered_up_to_a_number_and_the_chosen_one_always() -> None:
    agent = LiteAgent(OURS)
    agent.receive(check(NOMINATE), HOME)
    for port in range(SOURCES_KEPT * 3):
        agent.receive(check(), ("198.51.100.1", 1000 + port))
    assert len(agent.sources) == SOURCES_KEPT
    assert HOME in agent.sources


def test_a_password_is_never_shown() -> None:
    assert repr(OURS) == "IceCredentials(ufrag='ours', password=***)"
