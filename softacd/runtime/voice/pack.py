"""A pack of prompts: a folder for each language with a catalogue of what is said, and a sound file for each entry.

The catalogue's form is told in media/prompts/en/catalogue.toml.
"""

import tomllib
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from softacd.calls import words
from softacd.runtime.voice import sound
from softacd.runtime.voice.engines import Speaker
from softacd.runtime.voice.sound import Samples
from softacd.runtime.voice.voices import WORDS_A_MINUTE, EngineName, Voice

LOUDNESS_TOLERANCE = 3.0
"""dB a prompt's level may differ from its neighbours'."""
LOUDEST = -1.0
"""dBFS a prompt may peak at: above, it was probably cut off at full scale."""
LEADING_SECONDS = 0.06
QUIET = 10 ** (-45 / 20)
MUST_SAY = ("engine", "name", "licence")
"""What a catalogue says of its voice: where the sounds come from, and what may be done with them."""


class CatalogueError(Exception):
    """A catalogue cannot be read; the text names the file."""


class Entry(NamedTuple):
    """One line of a catalogue: what is shown, what is spoken, and which rendering was chosen."""

    name: str
    text: str
    spoken: str
    take: int

    @property
    def closes(self) -> bool:
        """Whether the text ends a sentence, so that a pause belongs after it."""
        return self.text[-1] in ".?!"


class Catalogue(NamedTuple):
    """A language's prompts and the settings of its voice."""

    path: Path
    language: str
    voice: dict[str, str]
    recipe: dict[str, Any]
    entries: dict[str, Entry]

    @classmethod
    def load(cls, path: Path) -> "Catalogue":
        """Raises CatalogueError."""
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
            entries = {
                name: Entry(name, entry["text"], entry.get("spoken", entry["text"]), entry.get("take", 1))
                for name, entry in raw["prompts"].items()
            }
        except OSError as error:
            raise CatalogueError(f"{path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CatalogueError(f"{path}: {error}") from error
        except (KeyError, TypeError, AttributeError) as error:
            raise CatalogueError(f'{path}: [prompts] must hold entries like welcome = {{ text = "..." }}') from error
        for entry in entries.values():
            if not isinstance(entry.text, str) or not entry.text.strip():
                raise CatalogueError(f"{path}: prompts.{entry.name} has no text")
        return cls(path, path.parent.name, raw.get("voice", {}), raw.get("recipe", {}), entries)

    def speaks(self) -> Voice:
        """The voice the catalogue names. Raises CatalogueError."""
        engine = self.voice.get("engine", "").split("==")[0].split()[:1]
        names: dict[str, EngineName] = {"piper-tts": "piper", "rhvoice": "rhvoice", "espeak-ng": "espeak-ng"}
        if not engine or engine[0] not in names:
            raise CatalogueError(f"{self.path}: voice.engine names none of {', '.join(names)}")
        recipe = self.recipe
        if names[engine[0]] == "piper":
            package = self.voice.get("package", "").split("==")[0].replace("-", "_")
            noise: dict[str, float] = {
                name: recipe[name] for name in ("noise_scale", "noise_w_scale") if name in recipe
            }
            speeds = 1 / recipe.get("length_scale", 1.0), 1 / recipe.get("part_length_scale", 1.2)
            return Voice("piper", package, speed=speeds[0], part_speed=speeds[1], settings=noise)
        paced = recipe.get("words_a_minute", 0) / WORDS_A_MINUTE, recipe.get("part_words_a_minute", 0) / WORDS_A_MINUTE
        return Voice(
            names[engine[0]],
            self.voice.get("name", self.language),
            speed=paced[0] or recipe.get("speed", 1.0),
            part_speed=paced[1] or recipe.get("part_speed", 0.85),
        )


def build(
    catalogue: Catalogue, who: Speaker, folder: Path, names: tuple[str, ...] = ()
) -> Iterator[tuple[Entry, Samples]]:
    """Speak the entries (those named, or all) into `folder`, one after another. Raises SpeechError, ValueError."""
    for entry in catalogue.entries.values():
        if names and entry.name not in names:
            continue
        clip = sound.finish(who.speak(entry.spoken, closes=entry.closes, take=entry.take), entry.closes)
        sound.write(folder / f"{entry.name}.wav", clip)
        yield entry, clip


class Finding(NamedTuple):
    """Something wrong with a pack."""

    name: str
    """The prompt, or "" for the pack itself."""
    message: str


def check(catalogue: Catalogue) -> Iterator[Finding]:
    """What is wrong with the pack in the catalogue's folder."""
    folder = catalogue.path.parent
    for key in MUST_SAY:
        if not catalogue.voice.get(key):
            yield Finding("", f"voice.{key} is not told in {catalogue.path.name}")
    if not catalogue.recipe:
        yield Finding("", f"how it was made ([recipe]) is not told in {catalogue.path.name}")
    if catalogue.language in words.LANGUAGES:
        needed = {name.split("/", 2)[2] for name in words.every_clip(catalogue.language)}
        for name in sorted(needed - set(catalogue.entries)):
            yield Finding(name, "is not in the catalogue: numbers, times or money cannot be said without it")
    else:
        yield Finding("", f"no grammar of the language {catalogue.language!r}: numbers and times are not said in it")
    recorded = {file.relative_to(folder).with_suffix("").as_posix() for file in folder.rglob("*.wav")}
    for name in sorted(recorded - set(catalogue.entries)):
        yield Finding(name, "is a sound the catalogue does not know")
    for entry in catalogue.entries.values():
        file = folder / f"{entry.name}.wav"
        if not file.is_file():
            yield Finding(entry.name, "has no sound file")
        else:
            yield from (Finding(entry.name, message) for message in faults(file, entry.closes))


def faults(file: Path, closes: bool) -> Iterator[str]:
    """What is wrong with one sound file."""
    try:
        samples = sound.read(file)
    except (OSError, EOFError, wave.Error) as error:
        yield f"cannot be read: {error}"
        return
    except ValueError:
        yield "is not 8 kHz, mono, 16-bit WAV"
        return
    if not len(samples) or not np.abs(samples).max() > QUIET:
        yield "is silent"
        return
    peak = sound.decibels(float(np.abs(samples).max()))
    if peak > LOUDEST:
        yield f"peaks at {peak:.1f} dBFS: it may be clipped"
    if len(samples) >= sound.FRAME:
        loudness = sound.active_level(samples)
        if abs(loudness - sound.TARGET) > LOUDNESS_TOLERANCE:
            how = "loud" if loudness > sound.TARGET else "quiet"
            yield f"is too {how}: {loudness:.1f} dBFS beside {sound.TARGET:.0f}"
    heard = np.flatnonzero(np.abs(samples) > QUIET)
    if heard[0] > LEADING_SECONDS * sound.RATE:
        yield f"begins with {heard[0] / sound.RATE:.2f} s of silence"
    after = (len(samples) - heard[-1]) / sound.RATE
    if not closes and after > 0.15:
        yield f"ends with {after:.2f} s of silence: a part of a sentence joins the next word"
    if len(samples) % sound.FRAME:
        yield "is no whole number of 20 ms packets long"
