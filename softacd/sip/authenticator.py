"""Digest authentication, server side (RFC 3261 section 22, RFC 7616, RFC 8760).

Nonces are signed, not stored: a challenge costs no memory. The only state is the highest nonce count of nonces that
were used with a right password, so that a captured request cannot be replayed.
"""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Callable, Iterable, Mapping

import msgspec

from softacd.sip import digest
from softacd.sip.digest import MD5, Challenge, digest_response, parse_credentials
from softacd.sip.errors import MalformedError
from softacd.sip.message import Request


class Account(msgspec.Struct, frozen=True):
    """Who may register and call. The hashes are H(username:realm:password) in lower-case hex; repr hides them.

    `addresses_of_record` may be registered with these credentials; `contacts` is how many devices at once.
    """

    username: str
    ha1_md5: str
    ha1_sha256: str = ""
    ha1_sha512_256: str = ""
    addresses_of_record: tuple[str, ...] = ()
    contacts: int = 4

    def stored(self, algorithm: str) -> str:
        """The hash by this algorithm, "" when there is none."""
        match algorithm:
            case digest.SHA_256:
                return self.ha1_sha256
            case digest.SHA_512_256:
                return self.ha1_sha512_256
            case _:
                return self.ha1_md5

    def __repr__(self) -> str:
        return f"Account(username={self.username!r}, addresses_of_record={self.addresses_of_record!r})"


class Verdict(msgspec.Struct, frozen=True):
    """`username` is set when the request is genuine; otherwise answer `status` with `headers`."""

    username: str | None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    cause: str = ""  # "no credentials", "wrong credentials", "stale nonce" or "replayed"


