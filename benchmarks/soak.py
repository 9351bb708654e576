"""The long run of the media engine: calls that hear music, talk, are held, transferred and recorded, over and over.

Telephones hum tones without a seam, and the music is one. Everything that comes back is looked at: one source, numbers
without a gap, timestamps that run with time, and a tone whose every sample follows from the two before it: what does
not is a click. When a packet came is what the kernel says: on a loaded machine the telephones look at it later. At the
end nothing may have grown. `python -m benchmarks.soak [seconds] [calls]`, or
`softacd bench soak --seconds N`.
"""

import random
import select
import socket
import struct
import sys
import tempfile
import threading
import time
import wave
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.harness import Figures, Progress, figure, table
from benchmarks.telephones import many_files
from softacd.rtp.g711 import decode, encode
from softacd.rtp.model import MediaSettings
from softacd.rtp.vocabulary import (
    AnyCommand,
    Bridge,
    Codec,
    OpenStream,
    Play,
    Port,
    PortsOffered,
    RecordingEnded,
    SetRemote,
    StartRecording,
    StopRecording,
    Unbridge,
)
from softacd.runtime.media.workers import WorkerPool

HOST = "127.0.0.1"
SOCKETS = 16
PCMA = Codec("PCMA", 8)
RATE, PACKET = 8000, 160
MUSIC_HERTZ = 400
"""A whole number of cycles in every packet, so that the loop has no seam of its own."""
HERTZ = (450, 500, 550, 600, 650, 700, 750, 800)
PEAK = 8000.0
CLICK = 0.12
"""Of the peak: what a sample may be off from what the two before it foretell. A-law's own error is a fourth of it."""
PHASE_SECONDS = 3.0
WARM_SECONDS = 20.0
"""After which memory is looked at first."""
HEADER = struct.Struct("!BBHII")
SO_TIMESTAMPNS = 35
"""Of asm-generic/socket.h: each datagram comes with the time at which it arrived."""
TIMESPEC = struct.Struct("qq")
AHEAD_SECONDS = 0.25
"""By which a splice may let timestamps run ahead of the packets heard lately."""
LATELY = 50
SHORT_SECONDS = 0.5
"""What may be missing of a recording, beside the longest pause of a sound: the order to begin waited as long then."""


def _tone(hertz: float, samples: int) -> npt.NDArray[np.int16]:
    return (PEAK * np.sin(2 * np.pi * hertz * np.arange(samples) / RATE)).astype(np.int16)


class Leg:
    """One telephone: what it hums, where to, and what it has heard."""

    def __init__(self, number: int, hertz: int) -> None:
        self.number = number
        self.hertz = hertz
        self.hum = encode("PCMA", _tone(hertz, RATE))  # a second, whole cycles
        self.sequence = random.randrange(65_536)
        self.timestamp = random.randrange(1 << 32)
        self.spoken = 0
        self.target = (HOST, 9)
        self.source = -1
        self.last: tuple[int, int, float] | None = None
        self.delay = 0.0
        """How much later than its timestamp says the newest packet came, as seen from the first one (s)."""
        self.lately: deque[float] = deque(maxlen=LATELY)
        self.heard: list[bytes] = []
        self.tail: npt.NDArray[np.int16] = np.zeros(0, np.int16)
        self.packets = 0

    def packet(self) -> bytes:
        """The next 20 ms."""
        at = self.spoken * PACKET % RATE
        self.spoken += 1
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + PACKET) & 0xFFFF_FFFF
        return HEADER.pack(0x80, 8, self.sequence, self.timestamp, self.number + 1) + self.hum[at : at + PACKET]


