"""Let a recogniser listen to several takes of every English prompt and note the best one in the catalogue.

A synthesiser says short words well or badly by chance. Each take is recognised as a caller would hear it: 8 kHz, and a
part of a sentence inside one. Of the takes understood word for word, the one the recogniser was surest of wins.

    python media/recipe/choose_takes.py --model FOLDER [--takes 6] [--check] [NAME ...]

FOLDER holds a CTranslate2 Whisper model. With --check nothing is chosen: the clips as they stand are recognised, and
the exit status is 1 if one was not understood.
"""

import argparse
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from softacd.runtime.voice import sound
from softacd.runtime.voice.engines import Speaker, speaker
from softacd.runtime.voice.pack import Catalogue, Entry
from softacd.runtime.voice.sound import Samples, finish

CATALOGUE = Path(__file__).parent.parent / "prompts" / "en" / "catalogue.toml"

CONTEXTS = {
    "you-are-number": ("you-are-number", "digits/5", "in-line"),
    "in-line": ("you-are-number", "digits/5", "in-line"),
    "about": ("expected-wait", "about", "digits/5", "minutes"),
    "between": ("expected-wait", "between", "digits/5", "and", "digits/9", "minutes"),
    "and": ("expected-wait", "between", "digits/5", "and", "digits/9", "minutes"),
    "less-than": ("expected-wait", "less-than", "digits/5", "minutes"),
    "less-than-a-minute": ("expected-wait", "less-than-a-minute"),
    "expected-wait": ("expected-wait", "about", "digits/5", "minutes"),
    "minute": ("expected-wait", "about", "digits/1", "minute"),
    "minutes": ("expected-wait", "about", "digits/9", "minutes"),
    "callback-number": ("callback-number", "digits/5", "digits/9", "digits/7", "digits/3"),
    "digits/hundred": ("you-are-number", "digits/3", "digits/hundred", "in-line"),
    "digits/thousand": ("you-are-number", "digits/3", "digits/thousand", "in-line"),
    "digits/star": ("callback-number", "digits/star", "digits/3", "digits/7"),
    "digits/pound": ("callback-number", "digits/3", "digits/7", "digits/pound"),
    "digits/plus": ("callback-number", "digits/plus", "digits/3", "digits/7", "digits/3"),
}
"""The sentence a part is heard in; a number not named here is heard as a place in the line."""

WORDS = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen",
)
TENS = re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety")


def context(name: str) -> tuple[str, ...]:
    """The clips around `name` that make it a sentence, `name` among them."""
    if name in CONTEXTS:
        return CONTEXTS[name]
    if re.fullmatch(r"digits/\d+", name):
        return ("you-are-number", name, "in-line")
    return (name,)


def plain(text: str) -> str:
    """What two transcripts must agree on: letters and numbers, numbers below 100 in figures, numbers joined."""
    text = re.sub(r"[^a-z0-9+ ]", " ", text.lower().replace("%", " percent"))
    text = re.sub(r"\bplus\b", "+", text)
    for value, word in enumerate(WORDS):
        text = re.sub(rf"\b{word}\b", str(value), text)
    for value, word in enumerate(TENS, 2):
        text = re.sub(rf"\b{word}\b", str(value * 10), text)
    text = re.sub(r"\bhundred\b", "00", re.sub(r"\bthousand\b", "000", text))
    text = text.replace("dialed", "dialled").replace(" goodbye", " good bye")
    return re.sub(r"\s+", "", text)


class Listener:
    """The recogniser."""

    def __init__(self, model: Path) -> None:
        whisper = importlib.import_module("faster_whisper")
        self._soxr = importlib.import_module("soxr")
        self._model = whisper.WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=1)

    def hear(self, samples: Samples) -> tuple[str, float]:
        """The transcript and how sure the recogniser is of it (mean log probability, 0 is certain)."""
        wide: Any = self._soxr.resample(np.pad(samples, 2400), sound.RATE, 16000).astype(np.float32)
        segments, _ = self._model.transcribe(wide, language="en", beam_size=3, condition_on_previous_text=False)
        heard = list(segments)
        if not heard:
            return "", -9.0
        return " ".join(s.text.strip() for s in heard), float(np.mean([s.avg_logprob for s in heard]))


def sentence(catalogue: Catalogue, name: str, clip: Samples) -> tuple[str, Samples]:
    """The text and the sound of the sentence around `clip`."""
    texts = {prompt.name: prompt.text for prompt in catalogue.entries.values()}
    names = context(name)
    sounds = [clip if part == name else sound.read(catalogue.path.parent / f"{part}.wav") for part in names]
    return " ".join(texts[part] for part in names), np.concatenate(sounds)


def choose(catalogue: Catalogue, prompt: Entry, voice: Speaker, listener: Listener, takes: int) -> tuple[int, str]:
    """The best take of `prompt` and what was heard in it; the file is left as that take."""
    best: tuple[bool, float, int, str, Samples] | None = None
    for take in range(1, takes + 1):
        clip = finish(voice.speak(prompt.spoken, closes=prompt.closes, take=take), prompt.closes)
        text, samples = sentence(catalogue, prompt.name, clip)
        heard, sure = listener.hear(samples)
        found = (plain(heard) == plain(text), sure, take, heard, clip)
        if best is None or found[:2] > best[:2]:
            best = found
    if best is None:
        raise ValueError("takes must be at least 1")
    sound.write(catalogue.path.parent / f"{prompt.name}.wav", best[4])
    mark = "" if best[0] else "  NOT UNDERSTOOD"
    return best[2], f"{best[1]:6.2f}  {best[3]}{mark}"


def note(catalogue: Catalogue, name: str, take: int) -> None:
    """Write the take into the catalogue's line of `name`, leaving every other character alone."""
    path = catalogue.path.parent / "catalogue.toml"

    def lines() -> Iterator[str]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.split(" = ")[0].strip('"') == name and line.endswith("}"):
                yield re.sub(r"(, take = \d+)? }$", f", take = {take} }}", line)
            else:
                yield line

    path.write_text("\n".join(list(lines())) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--takes", type=int, default=6)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    catalogue = Catalogue.load(CATALOGUE)
    listener = Listener(arguments.model)
    voice = None if arguments.check else speaker(catalogue.speaks())
    missed = 0
    for prompt in catalogue.entries.values():
        if arguments.names and prompt.name not in arguments.names:
            continue
        if voice is None:
            clip = sound.read(catalogue.path.parent / f"{prompt.name}.wav")
            text, samples = sentence(catalogue, prompt.name, clip)
            heard, sure = listener.hear(samples)
            understood = plain(heard) == plain(text)
            missed += not understood
            print(f"{prompt.name:24} {sure:6.2f}  {heard}{'' if understood else '  NOT UNDERSTOOD'}", flush=True)
        else:
            take, heard = choose(catalogue, prompt, voice, listener, arguments.takes)
            note(catalogue, prompt.name, take)
            print(f"{prompt.name:24} take {take} {heard}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
