"""Changes values in the text of a TOML file and leaves every other character as it is: order, comments, spaces.

Values that stand there are replaced by tomlkit; new keys and tables are put where one would write them. Whatever was
done, the text is decoded again and compared with what was wanted, so that a change is exact or refused.
"""

import copy
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any, NamedTuple

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from softacd.ops.configuration_errors import KeyPath, dotted
from softacd.ops.toml_lines import headings

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONG = 100
"""Columns from which a list stands one item a line."""


class NotEditableError(Exception):
    """The text is written in a way that cannot be changed here; `path` says where."""

    def __init__(self, path: KeyPath) -> None:
        super().__init__(f"{dotted(path) or 'the file'} is written in a way that only a person can change")
        self.path = path


def set_values(text: str, path: KeyPath, values: Mapping[str, Any]) -> str:
    """The text with keys of the table at `path` changed; None leaves a key out. A table that is not there is made.

    A table as a value replaces the one there, key by key. Raises NotEditableError.
    """
    wanted = tomllib.loads(text)
    table = _reach(wanted, path)
    for key, value in values.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = copy.deepcopy(value)
    return _exactly(_set(text, path, values), wanted, path)


def remove_table(text: str, path: KeyPath) -> str:
    """The text without the table at `path`, what is in it and the comment right above. Raises NotEditableError."""
    wanted = tomllib.loads(text)
    table = _reach(wanted, path[:-1])
    if path[-1] not in table:
        return text
    del table[path[-1]]
    return _exactly(_remove(text, path), wanted, path)


def render(path: KeyPath, values: Mapping[str, Any]) -> str:
    """A new table as one would write it; tables of tables get headings of their own. Ends with a line end."""
    plain = {key: value for key, value in values.items() if not _has_headings(value)}
    nested = {key: value for key, value in values.items() if key not in plain}
    lines = []
    if path and (plain or not nested):
        lines.append(f"[{_key(*path)}]")
    lines += [_line(key, value) for key, value in plain.items() if value is not None]
    parts = ["\n".join(lines) + "\n"] if lines else []
    for key, value in nested.items():
        parts += [render((*path, key, name), inner) for name, inner in value.items()]
    return "\n".join(parts)