class DigestAuthenticator:
    """Challenges requests and checks the answers.

    `secret` signs nonces (16 octets or more), `token` gives fresh random tokens. `algorithms` are offered in this
    order, the preferred one first (RFC 8760 section 2.4). Only MD5 is by default: stacks that know nothing else, libre
    before 2.0 among them, give up when any challenge names another algorithm. Another one is offered only while every
    account has a hash by it, so that the challenge does not tell accounts apart.
    """

    def __init__(
        self,
        realm: str,
        *,
        secret: bytes,
        token: Callable[[], str],
        accounts: Mapping[str, Account] | None = None,
        algorithms: Iterable[str] = (MD5,),
        nonce_lifetime: float = 300.0,
    ) -> None:
        self._secret = secret
        self._token = token
        self._allowed = tuple(algorithms)
        self._lifetime = nonce_lifetime
        self._counts: dict[str, int] = {}
        self._counted: deque[tuple[float, str]] = deque()
        self._lent: dict[str, Account] = {}  # by the name they prove
        self.configure(realm, accounts or {})

    def configure(self, realm: str, accounts: Mapping[str, Account]) -> None:
        """Swap realm and accounts, as on reload; nonces given before stay good while the realm stays."""
        self.realm = realm
        self.accounts = accounts
        self._lent = {name: account for name, account in self._lent.items() if account.username in accounts}
        self._choose()

    def lend(self, name: str, password: str, username: str) -> None:
        """Let who proves this passing name and password be the account `username`, until `recall`.

        Raises KeyError when there is no such account. A name that an account has is never lent.
        """
        if name in self.accounts:
            raise KeyError(name)
        hashes = [digest.ha1(algorithm, name, self.realm, password) for algorithm in _ALGORITHMS]
        self._lent[name] = msgspec.structs.replace(
            self.accounts[username], ha1_md5=hashes[0], ha1_sha256=hashes[1], ha1_sha512_256=hashes[2]
        )

    def recall(self, name: str) -> None:
        """Take a passing name back."""
        self._lent.pop(name, None)

    def offer(self, algorithms: Iterable[str]) -> None:
        """Swap the algorithms offered."""
        self._allowed = tuple(algorithms)
        self._choose()

    def _choose(self) -> None:
        accounts = self.accounts.values()
        self.algorithms = tuple(
            name for name in self._allowed if name == MD5 or all(account.stored(name) for account in accounts)
        ) or (MD5,)

    def authenticate(self, request: Request, now: float, *, proxy: bool = False) -> Verdict:
        """Check a request. `proxy` chooses 407 and Proxy-Authorization instead of 401 and Authorization.

        An unknown user and a wrong password get the same answer after the same work.
        """
        cause = "no credentials"
        # Several may be there: one for another realm, or one for each algorithm we offered.
        for value in request.headers("proxy-authorization" if proxy else "authorization"):
            try:
                scheme, parameters = parse_credentials(value)
            except MalformedError:
                continue
            if scheme != "digest" or parameters.get("realm") != self.realm:
                continue
            algorithm = parameters.get("algorithm", MD5)
            offered = next((name for name in self.algorithms if name.lower() == algorithm.lower()), None)
            if offered is None:
                continue
            cause = self._check(request, parameters, offered, now)
            if not cause:
                name = parameters["username"]
                return Verdict(self._lent[name].username if name in self._lent else name)
        return Verdict(None, 407 if proxy else 401, self._challenges(now, proxy=proxy, stale=cause in _RETRY), cause)

    def _check(self, request: Request, parameters: dict[str, str], algorithm: str, now: float) -> str:
        """Why the credentials do not count, "" when they do."""
        username = parameters.get("username", "")
        account = self.accounts.get(username) or self._lent.get(username)
        stored = account.stored(algorithm) if account is not None else ""
        nonce, qop = parameters.get("nonce", ""), parameters.get("qop", "")
        count, cnonce = parameters.get("nc", ""), parameters.get("cnonce", "")
        # The URI is taken as the client hashed it: proxies may rewrite the Request-URI on the way (section 22.4), and
        # the nonce count stops a replay towards another one.
        expected = digest_response(
            algorithm,
            stored or self._sign(username),
            nonce=nonce,
            method=request.method,
            uri=parameters.get("uri", ""),
            qop=qop,
            nc=count,
            cnonce=cnonce,
        )
        right = hmac.compare_digest(expected.encode(), parameters.get("response", "").encode("utf-8", "replace"))
        if not (right and stored and qop in ("", "auth")):
            return "wrong credentials"
        age = self._age(nonce, now)
        if age is None or not 0 <= age <= self._lifetime:
            return "stale nonce"
        return self._use(nonce, count if qop else "", now)

    def _use(self, nonce: str, count: str, now: float) -> str:
        """Spend a nonce count; without qop (RFC 2069) a nonce is good for one request."""
        while self._counted and self._counted[0][0] <= now:
            self._counts.pop(self._counted.popleft()[1], None)
        try:
            number = int(count, 16) if count else 1
        except ValueError:
            return "wrong credentials"
        last = self._counts.get(nonce)
        if last is not None and (number <= last or not count):
            return "replayed"
        if last is None:
            self._counted.append((now + self._lifetime + 1, nonce))
        self._counts[nonce] = number
        return ""

    def _challenges(self, now: float, *, proxy: bool, stale: bool) -> tuple[tuple[str, str], ...]:
        name = "Proxy-Authenticate" if proxy else "WWW-Authenticate"
        nonce = self._new_nonce(now)
        return tuple(
            (name, str(Challenge(self.realm, nonce, algorithm=algorithm, qop=("auth",), stale=stale)))
            for algorithm in self.algorithms
        )

    def _new_nonce(self, now: float) -> str:
        text = f"{int(now * 1000):x}.{self._token()}"
        return f"{text}.{self._sign(text)}"

    def _age(self, nonce: str, now: float) -> float | None:
        """Seconds since we made this nonce, None when we did not."""
        text, _, signature = nonce.rpartition(".")
        if not hmac.compare_digest(self._sign(text), signature.encode("ascii", "replace").decode()):
            return None
        return now - int(text.partition(".")[0], 16) / 1000

    def _sign(self, text: str) -> str:
        data = f"{self.realm}\0{text}".encode("utf-8", "surrogateescape")
        return hmac.digest(self._secret, data, "sha256").hex()[:32]


_ALGORITHMS = (MD5, digest.SHA_256, digest.SHA_512_256)
_RETRY = ("stale nonce", "replayed")
