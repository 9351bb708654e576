"""Texts with {names} in them, and places in an answer, as the owner writes them for any web service."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

_NAME = re.compile(r"\{([a-z_]+)\}")


def fill(text: str, values: Mapping[str, str], *, escape: bool = False) -> str:
    """The text with values for the names in it; `escape` makes each safe as a part of an address."""
    return _NAME.sub(lambda found: quote(values[found[1]], safe="") if escape else values[found[1]], text)


def unknown(text: str, known: Iterator[str] | tuple[str, ...]) -> str:
    """The first name in a text that stands for nothing; "" when all do."""
    names = set(known)
    return next((name for name in _NAME.findall(text) if name not in names), "")


def place(found: Any, path: str) -> str:
    """The plain value at a dotted path of decoded JSON ("items.0.name"), as text; "" when there is none."""
    for part in path.split("."):
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return ""
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found) if isinstance(found, str | int | float) else ""
