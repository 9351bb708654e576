"""A leg's voice: its media port, its offers and answers (RFC 3264), and what is said to the media engine of it.

Nothing of the dialog is known here; `softacd.calls.leg` builds on it.
"""

import msgspec

from softacd.calls.records import LegRecord
from softacd.calls.services import Services
from softacd.rtp.vocabulary import (
    Bridge,
    CloseStream,
    Codec,
    DtlsPeer,
    IceCredentials,
    OpenStream,
    Play,
    Port,
    SendDigits,
    SetRemote,
    SrtpKeys,
    StopPlay,
    StopRecording,
    StreamStatistics,
    Unbridge,
)
from softacd.sdp.description import SessionDescription
from softacd.sdp.dtls import LocalDtls
from softacd.sdp.errors import SdpError
from softacd.sdp.negotiation import (
    COMFORT_NOISE,
    Answer,
    LocalMedia,
    Offer,
    RemoteMedia,
    accept_answer,
    answer,
    make_offer,
)
from softacd.sip.transport import Flow, Transport

NO_AUDIO = "sent no audio"
STOPPED = "stopped sending audio"
HEARD_WITHIN_MS = 2000
"""An answered device that has sent nothing for so long is at fault."""
STOPPED_SECONDS = 10.0


class NoVoiceError(RuntimeError):
    """A leg that is over was asked for its session description: a bug of ours, never a peer's doing."""


