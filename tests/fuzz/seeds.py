"""Where the fuzzers begin, and the inputs made to be slow."""

from tests.fuzz import browsers, media

INVITE = (
    b"INVITE sip:600@192.0.2.1;user=phone SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKa1;rport\r\n"
    b'Max-Forwards: 70\r\nFrom: "Anna \\" B" <sip:anna@192.0.2.1>;tag=a\r\nTo: <sip:600@192.0.2.1>\r\n'
    b"Call-ID: call-1\r\n"
    b"CSeq: 10 INVITE\r\nContact: <sip:anna@198.51.100.7:5060;transport=udp>;q=0.5\r\nRoute: <sip:a;lr>, <sip:b;lr>\r\n"
    b"Content-Type: application/sdp\r\nContent-Length: 4\r\n\r\nv=0\n"
)
SDP = (
    b"v=0\r\no=- 1 2 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8 101\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
)
ANSWER = (
    b"SIP/2.0 200 OK\r\nv: SIP/2.0/TCP a;branch=z9hG4bK1\r\nf: <sip:a@b>;tag=1\r\nt: <sip:c@d>\r\n"
    b"i: 1\r\nCSeq: 1 BYE\r\nl: 0\r\n\r\n"
)
SEEDS: dict[str, list[bytes]] = {
    "message": [INVITE, ANSWER],
    "stack": [INVITE, INVITE.replace(b"INVITE", b"REGISTER"), INVITE.replace(b"INVITE", b"BYE")],
    "stream": [b"\r\n\r\n" + INVITE + INVITE],
    "description": [SDP],
    "digest": [b'Digest realm="a", nonce="b", qop="auth,auth-int", algorithm=SHA-256, stale=true, opaque="c"'],
    "uri": [b"sips:%61lice:pw@[2001:db8::1]:5061;transport=tcp;lr?subject=x", b'"A \\" B" <sip:a@b>;tag=1',
            b"SIP/2.0/UDP [::1]:5060;branch=z9hG4bK1;received=192.0.2.1"],
    **media.SEEDS,
    **browsers.SEEDS,
}  # fmt: skip


def fill(head: bytes, unit: bytes, tail: bytes, size: int) -> bytes:
    """`unit` repeated between head and tail, some `size` octets in all."""
    return head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail


_HEAD = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n"
_TAIL = b"\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 1\r\nContent-Length: 0\r\n\r\n"

SLOW: dict[str, tuple[str, bytes, bytes, bytes]] = {
    "open quotes": ("message", _HEAD + b'Contact: "', b'\\"', _TAIL),
    "many quotes": ("message", _HEAD + b"Contact: ", b'"",', _TAIL),
    "commas": ("message", _HEAD + b"Contact: ", b",", _TAIL),
    "angle brackets": ("message", _HEAD + b"Contact: ", b"<", _TAIL),
    "parameters": ("message", _HEAD + b"Contact: <sip:a@b>", b";a=1", _TAIL),
    "white space": ("message", _HEAD + b"Contact:", b" \t", _TAIL),
    "folded lines": ("message", _HEAD + b"Subject: a", b"\r\n a", _TAIL),
    "many headers": ("message", _HEAD + b"A: b", b"\r\nA: b", _TAIL),
    "one header's name": ("message", _HEAD, b"a", _TAIL),
    "a long method": ("message", b"", b"A", b" sip:a@b SIP/2.0\r\n\r\n"),
    "spaces in the first line": ("message", b"OPTIONS", b" ", b"x SIP/2.0\r\n\r\n"),
    "empty lines first": ("message", b"", b"\r\n", _HEAD + _TAIL[2:]),
    "a body": ("message", _HEAD + b"Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 9\r\n\r\n", b"x", b""),
    "vias": ("stack", _HEAD + b"Via: ", b"SIP/2.0/UDP a,", b"SIP/2.0/UDP a" + _TAIL),
    "keep-alives": ("stream", b"", b"\r\n", b""),
    "small messages": ("stream", b"", b"A b SIP/2.0\r\nl:0\r\n\r\n", b""),
    "lengths": ("stream", b"A b SIP/2.0\r\n", b"l: 1\r\n", b"\r\n"),
    "attributes": ("description", SDP, b"a=x\r\n", b""),
    "media lines": ("description", SDP, b"m=audio 0 RTP/AVP 0\r\n", b""),
    "payload types": ("description", SDP[:-2] + b"\r\nm=audio 1 RTP/AVP", b" 0", b"\r\n"),
    "maps": ("description", SDP, b"a=rtpmap:0 PCMU/8000\r\n", b""),
    "digest pairs": ("digest", b"Digest ", b'a="b", ', b""),
    "an open digest quote": ("digest", b'Digest a="', b"\\\\", b""),
    "digest commas": ("digest", b"Digest ", b", ", b""),
    "a user": ("uri", b"sip:", b"a", b"@b"),
    "escapes": ("uri", b"sip:", b"%41", b"@b"),
    "colons": ("uri", b"sip:", b":", b"@b"),
    "at signs": ("uri", b"sip:", b"a@", b"b"),
    "uri parameters": ("uri", b"sip:a@b", b";a=b", b""),
    "uri headers": ("uri", b"sip:a@b?", b"a=b&", b""),
    "attributes of a check": ("checks", browsers.CHECK[:20], b"\x80\x99\x00\x00", b""),
    "records of a handshake": ("handshake", b"", b"\x16\xfe\xfd" + bytes(9) + b"\x01\x00", b""),
    "a display name": ("uri", b"", b"a ", b"<sip:a@b>"),
}
"""Name -> target, head, what is repeated, tail: each looks for one kind of backtracking or rescanning."""
