"""The engine and the negotiation against a real phone: baresip, answered by the smallest SIP responder there is."""

import asyncio
import contextlib
import re
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest

from softacd.rtp.vocabulary import (
    Bridge,
    Codec,
    DigitPressed,
    Play,
    SendDigits,
    SetRemote,
    StopPlay,
    StreamReport,
    StreamStarted,
)
from softacd.sdp.description import SessionDescription
from softacd.sdp.negotiation import LocalMedia, RemoteMedia, answer
from tests.runtime.media.bench import HOST, Bench, Event, tone

baresip = pytest.importorskip("baresip")
from baresip.call import Call, DigitEvent  # noqa: E402 - only where baresip is installed
from baresip.errors import AudioRestarted  # noqa: E402
from baresip.runtime import Runtime  # noqa: E402
from baresip.ua import UserAgent  # noqa: E402

pytestmark = [pytest.mark.interop, pytest.mark.timeout(60)]


class Responder(asyncio.DatagramProtocol):
    """Answers every INVITE with 200 and our answer to its SDP, each call as a stream of its own."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.streams: dict[str, int] = {}
        self.bodies: dict[str, bytes] = {}
        self.remotes: list[RemoteMedia] = []
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        head, _, body = data.partition(b"\r\n\r\n")
        text = head.decode()
        method = text.split(" ", 1)[0]
        if method in {"ACK", "SIP/2.0"}:
            return
        if method != "INVITE":
            self.respond(200, text, address)
            return
        self.respond(180, text, address)
        reply = self.agree(text, body)
        asyncio.get_running_loop().call_later(0.05, self.respond, 200, text, address, reply)

    def respond(self, status: int, text: str, address: tuple[str, int], reply: bytes = b"") -> None:
        kept = [line for line in text.split("\r\n")[1:] if re.match("(?i)(via|from|call-id|cseq):", line)]
        to = next(line for line in text.split("\r\n") if line.lower().startswith("to:"))
        kept += [to if "tag=" in to else f"{to};tag=us", f"Contact: <sip:{HOST}:{self.port}>"]
        kept += [*(["Content-Type: application/sdp"] if reply else []), f"Content-Length: {len(reply)}", "", ""]
        self.transport.sendto("\r\n".join([f"SIP/2.0 {status} Fine", *kept]).encode() + reply, address)

    def agree(self, head: str, body: bytes) -> bytes:
        found = re.search("(?i)call-id: *(\\S+)", head)
        assert found
        call = found[1]
        if call not in self.streams:
            self.streams[call] = len(self.streams) + 1
            self.bench.open(self.streams[call])
        stream = self.streams[call]
        local = LocalMedia(host=HOST, port=self.bench.used[stream].rtp, session_id=stream)
        made = answer(SessionDescription.parse(body), local, previous=self.bodies.get(call, b""))
        self.bodies[call] = made.body
        remote = made.remote
        self.remotes.append(remote)
        self.bench.submit(
            SetRemote(
                stream,
                remote.host,
                remote.rtp_port,
                remote.rtcp_port,
                Codec(remote.codec.name, remote.codec.payload_type, remote.codec.clock_rate, remote.packet_ms),
                remote.telephone_event,
                send=remote.direction.sends,
                receive=remote.direction.receives,
                telephone_event_in=remote.telephone_event_in,
                telephone_event_rate=remote.telephone_event_rate,
            )
        )
        return made.body


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with wave.open(str(tmp_path / "tone.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(tone(8000, 1000).tobytes())
    made = Bench(tmp_path)
    yield made
    made.close()


@pytest.fixture
async def responder(bench: Bench) -> AsyncIterator[Responder]:
    transport, made = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Responder(bench), local_addr=(HOST, 0)
    )
    yield made
    transport.close()


@pytest.fixture
async def phones() -> AsyncIterator[Runtime]:
    runtime = Runtime()
    await runtime.start(
        baresip.Config(
            net_interface=HOST,
            max_concurrent_calls=None,
            extra_config_text="sip_listen 127.0.0.1:0\nrtp_ports 44000-44400\n",
        )
    )
    yield runtime
    await runtime.close()


async def dial(phones: Runtime, responder: Responder, user: str, codec: str) -> Call:
    account = baresip.Account(user=user, domain=HOST, password="unused", audio_codecs=(codec,), reg_interval=0)
    agent = await UserAgent.create(phones, account)
    call = await agent.dial(f"sip:acd@{HOST}:{responder.port}")
    await call.wait_established()
    return call


async def listen(call: Call, seconds: float, *, mouth: float = 0.0) -> np.ndarray:
    """What the phone's ear hears for `seconds`, while its mouth makes a tone of `mouth` Hz."""
    heard = b""
    said = tone(int(8000 * (seconds + 1)), mouth).tobytes() if mouth else b""
    for _ in range(int(seconds / 0.02)):
        with contextlib.suppress(AudioRestarted):  # a re-negotiation lies behind; the next read is of the new streams
            if said:
                said = said[call.audio.write(said[:640]) :]
            heard += call.audio.read(65_536)
        await asyncio.sleep(0.02)
    return np.frombuffer(heard, np.int16).astype(float)


