"""Offer/answer for one audio stream (RFC 3264): pure functions the call flows use.

A leg has one audio stream. Further media in an offer is refused with port 0, line by line, as section 6 demands. The
`direction` of a result is ours: whether *we* send and receive.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import Literal

import msgspec

from softacd.sdp.crypto import SUITES, Crypto, parse_crypto
from softacd.sdp.description import (
    Attribute,
    Connection,
    Direction,
    MediaDescription,
    Origin,
    SessionDescription,
    decimal,
    direction_of,
)
from softacd.sdp.errors import NotAcceptable

STATIC_FORMATS = {0: ("PCMU", 8000), 3: ("GSM", 8000), 8: ("PCMA", 8000), 9: ("G722", 8000), 18: ("G729", 8000)}
"""Payload types whose meaning needs no rtpmap (RFC 3551 table 4): name, clock rate."""

LONGEST_ADDRESS = 64
LONGEST_KEPT = 600
"""Characters of a media line's formats up to which they are kept after reading."""

OFFERED_TYPES = {"PCMU": 0, "PCMA": 8, "G722": 9}
"""Payload types we offer for the codecs that have a static one."""

TELEPHONE_EVENT_TYPES = {8000: 101, 48_000: 102}
"""Payload types we offer for telephone-events, by the clock rate of the codec they go with."""
TELEPHONE_EVENT = "TELEPHONE-EVENT"
PACKET_TIMES = (10, 20, 30, 40, 50, 60)
PLAIN_PROFILES = frozenset({"RTP/AVP", "RTP/AVPF"})
SECURE_PROFILES = frozenset({"RTP/SAVP", "RTP/SAVPF"})
"""Profiles that promise SRTP (RFC 3711 section 12, RFC 5124)."""
Encryption = Literal["off", "preferred", "required"]
"""`preferred`: offered in a way that a peer without SRTP takes as a plain offer (RFC 8643)."""


RATES = {"OPUS": 48_000}
"""Clock rates other than 8000 (RFC 7587 section 4.1); G.722's is 8000 although it carries 16 kHz (RFC 3551 4.5.2)."""
RTPMAPS = {"OPUS": "opus/48000/2"}
"""RFC 7587 section 7: so it is always written, whatever is sent."""
PARAMETERS = {"OPUS": "useinbandfec=1"}


class MediaFormat(msgspec.Struct, frozen=True):
    """One payload format: encoding name in capitals, RTP payload type, clock rate in Hz, fmtp parameters."""

    name: str
    payload_type: int
    clock_rate: int = 8000
    parameters: str = ""


class LocalMedia(msgspec.Struct, frozen=True, kw_only=True):
    """Our end of one stream: where we listen and what we speak, in order of preference.

    `host` is the address to advertise (an IP literal), `port` the even RTP port; RTCP is on `port` + 1.
    `session_id` and `session_version` go into the o= line: the id is drawn at random for each dialog, the version is
    raised when the content changes (see `previous` of offer() and answer()).
    """

    host: str
    port: int
    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    session_id: int
    session_version: int = 1
    user: str = "softacd"
    packet_ms: int = 20
    telephone_event: bool = True
    srtp: Encryption = "off"
    srtp_key: bytes = b""
    """Our master key and salt, 30 octets drawn at random for this dialog; needed unless `srtp` is off."""


class RemoteMedia(msgspec.Struct, frozen=True, kw_only=True):
    """What the media engine needs to know of the peer, after an offer and its answer.

    `telephone_event` is the payload type to send RFC 4733 events in, None when not agreed; `telephone_event_in` the
    one they may come in (each end lists its own, section 5.1). `direction` is ours. `packet_ms` is what the peer wants
    to receive, 10 to 60. `hold`: the peer does not want to hear us although we would speak
    (a=sendonly or a=inactive, RFC 3264 section 8.4; or the address 0.0.0.0 of RFC 2543).
    """

    host: str
    rtp_port: int
    rtcp_port: int
    codec: MediaFormat
    telephone_event: int | None = None
    telephone_event_in: int | None = None
    telephone_event_rate: int = 8000
    """Clock rate their durations are counted in: the codec's, or 8000 beside Opus with peers that know no other."""
    direction: Direction = Direction.SENDRECV
    packet_ms: int = 20
    hold: bool = False
    crypto: Crypto | None = None
    """The peer's key when the stream is encrypted; ours is that of LocalMedia."""


class Answer(msgspec.Struct, frozen=True):
    """Our answer as it goes into the message, and what was agreed."""

    body: bytes
    remote: RemoteMedia


class Offer(msgspec.Struct, frozen=True):
    """Our offer as it goes into the message, and what it says."""

    body: bytes
    description: SessionDescription


