"""Banned sources over HTTP: who is not listened to, and lifting a ban."""

from typing import Annotated

from litestar import delete, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

from softacd.calls.control import Control
from softacd.calls.views import BanView
from softacd.web.errors import API_ROOT

Source = Annotated[str, PathParameter(description="An address of the source; of an IPv6 network any address in it.")]


def security_handlers(control: Control) -> list[HTTPRouteHandler]:
    """The paths under /bans."""

    @get(f"{API_ROOT}/bans", tags=["security"], summary="Sources that are banned")
    async def bans() -> tuple[BanView, ...]:
        """Return every source whose messages are dropped unread, the newest ban first."""
        return control.bans()

    @delete(f"{API_ROOT}/bans/{{source:str}}", tags=["security"], summary="Lift a ban", status_code=200)
    async def lift(source: Source) -> BanView:
        """Listen to a source again and forget its earlier bans. 404 when it is not banned."""
        return control.lift_ban(source)

    return [bans, lift]
