"""Sentences put together of a pack's clips, as a flow writes what is said, and heard by somebody at this machine."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from softacd.calls import words
from softacd.calls.flow_text import Kind, UnspeakableError, clips, speech
from softacd.rtp.clips import ClipError
from softacd.runtime.media.sound_files import read
from softacd.runtime.media.sound_names import find
from softacd.runtime.voice import sound
from softacd.runtime.voice.sound import Samples

PLAYERS = (
    ("aplay", "-q"),
    ("paplay",),
    ("pw-play",),
    ("play", "-q"),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
)
"""What plays a WAV file, if it is installed."""


class SentenceError(Exception):
    """It cannot be said; the text tells why."""


def named(said: str, language: str) -> tuple[str, ...]:
    """The clips of one thing that is said: as in a flow, and `position:21`, `wait:2-4`, `messages:3`.

    Raises SentenceError.
    """
    kind, _, rest = said.partition(":")
    try:
        if kind == "position":
            return words.position(int(rest), language)
        if kind == "wait":
            low, _, high = rest.partition("-")
            return words.wait(int(low), int(high or low), language=language)
        if kind == "messages":
            return words.new_messages(int(rest), language)
        part = speech(said)
        if part.kind is Kind.TEXT:
            raise SentenceError("a text is spoken by a voice, not put together of prompts")
        return clips(part, lambda name: "{" + name + "}", language)
    except (UnspeakableError, ValueError, LookupError) as error:
        raise SentenceError(f"{said!r}: {error}") from None


def composed(names: Sequence[str], roots: Sequence[Path]) -> Samples:
    """The sounds one after another at 8 kHz, the first root that has one wins. Raises SentenceError."""
    parts = []
    for name in names:
        file = next((found for root in roots if (found := find(root, name)) is not None), None)
        if file is None:
            raise SentenceError(f"there is no sound {name}")
        try:
            samples, _ = read(file)
        except ClipError as error:
            raise SentenceError(str(error)) from None
        parts.append(samples.astype(np.float64) / 32768)
    return np.concatenate(parts)


def play(samples: Samples) -> str:
    """Play it at this machine; the player that did. Raises SentenceError."""
    for program, *arguments in PLAYERS:
        if shutil.which(program) is None:
            continue
        with tempfile.TemporaryDirectory(prefix="softacd-say-") as directory:
            file = Path(directory) / "said.wav"
            sound.write(file, samples)
            done = subprocess.run([program, *arguments, str(file)], capture_output=True, check=False)  # noqa: S603 - a fixed list
        if done.returncode:
            why = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it does not say why"]
            raise SentenceError(f"{program} could not play it: {why[0]}; write a file with --output")
        return program
    raise SentenceError(
        f"nothing here plays sound ({', '.join(one[0] for one in PLAYERS)}); write a file with --output"
    )
