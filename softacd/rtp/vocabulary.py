"""The whole vocabulary between the control side and the media engine, on one page.

The control side sends commands, the engine answers with events; both are frozen, tagged msgspec Structs, so the
same words travel through an in-process queue (engine as a thread) or over a local socket (engine as a child process).
A *stream* is one RTP session towards one peer: one local port, one remote party. Its number is chosen by the control
side and is never used again in the life of the process. All times in events are seconds on the monotonic clock.
"""

from typing import Literal

import msgspec


class Port(msgspec.Struct, frozen=True, array_like=True):
    """A pair of sockets the engine has already bound: RTP on `rtp` (even), RTCP on `rtp + 1` (RFC 3550 section 11).

    `worker` is the process that has them: streams of one call are best on one worker. 0 where there is only one.
    """

    host: str
    rtp: int
    worker: int = 0


class Codec(msgspec.Struct, frozen=True, array_like=True):
    """One negotiated payload format. `name` is the encoding name in capitals ("PCMU", "PCMA", "G722", "OPUS")."""

    name: str
    payload_type: int
    clock_rate: int = 8000
    packet_ms: int = 20


class SrtpKeys(msgspec.Struct, frozen=True):
    """Agreed keys for SRTP (RFC 3711): crypto suite by its name in RFC 4568, and master key and salt of either side."""

    suite: str
    local: bytes
    remote: bytes

    def __repr__(self) -> str:
        return f"SrtpKeys(suite={self.suite!r}, local=***, remote=***)"


class IceCredentials(msgspec.Struct, frozen=True):
    """Our user name fragment and password of one stream (RFC 8445 section 5.3), as our description tells them."""

    ufrag: str
    password: str

    def __repr__(self) -> str:
        return f"IceCredentials(ufrag={self.ufrag!r}, password=***)"


class DtlsPeer(msgspec.Struct, frozen=True):
    """The peer keys for SRTP are agreed with in the stream itself (DTLS-SRTP, RFC 5764).

    `fingerprints` are the hash functions' names in RFC 8122 and the digests of its certificate: one must match.
    `active`: we begin (RFC 4145). Another value in a later SetRemote begins a new association.
    """

    fingerprints: tuple[tuple[str, bytes], ...]
    active: bool = False


class StreamStatistics(msgspec.Struct, frozen=True):
    """What one stream carried, as seen here and as its peer reported (RFC 3550 section 6.4).

    Counts are packets; `lost` follows RFC 3550 appendix A.3 and may be negative after duplicates; jitters are
    milliseconds (appendix A.8); `round_trip_ms` is None until an SR/RR exchange has measured it. `strangers` counts
    packets dropped because they came from an address that is not the peer's. `mos` is what the E-model makes of what
    came, `remote_mos` of what the peer reports of ours (see quality.py; 0: nothing came). `silent_seconds` have passed
    without a packet from a peer that should send.
    """

    sent: int = 0
    received: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    remote_lost: int = 0
    remote_jitter_ms: float = 0.0
    round_trip_ms: float | None = None
    strangers: int = 0
    malformed: int = 0
    codec: str = ""
    mos: float = 0.0
    remote_mos: float = 0.0
    silent_seconds: int = 0


# --- commands: control side -> media engine ---------------------------------------------------------------------


class Command(msgspec.Struct, frozen=True, tag=True):
    """Base of every command; `stream` names the stream it acts on."""

    stream: int


class ReservePorts(msgspec.Struct, frozen=True, tag=True):
    """Bind `count` port pairs more than are on offer, and offer them: many phones ring, and each holds a port until
    it answers. What the range has not free now is offered as streams end."""

    count: int


class ReturnPorts(msgspec.Struct, frozen=True, tag=True):
    """Offered pairs the control side does not need any more; the engine closes them. Those not on offer are ignored."""

    ports: tuple[Port, ...]


class OpenStream(Command, frozen=True, tag=True):
    """Take `port` (from an earlier PortsOffered) into use as this stream. Nothing is sent until SetRemote."""

    port: Port


