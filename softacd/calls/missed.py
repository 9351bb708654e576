"""Missed callers: whom nobody talked to and who has not been reached since, and what that costs."""

from typing import Annotated

import msgspec


class MissedSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a missed caller costs, so that reports speak in money."""

    value: Annotated[float, msgspec.Meta(ge=0, le=1e9)] = 0.0
    """What it costs to miss a caller, where a queue says nothing else."""
    currency: Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{3})?$")] = ""
    """Three capital letters ("MDL", ISO 4217)."""


class MissedCaller(msgspec.Struct, frozen=True):
    """A caller nobody has reached yet, however often he called. The row is gone once either side gets through."""

    number: str
    """As presented by the last call; empty: withheld, and then every call is a row of its own."""
    name: str
    """Name of the customer as phones show it, or as the carrier presented it; empty: not known."""
    category: str
    """Category of the customer; empty: none."""
    customer: str
    """Id of the customer; empty: nobody known."""
    count: int
    """Missed calls."""
    first: int
    """When the first of them began."""
    last: int
    """When the last of them began."""
    waited_ms: int
    """The longest time spent waiting in one of them."""
    queue: str
    """Queue of the last of them; empty: he got to none."""
    owner: str
    """The agent who takes care: assigned, else the customer's manager, else who let it ring last; empty: nobody."""
    assigned: bool
    """Whether somebody decided on the owner."""
    calls: tuple[str, ...]
    """Ids of the calls, the newest first."""
    queues: tuple[str, ...]
    """Queues of these calls, in the same order."""
    value: float = 0.0
    """What it costs to lose this caller: once, however often he called; the most any of the queues says."""
    messages: tuple[str, ...] = ()
    """Ids of the messages left in these calls that are kept, the newest first."""
