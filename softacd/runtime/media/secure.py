"""SRTP and SRTCP of one stream (RFC 3711): packets are opened before anybody looks at them, closed as they leave."""

import pylibsrtp

from softacd.rtp.vocabulary import SrtpKeys

PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}
WINDOW = 1024
"""Packets a late one may be behind before it counts as replayed (RFC 3711 section 3.3.2: at least 64)."""
LONGEST = 1400
"""Octets of a packet before it is closed: the library's buffer holds no more with the tag."""


class SecureChannel:
    """The keys of one stream at work. `failures` counts packets that were not the peer's, or replayed."""

    __slots__ = ("_inbound", "_outbound", "failures", "keys")

    def __init__(self, keys: SrtpKeys) -> None:
        """Raises KeyError for an unknown suite, ValueError for a key of another length."""
        self.keys = keys
        self.failures = 0
        profile = PROFILES[keys.suite]
        self._inbound = _session(keys.remote, profile, pylibsrtp.Policy.SSRC_ANY_INBOUND)
        self._outbound = _session(keys.local, profile, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)

    def open(self, buffer: bytearray, length: int) -> int:
        """Decrypt the first `length` octets of `buffer` in place; the new length, 0 for a packet not to be believed."""
        try:
            plain = self._inbound.unprotect(bytes(buffer[:length]))
        except (pylibsrtp.Error, TypeError, ValueError):
            self.failures += 1
            return 0
        buffer[: len(plain)] = plain
        return len(plain)

    def close(self, packet: bytes | memoryview) -> bytes:
        """Encrypt a packet to be sent; b"" for one that cannot be."""
        if len(packet) > LONGEST:
            return b""
        try:
            return bytes(self._outbound.protect(bytes(packet)))
        except pylibsrtp.Error:  # an old number for the second time: nothing may be encrypted twice with one number
            self.failures += 1
            return b""

    def open_rtcp(self, data: bytes) -> bytes:
        """Decrypt an RTCP packet; b"" for one not to be believed."""
        try:
            return bytes(self._inbound.unprotect_rtcp(data))
        except (pylibsrtp.Error, TypeError, ValueError):
            self.failures += 1
            return b""

    def close_rtcp(self, data: bytes) -> bytes:
        """Encrypt an RTCP packet."""
        return bytes(self._outbound.protect_rtcp(data))


def _session(key: bytes, profile: int, direction: int) -> pylibsrtp.Session:
    policy = pylibsrtp.Policy(key=key, ssrc_type=direction, srtp_profile=profile)
    policy.window_size = WINDOW
    return pylibsrtp.Session(policy)
