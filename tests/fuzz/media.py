"""The media core under fuzz: RTP, RTCP, key presses and the buffers behind them."""

import struct
from collections.abc import Callable

import numpy as np

from softacd.rtp import rtcp
from softacd.rtp.clips import Clip
from softacd.rtp.codec import WIDE_FRAME, CodecError
from softacd.rtp.core import MediaCore
from softacd.rtp.model import MediaSettings
from softacd.rtp.packet import HEADER_SIZE, Packet, PacketError, parse
from softacd.rtp.packet_jitter import PacketBuffer
from softacd.rtp.session import Session
from softacd.rtp.telephone_event import KEYS, EventReceiver
from softacd.rtp.vocabulary import Bridge, Codec, DigitPressed, SetRemote, StartRecording
from softacd.runtime.media.codecs import WIDE

PEER = ("192.0.2.9", 40_000)
LONGEST = 2048
PIECE = 172
"""An input longer than this is several packets."""


def pieces(data: bytes) -> list[bytes]:
    """The packets an input stands for: each begins with its length less 12, in one octet."""
    found = []
    while data and len(found) < 20:
        size = min(data[0] + 12, PIECE)
        found.append(data[1 : 1 + size])
        data = data[1 + size :]
    return found


def packet(data: bytes) -> None:
    """A packet or a PacketError; what was read can be written, and reads the same."""
    try:
        read = parse(data)
    except PacketError:
        return
    assert parse(read.build()) == read


def _core(one: Codec, other: Codec) -> tuple[MediaCore, Session, Session]:
    core = MediaCore(MediaSettings(), _no_clip, lambda bits: 7, "fuzz@softacd", WIDE)
    for stream, codec in ((1, one), (2, other)):
        core.open(stream, 0.0)
        core.set_remote(SetRemote(stream, PEER[0], PEER[1] + stream * 2, 40_001, codec, 101), 0.0)
    core.handle(StartRecording(1, 1, "a.wav"), 0.0)
    core.handle(Bridge(1, 2), 0.0)
    return core, core.sessions[1], core.sessions[2]


def _no_clip(name: str) -> Clip:
    raise AssertionError(f"nobody plays {name}")


def _relay(data: bytes, one: Codec, other: Codec) -> None:
    core, session, towards = _core(one, other)
    buffer = bytearray(LONGEST)
    sent: list[tuple[int, int]] = []
    now = 0.0
    for piece in pieces(data):
        now += 0.02
        buffer[: len(piece)] = piece
        if core.consider(session, (PEER[0], PEER[1] + 2), buffer, len(piece), now):
            length = session.inbound.receive(buffer, len(piece), now)
            assert 0 <= length <= LONGEST
            if length:
                out = parse(bytes(buffer[:length]))
                assert out.ssrc == towards.outbound.ssrc
                assert length >= HEADER_SIZE
                sent.append((out.sequence, out.payload_type))
        for _, made in core.tick(now):
            parse(made)
        core.check(now, now)
    assert all(kind in (other.payload_type, 101) for _, kind in sent), "only what was agreed is sent"
    assert all(event.digit in KEYS for event in core.events if isinstance(event, DigitPressed))
    core.close(1, now, now)
    core.close(2, now, now)


def relayed(data: bytes) -> None:
    """Whatever a peer sends, the other gets valid packets of what was agreed, or none."""
    _relay(data, Codec("PCMA", 8), Codec("PCMU", 0))


def transcoded(data: bytes) -> None:
    """The same through decoder, jitter buffer, mixer and encoder."""
    _relay(data, Codec("OPUS", 96, 48_000), Codec("PCMA", 8))