def offer(local: LocalMedia, direction: Direction = Direction.SENDRECV, *, previous: bytes = b"") -> bytes:
    """The body of `make_offer`."""
    return make_offer(local, direction, previous=previous).body


def make_offer(local: LocalMedia, direction: Direction = Direction.SENDRECV, *, previous: bytes = b"") -> Offer:
    """A description offering `local`.

    `previous` is the description sent last in this dialog: the session version then stays when nothing changed and
    is one more when something did (RFC 3264 section 8).
    """
    formats = tuple(_local_format(name, index) for index, name in enumerate(local.codecs))
    rates = dict.fromkeys(known.clock_rate for known in formats) if local.telephone_event else {}
    events = tuple(MediaFormat(TELEPHONE_EVENT, TELEPHONE_EVENT_TYPES[rate], rate) for rate in rates)
    crypto = Crypto(1, SUITES[0], local.srtp_key) if local.srtp != "off" else None
    profile = "RTP/SAVP" if local.srtp == "required" else "RTP/AVP"
    media = _audio(local, profile, formats, events, direction, crypto)
    session = _session(local, ("0 0",), [media])
    return Offer(_serialise(session, previous), session)


def answer(
    offered: SessionDescription,
    local: LocalMedia,
    direction: Direction = Direction.SENDRECV,
    *,
    previous: bytes = b"",
) -> Answer:
    """Our answer to `offered`. `direction` is what we would like; the offer may allow less.

    The first audio line with a codec of ours is taken, with the offerer's first such codec, so that both ends agree
    on what comes (section 6.1: same order, same payload types). Raises NotAcceptable (488) when there is none.
    """
    chosen: int | None = None
    refusal = NotAcceptable("no audio stream offered", warning=304)
    for index, media in enumerate(offered.media):
        if media.kind != "audio" or not media.port or chosen is not None:
            continue
        secure = media.protocol in SECURE_PROFILES
        if not secure and media.protocol not in PLAIN_PROFILES:
            refusal = NotAcceptable(f"transport {media.protocol} is not supported", warning=302)
        elif not any(known.name in local.codecs for known in formats_of(media)):
            refusal = NotAcceptable(f"no common codec; supported here: {', '.join(local.codecs)}")
        else:
            crypto = _crypto(media)
            if (secure or local.srtp == "required") and (local.srtp == "off" or crypto is None):
                off = local.srtp == "off"
                why = f"transport {media.protocol} is not supported" if off else "no usable encryption offered"
                refusal = NotAcceptable(why, warning=302)
            else:
                chosen = index
    if chosen is None:
        raise refusal
    media = offered.media[chosen]
    remote = _agree(offered, media, local.codecs, local.host, wanted=direction, event=local.telephone_event)
    crypto = _crypto(media) if local.srtp != "off" else None
    # we answer with their number of telephone-events, and with our key under the tag and suite of theirs
    remote = msgspec.structs.replace(remote, telephone_event_in=remote.telephone_event, crypto=crypto)
    ours = Crypto(crypto.tag, crypto.suite, local.srtp_key) if crypto is not None else None
    sections = []
    for index, section in enumerate(offered.media):
        if index == chosen:
            events: tuple[MediaFormat, ...] = ()
            if remote.telephone_event is not None:
                events = (MediaFormat(TELEPHONE_EVENT, remote.telephone_event, remote.telephone_event_rate),)
            sections.append(_audio(local, section.protocol, (remote.codec,), events, remote.direction, ours))
        else:
            # RFC 3264 section 6: a refused stream keeps its line, with port 0 and at least one format.
            sections.append(MediaDescription(section.kind, 0, section.protocol, section.formats))
    # RFC 3264 section 6: the t= line of the answer equals that of the offer.
    return Answer(_serialise(_session(local, offered.times, sections), previous), remote)


