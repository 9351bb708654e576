"""Who may use the API: one secret token, compared in constant time, and a limit on wrong guesses per source.

No socket and no clock here: `judge` is told the source, what was offered and `now` (monotonic seconds).
"""

import hashlib
import hmac
from collections import OrderedDict
from enum import StrEnum

LEAST_TOKEN_LENGTH = 16
"""Characters a token has at least: shorter ones can be guessed."""
_MOST_SOURCES = 10_000


class Verdict(StrEnum):
    """What becomes of a request."""

    ADMITTED = "admitted"
    CLOSED = "closed"  # no token is configured: nobody is let in
    MISSING = "missing"  # none was offered
    WRONG = "wrong"
    TOO_MANY = "too-many"  # this source guessed wrong too often; what it offers now is not even looked at


class Access:
    """Judges requests. A source may guess wrong `guesses` times, and gets one guess back every `seconds / guesses`.

    A request that offers nothing is refused and costs no guess. The token is kept as its SHA-256 digest only.
    """

    __slots__ = ("_digest", "_guesses", "_refill", "_sources", "refused")

    def __init__(self, token: str, *, guesses: int = 10, seconds: float = 60.0) -> None:
        self._digest = hashlib.sha256(token.encode()).digest() if token else b""
        self._guesses = guesses
        self._refill = seconds / guesses
        self._sources: OrderedDict[str, float] = OrderedDict()  # source -> when all its guesses are back
        self.refused: dict[Verdict, int] = {verdict: 0 for verdict in Verdict if verdict is not Verdict.ADMITTED}
        """Refusals since start, by verdict."""

    def judge(self, source: str, offered: str | None, now: float) -> Verdict:
        """Decide on one request. `offered` is the token it carries, None when it carries none."""
        verdict = self._judge(source, offered, now)
        if verdict is not Verdict.ADMITTED:
            self.refused[verdict] += 1
        return verdict

    def retry_after(self, source: str, now: float) -> float:
        """Seconds until the source may guess again."""
        return max(0.0, self._sources.get(source, now) - now - self._refill * (self._guesses - 1))

    def _judge(self, source: str, offered: str | None, now: float) -> Verdict:
        if not self._digest:
            return Verdict.CLOSED
        if offered is None:
            return Verdict.MISSING
        if self.retry_after(source, now) > 0:
            return Verdict.TOO_MANY
        # digests have one length, so not even the token's length shows in the time this takes
        if hmac.compare_digest(hashlib.sha256(offered.encode()).digest(), self._digest):
            return Verdict.ADMITTED
        self._sources[source] = max(now, self._sources.get(source, now)) + self._refill
        self._sources.move_to_end(source)
        if len(self._sources) > _MOST_SOURCES:
            self._sources.popitem(last=False)
        return Verdict.WRONG