class SetRemote(Command, frozen=True, tag=True):
    """What offer/answer agreed for this stream (RFC 3264). Sent again on every re-negotiation.

    Packets are accepted from `host` only, or, when `latch` is set, from the first source that sends a valid packet
    of `codec` (symmetric RTP, RFC 4961): the source is then fixed until the next SetRemote that changes the address.
    SSRC, sequence and timestamp sent to the peer stay continuous (RFC 3550 section 5.1) through every SetRemote.
    `send`/`receive` are the agreed directions; a stream that may not send stays silent whatever it is bridged to.
    `telephone_event` is the payload type the peer listed for key presses, None when not agreed. `telephone_event_in` is
    the one listed here: each end may send by the other's list (RFC 3264 section 5.1); None when it is the same.
    `telephone_event_rate` is the clock rate of their durations.
    `srtp` are the keys when both sides encrypt; packets that are not encrypted with them are then dropped. With `dtls`
    the keys come from a handshake on the stream; nothing is sent or believed before. With `ice` the peer is where its
    checks come from, whatever `host` says. `rtcp_mux`: RTCP travels on the RTP port (RFC 5761). `comfort_noise`: either
    side may send comfort noise instead of silence (RFC 3389).
    """

    host: str
    rtp_port: int
    rtcp_port: int
    codec: Codec
    telephone_event: int | None = None
    latch: bool = True
    send: bool = True
    receive: bool = True
    telephone_event_in: int | None = None
    telephone_event_rate: int = 8000
    srtp: SrtpKeys | None = None
    dtls: DtlsPeer | None = None
    ice: IceCredentials | None = None
    rtcp_mux: bool = False
    comfort_noise: bool = False


class Bridge(Command, frozen=True, tag=True):
    """Relay `stream` and `other` to each other, transcoding where codecs differ. Ends both streams' playback."""

    other: int


class Unbridge(Command, frozen=True, tag=True):
    """End the bridge this stream is part of; both stay open and silent. In a room, it leaves the room."""


class Play(Command, frozen=True, tag=True):
    """Play clips one after another without a gap to this stream's peer, replacing what was playing.

    `clips` are names below media/ without suffix ("prompts/en/welcome", "music/default", "tones/ringback").
    `loop` repeats the sequence until replaced. `shared` starts at the position every other listener of the same
    looped sequence hears (music on hold as a broadcast). `play` is the control side's number for the event.
    """

    play: int
    clips: tuple[str, ...]
    loop: bool = False
    shared: bool = False


class StopPlay(Command, frozen=True, tag=True):
    """Stop what is playing, within the packet being sent. Answered by PlayEnded(finished=False)."""


class SendDigits(Command, frozen=True, tag=True):
    """Send DTMF digits to this stream's peer as telephone-events (RFC 4733), or in-band tones where not agreed."""

    digits: str
    duration_ms: int = 160


class MixJoin(Command, frozen=True, tag=True):
    """Seat this stream in mix `room` (numbers are the control side's): its peer hears those of the room whom it may.

    `heard_by` are the streams of the room that hear this one: None all, () nobody (who only listens), some (a
    supervisor's whisper to an agent). Sent again to change it, heard with the next packet. Ends bridge and playback.
    """

    room: int
    heard_by: tuple[int, ...] | None = None


class MixLeave(Command, frozen=True, tag=True):
    """Take this stream out of its room; it stays open and silent."""


class StartRecording(Command, frozen=True, tag=True):
    """Record this stream into the new WAV file `path`: left what its peer says, right what its peer hears.

    `recording` is the control side's number for the event. Ends what was being recorded of the stream before. Ended by
    StopRecording or the end of the stream, and answered then by RecordingEnded. `mono`: only what its peer says (a
    message); `silence_seconds` without voice of the peer are told by RecordingQuiet, 0: they are not.
    """

    recording: int
    path: str
    mono: bool = False
    silence_seconds: float = 0.0


class PauseRecording(Command, frozen=True, tag=True):
    """Leave out what is said from now on (a card number)."""


class ResumeRecording(Command, frozen=True, tag=True):
    """Go on recording after a pause; a tone in the file marks the gap."""


class StopRecording(Command, frozen=True, tag=True):
    """End the recording of this stream."""


