"""Reads one TOML file, or every *.toml of a directory, into one document that remembers where each key stands."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from softacd.ops.configuration_errors import KeyPath, Problem, Severity, dotted
from softacd.ops.toml_lines import line_index

_AT_LINE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
FLOWS = "flows"
"""Folder beside the configuration: each *.toml in it is one flow."""
_LARGEST_FILE = 8 * 1024 * 1024
NAMED_TABLES = (
    "trunks",
    "phones",
    "groups",
    "conferences",
    "agents",
    "queues",
    "flows",
    "hours",
    "reasons",
    "sources",
    "webhooks",
    "crm",
    "voices",
    "numbers",
    "reports",
)
"""Sections whose tables carry names of the owner's choice: one name lives in one file."""

_SYNTAX_HELP = (
    ("Invalid value", "text between quotes, a number, true or false, a list [...] or a table {...}"),
    ("Expected '=' after a key", 'a line like key = "value"'),
    ("Expected ']' at the end of a table", "a heading like [phones.101]"),
    ("Expected newline or end of document", "one key = value on a line"),
    ("Unclosed array", "a ] that ends the list"),
    ("Unterminated string", "a closing quote"),
    ("Illegal character", "a closing quote on the same line"),
    (
        "Invalid initial character for a key part",
        'a name of letters, digits, - and _; any other stands between quotes, like [numbers."+37322000111"]',
    ),
    ("Cannot overwrite a value", "each key once"),
    ("Cannot declare", "each heading once"),
    ("Duplicate inline table key", "each key once"),
    ("Unescaped '\\' in a string", "\\\\ for a backslash, or text between 'single quotes'"),
)


class Place(NamedTuple):
    """A line of a file; lines count from 1."""

    file: str
    line: int


