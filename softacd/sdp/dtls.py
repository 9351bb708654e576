"""DTLS-SRTP in session descriptions: whose certificate comes, and who begins (RFC 5763, RFC 8122, RFC 8842)."""

import binascii
from typing import Literal

import msgspec

from softacd.sdp.description import Attribute, MediaDescription, SessionDescription

Setup = Literal["active", "passive"]
"""Who sends the ClientHello: the active end (RFC 4145)."""

HASHES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
"""Hash functions believed in fingerprints, and their octets; weaker ones are passed over (RFC 8122 section 5.1)."""

PROFILES = frozenset({"UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"})
"""Transports that promise it (RFC 5764 section 9)."""


class LocalDtls(msgspec.Struct, frozen=True):
    """Our certificate's fingerprint as an attribute says it ("sha-256 AB:CD...") and our part in an association.

    `setup` is None before there is one; afterwards a re-negotiation keeps the parts (RFC 8842 section 5.3).
    """

    fingerprint: str
    setup: Setup | None = None

    def attributes(self, setup: str) -> list[Attribute]:
        return [Attribute("fingerprint", self.fingerprint), Attribute("setup", setup)]


class RemoteDtls(msgspec.Struct, frozen=True):
    """The peer's certificate, by hash function and digest, one of which must match; and our part."""

    fingerprints: tuple[tuple[str, bytes], ...]
    setup: Setup


def parse_fingerprint(value: str) -> tuple[str, bytes] | None:
    """Hash function and digest of an a=fingerprint value; None for one that is malformed or not believed here."""
    name, _, text = value.strip().partition(" ")
    name = name.lower()
    try:
        digest = binascii.unhexlify(text.strip().replace(":", ""))
    except (binascii.Error, ValueError):
        return None
    return (name, digest) if HASHES.get(name) == len(digest) else None


def read(session: SessionDescription, media: MediaDescription) -> tuple[tuple[tuple[str, bytes], ...], str]:
    """Fingerprints and a=setup of a media line, its own or the session's; () when there is none to be believed."""
    values = media.values("fingerprint")
    if not values:
        values = [attribute.value or "" for attribute in session.attributes if attribute.name == "fingerprint"]
    fingerprints = tuple(made for value in values if (made := parse_fingerprint(value)) is not None)
    setup = media.attribute("setup") or session.attribute("setup") or ""
    return fingerprints, setup.strip().lower()


def answer_offer(session: SessionDescription, media: MediaDescription, local: LocalDtls) -> RemoteDtls | None:
    """What an offer of DTLS makes of us; None when it offers none.

    An offerer that leaves it to us begins itself (we are passive): its way to us is open then.
    """
    fingerprints, setup = read(session, media)
    if not fingerprints or setup == "holdconn":
        return None
    if setup == "actpass":
        return RemoteDtls(fingerprints, local.setup or "passive")
    # RFC 4145 section 4: without the attribute the offerer is active
    return RemoteDtls(fingerprints, "active" if setup == "passive" else "passive")


def accept(session: SessionDescription, media: MediaDescription) -> RemoteDtls | None:
    """What the answer to our offer (which left the parts to the peer) agreed to; None for no DTLS."""
    fingerprints, setup = read(session, media)
    if not fingerprints or setup == "holdconn":
        return None
    return RemoteDtls(fingerprints, "active" if setup == "passive" else "passive")