def accept_answer(our_offer: bytes | SessionDescription, answered: SessionDescription) -> RemoteMedia:
    """What the peer's answer to `our_offer` agreed to.

    Raises NotAcceptable (488) when the answer refuses the audio or agrees to nothing we offered: the call cannot
    have sound and the caller of this function ends it (ACK, then BYE).
    """
    ours = SessionDescription.parse(our_offer) if isinstance(our_offer, bytes) else our_offer
    mine = ours.media[0]
    # RFC 3264 section 6: the answer has as many m= lines as the offer, in the same order.
    if not answered.media or answered.media[0].kind != mine.kind:
        raise NotAcceptable("the answer does not describe the audio that was offered", warning=304)
    media = answered.media[0]
    if not media.port:
        raise NotAcceptable("the answer refuses the audio", warning=304)
    formats = formats_of(mine)
    names = tuple(known.name for known in formats)
    host = (mine.connection or ours.connection or Connection("IP4", "")).host
    wanted = ours.direction(mine)
    remote = _agree(answered, media, names, host, wanted=wanted, event=TELEPHONE_EVENT in names)
    offered = _crypto(mine)
    chosen = _crypto(media) if offered is not None else None
    if mine.protocol in SECURE_PROFILES and (chosen is None or chosen.suite not in SUITES):
        raise NotAcceptable("the answer does not encrypt", warning=302)
    remote = msgspec.structs.replace(remote, crypto=chosen)
    if remote.telephone_event is None:
        return remote
    listed = _event_format(formats, remote.telephone_event_rate)
    return msgspec.structs.replace(remote, telephone_event_in=listed.payload_type if listed is not None else None)


def formats_of(media: MediaDescription) -> tuple[MediaFormat, ...]:
    """Formats of an RTP media line in order of preference, rtpmap and fmtp resolved.

    Payload types without a meaning (dynamic, but no rtpmap) are left out; a malformed rtpmap is as good as none.
    """
    maps, parameters = tuple(media.values("rtpmap")), tuple(media.values("fmtp"))
    if len(media.formats) + sum(map(len, maps)) + sum(map(len, parameters)) > LONGEST_KEPT:
        return _read_formats(media.formats, maps, parameters)
    return _formats(media.formats, maps, parameters)


def _read_formats(
    numbers: tuple[str, ...], rtpmaps: tuple[str, ...], fmtps: tuple[str, ...]
) -> tuple[MediaFormat, ...]:
    maps, parameters = _by_payload_type(rtpmaps), _by_payload_type(fmtps)
    formats = []
    for text in numbers:
        number = decimal(text)
        if number is None or number > 127:
            continue
        name, rate = STATIC_FORMATS.get(number, ("", 0))
        encoding = maps.get(number, "").split("/")
        if len(encoding) >= 2:
            # RFC 4855 section 3: encoding names compare without case.
            name, rate = encoding[0].upper(), decimal(encoding[1]) or 0
        if name and rate:
            formats.append(MediaFormat(name, number, rate, parameters.get(number, "")))
    return tuple(formats)


_formats = lru_cache(maxsize=256)(_read_formats)
"""Devices of one make say the same in every call: what was read is kept."""


def _agree(
    theirs: SessionDescription,
    media: MediaDescription,
    codecs: Iterable[str],
    our_host: str,
    *,
    wanted: Direction,
    event: bool,
) -> RemoteMedia:
    """What their `media` line and our wishes have in common."""
    formats = formats_of(media)
    voices = set(codecs) - {TELEPHONE_EVENT}
    codec = next((known for known in formats if known.name in voices), None)
    if codec is None:
        raise NotAcceptable("no common codec")
    connection = media.connection or theirs.connection
    if connection is None:
        raise NotAcceptable("no connection address", warning=301)
    unspecified = _check_address(connection.host, our_host)
    theirs_direction = theirs.direction(media)
    allowed = theirs_direction.mirrored
    # RFC 3264 section 8.4: the address 0.0.0.0 is the old way to hold; nothing is to be sent there.
    sends = allowed.sends and not unspecified
    listed = _event_format(formats, codec.clock_rate) if event else None
    return RemoteMedia(
        host=connection.host,
        rtp_port=media.port,
        rtcp_port=_rtcp_port(media),
        codec=codec,
        telephone_event=listed.payload_type if listed is not None else None,
        telephone_event_rate=listed.clock_rate if listed is not None else codec.clock_rate,
        direction=direction_of(sends=sends and wanted.sends, receives=allowed.receives and wanted.receives),
        packet_ms=_packet_ms(media),
        hold=wanted.sends and not sends,
    )


def _crypto(media: MediaDescription) -> Crypto | None:
    """The first usable key of `media` (RFC 4568 section 5.1.1: in order of preference)."""
    return next((crypto for value in media.values("crypto") if (crypto := parse_crypto(value))), None)


def _check_address(host: str, our_host: str) -> bool:
    """Whether `host` is the unspecified address. Raises NotAcceptable for one the media cannot be sent to."""
    version, multicast, unspecified = _address(host) if len(host) <= LONGEST_ADDRESS else (0, False, False)
    if not version:
        raise NotAcceptable("the connection address must be an IP address", warning=301) from None
    if multicast:
        raise NotAcceptable("multicast is not supported", warning=330)
    if not unspecified and our_host and _address(our_host)[0] != version:
        raise NotAcceptable(f"IP version {version} is not available for this stream", warning=300)
    return unspecified


