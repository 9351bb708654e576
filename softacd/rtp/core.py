"""The media core: the streams of one engine, driven by commands, packets and time; events and packets come out.

It owns no socket. Whoever does (runtime/media) hands in what arrives and sends what is returned:

- `open`, `handle`, `close`: the commands of the vocabulary;
- `Session.latch` and `Session.inbound.receive`: packets (see runtime/media/loop.py, the only hot user);
- `tick(now)` or `volleys(now)` at `next_deadline()`: packets of prompts, music and digits that are due, and reports;
- `events`: what has happened, and `recorded`: what is to be written to files; to be taken away by the owner.
"""

from collections.abc import Callable
from functools import partial

from softacd.rtp.chorus import Chorus
from softacd.rtp.clips import Clip, ClipError, ClipSource, Playout, from_samples, join
from softacd.rtp.codec import WideCodecs
from softacd.rtp.latch import Address
from softacd.rtp.mixer import TICK, Mixer
from softacd.rtp.model import MediaSettings
from softacd.rtp.outbound import Outbound
from softacd.rtp.pacer import LATE_LIMIT, Pacer
from softacd.rtp.recording import Piece, Recording
from softacd.rtp.session import Session
from softacd.rtp.telephone_event import EventSender
from softacd.rtp.tone_detection import Listener, detect
from softacd.rtp.tones import dtmf
from softacd.rtp.vocabulary import (
    AnyEvent,
    AnyStreamCommand,
    Bridge,
    CloseStream,
    DigitPressed,
    MixJoin,
    MixLeave,
    OpenStream,
    PauseRecording,
    Play,
    PlayEnded,
    RecordingQuiet,
    ReportClosed,
    ResumeRecording,
    SendDigits,
    SetRemote,
    StartRecording,
    StopPlay,
    StopRecording,
    StreamClosed,
    StreamReport,
    StreamStarted,
    Unbridge,
)

CHECK_ROUNDS = 50
CHECK_SECONDS = 0.02
"""Each stream is looked at once a second, a fiftieth of the streams at a time: a longer look would delay packets."""

LISTEN_SECONDS = 0.02
"""What peers without telephone-events say is searched for keys this often, all of them together."""

SEQUENCES_KEPT = 64

KEY_MS = 160
"""Length of a key that is passed on."""


Packet = tuple[Session, bytes | memoryview]
"""What is to be sent, and to whose peer."""


def _one_by_one(volleys: list[Packet | Chorus]) -> list[Packet]:
    packets: list[Packet] = []
    for one in volleys:
        if isinstance(one, Chorus):
            packets += one.packets()
        else:
            packets.append(one)
    return packets


def _is_up_to_date(session: Session) -> None:
    """Nobody else holds anything of it."""


def _is_free(session: Session) -> None:
    """Nobody else does anything for it."""


