"""The configuration as it is written, beside what could be written: for forms. Secrets are left out."""

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import msgspec.inspect as types

from softacd.ops.configuration_change import EDITABLE
from softacd.ops.configuration_errors import dotted
from softacd.ops.configuration_files import SECRET_KEYS, relative
from softacd.ops.draft import NAMED_SECTIONS, SECTIONS
from softacd.ops.model import without_password
from softacd.ops.reference import descriptions
from softacd.ops.reload import NEEDS_RESTART
from softacd.ops.schema import describe, fields_of, values_of
from softacd.ops.toml_documents import Document
from softacd.web.administration import ConfigurationView, EntryView, FieldView, SectionView


def view(document: Document, version: str, *, running: bool) -> ConfigurationView:
    """Everything in `document`; `running`: whether the switch runs with just this."""
    sections = [
        *(_section(document, name, cls, named=False) for name, cls in SECTIONS.items()),
        *(_section(document, name, cls, named=True) for name, cls in NAMED_SECTIONS.items()),
    ]
    return ConfigurationView(version, running, sections)


def _section(document: Document, section: str, cls: type[msgspec.Struct], *, named: bool) -> SectionView:
    data = document.data.get(section, {})
    tables: Mapping[str, Any] = data if named and isinstance(data, dict) else {"": data}
    return SectionView(
        section=section,
        meaning=" ".join(inspect.cleandoc(cls.__doc__ or "").split()),
        named=named,
        editable=section in EDITABLE,
        fields=list(_fields(section, cls, named=named)),
        entries=[_entry(document, section, name, table) for name, table in tables.items() if isinstance(table, dict)],
    )


def _fields(section: str, cls: type[msgspec.Struct], *, named: bool) -> Iterator[FieldView]:
    said = descriptions(cls)
    for key, field in list(fields_of(cls))[1 if named else 0 :]:
        yield FieldView(
            key=key,
            meaning=said.get(field.name, ""),
            type=describe(field.type),
            default=_default(field),
            required=field.required,
            choices=values_of(field.type) if isinstance(field.type, types.LiteralType | types.EnumType) else [],
            secret=key in SECRET_KEYS,
            restart=NEEDS_RESTART.get(section) or NEEDS_RESTART.get(f"{section}.{key}", ""),
        )


def _default(field: types.Field) -> Any:
    if field.required:
        return None
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return msgspec.to_builtins(value)


def _entry(document: Document, section: str, name: str, table: Mapping[str, Any]) -> EntryView:
    place = document.place((section, name) if name else (section,))
    return EntryView(
        name=name,
        file=relative(Path(place.file), document.directory) if place.line else "",
        line=place.line,
        values=_shown(table),
        secrets=[dotted(path) for path in _secrets(table)],
    )


def _shown(value: Any) -> Any:
    """A value without the secrets in it."""
    match value:
        case Mapping():
            return {key: _shown(item) for key, item in value.items() if key not in SECRET_KEYS}
        case list():
            return [_shown(item) for item in value]
        case str():
            return without_password(value)
        case _:
            return value


def _secrets(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if key in SECRET_KEYS:
            yield (*path, key)
        else:
            yield from _secrets(item, (*path, key))
