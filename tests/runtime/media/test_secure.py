"""Encrypted streams: only the peer's own packets are heard, and nothing leaves in the clear."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from softacd.rtp.packet import Packet, parse
from softacd.rtp.vocabulary import Bridge, SetRemote, SrtpKeys, StreamStarted
from softacd.runtime.media.secure import SecureChannel
from tests.runtime.media.bench import HOST, PCMU, Bench, Phone

SUITE = "AES_CM_128_HMAC_SHA1_80"
OURS, THEIRS, OTHERS = bytes(range(30)), bytes(range(100, 130)), bytes(range(60, 90))
KEYS = SrtpKeys(SUITE, OURS, THEIRS)


def peer(local: bytes = THEIRS, remote: bytes = OURS, suite: str = SUITE) -> SecureChannel:
    """The other end of `KEYS`."""
    return SecureChannel(SrtpKeys(suite, local, remote))


def packet(sequence: int, payload: bytes = b"v" * 160) -> bytes:
    return Packet(0, sequence, 160 * sequence, 77, payload).build()


def opened(channel: SecureChannel, data: bytes) -> bytes:
    buffer = bytearray(data.ljust(2048))
    return bytes(buffer[: channel.open(buffer, len(data))])


@pytest.mark.parametrize("suite", [SUITE, "AES_CM_128_HMAC_SHA1_32"])
def test_both_directions_each_under_its_own_key(suite: str) -> None:
    ours, theirs = SecureChannel(SrtpKeys(suite, OURS, THEIRS)), peer(suite=suite)
    for sequence in (65_534, 65_535, 0, 1):  # across the roll-over of the number
        assert opened(ours, theirs.close(packet(sequence))) == packet(sequence)
        assert opened(theirs, ours.close(packet(sequence))) == packet(sequence)
    assert (ours.failures, theirs.failures) == (0, 0)


def test_what_is_changed_replayed_plain_or_a_stranger_s_is_dropped() -> None:
    ours, theirs = SecureChannel(KEYS), peer()
    good = theirs.close(packet(1))
    assert opened(ours, good[:-1] + bytes([good[-1] ^ 1])) == b""
    assert opened(ours, good) == packet(1)
    assert opened(ours, good) == b""
    assert opened(ours, packet(2)) == b""
    assert opened(ours, peer(local=OTHERS).close(packet(3))) == b""
    assert opened(ours, b"") == b""
    assert opened(ours, bytes(2000)) == b""
    assert ours.failures == 6


def test_rtcp_is_encrypted_too() -> None:
    ours, theirs = SecureChannel(KEYS), peer()
    report = bytes.fromhex("80c9000100000007")
    closed = ours.close_rtcp(report)
    assert closed[:8] == report
    assert len(closed) == len(report) + 14
    assert theirs.open_rtcp(closed) == report
    assert theirs.open_rtcp(report) == b""


def test_a_packet_too_long_to_close_is_not_sent() -> None:
    assert SecureChannel(KEYS).close(bytes(1500)) == b""


def test_keys_are_never_shown() -> None:
    assert "***" in repr(KEYS)
    assert str(OURS[:4]) not in repr(SetRemote(1, HOST, 1, 2, PCMU, srtp=KEYS))


# --- in the engine -----------------------------------------------------------------------------------------------


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def encrypted(bench: Bench, stream: int, keys: SrtpKeys = KEYS) -> Phone:
    """A phone whose stream is encrypted; what it says and hears here is still as on the wire."""
    port = bench.open(stream)
    phone = Phone(PCMU)
    phone.target = (HOST, port.rtp)
    bench.phones.append(phone)
    agree(bench, stream, phone, keys)
    return phone


def agree(bench: Bench, stream: int, phone: Phone, keys: SrtpKeys | None) -> None:
    bench.submit(SetRemote(stream, *phone.address, phone.address[1] + 1, PCMU, 101, srtp=keys))


def test_an_encrypted_phone_talks_to_a_plain_one(bench: Bench) -> None:
    secure, plain = encrypted(bench, 1), bench.phone(2)
    bench.submit(Bridge(1, 2))
    channel = peer()
    plain.say()
    first = parse(opened(channel, secure.rtp.recv(2048)))
    assert len(first.payload) == 160
    for sequence in range(1, 6):
        secure.rtp.sendto(channel.close(packet(sequence)), secure.target)
        assert plain.hear().payload == b"v" * 160
        said = plain.say()
        assert parse(opened(channel, secure.rtp.recv(2048))).payload == said
    assert channel.failures == 0


def test_who_has_not_the_key_is_not_heard_and_does_not_become_the_peer(bench: Bench) -> None:
    secure, plain = encrypted(bench, 1), bench.phone(2)
    bench.submit(Bridge(1, 2))
    intruder = Phone(PCMU)
    bench.phones.append(intruder)
    intruder.rtp.sendto(packet(1), secure.target)  # in the clear
    intruder.rtp.sendto(peer(local=OTHERS).close(packet(2)), secure.target)
    assert plain.hears_nothing()
    channel = peer()
    secure.rtp.sendto(channel.close(packet(1)), secure.target)
    assert plain.hear().payload == b"v" * 160
    assert bench.expect(StreamStarted, stream=1).port == secure.address[1]
    intruder.rtp.sendto(packet(2), secure.target)
    assert plain.hears_nothing()


def test_keys_that_stay_go_on_counting_and_new_ones_are_taken(bench: Bench) -> None:
    secure, plain = encrypted(bench, 1), bench.phone(2)
    bench.submit(Bridge(1, 2))
    channel = peer()
    secure.rtp.sendto(channel.close(packet(1)), secure.target)
    plain.hear()
    agree(bench, 1, secure, KEYS)  # a re-INVITE: hold, resume
    secure.rtp.sendto(channel.close(packet(2)), secure.target)
    assert plain.hear().payload == b"v" * 160
    agree(bench, 1, secure, SrtpKeys(SUITE, OURS, OTHERS))
    secure.rtp.sendto(channel.close(packet(3)), secure.target)
    assert plain.hears_nothing()
    secure.rtp.sendto(peer(local=OTHERS).close(packet(4)), secure.target)
    assert plain.hear().payload == b"v" * 160
    agree(bench, 1, secure, None)
    secure.rtp.sendto(packet(5), secure.target)
    assert plain.hear().payload == b"v" * 160