class LegVoice:
    """One stream and what was agreed for it. `held` says whether the device has put us on hold."""

    __slots__ = (
        "_answer",
        "_comfort_noise",
        "_fingerprint",
        "_ice",
        "_key",
        "_opened",
        "_port",
        "_remote",
        "_sdp_offered",
        "_sdp_sent",
        "_srtp",
        "codecs",
        "held",
        "host",
        "number",
        "party",
        "record",
        "services",
        "stream",
    )

    def __init__(self, services: Services, record: LegRecord, *, flow: Flow, codecs: tuple[str, ...]) -> None:
        """Takes a media port. Raises NoPortError.

        `codecs` are those to speak; with COMFORT_NOISE among them, comfort noise is offered.
        """
        self.services = services
        self.record = record
        self.codecs = tuple(codec for codec in codecs if codec != COMFORT_NOISE.name)
        self._comfort_noise = COMFORT_NOISE.name in codecs
        self.held = False
        self.host = services.media_host(flow)
        self._port: Port | None = services.take_port(record.call)
        self.stream = services.new_stream()
        self._opened = False
        self.party = record.party
        self.number = record.number
        name = self.party if self.party.startswith("trunk:") else self.number
        browser = flow.transport in (Transport.WS, Transport.WSS) and bool(services.fingerprint)
        self._srtp = "required" if browser else services.encryption.get(name, "off")
        keying = () if self._srtp == "off" else ("dtls",) if browser else services.keying.get(name, ("sdes",))
        self._key = services.new_key() if "sdes" in keying else b""
        self._fingerprint = services.fingerprint if "dtls" in keying else ""
        self._ice = services.new_ice() if browser else None
        self._remote: RemoteMedia | None = None
        self._answer: Answer | None = None
        self._sdp_offered: Offer | None = None  # ours, waiting for an answer
        self._sdp_sent: bytes = b""

    @property
    def has_media(self) -> bool:
        """The peer's address is known: audio can be sent."""
        return self._remote is not None and self._opened

    @property
    def codec(self) -> str:
        """The codec agreed, or the one an offer would be answered with; "" before either."""
        if self._remote is not None:
            return self._remote.codec.name
        return self._answer.remote.codec.name if self._answer is not None else ""

    @property
    def pauses(self) -> bool:
        """The device may send comfort noise instead of silence, or would be let to."""
        agreed = self._remote or (self._answer.remote if self._answer is not None else None)
        return agreed is not None and agreed.comfort_noise

    @property
    def sends_events(self) -> bool:
        """Keys are agreed to travel as telephone-events (RFC 4733); otherwise as tones in the sound, or as INFO."""
        return self._remote is not None and self._remote.telephone_event is not None

    @property
    def offered(self) -> bool:
        """The INVITE brought an offer: audio can be sent before the answer."""
        return self._answer is not None

    # --- to the media engine --------------------

    def play(self, clips: tuple[str, ...], *, loop: bool = False, shared: bool = False) -> int:
        """Play clips to the device instead of whatever it hears; returns the number that `on_play_ended` will carry."""
        play = self.services.new_play()
        self.services.media.append(Play(stream=self.stream, play=play, clips=clips, loop=loop, shared=shared))
        return play

    def silence(self) -> None:
        """Stop playback."""
        self.services.media.append(StopPlay(stream=self.stream))

    def bridge(self, other: "LegVoice") -> None:
        """Let the devices of both legs hear each other."""
        self.services.media.append(Bridge(stream=self.stream, other=other.stream))

    def unbridge(self) -> None:
        """End the bridge; both devices hear nothing until told otherwise."""
        self.services.media.append(Unbridge(stream=self.stream))

    def stop_recording(self) -> None:
        """End what is being recorded of the device."""
        self.services.media.append(StopRecording(stream=self.stream))

    def send_digit(self, digit: str) -> None:
        """Send a DTMF digit to the device."""
        self.services.media.append(SendDigits(stream=self.stream, digits=digit))

    def on_statistics(self, statistics: StreamStatistics, closed: bool) -> None:
        """Figures from the media engine; the last ones complete the record."""
        record = self.record
        record.codec = statistics.codec or record.codec
        record.packets_sent = statistics.sent
        record.packets_received = statistics.received
        record.packets_lost = statistics.lost
        record.jitter_ms = statistics.jitter_ms
        record.remote_lost = statistics.remote_lost
        record.remote_jitter_ms = statistics.remote_jitter_ms
        record.round_trip_ms = statistics.round_trip_ms or 0.0
        record.strangers = statistics.strangers
        record.mos = statistics.mos
        record.remote_mos = statistics.remote_mos
        if closed:
            record.fault = self._fault(statistics)
            self.services.accounts.leg_complete(self.stream, record)

    def _fault(self, statistics: StreamStatistics) -> str:
        """What was wrong with the device's voice, of a leg that was answered for long enough to tell."""
        record = self.record
        if not record.answered or record.ended - record.answered < HEARD_WITHIN_MS:
            return ""
        if not statistics.received and self._remote is not None and self._remote.direction.receives:
            return NO_AUDIO
        return STOPPED if statistics.silent_seconds >= STOPPED_SECONDS else ""

    def no_audio(self, now: float) -> None:
        """Nothing at all has come yet."""
        if self.record.answered and not self.record.ended:
            self.record.fault = NO_AUDIO
            self.services.note(self.record.call, "no-audio", f"{self.party.replace(':', ' ')} {NO_AUDIO}", now)

    # --- offers and answers --------------------

    def move(self, port: Port) -> None:
        """The media goes on at another port; the next offer says so."""
        self._port = port

    def repeat_offer(self) -> bytes:
        """Our session description as it stands, for a refresh by re-INVITE."""
        return self._offer()

    def take_answer(self, body: bytes) -> None:
        """The answer to `repeat_offer`."""
        if body:
            self._take_answer(body)

    def _local(self) -> LocalMedia:
        if self._port is None:
            raise NoVoiceError("a leg that ended cannot negotiate")
        return LocalMedia(
            host=self.host,
            port=self._port.rtp,
            codecs=self.codecs,
            session_id=self.stream,
            comfort_noise=self.pauses if self._remote is not None else self._comfort_noise,
            srtp=self._srtp,
            srtp_key=self._key,
            dtls=self._local_dtls(),
            ice=self._ice,
        )

    def _local_dtls(self) -> LocalDtls | None:
        running = self._remote.dtls if self._remote is not None else None
        return LocalDtls(self._fingerprint, running.setup if running else None) if self._fingerprint else None

    def _offer(self) -> bytes:
        offered = self._sdp_offered = make_offer(self._local(), previous=self._sdp_sent)
        self._sdp_sent = offered.body
        return offered.body

    def _answer_offer(self, body: bytes) -> Answer:
        """Our answer to an offer of the device's. Raises SdpError."""
        offered = SessionDescription.parse(body)
        local = msgspec.structs.replace(self._local(), comfort_noise=True)
        made = answer(offered, local, previous=self._sdp_sent)
        before = self._remote
        if self._ice is not None and before is not None and made.remote.ufrag != before.ufrag:
            self._ice = self.services.new_ice()  # it restarts ICE, so must we (RFC 8839 section 4.4.2)
            made = answer(offered, msgspec.structs.replace(local, ice=self._ice), previous=self._sdp_sent)
        return made

    def _take_answer(self, body: bytes) -> bool:
        if self._sdp_offered is None:
            return False
        try:
            remote = accept_answer(self._sdp_offered.description, SessionDescription.parse(body))
        except SdpError:
            return False
        self.held = remote.hold
        self._apply(remote)
        return True

    def _apply(self, remote: RemoteMedia) -> None:
        if remote == self._remote or self._port is None:
            return
        media = self.services.media
        if not self._opened:
            self._opened = True
            self._listen()
            media.append(OpenStream(stream=self.stream, port=self._port))
        self._remote = remote
        self.record.codec = remote.codec.name
        media.append(
            SetRemote(
                stream=self.stream,
                host=remote.host,
                rtp_port=remote.rtp_port,
                rtcp_port=remote.rtcp_port,
                codec=Codec(
                    name=remote.codec.name,
                    payload_type=remote.codec.payload_type,
                    clock_rate=remote.codec.clock_rate,
                    packet_ms=remote.packet_ms,
                ),
                telephone_event=remote.telephone_event,
                telephone_event_in=remote.telephone_event_in,
                telephone_event_rate=remote.telephone_event_rate,
                srtp=SrtpKeys(remote.crypto.suite, self._key, remote.crypto.key) if remote.crypto else None,
                dtls=DtlsPeer(remote.dtls.fingerprints, remote.dtls.setup == "active") if remote.dtls else None,
                ice=IceCredentials(self._ice.ufrag, self._ice.password) if remote.ufrag and self._ice else None,
                rtcp_mux=remote.rtcp_mux,
                comfort_noise=remote.comfort_noise,
                send=remote.direction.sends,
                receive=remote.direction.receives,
            )
        )

    def _listen(self) -> None:
        """The media engine is about to have the stream: its events are ours."""

    def _fall_silent(self) -> None:
        """The voice is over: close the stream, whose last figures complete the record, or give the port back."""
        if self._opened:
            self.services.media.append(CloseStream(stream=self.stream))
        elif self._port is not None:
            self.services.return_port(self._port)
        if self.stream in self.services.streams:
            self.services.accounts.leg_ended(self.stream, self.record)
        else:  # never opened, or the engine could not keep it
            self.services.records.append(self.record)
        self._port = None
