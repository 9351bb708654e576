"""Users and sessions while the program runs: signing in, knowing a session again, ending it.

The truth is in memory and in the store alike: changes are written before they are answered, so that nobody who was
removed comes back after a restart; only the moment a session was used last is written some seconds later. Secrets of
sessions are kept as digests; the CSRF token is derived from the secret, so that only who has the cookie's session can
be told it.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Protocol, TypeVar

import msgspec
import structlog

from softacd.calls.control import NotPossibleError, UnknownNameError
from softacd.calls.users import Role, SessionRecord, User
from softacd.web.errors import ErrorWord
from softacd.web.lockout import Lockout
from softacd.web.passwords import hash_password, judge_password, nobodys_hash, totp_step, verify_password
from softacd.web.principal import Principal

log = structlog.get_logger("softacd.web")

R = TypeVar("R")

MOST_SESSIONS = 10
"""Sessions of one user at once; with one more the oldest ends."""
MOST_JUDGED = 16
"""Passwords that wait to be judged at once: each takes some 40 ms of the one thread that does it."""


class UserStore(Protocol):
    """What this needs of the store."""

    async def all(self) -> list[User]: ...
    async def sessions(self) -> list[SessionRecord]: ...
    async def put(self, user: User) -> None: ...
    async def remove(self, name: str) -> None: ...
    async def begin(self, session: SessionRecord) -> None: ...
    async def touch(self, seen: Iterable[tuple[str, int]]) -> None: ...
    async def end(self, keys: Iterable[str]) -> None: ...


class SignInError(Exception):
    """Nobody was signed in. `retry_after` seconds must pass first, 0: at once."""

    def __init__(self, cause: str, remedy: str, status: HTTPStatus, *, retry_after: float = 0.0) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy
        self.http_status = int(status)
        self.retry_after = retry_after


class CodeNeededError(SignInError):
    """The password was right; the second factor is missing."""

    word = ErrorWord.CODE_NEEDED


class Session:
    """A session that lives."""

    __slots__ = ("endings", "key", "seen", "source", "started", "user", "watchers", "written")

    def __init__(self, record: SessionRecord) -> None:
        self.key = record.key
        self.user = record.user
        self.source = record.source
        self.started = record.started
        self.seen = self.written = record.seen
        self.watchers: set[Callable[[], None]] = set()
        """Called when it ends: sockets opened by it close then."""
        self.endings: dict[str, Callable[[], None]] = {}
        """Called when it ends as well; unlike an open socket they do not keep it alive."""


class Accounts:
    """`wall` gives ms since 1970, `clock` monotonic seconds. Sessions end `idle` ms after their last use, and
    `lifetime` ms after they began."""

    def __init__(
        self,
        store: UserStore,
        *,
        wall: Callable[[], int],
        clock: Callable[[], float],
        idle: int = 30 * 60_000,
        lifetime: int = 12 * 3_600_000,
    ) -> None:
        self._store = store
        self._wall = wall
        self._clock = clock
        self._idle = idle
        self._lifetime = lifetime
        self._users: dict[str, User] = {}
        self._sessions: dict[str, Session] = {}
        self._names = Lockout()
        self._sources = Lockout(free=20)
        self._steps: dict[str, int] = {}  # user -> the step of his last code
        self._judge = ThreadPoolExecutor(1, "passwords")
        self._judging = 0

    async def load(self) -> None:
        """Read users and sessions. Raises StoreError."""
        self._users = {user.name: user for user in await self._store.all()}
        now = self._wall()
        known = [Session(record) for record in await self._store.sessions() if record.user in self._users]
        self._sessions = {session.key: session for session in known if self._lives(session, now)}
        await asyncio.get_running_loop().run_in_executor(self._judge, nobodys_hash)

    def close(self) -> None:
        """Let the thread go."""
        self._judge.shutdown(wait=False, cancel_futures=True)

    # --- sessions --------------------

    def find(self, secret: str) -> Principal | None:
        """Who has this session's secret, None when it is of no session that lives. Counts as use of the session."""
        session = self._sessions.get(_digest(secret))
        if session is None:
            return None
        now = self._wall()
        user = self._users.get(session.user)
        if user is None or not self._lives(session, now):
            return None
        session.seen = now
        return Principal(user.name, user.role, user.agent, session.key)

    def watch(self, key: str, ended: Callable[[], None]) -> Callable[[], None]:
        """Have `ended` called when the session ends; at once when it has. Returns the function that stops it."""
        session = self._sessions.get(key)
        if session is None:
            ended()
            return lambda: None
        session.watchers.add(ended)
        return lambda: session.watchers.discard(ended)

    def when_ended(self, key: str, what: str, ended: Callable[[], None]) -> None:
        """Have something undone when the session ends; once for each `what`."""
        session = self._sessions.get(key)
        if session is None:
            ended()
        else:
            session.endings[what] = ended

    async def keep(self) -> None:
        """End what has expired and write what was used. Called now and then; raises StoreError."""
        now = self._wall()
        expired = [session for session in self._sessions.values() if not self._lives(session, now)]
        if expired:
            await self._end(expired)
        used = [session for session in self._sessions.values() if session.seen != session.written]
        await self._store.touch((session.key, session.seen) for session in used)
        for session in used:
            session.written = session.seen

    async def sign_in(self, name: str, password: str, code: str, source: str) -> tuple[User, str]:
        """Open a session: the user and the secret of its cookie. Raises SignInError, StoreError.

        Whether there is such a user can be told neither from the answer nor from the time it takes.
        """
        now = self._clock()
        wait = max(self._names.seconds_left(name, now), self._sources.seconds_left(source, now))
        if wait > 0 or self._judging >= MOST_JUDGED:
            raise SignInError(
                "too many failed to sign in", "Wait as long as Retry-After says.", HTTPStatus.TOO_MANY_REQUESTS,
                retry_after=max(wait, 1.0),
            )  # fmt: skip
        self._names.begun(name, now)
        self._sources.begun(source, now)
        user = self._users.get(name)
        hashed = user.password_hash if user is not None and user.password_hash else nobodys_hash()
        right = await self._think(lambda: verify_password(password, hashed))
        if not right or user is None or self._users.get(name) != user:
            raise SignInError("name or password is wrong", "Try again.", HTTPStatus.UNAUTHORIZED)
        if user.totp_secret:
            if not code:
                # held against the name until the code comes: who has only the password must not ask without end
                self._sources.forgive(source, now)
                raise CodeNeededError(
                    "a code is needed", "Send the code of the authenticator as `code`.", HTTPStatus.UNAUTHORIZED
                )
            step = totp_step(user.totp_secret, code, self._wall() / 1000)
            if step is None or step <= self._steps.get(name, 0):
                raise SignInError("the code is wrong", "Send the one shown now.", HTTPStatus.UNAUTHORIZED)
            self._steps[name] = step
        self._names.succeeded(name)
        self._sources.forgive(source, now)
        return user, await self._begin(user, source)

    async def sign_out(self, key: str) -> None:
        """End a session. Raises StoreError."""
        session = self._sessions.get(key)
        if session is not None:
            await self._end([session])

    async def end_sessions(self, name: str, *, but: str = "") -> int:
        """End every session of a user but one; returns how many."""
        found = [session for session in self._sessions.values() if session.user == name and session.key != but]
        if found:
            await self._end(found)
        return len(found)

    # --- users --------------------

    def users(self) -> list[User]:
        """Everybody, by name."""
        return [self._users[name] for name in sorted(self._users)]

    def user(self, name: str) -> User:
        """One user. Raises UnknownNameError."""
        if name not in self._users:
            raise UnknownNameError(f"there is no user {name!r}")
        return self._users[name]

    async def put(
        self,
        name: str,
        *,
        role: Role | None = None,
        agent: str | None = None,
        language: str | None = None,
        password: str | None = None,
    ) -> User:
        """Create or change a user; None: stays. A new one needs a role and a password.

        His sessions end when his password, role or agent changes. Raises NotPossibleError, StoreError.
        """
        known = self._users.get(name)
        if known is None and (role is None or password is None):
            raise NotPossibleError(f"{name} is new: a role and a password are needed")
        if password is not None and (wrong := judge_password(name, password)):
            raise NotPossibleError(wrong)
        hashed = None if password is None else await self._think(lambda: hash_password(password))
        now = self._wall()
        user = known = self._users.get(name) or User(name, Role.AGENT, created=now)
        for field, value in (("role", role), ("agent", agent), ("language", language), ("password_hash", hashed)):
            if value is not None:
                user = msgspec.structs.replace(user, **{field: value})
        self._keep_one_administrator(known, user.role)
        return await self._replace(msgspec.structs.replace(user, changed=now), was=known)

    async def set_totp(self, name: str, secret: str) -> User:
        """Give a user a second factor, or ("") none. His sessions go on. Raises UnknownNameError, StoreError."""
        user = msgspec.structs.replace(self.user(name), totp_secret=secret, changed=self._wall())
        self._steps.pop(name, None)
        await self._store.put(user)
        self._users[name] = user
        return user

    async def change_password(self, name: str, old: str, new: str, *, session: str) -> None:
        """A user changes his own password: his other sessions end. Raises SignInError, NotPossibleError, StoreError."""
        user = self.user(name)
        now = self._clock()
        if self._names.seconds_left(name, now) > 0 or self._judging >= MOST_JUDGED:
            raise SignInError("too many failed", "Wait a little.", HTTPStatus.TOO_MANY_REQUESTS, retry_after=5.0)
        self._names.begun(name, now)
        if not await self._think(lambda: verify_password(old, user.password_hash)):
            raise NotPossibleError("the old password is wrong")
        self._names.succeeded(name)
        if wrong := judge_password(name, new):
            raise NotPossibleError(wrong)
        hashed = await self._think(lambda: hash_password(new))
        user = msgspec.structs.replace(self.user(name), password_hash=hashed, changed=self._wall())
        await self._store.put(user)
        self._users[name] = user
        await self.end_sessions(name, but=session)

    async def remove(self, name: str) -> User:
        """Forget a user. Raises UnknownNameError, NotPossibleError (the last administrator), StoreError."""
        user = self.user(name)
        self._keep_one_administrator(user, None)
        await self._store.remove(name)
        self._users.pop(name, None)
        await self.end_sessions(name)
        return user

    # --- the rest --------------------

    async def _begin(self, user: User, source: str) -> str:
        secret, now = secrets.token_urlsafe(32), self._wall()
        mine = sorted((s for s in self._sessions.values() if s.user == user.name), key=lambda session: session.seen)
        if len(mine) >= MOST_SESSIONS:
            await self._end(mine[: len(mine) - MOST_SESSIONS + 1])
        record = SessionRecord(_digest(secret), user.name, source, now, now)
        await self._store.begin(record)
        self._sessions[record.key] = Session(record)
        return secret

    async def _end(self, sessions: list[Session]) -> None:
        for session in sessions:
            self._sessions.pop(session.key, None)
            for ended in [*session.watchers, *session.endings.values()]:
                ended()
        await self._store.end(session.key for session in sessions)

    async def _replace(self, user: User, *, was: User) -> User:
        await self._store.put(user)
        self._users[user.name] = user
        if (user.role, user.agent, user.password_hash) != (was.role, was.agent, was.password_hash):
            await self.end_sessions(user.name)
        return user

    def _keep_one_administrator(self, user: User, role: Role | None) -> None:
        others = [u for u in self._users.values() if u.role is Role.ADMINISTRATOR and u.name != user.name]
        if user.role is Role.ADMINISTRATOR and role is not Role.ADMINISTRATOR and not others:
            raise NotPossibleError(f"{user.name} is the only administrator")

    def _lives(self, session: Session, now: int) -> bool:
        if session.watchers:
            session.seen = now  # an open socket is use
        return now - session.seen < self._idle and now - session.started < self._lifetime

    async def _think(self, work: Callable[[], R]) -> R:
        self._judging += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._judge, work)
        finally:
            self._judging -= 1


def csrf_token(secret: str) -> str:
    """The token a page must send back beside the cookie."""
    return hmac.digest(secret.encode(), b"softacd csrf", "sha256").hex()[:32]


def phone_secret(secret: str) -> str:
    """The password of the browser's phone: another for each session, the same for each page of one."""
    return hmac.digest(secret.encode(), b"softacd phone", "sha256").hex()[:32]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
