"""The location service: which contacts an address of record has now (RFC 3261 section 10).

A binding remembers the flow its REGISTER came by: calls go back there, whatever the Contact says, which is what
phones behind NAT need (RFC 5626 section 5.3).
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import NamedTuple

import msgspec

from softacd.sip.transport import Flow
from softacd.sip.uri import SipUri


class Binding(msgspec.Struct, frozen=True):
    """One registered contact. `expires_at` is monotonic seconds, `q` 0..1, `path` Route values for requests to it."""

    contact: SipUri
    flow: Flow
    expires_at: float
    q: float = 1.0
    call_id: str = ""
    cseq: int = 0
    user_agent: str = ""
    path: tuple[str, ...] = ()
    registered_at: float = 0.0
    instance: str = ""
    """The device, as it writes itself, of which this is one of several flows it keeps alive (RFC 5626); empty: it says
    nothing of flows."""
    reg_id: int = 0
    """Which of its flows."""


class LocationChange(NamedTuple):
    """An address of record got its first contact, or lost its last."""

    address_of_record: str
    reachable: bool


class LocationService:
    """Bindings by address of record ("sip:100@example.com", see SipUri.address_of_record)."""

    def __init__(self) -> None:
        self._bindings: dict[str, list[Binding]] = {}
        self._expiries: list[tuple[float, str]] = []
        self.changes = 0
        """How often a registration came, was refreshed or went: whoever keeps them compares."""

    def __len__(self) -> int:
        """Addresses of record with at least one binding, expired ones not yet removed included."""
        return len(self._bindings)

    def bindings(self, address_of_record: str, now: float) -> list[Binding]:
        """The living bindings, highest q first and the newest registration first among equals."""
        found = [binding for binding in self._bindings.get(address_of_record, ()) if binding.expires_at > now]
        if len(found) > 1:
            found.sort(key=lambda binding: (-binding.q, -binding.registered_at))
        return found

    def reached_at(self, host: str) -> bool:
        """Whether a phone is registered from this address; looks at every binding."""
        return any(binding.flow.remote[0] == host for found in self._bindings.values() for binding in found)

    def everything(self) -> list[tuple[str, Binding]]:
        """Every binding with its address of record."""
        return [(address, binding) for address, bindings in self._bindings.items() for binding in bindings]

    def addresses(self) -> list[str]:
        """Every address of record that has bindings."""
        return list(self._bindings)

    def replace(self, address_of_record: str, bindings: list[Binding], now: float) -> tuple[LocationChange, ...]:
        """Set all bindings of an address of record at once (registrations are atomic, section 10.3 step 7)."""
        before = bool(self.bindings(address_of_record, now))
        self.changes += 1
        if bindings:
            known = {binding.expires_at for binding in self._bindings.get(address_of_record, ())}
            self._bindings[address_of_record] = bindings
            for binding in bindings:
                if binding.expires_at not in known:
                    heappush(self._expiries, (binding.expires_at, address_of_record))
            self._compact()
        else:
            self._bindings.pop(address_of_record, None)
        after = bool(bindings)
        return () if before == after else (LocationChange(address_of_record, after),)

    def remove_flow(self, flow: Flow, now: float) -> tuple[LocationChange, ...]:
        """A connection is gone: so is every contact that registered over it (RFC 5626 section 5.3)."""
        changes: list[LocationChange] = []
        for address, bindings in list(self._bindings.items()):
            kept = [binding for binding in bindings if not _same_flow(binding.flow, flow)]
            if len(kept) != len(bindings):
                changes += self.replace(address, kept, now)
        return tuple(changes)

    def next_deadline(self) -> float | None:
        """When the next binding may expire."""
        return self._expiries[0][0] if self._expiries else None

    def handle_deadline(self, now: float) -> tuple[LocationChange, ...]:
        """Remove what has expired."""
        changes: list[LocationChange] = []
        expiries = self._expiries
        while expiries and expiries[0][0] <= now:
            _, address = heappop(expiries)
            bindings = self._bindings.get(address)
            if bindings is None:
                continue
            kept = [binding for binding in bindings if binding.expires_at > now]
            if len(kept) == len(bindings):
                continue
            if kept:
                self._bindings[address] = kept
            else:
                del self._bindings[address]
                changes.append(LocationChange(address, reachable=False))
        return tuple(changes)

    def _compact(self) -> None:
        """Forget deadlines of bindings refreshed since, before refreshes every minute pile them up."""
        living = sum(map(len, self._bindings.values())) if len(self._expiries) > 64 else 0
        if living and len(self._expiries) > 8 * living:
            self._expiries = [
                (binding.expires_at, address) for address, bindings in self._bindings.items() for binding in bindings
            ]
            heapify(self._expiries)


def _same_flow(one: Flow, other: Flow) -> bool:
    if one.connection or other.connection:
        return one.connection == other.connection and one.transport == other.transport
    return one.remote == other.remote and one.transport == other.transport