class Judge:
    """Looks at everything that is heard."""

    def __init__(self) -> None:
        self.lost = 0
        self.sources = 0
        self.bad_timestamps = 0
        self.clicks = 0
        self.packets = 0
        self.furthest_ahead = 0.0
        self.longest_gap = 0.0
        self.gaps_late = 0

    def hear(self, leg: Leg, data: bytes, now: float) -> None:
        """One packet."""
        _, second, sequence, timestamp, source = HEADER.unpack_from(data)
        leg.packets += 1
        self.packets += 1
        fresh = bool(second & 0x80)
        if source != leg.source:
            self.sources += leg.source >= 0
            leg.source = source
            leg.last = None
            leg.lately.clear()
        if leg.last is not None:
            before, stamp, at = leg.last
            missing = (sequence - before - 1) & 0xFFFF
            self.lost += missing if missing < 1000 else 1
            step = (timestamp - stamp) & 0xFFFF_FFFF
            leg.delay += now - at - step / RATE
            self.furthest_ahead = max(self.furthest_ahead, -leg.delay)
            if fresh:
                # After a splice the timestamp has moved by a packet at least, and hardly more than what passed. What
                # passed is not seen by the last packet alone: it may have been made in time and sent late.
                self.bad_timestamps += step < PACKET or leg.delay < min(leg.lately, default=0.0) - AHEAD_SECONDS
            else:
                self.bad_timestamps += step != PACKET * (missing + 1)
                self.longest_gap = max(self.longest_gap, now - at)
                self.gaps_late += now - at > 0.06
            leg.lately.append(leg.delay)
        if fresh:
            self.judge(leg)
            leg.tail = np.zeros(0, np.int16)
        leg.last = sequence, timestamp, now
        leg.heard.append(data[HEADER.size :])

    def judge(self, leg: Leg) -> None:
        """Look for clicks in what was heard without a splice."""
        if not leg.heard:
            return
        sound = np.concatenate([leg.tail, decode("PCMA", b"".join(leg.heard))]).astype(np.float64)
        leg.heard.clear()
        if len(sound) < 2 * PACKET:
            leg.tail = sound.astype(np.int16)
            return
        leg.tail = sound[-PACKET:].astype(np.int16)
        middle = sound[1:-1]
        # A sine foretells itself: x[n+1] + x[n-1] = 2 cos(w) x[n]; the best 2 cos(w) is found, then what is off it.
        ends = sound[2:] + sound[:-2]
        # Sums of products, not `@`: that would wake the threads of the linear algebra library for a few microseconds.
        factor = float((ends * middle).sum()) / max(float((middle * middle).sum()), 1.0)
        off = np.abs(ends - factor * middle)
        wrong = np.flatnonzero(off > CLICK * PEAK)
        self.clicks += int(np.count_nonzero(np.diff(np.concatenate([[-PACKET], wrong])) > PACKET // 4))


class Soak:
    """The calls, their telephones and the worker."""

    def __init__(self, directory: Path, calls: int) -> None:
        many_files()
        self.directory = directory
        with wave.open(str(directory / "music.wav"), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(RATE)
            sound.writeframes(_tone(MUSIC_HERTZ, 4 * RATE).tobytes())
        self._ready = threading.Event()
        settings = MediaSettings(reservoir=2 * calls + 32, workers=1, worker_grace_seconds=0)
        self.pool = WorkerPool(
            settings,
            self._ready.set,
            [directory],
            command=[sys.executable, "-m", "softacd.runtime.media.worker"],
            directory=directory,
        )
        self.legs = [Leg(number, HERTZ[number % len(HERTZ)]) for number in range(2 * calls)]
        self.sockets = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(SOCKETS)]
        for udp in self.sockets:
            udp.bind((HOST, 0))
            udp.setblocking(False)
            udp.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), 8 << 20)
            udp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.by_port: dict[int, Leg] = {}
        self.judge = Judge()
        self.recordings = 0
        self.broken_recordings = 0
        self.missing: list[float] = []
        """Of each recording, seconds."""
        self.pauses = 0
        self._phases = [random.randrange(len(PHASES)) for _ in range(calls)]
        self._next = [random.random() * PHASE_SECONDS for _ in range(calls)]
        self._recording: dict[int, int] = {}
        self._began: dict[int, float] = {}
        self._asked: dict[int, float] = {}

    def start(self) -> None:
        """Open all streams."""
        self.pool.start()
        ports: list[Port] = []
        while len(ports) < len(self.legs):
            self._ready.wait(5)
            self._ready.clear()
            for event in self.pool.drain():
                if isinstance(event, PortsOffered):
                    ports += event.ports
        commands: list[AnyCommand] = []
        for leg, port in zip(self.legs, ports, strict=False):
            own = self.sockets[leg.number % SOCKETS].getsockname()[1]
            leg.target = (HOST, port.rtp)
            self.by_port[port.rtp] = leg
            stream = leg.number + 1
            commands += [OpenStream(stream, port), SetRemote(stream, HOST, own, own + 1, PCMA, 101)]
        self.pool.submit(commands)

    def advance(self, call: int) -> None:
        """Bring a call into its next phase. Its legs are streams 2n+1 (the caller) and 2n+2 (the agent)."""
        self._phases[call] = (self._phases[call] + 1) % len(PHASES)
        caller, agent = 2 * call + 1, 2 * call + 2
        # A transfer brings the caller to the agent of the neighbouring call, and that call's caller here.
        others = call ^ 1 if (call ^ 1) < len(self._phases) else call
        match PHASES[self._phases[call]]:
            case "music":
                self.pool.submit([Unbridge(caller), *(self._music(leg) for leg in (caller, agent))])
            case "talk":
                self.pool.submit([Bridge(caller, agent)])
            case "record":
                self._ends(caller)
                self.recordings += 1
                path = self.directory / f"{self.recordings}.wav"
                self._recording[caller] = self.recordings
                self._began[self.recordings] = time.monotonic()
                self.pool.submit([StartRecording(caller, self.recordings, str(path))])
            case "hold":
                self._ends(caller)
                self.pool.submit([StopRecording(caller), self._music(caller), self._music(agent)])
            case "transfer":
                partner = 2 * others + 2
                if others != call:
                    self.pool.submit([Bridge(caller, partner), Bridge(2 * others + 1, agent)])
                    self._phases[others] = self._phases[call]
            case _:
                pass

    def _ends(self, caller: int) -> None:
        """The recording of a call, if there is one, is to be so long."""
        number = self._recording.pop(caller, None)
        if number is not None:
            self._asked[number] = time.monotonic() - self._began.pop(number)

    def _music(self, stream: int) -> Play:
        return Play(stream, stream, ("music",), loop=True, shared=True)

    def run(self, seconds: float, progress: Progress) -> dict[str, float]:
        """Let it run; what memory and descriptors were at the first look and are at the end."""
        began = time.monotonic()
        due, judged, told = began, began, began
        first: dict[str, float] = {}
        turn = 0
        while (now := time.monotonic()) - began < seconds:
            for _ in range(8):
                if due > now:
                    break
                for leg in self.legs[turn % 4 :: 4]:
                    try:
                        self.sockets[leg.number % SOCKETS].sendto(leg.packet(), leg.target)
                    except OSError:
                        continue
                turn += 1
                due += 0.005
            if due < now - 0.1:
                due = now  # the telephones themselves could not keep up: they pause
                self.pauses += 1
            self._listen(max(due - time.monotonic(), 0.0))
            for call, when in enumerate(self._next):
                if now - began >= when:
                    # Counted from now: what was missed when the machine stood still must not make a phase short.
                    rest = PHASE_SECONDS * (0.7 + 0.6 * random.random())
                    self._next[call] = time.monotonic() - began + rest
                    self.advance(call)
            if now - judged > 0.01:
                judged = now
                for leg in self.legs[turn % 100 :: 100]:
                    self.judge.judge(leg)
            if self._ready.is_set():
                self._ready.clear()
                for failure in self._events():
                    progress(failure)
            if now - told > 5:
                told = now
                judge = self.judge
                progress(f"{now - began:.0f} s, {judge.packets} packets, {judge.lost} lost, {judge.clicks} clicks")
            if not first and now - began > min(WARM_SECONDS, seconds / 2):
                first = self.held()
        return {f"{name}_growth": value - first[name] for name, value in self.held().items()}

    def held(self) -> dict[str, float]:
        """Memory (MB) and descriptors of the worker."""
        process = Path(f"/proc/{self.pool.processes[0]}")
        pages = int((process / "statm").read_text(encoding="ascii").split()[1])
        return {"memory": pages * 4096 / 1e6, "descriptors": float(len(list((process / "fd").iterdir())))}

    def dropped(self) -> int:
        """Packets the kernel threw away because the telephones were too slow to take them (proc(5), net/udp)."""
        ports = {udp.getsockname()[1] for udp in self.sockets}
        rows = (row.split() for row in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:])
        return sum(int(row[-1]) for row in rows if int(row[1].partition(":")[2], 16) in ports)

    def _listen(self, rest: float) -> None:
        ready = select.select(self.sockets, [], [], rest)[0]
        for udp in ready:
            try:
                for _ in range(64):
                    data, ((_, _, stamp),), _, source = udp.recvmsg(2048, 64)
                    leg = self.by_port.get(source[1])
                    if leg is not None:
                        seconds, nanoseconds = TIMESPEC.unpack(stamp)
                        self.judge.hear(leg, data, seconds + nanoseconds / 1e9)
            except BlockingIOError:
                continue

    def _events(self) -> Iterator[str]:
        """Take what the worker tells; which recordings failed, in words."""
        for event in self.pool.drain():
            if isinstance(event, RecordingEnded):
                (self.directory / f"{event.recording}.wav").unlink(missing_ok=True)
                asked = self._asked.pop(event.recording, 0.0)
                self.broken_recordings += bool(event.error)
                self.missing.append(asked - event.seconds)
                if event.error or self.missing[-1] > SHORT_SECONDS:
                    yield f"recording {event.recording}: {event.seconds:.2f} of {asked:.2f} s {event.error}"

    def stop(self) -> None:
        """End the worker."""
        self.pool.stop(20)
        for udp in self.sockets:
            udp.close()


