"""TypeScript's types of what the API answers, made from its description: `python -m softacd.web.typescript`.

The console is an ordinary client: what it knows of the API is what the description says. Made are the schemas the
console names (imports of `api/types` in its source) and all they refer to.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import msgspec

from softacd.web.errors import DESCRIPTION_PATH
from softacd.web.server import WebServer, WebServerSettings

SOURCE = Path(__file__).parents[2] / "console/src"
TARGET = SOURCE / "api/types.ts"
_IMPORT = re.compile(r'import type \{([^}]*)\} from "[./]*(?:api/)?types"')
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_REFERENCE = "#/components/schemas/"

Schema = Mapping[str, Any]


def description() -> dict[str, Any]:
    """The API's description, of a server that is never started. Nothing is asked of what it would serve."""
    nothing: Any = object()
    rooms = {  # everything a server may be given to serve
        name: nothing
        for name, parameter in signature(WebServer).parameters.items()
        if parameter.kind is Parameter.KEYWORD_ONLY and parameter.default is None
    }
    server = WebServer(WebServerSettings(), nothing, nothing, version="", **rooms)
    document: dict[str, Any] = msgspec.json.decode(server.described)
    return document


def wanted(source: Path = SOURCE) -> set[str]:
    """Names of schemas the console's source imports."""
    found: set[str] = set()
    for file in [*source.rglob("*.ts"), *source.rglob("*.tsx")]:
        for names in _IMPORT.findall(file.read_text(encoding="utf-8")):
            found |= {name.split()[0] for name in names.split(",") if name.strip()}
    return found


def types(schemas: Mapping[str, Schema], names: Iterable[str]) -> str:
    """The module's text. Raises KeyError for a name the description does not have."""
    pending, done = sorted(names, reverse=True), {}
    while pending:
        name = pending.pop()
        if name in done:
            continue
        text = _declaration(name, schemas[name])
        done[name] = text
        pending += sorted(set(re.findall(r"\bSCHEMA:(\w+)", text)) - done.keys())
    head = f"// Made from {DESCRIPTION_PATH} by `python -m softacd.web.typescript`: change it there.\n"
    return head + "".join(f"\n{done[name].replace('SCHEMA:', '')}\n" for name in sorted(done))


def _declaration(name: str, schema: Schema) -> str:
    about = _comment(schema, "")
    if "properties" not in schema:
        return f"{about}export type {name} = {_type(schema)};"
    lines = [f"{about}export interface {name} {{"]
    for field, property_ in schema["properties"].items():  # answers leave nothing out, defaults neither
        lines.append(f"{_comment(property_, '  ')}  {_key(field)}: {_type(property_)};")
    return "\n".join([*lines, "}"])


def _comment(schema: Schema, indent: str) -> str:
    text = " ".join(str(schema.get("description", "")).split()).replace("*/", "* /")
    return f"{indent}/** {text} */\n" if text else ""


def _key(field: str) -> str:
    return field if re.fullmatch(r"[A-Za-z_]\w*", field) else msgspec.json.encode(field).decode()


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return "SCHEMA:" + str(schema["$ref"]).removeprefix(_REFERENCE)
    if "const" in schema:
        return msgspec.json.encode(schema["const"]).decode()
    if "enum" in schema:
        return " | ".join(msgspec.json.encode(value).decode() for value in schema["enum"])
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(_type(option) for option in schema[key]))
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(dict.fromkeys(_type({**schema, "type": one}) for one in kind))
    if kind == "array":
        item = _type(schema["items"]) if schema.get("items") else "unknown"
        return f"({item})[]" if " " in item else f"{item}[]"
    if kind == "object" or "additionalProperties" in schema:
        value = schema.get("additionalProperties")
        return f"Record<string, {_type(value) if isinstance(value, Mapping) and value else 'unknown'}>"
    return _PLAIN.get(str(kind), "unknown")


def main() -> int:
    """Write the module."""
    TARGET.write_text(types(description()["components"]["schemas"], wanted()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
