"""Checks decoded TOML against the settings Structs value by value, so that every mistake is told, not only the first.

`msgspec.convert` stops at the first mistake and does not say which key of a dictionary it meant; this walks the
types that msgspec itself reports (`msgspec.inspect`), and leaves the building of the Structs to msgspec.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from typing import Any, TypeVar

import msgspec
import msgspec.inspect as types

from softacd.acd.model import QueueSettings, TierSettings
from softacd.calls.model import SECRET_FIELDS
from softacd.ops.configuration_errors import KeyPath, Problem, nearest, one_of, quoted
from softacd.ops.toml_documents import Document

Settings = TypeVar("Settings", bound=msgspec.Struct)

KEYS: dict[type, dict[str, str]] = {QueueSettings: {"tiers": "agents"}}
"""Struct -> field -> the key it has in TOML, where the owner's word differs from the distributor's."""

SHORT_FORMS: dict[type, str] = {TierSettings: "agent"}
"""Struct -> the field that a plain text stands for: `agents = ["ann"]` is `agents = [{agent = "ann"}]`."""


def convert(
    document: Document, cls: type[Settings], value: Any, path: KeyPath, problems: list[Problem], *, name: str = ""
) -> Settings | None:
    """Build `cls` from the table `value` at `path`, noting problems.

    A key that is wrong and has a default is left at it, so that the rest can be checked further (the problem is noted
    all the same); without a default the result is None. `name` is the last part of a named table's heading ("101" of
    [phones.101]) and becomes the Struct's first field.
    """
    node = _struct_type(cls)
    normal = _Checker(document, problems).struct(node, value, path, name_field=node.fields[0].name if name else "")
    if normal is _UNUSABLE:
        return None
    if name:
        normal[node.fields[0].encode_name] = name
    try:
        return msgspec.convert(normal, cls)
    except (msgspec.ValidationError, OverflowError) as error:
        problems.append(document.problem(path, str(error)))
        return None


def describe(node: types.Type) -> str:
    """What a value of this type is, in plain words: "a whole number from 1 to 65535"."""
    match node:
        case types.NoneType():
            return "nothing"
        case types.BoolType():
            return "true or false"
        case types.IntType():
            return "a whole number" + _range(node)
        case types.FloatType():
            return "a number" + _range(node)
        case types.StrType():
            return "text"
        case types.LiteralType() | types.EnumType():
            return one_of(values_of(node))
        case types.VarTupleType() | types.ListType():
            item = describe(node.item_type)
            return "a list of text" if item == "text" else f"a list, each item {item}"
        case types.DictType():
            return f"a table, each value {describe(node.value_type)}"
        case types.UnionType() if optional := _optional(node):
            return describe(optional)
        case types.UnionType():
            tags = [str(member.tag) for member in node.types if isinstance(member, types.StructType)]
            return f"a table with do = {one_of(tags)}" if tags else " or ".join(map(describe, node.types))
        case types.StructType():
            short = SHORT_FORMS.get(node.cls)
            return f"{_article(short)} or a table" if short else "a table"
        case _:
            return "a value"


def values_of(node: types.LiteralType | types.EnumType) -> list[str]:
    """The words a choice allows."""
    if isinstance(node, types.EnumType):
        return [str(choice.value) for choice in node.cls]
    return [str(value) for value in node.values]


def fields_of(cls: type[msgspec.Struct]) -> Iterator[tuple[str, types.Field]]:
    """Each field of a settings Struct with the key it has in TOML."""
    renamed = KEYS.get(cls, {})
    for field in _struct_type(cls).fields:
        yield renamed.get(field.name, field.encode_name), field


def _optional(node: types.UnionType) -> types.Type | None:
    """The type of a key that may be left out altogether (T | None); None for another union."""
    others = [item for item in node.types if not isinstance(item, types.NoneType)]
    return others[0] if len(others) == 1 < len(node.types) else None


def _struct_type(cls: type[msgspec.Struct]) -> types.StructType:
    node = types.type_info(cls)
    if not isinstance(node, types.StructType):
        raise TypeError(f"{cls} is no Struct")
    return node


_UNUSABLE: Any = object()
"""What a value becomes that cannot be used: a problem was noted."""


class _Checker:
    """Walks one table; every method returns the value as `msgspec.convert` takes it, or _UNUSABLE."""

    __slots__ = ("_document", "_problems")

    def __init__(self, document: Document, problems: list[Problem]) -> None:
        self._document = document
        self._problems = problems

    def struct(self, node: types.StructType, value: Any, path: KeyPath, *, name_field: str = "") -> Any:
        """A table: its unknown, missing and wrong keys. `name_field` comes from the heading and may not be a key."""
        short = SHORT_FORMS.get(node.cls)
        if short and isinstance(value, str):
            value = {short: value}
        if not isinstance(value, dict):
            return self._wrong(path, value, describe(node))
        renamed = KEYS.get(node.cls, {})
        known = {renamed.get(field.name, field.encode_name): field for field in node.fields if field.name != name_field}
        normal: dict[str, Any] = {node.tag_field: node.tag} if node.tag_field else {}
        misspelt = set()
        for key, item in value.items():
            if key in known:
                normal[known[key].encode_name] = self._value(known[key].type, item, (*path, key))
            elif key == name_field:
                self._add((*path, key), "the name stands in the heading of the table", "no such key")
            elif key != node.tag_field:
                near = nearest(key, known)
                misspelt.add(near)
                self._add((*path, key), "unknown key", one_of(list(known), limit=40), near)
        for key, field in known.items():
            if field.required and key not in value:
                normal[field.encode_name] = _UNUSABLE
                if quoted(key) not in misspelt:
                    self._add((*path, key), "is missing", describe(field.type))
        if any(normal.get(field.encode_name) is _UNUSABLE for field in known.values() if field.required):
            return _UNUSABLE
        return {key: item for key, item in normal.items() if item is not _UNUSABLE}

    def _value(self, node: types.Type, value: Any, path: KeyPath) -> Any:
        match node:
            case types.StructType():
                return self.struct(node, value, path)
            case types.UnionType() if optional := _optional(node):
                return self._value(optional, value, path)
            case types.UnionType():
                return self._union(node, value, path)
            case types.VarTupleType() | types.ListType():
                if not isinstance(value, list):
                    return self._wrong(path, value, describe(node))
                items = [self._value(node.item_type, item, (*path, index)) for index, item in enumerate(value)]
                return _UNUSABLE if any(item is _UNUSABLE for item in items) else items
            case types.DictType():
                if not isinstance(value, dict):
                    return self._wrong(path, value, describe(node))
                table = {key: self._value(node.value_type, item, (*path, key)) for key, item in value.items()}
                return _UNUSABLE if any(item is _UNUSABLE for item in table.values()) else table
            case types.LiteralType() | types.EnumType():
                choices = values_of(node)
                if isinstance(value, str) and value in choices:
                    return value
                return self._wrong(path, value, describe(node), choices)
            case types.BoolType() | types.IntType() | types.FloatType() | types.StrType():
                return value if _LEAVES[type(node)](node, value) else self._wrong(path, value, describe(node))
            case _:
                raise TypeError(f"settings use {node!r}, which the configuration cannot express")

    def _union(self, node: types.UnionType, value: Any, path: KeyPath) -> Any:
        """One of several tables, told apart by their tag (a step of a flow by `do`)."""
        members = {str(member.tag): member for member in node.types if isinstance(member, types.StructType)}
        if not isinstance(value, dict):
            return self._wrong(path, value, describe(node))
        tag_field = next(str(member.tag_field) for member in members.values())
        if tag_field not in value:
            return self._add((*path, tag_field), "is missing", one_of(list(members)))
        tag = value[tag_field]
        if not isinstance(tag, str) or tag not in members:
            return self._wrong((*path, tag_field), tag, one_of(list(members)), members)
        return self.struct(members[tag], value, path)

    def _wrong(self, path: KeyPath, value: Any, expected: str, choices: Iterable[str] = ()) -> Any:
        return self._add(path, shown(path, value), expected, nearest(value, choices) if isinstance(value, str) else "")

    def _add(self, path: KeyPath, message: str, expected: str = "", suggestion: str = "") -> Any:
        self._problems.append(self._document.problem(path, message, expected, suggestion))
        return _UNUSABLE


def shown(path: KeyPath, value: Any) -> str:
    """`value` as one reads it in TOML, for "got ..."; only its kind when the key holds a secret."""
    if any(part in SECRET_FIELDS for part in path):
        return f"got {_kind(value)}"
    match value:
        case bool():
            return f"got {str(value).lower()}"
        case str():
            return f"got {quoted(value)}"
        case int() if abs(value) < 10**18:
            return f"got {value}"
        case float():
            return f"got {value}"
        case _:
            return f"got {_kind(value)}"


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "true or false"
        case str():
            return "text"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "a table"
        case datetime() | date() | time():
            return "a date or time"
        case _:
            return "something else"


def _range(node: types.IntType | types.FloatType) -> str:
    if node.ge is not None and node.le is not None:
        return f" from {node.ge:g} to {node.le:g}" if abs(node.le) < 10**6 else f" from {node.ge} to {node.le}"
    if node.ge is not None:
        return f" of at least {node.ge}"
    if node.le is not None:
        return f" of at most {node.le}"
    return ""


def _article(word: str) -> str:
    return f"an {word}'s name" if word[0] in "aeiou" else f"a {word}'s name"


def _is_int(node: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 2**53 and _in_range(node, value)


def _is_float(node: Any, value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < 10**15 and _in_range(node, value)
    return isinstance(value, float) and math.isfinite(value) and _in_range(node, value)


def _in_range(node: types.IntType | types.FloatType, value: float) -> bool:
    return (node.ge is None or value >= node.ge) and (node.le is None or value <= node.le)


_LEAVES: dict[type[types.Type], Callable[[Any, Any], bool]] = {
    types.BoolType: lambda _, value: isinstance(value, bool),
    types.IntType: _is_int,
    types.FloatType: _is_float,
    types.StrType: lambda _, value: isinstance(value, str),
}
