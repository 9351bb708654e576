"""Who is not listened to: sources, what they have done, and how long they are banned. Pure, and asked before parsing.

A source is an IPv4 address or an IPv6 /64, the least a host of the Internet is given. Every source may send a burst
and then a steady rate; what is beyond is dropped unread. Offences add up and are forgiven with time; at the limit the
source is banned, and each further ban lasts twice as long. Carriers and the owner's trusted networks are never banned.
The source address of UDP can be forged, so a source whose phones have proved their passwords is banned for wrong
passwords only, and late.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from heapq import heappop, heappush
from ipaddress import ip_address
from typing import Annotated

import msgspec

from softacd.sip.guard_table import OFFENCE_WEIGHTS, RATES, TOLERANCES, Offence, Standing

MOST_SOURCES = 20_000
"""Sources remembered at once; beyond, the one heard of first is forgotten. Some 4 MB."""
MOST_BANS = 100_000
LONGEST_EXPONENT = 20
KEYS_KEPT = 4096


class GuardSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What strangers may do before they are banned."""

    ban: bool = True
    """Ban sources that misbehave; without, they are refused and counted only."""
    tolerance: Annotated[int, msgspec.Meta(ge=3, le=10_000)] = 20
    """Offences that lead to a ban; a wrong password counts twice."""
    window_seconds: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 300.0
    """Time in which that many offences are forgiven again, evenly."""
    ban_seconds: Annotated[float, msgspec.Meta(ge=1, le=604_800)] = 60.0
    """Length of the first ban; each further one lasts twice as long."""
    longest_ban_seconds: Annotated[float, msgspec.Meta(ge=1, le=2_592_000)] = 86_400.0
    """No ban lasts longer; so long after its end a source's earlier bans are forgotten."""
    messages_per_second: Annotated[float, msgspec.Meta(ge=1, le=1_000_000)] = 50.0
    """Messages a second read from a source that has neither a trunk nor a registered phone."""
    burst: Annotated[int, msgspec.Meta(ge=10, le=1_000_000)] = 300
    """Messages such a source may send at once."""
    trusted: tuple[str, ...] = ()
    """Addresses or networks that are never banned nor slowed ("192.0.2.0/28"). Carriers never are."""


class Ban(msgspec.Struct, frozen=True):
    """One banned source. Times are monotonic seconds; `count` is how many bans it has had, this one included."""

    source: str
    since: float
    until: float
    count: int
    cause: Offence


class GuardEventKind(StrEnum):
    """What happened to a source."""

    BANNED = "banned"
    RELEASED = "released"
    LIFTED = "lifted"


class GuardEvent(msgspec.Struct, frozen=True):
    """A ban began, ran out, or was lifted by the owner."""

    kind: GuardEventKind
    ban: Ban


class GuardCounters(msgspec.Struct, frozen=True):
    """Since the start, but for the last two, which are now."""

    dropped: int  # messages of banned sources, unread
    slowed: int  # messages beyond the rate, unread
    offences: int
    bans: int
    banned: int
    sources: int


class _Source:
    """What is remembered of one source."""

    __slots__ = ("heard", "offended", "rate", "score", "tokens")

    def __init__(self, tokens: float, rate: float, now: float) -> None:
        self.tokens = tokens
        self.rate = rate
        self.heard = now
        self.score = 0.0
        self.offended = now


