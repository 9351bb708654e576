"""Offer/answer for one audio stream (RFC 3264): pure functions the call flows use.

A leg has one audio stream. Further media in an offer is refused with port 0, line by line, as section 6 demands. The
`direction` of a result is ours: whether *we* send and receive.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address

import msgspec

from softacd.sdp import security
from softacd.sdp.crypto import SUITES, Crypto
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
from softacd.sdp.dtls import PROFILES as DTLS_PROFILES
from softacd.sdp.dtls import LocalDtls, RemoteDtls
from softacd.sdp.errors import NotAcceptable
from softacd.sdp.ice import LocalIce, remote_ufrag
from softacd.sdp.security import Encryption, Protection

STATIC_FORMATS = {
    0: ("PCMU", 8000),
    3: ("GSM", 8000),
    8: ("PCMA", 8000),
    9: ("G722", 8000),
    13: ("CN", 8000),
    18: ("G729", 8000),
}
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


COMFORT_NOISE = MediaFormat("CN", 13)
"""Noise told of in a few octets while nobody speaks (RFC 3389 section 4), beside a codec of the same clock."""
QUIET_CODECS = ("PCMA", "PCMU")
"""Codecs that have no silence of their own."""


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
    comfort_noise: bool = False
    """Comfort noise is welcome: offered, and agreed to where it is offered. Not with browsers, whose voices would pause
    towards desk phones that cannot be told."""
    srtp: Encryption = "off"
    srtp_key: bytes = b""
    """Our master key and salt, 30 octets drawn at random for this dialog; b"": keys do not travel in descriptions."""
    dtls: LocalDtls | None = None
    """With it, keys may be agreed by DTLS."""
    ice: LocalIce | None = None
    """With it, the peer is a browser: offers are in WebRTC's profile, and its checks say where it is."""


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
    comfort_noise: bool = False
    """Either side may pause while nobody speaks, and tell how loud its silence is (RFC 3389)."""
    direction: Direction = Direction.SENDRECV
    packet_ms: int = 20
    hold: bool = False
    crypto: Crypto | None = None
    """The peer's key when the stream is encrypted by keys in descriptions; ours is that of LocalMedia."""
    dtls: RemoteDtls | None = None
    """Whose certificate to expect when a handshake makes the keys."""
    ufrag: str = ""
    """The peer's ICE user name fragment; "" when it is where its description says."""
    rtcp_mux: bool = False
    """RTCP travels on the RTP port (RFC 5761)."""


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
    if _welcome(local) and any(known.name in QUIET_CODECS for known in formats):
        formats = (*formats, COMFORT_NOISE)
    keyed = local.srtp != "off" and bool(local.srtp_key) and local.ice is None
    crypto = Crypto(1, SUITES[0], local.srtp_key) if keyed else None
    with_dtls = local.srtp != "off" and local.dtls is not None
    profile = security.profile(local.srtp, keyed=keyed, dtls_offered=with_dtls, browser=local.ice is not None)
    keys = [Attribute("crypto", crypto.value())] if crypto is not None else []
    if local.dtls is not None and with_dtls:
        keys += local.dtls.attributes("actpass")  # RFC 8842 section 5.2: the offerer leaves the parts to the other
    media = _audio(local, profile, formats, events, direction, keys)
    if profile in DTLS_PROFILES:
        media = _with(media, Attribute("rtcp-mux"))
    session: list[Attribute] = []
    if local.ice is not None:
        session = [Attribute("group", "BUNDLE 0"), Attribute("ice-lite")]
        track = [Attribute("mid", "0"), Attribute("msid", "- audio")]
        media = _with(media, *track, *local.ice.attributes(local.host, local.port))
    description = _session(local, ("0 0",), [media], session)
    return Offer(_serialise(description, previous), description)


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
    protection = Protection()
    refusal = NotAcceptable("no audio stream offered", warning=304)
    for index, media in enumerate(offered.media):
        if media.kind != "audio" or not media.port or chosen is not None:
            continue
        if media.protocol not in security.PROFILES:
            refusal = NotAcceptable(f"transport {media.protocol} is not supported", warning=302)
        elif not any(known.name in local.codecs for known in formats_of(media)):
            refusal = NotAcceptable(f"no common codec; supported here: {', '.join(local.codecs)}")
        else:
            try:
                keyed = bool(local.srtp_key)
                protection = security.choose(offered, media, local.srtp, keyed=keyed, local=local.dtls)
            except NotAcceptable as error:
                refusal = error
            else:
                chosen = index
    if chosen is None:
        raise refusal
    media = offered.media[chosen]
    ufrag = remote_ufrag(offered, media) if local.ice is not None else ""
    if ufrag and media.attribute("rtcp-mux") is None:
        raise NotAcceptable("ICE without rtcp-mux is not supported", warning=302)
    remote = _agree(
        offered, media, local.codecs, local.host, wanted=direction, event=local.telephone_event, ufrag=ufrag
    )
    # we answer with their number of telephone-events, and with our key under the tag and suite of theirs
    crypto = protection.crypto
    remote = msgspec.structs.replace(
        remote,
        telephone_event_in=remote.telephone_event,
        comfort_noise=remote.comfort_noise and _welcome(local),
        crypto=crypto,
        dtls=protection.dtls,
        rtcp_mux=protection.dtls is not None and media.attribute("rtcp-mux") is not None,
    )
    keys = [Attribute("crypto", Crypto(crypto.tag, crypto.suite, local.srtp_key).value())] if crypto is not None else []
    if protection.dtls is not None and local.dtls is not None:
        keys = local.dtls.attributes(protection.dtls.setup)
    sections = []
    for index, section in enumerate(offered.media):
        mid = [Attribute("mid", value)] if (value := section.attribute("mid")) else []  # RFC 5888 section 9.1
        if index == chosen:
            events: tuple[MediaFormat, ...] = ()
            if remote.telephone_event is not None:
                events = (MediaFormat(TELEPHONE_EVENT, remote.telephone_event, remote.telephone_event_rate),)
            spoken = (remote.codec, COMFORT_NOISE) if remote.comfort_noise else (remote.codec,)
            ours = _audio(local, section.protocol, spoken, events, remote.direction, keys)
            if remote.rtcp_mux:
                ours = _with(ours, Attribute("rtcp-mux"))
            if ufrag and local.ice is not None:
                ours = _with(ours, Attribute("msid", "- audio"), *local.ice.attributes(local.host, local.port))
            sections.append(_with(ours, *mid) if mid else ours)
        else:
            # RFC 3264 section 6: a refused stream keeps its line, with port 0 and at least one format.
            refused = MediaDescription(section.kind, 0, section.protocol, section.formats, None, tuple(mid))
            sections.append(refused)
    session = _bundle(offered, media)
    if ufrag:
        session.append(Attribute("ice-lite"))
    # RFC 3264 section 6: the t= line of the answer equals that of the offer.
    return Answer(_serialise(_session(local, offered.times, sections, session), previous), remote)


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
    ufrag = remote_ufrag(answered, media) if mine.attribute("ice-ufrag") else ""
    mux = media.attribute("rtcp-mux") is not None and mine.attribute("rtcp-mux") is not None
    if ufrag and not mux:
        raise NotAcceptable("ICE without rtcp-mux is not supported", warning=302)
    event = TELEPHONE_EVENT in names
    remote = _agree(answered, media, names, host, wanted=wanted, event=event, ufrag=ufrag)
    protection = security.accept(ours, mine, answered, media)
    quiet = remote.comfort_noise and COMFORT_NOISE.name in names
    remote = msgspec.structs.replace(
        remote, crypto=protection.crypto, dtls=protection.dtls, rtcp_mux=mux, comfort_noise=quiet
    )
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
    ufrag: str,
) -> RemoteMedia:
    """What their `media` line and our wishes have in common."""
    formats = formats_of(media)
    voices = set(codecs) - {TELEPHONE_EVENT, COMFORT_NOISE.name}
    codec = next((known for known in formats if known.name in voices), None)
    if codec is None:
        raise NotAcceptable("no common codec")
    connection = media.connection or theirs.connection
    if connection is None:
        raise NotAcceptable("no connection address", warning=301)
    # with ICE the address here is but one of many, or none at all: its checks tell (RFC 8839 section 4.2.1.2)
    unspecified = False if ufrag else _check_address(connection.host, our_host)
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
        comfort_noise=codec.name in QUIET_CODECS and any(_is_comfort_noise(known) for known in formats),
        direction=direction_of(sends=sends and wanted.sends, receives=allowed.receives and wanted.receives),
        packet_ms=_packet_ms(media),
        hold=wanted.sends and not sends,
        ufrag=ufrag,
    )


