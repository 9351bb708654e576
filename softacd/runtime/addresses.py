"""Which address of ours a peer is told: the one the route to it leaves by, or the public one beyond the NAT router."""

import socket
from ipaddress import ip_address

MOST_REMEMBERED = 4096


class Addresses:
    """One listening point's own addresses. `public` is told to peers on public addresses, "" when there is none.

    With `learns` it is what peers say they see us at.
    """

    def __init__(self, host: str, public: str = "", *, learns: bool = False) -> None:
        self._host = "" if ip_address(host).is_unspecified else host
        self._public = public
        self._learns = learns
        self._known: dict[str, str] = {}

    def towards(self, remote: str) -> str:
        """The address to write into Via, Contact and SDP for a peer at `remote` (an IP address)."""
        known = self._known.get(remote)
        if known is None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            known = self._known[remote] = self._find(remote)
        return known

    def learn(self, seen: str) -> bool:
        """A peer on a public address sees us at `seen`; whether peers are told another address by that."""
        if not self._learns or seen == self._public or not ip_address(seen).is_global:
            return False
        self._public = seen
        self._known.clear()
        return True

    def _find(self, remote: str) -> str:
        if self._public and ip_address(remote).is_global:
            return self._public
        return self._host or route_source(remote)


def same_family(one: str, other: str) -> bool:
    """Whether both addresses are IPv4, or both IPv6."""
    return (":" in one) == (":" in other)


def route_source(remote: str) -> str:
    """The source address the system would use towards `remote`; loopback when there is no route. Sends nothing."""
    version6 = ":" in remote
    with socket.socket(socket.AF_INET6 if version6 else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((remote, 9))
        except OSError:
            return "::1" if version6 else "127.0.0.1"
        return str(probe.getsockname()[0])
