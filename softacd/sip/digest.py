"""Digest access authentication: challenges and the client that answers them (RFC 3261 section 22, RFC 8760)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence

import msgspec

from softacd.sip.errors import MalformedError
from softacd.sip.grammar import is_token, quote, unquote

MD5 = "MD5"
MD5_SESS = "MD5-sess"
SHA_256 = "SHA-256"
SHA_256_SESS = "SHA-256-sess"
SHA_512_256 = "SHA-512-256"
SHA_512_256_SESS = "SHA-512-256-sess"

_HASHES: dict[str, Callable[[bytes], str]] = {
    # MD5 is what RFC 3261 and most phones have; it is not used here for anything but this protocol.
    MD5: lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    SHA_256: lambda data: hashlib.sha256(data).hexdigest(),
    SHA_512_256: lambda data: hashlib.new("sha512_256", data).hexdigest(),
}
_CANONICAL = {name.lower(): name for name in (MD5, MD5_SESS, SHA_256, SHA_256_SESS, SHA_512_256, SHA_512_256_SESS)}
_PAIR = re.compile(
    r"[ \t]*([A-Za-z0-9\-.!%*_+`'~]+)[ \t]*=[ \t]*(\"(?:[^\"\\]|\\.)*\"|[^\s,\"]*)[ \t]*(?:,|$)", re.DOTALL
)


def hash_text(algorithm: str, text: str) -> str:
    """Hex digest of UTF-8 text by an algorithm name, with or without -sess. Raises KeyError when unknown."""
    return _HASHES[algorithm.removesuffix("-sess")](text.encode("utf-8", "surrogateescape"))


def ha1(algorithm: str, username: str, realm: str, password: str) -> str:
    """H(username:realm:password), what is stored instead of a password (RFC 7616 section 3.4.2)."""
    return hash_text(algorithm, f"{username}:{realm}:{password}")


def parse_credentials(value: str) -> tuple[str, dict[str, str]]:
    """Split `Digest name="value", ...` into the scheme in lower case and unquoted values by lower-case name.

    Raises MalformedError. The same grammar serves challenges and credentials.
    """
    scheme, _, rest = value.strip(" \t").partition(" ")
    parameters: dict[str, str] = {}
    position = 0
    while position < len(rest):
        match = _PAIR.match(rest, position)
        if match is None or match.end() == position:
            if rest[position:].strip(" \t,"):
                raise MalformedError("bad authentication parameters")
            break
        parameters.setdefault(match.group(1).lower(), unquote(match.group(2)))
        position = match.end()
    return scheme.lower(), parameters


class Challenge(msgspec.Struct, frozen=True):
    """One Digest challenge. `qop` lists what the server offers, () for RFC 2069 servers."""

    realm: str
    nonce: str
    algorithm: str = MD5
    opaque: str | None = None
    qop: tuple[str, ...] = ()
    stale: bool = False

    @classmethod
    def parse(cls, value: str) -> Challenge | None:
        """Read a WWW-Authenticate or Proxy-Authenticate value; None when it is another scheme or algorithm.

        Raises MalformedError.
        """
        scheme, parameters = parse_credentials(value)
        if scheme != "digest":
            return None
        algorithm = _CANONICAL.get(parameters.get("algorithm", MD5).lower())
        if algorithm is None or "nonce" not in parameters or "realm" not in parameters:
            return None
        return cls(
            realm=parameters["realm"],
            nonce=parameters["nonce"],
            algorithm=algorithm,
            opaque=parameters.get("opaque"),
            qop=tuple(
                name for part in parameters.get("qop", "").split(",") if is_token(name := part.strip(" \t").lower())
            ),
            stale=parameters.get("stale", "").lower() == "true",
        )

    def __str__(self) -> str:
        parts = [f"Digest realm={quote(self.realm)}", f'nonce="{self.nonce}"', f"algorithm={self.algorithm}"]
        if self.opaque is not None:
            parts.append(f"opaque={quote(self.opaque)}")
        if self.qop:
            parts.append(f'qop="{",".join(self.qop)}"')
        if self.stale:
            parts.append("stale=true")
        return ", ".join(parts)


class Credentials(msgspec.Struct, frozen=True):
    """What we prove to a carrier. `ha1` (MD5, for exactly `realm`) may stand in for the password.

    An empty `realm` answers any realm the server names. The repr shows no secret.
    """

    username: str
    password: str = ""
    ha1: str = ""
    realm: str = ""

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, realm={self.realm!r})"

    def usable_for(self, challenge: Challenge) -> bool:
        """Whether these credentials can answer the challenge."""
        if self.realm and self.realm != challenge.realm:
            return False
        if challenge.qop and "auth" not in challenge.qop:
            return False
        return bool(self.password) or challenge.algorithm in (MD5, MD5_SESS)


def digest_response(
    algorithm: str,
    stored_ha1: str,
    *,
    nonce: str,
    method: str,
    uri: str,
    qop: str = "",
    nc: str = "",
    cnonce: str = "",
) -> str:
    """The `response` value (RFC 7616 section 3.4.1; without qop as RFC 2069 had it). `nc` is 8 hex digits."""
    secret = stored_ha1
    if algorithm.endswith("-sess"):
        secret = hash_text(algorithm, f"{stored_ha1}:{nonce}:{cnonce}")
    ha2 = hash_text(algorithm, f"{method}:{uri}")
    middle = f"{nonce}:{nc}:{cnonce}:{qop}" if qop else nonce
    return hash_text(algorithm, f"{secret}:{middle}:{ha2}")


def choose_challenge(values: Sequence[str], credentials: Credentials) -> Challenge | None:
    """The first challenge the credentials can answer: servers list the preferred first (RFC 8760 section 2.4)."""
    for value in values:
        try:
            challenge = Challenge.parse(value)
        except MalformedError:
            continue
        if challenge is not None and credentials.usable_for(challenge):
            return challenge
    return None


def answer_challenge(
    challenge: Challenge, credentials: Credentials, *, method: str, uri: str, cnonce: str, nc: int = 1
) -> str:
    """The Authorization or Proxy-Authorization value for a challenge."""
    algorithm = challenge.algorithm
    secret = credentials.ha1
    if credentials.password or not secret:
        secret = ha1(algorithm, credentials.username, challenge.realm, credentials.password)
    qop = "auth" if challenge.qop else ""
    count = f"{nc:08x}"
    response = digest_response(
        algorithm, secret, nonce=challenge.nonce, method=method, uri=uri, qop=qop, nc=count, cnonce=cnonce
    )
    parts = [
        f"Digest username={quote(credentials.username)}",
        f"realm={quote(challenge.realm)}",
        f"nonce={quote(challenge.nonce)}",
        f"uri={quote(uri)}",
        f'response="{response}"',
        f"algorithm={algorithm}",
    ]
    if qop:
        parts += [f'cnonce="{cnonce}"', f"qop={qop}", f"nc={count}"]
    elif algorithm.endswith("-sess"):
        parts.append(f'cnonce="{cnonce}"')
    if challenge.opaque is not None:
        parts.append(f"opaque={quote(challenge.opaque)}")
    return ", ".join(parts)
