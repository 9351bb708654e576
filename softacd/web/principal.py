"""Who a request comes from, as the door found out; and what each role may ask for."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from softacd.calls.users import Role

PRINCIPAL = "softacd.principal"
"""Key of the ASGI scope that holds the Principal; absent or None: nobody is known."""


class Principal(msgspec.Struct, frozen=True):
    """Somebody who has proved who he is."""

    name: str
    """The user; "token" is a program with the API's token."""
    role: Role
    agent: str = ""
    """The agent he works as; empty: none."""
    session: str = ""
    """Key of his session; empty: he has none."""

    def may(self, role: Role) -> bool:
        """Whether he may do what this role may."""
        return self.role.covers(role)


WATCH_SESSION = "softacd.watch_session"
"""Key of the scope with what tells a socket that its session has ended: called with the key and a function."""
MACHINE = Principal("token", Role.ADMINISTRATOR)
"""Whoever has the API's token."""


@contextmanager
def watch_session(scope: Mapping[str, Any], ended: Callable[[], None]) -> Iterator[None]:
    """While a socket is up: have `ended` called when the session that opened it ends."""
    principal = principal_of(scope)
    watch: Callable[[str, Callable[[], None]], Callable[[], None]] | None = scope.get(WATCH_SESSION)
    leave = watch(principal.session, ended) if watch is not None and principal.session else None
    try:
        yield
    finally:
        if leave is not None:
            leave()


def principal_of(scope: Mapping[str, Any]) -> Principal:
    """Who asks. Raises LookupError where nobody is known: the door lets no such request pass."""
    found = scope.get(PRINCIPAL)
    if not isinstance(found, Principal):
        raise LookupError("nobody is known to ask")
    return found
