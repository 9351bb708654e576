"""Random tokens nobody can guess, drawn from the kernel many at a time."""

import secrets
from collections import deque

TOKEN_BYTES = 8
DRAWN_AT_ONCE = 64


class Tokens:
    """Calling it gives a fresh token: 16 hexadecimal digits, 64 bits from the kernel's generator."""

    __slots__ = ("_drawn",)

    def __init__(self) -> None:
        self._drawn: deque[str] = deque()

    def __call__(self) -> str:
        """A token that was never given before."""
        if not self._drawn:
            digits = secrets.token_hex(TOKEN_BYTES * DRAWN_AT_ONCE)
            step = 2 * TOKEN_BYTES
            self._drawn.extend(digits[at : at + step] for at in range(0, len(digits), step))
        return self._drawn.popleft()