def _welcome(local: LocalMedia) -> bool:
    return local.comfort_noise and local.ice is None


def _is_comfort_noise(known: MediaFormat) -> bool:
    """Under its static payload type, which is for a clock of 8000 Hz."""
    return (known.name, known.payload_type, known.clock_rate) == ("CN", 13, 8000)


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
    keys: list[Attribute],
) -> MediaDescription:
    numbers, before, after = _attributes(formats, events, local.packet_ms, direction)
    return MediaDescription("audio", local.port, protocol, numbers, None, (*before, *keys, *after))


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


def _with(media: MediaDescription, *attributes: Attribute) -> MediaDescription:
    return msgspec.structs.replace(media, attributes=(*media.attributes, *attributes))


def _bundle(offered: SessionDescription, media: MediaDescription) -> list[Attribute]:
    """The answer to a BUNDLE group: the one stream taken stays in it, if it was (RFC 9143 section 7.3)."""
    mid = media.attribute("mid")
    groups = [attribute.value or "" for attribute in offered.attributes if attribute.name == "group"]
    together = any(group.startswith("BUNDLE ") and mid in group.split()[1:] for group in groups)
    return [Attribute("group", f"BUNDLE {mid}")] if together else []


def _session(
    local: LocalMedia, times: tuple[str, ...], media: list[MediaDescription], attributes: list[Attribute]
) -> SessionDescription:
    kind = f"IP{_address(local.host)[0]}"
    origin = Origin(local.user, str(local.session_id), local.session_version, "IN", kind, local.host)
    return SessionDescription(origin, Connection(kind, local.host), "-", times, tuple(attributes), tuple(media))


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
