"""Strangers at the door: nothing they send costs state, tells them anything, or goes on for long."""

from collections import Counter

from softacd.sip.guard_table import Offence
from softacd.sip.transport import Flow, Transport
from tests.calls.world import DOMAIN, SWITCH, World, shop

SCANNER = ("192.0.2.66", 5099)


def send(world: World, method: str, *, user: str = "101", number: int = 1, source: tuple[str, int] = SCANNER) -> bytes:
    """A bare request of a scanner; returns what it got back, b"" for silence."""
    request = (
        f"{method} sip:{user}@{DOMAIN} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {source[0]}:{source[1]};branch=z9hG4bK{number};rport\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:{user}@{DOMAIN}>;tag=f{number}\r\nTo: <sip:{user}@{DOMAIN}>\r\n"
        f"Call-ID: scan{number}\r\nCSeq: 1 {method}\r\nContact: <sip:{user}@{source[0]}:{source[1]}>\r\n"
        "Content-Length: 0\r\n\r\n"
    )
    world.switch.receive_sip(request.encode(), Flow(Transport.UDP, SWITCH, source), world.now)
    answers = [item.data for item in world.switch.transmits]
    world.switch.transmits.clear()
    assert len(answers) < 2
    return answers[0] if answers else b""


def status(answer: bytes) -> str:
    return answer[8:11].decode()


def test_a_stranger_makes_no_state() -> None:
    world = shop()
    before = world.switch.stack.counters()
    for number, method in enumerate(("REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE", "MESSAGE", "PUBLISH", "NOTIFY")):
        send(world, method, number=number)
    after = world.switch.stack.counters()
    assert (after.server_transactions, after.dialogs, after.timers) == (
        before.server_transactions,
        before.dialogs,
        before.timers,
    )


def test_a_registration_is_challenged_and_a_call_refused_whoever_is_named() -> None:
    world = shop()
    numbers = iter(range(100, 200))
    for method, expected in (("REGISTER", "401"), ("INVITE", "403"), ("OPTIONS", ""), ("SUBSCRIBE", "")):
        answers = {status(send(world, method, user=user, number=next(numbers))) for user in ("101", "102", "4711")}
        assert answers == {expected}


def test_the_answers_for_known_and_unknown_users_differ_in_nothing_but_what_was_sent() -> None:
    world = shop()
    known = send(world, "REGISTER", user="101", number=1)
    unknown = send(world, "REGISTER", user="999", number=1)

    def shape(answer: bytes) -> list[bytes]:
        return [line.partition(b":")[0] for line in answer.split(b"\r\n")]

    assert shape(known) == shape(unknown)
    assert len(known) == len(unknown)


def test_a_scanner_is_banned_and_hears_nothing_more() -> None:
    world = shop()
    number = 0
    while not world.switch.guard.bans():
        number += 1
        send(world, "INVITE", user=str(100 + number), number=number)
    assert number == 20
    [ban] = world.switch.guard.bans()
    assert (ban.source, ban.cause) == (SCANNER[0], Offence.REFUSED)
    assert not world.switch.guard.admit(SCANNER[0], world.now)
    world.advance(61)
    assert world.switch.guard.bans() == []


def test_guessing_passwords_ends_after_ten() -> None:
    world = shop()
    guesser = world.peer("101", SCANNER, "guess")
    answers: Counter[int] = Counter()
    while not world.switch.guard.bans():
        before = len(guesser.statuses)
        guesser.register()
        answers.update(guesser.statuses[before:])
    assert answers[200] == 0
    assert answers[401] <= 10


def test_a_phone_that_registers_is_never_near_a_ban() -> None:
    world = shop(agents=3)
    phone = world.peers[("203.0.113.1", 5060)]
    for _ in range(500):
        phone.register()
    assert world.switch.guard.bans() == []
    assert phone.statuses[-1] == 200


def test_nonsense_from_a_carrier_or_a_phone_bans_neither() -> None:
    world = shop()
    for source in (("198.51.100.1", 5060), ("203.0.113.1", 5060)):
        for _ in range(200):
            world.switch.receive_sip(b"\x00\x01\x02\x03\x04", Flow(Transport.UDP, SWITCH, source), world.now)
    assert world.switch.guard.bans() == []
    for _ in range(20):
        world.switch.receive_sip(b"\x00\x01\x02\x03\x04", Flow(Transport.UDP, SWITCH, SCANNER), world.now)
    assert [ban.source for ban in world.switch.guard.bans()] == [SCANNER[0]]
