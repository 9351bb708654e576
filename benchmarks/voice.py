"""What work on the sound itself costs: CPU for one stream and one packet time, many streams at once.

Mixing rooms of three, transcoding, searching for keys pressed as tones, encryption, and what a recording adds to a
relayed packet. The yardstick is what numpy needs merely to decode and encode the same packets one by one. All in one
thread, no sockets. `python -m benchmarks.voice [streams] [rounds]`
"""

import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks.harness import Figures, figure, table
from softacd.rtp.codec import WIDE_FRAME
from softacd.rtp.core import MediaCore
from softacd.rtp.g711 import decode, encode
from softacd.rtp.mixer import Mixer
from softacd.rtp.model import MediaSettings
from softacd.rtp.packet import Packet
from softacd.rtp.recording import Recording
from softacd.rtp.tone_detection import Listener, detect
from softacd.rtp.vocabulary import Bridge, Codec, SetRemote, SrtpKeys
from softacd.runtime.media.clips import ClipLibrary
from softacd.runtime.media.codecs import WIDE
from softacd.runtime.media.secure import SecureChannel

CODEC = Codec("PCMA", 8)
ONE_BY_ONE = "numpy, packet by packet"
REPEATS = 5


def _best(work: Callable[[], object], packets: int) -> float:
    """Microseconds of CPU a packet, best of several."""
    work()
    best = float("inf")
    for _ in range(REPEATS):
        began = time.thread_time()
        work()
        best = min(best, time.thread_time() - began)
    return best / packets * 1e6


def _voice(number: int) -> bytes:
    chance = np.random.default_rng(number)
    return encode("PCMA", chance.normal(0, 3000, 160).astype(np.int16))


