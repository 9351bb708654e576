"""The desk's own files: read once at the start, packed once, served to everybody; they hold no secret.

`/` and every path a browser may navigate to is the page; what lies under `/assets/` bears a digest in its name and is
kept by browsers for ever. No script, style or picture comes from elsewhere, and none stands in the page itself.
"""

import gzip
import hashlib
import mimetypes
from http import HTTPStatus
from pathlib import Path

import msgspec

from softacd.web.asgi import Headers, Send

_CSP = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    b"connect-src 'self'; media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
    b"form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Headers = (
    (b"content-security-policy", _CSP),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"microphone=(self), camera=(), geolocation=()"),
    (b"vary", b"accept-encoding"),
)
_FOR_EVER = b"public, max-age=31536000, immutable"
_ASK_AGAIN = b"no-cache"
_PACKED = frozenset({".html", ".js", ".css", ".svg", ".json", ".txt", ".map", ".webmanifest", ".wasm"})
_NOT_THE_DESKS = ("/api/", "/healthz", "/metrics", "/sip")
_LEAST_GAIN = 0.95


class Asset(msgspec.Struct, frozen=True):
    """One file as it is sent."""

    body: bytes
    packed: bytes
    """By gzip; empty: not worth it."""
    etag: bytes
    headers: Headers


class Assets:
    """The files below `root`, where a page stands there; `find` answers None for what is not the desk's."""

    def __init__(self, root: Path | None) -> None:
        self._files: dict[str, Asset] = {}
        if root is not None and (root / "index.html").is_file():
            for path in sorted(root.rglob("*")):
                if path.is_file() and path.suffix != ".gz":
                    self._files["/" + path.relative_to(root).as_posix()] = _read(path, root)
        self._page = self._files.get("/index.html")

    def find(self, method: str, path: str, headers: list[tuple[bytes, bytes]]) -> Asset | None:
        """The file at a path; the page itself where a browser wants to navigate to a path that is none."""
        if method not in ("GET", "HEAD") or self._page is None or path.startswith(_NOT_THE_DESKS):
            return None
        if path == "/":
            return self._page
        if (found := self._files.get(path)) is not None:
            return found
        navigates = any(name == b"accept" and b"text/html" in value for name, value in headers)
        return self._page if navigates and not path.startswith("/assets/") else None

    async def serve(self, asset: Asset, method: str, headers: list[tuple[bytes, bytes]], send: Send) -> None:
        """Send a file, or 304 to who has it (RFC 9110 section 13.1.2)."""
        asked = dict(headers)
        answer = [(b"etag", asset.etag)]
        held = asked.get(b"if-none-match", b"")
        if held == b"*" or asset.etag in [tag.strip().removeprefix(b"W/") for tag in held.split(b",")]:
            await send({"type": "http.response.start", "status": int(HTTPStatus.NOT_MODIFIED), "headers": answer})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        body = asset.body
        if asset.packed and _takes_gzip(asked.get(b"accept-encoding", b"")):
            body = asset.packed
            answer.append((b"content-encoding", b"gzip"))
        answer.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": int(HTTPStatus.OK), "headers": answer})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body, "more_body": False})


def _takes_gzip(accepted: bytes) -> bool:
    for one in accepted.lower().split(b","):
        coding, _, weight = one.strip().partition(b";")
        if coding.strip() in (b"gzip", b"*"):
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


def _read(path: Path, root: Path) -> Asset:
    body = path.read_bytes()
    packed = gzip.compress(body, 9, mtime=0) if path.suffix in _PACKED else b""
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind in ("application/javascript", "application/json"):
        kind += "; charset=utf-8"
    hashed = path.relative_to(root).parts[0] == "assets"
    return Asset(
        body=body,
        packed=packed if len(packed) < len(body) * _LEAST_GAIN else b"",
        etag=b'"' + hashlib.sha256(body).hexdigest()[:24].encode() + b'"',
        headers=(
            (b"content-type", kind.encode()),
            (b"cache-control", _FOR_EVER if hashed else _ASK_AGAIN),
            *_HEADERS,
        ),
    )
