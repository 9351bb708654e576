"""Names of carriers to addresses, again and again, off the loop's thread.

The system's resolver is asked, /etc/hosts included.
"""

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address

REFRESH_SECONDS = 300.0
RETRY_SECONDS = 10.0

Targets = tuple[tuple[str, int], ...]


async def resolve(host: str, port: int) -> Targets:
    """The IPv4 and IPv6 addresses of a host, IPv4 first; empty when it cannot be resolved."""
    try:
        return ((str(ip_address(host)), port),)
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError:
        return ()
    unique = dict.fromkeys((str(address[4][0]), port) for address in found)
    return tuple(sorted(unique, key=lambda target: ":" in target[0]))


async def keep_resolved(host: str, port: int, found: Callable[[Targets], None]) -> None:
    """Report the addresses at once and whenever they change, for ever. A name that fails is tried again soon."""
    known: Targets | None = None
    while True:
        targets = await resolve(host, port)
        if targets != known and (targets or known is None):
            known = targets
            found(targets)
        await asyncio.sleep(REFRESH_SECONDS if targets else RETRY_SECONDS)
