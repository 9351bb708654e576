"""Phones that are set up: tickets over the API, and the door at which a phone fetches its document."""

from typing import Annotated, Any

from litestar import Request, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from softacd.calls.control import UnknownNameError
from softacd.web.asgi import Application, Receive, Scope, Send
from softacd.web.errors import API_ROOT
from softacd.web.principal import principal_of
from softacd.web.tickets import Provisioning, ProvisioningError, Ticket, TicketRequest, Waiting

PREFIX = "/provision/"
_LONGEST = 200
_LOCAL = ("127.", "::1")


def provisioning_handlers(provisioning: Provisioning) -> list[HTTPRouteHandler]:
    """The paths under /provisioning."""

    @get(f"{API_ROOT}/provisioning", tags=["configuration"], summary="Phones that may be set up")
    async def waiting() -> list[Waiting]:
        """Return the tickets nobody has used yet; their addresses are told only when they are made."""
        return provisioning.waiting()

    @post(f"{API_ROOT}/provisioning", tags=["configuration"], summary="Have a phone set up", status_code=201)
    async def issue(request: Request[Any, Any, Any], data: JSONBody[TicketRequest]) -> Ticket:
        """Return an address at which the phone fetches its settings, once. An earlier ticket of the phone is void.

        409 when phones cannot be set up so.
        """
        try:
            return await provisioning.issue(data, principal_of(request.scope).name)
        except UnknownNameError as error:
            raise ProvisioningError(str(error.args[0]), "Add the phone first.", http_status=400) from None

    @delete(
        f"{API_ROOT}/provisioning/{{extension:str}}", tags=["configuration"], summary="Void a ticket", status_code=200
    )
    async def revoke(
        extension: Annotated[str, PathParameter(description="The phone's extension.")],
    ) -> Waiting:
        """Let the phone be set up no more. 404 when no ticket waits."""
        return await provisioning.revoke(extension)

    return [waiting, issue, revoke]


class ProvisioningDoor:
    """Stands before `application` and answers /provision/TOKEN/FILE itself: phones have no token of the API.

    Documents hold passwords: they are told over HTTPS, or to this machine, where a proxy with TLS asks.
    """

    def __init__(self, application: Application, provisioning: Provisioning) -> None:
        self._application = application
        self._provisioning = provisioning

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3)."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._application(scope, receive, send)
            return
        client = scope.get("client")
        source = str(client[0]) if client else "local"
        token, slash, file = scope["path"].removeprefix(PREFIX).partition("/")
        if scope["method"] != "GET":
            await _answer(send, 405, "text/plain", "only GET\n")
        elif scope.get("scheme") != "https" and not source.startswith(_LOCAL):
            await _answer(send, 403, "text/plain", "phones are set up over https only\n")
        elif not slash or len(scope["path"]) > _LONGEST:
            await _answer(send, 404, "text/plain", "there is nothing here\n")
        else:
            await self._serve(send, token, file, source)

    async def _serve(self, send: Send, token: str, file: str, source: str) -> None:
        try:
            found = await self._provisioning.fetch(token, file, source)
        except ProvisioningError as error:
            await _answer(send, error.http_status, "text/plain", f"{error.cause}\n")
        except UnknownNameError:
            await _answer(send, 404, "text/plain", "there is nothing here\n")
        else:
            if found is None:
                await _answer(send, 404, "text/plain", "there is nothing here\n")
            else:
                await _answer(send, 200, found.media_type, found.text)


async def _answer(send: Send, status: int, kind: str, text: str) -> None:
    body = text.encode()
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
