"""DTMF digits carried by SIP INFO, in the two forms phones use.

There is no standard: `application/dtmf-relay` (Cisco) has lines "Signal=5" and "Duration=160"; `application/dtmf`
has the bare digit.
"""

DIGITS = frozenset("0123456789*#ABCD")
NUMBERED = {"10": "*", "11": "#"}  # some phones send event numbers (RFC 4733 section 3.2)


def digit_of(content_type: str, body: bytes) -> str | None:
    """The digit an INFO body carries; None when it is not a DTMF body or not understood."""
    text = body[:200].decode("ascii", "replace").strip()
    if content_type == "application/dtmf-relay":
        for line in text.splitlines():
            name, _, value = line.partition("=")
            if name.strip().lower() == "signal":
                return _digit(value.strip())
        return None
    return _digit(text) if content_type == "application/dtmf" else None


def _digit(text: str) -> str | None:
    text = NUMBERED.get(text, text.upper())
    return text if text in DIGITS else None