class CloseStream(Command, frozen=True, tag=True):
    """Send RTCP BYE, close the sockets, answer with StreamClosed, which may wait for what else there is to tell."""


class ReportClosed(Command, frozen=True, tag=True):
    """Somebody waits for the StreamClosed of this stream: tell it at once."""


AnyStreamCommand = (
    OpenStream
    | SetRemote
    | Bridge
    | Unbridge
    | Play
    | StopPlay
    | SendDigits
    | MixJoin
    | MixLeave
    | StartRecording
    | PauseRecording
    | ResumeRecording
    | StopRecording
    | CloseStream
    | ReportClosed
)
AnyCommand = AnyStreamCommand | ReservePorts | ReturnPorts

# --- events: media engine -> control side -----------------------------------------------------------------------


class PortsOffered(msgspec.Struct, frozen=True, tag=True):
    """Bound port pairs the control side may hand out. The engine keeps the reservoir filled as ports are taken."""

    ports: tuple[Port, ...]


class StreamStarted(msgspec.Struct, frozen=True, tag=True):
    """The first valid packet of this stream's peer has come, from this address (now latched)."""

    stream: int
    host: str
    port: int


class DigitPressed(msgspec.Struct, frozen=True, tag=True):
    """The peer pressed a key: reported once, at the first packet of the event (RFC 4733 section 2.5)."""

    stream: int
    digit: str
    origin: Literal["rfc4733", "inband"] = "rfc4733"


class PlayEnded(msgspec.Struct, frozen=True, tag=True):
    """Playback `play` came to its end (`finished`), or was stopped or could not be played (`error` says why)."""

    stream: int
    play: int
    finished: bool
    error: str = ""


class RecordingQuiet(msgspec.Struct, frozen=True, tag=True):
    """The peer has said nothing for as long as StartRecording asked to be told of: once, and again after voice."""

    stream: int
    recording: int
    seconds: float


class RecordingEnded(msgspec.Struct, frozen=True, tag=True):
    """The file of a recording is complete, or could not be written on (`error` says why; what is there is playable).

    `voiced` are the seconds of voice in it, counted where only the peer is recorded or silence was listened for.
    """

    stream: int
    recording: int
    seconds: float
    octets: int
    error: str = ""
    voiced: float = 0.0


class StreamSilent(msgspec.Struct, frozen=True, tag=True):
    """No packet came for `seconds` from a peer that should send. Reported once until packets come again.

    `never`: none ever came. That is reported sooner, and once more when the time for silence has passed.
    """

    stream: int
    seconds: float
    never: bool = False


class StreamDead(msgspec.Struct, frozen=True, tag=True):
    """Neither a packet nor a report came for `seconds` from a peer that should send: nobody is there any more."""

    stream: int
    seconds: float


class HandshakeFailed(msgspec.Struct, frozen=True, tag=True):
    """No keys were agreed for this stream, so that nothing can be said or heard on it; `reason` says why."""

    stream: int
    reason: str


class StreamReport(msgspec.Struct, frozen=True, tag=True):
    """Statistics of a live stream, every RTCP interval (about 5 s)."""

    stream: int
    statistics: StreamStatistics


class StreamClosed(msgspec.Struct, frozen=True, tag=True):
    """The stream is gone, its port is free again; the final figures."""

    stream: int
    statistics: StreamStatistics


class PortsLost(msgspec.Struct, frozen=True, tag=True):
    """A worker has died: ports of it that were offered do not exist any longer."""

    worker: int


class StreamMoved(msgspec.Struct, frozen=True, tag=True):
    """The stream's worker has died. It goes on at another port with all that was asked of it: its peer must be told."""

    stream: int
    port: Port


class StreamLost(msgspec.Struct, frozen=True, tag=True):
    """The stream's worker has died and nobody could take it over; StreamClosed follows when it is closed."""

    stream: int


AnyEvent = (
    PortsOffered
    | PortsLost
    | StreamMoved
    | StreamLost
    | StreamStarted
    | DigitPressed
    | PlayEnded
    | RecordingQuiet
    | RecordingEnded
    | StreamSilent
    | StreamDead
    | HandshakeFailed
    | StreamReport
    | StreamClosed
)