PHASES = ("music", "talk", "record", "hold", "talk", "transfer")


def run(seconds: float = 60.0, calls: int = 200, progress: Progress = lambda text: None) -> Figures:
    """Run `calls` calls for `seconds`."""
    with tempfile.TemporaryDirectory(prefix="softacd-soak-") as directory:
        soak = Soak(Path(directory), calls)
        soak.start()
        try:
            grown = soak.run(seconds, progress)
            dropped = soak.dropped()
        finally:
            soak.stop()
    judge = soak.judge
    excused = SHORT_SECONDS + judge.longest_gap
    failed = soak.broken_recordings + sum(missing > excused for missing in soak.missing)
    return {
        "soak_seconds": figure(seconds, "s"),
        "packets_heard": figure(judge.packets, "packets"),
        "packets_lost": figure(max(judge.lost - dropped, 0), "packets", goal=0),
        "packets_the_telephones_did_not_take": figure(dropped, "packets"),
        "changes_of_source": figure(judge.sources, "streams", goal=0),
        "timestamps_out_of_step": figure(judge.bad_timestamps, "packets", goal=0),
        "furthest_ahead_of_time": figure(1000 * judge.furthest_ahead, "ms", goal=1000 * AHEAD_SECONDS),
        "clicks": figure(judge.clicks, "clicks", goal=0),
        "recordings": figure(soak.recordings, "files"),
        "recordings_failed": figure(failed, "files", goal=0),
        "most_missing_of_a_recording": figure(1000 * max(soak.missing, default=0.0), "ms"),
        "memory_growth": figure(grown["memory_growth"], "MB", goal=5),
        "descriptors_growth": figure(grown["descriptors_growth"], "descriptors", goal=calls),
        "longest_pause_in_a_sound": figure(1000 * judge.longest_gap, "ms"),
        "pauses_of_the_telephones": figure(soak.pauses, "pauses"),
        "packets_late_by_more_than_two": figure(judge.gaps_late, "packets"),
    }


if __name__ == "__main__":
    print(
        table(
            run(
                *(kind(text) for kind, text in zip((float, int), sys.argv[1:], strict=False)),
                progress=lambda text: print(text, file=sys.stderr),
            )
        )
    )
