"""Sounds by name: <root>/<name> in any format that can be read, kept encoded. The first root that has a name wins."""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from softacd.rtp.clips import MESSAGES, Clip, ClipError, from_samples
from softacd.runtime.media.sound_files import read
from softacd.runtime.media.sound_names import SUFFIXES, find

PASSING = "speech/"
"""Texts spoken while calls are up: they come and go, so only those said lately are kept in memory."""
MOST_PASSING = 200


class ClipLibrary:
    """All sounds that can be played. `get` is quick for what was loaded before; `preload` loads everything.

    `roots` are directories, the owner's own packs before the shipped one.
    """

    def __init__(self, roots: Sequence[Path], messages: Path | None = None) -> None:
        """Messages lie below a directory of their own: they are read anew each time, as few are heard twice."""
        self.roots = tuple(Path(root) for root in roots)
        self._messages = messages
        self._clips: dict[str, Clip] = {}
        self._passing: OrderedDict[str, Clip] = OrderedDict()

    def __len__(self) -> int:
        return len(self._clips)

    def get(self, name: str) -> Clip:
        """The clip `name` ("prompts/en/welcome"). Raises ClipError, which says what is wrong with which file."""
        if name.startswith(f"{MESSAGES}/") and self._messages is not None:
            return self._load(name, name.removeprefix(f"{MESSAGES}/"), (self._messages,))
        clip = self._clips.get(name)
        if clip is None and name.startswith(PASSING):
            return self._get_passing(name)
        if clip is None:
            clip = self._clips[name] = self._load(name, name, self.roots)
        return clip

    def _get_passing(self, name: str) -> Clip:
        clip = self._passing.get(name)
        if clip is None:
            clip = self._passing[name] = self._load(name, name, self.roots)
            if len(self._passing) > MOST_PASSING:
                self._passing.popitem(last=False)
        self._passing.move_to_end(name)
        return clip

    def preload(self) -> list[ClipError]:
        """Load every file below the roots; what could not be loaded, for the log."""
        errors = []
        for root in self.roots:
            for path in sorted(root.rglob("*.*")):
                name = path.relative_to(root).with_suffix("").as_posix()
                if path.suffix.lower() not in SUFFIXES or name.startswith(PASSING):
                    continue
                try:
                    self.get(name)
                except ClipError as error:
                    errors.append(error)
        return errors

    def forget(self) -> None:
        """Read every file anew when it is next asked for; sounds being played go on as they were."""
        self._clips = {}
        self._passing.clear()

    def _load(self, name: str, file: str, roots: Sequence[Path]) -> Clip:
        relative = PurePosixPath(file)
        # A name comes from configuration or the API: it must not reach outside the roots.
        if not file or relative.is_absolute() or ".." in relative.parts or "\0" in name:
            raise ClipError(f"{name!r} is not the name of a clip")
        for root in roots:
            path = find(root, str(relative))
            if path is not None:
                return from_samples(name, *read(path))
        raise ClipError(f"unknown clip: {name}")
