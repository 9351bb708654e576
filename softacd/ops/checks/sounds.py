"""Prompts and music: every clip named can be found."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from softacd.calls.model import MenuStep, SayStep
from softacd.ops.configuration_errors import KeyPath, nearest, quoted
from softacd.ops.draft import Draft
from softacd.ops.model import shipped_sounds
from softacd.runtime.media.sound_files import SUFFIXES, find


def check_sounds(draft: Draft) -> None:
    """The sound directories exist, the language has prompts, and clips named in flows and queues are there."""
    if draft.media is None:
        return
    directories: list[Path] = []
    for index, name in enumerate(draft.media.sounds):
        directory = draft.document.directory / Path(name).expanduser()
        if directory.is_dir():
            directories.append(directory)
        else:
            draft.error(("media", "sounds", index), f"there is no directory {directory}", "a directory with sounds")
    library = _Library((*directories, *shipped_sounds()))
    if draft.server:
        languages = library.languages()
        if draft.server.language not in languages:
            draft.error(
                ("server", "language"),
                f"there are no prompts in {quoted(draft.server.language)}",
                f"one of {', '.join(map(quoted, languages))}",
                nearest(draft.server.language, languages),
            )
    for path, clip in _clips(draft):
        if not library.has(clip):
            draft.error(
                path,
                f"there is no sound {quoted(clip)}",
                "the name of a sound file without its suffix",
                nearest(clip, library.clips()),
            )


class _Library:
    """What is in the sound directories; listed only when somebody has to be told what there is."""

    __slots__ = ("_clips", "_roots")

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self._roots = roots
        self._clips: list[str] | None = None

    def has(self, clip: str) -> bool:
        """A clip is named below its root: a name that climbs out of it does not exist."""
        if not clip.isprintable() or clip.startswith("/") or ".." in PurePosixPath(clip).parts:
            return False
        try:
            return any(find(root, clip) is not None for root in self._roots)
        except OSError:  # a name too long for the file system
            return False

    def clips(self) -> list[str]:
        """Every clip by name."""
        if self._clips is None:
            self._clips = [
                file.relative_to(root).with_suffix("").as_posix()
                for root in self._roots
                for file in root.rglob("*.*")
                if file.suffix.lower() in SUFFIXES
            ]
        return self._clips

    def languages(self) -> list[str]:
        """Every language that has prompts."""
        return sorted({child.name for root in self._roots for child in (root / "prompts").glob("*") if child.is_dir()})


def _clips(draft: Draft) -> Iterator[tuple[KeyPath, str]]:
    """Every clip the configuration names or takes by default, and where."""
    for flow in draft.flows.values():
        for name, step in flow.steps.items():
            path: KeyPath = ("flows", flow.name, "steps", name)
            if isinstance(step, SayStep | MenuStep):
                yield from (((*path, "prompts", index), clip) for index, clip in enumerate(step.prompts))
            if isinstance(step, MenuStep):
                yield from (((*path, "invalid", index), clip) for index, clip in enumerate(step.invalid))
                yield from (((*path, "silence", index), clip) for index, clip in enumerate(step.silence))
    for queue in draft.queues.values():
        if queue.music:
            yield ("queues", queue.name, "music"), queue.music
    for conference in draft.conferences.values():
        yield ("conferences", conference.name, "music"), conference.music
    if draft.customers is not None and draft.customers.refuse_prompt:
        yield ("customers", "refuse_prompt"), draft.customers.refuse_prompt
