"""The files of a configuration as text: which they are, what they are worth as a version, and how they are replaced."""

import contextlib
import difflib
import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from softacd.calls.model import SECRET_FIELDS
from softacd.ops.toml_documents import Texts, configuration_files

SECRET_KEYS = SECRET_FIELDS | {"secret"}
"""Keys whose values are never shown."""
_NAMES = "|".join(sorted(SECRET_KEYS))
_SECRET_VALUE = re.compile(rf"""(?<![\w.-])("?(?:{_NAMES})"?\s*=\s*)("(?:[^"\\\n]|\\.)*"|'[^'\n]*')""")


def read_files(path: Path) -> dict[Path, str]:
    """Every file of the configuration and its text; what is no UTF-8 is told by the checks. Raises OSError."""
    main, flows = configuration_files(path)
    return {file: file.read_bytes().decode("utf-8", "replace") for file in (*main, *flows)}


def version_of(texts: Mapping[Path, str], directory: Path) -> str:
    """What the files are, in 16 characters: the same text anywhere is the same version."""
    digest = hashlib.sha256()
    for file in sorted(texts):
        name, text = relative(file, directory).encode(), texts[file].encode()
        digest.update(b"%d %d " % (len(name), len(text)) + name + text)
    return digest.hexdigest()[:16]


def relative(file: Path, directory: Path) -> str:
    """How a file is named to people: below the configuration's directory without it."""
    with contextlib.suppress(ValueError):
        return file.relative_to(directory).as_posix()
    return str(file)


def unified(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """The difference of two sets of files (name -> text) as a unified diff, secrets hidden."""
    parts: list[str] = []
    for name in sorted({*old, *new}):
        before, after = (hide(some.get(name, "")).splitlines(keepends=True) for some in (old, new))
        parts += difflib.unified_diff(
            before, after, f"a/{name}" if name in old else "/dev/null", f"b/{name}" if name in new else "/dev/null"
        )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in parts)


def hide(text: str) -> str:
    """The text with "***" for the value of every key that holds a secret."""
    return _SECRET_VALUE.sub(r'\1"***"', text)


def replace_files(texts: Texts, secrets: Mapping[Path, str]) -> None:
    """Write secrets (0600, in 0700), then put each file in the place of the old one by a rename; None removes it.

    Raises OSError; then some files may be new, and the caller puts the old texts back.
    """
    for file, secret in secrets.items():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_file(file, secret, 0o600)
    for file, text in texts.items():
        target = file.resolve()  # a link stays a link
        if text is None:
            target.unlink(missing_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, text, target.stat().st_mode & 0o777 if target.exists() else 0o644)


def write_file(file: Path, text: str, mode: int) -> None:
    """Write a file whole or not at all, with its permissions from the first moment. Raises OSError."""
    beside = file.with_name(f".{file.name}.{os.getpid()}.new")
    owner = file.stat() if file.exists() else None
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            os.fchmod(stream.fileno(), mode)
            if owner is not None:
                with contextlib.suppress(PermissionError):
                    os.fchown(stream.fileno(), owner.st_uid, owner.st_gid)
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
