"""A browser at the media engine, with real sockets: checks, handshake, encrypted sound both ways, RTCP on one port."""

import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from softacd.rtp import rtcp, stun
from softacd.rtp.packet import Packet, parse
from softacd.rtp.vocabulary import (
    AnyCommand,
    Bridge,
    DtlsPeer,
    HandshakeFailed,
    IceCredentials,
    OpenStream,
    SetRemote,
    StreamStarted,
)
from softacd.runtime.media import handshakes
from softacd.runtime.media.dtls import Association, Identity, State
from softacd.runtime.media.secure import SecureChannel
from softacd.runtime.media.transport import RTCP
from tests.runtime.media.bench import HOST, PCMU, Bench, Phone, tone
from tests.runtime.media.test_dtls import expected

ICE = IceCredentials("ours", "p" * 24)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    path = tmp_path / "music/default.wav"
    path.parent.mkdir(parents=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(tone(8000).tobytes())
    made = Bench(tmp_path)
    yield made
    made.close()


class Browser(Phone):
    """A phone that checks its way, shakes hands as the active end, and encrypts."""

    def __init__(self, bench: Bench, stream: int, *, ice: bool = True) -> None:
        super().__init__()
        bench.phones.append(self)
        self.bench, self.stream, self.ice = bench, stream, ice
        self.identity = Identity.create()
        self.association: Association | None = None
        self.secure: SecureChannel | None = None

    def commands(self, *, identity: Identity | None = None, ice: IceCredentials = ICE) -> list[AnyCommand]:
        """What the control side says of this browser."""
        if self.target[1] == 9:
            self.bench.until(lambda: bool(self.bench.ports), "a port")
            port = self.bench.ports.pop(0)
            self.target = (port.host, port.rtp)
            opening: list[AnyCommand] = [OpenStream(self.stream, port)]
        else:
            opening = []
        host, port_number = ("0.0.0.0", 9) if self.ice else self.address
        peer = expected(identity or self.identity, active=False)
        remote = SetRemote(
            stream=self.stream,
            host=host,
            rtp_port=port_number,
            rtcp_port=port_number,
            codec=PCMU,
            telephone_event=101,
            dtls=peer,
            ice=ice if self.ice else None,
            rtcp_mux=True,
        )
        return [*opening, remote]

    def check(self, *, nominate: bool = True, credentials: IceCredentials = ICE) -> stun.Message:
        """One check and its answer."""
        wanted = [(stun.USERNAME, f"{credentials.ufrag}:theirs".encode()), (stun.ICE_CONTROLLING, bytes(8))]
        wanted += [(stun.USE_CANDIDATE, b"")] if nominate else []
        self.rtp.sendto(stun.request(bytes(12), wanted, credentials.password.encode()), self.target)
        while True:
            data = self.rtp.recv(2048)
            if data[0] < 4:
                return stun.parse(data)

    def shake_hands(self) -> None:
        """Until the keys are there."""
        name, _, value = self.bench.engine.fingerprint.partition(" ")
        peer = DtlsPeer(((name, bytes.fromhex(value.replace(":", ""))),), active=True)
        association = self.association = Association(self.identity.context(), peer)
        association.begin()
        while association.state is State.RUNNING:
            for datagram in association.outgoing:
                self.rtp.sendto(datagram, self.target)
            association.outgoing.clear()
            association.receive(self.rtp.recv(2048))
        assert association.keys is not None, association.error
        self.secure = SecureChannel(association.keys)

    def say(self, payload: bytes = b"", *, target: tuple[str, int] | None = None) -> bytes:
        assert self.secure is not None
        payload = payload or bytes(160)
        packet = Packet(0, self.sequence, self.timestamp, self.ssrc, payload).build()
        self.rtp.sendto(self.secure.close(packet), target or self.target)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + 160) & 0xFFFF_FFFF
        return payload

    def receive(self) -> bytes:
        """The next packet of media, RTP or RTCP, plain."""
        assert self.secure is not None
        while True:
            data = bytearray(self.rtp.recv(2048))
            if data[0] >= 128:
                if data[1] in RTCP:
                    return self.secure.open_rtcp(bytes(data))
                length = self.secure.open(data, len(data))
                assert length
                return bytes(data[:length])

    def hear(self) -> Packet:
        while True:
            data = self.receive()
            if data[1] not in RTCP:
                return parse(data)


def talking(bench: Bench, *, ice: bool = True) -> tuple[Browser, Phone]:
    """A browser and a desk phone in conversation."""
    browser, desk = Browser(bench, 1, ice=ice), bench.phone(2)
    bench.submit(*browser.commands(), Bridge(1, 2))
    if ice:
        browser.check()
    browser.shake_hands()
    browser.say(b"\x05" * 160)
    bench.expect(StreamStarted, stream=1)
    assert desk.hear().payload == b"\x05" * 160
    desk.say(b"\x07" * 160)
    assert browser.hear().payload == b"\x07" * 160
    return browser, desk


@pytest.mark.parametrize("ice", [True, False])
def test_a_browser_and_a_desk_phone_hear_each_other(bench: Bench, ice: bool) -> None:
    browser, desk = talking(bench, ice=ice)
    for number in range(20):
        said = browser.say(bytes([number]) * 160)
        assert desk.hear().payload == said
        said = desk.say(bytes([number]) * 160)
        assert browser.hear().payload == said