class MediaCore:
    """All streams of one engine. `randbits(n)` gives n random bits; `cname` is this engine's name in RTCP.

    `wide` are the codecs beside G.711; a stream in any other can be relayed, and no more.
    """

    def __init__(
        self,
        settings: MediaSettings,
        clips: ClipSource,
        randbits: Callable[[int], int],
        cname: str,
        wide: WideCodecs | None = None,
    ) -> None:
        self.settings = settings
        self.events: list[AnyEvent] = []
        self.recorded: list[Piece] = []
        self.sessions: dict[int, Session] = {}
        self.refresh: Callable[[Session], None] = _is_up_to_date
        """Called before a session's figures are read: the owner of the sockets may hold a part of them (lane.py)."""
        self.disengage: Callable[[Session], None] = _is_free
        """Called before a session's packets are to go another way without a command that says so."""
        self.unknown_streams = 0
        """Commands for streams that are not open."""
        self._clips = clips
        self._wide = wide or {}
        self._randbits = randbits
        self._cname = cname
        self._pacer: Pacer[Session | Chorus] = Pacer()
        self._choruses: dict[tuple[int, int, int], Chorus] = {}
        self._sequences: dict[tuple[str, ...], tuple[list[Clip], Clip]] = {}
        self._check_at = 0.0
        self._checks: list[dict[int, Session]] = [{} for _ in range(CHECK_ROUNDS)]
        self._round = 0
        self._quiet: list[tuple[Session, int]] = []
        self._listeners: dict[int, Listener] = {}
        self._listen_at = 0.0
        self._mixer = Mixer(self._wide)
        self._mix_at = 0.0

    # --- commands -----------------------------------------------------------------------------------------------

    def open(self, stream: int, now: float) -> Session:
        """A new stream. Raises ValueError when `stream` is open already."""
        if stream in self.sessions:
            raise ValueError(f"stream {stream} is open already")
        randbits = self._randbits
        outbound = Outbound(randbits(32), randbits(16), randbits(32))
        session = Session(stream, outbound, self.events, now, self._listeners, self._wide)
        session.on_quiet = partial(self._turn_quiet, stream)
        interval = self.settings.rtcp_interval_seconds
        session.report_at = now + interval * (0.5 + randbits(8) / 256)  # RFC 3550 section 6.2: 0.5 to 1.5 times
        if not self.sessions:
            self._check_at = now + CHECK_SECONDS
        self.sessions[stream] = session
        self._checks[stream % CHECK_ROUNDS][stream] = session
        return session

    def set_remote(self, command: SetRemote, now: float) -> bool:
        """Take an agreement; whether the peer's address has changed, so that its socket must follow."""
        session = self.sessions.get(command.stream)
        if session is None:
            self.unknown_streams += 1
            return False
        self._leave_chorus(session)
        moved = session.agree(command, now)
        self._speak_codec(session)
        for playout in session.tones:
            playout.speak(command.codec.name)
        self._speak(session, now)
        self._link(session, now)
        return moved

    def handle(self, command: AnyStreamCommand, now: float) -> None:
        """Every command that needs no socket. Raises TypeError for those that do."""
        session = self.sessions.get(command.stream)
        if session is None:
            self.unknown_streams += 1
            return
        self._leave_chorus(session)
        match command:
            case Bridge(other=other):
                self._bridge(session, other, now)
            case Unbridge():
                self._part(session)
            case Play():
                self._play(session, command, now)
            case StopPlay():
                self._stop_play(session)
                session.route()
            case SendDigits(digits=digits, duration_ms=duration):
                self._send_digits(session, digits, duration, now)
            case MixJoin(room=room, heard_by=heard_by):
                self._join(session, room, heard_by, now)
            case MixLeave():
                self._leave(session)
            case StartRecording(recording=number, path=path, mono=mono, silence_seconds=silence):
                self._stop_recording(session, now)
                session.recording = Recording(session.stream, number, path, now, mono=mono, silence_seconds=silence)
                session.listen()
            case PauseRecording():
                if session.recording is not None:
                    self._record(session.recording.pause(now))
            case ResumeRecording():
                if session.recording is not None:
                    self._record(session.recording.resume(now))
            case StopRecording():
                self._stop_recording(session, now)
            case OpenStream() | SetRemote() | CloseStream() | ReportClosed() | _:
                raise TypeError(f"{type(command).__name__} is not for this method")

    def close(self, stream: int, now: float, wall: float) -> bytes:
        """End a stream; the RTCP BYE to send, b"" when there is nobody to tell."""
        session = self.sessions.pop(stream, None)
        if session is None:
            self.unknown_streams += 1
            return b""
        del self._checks[stream % CHECK_ROUNDS][stream]
        self._part(session)
        self._listeners.pop(stream, None)
        self._stop_play(session)
        self._stop_recording(session, now)
        self.events.append(StreamClosed(stream, session.statistics(now)))
        session.codec = None  # the pacer, should it still hold the stream, finds nothing to say
        # RFC 3550 section 6.3.7: who never sent anything must not send BYE.
        if session.rtcp_destination is None or not session.outbound.sent:
            return b""
        return session.report(self._cname, now, wall, goodbye=True)

    # --- time ---------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """When `tick` is to be called next; None while there is nothing to wait for."""
        speaking = self._pacer.next_deadline()
        if not self.sessions:
            return speaking
        deadline = self._check_at if speaking is None else min(speaking, self._check_at)
        if self._listeners:
            deadline = min(deadline, self._listen_at)
        return min(deadline, self._mix_at) if self._mixer else deadline

    def tick(self, now: float) -> list[Packet]:
        """RTP packets due by `now`, in the order they are to be sent; they hold until the next tick."""
        return _one_by_one(self.volleys(now))

    def volleys(self, now: float) -> list[Packet | Chorus]:
        """The same, for who can send the packets of a chorus all at once."""
        packets: list[Packet | Chorus] = []
        if self._quiet:
            self._make_noise(now)
        pacer = self._pacer
        for one in pacer.forgive(now):
            self._resume(one)
        deadline = pacer.next_deadline()
        while deadline is not None and deadline <= now:
            self._turn(pacer.turn(now), now, packets)
            deadline = pacer.next_deadline()
        if self._mixer and now >= self._mix_at:
            if now > self._mix_at + LATE_LIMIT:  # the machine stood still: one burst would not make up for it
                self._mix_at = now
                for seat in self._mixer:
                    seat.fresh = True
            self._mix_at += TICK
            for session, payload, fresh in self._mixer.tick():
                if session.may_send and not session.busy:
                    packets.append((session, session.outbound.packet(payload, now, fresh=fresh)))
                elif session.seat is not None:
                    session.seat.fresh = True
        if self._listeners and now >= self._listen_at:
            self._listen_at = max(self._listen_at + LISTEN_SECONDS, now)
            for listener, keys in detect(self._listeners.values()):
                self.events += (DigitPressed(listener.stream, key, origin="inband") for key in keys)
        return packets

    def _resume(self, one: Session | Chorus) -> None:
        """The machine stood still: what is said next is marked, and its timestamp counts the time that was missed.

        Numbered as if no time had passed it would come too late for the receiver's jitter buffer, for ever.
        """
        if isinstance(one, Session):
            one.start_speaking()
            return
        while one.sessions:  # the first each time, which is found at once
            session = one.sessions[0]
            self._leave_chorus(session)
            session.start_speaking()

    def _turn(self, due: list[Session | Chorus], now: float, packets: list[Packet | Chorus]) -> None:
        again = self._pacer.again
        alone: list[Session] = []
        for one in due:
            if isinstance(one, Chorus):
                self._sing(one, now, packets)
            else:
                alone.append(one)
        for session in alone:
            playout = session.playout
            packet = session.speak(now)
            if packet is not None:
                packets.append((session, packet))
            if session.busy:
                if packet is None or not self._join_chorus(session):
                    again(session, session.pace_ms)
            else:
                session.paced = False
                session.route()
            if playout is not None and session.playout is None and session.codec is not None:
                self.events.append(PlayEnded(session.stream, playout.play, finished=True))

    def _sing(self, chorus: Chorus, now: float, packets: list[Packet | Chorus]) -> None:
        del self._choruses[chorus.slot, chorus.packet_ms, id(chorus.data)]
        if chorus.sessions:
            if chorus.at == now:  # for the second time in this tick: its rows are still to be sent
                packets[:] = [(session, bytes(packet)) for session, packet in _one_by_one(packets)]
            chorus.tick(now)
            packets.append(chorus)
            self._enter_chorus(chorus)

    def _enter_chorus(self, chorus: Chorus) -> None:
        chorus.slot = self._pacer.again(chorus, chorus.packet_ms)
        self._choruses[chorus.slot, chorus.packet_ms, id(chorus.data)] = chorus

    def _join_chorus(self, session: Session) -> bool:
        """Let a session that hears music, and has just been sent a packet of it, be served with others."""
        sound, playout = session.sing(), session.playout
        if not sound or playout is None:
            return False
        slot = self._pacer.after(session.pace_ms)
        chorus = self._choruses.get((slot, session.pace_ms, id(sound)))
        if chorus is None:
            chorus = Chorus(sound, session.pace_ms)
            self._enter_chorus(chorus)
        chorus.join(session, playout.position)
        session.chorus = chorus
        return True

    def _leave_chorus(self, session: Session) -> None:
        """Serve a session alone again, in its time: it may have something else to say now."""
        chorus, session.chorus = session.chorus, None
        if chorus is None:
            return
        position = chorus.leave(session)
        if session.playout is not None:
            session.playout.move(position)
        self._pacer.put(session, chorus.slot)

    def check(self, now: float, wall: float) -> list[tuple[Session, bytes]]:
        """RTCP packets due by `now`; silence and statistics go to `events`. Call it whenever `tick` is called."""
        packets: list[tuple[Session, bytes]] = []
        if now < self._check_at or not self.sessions:
            return packets
        self._check_at = max(self._check_at + CHECK_SECONDS, now)
        self._round = (self._round + 1) % CHECK_ROUNDS
        for session in self._checks[self._round].values():
            self.refresh(session)
            if session.chorus is not None:
                session.chorus.refresh(session)
            silence = session.silence(now, self.settings)
            if silence is not None:
                self.events.append(silence)
            if session.recording is not None:
                self._record(session.recording.piece(now))
                if quiet := session.recording.fell_silent(now):
                    self.events.append(RecordingQuiet(session.stream, session.recording.number, quiet))
            if session.report_at <= now:
                session.report_at = now + self.settings.rtcp_interval_seconds
                if session.rtcp_destination is not None:
                    packets.append((session, session.report(self._cname, now, wall)))
                    self.events.append(StreamReport(session.stream, session.statistics(now)))
        return packets

    # --- packets ------------------------------------------------------------------------------------------------

    def consider(self, session: Session, source: Address, buffer: bytearray, length: int, now: float) -> bool:
        """Whether a packet of a stream whose source is not fixed yet is its peer's. See latch.py."""
        valid = session.latch.peer is None and session.inbound.acceptable(buffer, length)
        verdict = session.latch.consider(source, now, valid=valid)
        if verdict.latched:
            self.events.append(StreamStarted(session.stream, source[0], source[1]))
        return verdict.accepted

    # --- what the commands mean ---------------------------------------------------------------------------------

    def _bridge(self, session: Session, number: int, now: float) -> None:
        other = self.sessions.get(number)
        if other is None or other is session:
            self.unknown_streams += 1
            return
        self._stop_play(session)
        self._stop_play(other)
        if session.other is not other:
            self._part(session)
            self._part(other)
            session.bridge(other)
        self._link(session, now)

    def _link(self, session: Session, now: float) -> None:
        """Choose how the sound of a bridge goes: packet by packet, or through a room of its own."""
        other = session.other
        if other is None:
            return
        if session.must_mix(other):
            if session.seat is None:
                room = -min(session.stream, other.stream) - 1  # rooms of the control side are not negative
                self._seat(session, room, None, now)
                self._seat(other, room, None, now)
                # telephone-events have no place in a mix: they are made anew
                session.inbound.pass_key = partial(self._pass_key, other)
                other.inbound.pass_key = partial(self._pass_key, session)
        else:
            self._leave(session)
            self._leave(other)
        session.route()
        other.route()

    def _turn_quiet(self, stream: int, level: int) -> None:
        """A peer has paused. Its comfort noise is passed on where it can be, else made here, from the next tick on."""
        session = self.sessions[stream]
        other = session.other
        if other is not None and not session.quiet and other.outbound.comfort_noise is None:
            session.quiet = True
            self._quiet.append((session, level))

    def _make_noise(self, now: float) -> None:
        for session, level in self._quiet:
            if session.quiet and session.other is not None:
                self.disengage(session)
                self._link(session, now)
                if session.seat is not None:
                    session.seat.be_quiet(level)
        self._quiet.clear()

    def _part(self, session: Session) -> None:
        """End the bridge of a stream, or take it out of its room."""
        other = session.other
        session.unbridge()
        self._leave(session)
        if other is not None:
            self._leave(other)

    def _pass_key(self, session: Session, digit: str, now: float) -> None:
        """Press a key the other party of a bridge has pressed; without telephone-events the control side does it."""
        if session.outbound.telephone_event is not None:
            self._send_digits(session, digit, KEY_MS, now)

    def _join(self, session: Session, room: int, heard_by: tuple[int, ...] | None, now: float) -> None:
        if session.seat is None or session.other is not None:
            self._stop_play(session)
            self._part(session)
        self._seat(session, room, heard_by, now)

    def _seat(self, session: Session, room: int, heard_by: tuple[int, ...] | None, now: float) -> None:
        if not self._mixer:
            self._mix_at = now
        session.seat = self._mixer.join(session, room, heard_by)
        session.listen()

    def _leave(self, session: Session) -> None:
        if session.seat is not None:
            session.seat = None
            session.inbound.pass_key = None
            self._mixer.leave(session.stream)
            session.start_speaking()
            session.listen()

    def _play(self, session: Session, command: Play, now: float) -> None:
        self._stop_play(session)
        try:
            clip = self._sequence(command.clips)
        except ClipError as error:
            self.events.append(PlayEnded(session.stream, command.play, finished=False, error=str(error)))
            session.route()
            return
        position = int(now * 8000) if command.shared else 0
        session.playout = Playout(command.play, clip, loop=command.loop, position=position, wide=self._wide)
        self._speak_codec(session)
        self._speak(session, now)
        session.route()

    def _speak_codec(self, session: Session) -> None:
        """Let the playout go on in the codec agreed now."""
        playout, codec = session.playout, session.codec
        if playout is None or codec is None or playout.speak(codec.name):
            return
        session.playout = None
        error = f"no sound can be played in {codec.name}"
        self.events.append(PlayEnded(session.stream, playout.play, finished=False, error=error))

    def _speak(self, session: Session, now: float) -> None:
        """Have the pacer call for packets, if it does not already."""
        if session.busy and not session.paced:
            session.paced = True
            session.start_speaking()
            self._pacer.join(session, now)

    def _stop_play(self, session: Session) -> None:
        self._leave_chorus(session)
        playout = session.playout
        if playout is not None:
            session.playout = None
            session.start_speaking()
            self.events.append(PlayEnded(session.stream, playout.play, finished=False))

    def _send_digits(self, session: Session, digits: str, duration_ms: int, now: float) -> None:
        self._leave_chorus(session)
        codec = session.codec
        keys = "".join(key for key in digits.upper() if key in "0123456789*#ABCD")
        if codec is None or not keys:
            return
        if session.outbound.telephone_event is not None:
            if session.presses is None:
                session.presses = EventSender(session.event_rate)
            session.presses.press(keys, duration_ms)
        else:
            tone = Playout(-1, from_samples("tones/dtmf", dtmf(keys, duration_ms)), wide=self._wide)
            if not tone.speak(codec.name):
                return
            session.tones.append(tone)
        self._speak(session, now)
        session.route()

    def _stop_recording(self, session: Session, now: float) -> None:
        recording, session.recording = session.recording, None
        if recording is not None:
            self._record(recording.end(now))
            session.listen()

    def _record(self, piece: Piece | None) -> None:
        if piece is not None:
            self.recorded.append(piece)

    def _sequence(self, names: tuple[str, ...]) -> Clip:
        """The clips `names` as one; the joined ones are kept, as callers hear the same announcements."""
        if not names:
            raise ClipError("no clip to play")
        if len(names) == 1:
            return self._clips(names[0])
        parts = [self._clips(name) for name in names]
        kept = self._sequences.get(names)
        if kept is not None and kept[0] == parts:  # the very clips: they compare by identity
            return kept[1]
        clip = join(parts)
        if len(self._sequences) >= SEQUENCES_KEPT:
            del self._sequences[next(iter(self._sequences))]
        self._sequences[names] = (parts, clip)
        return clip