class Guard:
    """Keeps the door. `standing` says what a host is to us; it is asked only when a source is about to be punished."""

    def __init__(self, settings: GuardSettings, standing: Callable[[str], Standing]) -> None:
        self._settings = settings
        self._standing = standing
        self._sources: dict[str, _Source] = {}
        self._bans: dict[str, Ban] = {}
        self._past: dict[str, tuple[int, float]] = {}  # source -> bans so far, and when they are forgotten
        self._releases: list[tuple[float, str]] = []
        self._keys: dict[str, str] = {}
        self._events: deque[GuardEvent] = deque()
        self._dropped = self._slowed = self._offences = self._count = 0

    def configure(self, settings: GuardSettings, now: float) -> None:
        """Take new settings; bans stay as they are, unless banning is switched off."""
        self._settings = settings
        self._sources.clear()
        if not settings.ban:
            for source in list(self._bans):
                self.lift(source, now)

    # --- the door -------------------------------------------------------------------------------------------------

    def admit(self, host: str, now: float) -> bool:
        """Whether a message from `host` is read at all."""
        key = host if ":" not in host else self._key(host)
        if key in self._bans:
            self._dropped += 1
            return False
        source = self._sources.get(key)
        if source is None:
            source = self._remember(key, now)
        tokens = source.tokens + (now - source.heard) * source.rate
        source.heard = now
        if tokens >= 1.0:
            most = self._settings.burst * (source.rate / self._settings.messages_per_second)
            source.tokens = min(most, tokens) - 1.0
            return True
        return self._over_rate(host, source, now)

    def _over_rate(self, host: str, source: _Source, now: float) -> bool:
        standing = self._standing(host)
        settings = self._settings
        rate = settings.messages_per_second * RATES[standing]
        if standing is Standing.TRUSTED or rate > source.rate:
            source.rate = rate
            source.tokens = settings.burst * (rate / settings.messages_per_second) - 1.0
            return True
        source.rate = rate
        source.tokens = 0.0
        self._slowed += 1
        self.offend(host, Offence.FLOOD, now)
        return False

    def offend(self, host: str, offence: Offence, now: float) -> None:
        """A source did something a stranger should not do."""
        self._offences += 1
        if not self._settings.ban:
            return
        key = self._key(host)
        source = self._sources.get(key) or self._remember(key, now)
        settings = self._settings
        forgiven = (now - source.offended) * settings.tolerance / settings.window_seconds
        source.score = max(0.0, source.score - forgiven) + OFFENCE_WEIGHTS[offence]
        source.offended = now
        if source.score >= settings.tolerance:
            standing = self._standing(host)
            if standing is Standing.TRUSTED or (standing is Standing.KNOWN and offence is not Offence.CREDENTIALS):
                source.score = 0.0
            elif source.score >= settings.tolerance * TOLERANCES[standing]:
                self._ban(key, offence, now)

    def prove(self, host: str) -> None:
        """A phone there has proved its password: what it did before was not an attack."""
        source = self._sources.get(self._key(host))
        if source is not None:
            source.score = 0.0

    # --- bans -----------------------------------------------------------------------------------------------------

    def bans(self) -> list[Ban]:
        """Those in force, the newest first."""
        return sorted(self._bans.values(), key=lambda ban: -ban.since)

    def lift(self, source: str, now: float) -> Ban | None:
        """End a ban before its time and forget the earlier ones; returns it, None when there is none."""
        try:
            key = self._key(source)
        except ValueError:
            key = source
        ban = self._bans.pop(key, None) or self._bans.pop(source, None)
        if ban is None:
            return None
        self._past.pop(ban.source, None)
        self._events.append(GuardEvent(GuardEventKind.LIFTED, msgspec.structs.replace(ban, until=now)))
        return ban

    def poll(self) -> GuardEvent | None:
        """What happened to a source, None when nothing more."""
        return self._events.popleft() if self._events else None

    def next_deadline(self) -> float | None:
        """When the next ban runs out."""
        while self._releases and self._releases[0][1] not in self._bans:
            heappop(self._releases)
        return self._releases[0][0] if self._releases else None

    def handle_deadline(self, now: float) -> None:
        """Release whose time has come."""
        while self._releases and self._releases[0][0] <= now:
            _, key = heappop(self._releases)
            ban = self._bans.get(key)
            if ban is not None and ban.until <= now:
                del self._bans[key]
                self._events.append(GuardEvent(GuardEventKind.RELEASED, ban))
        for key, (_, until) in list(self._past.items())[:64]:
            if until <= now:
                del self._past[key]

    def counters(self) -> GuardCounters:
        """A snapshot."""
        return GuardCounters(
            dropped=self._dropped,
            slowed=self._slowed,
            offences=self._offences,
            bans=self._count,
            banned=len(self._bans),
            sources=len(self._sources),
        )

    # --- inside ---------------------------------------------------------------------------------------------------

    def _ban(self, key: str, cause: Offence, now: float) -> None:
        self._sources.pop(key, None)
        count, until = self._past.get(key, (0, now))
        count = count + 1 if until >= now else 1
        settings = self._settings
        seconds = min(settings.ban_seconds * 2.0 ** min(count - 1, LONGEST_EXPONENT), settings.longest_ban_seconds)
        if len(self._bans) >= MOST_BANS:
            del self._bans[next(iter(self._bans))]
        if len(self._past) >= MOST_BANS:
            del self._past[next(iter(self._past))]
        ban = Ban(key, now, now + seconds, count, cause)
        self._bans[key] = ban
        self._past[key] = (count, ban.until + settings.longest_ban_seconds)
        self._count += 1
        heappush(self._releases, (ban.until, key))
        self._events.append(GuardEvent(GuardEventKind.BANNED, ban))

    def _remember(self, key: str, now: float) -> _Source:
        if len(self._sources) >= MOST_SOURCES:
            del self._sources[next(iter(self._sources))]
        source = _Source(float(self._settings.burst), self._settings.messages_per_second, now)
        self._sources[key] = source
        return source

    def _key(self, host: str) -> str:
        """What counts as one source."""
        if ":" not in host:
            return host
        key = self._keys.get(host)
        if key is None:
            if len(self._keys) >= KEYS_KEPT:
                self._keys.clear()
            key = self._keys[host] = source_of(host)
        return key


def source_of(host: str) -> str:
    """The source an address belongs to: "192.0.2.7", "2001:db8:1:2::/64". Raises ValueError when it is none."""
    address = ip_address(host.partition("/")[0].partition("%")[0])
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    if address.is_link_local or address.is_loopback:
        return str(address)
    return f"{ip_address(int(address) >> 64 << 64)}/64"
