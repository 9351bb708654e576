"""Texts spoken while calls are up: by a program in a thread beside them, kept by what was said, as many as fit.

A text takes the time its program takes, once; asked twice at once it is spoken once, and whoever does not wait so long
finds it the next time. Texts may hold what is known of callers: they are never logged, and the files are ours alone.
"""

import asyncio
import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from softacd.runtime.voice import sound
from softacd.runtime.voice.engines import spoken_by_program
from softacd.runtime.voice.settings import VoiceSettings
from softacd.runtime.voice.voices import SpeechError

FOLDER = "speech"
"""Clips are named "speech/..." below the directory of spoken texts."""
MOST_KEPT = 1000
"""Spoken texts on the disk; those not said for the longest time are removed."""
AT_ONCE = 2
MOST_WAITING = 50
"""Texts that wait for their turn; more are refused at once."""
LONGEST_TEXT = 2000
PROGRAM_SECONDS = 30.0


class Speaking:
    """Speaks texts into files below `directory`, a root of sounds."""

    def __init__(self, directory: Path, kept: int = MOST_KEPT) -> None:
        self._directory = directory
        self._kept = kept
        self._voices: dict[str, VoiceSettings] = {}
        self._speaking: dict[str, asyncio.Task[str]] = {}
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="voice")
        self.spoken = 0
        """Texts a program has spoken."""
        self.found = 0
        """Texts that had been spoken before."""

    def configure(self, voices: Iterable[VoiceSettings]) -> None:
        """Take other voices; what they said before is theirs, and not said by another."""
        self._voices = {voice.language: voice for voice in voices}

    async def speak(self, text: str, language: str) -> str:
        """The clip that says a text. Raises SpeechError."""
        voice = self._voices.get(language)
        if voice is None:
            raise SpeechError(f"no voice speaks {language}")
        text = " ".join(text.split())[:LONGEST_TEXT]
        if not text:
            raise SpeechError("there is nothing to say")
        said = "\0".join((voice.language, voice.engine, voice.name, *voice.command, f"{voice.speed:g}", text))
        key = hashlib.sha256(said.encode()).hexdigest()[:32]
        file = self._directory / FOLDER / f"{key}.wav"
        if file.is_file():
            self.found += 1
            os.utime(file)
            return f"{FOLDER}/{key}"
        speaking = self._speaking.get(key)
        if speaking is None:
            if len(self._speaking) >= MOST_WAITING:
                raise SpeechError("too many texts wait to be spoken")
            speaking = self._speaking[key] = asyncio.get_running_loop().create_task(self._speak(voice, text, file))
            speaking.add_done_callback(lambda task: self._done(key, task))
        return await asyncio.shield(speaking)

    def _done(self, key: str, task: "asyncio.Task[str]") -> None:
        self._speaking.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever waited has been told; nobody may have waited so long

    async def _speak(self, voice: VoiceSettings, text: str, file: Path) -> str:
        await asyncio.get_running_loop().run_in_executor(self._threads, self._make, voice, text, file)
        self.spoken += 1
        return f"{FOLDER}/{file.stem}"

    def _make(self, voice: VoiceSettings, text: str, file: Path) -> None:
        try:
            samples = spoken_by_program(voice.voice(), text, closes=True, seconds=PROGRAM_SECONDS)
            clip = sound.finish(samples, closes=True)
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside = file.with_suffix(".new")
            beside.touch(mode=0o600)
            sound.write(beside, clip)
            os.replace(beside, file)  # noqa: PTH105 - the same in words that say "atomic"
            self._forget(file.parent)
        except ValueError as error:
            raise SpeechError(str(error)) from None
        except OSError as error:
            raise SpeechError(f"it cannot be kept: {error.strerror}") from None

    def _forget(self, folder: Path) -> None:
        """Remove what was not said for the longest time."""
        files = list(folder.glob("*.wav"))
        if len(files) > self._kept:
            said = sorted((file.stat().st_mtime, file) for file in files)
            for _, file in said[: len(files) - self._kept]:
                file.unlink(missing_ok=True)

    async def close(self) -> None:
        """Wait for nobody; programs end by themselves within their time."""
        for task in list(self._speaking.values()):
            task.cancel()
        await asyncio.gather(*self._speaking.values(), return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)
