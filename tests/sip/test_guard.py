"""Strangers are counted, slowed and banned; carriers and phones that have proved themselves are not."""

import pytest

from softacd.sip.guard import Guard, GuardEventKind, GuardSettings, source_of
from softacd.sip.guard_table import OFFENCE_WEIGHTS, RATES, Offence, Standing

SCANNER = "203.0.113.66"
SETTINGS = GuardSettings(tolerance=10, window_seconds=100, ban_seconds=60, messages_per_second=10, burst=20)


def guard(standing: Standing = Standing.STRANGER, settings: GuardSettings = SETTINGS) -> Guard:
    return Guard(settings, lambda host: standing)


def kinds(door: Guard) -> list[str]:
    found = []
    while (event := door.poll()) is not None:
        found.append(event.kind.value)
    return found


def test_five_wrong_passwords_and_the_door_is_shut() -> None:
    door = guard()
    for second in range(4):
        door.offend(SCANNER, Offence.CREDENTIALS, 0.1 * second)
        assert door.admit(SCANNER, 0.1 * second)
    door.offend(SCANNER, Offence.CREDENTIALS, 0.4)
    door.offend(SCANNER, Offence.CREDENTIALS, 0.4)
    assert not door.admit(SCANNER, 0.5)
    assert door.admit("203.0.113.67", 0.5)
    [ban] = door.bans()
    assert (ban.source, ban.count, ban.cause, ban.until) == (SCANNER, 1, Offence.CREDENTIALS, 60.4)
    assert kinds(door) == ["banned"]


def test_what_happens_seldom_is_forgiven() -> None:
    door = guard()
    for minute in range(60):
        door.offend(SCANNER, Offence.CREDENTIALS, 60.0 * minute)
    assert door.bans() == []


def test_a_right_password_wipes_out_the_challenges() -> None:
    door = guard()
    for phone in range(1000):
        door.offend("198.51.100.7", Offence.CHALLENGED, 0.0)
        if phone % 50 == 49:
            door.prove("198.51.100.7")
    assert door.bans() == []
    for _ in range(101):
        door.offend("198.51.100.8", Offence.CHALLENGED, 0.0)
    assert [ban.cause for ban in door.bans()] == [Offence.CHALLENGED]


def test_bans_double_and_are_forgotten_after_good_conduct() -> None:
    door = guard(settings=GuardSettings(tolerance=3, ban_seconds=60, longest_ban_seconds=200))

    def misbehave(now: float) -> float:
        for _ in range(3):
            door.offend(SCANNER, Offence.NONSENSE, now)
        return door.bans()[0].until - now

    assert misbehave(0.0) == 60
    assert door.next_deadline() == 60
    door.handle_deadline(59.9)
    assert not door.admit(SCANNER, 59.9)
    door.handle_deadline(60.0)
    assert door.admit(SCANNER, 60.0)
    assert door.next_deadline() is None
    assert misbehave(100.0) == 120
    door.handle_deadline(220.0)
    assert misbehave(220.0) == 200  # the longest there is
    door.handle_deadline(420.0)
    assert misbehave(700.0) == 60
    assert kinds(door) == ["banned", "released"] * 3 + ["banned"]


def test_the_owner_lifts_a_ban_and_its_history() -> None:
    door = guard(settings=GuardSettings(tolerance=3))
    for _ in range(3):
        door.offend(SCANNER, Offence.NONSENSE, 0.0)
    assert door.lift(SCANNER, 1.0)
    assert door.lift(SCANNER, 1.0) is None
    assert door.admit(SCANNER, 1.0)
    assert door.next_deadline() is None
    assert kinds(door) == [GuardEventKind.BANNED, GuardEventKind.LIFTED]
    for _ in range(3):
        door.offend(SCANNER, Offence.NONSENSE, 2.0)
    assert door.bans()[0].count == 1


