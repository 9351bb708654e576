"""The lexical rules of RFC 3261 section 25.1 that more than one header needs.

Text is `str` decoded from UTF-8 with `surrogateescape`, so that octets which are not UTF-8 travel unharmed.
"""

import re

from softacd.sip.errors import MalformedError

TOKEN_CHARACTERS = r"[A-Za-z0-9\-.!%*_+`'~]"  # noqa: S105 - the grammar's token, not a secret
is_token = re.compile(f"{TOKEN_CHARACTERS}+").fullmatch

# One element of a comma separated list: commas inside quoted strings and angle brackets do not separate.
_LIST_ELEMENT = re.compile(r"(?:\"(?:[^\"\\]|\\.)*\"|<[^<>]*>|[^,\"<])*", re.DOTALL)
# One ";name=value": semicolons inside a quoted value do not separate.
_PARAMETER = re.compile(r"[ \t]*;(?:[ \t]*([^;=\"\s]+)[ \t]*(?:=[ \t]*(\"(?:[^\"\\]|\\.)*\"|[^;\"]*))?)?", re.DOTALL)
# Names met in nearly every message: known tokens, not looked at again.
_COMMON_NAMES = frozenset(("branch", "expires", "lr", "ob", "q", "received", "rport", "tag", "transport", "user"))
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def split_list(value: str) -> list[str]:
    """Split a comma separated header value into stripped elements; empty elements are dropped.

    Raises MalformedError for an unbalanced quote or angle bracket (RFC 4475 section 3.1.2.6).
    """
    if "," not in value:
        stripped = value.strip(" \t")
        return [stripped] if stripped else []
    if '"' not in value and "<" not in value:
        return [element for part in value.split(",") if (element := part.strip(" \t"))]
    elements: list[str] = []
    position = 0
    while position <= len(value):
        match = _LIST_ELEMENT.match(value, position)
        end = match.end() if match else position
        if end < len(value) and value[end] != ",":
            raise MalformedError("unbalanced quote or bracket in a list")
        if element := value[position:end].strip(" \t"):
            elements.append(element)
        position = end + 1
    return elements


def parse_parameters(text: str) -> dict[str, str | None]:
    """Parse `;name=value;flag` into lower-case names and raw values (quotes kept, None for a flag).

    The first of a repeated name counts. Raises MalformedError when `text` is not a parameter list.
    """
    parameters: dict[str, str | None] = {}
    if not text:
        return parameters
    if '"' not in text:
        for part in text.split(";"):
            name, equals, value = part.partition("=")
            name = name.strip(" \t").lower()
            if name:
                if name not in _COMMON_NAMES and not is_token(name):
                    raise MalformedError(f"bad parameter name {name[:40]!r}")
                parameters.setdefault(name, value.strip(" \t") if equals else None)
            elif equals:
                raise MalformedError("parameter without a name")
        if text.lstrip(" \t")[:1] not in (";", ""):
            raise MalformedError("text where a parameter was expected")
        return parameters
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None or match.end() == position:
            if text[position:].strip(" \t"):
                raise MalformedError("text where a parameter was expected")
            break
        name = (match.group(1) or "").lower()
        if name:
            if not is_token(name):
                raise MalformedError(f"bad parameter name {name[:40]!r}")
            value = match.group(2)
            parameters.setdefault(name, value.strip(" \t") if value is not None else None)
        position = match.end()
    return parameters


def format_parameters(parameters: dict[str, str | None]) -> str:
    """The inverse of parse_parameters: `;name=value;flag`, or nothing."""
    return "".join([f";{name}" if value is None else f";{name}={value}" for name, value in parameters.items()])


def unquote(value: str) -> str:
    """The text inside a quoted-string with its escapes undone; anything else is returned as it is."""
    if len(value) >= 2 and value[0] == '"' and value[-1] == '"':
        inner = value[1:-1]
        return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner
    return value


def quote(text: str) -> str:
    """A quoted-string (RFC 3261 section 25.1) that reads as `text`."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_number(text: str, largest: int, what: str) -> int:
    """A decimal number 0..largest; raises MalformedError naming `what` otherwise (no sign, no spaces)."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 20 or (number := int(text)) > largest:
        raise MalformedError(f"bad {what}")
    return number
