"""Who may use the desk: users, their roles and sessions, and the audit log of what was done with them.

Records only: the store keeps them, the web judges by them, the command line makes them.
"""

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What somebody may do; each role may do all that the ones before it may."""

    AGENT = "agent"
    """What is his: his status, his calls, his card."""
    SUPERVISOR = "supervisor"
    """Watches and acts on everybody."""
    ADMINISTRATOR = "administrator"
    """Configures."""

    def covers(self, needed: "Role") -> bool:
        """Whether this role may do what `needed` may."""
        return _RANK[self] >= _RANK[needed]


_RANK = {role: rank for rank, role in enumerate(Role)}


class User(msgspec.Struct, frozen=True):
    """Somebody who signs in. Times in ms since 1970-01-01 UTC; repr hides the secrets."""

    name: str
    role: Role
    agent: str = ""
    """The agent he works as; empty: none."""
    language: str = "en"
    password_hash: str = ""
    """Argon2id in PHC form; empty: nobody can sign in with this name."""
    totp_secret: str = ""
    """Base32 (RFC 6238); empty: the password is enough."""
    created: int = 0
    changed: int = 0
    """When the password, the second factor or the role changed last."""

    def __repr__(self) -> str:
        return f"User(name={self.name!r}, role={self.role.value!r}, agent={self.agent!r})"


class SessionRecord(msgspec.Struct, frozen=True):
    """A session, as it outlives a restart."""

    key: str
    """SHA-256 of the secret in the cookie, hexadecimal: the store cannot be used to sign in."""
    user: str
    source: str
    """Address it was opened from."""
    started: int
    seen: int
    """When it was used last, within a minute."""


class AuditEntry(msgspec.Struct, frozen=True):
    """Something somebody did or tried."""

    at: int
    user: str
    """Who; "token" is the API's token, "command line" the command on the machine itself."""
    role: str
    """His role then; empty: not signed in."""
    source: str
    """Address it came from."""
    act: str
    """"sign-in", "sign-out", or method and path as the description of the API names it."""
    target: str
    """The path as it was asked for, or the user it was about."""
    status: int
    """The HTTP answer: below 400 it was done."""
    detail: str = ""
    """What was asked, as JSON without secrets; or why it failed."""
