"""The house as a whole over HTTP: hours closed by hand, the emergency mode."""

from typing import Annotated

import msgspec
from litestar import get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from softacd.calls.control import Control
from softacd.calls.views import HouseView
from softacd.web.errors import API_ROOT

HoursName = Annotated[str, PathParameter(description="Name of the hours.")]


QueueName = Annotated[str, PathParameter(description="Name of the queue.")]


class SwitchRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """On or off."""

    on: bool
    """Whether it shall be on."""


class CloseRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Closed by hand, or by its hours again."""

    closed: bool
    """Whether it shall be closed whatever its hours say."""


def house_handlers(control: Control) -> list[HTTPRouteHandler]:
    """The paths under /house."""

    @get(f"{API_ROOT}/house", tags=["house"], summary="Hours and the emergency mode")
    async def house() -> HouseView:
        """Return which hours are open now, and whether the emergency mode is on."""
        return control.house()

    @put(f"{API_ROOT}/house/emergency", tags=["house"], summary="Switch the emergency mode")
    async def emergency(data: JSONBody[SwitchRequest]) -> HouseView:
        """Send the callers of every queue to the mobile phones, who waits already too; or no longer.

        409 when no mobile phones are configured."""
        control.switch_emergency(data.on)
        return control.house()

    @put(f"{API_ROOT}/house/hours/{{name:str}}", tags=["house"], summary="Close hours by hand")
    async def close(name: HoursName, data: JSONBody[CloseRequest]) -> HouseView:
        """Close by hand, or leave it to the hours again. 404 when there are none of this name."""
        control.close_hours(name, data.closed)
        return control.house()

    @put(f"{API_ROOT}/queues/{{name:str}}/closed", tags=["house"], summary="Close a queue by hand")
    async def close_queue(name: QueueName, data: JSONBody[CloseRequest]) -> CloseRequest:
        """Let a queue take no more callers, who are served as when its hours are over, or take them again.

        Who waits in it already goes on waiting. 404 when there is none of this name."""
        control.close_queue(name, data.closed)
        return data

    return [house, emergency, close, close_queue]
