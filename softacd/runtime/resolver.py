"""Names of carriers to addresses, again and again: RFC 3263 over DNS, the system's hosts file before it.

A literal address is taken as it is; an explicit port asks for addresses only; otherwise the domain's NAPTR and SRV
records say where and how. Names are asked again when their records expire.
"""

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import dns.asyncresolver
import dns.exception
import dns.resolver

from softacd.sip.locating import SERVICE_NAMES, Naptr, Service, choose_services, order_services
from softacd.sip.transport import Transport

REFRESH_SECONDS = 300.0
"""How often a name is asked that the system's own resolver knows, which tells no expiry."""
SOONEST_SECONDS = 15.0
LATEST_SECONDS = 3600.0
RETRY_SECONDS = 10.0
ASK_SECONDS = 3.0
"""How long one question may take, over all name servers."""
MOST_TARGETS = 16

Targets = tuple[tuple[str, int], ...]


class Located(NamedTuple):
    """Where a carrier is: addresses in the order to try them, and how long that holds in seconds."""

    targets: Targets
    transport: Transport
    seconds: float


class Locator:
    """Asks the system's name servers, or these."""

    def __init__(
        self,
        name_servers: Sequence[str] = (),
        port: int = 53,
        *,
        hosts: Path = Path("/etc/hosts"),
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._hosts = hosts
        self._draw = draw
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=not name_servers)
        except dns.resolver.NoResolverConfiguration:
            self._resolver = dns.asyncresolver.Resolver(configure=False)
        if name_servers:
            self._resolver.nameservers = list(name_servers)
            self._resolver.port = port
        self._resolver.lifetime = ASK_SECONDS

    async def locate(
        self, host: str, port: int = 0, transport: Transport | None = None, supported: Sequence[Transport] = ()
    ) -> Located:
        """Where to send requests for `host`; no targets when nobody knows now.

        `port` 0 means the domain chooses it; `transport` None that the domain chooses among `supported`, the first of
        which is ours to prefer.
        """
        choices = [transport] if transport is not None else list(supported) or [Transport.UDP]
        default = choices[0]
        literal = _literal(host)
        if literal is not None:
            return Located(((literal, port or default.default_port),), default, LATEST_SECONDS)
        if port or "." not in host.rstrip("."):
            return await self._by_address(host, port, default)
        for chosen, name in await self._services(host, choices, ask=transport is None):
            answer = await self._ask(name, "SRV")
            if answer is None:
                continue
            records = [Service(r.priority, r.weight, r.port, r.target.to_text(omit_final_dot=True)) for r in answer]
            found = await self._by_services(order_services(records, self._draw), chosen, float(answer.rrset.ttl))
            if found.targets or all(record.target in ("", ".") for record in records):
                return found  # RFC 2782: a single "." says that the service is decidedly not there
        return await self._by_address(host, 0, default)

    async def _services(self, host: str, choices: Sequence[Transport], *, ask: bool) -> list[tuple[Transport, str]]:
        """Names of SRV records to ask for, in order (RFC 3263 section 4.1)."""
        if ask:
            answer = await self._ask(host, "NAPTR")
            if answer is not None:
                records = [
                    Naptr(
                        r.order,
                        r.preference,
                        r.flags.decode("ascii", "replace"),
                        r.service.decode("ascii", "replace"),
                        r.replacement.to_text(omit_final_dot=True),
                    )
                    for r in answer
                ]
                found = choose_services(records, choices)
                if found:
                    return found
        return [(choice, f"{SERVICE_NAMES[choice]}.{host}") for choice in choices if choice in SERVICE_NAMES]

    async def _by_services(self, services: Sequence[Service], transport: Transport, seconds: float) -> Located:
        targets: dict[tuple[str, int], None] = {}
        for service in services[:MOST_TARGETS]:
            if service.target in ("", "."):
                continue
            located = await self._by_address(service.target, service.port, transport)
            if located.targets:
                seconds = min(seconds, located.seconds)
            targets |= dict.fromkeys(located.targets)
        return Located(tuple(targets)[:MOST_TARGETS], transport, seconds)

    async def _by_address(self, host: str, port: int, transport: Transport) -> Located:
        """The addresses of one host, IPv4 first."""
        port = port or transport.default_port
        listed = await asyncio.to_thread(_listed, self._hosts, host)
        if listed:
            return Located(tuple((address, port) for address in listed), transport, REFRESH_SECONDS)
        found: list[str] = []
        seconds = LATEST_SECONDS
        if "." in host.rstrip("."):
            for answer in await asyncio.gather(self._ask(host, "A"), self._ask(host, "AAAA")):
                if answer is not None:
                    seconds = min(seconds, float(answer.rrset.ttl))
                    found += [record.address for record in answer]
        if not found:
            seconds = REFRESH_SECONDS
            found = await _by_system(host)
        unique = dict.fromkeys((address, port) for address in found)
        return Located(tuple(unique)[:MOST_TARGETS], transport, seconds)

    async def _ask(self, name: str, kind: str) -> Any:
        """The answer, None when there is none."""
        try:
            return await self._resolver.resolve(name, kind, search=False)
        except (dns.exception.DNSException, OSError, ValueError, UnicodeError):
            return None


async def keep_located(
    locator: Locator,
    host: str,
    port: int,
    transport: Transport | None,
    supported: Sequence[Transport],
    found: Callable[[Located], None],
) -> None:
    """Report at once, and again whenever it has changed, for ever. What was known stays in use while nobody answers."""
    known: Located | None = None
    while True:
        located = await locator.locate(host, port, transport, supported)
        if known is None or (located.targets and not _same(located, known)):
            known = located
            found(located)
        if located.targets:
            await asyncio.sleep(min(max(located.seconds, SOONEST_SECONDS), LATEST_SECONDS))
        else:
            await asyncio.sleep(RETRY_SECONDS)


def _same(one: Located, other: Located) -> bool:
    """Whether nothing has changed but the order, which is drawn anew each time."""
    return (sorted(one.targets), one.transport) == (sorted(other.targets), other.transport)


def _literal(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def _listed(hosts: Path, host: str) -> list[str]:
    """Addresses the hosts file gives a name, IPv4 first."""
    found: list[str] = []
    with contextlib.suppress(OSError, UnicodeError):
        for line in hosts.read_text(encoding="utf-8").splitlines():
            address, *names = line.partition("#")[0].split() or [""]
            if host.lower().rstrip(".") in (name.lower() for name in names) and _literal(address):
                found.append(address)
    return sorted(dict.fromkeys(found), key=lambda address: ":" in address)


async def _by_system(host: str) -> list[str]:
    """The system's own resolver, for names DNS does not know."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, 0, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return []
    unique = dict.fromkeys(str(address[4][0]) for address in found)
    return sorted(unique, key=lambda address: ":" in address)
