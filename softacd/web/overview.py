"""The switch as a whole over HTTP: health, metrics, the snapshot and its parts."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from softacd.calls.control import Check, Control
from softacd.calls.users import Role
from softacd.calls.views import QueueView, Snapshot, TrunkView
from softacd.calls.whatif_answer import WhatIf
from softacd.web.errors import API_ROOT
from softacd.web.metrics import CONTENT_TYPE, Metrics
from softacd.web.principal import PRINCIPAL, Principal


class HealthReport(msgspec.Struct, frozen=True):
    """Whether the program works."""

    healthy: bool
    """True when every part does."""
    checks: list[Check]
    """One check a part; empty for who has no token and is no supervisor."""


def overview_handlers(control: Control, metrics: Metrics) -> list[HTTPRouteHandler]:
    """Health and metrics, and the snapshot whole and in parts."""

    @get(
        "/healthz",
        tags=["operation"],
        summary="Whether the program works",
        responses={503: ResponseSpec(HealthReport, generate_examples=False, description="Some part does not work.")},
    )
    async def healthz(request: Request[Any, Any, Any]) -> Response[HealthReport]:
        """Answer 200 when every part works, else 503. Needs no token; with it the parts are named."""
        checks = control.health()
        healthy = all(check.healthy for check in checks)
        principal = request.scope.get(PRINCIPAL)
        known = isinstance(principal, Principal) and principal.may(Role.SUPERVISOR)
        report = HealthReport(healthy, checks if known else [])
        return Response(report, status_code=200 if healthy else 503)

    @get("/metrics", tags=["operation"], summary="Figures for Prometheus", media_type=CONTENT_TYPE)
    async def figures() -> bytes:
        """Return every figure in Prometheus' text format."""
        return metrics.text()

    @get(f"{API_ROOT}/snapshot", tags=["overview"], summary="Everything now")
    async def snapshot() -> Snapshot:
        """Return trunks, phones, queues, agents and calls at one moment."""
        return control.snapshot()

    @get(f"{API_ROOT}/queues", tags=["overview"], summary="All queues")
    async def queues() -> tuple[QueueView, ...]:
        """Return every queue: who waits, who is ready, and today's figures."""
        return control.snapshot().queues

    @get(f"{API_ROOT}/trunks", tags=["overview"], summary="All trunks")
    async def trunks() -> tuple[TrunkView, ...]:
        """Return every carrier: registered or not, how far, how loaded."""
        return control.snapshot().trunks

    @get(f"{API_ROOT}/whatif", tags=["overview"], summary="What would become of a call")
    async def whatif(
        caller: Annotated[str, QueryParameter(max_length=40, description="Who calls.")],
        called: Annotated[str, QueryParameter(max_length=40, description="Which of our numbers.")],
        at: Annotated[
            str,
            QueryParameter(max_length=40, description='Like "Sat 18:05", in the switch\'s time zone; empty: now.'),
        ] = "",
        keys: Annotated[
            str, QueryParameter(pattern="^[0-9*#]{0,40}$", description="What is pressed in menus, in order.")
        ] = "",
    ) -> WhatIf:
        """Follow a call through its flow and tell of each queue who would ring and why. Nothing is changed."""
        try:
            return control.what_if(caller, called, at, keys)
        except ValueError as error:
            raise ValidationException(f"at: {error}") from None

    return [healthz, figures, snapshot, queues, trunks, whatif]
