"""The owner's settings of the media engine."""

from typing import Annotated

import msgspec

PortNumber = Annotated[int, msgspec.Meta(ge=1024, le=65_534)]


class MediaSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where media is received and when a stream counts as dead. Durations in seconds."""

    host: str = "127.0.0.1"
    """Address the RTP sockets are bound to; which address is advertised in SDP is the control side's business."""
    port_low: PortNumber = 16_384
    """Lowest port of the range; even."""
    port_high: PortNumber = 32_767
    """RTP takes the even ports from `port_low` to `port_high`, RTCP the odd one above each."""
    reservoir: Annotated[int, msgspec.Meta(ge=2, le=4096)] = 64
    """Port pairs kept bound ahead, so that an answer never waits for a socket."""
    rtp_timeout_seconds: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 30.0
    """Silence of a peer that should send after which StreamSilent is reported."""
    no_audio_seconds: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 4.0
    """The same for a peer that has not sent anything yet: one-way audio, named in the call's record."""
    dead_seconds: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 300.0
    """Neither voice nor reports (RTCP) for so long from a peer that should send: the call is ended; 0: never."""
    rtcp_interval_seconds: Annotated[float, msgspec.Meta(ge=1, le=60)] = 5.0
    """RTCP reports are sent this often."""
    coalesce_microseconds: Annotated[int, msgspec.Meta(ge=0, le=5000)] = 200
    """Packets are handled in batches this far apart once there are many of them; 0: each as it comes."""
    workers: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    """Processes that carry the media, for load and for survival; 0: a thread of the one process, enough for some 200
    calls at once."""
    worker_grace_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 60.0
    """How long conversations flow on in the workers after the rest of softacd has died, for it to come back."""

    def __post_init__(self) -> None:
        pairs = (self.port_high + 1 - (self.port_low + 1) // 2 * 2) // 2
        if pairs < self.reservoir:
            raise ValueError(
                f"port_low {self.port_low} to port_high {self.port_high} hold {max(pairs, 0)} port pairs, "
                f"fewer than reservoir {self.reservoir}: widen the range or lower the reservoir"
            )
