"""Whose packets a stream takes."""

from softacd.rtp.latch import LINGER_SECONDS, Latch

SDP, OUTSIDE, STRANGER = ("10.0.0.5", 4000), ("203.0.113.9", 61_000), ("198.51.100.66", 5000)


def test_nobody_before_an_agreement() -> None:
    latch = Latch()
    assert not latch.consider(SDP, 0.0, valid=True).accepted
    assert latch.destination is None
    assert latch.strangers == 0


def test_the_first_valid_source_becomes_the_peer() -> None:
    latch = Latch()
    assert latch.agree(*SDP, free=True, now=0.0)
    assert latch.destination == SDP
    assert not latch.consider(STRANGER, 0.0, valid=False).accepted
    assert latch.consider(OUTSIDE, 0.0, valid=True) == (True, True)
    assert latch.consider(OUTSIDE, 0.1, valid=False) == (True, False)
    assert not latch.consider(STRANGER, 0.1, valid=True).accepted
    assert (latch.destination, latch.strangers) == (OUTSIDE, 2)


def test_the_same_agreement_again_changes_nothing() -> None:
    latch = Latch()
    latch.agree(*SDP, free=True, now=0.0)
    latch.consider(OUTSIDE, 0.0, valid=True)
    assert not latch.agree(*SDP, free=True, now=1.0)
    assert latch.peer == OUTSIDE


def test_late_packets_of_the_old_address_cannot_win_the_new_latch() -> None:
    latch = Latch()
    latch.agree(*SDP, free=True, now=0.0)
    latch.consider(OUTSIDE, 0.0, valid=True)
    assert latch.agree("10.0.0.6", 4000, free=True, now=10.0)
    assert not latch.consider(OUTSIDE, 10.01, valid=True).accepted
    assert latch.destination == ("10.0.0.6", 4000)
    # Unless nothing else comes: the same NAT binding may serve the new address.
    assert latch.consider(OUTSIDE, 10.0 + LINGER_SECONDS, valid=True).latched


def test_the_agreed_address_is_taken_even_if_it_was_the_old_one() -> None:
    latch = Latch()
    latch.agree(*SDP, free=True, now=0.0)
    latch.consider(SDP, 0.0, valid=True)
    latch.agree("10.0.0.6", 4000, free=True, now=10.0)
    latch.agree(*SDP, free=True, now=10.1)
    assert latch.consider(SDP, 10.2, valid=True).latched


def test_without_latch_the_host_must_be_the_agreed_one() -> None:
    latch = Latch()
    latch.agree(*SDP, free=False, now=0.0)
    assert not latch.consider(OUTSIDE, 0.0, valid=True).accepted
    assert latch.consider(("10.0.0.5", 4444), 0.0, valid=True).latched
    assert latch.destination == SDP  # it hears where it asked to, whatever port it sends from
