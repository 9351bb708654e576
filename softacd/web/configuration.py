"""The configuration over HTTP: everything as it is written, changes as proposals and in force, versions and undo."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from softacd.web.administration import (
    Administration,
    Applied,
    ChangeRequest,
    ConfigurationView,
    Proposal,
    VersionView,
)
from softacd.web.errors import API_ROOT
from softacd.web.principal import principal_of

_MOST_BODY = 1024 * 1024
Number = Annotated[int, PathParameter(ge=1, le=2**53, description="The version's number.")]


class VersionDiff(msgspec.Struct, frozen=True):
    """How a version differs from the one before."""

    number: int
    """The version's number."""
    diff: str
    """A unified diff; secrets are hidden."""


class RestoreRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which state an earlier version is put back."""

    base: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """`version` of the configuration as you know it."""


def configuration_handlers(administration: Administration) -> list[HTTPRouteHandler]:
    """The paths under /configuration."""

    @get(f"{API_ROOT}/configuration", tags=["configuration"], summary="Everything the owner decided")
    async def configuration() -> ConfigurationView:
        """Return every section as it is written, and what each key means. Secrets are not told."""
        return await administration.configuration()

    @post(
        f"{API_ROOT}/configuration/proposals",
        tags=["configuration"],
        summary="What a change would do",
        status_code=200,
        request_max_body_size=_MOST_BODY,
    )
    async def propose(data: JSONBody[ChangeRequest]) -> Proposal:
        """Judge a change and show it as a diff; nothing is changed. 409 when the base is not the newest."""
        return await administration.propose(data)

    @post(
        f"{API_ROOT}/configuration/changes",
        tags=["configuration"],
        summary="Change the configuration",
        status_code=200,
        request_max_body_size=_MOST_BODY,
    )
    async def change(request: Request[Any, Any, Any], data: JSONBody[ChangeRequest]) -> Applied:
        """Write the files, keep the version and have the switch run with it.

        400 when an error was found in it, 409 when the base is not the newest or a restart would be needed.
        """
        return await administration.apply(data, principal_of(request.scope).name)

    @get(f"{API_ROOT}/configuration/versions", tags=["configuration"], summary="Versions of the configuration")
    async def versions() -> list[VersionView]:
        """Return every version kept, newest first."""
        return await administration.versions()

    @get(f"{API_ROOT}/configuration/versions/{{number:int}}", tags=["configuration"], summary="What a version changed")
    async def version(number: Number) -> VersionDiff:
        """Return how a version differs from the one before. 404 when it is not kept."""
        return VersionDiff(number, await administration.version_diff(number))

    @post(
        f"{API_ROOT}/configuration/versions/{{number:int}}/restore",
        tags=["configuration"],
        summary="Put a version back",
        status_code=200,
    )
    async def restore(request: Request[Any, Any, Any], number: Number, data: JSONBody[RestoreRequest]) -> Applied:
        """Make the files what they were in that version: undo is the version before the newest. Refused as a change."""
        return await administration.restore(number, data.base, principal_of(request.scope).name)

    return [configuration, propose, change, versions, version, restore]