class Document:
    """The merged tables and the place of every key in them."""

    __slots__ = ("_places", "data", "default_file", "directory")

    def __init__(self, directory: Path, default_file: str) -> None:
        self.directory = directory
        """Relative paths in the configuration begin here."""
        self.default_file = default_file
        self.data: dict[str, Any] = {}
        self._places: dict[KeyPath, Place] = {}

    def place(self, path: KeyPath) -> Place:
        """Where `path` stands; a key that is not written down is placed at the table that should hold it."""
        while path:
            found = self._places.get(path)
            if found:
                return found
            path = path[:-1]
        return Place(self.default_file, 0)

    def written(self, path: KeyPath) -> bool:
        """Whether the owner wrote this very key."""
        return path in self._places

    def problem(
        self,
        path: KeyPath,
        message: str,
        expected: str = "",
        suggestion: str = "",
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """A problem with the value at `path`."""
        file, line = self.place(path)
        return Problem(file, line, dotted(path), message, expected, suggestion, severity)

    def merge(self, tables: Mapping[str, Any], lines: Mapping[KeyPath, int], file: str) -> list[Problem]:
        """Take one file's tables in; a name that another file has already given is a problem naming both places."""
        problems: list[Problem] = []
        self._merge_into(self.data, tables, (), lines, file, problems)
        for path, line in lines.items():
            self._places.setdefault(path, Place(file, line))
        return problems

    def _merge_into(
        self,
        target: dict[str, Any],
        source: Mapping[str, Any],
        path: KeyPath,
        lines: Mapping[KeyPath, int],
        file: str,
        problems: list[Problem],
    ) -> None:
        for key, value in source.items():
            here = (*path, key)
            if key not in target:
                target[key] = value
            elif isinstance(target[key], dict) and isinstance(value, dict) and not _is_named(here):
                self._merge_into(target[key], value, here, lines, file, problems)
            else:
                first = self.place(here)
                problems.append(
                    Problem(
                        file,
                        lines.get(here, 0),
                        dotted(here),
                        f"already given in {first.file}:{first.line}",
                        "each name in one file only",
                    )
                )


def _is_named(path: KeyPath) -> bool:
    return len(path) == 2 and path[0] in NAMED_TABLES


Texts = Mapping[Path, str | None]
"""What files would hold instead of what they do; None: the file would not be there."""


def configuration_files(path: Path, texts: Texts = MappingProxyType({})) -> tuple[list[Path], list[Path]]:
    """The files a configuration is made of, in the order they are read, and the files of one flow each."""
    directory = path if path.is_dir() else path.parent
    main = _toml_files(directory, texts) if path.is_dir() else [path]
    return main, _toml_files(directory / FLOWS, texts)


def _toml_files(directory: Path, texts: Texts) -> list[Path]:
    there = {file for file in directory.glob("*.toml") if file.is_file()}
    there |= {file for file, text in texts.items() if text is not None and file.parent == directory}
    return sorted(file for file in there if texts.get(file, "") is not None)


def read_document(path: Path, texts: Texts = MappingProxyType({})) -> tuple[Document, list[Problem]]:
    """Read a configuration file or directory. Whatever can be read is in the document, the rest is in the problems.

    `texts` stands in for files, so that a change is judged before it is made.
    """
    files, flows = configuration_files(path, texts)
    if path.is_dir():
        document = Document(path, str(path))
        if not files:
            return document, [
                Problem(str(path), 0, "", "holds no *.toml file", "at least one, as `softacd init` makes")
            ]
    else:
        document = Document(path.parent, str(path))
    problems: list[Problem] = []
    for file in files:
        try:
            tables, lines = _read_file(file, texts.get(file))
        except _UnreadableFileError as error:
            problems.append(error.problem)
        else:
            problems += document.merge(tables, lines, str(file))
    for file in flows:
        try:
            tables, lines = _read_file(file, texts.get(file))
        except _UnreadableFileError as error:
            problems.append(error.problem)
        else:  # each file is one flow, named like the file
            path_of_flow: KeyPath = ("flows", file.stem)
            within = {(*path_of_flow, *key): line for key, line in lines.items()}
            problems += document.merge({"flows": {file.stem: tables}}, {path_of_flow: 1, **within}, str(file))
    return document, problems


class _UnreadableFileError(Exception):
    def __init__(self, file: Path, line: int, message: str, expected: str = "") -> None:
        self.problem = Problem(str(file), line, "", message, expected)
        super().__init__(message)


def _read_file(file: Path, instead: str | None = None) -> tuple[dict[str, Any], dict[KeyPath, int]]:
    try:
        if instead is None and file.stat().st_size > _LARGEST_FILE:
            raise _UnreadableFileError(file, 0, "is too large", f"at most {_LARGEST_FILE >> 20} MiB")
        content = file.read_bytes() if instead is None else instead.encode()
    except FileNotFoundError:
        raise _UnreadableFileError(
            file, 0, "there is no such file", "a configuration; `softacd init` writes a first one"
        ) from None
    except OSError as error:
        raise _UnreadableFileError(file, 0, f"cannot be read: {error.strerror}", "a file this user may read") from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _UnreadableFileError(file, line, "is not UTF-8 text", "the file saved as UTF-8") from None
    try:
        return tomllib.loads(text), line_index(text)
    except RecursionError:
        raise _UnreadableFileError(file, 0, "lists or tables are nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, and the interpreter's refusal of an integer of 5,000 digits
        raise _syntax_error(file, text, str(error)) from None


def _syntax_error(file: Path, text: str, message: str) -> _UnreadableFileError:
    """`tomllib` says where only in its sentence: "Invalid value (at line 3, column 8)"."""
    where = _AT_LINE.search(message)
    line = 0
    if where:
        message = message[: where.start()]
        line = int(where.group(1)) if where.group(1) else text.count("\n") + 1
    expected = next((help_ for start, help_ in _SYNTAX_HELP if message.startswith(start)), "TOML (https://toml.io)")
    twice = re.match(r"Cannot declare \((.*?),?\) twice", message)
    if twice:
        names = tuple(re.findall(r"'([^']*)'", twice.group(1)))
        message = f"[{dotted(names)}] is declared twice"
        first = next((n for n, row in enumerate(text.split("\n"), 1) if row.strip() == f"[{dotted(names)}]"), line)
        if first < line:
            message += f", first on line {first}"
    return _UnreadableFileError(file, line, message[:1].lower() + message[1:], expected)