def reports(data: bytes) -> None:
    """A compound packet or an RtcpError; a session survives it, and its figures stay figures."""
    try:
        compound = rtcp.parse(data)
    except rtcp.RtcpError:
        compound = None
    if compound is not None:
        for report in compound.reports:
            again = rtcp.parse(rtcp.build(report, "a@b")).reports[0]
            assert again.ssrc == report.ssrc
            assert again.blocks == report.blocks
    core, session, _ = _core(Codec("PCMA", 8), Codec("PCMU", 0))
    session.receive_rtcp(data, (PEER[0], PEER[1] + 3), 1.0, 1_700_000_000.0)
    statistics = session.statistics(2.0)
    assert 0 <= statistics.remote_mos <= 4.5
    assert rtcp.parse(session.report("a@b", 2.0, 1_700_000_001.0)).reports
    core.close(1, 2.0, 2.0)


def keys(data: bytes) -> None:
    """Event packets in any order: keys or nothing, never two of one event's packets."""
    receiver = EventReceiver()
    before: tuple[int, int] | None = None
    for at in range(0, len(data) - 7, 8):
        (timestamp,) = struct.unpack_from("!I", data, at)
        payload = data[at + 4 : at + 8]
        digit = receiver.receive(payload, timestamp)
        assert digit == "" or digit in KEYS
        if digit and before is not None:
            assert before != (timestamp, payload[0]), "one event is one key"
        before = (timestamp, payload[0])


def buffer(data: bytes) -> None:
    """Packets of any content and time: 20 ms of sound or silence at every turn, and nothing piles up."""
    line = PacketBuffer(WIDE["OPUS"].decoder(), 48_000)
    for piece in pieces(data):
        if len(piece) > 4:
            line.put(int.from_bytes(piece[:4], "big"), piece[4:])
        frame = line.take()
        assert frame is None or len(frame) == WIDE_FRAME
    for _ in range(20):
        line.take()


def decoded(data: bytes) -> None:
    """Any payload decodes to at most 120 ms, or is refused."""
    for codec in WIDE.values():
        decoder = codec.decoder()
        try:
            samples = decoder.decode(data)
        except CodecError:
            continue
        assert len(samples) <= max(1920, 2 * len(data))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "packet": packet,
    "relayed": relayed,
    "transcoded": transcoded,
    "reports": reports,
    "keys": keys,
    "buffer": buffer,
    "decoded": decoded,
}


def _run(*packets: bytes) -> bytes:
    return b"".join(bytes([max(len(data) - 12, 0)]) + data.ljust(12, b"\0") for data in packets)


_VOICE = [Packet(8, number, 160 * number, 5, bytes([number]) * 40).build() for number in (1, 2, 4, 3, 3)]
_SILENCE = np.zeros(WIDE_FRAME, np.int16)
_OPUS = [Packet(96, number, 960 * number, 5, WIDE["OPUS"].encoder().encode(_SILENCE)).build() for number in range(4)]
_KEY = [Packet(101, 9 + number, 1600, 5, struct.pack("!BBH", 5, 0x0A | (number > 1) << 7, 160 * (number + 1))).build()
        for number in range(4)]  # fmt: skip
_BLOCK = rtcp.ReportBlock(7, 12, 3, 500, 80, 0x1234, 0x10000)
SEEDS: dict[str, list[bytes]] = {
    "packet": [_VOICE[0], Packet(8, 1, 2, 3, b"abc", True, (1, 2), (0xBEDE, b"\x10\x00\x00\x00")).build()],
    "relayed": [_run(*_VOICE, *_KEY)],
    "transcoded": [_run(*_OPUS, *_KEY)],
    "reports": [
        rtcp.build(rtcp.Report(5, rtcp.SenderInfo(1 << 40, 1, 2, 3), (_BLOCK,)), "a@b", goodbye=True),
        rtcp.build(rtcp.Report(5, None, ()), "a@b"),
    ],
    "keys": [b"".join(struct.pack("!I", 1600) + data[12:] for data in _KEY)],
    "buffer": [_run(*(data[4:8] + data[12:].ljust(20, b"\0") for data in _OPUS))],
    "decoded": [_OPUS[0][12:], bytes(160)],
}
