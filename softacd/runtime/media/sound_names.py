"""Names of sound files: which kinds there are, and where a clip is found. Nothing is opened."""

from pathlib import Path
from typing import Final

RAW_PCM: Final = {
    ".sln": 8000,
    ".sln12": 12_000,
    ".sln16": 16_000,
    ".sln24": 24_000,
    ".sln32": 32_000,
    ".sln48": 48_000,
}
"""Headerless 16-bit little-endian PCM, as Asterisk names it by rate."""
RAW_G711: Final = {".ulaw": "PCMU", ".ul": "PCMU", ".mu": "PCMU", ".pcm": "PCMU", ".alaw": "PCMA", ".al": "PCMA"}
"""Headerless G.711 at 8 kHz; ".pcm" is mu-law there."""
CODED: Final = {".gsm": "gsm", ".g722": "g722"}
"""Headerless frames, by the name of the demuxer."""
CONTAINERS: Final = (".wav", ".flac", ".opus", ".ogg", ".oga", ".mp3", ".m4a", ".wav49")
SUFFIXES: Final = (*CONTAINERS, *RAW_PCM, *CODED, *RAW_G711)
"""In the order a name is looked for."""


def find(root: Path, name: str) -> Path | None:
    """The file of clip `name` ("prompts/en/welcome", "ru/digits/1") below `root`, whatever its format."""
    return next((path for suffix in SUFFIXES if (path := root / f"{name}{suffix}").is_file()), None)
