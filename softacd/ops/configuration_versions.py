"""Versions of the configuration: after each change, and of what was found written by hand, all of its files."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from softacd.calls.control import UnknownNameError
from softacd.ops.configuration_files import write_file
from softacd.web.administration import VersionView

DIRECTORY = "configuration-versions"
"""Below the data directory; only the owner reads it, as files may hold secrets."""
MOST = 500
"""Older versions are forgotten."""
BY_HAND = "file"


class Version(msgspec.Struct, frozen=True):
    """All files of one version."""

    view: VersionView
    files: dict[str, str]
    """Name relative to the configuration's directory -> text."""


class Versions:
    """The versions kept in one directory. Every method may raise OSError."""

    def __init__(self, data_directory: Path) -> None:
        self._directory = data_directory / DIRECTORY

    def all(self) -> list[Version]:
        """Every version kept, oldest first; a file that cannot be understood is passed over."""
        found = []
        for file in sorted(self._directory.glob("[0-9]*.json")):
            try:
                found.append(msgspec.json.decode(file.read_bytes(), type=Version))
            except msgspec.DecodeError:
                continue
        return sorted(found, key=lambda version: version.view.number)

    def get(self, number: int) -> tuple[Version | None, Version]:
        """The version of this number and the one before it. Raises UnknownNameError."""
        known = self.all()
        for place, version in enumerate(known):
            if version.view.number == number:
                return (known[place - 1] if place else None), version
        raise UnknownNameError(f"no version {number} of the configuration is kept")

    def add(self, files: Mapping[str, str], version: str, at: int, author: str, comment: str) -> VersionView:
        """Keep what the files are now; when the newest version is just that, there is nothing to do."""
        known = self.all()
        last = known[-1] if known else None
        if last is not None and last.view.version == version:
            return last.view
        before = last.files if last is not None else {}
        changed = sorted(name for name in {*before, *files} if before.get(name) != files.get(name))
        number = last.view.number + 1 if last is not None else 1
        view = VersionView(number, version, at, author, comment, changed)
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = msgspec.json.encode(Version(view, dict(files))).decode()
        write_file(self._directory / f"{number:08}.json", content, 0o600)
        for old in known[: max(0, len(known) + 1 - MOST)]:
            (self._directory / f"{old.view.number:08}.json").unlink(missing_ok=True)
        return view

    def drop(self, number: int) -> None:
        """Forget a version that did not come into force after all."""
        (self._directory / f"{number:08}.json").unlink(missing_ok=True)
