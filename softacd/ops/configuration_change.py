"""From edits, key by key, to the texts of files: where a table stands or belongs, and what becomes of its secrets."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from softacd.ops.configuration_errors import KeyPath, nearest
from softacd.ops.configuration_files import SECRET_KEYS, relative
from softacd.ops.draft import NAMED_SECTIONS, SECTIONS
from softacd.ops.model import SipSettings
from softacd.ops.phone_secrets import hashed, written
from softacd.ops.toml_documents import FLOWS, Document, configuration_files
from softacd.ops.toml_edit import NotEditableError, remove_table, set_values
from softacd.web.administration import ConfigurationRefusedError, Edit

EDITABLE = frozenset(
    {"phones", "groups", "conferences", "mailboxes", "reasons", "agents", "queues", "hours", "numbers", "flows",
     "trunks", "dial_plan", "emergency", "missed", "customers", "mail", "provisioning", "reports"}
)  # fmt: skip
"""What is edited every day; the rest is the machine's, and is changed in the files."""
SECRETS_DIRECTORY = "secrets"
_IN_FILES = ("password", "token", "secret")
"""Secrets a file may hold: KEY_file names it."""
_FILE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Change(msgspec.Struct):
    """What is to be written."""

    texts: dict[Path, str | None]
    """Files whose text changes; None: they go."""
    secrets: dict[Path, str]
    """New files of secrets."""


def make_change(
    path: Path, document: Document, files: Mapping[Path, str], edits: Iterable[Edit], everything: bool = False
) -> Change:
    """Carry edits out on the texts. `everything`: also sections that are not edited every day.

    Raises ConfigurationRefusedError where an edit names what there is not or cannot be carried out.
    """
    writer = _Writer(path, document, dict(files))
    for edit in edits:
        _judge(edit, EDITABLE | SECTIONS.keys() | NAMED_SECTIONS.keys() if everything else EDITABLE)
        try:
            writer.edit(edit)
        except NotEditableError as error:
            raise _refused(str(error), "Change it in the file with an editor.", http_status=409) from None
        except (ValueError, RecursionError) as error:
            raise _refused(f"{edit.section}: {error}", "Send what TOML can say.") from None
    return Change({file: text for file, text in writer.texts.items() if text != files.get(file)}, writer.secrets)


def _refused(cause: str, remedy: str, *, http_status: int = 400) -> ConfigurationRefusedError:
    return ConfigurationRefusedError(cause, remedy, http_status=http_status)


def _judge(edit: Edit, editable: Iterable[str]) -> None:
    known = sorted(editable)
    if edit.section not in known:
        near = nearest(edit.section, known)
        remedy = f"Did you mean {near}?" if near else f"Editable are {', '.join(known)}."
        raise _refused(f"section {edit.section!r} is not edited here", remedy)
    if (edit.section in NAMED_SECTIONS) != bool(edit.name):
        what = "a name" if edit.section in NAMED_SECTIONS else "no name"
        raise _refused(f"a table of {edit.section!r} has {what}", "See GET /api/v1/configuration.")


