"""Who may call: tells a carrier's request from a phone's and from a stranger's.

A carrier is known by its address, a phone by its registration and then by its digest. Several carriers behind one
address are told apart by port, then by the contact we registered with each.
"""

from collections.abc import Iterable
from ipaddress import ip_address

from softacd.calls.trunk import Trunk
from softacd.sip.location import LocationService
from softacd.sip.message import Request
from softacd.sip.transport import Flow


def carrier_of(request: Request, flow: Flow, trunks: Iterable[Trunk]) -> Trunk | None:
    """The carrier that sent this request, None when no carrier did."""
    host, _ = flow.remote
    alike: list[Trunk] = []
    for trunk in trunks:
        if flow.remote in trunk.targets:
            return trunk
        if any(host == target for target, _ in trunk.targets):
            alike.append(trunk)
    if not alike:
        address = ip_address(host)
        alike = [trunk for trunk in trunks if any(address in network for network in trunk.networks)]
    if not alike:
        return None
    user = request.uri.user
    named = [trunk for trunk in alike if trunk.contact_user == user]
    if named:
        return named[0]
    if ip_address(host).is_loopback:
        return None  # every program of this machine shares the address: only port or contact prove a carrier
    return alike[0]


def phone_known(request: Request, flow: Flow, location: LocationService, domain: str, now: float) -> bool:
    """Whether the request comes from where the phone it names in From is registered."""
    user = request.from_.uri.user
    if not user:
        return False
    bindings = location.bindings(f"sip:{user}@{domain}", now)
    return any(
        binding.flow.remote[0] == flow.remote[0] and binding.flow.transport == flow.transport for binding in bindings
    )
