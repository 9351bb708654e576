"""How a stream is to be encrypted: what a media line offers, what we want, and what comes of the two."""

from typing import Literal

import msgspec

from softacd.sdp import dtls
from softacd.sdp.crypto import Crypto, parse_crypto
from softacd.sdp.description import MediaDescription, SessionDescription
from softacd.sdp.dtls import LocalDtls, RemoteDtls
from softacd.sdp.errors import NotAcceptable

PLAIN_PROFILES = frozenset({"RTP/AVP", "RTP/AVPF"})
SECURE_PROFILES = frozenset({"RTP/SAVP", "RTP/SAVPF"})
"""Profiles that promise SRTP (RFC 3711 section 12, RFC 5124), by keys of whatever origin."""
PROFILES = PLAIN_PROFILES | SECURE_PROFILES | dtls.PROFILES

Encryption = Literal["off", "preferred", "required"]
"""`preferred`: offered in a way that a peer without SRTP takes as a plain offer (RFC 8643)."""


class Protection(msgspec.Struct, frozen=True):
    """Where the keys of a stream come from: the peer's in its description, or a handshake; neither: it is plain."""

    crypto: Crypto | None = None
    dtls: RemoteDtls | None = None


def profile(srtp: Encryption, *, keyed: bool, dtls_offered: bool, browser: bool) -> str:
    """The transport of an offer of ours. `keyed`: with a=crypto, `dtls_offered`: with a fingerprint."""
    if browser:
        return "UDP/TLS/RTP/SAVPF"  # RFC 8827 section 6.5, RFC 8834 section 4.2
    if srtp != "required":
        return "RTP/AVP"
    # both kinds of keys: the transport that names neither, so that the peer may take the one it can
    return "UDP/TLS/RTP/SAVP" if dtls_offered and not keyed else "RTP/SAVP"


def choose(
    session: SessionDescription, media: MediaDescription, srtp: Encryption, *, keyed: bool, local: LocalDtls | None
) -> Protection:
    """What to answer to a media line. A handshake goes before keys that the signalling has seen.

    Raises NotAcceptable (488) when one side demands encryption and there is no way to agree on it.
    """
    promised = media.protocol not in PLAIN_PROFILES
    if srtp == "off" and promised:
        raise NotAcceptable(f"transport {media.protocol} is not supported", warning=302)
    remote = dtls.answer_offer(session, media, local) if srtp != "off" and local is not None else None
    crypto = None
    if remote is None and srtp != "off" and keyed and media.protocol not in dtls.PROFILES:
        crypto = usable_key(media)
    if remote is None and crypto is None and (promised or srtp == "required"):
        raise NotAcceptable("no usable encryption offered", warning=302)
    return Protection(crypto, remote)


def accept(
    ours: SessionDescription, mine: MediaDescription, theirs: SessionDescription, media: MediaDescription
) -> Protection:
    """What the answer to our offer agreed to. Raises NotAcceptable (488) when it drops the encryption demanded."""
    offered, _ = dtls.read(ours, mine)
    remote = dtls.accept(theirs, media) if offered else None
    crypto = usable_key(media) if remote is None and usable_key(mine) is not None else None
    if remote is None and crypto is None and mine.protocol not in PLAIN_PROFILES:
        raise NotAcceptable("the answer does not encrypt", warning=302)
    return Protection(crypto, remote)


def usable_key(media: MediaDescription) -> Crypto | None:
    """The first usable key of `media` (RFC 4568 section 5.1.1: in order of preference)."""
    return next((crypto for value in media.values("crypto") if (crypto := parse_crypto(value))), None)