def test_a_flood_is_cut_at_the_burst_then_banned() -> None:
    door = guard()
    read = sum(door.admit(SCANNER, 0.00005 * number) for number in range(1000))
    assert 20 <= read <= 21
    counters = door.counters()
    assert counters.bans == 1
    assert counters.slowed in (10, 11)  # a ten-thousandth of an offence is forgiven meanwhile
    assert counters.dropped == 1000 - read - counters.slowed


def test_a_steady_sender_within_the_rate_is_never_slowed() -> None:
    door = guard()
    assert all(door.admit(SCANNER, 0.1 * number) for number in range(1000))


@pytest.mark.parametrize("standing", [Standing.KNOWN, Standing.TRUSTED])
def test_known_sources_have_a_higher_rate_and_are_not_banned_for_noise(standing: Standing) -> None:
    door = guard(standing)
    read = sum(door.admit("198.51.100.7", 0.0) for number in range(3000))
    assert read >= SETTINGS.burst * RATES[Standing.KNOWN]
    for _ in range(1000):
        door.offend("198.51.100.7", Offence.NONSENSE, 0.0)
    assert door.bans() == []
    assert door.admit("198.51.100.7", 10.0)


def test_a_carrier_is_never_slowed() -> None:
    door = guard(Standing.TRUSTED)
    assert all(door.admit("198.51.100.1", 0.0) for _ in range(100_000))


def test_behind_a_phone_guessing_takes_longer_but_ends() -> None:
    door = guard(Standing.KNOWN)
    tries = 0
    while not door.bans():
        door.offend("198.51.100.7", Offence.CREDENTIALS, 0.0)
        tries += 1
    assert tries == 25


def test_switched_off_it_counts_and_slows_only() -> None:
    door = guard(settings=GuardSettings(ban=False))
    for _ in range(1000):
        door.offend(SCANNER, Offence.CREDENTIALS, 0.0)
    assert door.bans() == []
    assert door.counters().offences == 1000
    assert sum(door.admit(SCANNER, 0.0) for _ in range(1000)) == 300


def test_switching_it_off_releases_who_was_banned() -> None:
    door = guard(settings=GuardSettings(tolerance=3))
    for _ in range(3):
        door.offend(SCANNER, Offence.REFUSED, 0.0)
    door.configure(GuardSettings(ban=False), 1.0)
    assert door.admit(SCANNER, 1.0)


def test_a_whole_ipv6_network_is_one_source() -> None:
    door = guard(settings=GuardSettings(tolerance=3))
    for number in range(3):
        door.offend(f"2001:db8:1:2::{number:x}", Offence.NONSENSE, 0.0)
    assert not door.admit("2001:db8:1:2:dead:beef::1", 0.0)
    assert door.admit("2001:db8:1:3::1", 0.0)
    assert door.lift("2001:db8:1:2::/64", 0.0)
    assert door.admit("2001:db8:1:2::1", 0.0)


def test_sources() -> None:
    assert source_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert source_of("2001:db8::1") == "2001:db8::/64"
    assert source_of("fe80::1%eth0") == "fe80::1"
    assert source_of("::1") == "::1"
    with pytest.raises(ValueError, match="nobody"):
        source_of("nobody")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softacd.sip.guard.MOST_SOURCES", 100)
    monkeypatch.setattr("softacd.sip.guard.MOST_BANS", 10)
    door = guard(settings=GuardSettings(tolerance=3))
    for number in range(500):
        host = f"10.0.{number // 250}.{number % 250}"
        assert door.admit(host, 0.0)
        for _ in range(3):
            door.offend(host, Offence.NONSENSE, 0.0)
        door.admit(f"10.1.{number // 250}.{number % 250}", 0.0)
    assert len(door.bans()) == 10
    assert door.counters().sources <= 100


def test_every_offence_and_standing_has_its_row() -> None:
    assert set(OFFENCE_WEIGHTS) == set(Offence)
    assert set(RATES) == set(Standing)
