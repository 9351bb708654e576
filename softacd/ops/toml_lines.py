"""On which line of a TOML text each key stands: `tomllib` tells values, never places.

The scanner is run over text that `tomllib` has already accepted, so it only finds its way and does not validate
(TOML 1.0.0). Its one invariant, tested against generated documents: the paths it indexes are exactly those of the
decoded document.
"""

import re
import tomllib
from bisect import bisect_right

from softacd.ops.configuration_errors import KeyPath

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?!")'
    r"|'''.*?'''(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")  # numbers, booleans, dates: a date may hold a space


def line_index(text: str) -> dict[KeyPath, int]:
    """Line (from 1) of every table, key and list item of `text`. So are tables only implied by another's name."""
    return _Scanner(text.replace("\r\n", "\n")).scan()


def headings(text: str) -> list[tuple[int, KeyPath]]:
    """(line from 1, path) of every heading written in `text`, in its order; an array's tables end with their place."""
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.scan()
    return scanner.headings


class _Scanner:
    """One pass over one text."""

    __slots__ = ("_arrays", "_lines", "_newlines", "_text", "headings")

    def __init__(self, text: str) -> None:
        self._text = text
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._lines: dict[KeyPath, int] = {}
        self._arrays: dict[KeyPath, int] = {}  # array of tables -> its last index so far
        self.headings: list[tuple[int, KeyPath]] = []

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        at = self._skip(_BLANK, 0)
        while at < len(self._text):
            if self._text.startswith("[[", at):
                table, at = self._header(at + 2, array=True)
            elif self._text[at] == "[":
                table, at = self._header(at + 1, array=False)
            else:
                at = self._pair(at, table)
            at = self._skip(_BLANK, at)
        return self._lines

    def _skip(self, pattern: re.Pattern[str], at: int) -> int:
        match = pattern.match(self._text, at)
        return match.end() if match else at

    def _note(self, path: KeyPath, at: int) -> None:
        self._lines.setdefault(path, bisect_right(self._newlines, at - 1) + 1)

    def _header(self, at: int, *, array: bool) -> tuple[KeyPath, int]:
        """`[a.b]` or `[[a.b]]`; every name before the last that is an array of tables means its newest table."""
        start = at
        keys, at = self._keys(at)
        path: KeyPath = ()
        for key in keys[:-1]:
            path = self._newest((*path, key), start)
        path = (*path, keys[-1])
        self._note(path, start)
        if array:
            self._arrays[path] = self._arrays.get(path, -1) + 1
            path = (*path, self._arrays[path])
            self._note(path, start)
        self.headings.append((bisect_right(self._newlines, start - 1) + 1, path))
        return path, at + (2 if array else 1)

    def _newest(self, path: KeyPath, at: int) -> KeyPath:
        self._note(path, at)
        return (*path, self._arrays[path]) if path in self._arrays else path

    def _keys(self, at: int) -> tuple[list[str], int]:
        """A dotted key; returns its names and the place of the sign that follows it (`=` or `]`)."""
        keys = []
        while True:
            at = self._skip(_SPACE, at)
            string = _STRING.match(self._text, at)
            if string:
                keys.append(str(tomllib.loads(f"key = {string.group()}")["key"]))
                at = string.end()
            else:
                bare = _BARE_KEY.match(self._text, at)
                if not bare:
                    raise ValueError(f"no key at character {at}")
                keys.append(bare.group())
                at = bare.end()
            at = self._skip(_SPACE, at)
            if not self._text.startswith(".", at):
                return keys, at
            at += 1

    def _pair(self, at: int, table: KeyPath) -> int:
        start = at
        keys, at = self._keys(at)
        path = table
        for key in keys:
            path = (*path, key)
            self._note(path, start)
        return self._value(self._skip(_SPACE, at + 1), path)

    def _value(self, at: int, path: KeyPath) -> int:
        """Step over one value, noting what is inside; returns the place after it."""
        if self._text.startswith("[", at):
            return self._list(at + 1, path)
        if self._text.startswith("{", at):
            return self._inline_table(at + 1, path)
        string = _STRING.match(self._text, at)
        return string.end() if string else self._skip(_SCALAR, at)

    def _list(self, at: int, path: KeyPath) -> int:
        index = 0
        at = self._skip(_BLANK, at)
        while self._text[at] != "]":
            self._note((*path, index), at)
            at = self._skip(_BLANK, self._value(at, (*path, index)))
            if self._text[at] == ",":
                at = self._skip(_BLANK, at + 1)
            index += 1
        return at + 1

    def _inline_table(self, at: int, path: KeyPath) -> int:
        at = self._skip(_BLANK, at)
        while self._text[at] != "}":
            at = self._skip(_BLANK, self._pair(at, path))
            if self._text[at] == ",":
                at = self._skip(_BLANK, at + 1)
        return at + 1
