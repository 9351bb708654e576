"""From one datagram (or one framed message of a stream) to a Request or Response (RFC 3261 sections 7 and 25).

Parsing is lazy: the head is cut into lines and indexed by header name, nothing more. Structured values are read by
`softacd.sip.message` when somebody asks for them. The invariant the fuzzers hold: a message or SipError, never
anything else.
"""

from __future__ import annotations

import re

from softacd.sip.errors import MalformedError, SipError, TooLargeError, VersionError
from softacd.sip.grammar import parse_number
from softacd.sip.headers import SPELLINGS, canonical_name
from softacd.sip.limits import Limits
from softacd.sip.message import Request, Response

_REQUEST_LINE = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+) ([^ \t]+) SIP/2\.0", re.IGNORECASE)
# RFC 4475 section 3.1.2.16: a request of another version is recognised as a request, and answered 505.
_OTHER_VERSION = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+) (\S+) SIP/(\d+)\.(\d+)", re.IGNORECASE)
_BROKEN_REQUEST_LINE = re.compile(r"([A-Z]+)[ \t]+(\S.*?)[ \t]+SIP/\d+\.\d+[ \t]*", re.IGNORECASE)
_STATUS_LINE = re.compile(r"SIP/2\.0 (\d{3})(?: (.*))?", re.IGNORECASE)

_DEFAULT_LIMITS = Limits()


def parse_message(data: bytes, limits: Limits = _DEFAULT_LIMITS) -> Request | Response:
    """Parse one whole message; octets beyond Content-Length are dropped (RFC 3261 section 18.3).

    Raises SipError with the status to answer; its `request` is set when the sender can be answered.
    """
    if len(data) > limits.message_bytes:
        raise TooLargeError(f"message of {len(data)} bytes", request=_salvage(data[: limits.head_bytes]))
    raw_head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        raise MalformedError("no empty line after the headers", request=_salvage(data[: limits.head_bytes]))
    if len(raw_head) > limits.head_bytes:
        raise TooLargeError(f"head of {len(raw_head)} bytes", request=_salvage(raw_head[: limits.head_bytes]))
    head = raw_head.decode("utf-8", "surrogateescape")
    lines = head.split("\r\n")
    if not lines[0]:
        # Empty lines before the start line are ignored (RFC 3261 section 7.5).
        while lines and not lines[0]:
            del lines[0]
        if not lines:
            raise MalformedError("empty message")
        head = "\r\n".join(lines)
    breaks = len(lines) - 1
    if breaks > limits.header_lines:
        raise TooLargeError(f"{breaks} header lines", request=_salvage(raw_head))
    if head.count("\n") != breaks or head.count("\r") != breaks:
        # A bare CR or LF is one line to us and two to the next element: never let it through.
        raise MalformedError("bare CR or bare LF in the head", request=_salvage(raw_head))
    start = lines[0]
    del lines[0]
    try:
        fields = _index(lines)
        body = _cut_body(fields, body)
        return _start(start, fields, body)
    except SipError as error:
        if error.request is None:
            error.request = _salvage(raw_head)
        raise


def _index(lines: list[str]) -> dict[str, list[str]]:
    """Raw values by lower-case long name; folded lines joined with one space (RFC 3261 section 7.3.1)."""
    fields: dict[str, list[str]] = {}
    spelling = SPELLINGS.get
    values: list[str] | None = None
    for line in lines:
        name, colon, value = line.partition(":")
        key = spelling(name)
        if key is None:
            if line[:1] in (" ", "\t"):
                if values is None:
                    raise MalformedError("folded line without a header")
                values[-1] = " ".join((values[-1].rstrip(" 	"), line.strip(" 	")))
                continue
            key = canonical_name(name) if colon else ""
        if not colon:
            raise MalformedError(f"header line without a colon: {line[:40]!r}")
        if key in fields:
            values = fields[key]
            values.append(value)
        else:
            values = fields[key] = [value]
    return fields


def _cut_body(fields: dict[str, list[str]], body: bytes) -> bytes:
    lengths = fields.get("content-length")
    if lengths is None:
        return body
    if len(lengths) > 1:
        raise MalformedError("more than one Content-Length")  # RFC 4475 section 3.3.9
    length = parse_number(lengths[0].strip(" \t"), 2**31, "Content-Length")
    if length > len(body):
        raise MalformedError("body shorter than Content-Length")  # RFC 3261 section 18.3
    return body[:length] if length < len(body) else body


def _start(line: str, fields: dict[str, list[str]], body: bytes) -> Request | Response:
    match = _REQUEST_LINE.fullmatch(line)
    if match is not None:
        return Request(match.group(1), match.group(2), fields, body)
    match = _STATUS_LINE.fullmatch(line)
    if match is not None:
        status = int(match.group(1))
        if not 100 <= status <= 699:
            raise MalformedError(f"status {status}")
        return Response(status, match.group(2) or "", fields, body)
    match = _OTHER_VERSION.fullmatch(line)
    if match is not None:
        request = Request(match.group(1), match.group(2), fields)
        raise VersionError(f"SIP/{match.group(3)}.{match.group(4)}", request=request)
    raise MalformedError(f"bad start line {line[:60]!r}")


def _salvage(raw_head: bytes) -> Request | None:
    """As much of a broken request as the answer to it needs, or None; header lines that cannot be read are skipped."""
    lines = raw_head.decode("utf-8", "surrogateescape").replace("\r", "\n").split("\n")
    lines = [line for line in lines if line]
    match = _BROKEN_REQUEST_LINE.fullmatch(lines[0]) if lines else None
    if match is None:
        return None
    fields: dict[str, list[str]] = {}
    for line in lines[1:400]:
        name, colon, value = line.partition(":")
        key = SPELLINGS.get(name.rstrip(" \t"))
        if colon and key in ("via", "from", "to", "call-id", "cseq"):
            fields.setdefault(key, []).append(value)
    return Request(match.group(1).upper(), "sip:invalid.invalid", fields)