class _Writer:
    """The texts on their way."""

    def __init__(self, path: Path, document: Document, texts: dict[Path, str | None]) -> None:
        self._path = path
        self._document = document
        self.texts = texts
        self.secrets: dict[Path, str] = {}

    def edit(self, edit: Edit) -> None:
        """Carry one edit out."""
        section, name = edit.section, edit.name
        if edit.remove:
            self._remove(section, name)
            return
        table: KeyPath = (section, name) if name else (section,)
        present = self._present(table)
        values = self._without_secrets(section, name, present, edit.values)
        file, inside = self._file_of(section, name)
        if name:
            self._set(file, inside, values)
            return
        for key, value in values.items():  # a section without names may be spread over several files
            own = self._written_in((section, key))
            self._set(own or file, (section,), {key: value})

    def _set(self, file: Path, inside: KeyPath, values: Mapping[str, Any]) -> None:
        self.texts[file] = set_values(self.texts.get(file) or "", inside, values)

    def _remove(self, section: str, name: str) -> None:
        file, inside = self._file_of(section, name)
        if self._present((section, name) if name else (section,)) is None:
            raise _refused(f"there is no {section}.{name}", "See GET /api/v1/configuration.")
        self.texts[file] = remove_table(self.texts.get(file) or "", inside) if inside else None

    def _present(self, table: KeyPath) -> dict[str, Any] | None:
        """The table as the texts have it now: an earlier edit of the same change counts."""
        found: dict[str, Any] | None = None
        for file, text in self.texts.items():
            if text is None:
                continue
            data: Any = tomllib.loads(text)
            if file.parent.name == FLOWS and file.parent.parent == self._directory:
                data = {FLOWS: {file.stem: data}}
            for part in table:
                data = data.get(part) if isinstance(data, dict) else None
            if isinstance(data, dict):
                found = {**(found or {}), **data}
        return found

    @property
    def _directory(self) -> Path:
        return self._document.directory

    def _written_in(self, key: KeyPath) -> Path | None:
        return Path(self._document.place(key).file) if self._document.written(key) else None

    def _file_of(self, section: str, name: str) -> tuple[Path, KeyPath]:
        """The file a table stands in or belongs into, and its path there; () when the file is the table."""
        own_file = self._directory / FLOWS / f"{name}.toml"
        if section == FLOWS and self.texts.get(own_file) is not None:
            return own_file, ()
        table: KeyPath = (section, name) if name else (section,)
        main, flows = configuration_files(self._path)
        for file in main:
            data: Any = tomllib.loads(self.texts.get(file) or "")
            for part in table:
                data = data.get(part) if isinstance(data, dict) else None
            if data is not None:
                return file, table
        if section == FLOWS and flows and _FILE_NAME.fullmatch(name):
            return own_file, ()
        kin = [file for file in main if section in tomllib.loads(self.texts.get(file) or "")]
        return (kin or main)[-1 if kin else 0], table

    def _without_secrets(
        self, section: str, name: str, present: Mapping[str, Any] | None, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The values with new secrets in files of their own, and secrets that nobody sends left as they are."""
        made: dict[str, Any] = dict(values)
        for key, value in values.items():
            if key in _IN_FILES and isinstance(value, str) and value:
                made |= self._kept_in_file(section, name, key, value, present or {})
            elif isinstance(value, list):
                before = (present or {}).get(key, [])
                made[key] = [
                    self._inner(section, name, item, before) if isinstance(item, Mapping) else item for item in value
                ]
        return made

    def _inner(self, section: str, name: str, item: Mapping[str, Any], before: Any) -> dict[str, Any]:
        """One table of a list: its secrets are those of the table there that begins with the same value."""
        first = next(iter(item.values()), None)
        old = next((one for one in before if isinstance(one, dict) and first in list(one.values())[:1]), {})
        made = self._without_secrets(section, f"{name}-{first}", old, item)
        kept = {key: old[key] for key in SECRET_KEYS & old.keys() - item.keys() if f"{key}_file" not in item}
        return {key: value for key, value in {**made, **kept}.items() if value is not None}

    def _kept_in_file(
        self, section: str, name: str, key: str, value: str, present: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A new file for each new secret: an older version of the configuration still finds its own."""
        if not value.isprintable() or value != value.strip():
            raise ValueError(f"a {key} is one line without spaces around it")
        safe = re.sub(r"[^A-Za-z0-9_+-]", "_", f"{section}-{name}" if name else section)
        number = 1
        while (file := self._directory / SECRETS_DIRECTORY / f"{safe}-{key}.{number}").exists() or file in self.secrets:
            number += 1
        # Of a phone's password only hashes are kept, as `softacd phones password` does.
        realm = str(self._document.data.get("sip", {}).get("domain", SipSettings().domain))
        self.secrets[file] = written(hashed(name, realm, value)) if section == "phones" else value + "\n"
        gone = [key, f"{key}_env", *(other for other in present if other.startswith("ha1"))]
        return {**{other: None for other in gone if other in present or other == key}, f"{key}_file": relative(
            file, self._directory
        )}  # fmt: skip