def test_nothing_is_said_or_believed_before_the_keys_are_there(bench: Bench) -> None:
    browser, desk = Browser(bench, 1), bench.phone(2)
    bench.submit(*browser.commands(), Bridge(1, 2))
    browser.check()
    Phone.say(browser)  # plain
    desk.say()
    assert browser.hears_nothing()
    assert desk.hears_nothing()


def test_strangers_get_no_answer_and_no_sound(bench: Bench) -> None:
    """Not by checks with a wrong password, not by handshakes, not by packets, even if copied from the browser's."""
    browser, desk = talking(bench)
    stranger = Browser(bench, 9)
    stranger.target = browser.target
    message = stranger.check(credentials=IceCredentials("ours", "q" * 24))
    assert message.kind == stun.BINDING_ERROR
    stranger.rtp.settimeout(0.2)
    with pytest.raises(TimeoutError):
        stranger.shake_hands()
    Phone.say(stranger)
    assert browser.secure is not None
    copied = browser.secure.close(Packet(0, browser.sequence, browser.timestamp, browser.ssrc, bytes(160)).build())
    stranger.rtp.sendto(copied, stranger.target)
    assert desk.hears_nothing()
    browser.sequence += 1
    said = browser.say(b"\x09" * 160)
    assert desk.hear().payload == said


def test_a_browser_that_comes_from_elsewhere_goes_on_talking(bench: Bench) -> None:
    """From the office's network to the mobile one: other address, same keys, no signalling."""
    browser, desk = talking(bench)
    before = Phone()
    bench.phones.append(before)
    browser.rtp, before.rtp = before.rtp, browser.rtp
    browser.check()
    said = browser.say(b"\x0a" * 160)
    assert desk.hear().payload == said
    said = desk.say(b"\x0b" * 160)
    assert browser.hear().payload == said
    assert before.hears_nothing()


def test_an_ice_restart_takes_new_credentials(bench: Bench) -> None:
    browser, desk = talking(bench)
    second = IceCredentials("again", "r" * 24)
    bench.submit(*browser.commands(ice=second))
    assert browser.check(credentials=second).kind == stun.BINDING_SUCCESS
    said = browser.say(b"\x0c" * 160)  # the keys stay
    assert desk.hear().payload == said


def test_reports_share_the_port(bench: Bench) -> None:
    browser, desk = talking(bench)
    assert browser.secure is not None
    sender = rtcp.SenderInfo(rtcp.ntp_time(time.time()), browser.timestamp, 1, 160)
    report = rtcp.build(rtcp.Report(browser.ssrc, sender, ()), "browser")
    browser.rtp.sendto(browser.secure.close_rtcp(report), browser.target)
    said = browser.say(b"\x0d" * 160)
    assert desk.hear().payload == said
    bench.engine.stop(5.0)  # its BYE comes the same way
    data = browser.receive()
    while data[1] not in RTCP:
        data = browser.receive()
    compound = rtcp.parse(data)
    assert compound.reports[0].blocks[0].last_report == rtcp.middle(sender.ntp)


def test_another_certificate_than_was_told_of_is_told_to_the_control_side(bench: Bench) -> None:
    browser = Browser(bench, 1)
    bench.submit(*browser.commands(identity=Identity.create()))
    browser.check()
    browser.shake_hands()  # its own half of the handshake is good
    failed = bench.expect(HandshakeFailed, stream=1)
    assert "certificate" in failed.reason


def test_a_peer_that_never_shakes_hands_is_told_to_the_control_side(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshakes, "WITHIN_SECONDS", 0.2)
    browser = Browser(bench, 1)
    bench.submit(*browser.commands())
    assert "no handshake" in bench.expect(HandshakeFailed, stream=1).reason


def test_another_certificate_later_begins_a_new_association(bench: Bench) -> None:
    browser, desk = talking(bench)
    browser.identity = Identity.create()
    bench.submit(*browser.commands())
    Phone.say(browser)
    browser.shake_hands()
    said = browser.say(b"\x0e" * 160)
    assert desk.hear().payload == said


def test_the_active_end_may_be_ours(bench: Bench) -> None:
    """A desk phone that wants to be called on: we send the ClientHello to where its description says."""
    phone, desk = Browser(bench, 1, ice=False), bench.phone(2)
    opening, remote = phone.commands()
    assert isinstance(remote, SetRemote)
    fingerprints = expected(phone.identity, active=True).fingerprints
    active = SetRemote(1, HOST, phone.address[1], phone.address[1], PCMU, dtls=DtlsPeer(fingerprints, active=True))
    bench.submit(opening, active, Bridge(1, 2))
    name, _, value = bench.engine.fingerprint.partition(" ")
    association = Association(phone.identity.context(), DtlsPeer(((name, bytes.fromhex(value.replace(":", ""))),)))
    while association.state is State.RUNNING:
        association.receive(phone.rtp.recv(2048))
        for datagram in association.outgoing:
            phone.rtp.sendto(datagram, phone.target)
        association.outgoing.clear()
    assert association.keys is not None
    phone.secure = SecureChannel(association.keys)

    def heard() -> bool:
        phone.say()
        return not desk.hears_nothing()

    bench.until(heard, "the engine's end of the handshake, which is the last to have the keys")
