"""Users over HTTP, for administrators: who may sign in and as what; and the log of what everybody did."""

from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter

from softacd.calls.users import AuditEntry, Role, User
from softacd.web.accounts import Accounts
from softacd.web.errors import API_ROOT
from softacd.web.history import History
from softacd.web.parameters import Before, Limit, Since
from softacd.web.passwords import new_totp_secret, totp_address

_FORM = r"^[\w.@-]{1,64}$"
UserName = Annotated[str, PathParameter(description="Name of the user.", pattern=_FORM)]
_USER = f"{API_ROOT}/users/{{name:str}}"


class UserView(msgspec.Struct, frozen=True):
    """A user, without his secrets."""

    name: str
    """Name he signs in with."""
    role: Role
    """What he may do."""
    agent: str
    """The agent he works as; empty: none."""
    language: str
    """Language he wants the desk in."""
    second_factor: bool
    """Whether a code is needed beside the password."""
    created: int
    """When he was added, ms since 1970-01-01 UTC."""
    changed: int
    """When anything of him changed last, ms since 1970-01-01 UTC."""


class UserRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user as he shall be; what is left out stays. A new one needs a role and a password."""

    role: Role | None = None
    """What he may do."""
    agent: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """The agent he works as; empty: none."""
    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")] | None = None
    """Two letters (ISO 639-1)."""
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=256)] | None = None
    """Password he signs in with."""


class SecondFactor(msgspec.Struct, frozen=True):
    """What an authenticator must be told; shown once."""

    secret: str
    """The secret in base32, to be typed."""
    address: str
    """The same as an address, for a QR code."""


class AuditPage(msgspec.Struct, frozen=True):
    """What was done, newest first."""

    entries: list[AuditEntry]
    """The entries."""
    next: int | None
    """`before` of the next page; null on the last one."""


def user_handlers(accounts: Accounts, history: History, *, issuer: str) -> list[HTTPRouteHandler]:
    """The paths under /users and /audit. `issuer` is what authenticators call this installation."""

    @get(f"{API_ROOT}/users", tags=["users"], summary="Everybody who may sign in")
    async def users() -> list[UserView]:
        """Return the users, by name."""
        return [view(user) for user in accounts.users()]

    @put(_USER, tags=["users"], summary="Create or change a user")
    async def put_user(name: UserName, data: JSONBody[UserRequest]) -> UserView:
        """Set what a user may do and how he signs in; his sessions end when his role, agent or password changes.

        409 when a new one lacks role or password, the password is no good, or he is the only administrator.
        """
        user = await accounts.put(
            name, role=data.role, agent=data.agent, language=data.language, password=data.password
        )
        return view(user)

    @delete(_USER, tags=["users"], summary="Remove a user", status_code=200)
    async def remove(name: UserName) -> UserView:
        """Forget a user and end his sessions. 404 when there is none; 409 when he is the only administrator."""
        return view(await accounts.remove(name))

    @post(f"{_USER}/totp", tags=["users"], summary="Give a user a second factor", status_code=200)
    async def give(name: UserName) -> SecondFactor:
        """Make a new secret, of which the user's authenticator must be told; the one before is no longer good."""
        secret = new_totp_secret()
        await accounts.set_totp(name, secret)
        return SecondFactor(secret, totp_address(secret, name, issuer))

    @delete(f"{_USER}/totp", tags=["users"], summary="Take a user's second factor away", status_code=200)
    async def take(name: UserName) -> UserView:
        """Let the password be enough again."""
        return view(await accounts.set_totp(name, ""))

    @get(f"{API_ROOT}/audit", tags=["users"], summary="What was done, and by whom")
    async def audit(
        limit: Limit = 50,
        before: Before = None,
        since: Since = None,
        user: Annotated[str | None, QueryParameter(description="Only what this user did.")] = None,
    ) -> AuditPage:
        """Return what changed anything, or was refused, newest first."""
        found = await history.audit(limit=limit + 1, before=before, since=since, user=user)
        if len(found) <= limit:
            return AuditPage(found, None)
        cut = found[limit].at
        # what was done in one millisecond stays on one page
        whole = [entry for entry in found if entry.at > cut]
        return AuditPage(whole, cut + 1) if whole else AuditPage(found[:limit], cut)

    return [users, put_user, remove, give, take, audit]


def view(user: User) -> UserView:
    return UserView(
        name=user.name,
        role=user.role,
        agent=user.agent,
        language=user.language,
        second_factor=bool(user.totp_secret),
        created=user.created,
        changed=user.changed,
    )