@lru_cache(maxsize=1024)
def _address(host: str) -> tuple[int, bool, bool]:
    """IP version (0: no address), whether it is a multicast address, and whether it is the unspecified one."""
    try:
        address = ip_address(host)
    except ValueError:
        return 0, False, False
    return address.version, address.is_multicast, address.is_unspecified


def _event_format(formats: tuple[MediaFormat, ...], clock_rate: int) -> MediaFormat | None:
    """The telephone-event that goes with a codec of `clock_rate`; None when there is none.

    It should run at the codec's clock (RFC 4733 section 2.1); many phones list it at 8000 alone, beside Opus too.
    """
    events = {known.clock_rate: known for known in reversed(formats) if known.name == TELEPHONE_EVENT}
    return events.get(clock_rate) or events.get(8000)


def _rtcp_port(media: MediaDescription) -> int:
    """RTCP port of `media`: a=rtcp (RFC 3605), else RTP + 1 (RFC 3550 section 11)."""
    port = decimal((media.attribute("rtcp") or "").partition(" ")[0])
    return port if port is not None and 0 < port < 65_536 else media.port + 1


def _packet_ms(media: MediaDescription) -> int:
    """Packet time the peer wants (RFC 8866 section 6.4), within what the engine sends; 20 when it does not say."""
    value = decimal((media.attribute("ptime") or "").strip())
    return value if value is not None and value in PACKET_TIMES else 20


def _by_payload_type(values: Iterable[str]) -> dict[int, str]:
    """ "<payload type> <text>" lines as a mapping."""
    mapping: dict[int, str] = {}
    for value in values:
        number, _, text = value.partition(" ")
        payload_type = decimal(number)
        if payload_type is not None:
            mapping.setdefault(payload_type, text.strip())
    return mapping


def _local_format(name: str, index: int) -> MediaFormat:
    """Format of `name` for an offer; codecs without a static payload type are numbered from 96 (RFC 3551)."""
    payload_type = OFFERED_TYPES.get(name, 96 + index)
    return MediaFormat(name, payload_type, RATES.get(name, 8000), PARAMETERS.get(name, ""))


def _audio(
    local: LocalMedia,
    protocol: str,
    formats: tuple[MediaFormat, ...],
    events: tuple[MediaFormat, ...],
    direction: Direction,
    crypto: Crypto | None = None,
) -> MediaDescription:
    numbers, before, after = _attributes(formats, events, local.packet_ms, direction)
    if crypto is not None:
        before = (*before, Attribute("crypto", crypto.value()))
    return MediaDescription("audio", local.port, protocol, numbers, None, before + after)


@lru_cache(maxsize=256)
def _attributes(
    formats: tuple[MediaFormat, ...], events: tuple[MediaFormat, ...], packet_ms: int, direction: Direction
) -> tuple[tuple[str, ...], tuple[Attribute, ...], tuple[Attribute, ...]]:
    """Payload types and attributes of one of our media lines; keys stand between the two parts."""
    numbers = tuple(str(known.payload_type) for known in (*formats, *events))
    attributes = []
    for known in formats:
        encoding = RTPMAPS.get(known.name, f"{known.name}/{known.clock_rate}")
        attributes.append(Attribute("rtpmap", f"{known.payload_type} {encoding}"))
        if known.name in PARAMETERS:
            attributes.append(Attribute("fmtp", f"{known.payload_type} {PARAMETERS[known.name]}"))
    for known in events:
        attributes.append(Attribute("rtpmap", f"{known.payload_type} telephone-event/{known.clock_rate}"))
        attributes.append(Attribute("fmtp", f"{known.payload_type} 0-15"))
    return numbers, tuple(attributes), (Attribute("ptime", str(packet_ms)), Attribute(direction.value))


def _session(local: LocalMedia, times: tuple[str, ...], media: list[MediaDescription]) -> SessionDescription:
    kind = f"IP{_address(local.host)[0]}"
    origin = Origin(local.user, str(local.session_id), local.session_version, "IN", kind, local.host)
    return SessionDescription(origin, Connection(kind, local.host), "-", times, (), tuple(media))


def _serialise(session: SessionDescription, previous: bytes) -> bytes:
    """`session` as bytes, its version following on `previous` (RFC 3264 section 8, RFC 8866 section 5.2)."""
    if not previous:
        return session.serialise()
    before = SessionDescription.parse(previous)
    unchanged = msgspec.structs.replace(session, origin=before.origin)
    if unchanged == before:
        return previous
    origin = msgspec.structs.replace(
        session.origin, session_id=before.origin.session_id, version=before.origin.version + 1
    )
    return msgspec.structs.replace(session, origin=origin).serialise()
