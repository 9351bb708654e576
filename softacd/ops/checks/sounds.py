"""Prompts and music: every clip named can be found."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from softacd.calls import words
from softacd.calls.flow_text import Kind, speech, variables
from softacd.calls.prompts import clip as prompt_clip
from softacd.ops.configuration_errors import KeyPath, nearest, one_of, quoted
from softacd.ops.draft import Draft
from softacd.ops.model import shipped_sounds
from softacd.runtime.media.sound_names import SUFFIXES, find


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
    languages = library.languages()
    if draft.server and draft.server.language not in languages:
        draft.error(
            ("server", "language"),
            f"there are no prompts in {quoted(draft.server.language)}",
            f"one of {', '.join(map(quoted, languages))}",
            nearest(draft.server.language, languages),
        )
    for name, number in draft.numbers.items():
        if number.language and (number.language not in words.LANGUAGES or number.language not in languages):
            able = sorted(set(words.LANGUAGES) & set(languages))
            draft.error(
                ("numbers", name, "language"),
                f"there are no prompts in {quoted(number.language)}",
                one_of(able),
                nearest(number.language, able),
            )
    for path, clip in _clips(draft, languages):
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


def _clips(draft: Draft, spoken: list[str]) -> Iterator[tuple[KeyPath, str]]:
    """Every clip the configuration names or takes by default, and where."""
    languages = [language for language in languages_heard(draft) if language in spoken]  # of others it is told already
    for flow in draft.flows.values():
        for name, step in flow.steps.items():
            path: KeyPath = ("flows", flow.name, "steps", name)
            for field in ("prompts", "invalid", "silence", "offer"):
                default = not draft.document.written((*path, field))
                for index, said in enumerate(getattr(step, field, ())):
                    where = (*path, field) if default else (*path, field, index)
                    yield from ((where, clip) for clip in _spoken(said, languages))
            if fallback := getattr(step, "fallback", ""):
                yield from (((*path, "fallback"), clip) for clip in _spoken(fallback, languages))
            for field in ("play", "music"):
                if clip := getattr(step, field, ""):
                    yield (*path, field), clip
    for queue in draft.queues.values():
        if queue.music:
            yield ("queues", queue.name, "music"), queue.music
    for mailbox in draft.mailboxes.values():
        path = ("mailboxes", mailbox.name, "greeting")
        yield from ((path, clip) for said in mailbox.greeting for clip in _spoken(said, languages))
    for conference in draft.conferences.values():
        yield ("conferences", conference.name, "music"), conference.music
    if draft.customers is not None and draft.customers.refuse_prompt:
        yield ("customers", "refuse_prompt"), draft.customers.refuse_prompt


def languages_heard(draft: Draft) -> tuple[str, ...]:
    """The languages callers may hear."""
    chosen = {
        language
        for flow in draft.flows.values()
        for step in flow.steps.values()
        for language in (
            *getattr(step, "languages", {}).values(),
            *(text for name, text in getattr(step, "values", {}).items() if name == "language" and "{" not in text),
        )
    }
    chosen |= {number.language for number in draft.numbers.values() if number.language}
    return tuple(sorted({*([draft.server.language] if draft.server else []), *chosen}))


def _spoken(said: str, languages: list[str]) -> Iterator[str]:
    """The clips a speech certainly needs; those that variables decide are known only when somebody calls."""
    try:
        part = speech(said)
    except ValueError:
        return  # told by the check of the steps
    if part.kind is not Kind.PROMPT or variables(part.text):
        return
    if "/" in part.text:
        yield part.text
    else:
        yield from (prompt_clip(part.text, language) for language in languages)