def _mixing(streams: int, rounds: int) -> float:
    core = MediaCore(MediaSettings(), ClipLibrary([]).get, lambda bits: 7, "bench@softacd")
    mixer = Mixer()
    for stream in range(streams):
        core.open(stream, 0.0)
        core.set_remote(SetRemote(stream, "127.0.0.1", 9, 10, CODEC, 101), 0.0)
        mixer.join(core.sessions[stream], stream // 3, None)
    payloads = [_voice(number) for number in range(8)]
    timestamp = 0

    def work() -> None:
        nonlocal timestamp
        for _ in range(rounds):
            for seat in mixer:
                seat.hear("PCMA", timestamp, payloads[timestamp // 160 % 8], 0.0)
            timestamp = timestamp + 160 & 0xFFFF_FFFF
            for session, payload, fresh in mixer.tick():
                session.outbound.packet(payload, 0.0, fresh=fresh)

    return _best(work, streams * rounds)


def _transcoding(name: str, streams: int, rounds: int) -> float:
    """Bridges between A-law and codec `name`, half of the streams each: for one packet in and one out of a stream."""
    core = MediaCore(MediaSettings(), ClipLibrary([]).get, lambda bits: 7, "bench@softacd", WIDE)
    clock = 48_000 if name == "OPUS" else 8000
    other = Codec(name, 96, clock, 40 if name == "PCMA" else 20)  # A-law towards itself: other packet times
    for stream in range(streams):
        core.open(stream, 0.0)
        core.set_remote(SetRemote(stream, "127.0.0.1", 9, 10, other if stream % 2 else CODEC, 101), 0.0)
    for stream in range(0, streams, 2):
        core.handle(Bridge(stream, stream + 1), 0.0)
    if any(session.seat is None for session in core.sessions.values()):
        raise RuntimeError("the streams are relayed, not transcoded")
    chance = np.random.default_rng(1)
    wide = [chance.normal(0, 3000, WIDE_FRAME).astype(np.int16) for _ in range(8)]
    encoder = WIDE[name].encoder() if name in WIDE else None
    spoken = [[_voice(number) for number in range(8)], [encoder.encode(line) for line in wide] if encoder else []]
    spoken[1] = spoken[1] or spoken[0]
    timestamps = [0, 0]
    now = 0.0

    def work() -> None:
        nonlocal now
        for turn in range(rounds):
            for stream, session in core.sessions.items():
                if session.seat is not None and session.codec is not None:
                    side = stream % 2
                    session.seat.hear(session.codec.name, timestamps[side], spoken[side][turn % 8], now)
            timestamps[0] = timestamps[0] + 160 & 0xFFFF_FFFF
            timestamps[1] = timestamps[1] + clock // 50 & 0xFFFF_FFFF
            now += 0.02
            core.tick(now)

    return _best(work, streams * rounds)


def _detection(streams: int, rounds: int) -> float:
    listeners = [Listener(number) for number in range(streams)]
    payload = _voice(1)

    def work() -> None:
        for _ in range(rounds):
            for listener in listeners:
                listener.hear("PCMA", 0, payload, 0.0)
            detect(listeners)

    return _best(work, streams * rounds)


def _recording(streams: int, rounds: int) -> float:
    recordings = [Recording(number, number, "bench.wav", 0.0) for number in range(streams)]
    payload = _voice(1)
    now = 0.0

    def work() -> None:
        nonlocal now
        for _ in range(rounds):
            timestamp = round(now * 8000)
            for recording in recordings:
                recording.said("PCMA", timestamp, payload, now)
                recording.heard("PCMA", timestamp, payload, now)
            now += 0.02
        for recording in recordings:
            recording.piece(now)

    return _best(work, 2 * streams * rounds)


def _encryption(streams: int, rounds: int) -> float:
    ours = SecureChannel(SrtpKeys("AES_CM_128_HMAC_SHA1_80", bytes(30), bytes(range(30))))
    theirs = SecureChannel(SrtpKeys("AES_CM_128_HMAC_SHA1_80", bytes(range(30)), bytes(30)))
    sequence = 0
    buffer = bytearray(2048)

    def work() -> None:
        nonlocal sequence
        for _ in range(rounds * streams // 2):
            sequence = sequence + 1 & 0xFFFF
            packet = ours.close(Packet(8, sequence, 160 * sequence & 0xFFFF_FFFF, 5, bytes(160)).build())
            buffer[: len(packet)] = packet
            if not theirs.open(buffer, len(packet)):
                raise RuntimeError("the other end did not believe its own key")

    return _best(work, rounds * streams // 2 * 2)


def _one_by_one(streams: int, rounds: int) -> float:
    payload = _voice(1)

    def work() -> None:
        for _ in range(streams * rounds):
            encode("PCMA", decode("PCMA", payload))

    return _best(work, streams * rounds)


def run(streams: int = 300, rounds: int = 20) -> Figures:
    """Measure `streams` streams for `rounds` packet times."""
    floor = _one_by_one(streams, rounds)
    measured = {
        "mixing_cpu_per_packet": _mixing(streams, rounds),
        **{
            f"transcoding_{name.lower()}_cpu_per_packet": _transcoding(name, streams, rounds)
            for name in (*WIDE, "PCMA")
        },
        "tone_detection_cpu_per_packet": _detection(streams, rounds),
        "recording_cpu_per_packet": _recording(streams, rounds),
        "srtp_cpu_per_packet": _encryption(streams, rounds),
    }
    figures = {name: figure(value, "us", beside=floor, ratio_to=ONE_BY_ONE) for name, value in measured.items()}
    figures["mixed_streams_per_core"] = figure(20_000 / measured["mixing_cpu_per_packet"], "streams", better="higher")
    for name in WIDE:
        each = measured[f"transcoding_{name.lower()}_cpu_per_packet"]
        figures[f"{name.lower()}_calls_per_core"] = figure(10_000 / each, "calls", better="higher")
    figures["decode_and_encode_one_by_one"] = figure(floor, "us")
    return figures


if __name__ == "__main__":
    print(table(run(*map(int, sys.argv[1:]))))
