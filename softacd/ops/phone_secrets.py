"""The file of a phone's secret: digest hashes of its password (RFC 8760), which itself is kept nowhere.

One line an algorithm, `extension:realm:algorithm:hash`. A file of one line of other text holds a password in plain.
"""

import hashlib
import os
import re
import secrets
from pathlib import Path

import msgspec

ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
"""As in the file -> as hashlib calls it."""
_LINE = re.compile(r"([^:\s]+):(.+):(MD5|SHA-256|SHA-512-256):([0-9a-f]{32}|[0-9a-f]{64})")
_HEAD = """\
# Hashes of the password of phone {extension} in the realm {realm}. The password itself is kept nowhere:
# `softacd phones password {extension}` makes a new one and tells it once.
"""


class DamagedError(ValueError):
    """A file of hashes that cannot be used; the text says why."""


class PhoneSecret(msgspec.Struct, frozen=True):
    """What proves that a phone knows its password."""

    extension: str
    realm: str
    ha1: str
    ha1_sha256: str
    ha1_sha512_256: str

    def __repr__(self) -> str:
        return f"PhoneSecret({self.extension!r}, {self.realm!r})"


def ha1(username: str, realm: str, password: str, algorithm: str = "md5") -> str:
    """H(username:realm:password) in hexadecimal (RFC 7616, 3.4.2): enough to check digests, not to log in elsewhere."""
    return hashlib.new(algorithm, f"{username}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest()


def hashed(extension: str, realm: str, password: str) -> PhoneSecret:
    """All hashes of a password."""
    return PhoneSecret(
        extension, realm, *(ha1(extension, realm, password, algorithm) for algorithm in ALGORITHMS.values())
    )


def new_secret() -> str:
    """192 random bits in 32 letters, digits, - and _: typed into a phone's page once, guessed never."""
    return secrets.token_urlsafe(24)


def written(secret: PhoneSecret) -> str:
    """The content of the file."""
    hashes = (secret.ha1, secret.ha1_sha256, secret.ha1_sha512_256)
    lines = [
        f"{secret.extension}:{secret.realm}:{name}:{value}\n" for name, value in zip(ALGORITHMS, hashes, strict=True)
    ]
    return _HEAD.format(extension=secret.extension, realm=secret.realm) + "".join(lines)


def parse(text: str) -> PhoneSecret | None:
    """The hashes in a file's content; None when it holds something else. Raises DamagedError."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = [match for line in lines if (match := _LINE.fullmatch(line))]
    if not found:
        return None
    values = {match[3]: match[4] for match in found}
    owners = {(match[1], match[2]) for match in found}
    if len(found) != len(lines) or len(owners) != 1 or list(values) != list(ALGORITHMS):
        raise DamagedError(f"does not hold one hash each of {', '.join(ALGORITHMS)} of one password")
    if [len(value) for value in values.values()] != [32, 64, 64]:
        raise DamagedError("holds a hash that is too short or too long")
    ((extension, realm),) = owners
    return PhoneSecret(extension, realm, *values.values())


def keep(file: Path, secret: PhoneSecret) -> None:
    """Write the file, at once or not at all; who may read it stays as it was, and is its owner alone at first.

    Raises OSError.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        if file.exists():
            old = file.stat()
            if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, old.st_uid, old.st_gid)
            os.fchmod(descriptor, old.st_mode & 0o777)
        stream.write(written(secret))
    new.replace(file)
