"""What can be wrong with a configuration, said so that the owner can mend it: where, what, what was expected."""

import difflib
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

KeyPath = tuple[str | int, ...]
"""Where a value stands: ("queues", "sales", "agents", 1, "level")."""


class Severity(StrEnum):
    """Whether the program refuses to start."""

    ERROR = "error"
    WARNING = "warning"


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong, at one place. `line` counts from 1; 0 when the whole file is meant."""

    file: str
    line: int
    key: str
    """Dotted key as one would write it: `trunks.alpha.transport`, `queues.sales.agents[1].level`."""
    message: str
    expected: str = ""
    suggestion: str = ""
    """The nearest valid name or value, when one is near enough."""
    severity: Severity = Severity.ERROR

    @property
    def place(self) -> str:
        """`file:line`, as editors and terminals understand it."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def __str__(self) -> str:
        text = f"{self.place}: {self.key}: {self.message}" if self.key else f"{self.place}: {self.message}"
        if self.expected:
            text += f"; expected {self.expected}"
        if self.suggestion:
            text += f"; did you mean {self.suggestion}?"
        return text


class ConfigurationError(Exception):
    """The configuration cannot be used. `problems` holds every error found, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


def nearest(name: str, candidates: Iterable[str]) -> str:
    """The candidate most like `name`, ready to be shown ('"sales"'), or nothing when none is near."""
    known = list(candidates)
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if not found:
        folded = {candidate.casefold(): candidate for candidate in known}
        found = [folded[match] for match in difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)]
    return quoted(found[0]) if found else ""


def quoted(text: str) -> str:
    """`text` between quotes, as TOML writes it, shortened when long."""
    shown = text if len(text) <= 60 else text[:57] + "..."
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def one_of(names: Sequence[str], *, limit: int = 12) -> str:
    """`one of "a", "b"`, cut when there are many; a plain sentence when there are none."""
    if not names:
        return "nothing: none is configured"
    if len(names) == 1:
        return quoted(names[0])
    listed = ", ".join(quoted(name) for name in names[:limit])
    return f"one of {listed}" + (f" and {len(names) - limit} more" if len(names) > limit else "")


def dotted(path: KeyPath) -> str:
    """`path` as one would write it in TOML: keys that are not bare are quoted, list places stand in brackets."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            bare = bool(part) and all(c.isascii() and (c.isalnum() or c in "-_") for c in part)
            text += ("." if text else "") + (part if bare else quoted(part))
    return text
