"""Transports, flows and the addressing rules that bind them to Via and Contact (RFC 3261 section 18, RFC 3581)."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address, ip_address
from typing import NamedTuple

from softacd.sip.headers import Via
from softacd.sip.uri import SipUri


class Transport(StrEnum):
    """What carries a message; only UDP loses and reorders."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    WS = "ws"
    WSS = "wss"

    @property
    def reliable(self) -> bool:
        """Whether the transport retransmits by itself (RFC 3261 section 17)."""
        return self is not Transport.UDP

    @property
    def default_port(self) -> int:
        """RFC 3261 section 19.1.2."""
        return 5061 if self in (Transport.TLS, Transport.WSS) else 5060


class Flow(NamedTuple):
    """A pair of transport addresses messages travel between (RFC 5626 section 2).

    `local` is the concrete local address as peers should see it: it is written into Via and Contact. `remote` is
    the peer's. `connection` is the driver's number of a stream connection, 0 for any open or new one.
    """

    transport: Transport
    local: tuple[str, int]
    remote: tuple[str, int]
    connection: int = 0


def format_host(host: str) -> str:
    """A host as URIs and Via write it: IPv6 literals in brackets."""
    return f"[{host}]" if ":" in host and host[0] != "[" else host


def bare_host(host: str) -> str:
    """The inverse of format_host, as sockets want it."""
    return host[1:-1] if host[:1] == "[" else host


def via_value(flow: Flow, branch: str) -> str:
    """Our Via on a request that leaves by `flow`; rport always asked for (RFC 3581 section 3)."""
    host, port = flow.local
    return f"SIP/2.0/{flow.transport.upper()} {format_host(host)}:{port};rport;branch={branch}"


def contact_value(flow: Flow, user: str, *, secure: bool = False) -> str:
    """Our Contact for messages that leave by `flow` (RFC 3261 section 8.1.1.8)."""
    host, port = flow.local
    target = SipUri(
        scheme="sips" if secure else "sip",
        user=user,
        host=format_host(host),
        port=port,
        parameters={} if flow.transport is Transport.UDP else {"transport": flow.transport.value},
    )
    return f"<{target}>"


def received_via(via: Via, flow: Flow) -> str:
    """The topmost Via of a request with received and rport filled in, to be copied into responses.

    RFC 3261 section 18.2.1 (received when sent-by differs from the source) and RFC 3581 section 4.
    """
    host, port = flow.remote
    wants_port = "rport" in via.parameters
    if not wants_port and bare_host(via.host) == host:
        return str(via)
    parameters = {name: value for name, value in via.parameters.items() if name != "received"}
    parameters["received"] = host
    if wants_port:
        parameters["rport"] = str(port)
    return str(Via(via.transport, via.host, via.port, parameters))


def response_flow(via: Via, flow: Flow) -> Flow:
    """Where responses to a request go (RFC 3261 section 18.2.2, RFC 3581 section 4).

    On a stream: back on the same connection. On UDP: to the source address, and to its port when rport was asked,
    else to the port of sent-by. maddr is not obeyed: it would let a request aim our answers at a third party.
    """
    if flow.transport.reliable or "rport" in via.parameters:
        return flow
    port = via.port or flow.transport.default_port
    return flow if port == flow.remote[1] else flow._replace(remote=(flow.remote[0], port))


def behind_nat(via: Via, flow: Flow) -> bool:
    """Whether the sender's own idea of its address is not what we see: its Contact cannot be trusted either."""
    return (bare_host(via.host), via.port or flow.transport.default_port) != flow.remote


def next_hop(flow: Flow, target: SipUri, *, natted: bool) -> Flow:
    """The flow for a request inside a dialog whose next hop is `target` (RFC 3261 section 12.2.1.1).

    Streams stay on their connection and peers behind NAT on the address they were seen at (RFC 5626 section 5.3
    in spirit); otherwise a literal IPv4 target is obeyed. Names are not resolved here: they keep the flow too.
    """
    if natted or flow.transport.reliable or target.parameters.get("transport", "udp") not in ("udp", "UDP"):
        return flow
    try:
        address = IPv4Address(target.host)
    except AddressValueError:
        return flow
    remote = (target.host, target.port or 5060)
    if remote == flow.remote or address.is_unspecified:
        return flow
    if address.is_private and not _is_private(flow.remote[0]):
        return flow  # a private Contact seen from a public address: the peer does not know it is behind NAT
    return flow._replace(remote=remote)


def is_address(uri: SipUri) -> bool:
    """Whether the host of a URI is a literal address, not a name."""
    try:
        ip_address(bare_host(uri.host))
    except ValueError:
        return False
    return True


def _is_private(host: str) -> bool:
    try:
        return IPv4Address(host).is_private
    except AddressValueError:
        return True