def loudest(samples: np.ndarray) -> float:
    """The frequency that stands out in the last half second, in Hz; 0.0 for silence."""
    samples = samples[-4000:]
    if not samples.size or np.abs(samples).max() < 100:
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(spectrum.argmax() * 8000 / samples.size)


async def found(bench: Bench, kind: type[Event], **fields: object) -> Event:
    return await asyncio.to_thread(bench.expect, kind, **fields)


async def test_a_phone_hears_a_prompt_presses_keys_and_hears_keys(
    bench: Bench, responder: Responder, phones: Runtime
) -> None:
    call = await dial(phones, responder, "ann", "pcma")
    assert responder.remotes[0].codec.name == "PCMA"
    bench.submit(Play(1, 1, ("tone",), loop=True))
    assert loudest(await listen(call, 1.5)) == pytest.approx(1000, abs=5)
    await call.send_dtmf("42#")
    for digit in "42#":
        assert (await found(bench, DigitPressed, stream=1)).digit == digit
    pressed: list[DigitEvent] = []
    call.on_dtmf(pressed.append)
    bench.submit(SendDigits(1, "159*", 100))
    await listen(call, 1.5)
    assert "".join(event.digit for event in pressed) == "159*"
    report = await found(bench, StreamReport, stream=1)
    assert report.statistics.codec == "PCMA"
    assert report.statistics.malformed == report.statistics.strangers == 0
    await call.hangup()


async def test_two_phones_of_different_codecs_talk_and_one_holds(
    bench: Bench, responder: Responder, phones: Runtime
) -> None:
    ann = await dial(phones, responder, "ann", "pcma")
    bob = await dial(phones, responder, "bob", "pcmu")
    bench.submit(Bridge(1, 2))
    at_ann, at_bob = await asyncio.gather(listen(ann, 2, mouth=600), listen(bob, 2, mouth=1500))
    await found(bench, StreamStarted, stream=1)
    await found(bench, StreamStarted, stream=2)
    assert loudest(at_ann) == pytest.approx(1500, abs=5)
    assert loudest(at_bob) == pytest.approx(600, abs=5)

    await bob.hold()
    assert responder.remotes[-1].hold
    assert b"o=softacd 2 2 " in list(responder.bodies.values())[1]
    bench.submit(Play(1, 1, ("tone",), loop=True))  # Ann hears music meanwhile
    assert loudest(await listen(ann, 1.5)) == pytest.approx(1000, abs=5)
    await bob.resume()
    assert not responder.remotes[-1].hold
    bench.submit(StopPlay(1))
    at_ann, at_bob = await asyncio.gather(listen(ann, 2, mouth=600), listen(bob, 2, mouth=1500))
    assert loudest(at_ann) == pytest.approx(1500, abs=5)
    assert loudest(at_bob) == pytest.approx(600, abs=5)
    await ann.hangup()
    await bob.hangup()
