"""Signing in and out over HTTP, and what a user may change of himself."""

from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.datastructures import Cookie
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from softacd.calls.control import Control, UnknownNameError
from softacd.calls.users import Role, User
from softacd.web.accounts import Accounts, csrf_token, phone_secret
from softacd.web.audit import ACT, ACTOR
from softacd.web.errors import API_ROOT
from softacd.web.gate import SECURE, SESSION_COOKIE, SESSION_SECRET, source_of
from softacd.web.principal import Principal, principal_of
from softacd.web.sip_door import PATH

Asking = Request[Any, Any, Any]
_PATH = f"{API_ROOT}/session"


class SignInRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to sign in."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """Name of the user."""
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    """Password."""
    code: Annotated[str, msgspec.Meta(max_length=16)] = ""
    """The code an authenticator shows, where the user has a second factor; asked for by "code-needed"."""


class SessionView(msgspec.Struct, frozen=True):
    """The session of who asks."""

    name: str
    """Name of the user."""
    role: Role
    """What he may do."""
    agent: str | None
    """The agent he works as; null: none."""
    language: str
    """Language he wants the desk in."""
    csrf: str
    """What the header X-CSRF-Token must carry with whatever changes anything."""


class PasswordRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new password for oneself."""

    old: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    """The password until now."""
    new: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    """The password from now on."""


class LanguageRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The language one wants the desk in."""

    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")]
    """Two letters (ISO 639-1)."""


class BrowserPhone(msgspec.Struct, frozen=True):
    """How the browser becomes one's phone, for as long as the session lasts."""

    extension: str
    """The phone's extension."""
    display_name: str
    """Name others are shown."""
    address_of_record: str
    """What is registered, a SIP URI."""
    domain: str
    """Domain of the address."""
    path: str
    """Path of the WebSocket at the desk's own origin, subprotocol "sip"."""
    user: str
    """Name that is proved ("authorization user"); it is not the extension."""
    password: str
    """Password of this session alone."""


def session_handlers(accounts: Accounts, control: Control, *, lifetime: int) -> list[HTTPRouteHandler]:
    """The paths under /session. `lifetime` is how long a cookie is kept, in seconds."""

    @post(_PATH, tags=["session"], summary="Sign in", status_code=200)
    async def sign_in(request: Asking, data: JSONBody[SignInRequest]) -> Response[SessionView]:
        """Open a session, whose cookie comes with the answer.

        401 when name or password is wrong, or, as "code-needed", when the code is missing; 429 after too many failures.
        """
        scope: dict[str, Any] = request.scope  # type: ignore[assignment] # what the audit log reads
        scope[ACT], scope[ACTOR] = "sign-in", data.name
        user, secret = await accounts.sign_in(data.name, data.password, data.code, source_of(scope))
        cookie = Cookie(
            key=SESSION_COOKIE,
            value=secret,
            path="/",
            max_age=lifetime,
            httponly=True,
            samesite="strict",
            secure=bool(scope.get(SECURE)),
        )
        return Response(_view(user, secret), cookies=[cookie])

    @get(_PATH, tags=["session"], summary="Who one is")
    async def session(request: Asking) -> SessionView:
        """Return who asks. 401 without a session."""
        _, user = _own(request)
        return _view(user, request.scope[SESSION_SECRET])  # type: ignore[literal-required]

    @delete(_PATH, tags=["session"], summary="Sign out", status_code=204)
    async def sign_out(request: Asking) -> Response[None]:
        """End the session; its sockets are closed."""
        principal, _ = _own(request)
        request.scope[ACT] = "sign-out"  # type: ignore[literal-required]
        await accounts.sign_out(principal.session)
        answer: Response[None] = Response(None, status_code=204)
        answer.delete_cookie(SESSION_COOKIE, path="/")
        return answer

    @get(f"{_PATH}/phone", tags=["session"], summary="Become one's phone")
    async def phone(request: Asking) -> BrowserPhone:
        """Return what the browser registers as one's phone with; good until the session ends.

        404 when one works as no agent. The phone's own password stays as it is and is told to nobody.
        """
        principal, _ = _own(request)
        if not principal.agent:
            raise UnknownNameError("you work as no agent")
        password = phone_secret(request.scope[SESSION_SECRET])  # type: ignore[literal-required]
        name = f"{principal.agent}~{principal.session[:12]}"
        lent = control.lend_phone(principal.agent, name, password)
        accounts.when_ended(principal.session, "phone", partial(control.recall_phone, name))
        return BrowserPhone(
            extension=lent.extension,
            display_name=lent.display_name,
            address_of_record=lent.address_of_record,
            domain=lent.address_of_record.rpartition("@")[2],
            path=PATH,
            user=name,
            password=password,
        )

    @put(f"{_PATH}/password", tags=["session"], summary="Change one's password", status_code=204)
    async def password(request: Asking, data: JSONBody[PasswordRequest]) -> None:
        """Set a new password; one's other sessions end. 409 when the old one is wrong or the new one is no good."""
        principal, _ = _own(request)
        await accounts.change_password(principal.name, data.old, data.new, session=principal.session)

    @put(f"{_PATH}/language", tags=["session"], summary="Choose one's language", status_code=200)
    async def language(request: Asking, data: JSONBody[LanguageRequest]) -> SessionView:
        """Remember in which language one wants the desk."""
        principal, _ = _own(request)
        user = await accounts.put(principal.name, language=data.language)
        return _view(user, request.scope[SESSION_SECRET])  # type: ignore[literal-required]

    def _own(request: Asking) -> tuple[Principal, User]:
        principal = principal_of(request.scope)
        if not principal.session:
            raise NotAuthorizedException("this is for who has signed in, not for the API's token")
        return principal, accounts.user(principal.name)

    return [sign_in, session, sign_out, phone, password, language]


def _view(user: User, secret: str) -> SessionView:
    return SessionView(user.name, user.role, user.agent or None, user.language, csrf_token(secret))
