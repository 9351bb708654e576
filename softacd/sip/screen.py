"""Asked about every new request outside a dialog before it costs any state: serve it, refuse it, or say nothing."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from softacd.sip.message import Request
from softacd.sip.transport import Flow


class Refusal(msgspec.Struct, frozen=True):
    """How a request is turned away, without a transaction. Status 0: not answered at all."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()


Screen = Callable[[Request, Flow, float], Refusal | None]
"""None: the request is served."""
