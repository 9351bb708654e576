"""Writes docs/configuration.md from the settings themselves: `python -m softacd.ops.reference > docs/configuration.md`.

Types, ranges and defaults come from the Structs, the descriptions from their docstrings, so that the page cannot say
anything else than the program does.
"""

import ast
import inspect
import textwrap
from typing import Any

import msgspec
import msgspec.inspect as types

from softacd.acd.model import TierSettings
from softacd.calls.flow_steps import STEPS, Case
from softacd.calls.model import FeatureCodes
from softacd.crm.adapters.settings import FindSettings
from softacd.crm.adapters.settings import LogSettings as CrmLog
from softacd.crm.settings import CategorySettings
from softacd.ops.draft import NAMED_SECTIONS, SECTIONS
from softacd.ops.reload import NEEDS_RESTART
from softacd.ops.schema import describe, fields_of, values_of

_INTRODUCTION = """\
# Configuration

This page is made from the program's own settings by `python -m softacd.ops.reference`; do not edit it.

The configuration is [TOML](https://toml.io): one file, or a directory whose `*.toml` files are read together in the
order of their names (each name in one file only). `softacd init DIRECTORY` writes a commented first one with fresh
secrets, `softacd check CONFIG` tells everything that is wrong with one: file, line, key, what was expected and the
nearest valid name. Without `--config` the program takes `$SOFTACD_CONFIG`, `./softacd.toml` or `/etc/softacd`.

Every section and every key may be left out unless it is marked **required**. Durations are in seconds. Relative paths
begin at the configuration's directory.

**Secrets** are best kept out of the configuration: `password_file` and `token_file` name a file with the secret as its
only line, `password_env` and `token_env` an environment variable. Phones' passwords are turned into hashes when the
configuration is loaded and not kept. Logs, errors and comparisons never show a secret.

**Reload** (SIGHUP, `systemctl reload softacd`) reads the configuration again and applies all of it or nothing; calls,
agents' states, timers and statistics stay as they are. These need a restart, and a reload that would change them is
refused:
"""

_SECTION_NOTES = {
    "numbers": "The heading's name is the number itself, between quotes because of its plus sign.",
    "phones": "The heading's name is the extension, 2 to 10 digits. It shares one space of numbers with the queues' "
    "numbers and the feature codes: no number means two things.",
    "queues": 'An agent is named by itself or in a table with more: `agents = ["ann", { agent = "bob", level = 2 }]`.',
    "groups": "A group rings phones; callers who shall wait for an agent belong into a queue.",
    "crm": "How they are used, and what each kind needs: [crm.md](crm.md#other-systems).",
    "conferences": "Phones dial a conference's number; outside callers are transferred to it.",
    "mailboxes": "Flows lead there by `voicemail`, phones by its number. Messages are heard by feature code and over "
    "the API.",
    "flows": "A step is a table whose `do` says what it is. Steps are written as `[flows.main.steps.greeting]` or as "
    'inline tables, `greeting = { do = "say", ... }`.',
}

_EXAMPLE = {
    "trunks": "alpha",
    "phones": "101",
    "groups": "workshop",
    "conferences": "board",
    "mailboxes": "sales",
    "agents": "ann",
    "queues": "sales",
    "flows": "main",
    "hours": "office",
    "reasons": "doctor",
    "sources": "billing",
    "webhooks": "crm",
    "crm": "shop",
    "voices": "en",
    "numbers": '"+37322000111"',
    "reports": "daily",
}


def build() -> str:
    """The page, in Markdown."""
    parts = [_INTRODUCTION]
    parts.append("\n".join(f"- `{key}`: {why}" for key, why in NEEDS_RESTART.items()) + "\n")
    for section, cls in SECTIONS.items():
        parts.append(_section(f"[{section}]", cls))
        if section == "dial_plan":
            parts.append(_section("[dial_plan.feature_codes]", FeatureCodes, level=3))
        if section == "customers":
            parts.append(_section("[customers.categories.vip]", CategorySettings, level=3))
    for section, cls in NAMED_SECTIONS.items():
        parts.append(
            _section(f"[{section}.{_EXAMPLE[section]}]", cls, note=_SECTION_NOTES.get(section, ""), named=True)
        )
        if section == "queues":
            parts.append(_section("agents of a queue", TierSettings, level=3))
        if section == "crm":
            parts.append(_section("[crm.shop.find]", FindSettings, level=3))
            parts.append(_section("[crm.shop.log]", CrmLog, level=3))
        if section == "flows":
            parts += [_section(f'do = "{step.__struct_config__.tag}"', step, level=3) for step in STEPS]
            parts.append(_section("cases of a branch", Case, level=3))
    return "\n".join(parts)


def descriptions(cls: type[msgspec.Struct]) -> dict[str, str]:
    """Field -> its docstring, on one line; inherited fields too."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base in (object, msgspec.Struct) or not issubclass(base, msgspec.Struct):
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        if not isinstance(tree, ast.ClassDef):
            continue
        for field, text in zip(tree.body, tree.body[1:], strict=False):
            match field, text:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                    found[name] = " ".join(said.split())
                case _:
                    pass
    return found


def _section(title: str, cls: type[msgspec.Struct], *, note: str = "", level: int = 2, named: bool = False) -> str:
    doc = inspect.cleandoc(cls.__doc__ or "").replace("\n\n", "\0").replace("\n", " ").replace("\0", "\n\n")
    parts = [f"{'#' * level} `{title}`" if title[0] in "[d" else f"{'#' * level} {title}", "", doc, ""]
    if note:
        parts += [note, ""]
    said = descriptions(cls)
    rows = [
        f"| `{key}` | {_type(field)} | {_default(field)} | {_escape(said.get(field.name, ''))} |"
        for key, field in list(fields_of(cls))[1 if named else 0 :]
    ]
    if rows:
        parts += ["| key | value | default | meaning |", "| --- | --- | --- | --- |", *rows, ""]
    return "\n".join(parts)


def _type(field: types.Field) -> str:
    node = field.type
    match node:
        case types.LiteralType() | types.EnumType():
            return ", ".join(f'`"{value}"`' for value in values_of(node))
        case types.VarTupleType(item_type=types.LiteralType() | types.EnumType() as item):
            return "list of " + ", ".join(f'`"{value}"`' for value in values_of(item))
        case types.VarTupleType(item_type=types.StrType()):
            return "list of text"
        case types.VarTupleType():
            return "list of names or tables"
        case types.DictType(value_type=types.StrType()):
            return "table of text"
        case types.DictType():
            return "table of tables"
        case _:
            return _escape(describe(node))


def _default(field: types.Field) -> str:
    if field.required:
        return "**required**"
    value: Any = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    match value:
        case msgspec.Struct():
            return "see below"
        case "" | ():
            return ""
        case dict() if not value:
            return ""
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f'`"{value}"`'
        case tuple():
            return "`[" + ", ".join(f'"{item}"' for item in value) + "]`"
        case float():
            return f"`{value:g}`"
        case _:
            return f"`{value}`"


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(build(), end="")
