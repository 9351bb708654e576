"""Passwords and one-time codes of the desk's users. No clock: `now` is seconds since 1970-01-01 UTC.

Passwords are kept as Argon2id with the OWASP's parameters (19 MiB, two passes, one lane): some 40 ms of a core, for
which the interpreter is free. Codes are those of RFC 6238 with the parameters every authenticator knows.
"""

import base64
import functools
import os
import secrets

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

LEAST_PASSWORD = 10
"""Characters of a password at least."""
MOST_PASSWORD = 256
STEP_SECONDS = 30
_GUESSED_FIRST = frozenset({"password", "passw0rd", "qwertyuiop", "1234567890", "0123456789", "changeme", "softacd"})


def judge_password(name: str, password: str) -> str:
    """Why this cannot be a password; "" when it can."""
    if len(password) < LEAST_PASSWORD:
        return f"a password has at least {LEAST_PASSWORD} characters"
    if len(password) > MOST_PASSWORD:
        return f"a password has at most {MOST_PASSWORD} characters"
    bare = password.casefold().strip("0123456789!.?#*_- ")
    if not bare or len(set(password)) < 4 or bare in _GUESSED_FIRST | {name.casefold()}:
        return "this password is among the first that are guessed"
    return ""


def hash_password(password: str) -> str:
    """The password's hash in PHC form. Takes some 40 ms: not in the loop's thread."""
    kdf = Argon2id(salt=os.urandom(16), length=32, iterations=2, lanes=1, memory_cost=19 * 1024)
    return str(kdf.derive_phc_encoded(password.encode()))


def verify_password(password: str, hashed: str) -> bool:
    """Whether the hash is this password's. Takes as long whether it is or not."""
    try:
        Argon2id.verify_phc_encoded(password.encode(), hashed)
    except (InvalidKey, ValueError):
        return False
    return True


@functools.cache
def nobodys_hash() -> str:
    """What is verified where there is no such user, so that the answer takes as long."""
    return hash_password(secrets.token_urlsafe(24))


def new_totp_secret() -> str:
    """A fresh secret of 160 bits (RFC 4226 section 4), base32."""
    return base64.b32encode(os.urandom(20)).decode()


def totp_address(secret: str, name: str, issuer: str) -> str:
    """The `otpauth:` address an authenticator reads from a QR code."""
    return str(_totp(secret).get_provisioning_uri(name, issuer))


def totp_step(secret: str, code: str, now: float) -> int | None:
    """The step of time this code is of, None when it is of none that counts: the present one or a neighbour.

    RFC 6238 section 5.2: one step of lateness is allowed, and a code must not be taken twice: remember the step.
    """
    present = int(now // STEP_SECONDS)
    found = None
    for step in (present - 1, present, present + 1):
        try:
            _totp(secret).verify(code.strip().encode("utf-8", "replace"), step * STEP_SECONDS)
        except InvalidToken:
            continue
        found = step
    return found


def _totp(secret: str) -> TOTP:
    return TOTP(base64.b32decode(secret), 6, SHA1(), STEP_SECONDS)  # noqa: S303 - what authenticators know
