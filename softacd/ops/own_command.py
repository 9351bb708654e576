"""How this program starts itself in another process."""

import sys


def own_command() -> list[str]:
    """The words that start this program's command line."""
    if getattr(sys, "frozen", False):  # a single binary: it is its own interpreter
        return [sys.executable]
    return [sys.executable, "-m", "softacd.ops.cli"]
