"""Who may call: tells a carrier's request from a phone's and from a stranger's.

A carrier is known by its address, a phone by its registration and then by its digest. Several carriers behind one
address are told apart by port, then by the contact we registered with each. Programs of this very machine share its
loopback address, so that a carrier there is known by port or contact only, unless its `addresses` name it.
"""

from collections.abc import Collection
from ipaddress import ip_address

from softacd.calls.trunk import Trunk
from softacd.sip.location import LocationService
from softacd.sip.message import Request
from softacd.sip.transport import Flow


def carrier_of(request: Request, flow: Flow, trunks: Collection[Trunk]) -> Trunk | None:
    """The carrier that sent this request, None when no carrier did."""
    host, _ = flow.remote
    alike: list[Trunk] = []
    for trunk in trunks:
        if flow.remote in trunk.targets:
            return trunk
        if any(host == target for target, _ in trunk.targets):
            alike.append(trunk)
    address = ip_address(host)
    named = [trunk for trunk in trunks if any(address in network for network in trunk.networks)]
    alike = alike or named
    user = request.uri.user
    for trunk in alike:
        if trunk.answers_to(user):
            return trunk
    if address.is_loopback:
        alike = named
    return alike[0] if alike else None


def phone_known(request: Request, flow: Flow, location: LocationService, domain: str, now: float) -> bool:
    """Whether the request comes from where the phone it names in From is registered."""
    user = request.from_.uri.user
    if not user:
        return False
    bindings = location.bindings(f"sip:{user}@{domain}", now)
    return any(
        binding.flow.remote[0] == flow.remote[0] and binding.flow.transport == flow.transport for binding in bindings
    )
