"""What changes between two configurations, and whether it can be applied to the living switch."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from softacd.calls.model import SECRET_FIELDS
from softacd.ops.config import Reading, read_configuration
from softacd.ops.configuration_errors import KeyPath, Problem, dotted, quoted
from softacd.ops.draft import NAMED_SECTIONS, SECTIONS
from softacd.ops.model import Configuration, without_password
from softacd.ops.schema import KEYS

NEEDS_RESTART: Mapping[str, str] = {
    "server.node": "it is part of every call id",
    "server.data_directory": "the database is open there",
    "sip.listen": "its sockets carry live dialogs",
    "sip.domain": "phones are registered under it",
    "sip.public_address": "live dialogs have been told the old one",
    "sip.certificate": "connections are served with it; a changed file is read again by itself",
    "sip.private_key": "connections are served with it; a changed file is read again by itself",
    "sip.authorities": "connections to carriers are made with it",
    "security.open_transactions": "the stack is built with it",
    "security.open_dialogs": "the stack is built with it",
    "media": "its sockets carry live conversations",
    "store.url": "the database is open",
    "web.listen": "its socket is open",
    "log": "logging is set up once",
}
"""Keys (or whole sections) that a running program cannot change, and why."""


class Kind(StrEnum):
    """What happened to a name or a key."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Change(msgspec.Struct, frozen=True):
    """One difference. `old` and `new` are shown values, secrets hidden; empty for whole tables."""

    kind: Kind
    key: str
    old: str = ""
    new: str = ""
    restart: str = ""
    """Why this cannot be applied to a running program; empty: it can."""

    def __str__(self) -> str:
        text = f"{self.key} {self.kind}"
        if self.kind is Kind.CHANGED and (self.old or self.new):
            text = f"{self.key}: {self.old} -> {self.new}"
        return f"{text} (needs a restart: {self.restart})" if self.restart else text


class RestartNeededError(Exception):
    """The new configuration is sound, but some of its changes need a restart; nothing was applied."""

    def __init__(self, changes: list[Change]) -> None:
        self.changes = [change for change in changes if change.restart]
        listed = "; ".join(f"{change.key} ({change.restart})" for change in self.changes)
        super().__init__(f"restart to change {listed}; nothing was reloaded")


class ReloadPlan(msgspec.Struct, frozen=True):
    """A new configuration whose every change can be applied now."""

    configuration: Configuration
    changes: list[Change]
    warnings: tuple[Problem, ...]


def plan_reload(current: Configuration, path: Path) -> ReloadPlan:
    """Read the configuration again and compare it with the one that runs.

    Raises ConfigurationError when it is not sound, RestartNeededError when it cannot be applied without a restart: in
    both cases the running configuration stays as it is, whole.
    """
    reading: Reading = read_configuration(path)
    changes = diff(current, reading.configuration)
    if any(change.restart for change in changes):
        raise RestartNeededError(changes)
    return ReloadPlan(reading.configuration, changes, reading.warnings)


def diff(old: Configuration, new: Configuration) -> list[Change]:
    """Every difference, in the order of the sections; an empty list when there is none."""
    changes: list[Change] = []
    for section in SECTIONS:
        changes += _compare((section,), getattr(old, section), getattr(new, section))
    for section, cls in NAMED_SECTIONS.items():
        key = cls.__struct_fields__[0]
        before = {getattr(entry, key): entry for entry in getattr(old, section)}
        after = {getattr(entry, key): entry for entry in getattr(new, section)}
        changes += _compare_tables((section,), before, after)
        if section == "trunks" and before.keys() == after.keys() and list(before) != list(after):
            changes.append(Change(Kind.CHANGED, section, ", ".join(before), ", ".join(after)))
    return changes


def _compare(path: KeyPath, old: Any, new: Any) -> Iterator[Change]:
    if old == new and type(old) is type(new):
        return
    if isinstance(old, msgspec.Struct) and type(old) is type(new):
        renamed = KEYS.get(type(old), {})
        names = zip(old.__struct_fields__, old.__struct_encode_fields__, strict=True)
        for name, encoded in names:
            key = renamed.get(name, encoded)
            yield from _compare((*path, key), getattr(old, name), getattr(new, name))
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _compare_tables(path, old, new)
    else:
        secret = path[-1] in SECRET_FIELDS
        shown = ("(hidden)", "(hidden)") if secret else (_show(old), _show(new))
        yield Change(Kind.CHANGED, dotted(path), *shown, restart=_why_restart(path))


def _compare_tables(path: KeyPath, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in old:
        if name not in new:
            yield Change(Kind.REMOVED, dotted((*path, name)))
        else:
            yield from _compare((*path, name), old[name], new[name])
    for name in new:
        if name not in old:
            yield Change(Kind.ADDED, dotted((*path, name)))


def _why_restart(path: KeyPath) -> str:
    return next((NEEDS_RESTART[key] for end in (1, 2) if (key := dotted(path[:end])) in NEEDS_RESTART), "")


def _show(value: Any) -> str:
    """A value as one reads it in the configuration, on one line."""
    match value:
        case msgspec.Struct():
            shown = (
                f"{field.encode_name} = {_show(getattr(value, field.name))}"
                for field in msgspec.structs.fields(value)
                if getattr(value, field.name) != field.default  # nobody writes defaults out
            )
            tag = value.__struct_config__.tag
            return "{" + ", ".join([f'do = "{tag}"', *shown] if tag else shown) + "}"
        case tuple() | list():
            return "[" + ", ".join(map(_show, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{key} = {_show(item)}" for key, item in value.items()) + "}"
        case bool():
            return str(value).lower()
        case str():
            return quoted(without_password(value))
        case _:
            return str(value)
