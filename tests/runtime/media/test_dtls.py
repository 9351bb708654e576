"""Handshakes between two ends of ours in memory: keys that fit, certificates that do not, and lost datagrams."""

import hashlib
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from softacd.rtp.vocabulary import DtlsPeer
from softacd.runtime.media.dtls import MTU, Association, Identity, State, datagrams

OURS, THEIRS = Identity.create(), Identity.create()


def expected(identity: Identity, *, active: bool) -> DtlsPeer:
    """The peer that has `identity`."""
    name, _, value = identity.fingerprint.partition(" ")
    return DtlsPeer(((name, bytes.fromhex(value.replace(":", ""))),), active)


def ends(*, server: Identity = OURS, client: Identity = THEIRS) -> tuple[Association, Association]:
    """A passive end that expects OURS and THEIRS to meet, and the active one, which has begun."""
    passive = Association(server.context(), expected(THEIRS, active=False))
    active = Association(client.context(), expected(OURS, active=True))
    active.begin()
    return passive, active


def take(end: Association) -> list[bytes]:
    flight = list(end.outgoing)
    end.outgoing.clear()
    return flight


def exchange(passive: Association, active: Association) -> None:
    """Carry datagrams until nobody has any more."""
    while passive.outgoing or active.outgoing:
        for datagram in take(active):
            passive.receive(datagram)
        for datagram in take(passive):
            active.receive(datagram)


def test_both_ends_have_each_other_s_keys() -> None:
    passive, active = ends()
    exchange(passive, active)
    assert (passive.state, active.state) == (State.SECURED, State.SECURED)
    assert passive.keys is not None
    assert active.keys is not None
    assert (passive.keys.local, passive.keys.remote) == (active.keys.remote, active.keys.local)
    assert (len(passive.keys.local), passive.keys.suite) == (30, "AES_CM_128_HMAC_SHA1_80")
    assert passive.timeout is None


def test_another_certificate_than_was_told_of_gets_no_keys() -> None:
    passive, active = ends(client=Identity.create())
    exchange(passive, active)
    assert (passive.state, passive.keys) == (State.FAILED, None)
    assert "certificate" in passive.error


def test_a_fingerprint_by_any_strong_hash() -> None:
    certificate = x509.load_pem_x509_certificate(THEIRS.pem)
    digest = hashlib.sha512(certificate.public_bytes(Encoding.DER)).digest()
    passive, active = ends()
    passive.peer = DtlsPeer((("sha-256", bytes(32)), ("sha-512", digest)))
    exchange(passive, active)
    assert passive.state is State.SECURED


def test_an_identity_travels_to_another_process() -> None:
    assert Identity(OURS.pem).fingerprint == OURS.fingerprint
    assert OURS.fingerprint not in repr(THEIRS)
    with pytest.raises(ValueError, match="PEM"):
        Identity(b"nothing")


def test_a_lost_last_flight_is_sent_again_when_the_peer_asks_for_it() -> None:
    passive, active = ends()
    for datagram in take(active):
        passive.receive(datagram)
    for datagram in take(passive):
        active.receive(datagram)
    for datagram in take(active):
        passive.receive(datagram)
    assert passive.state is State.SECURED
    assert take(passive)  # lost on the way
    time.sleep(active.timeout or 0.0)  # OpenSSL keeps this time itself
    active.handle_timeout()
    for datagram in take(active):
        passive.receive(datagram)
    for datagram in take(passive):
        active.receive(datagram)
    assert active.state is State.SECURED


def test_a_lost_first_flight_waits_for_its_time() -> None:
    _, active = ends()
    assert take(active)
    assert active.timeout is not None
    assert 0 < active.timeout <= 1.0
    active.handle_timeout()
    assert not active.outgoing


@pytest.mark.parametrize("data", [b"", b"\x16", b"\x16\xfe\xfd" + bytes(60), bytes(200), b"\x17" * 1400])
def test_what_is_no_dtls_changes_nothing(data: bytes) -> None:
    passive, active = ends()
    passive.receive(data)
    exchange(passive, active)
    assert passive.state is State.SECURED
    passive.receive(data)
    assert passive.state is State.SECURED


def test_records_are_never_cut_and_share_datagrams() -> None:
    def record(size: int) -> bytes:
        return b"\x16\xfe\xfd" + bytes(8) + (size - 13).to_bytes(2, "big") + bytes(size - 13)

    records = [record(size) for size in (700, 500, 1, MTU - 13, 100) if size > 13]
    made = datagrams(b"".join(records))
    assert b"".join(made) == b"".join(records)
    assert [len(datagram) for datagram in made] == [MTU, MTU - 13, 100]
