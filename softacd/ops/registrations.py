"""Where phones are registered, as a file in the data directory: a restart cuts nobody off until the next refresh.

Only what still leads somewhere comes back. Over UDP that is the address the phone was seen at; a stream connection
ends with the program, so its phone is reached again only where it listens itself, at the address in its Contact.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import structlog

from softacd.calls.switch import Switch
from softacd.runtime.driver import Driver
from softacd.sip.errors import SipError
from softacd.sip.location import Binding, LocationService
from softacd.sip.transport import Flow, Transport, bare_host
from softacd.sip.uri import SipUri

log = structlog.get_logger(__name__)

FILE_NAME = "registrations.json"
Address = tuple[str, int]


class Registration(msgspec.Struct, frozen=True, omit_defaults=True):
    """A binding as it is kept: moments are seconds of the wall clock since 1970."""

    address_of_record: str
    contact: str
    transport: Transport
    remote: Address
    expires_at: float
    registered_at: float
    q: float = 1.0
    call_id: str = ""
    cseq: int = 0
    user_agent: str = ""
    path: tuple[str, ...] = ()
    instance: str = ""
    reg_id: int = 0


class RegistrationKeeper:
    """Keeps the registrations of one switch in `directory`. `wall` turns monotonic seconds into wall milliseconds."""

    def __init__(self, directory: Path, wall: Callable[[float], int]) -> None:
        self._directory = directory
        self._wall = wall
        self._kept = 0

    def restore(self, driver: Driver, switch: Switch) -> None:
        """Give a switch that starts what the last one knew; a file that cannot be used is told of."""
        try:
            kept = read_registrations(self._directory)
        except (OSError, ValueError) as error:
            log.warning("phones are reached again when they register", error=str(error))
            return
        now = time.monotonic()
        bindings = restored(kept, now - self._wall(now) / 1000, lambda one: bool(driver.listeners(one)), driver.local)
        switch.restore_registrations(bindings, now)
        self._kept = switch.location.changes

    async def keep(self, location: LocationService) -> None:
        """Write what has changed since; a full disk costs no more than that."""
        if location.changes == self._kept:
            return
        self._kept = location.changes
        now = time.monotonic()
        kept = keepable(location.everything(), self._wall(now) / 1000 - now)
        try:
            await asyncio.to_thread(write_registrations, self._directory, kept)
        except OSError as error:
            log.warning("where phones are registered cannot be kept", error=str(error))


def keepable(bindings: Iterable[tuple[str, Binding]], offset: float) -> list[Registration]:
    """What is worth keeping; `offset` turns monotonic seconds into those of the wall clock."""
    kept = []
    for address_of_record, binding in bindings:
        remote = _reachable_later(binding)
        if remote is not None:
            kept.append(
                Registration(
                    address_of_record=address_of_record,
                    contact=str(binding.contact),
                    transport=binding.flow.transport,
                    remote=remote,
                    expires_at=binding.expires_at + offset,
                    registered_at=binding.registered_at + offset,
                    q=binding.q,
                    call_id=binding.call_id,
                    cseq=binding.cseq,
                    user_agent=binding.user_agent,
                    path=binding.path,
                    instance=binding.instance,
                    reg_id=binding.reg_id,
                )
            )
    return kept


def _reachable_later(binding: Binding) -> Address | None:
    """Where the phone can be reached without the connection it registered over."""
    flow, contact = binding.flow, binding.contact
    if flow.transport is Transport.UDP:
        return flow.remote
    if flow.transport in (Transport.TCP, Transport.TLS) and bare_host(contact.host) == flow.remote[0]:
        return flow.remote[0], contact.port or flow.transport.default_port
    return None


def restored(
    kept: Iterable[Registration],
    offset: float,
    listens: Callable[[Transport], bool],
    local: Callable[[Transport, str], Address],
) -> list[tuple[str, Binding]]:
    """Bindings of what was kept, as far as we still speak their transport.

    `offset` turns seconds of the wall clock into monotonic ones; `local` is our address towards a host.
    """
    found = []
    for one in kept:
        if not listens(one.transport):
            continue
        try:
            contact = SipUri.parse(one.contact)
        except SipError:
            continue
        host = one.remote[0]
        binding = Binding(
            contact=contact,
            flow=Flow(one.transport, local(one.transport, host), one.remote),
            expires_at=one.expires_at + offset,
            q=one.q,
            call_id=one.call_id,
            cseq=one.cseq,
            user_agent=one.user_agent,
            path=one.path,
            instance=one.instance,
            reg_id=one.reg_id,
            registered_at=one.registered_at + offset,
        )
        found.append((one.address_of_record, binding))
    return found


def read_registrations(directory: Path) -> list[Registration]:
    """What an earlier run kept; nothing when there is no such file. Raises OSError, ValueError."""
    try:
        content = (directory / FILE_NAME).read_bytes()
    except FileNotFoundError:
        return []
    try:
        return msgspec.json.decode(content, type=list[Registration])
    except msgspec.MsgspecError as error:
        raise ValueError(f"{directory / FILE_NAME}: {error}; it is written anew at the next registration") from error


def write_registrations(directory: Path, kept: list[Registration]) -> None:
    """Keep them, whole or not at all. Raises OSError."""
    new = directory / f"{FILE_NAME}.new"
    new.touch(mode=0o600)
    new.write_bytes(msgspec.json.encode(kept))
    new.replace(directory / FILE_NAME)
