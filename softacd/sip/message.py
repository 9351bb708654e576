"""Requests and responses: an index of raw header values, parsed when asked for (RFC 3261 section 7).

The same two classes serve what was received (`softacd.sip.parser`) and what is about to be sent (`compose`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from softacd.sip.errors import MalformedError, UriSchemeError
from softacd.sip.grammar import parse_number, split_list
from softacd.sip.headers import (
    DISPLAY_NAMES,
    LISTS,
    SINGLE,
    CSeq,
    NameAddress,
    Via,
    canonical_name,
    parse_cseq,
)
from softacd.sip.reasons import REASONS
from softacd.sip.uri import SipUri

VERSION = "SIP/2.0"


class Message:
    """What requests and responses share. `fields` maps lower-case long names to raw values in order of arrival."""

    __slots__ = ("_call_id", "_cseq", "_from", "_to", "_top_via", "body", "fields")

    def __init__(self, fields: dict[str, list[str]], body: bytes) -> None:
        self.fields = fields
        self.body = body
        self._call_id = ""
        self._from: NameAddress | None = None
        self._to: NameAddress | None = None
        self._cseq: CSeq | None = None
        self._top_via: Via | None = None

    @property
    def start_line(self) -> str:
        """The request line or status line without its line end."""
        raise NotImplementedError

    # --- by name --------------------------------------------------------------------------------------------

    def header(self, name: str) -> str | None:
        """The first value of a header by any spelling of its name, stripped; None when absent."""
        values = self.fields.get(name) or self.fields.get(canonical_name(name))
        return values[0].strip(" \t") if values else None

    def headers(self, name: str) -> list[str]:
        """All values of a header, stripped, comma lists split where the grammar has them. Raises MalformedError."""
        key = name if name in self.fields else canonical_name(name)
        values = self.fields.get(key)
        if not values:
            return []
        if key in LISTS:
            return [element for value in values for element in split_list(value)]
        return [value.strip(" \t") for value in values]

    def require(self, key: str) -> str:
        """The value of a mandatory header by its lower-case long name. Raises MalformedError when absent or empty."""
        values = self.fields.get(key)
        value = values[0].strip(" \t") if values else ""
        if not value:
            raise MalformedError(f"no {DISPLAY_NAMES.get(key, key)}")
        return value

    def number(self, key: str, largest: int) -> int | None:
        """A numeric header by its lower-case long name, None when absent. Raises MalformedError."""
        values = self.fields.get(key)
        if not values:
            return None
        # Comments are allowed after some numbers (Retry-After); none of those read here has them in practice.
        return parse_number(values[0].strip(" \t"), largest, DISPLAY_NAMES.get(key, key))

    # --- structured, each parsed once, each raising MalformedError --------------------------------------------

    @property
    def from_(self) -> NameAddress:
        """From."""
        value = self._from
        if value is None:
            value = self._from = NameAddress.parse(self.require("from"))
        return value

    @property
    def to(self) -> NameAddress:
        """To."""
        value = self._to
        if value is None:
            value = self._to = NameAddress.parse(self.require("to"))
        return value

    @property
    def call_id(self) -> str:
        """Call-ID."""
        value = self._call_id
        if not value:
            value = self._call_id = self.require("call-id")
        return value

    @property
    def cseq(self) -> CSeq:
        """CSeq."""
        value = self._cseq
        if value is None:
            value = self._cseq = parse_cseq(self.require("cseq"))
        return value

    @property
    def top_via(self) -> Via:
        """The hop this message came from (request) or was sent by (response)."""
        value = self._top_via
        if value is None:
            first = self.require("via")
            hops = split_list(first) if "," in first else [first]
            value = self._top_via = Via.parse(hops[0] if hops else "")
        return value

    @property
    def vias(self) -> list[Via]:
        """All Via hops, topmost first."""
        return [Via.parse(value) for value in self.headers("via")]

    @property
    def contacts(self) -> list[NameAddress]:
        """All Contact values; the wildcard "*" is not among them (see `softacd.sip.registrar`)."""
        return [NameAddress.parse(value) for value in self.headers("contact") if value != "*"]

    @property
    def content_type(self) -> str:
        """The media type in lower case without parameters, "" when absent."""
        values = self.fields.get("content-type")
        return values[0].partition(";")[0].strip(" \t").lower() if values else ""

    @property
    def max_forwards(self) -> int | None:
        """Max-Forwards 0..255, None when absent (tolerated from RFC 2543 clients)."""
        return self.number("max-forwards", 255)

    @property
    def expires(self) -> int | None:
        """Expires in seconds, None when absent."""
        return self.number("expires", 2**32 - 1)

    # --- out ------------------------------------------------------------------------------------------------------

    def add(self, name: str, value: str) -> None:
        """Append a header value. Raises MalformedError when the name is not a token."""
        self.fields.setdefault(canonical_name(name), []).append(value)

    def extend(self, headers: Iterable[tuple[str, str]]) -> Self:
        """Append several header values."""
        for name, value in headers:
            self.add(name, value)
        return self

    def to_bytes(self) -> bytes:
        """The message on the wire; Content-Length is always written from the body.

        Raises ValueError when a value would break out of its line: nothing a transaction user passes on can
        inject a header.
        """
        lines = [self.start_line]
        append = lines.append
        for key, values in self.fields.items():
            if key == "content-length":
                continue
            name = DISPLAY_NAMES.get(key) or key.title()
            for value in values:
                append(f"{name}:{value}" if value[:1] == " " else f"{name}: {value}")
        append(f"Content-Length: {len(self.body)}\r\n\r\n")
        text = "\r\n".join(lines)
        ends = len(lines) + 1
        if text.count("\n") != ends or text.count("\r") != ends:
            raise ValueError("line end inside a header value")
        return text.encode("utf-8", "surrogateescape") + self.body

    def check(self) -> None:
        """What every message must satisfy before any layer acts on it. Raises MalformedError.

        RFC 3261 section 8.1.1 (mandatory headers) and section 7.3.1 (single ones); values nobody uses stay unread.
        """
        fields = self.fields
        for key in SINGLE:
            values = fields.get(key)
            if values is not None and len(values) > 1:
                raise MalformedError(f"more than one {DISPLAY_NAMES[key]}")
        self.call_id  # noqa: B018 - parsed for its errors
        self.top_via  # noqa: B018 - parsed for its errors
        if "," in fields["via"][0]:
            self.vias  # noqa: B018 - what is between the commas must be hops too (RFC 4475 section 3.1.2.1)
        self.from_  # noqa: B018
        self.to  # noqa: B018
        self.cseq  # noqa: B018


class Request(Message):
    """A request. `uri_text` is the Request-URI as it stands on the wire."""

    __slots__ = ("_uri", "method", "uri_text")

    def __init__(self, method: str, uri_text: str, fields: dict[str, list[str]], body: bytes = b"") -> None:
        super().__init__(fields, body)
        self.method = method
        self.uri_text = uri_text
        self._uri: SipUri | None = None

    def __repr__(self) -> str:
        return f"<Request {self.start_line}>"

    @property
    def uri(self) -> SipUri:
        """The Request-URI. Raises MalformedError."""
        uri = self._uri
        if uri is None:
            uri = self._uri = SipUri.parse(self.uri_text)
        return uri

    @property
    def start_line(self) -> str:
        return f"{self.method} {self.uri_text} {VERSION}"

    def check(self) -> None:
        """See Message.check; a request also needs a Request-URI of ours and a CSeq of its own method."""
        super().check()
        if self.cseq.method != self.method:
            # RFC 3261 section 8.1.1.5; RFC 4475 sections 3.1.2.17 and 3.1.2.18
            raise MalformedError("CSeq of another method")
        if not self.uri.is_sip and self.uri.scheme != "tel":
            raise UriSchemeError(f"scheme {self.uri.scheme[:20]!r} is not served")
        self.max_forwards  # noqa: B018 - parsed for its errors


class Response(Message):
    """A response: `status` 100..699 and the `reason` phrase (may be empty)."""

    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str, fields: dict[str, list[str]], body: bytes = b"") -> None:
        super().__init__(fields, body)
        self.status = status
        self.reason = reason

    def __repr__(self) -> str:
        return f"<Response {self.start_line}>"

    @property
    def start_line(self) -> str:
        return f"{VERSION} {self.status} {self.reason}"


def response_to(request: Request, status: int, reason: str = "", *, tag: str = "", via: str = "") -> Response:
    """The response skeleton of RFC 3261 section 8.2.6: Via, From, To, Call-ID, CSeq copied.

    `tag` is added to a To without one; `via` replaces the topmost Via (with received and rport filled in).
    """
    source = request.fields
    vias = source.get("via", [])
    if via and vias:
        rest = split_list(vias[0])[1:] if "," in vias[0] else []
        vias = [via, *rest, *vias[1:]]
    to = source.get("to", [])[:1]
    if tag and to and not request.to.tag:
        to = [f"{to[0]};tag={tag}"]
    fields = {"via": list(vias), "from": source.get("from", [])[:1], "to": to}
    for key in ("call-id", "cseq"):
        fields[key] = source.get(key, [])[:1]
    timestamp = source.get("timestamp")
    if status == 100 and timestamp:
        fields["timestamp"] = timestamp[:1]  # RFC 3261 section 8.2.6.1
    return Response(status, reason or REASONS.get(status, ""), fields)
