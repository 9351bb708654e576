"""Which server a name means, as far as it can be said without asking anybody (RFC 3263, RFC 2782). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from softacd.sip.transport import Transport

NAPTR_SERVICES = {
    "sips+d2t": Transport.TLS,
    "sip+d2u": Transport.UDP,
    "sip+d2t": Transport.TCP,
}
"""RFC 3263 section 4.1."""

SERVICE_NAMES = {
    Transport.UDP: "_sip._udp",
    Transport.TCP: "_sip._tcp",
    Transport.TLS: "_sips._tcp",
}
"""RFC 3263 section 4.2."""


class Naptr(NamedTuple):
    """A NAPTR record (RFC 3403)."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


class Service(NamedTuple):
    """An SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str


def choose_services(records: Iterable[Naptr], supported: Sequence[Transport]) -> list[tuple[Transport, str]]:
    """The transports a domain offers that we have too, the domain's preferred first, each with its SRV name."""
    found: list[tuple[Transport, str]] = []
    for record in sorted(records, key=lambda record: (record.order, record.preference)):
        transport = NAPTR_SERVICES.get(record.service.lower())
        if transport in supported and record.flags.lower() == "s" and transport is not None:
            found.append((transport, record.replacement))
    return found


def order_services(records: Iterable[Service], draw: Callable[[], float]) -> list[Service]:
    """SRV records in the order to try them: by priority, and among equals drawn by weight. `draw` gives 0..1."""
    ordered: list[Service] = []
    left = sorted(records)
    while left:
        first = left[0].priority
        equals = [record for record in left if record.priority == first]
        left = left[len(equals) :]
        while equals:
            # RFC 2782: those of weight 0 stand first, so that they have a small chance to be drawn
            wanted = draw() * sum(record.weight for record in equals)
            for record in equals:
                wanted -= record.weight
                if wanted <= 0:
                    break
            equals.remove(record)
            ordered.append(record)
    return ordered