def value_text(value: Any) -> str:
    """A value as TOML. Raises ValueError for what TOML cannot say."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case float():
            return f"{value:.1f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            items = list(map(value_text, value))
            short = f"[{', '.join(items)}]"
            return short if len(short) <= _LONG else "[\n    " + ",\n    ".join(items) + ",\n]"
        case Mapping():
            inner = ", ".join(f"{_key(key)} = {value_text(item)}" for key, item in value.items() if item is not None)
            return f"{{ {inner} }}" if inner else "{}"
        case date() | time():
            return value.isoformat()
        case _:
            raise ValueError(f"{type(value).__name__} is nothing that TOML can say")


def _line(key: str, value: Any) -> str:
    return f"{_key(key)} = {value_text(value)}"


def _key(*names: str | int) -> str:
    """A dotted key, quoted where it must be."""
    return ".".join(str(name) if _BARE.fullmatch(str(name)) else value_text(str(name)) for name in names)


def _has_headings(value: Any) -> bool:
    """Whether a value is a table of tables (the steps of a flow), each of which gets a heading."""
    return isinstance(value, Mapping) and bool(value) and all(isinstance(item, Mapping) for item in value.values())


def _reach(data: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    for part in path:
        data = data.setdefault(str(part), {})
        if not isinstance(data, dict):
            raise NotEditableError(path)
    return data


def _exactly(text: str, wanted: dict[str, Any], path: KeyPath) -> str:
    try:
        made = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise NotEditableError(path) from None
    if _pruned(made) != _pruned(wanted):
        raise NotEditableError(path)
    return text


def _pruned(data: Any) -> Any:
    """Without empty tables at its top: a heading that stands for nothing says nothing."""
    return {key: value for key, value in data.items() if value != {}}


# --- the text, line by line -----------------------------------------------------------------------------------------


class _Block(NamedTuple):
    """A heading and what stands under it. Lines count from 0; `end` is the line after its last key."""

    path: KeyPath
    begin: int
    end: int
    lead: int
    """First line of the comment right above the heading."""


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _blocks(text: str) -> list[_Block]:
    lines = text.split("\n")
    heads = headings(text)
    found = []
    for place, (line, path) in enumerate(heads):
        begin = line - 1
        after = heads[place + 1][0] - 1 if place + 1 < len(heads) else len(lines)
        lead = begin
        while lead > 0 and _is_comment(lines[lead - 1]):
            lead -= 1
        following = after
        while place + 1 < len(heads) and following > begin + 1 and _is_comment(lines[following - 1]):
            following -= 1
        end = following
        while end > begin + 1 and (not lines[end - 1].strip() or _is_comment(lines[end - 1])):
            end -= 1
        while end < following and _is_comment(lines[end]):  # a key that is commented out
            end += 1
        found.append(_Block(path, begin, end, lead))
    return found


def _value(data: Any, path: KeyPath) -> Any:
    for part in path:
        data = data[part]
    return data


def _starts_with(path: KeyPath, prefix: KeyPath) -> bool:
    return path[: len(prefix)] == prefix


def _set(text: str, path: KeyPath, values: Mapping[str, Any]) -> str:
    data = tomllib.loads(text)
    try:
        table = _value(data, path)
    except KeyError:
        return _insert(text, path, values)
    for key, value in values.items():
        present = table.get(key)
        inner = (*path, key)
        if value is None:
            if key in table:
                text = _remove(text, inner)
        elif isinstance(value, Mapping) and isinstance(present, dict) and not _inline(text, inner):
            text = _set(text, inner, {**dict.fromkeys(present.keys() - value.keys()), **value})
        elif key in table:
            if present != value or type(present) is not type(value):
                text = _assign(text, inner, value)
        elif _has_headings(value) or (isinstance(value, Mapping) and _siblings_have_headings(text, path, table)):
            text = _insert_all(text, inner, value)
        else:
            text = _add_key(text, path, key, value)
    return text


def _inline(text: str, path: KeyPath) -> bool:
    """Whether the table at `path` is an inline one."""
    node: Any = tomlkit.parse(text)
    for part in path:
        node = node[part]
        if isinstance(node, InlineTable):
            return True
    return False


def _siblings_have_headings(text: str, path: KeyPath, table: Mapping[str, Any]) -> bool:
    children = [name for name, item in table.items() if isinstance(item, dict)]
    return bool(children) and len(children) == len(table) and not _inline(text, (*path, children[0]))


def _insert_all(text: str, path: KeyPath, value: Mapping[str, Any]) -> str:
    if not _has_headings(value):
        return _insert(text, path, value)
    for name, inner in value.items():
        text = _insert(text, (*path, name), inner)
    return text


def _insert(text: str, path: KeyPath, values: Mapping[str, Any]) -> str:
    """A new table after the last one of its kind, else at the end."""
    blocks = _blocks(text)
    lines = text.split("\n")
    at = len(lines)
    while at > 0 and not lines[at - 1].strip():
        at -= 1
    for length in range(len(path) - 1, 0, -1):
        kin = [block for block in blocks if _starts_with(block.path, path[:length])]
        if kin:
            at = kin[-1].end
            break
    made = render(path, {key: value for key, value in values.items() if value is not None}).rstrip("\n").split("\n")
    before, after = lines[:at], lines[at:]
    lead = [""] if before else []
    tail = [] if after and not after[0].strip() else [""]
    return "\n".join([*before, *lead, *made, *tail, *after])


def _add_key(text: str, path: KeyPath, key: str, value: Any) -> str:
    """A new key as the last one under its heading; a table that is only implied gets a heading."""
    blocks = _blocks(text)
    lines = text.split("\n")
    own = next((block for block in blocks if block.path == path), None)
    new = _line(key, value)
    if own is not None:
        at = own.end
    elif not path:  # above every heading: where the file's own keys stand
        at = blocks[0].lead if blocks else len(lines)
        while at > 0 and not lines[at - 1].strip():
            at -= 1
        if at and blocks and at == blocks[0].lead:
            new += "\n"
    else:
        first = next((block for block in blocks if _starts_with(block.path, path)), None)
        if first is None:
            raise NotEditableError(path)
        at = first.lead
        new = f"[{_key(*path)}]\n{new}\n"
    return "\n".join([*lines[:at], new, *lines[at:]])


def _assign(text: str, path: KeyPath, value: Any) -> str:
    """Another value where one stands; the comment behind it stays."""
    try:
        document = tomlkit.parse(text)
        node: Any = document
        for part in path[:-1]:
            node = node[part]
        node[path[-1]] = tomlkit.parse(f"x = {value_text(value)}\n")["x"]
        return document.as_string()
    except (TOMLKitError, KeyError, TypeError, ValueError):
        raise NotEditableError(path) from None


def _remove(text: str, path: KeyPath) -> str:
    """Without the key or table at `path`."""
    blocks = [block for block in _blocks(text) if _starts_with(block.path, path)]
    if blocks:
        lines: list[str | None] = list(text.split("\n"))
        for block in blocks:
            lines[block.lead : block.end] = [None] * (block.end - block.lead)
            if block.end < len(lines) and not (lines[block.end] or "").strip():
                lines[block.end] = None
        text = "\n".join(line for line in lines if line is not None)
        return text if text.endswith("\n") or not text else text + "\n"
    try:
        document = tomlkit.parse(text)
        node: Any = document
        for part in path[:-1]:
            node = node[part]
        del node[path[-1]]
        return document.as_string()
    except (TOMLKitError, KeyError, TypeError, ValueError):
        raise NotEditableError(path) from None


def secrets_in(values: Mapping[str, Any], names: frozenset[str]) -> Iterator[str]:
    """Every text under one of `names`, however deep."""
    for key, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                yield from secrets_in(item, names)
            elif key in names and isinstance(item, str) and item:
                yield item
