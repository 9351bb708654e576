"""Keys for SRTP in session descriptions: the a=crypto attribute (SDES, RFC 4568)."""

import base64
import binascii
import re

import msgspec

SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32")
"""Crypto suites we speak, the preferred one first (RFC 4568 section 6.2)."""
KEY_BYTES = 30
"""Master key (16) and master salt (14) of both suites."""

# tag SP suite SP inline:key||salt [|lifetime] [|MKI:length] [SP session parameters] (RFC 4568 section 9.1)
_LINE = re.compile(r"(\d{1,9}) +([A-Za-z0-9_]+) +inline:([A-Za-z0-9+/=]+)((?:\|[^|; ]+)*)((?: +\S+)*)$")


class Crypto(msgspec.Struct, frozen=True):
    """One offered or chosen way to encrypt. The key is the master key and salt of whoever wrote the description."""

    tag: int
    suite: str
    key: bytes

    def __repr__(self) -> str:
        return f"Crypto(tag={self.tag}, suite={self.suite!r}, key=***)"

    def value(self) -> str:
        """The attribute's value."""
        return f"{self.tag} {self.suite} inline:{base64.b64encode(self.key).decode()}"


def parse_crypto(value: str) -> Crypto | None:
    """The value of an a=crypto attribute; None for one we cannot use: such a line is passed over (section 7.1.1).

    A master key identifier or session parameters that change the packets are beyond what is spoken here.
    """
    match = _LINE.match(value.strip())
    if match is None:
        return None
    tag, suite, key, options, parameters = match.groups()
    if suite not in SUITES or any(":" in option for option in options.split("|")):
        return None
    if any(not parameter.startswith("-") for parameter in parameters.split()):  # section 6.3.7: only "-" is optional
        return None
    try:
        decoded = base64.b64decode(key, validate=True)
    except binascii.Error:
        return None
    return Crypto(int(tag), suite, decoded) if len(decoded) == KEY_BYTES else None
