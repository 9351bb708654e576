"""STUN messages as ICE uses them (RFC 8489): binding requests taken apart and checked, their answers put together."""

import hmac
import struct
import zlib
from collections.abc import Sequence
from ipaddress import ip_address
from typing import NamedTuple

BINDING_REQUEST = 0x0001
BINDING_INDICATION = 0x0011
BINDING_SUCCESS = 0x0101
BINDING_ERROR = 0x0111
MAGIC_COOKIE = 0x2112_A442

USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
ERROR_CODE = 0x0009
UNKNOWN_ATTRIBUTES = 0x000A
XOR_MAPPED_ADDRESS = 0x0020
PRIORITY = 0x0024
USE_CANDIDATE = 0x0025
FINGERPRINT = 0x8028
ICE_CONTROLLED = 0x8029
ICE_CONTROLLING = 0x802A

UNDERSTOOD = frozenset({USERNAME, MESSAGE_INTEGRITY, PRIORITY, USE_CANDIDATE})
"""Attributes a request may demand to be understood; those from 0x8000 on may be passed over (section 14)."""
MAX_ATTRIBUTES = 32

_HEAD = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_HEAD_SIZE = 20
_INTEGRITY_SIZE = 24
_FINGERPRINT_SIZE = 8
_FINGERPRINT_MASK = 0x5354_554E
_REASONS = {400: b"Bad Request", 401: b"Unauthenticated", 420: b"Unknown Attribute", 487: b"Role Conflict"}


class StunError(ValueError):
    """The datagram is not a STUN message. It is dropped and counted."""


class Message(NamedTuple):
    """One message. `attributes` ends with MESSAGE-INTEGRITY when there is one: what follows it is not authentic."""

    kind: int
    transaction: bytes
    attributes: tuple[tuple[int, bytes], ...]
    signed: int
    """Where MESSAGE-INTEGRITY stands in the datagram; 0 without one."""

    def value(self, attribute: int) -> bytes | None:
        """Value of the first attribute of a type (section 14: later ones are ignored)."""
        return next((value for kind, value in self.attributes if kind == attribute), None)

    def not_understood(self) -> list[int]:
        """Types of attributes that must be understood, and are not."""
        return [kind for kind, _ in self.attributes if kind < 0x8000 and kind not in UNDERSTOOD]


def parse(data: bytes) -> Message:
    """Take a datagram apart. Raises StunError, also without a valid FINGERPRINT (RFC 8445 section 7)."""
    if len(data) < _HEAD_SIZE:
        raise StunError("shorter than a header")
    kind, length, cookie, transaction = _HEAD.unpack_from(data)
    if kind & 0xC000 or cookie != MAGIC_COOKIE or length % 4 or length + _HEAD_SIZE != len(data):
        raise StunError("not a header of RFC 8489")
    attributes: list[tuple[int, bytes]] = []
    signed = 0
    at = _HEAD_SIZE
    last = -1
    while at < len(data):
        if len(attributes) == MAX_ATTRIBUTES:
            raise StunError("too many attributes")
        last, size = _ATTRIBUTE.unpack_from(data, at)
        begin, end = at + 4, at + 4 + size
        if end > len(data):
            raise StunError("an attribute is longer than the message")
        if not signed:
            attributes.append((last, data[begin:end]))
            if last == MESSAGE_INTEGRITY:
                if size != _INTEGRITY_SIZE - 4:
                    raise StunError("MESSAGE-INTEGRITY of a wrong size")
                signed = at
        at = (end + 3) // 4 * 4
    if last != FINGERPRINT or data[-_FINGERPRINT_SIZE:] != _fingerprint(data[:-_FINGERPRINT_SIZE]):
        raise StunError("no valid FINGERPRINT at the end")
    return Message(kind, transaction, tuple(attributes), signed)


def authentic(data: bytes, message: Message, key: bytes) -> bool:
    """Whether MESSAGE-INTEGRITY is there and was made with `key` (section 14.5)."""
    value = message.value(MESSAGE_INTEGRITY)
    if value is None:
        return False
    # the length in the header is that of a message ending with MESSAGE-INTEGRITY
    head = data[:2] + struct.pack("!H", message.signed + _INTEGRITY_SIZE - _HEAD_SIZE) + data[4 : message.signed]
    return hmac.compare_digest(value, hmac.digest(key, head, "sha1"))


def request(transaction: bytes, attributes: Sequence[tuple[int, bytes]], key: bytes) -> bytes:
    """A binding request."""
    return _build(BINDING_REQUEST, transaction, attributes, key)


def success(transaction: bytes, source: tuple[str, int], key: bytes) -> bytes:
    """The answer that tells `source` where its request came from (section 14.2)."""
    return _build(BINDING_SUCCESS, transaction, [(XOR_MAPPED_ADDRESS, _xor_address(source, transaction))], key)


def failure(transaction: bytes, code: int, key: bytes | None, unknown: Sequence[int] = ()) -> bytes:
    """An error answer; without integrity (`key` None) where the request was not authentic (section 9.1.3)."""
    attributes = [(ERROR_CODE, bytes((0, 0, code // 100, code % 100)) + _REASONS[code])]
    if unknown:
        attributes.append((UNKNOWN_ATTRIBUTES, b"".join(kind.to_bytes(2, "big") for kind in unknown)))
    return _build(BINDING_ERROR, transaction, attributes, key)


def mapped_address(message: Message) -> tuple[str, int] | None:
    """The XOR-MAPPED-ADDRESS of an answer."""
    value = message.value(XOR_MAPPED_ADDRESS)
    if value is None or len(value) not in (8, 20):
        return None
    mask = MAGIC_COOKIE.to_bytes(4, "big") + message.transaction
    address = bytes(octet ^ masked for octet, masked in zip(value[4:], mask, strict=False))
    return str(ip_address(address)), int.from_bytes(value[2:4], "big") ^ MAGIC_COOKIE >> 16


def _xor_address(source: tuple[str, int], transaction: bytes) -> bytes:
    address = ip_address(source[0].partition("%")[0]).packed
    mask = MAGIC_COOKIE.to_bytes(4, "big") + transaction
    port = source[1] ^ MAGIC_COOKIE >> 16
    family = 1 if len(address) == 4 else 2
    masked = bytes(octet ^ mask_octet for octet, mask_octet in zip(address, mask, strict=False))
    return struct.pack("!BBH", 0, family, port) + masked


def _build(kind: int, transaction: bytes, attributes: Sequence[tuple[int, bytes]], key: bytes | None) -> bytes:
    body = b"".join(
        _ATTRIBUTE.pack(attribute, len(value)) + value + bytes(-len(value) % 4) for attribute, value in attributes
    )
    if key is not None:
        signed = _HEAD.pack(kind, len(body) + _INTEGRITY_SIZE, MAGIC_COOKIE, transaction) + body
        body += _ATTRIBUTE.pack(MESSAGE_INTEGRITY, 20) + hmac.digest(key, signed, "sha1")
    whole = _HEAD.pack(kind, len(body) + _FINGERPRINT_SIZE, MAGIC_COOKIE, transaction) + body
    return whole + _fingerprint(whole)


def _fingerprint(before: bytes) -> bytes:
    """The FINGERPRINT of what stands before it (section 14.7); the header's length counts it already."""
    return struct.pack("!HHI", FINGERPRINT, 4, zlib.crc32(before) ^ _FINGERPRINT_MASK)
