"""Texts spoken while calls are up: once each, kept within bounds, by whichever program the owner names."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from softacd.rtp.clips import ClipError
from softacd.runtime.media import clips
from softacd.runtime.media.clips import ClipLibrary
from softacd.runtime.voice import speaking
from softacd.runtime.voice.settings import VoiceSettings
from softacd.runtime.voice.speaking import Speaking
from softacd.runtime.voice.voices import SpeechError
from tests.runtime.voice.test_engines import ROBOT

ENGLISH = VoiceSettings(language="en", engine="command", command=ROBOT)


def kept(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*.wav"))


def made(directory: Path, most: int = 100, *voices: VoiceSettings) -> Speaking:
    found = Speaking(directory, most)
    found.configure(voices or (ENGLISH,))
    return found


async def test_a_text_is_spoken_once_and_found_the_next_time_also_after_a_restart(tmp_path: Path) -> None:
    first = made(tmp_path)
    said = await asyncio.gather(*(first.speak("Dear  Maria\n", "en") for _ in range(4)))
    assert len(set(said)) == 1
    assert (first.spoken, first.found) == (1, 0)
    clip = ClipLibrary([tmp_path]).get(said[0])
    assert 0.5 < clip.seconds < 2
    await first.close()
    second = made(tmp_path)
    assert await second.speak("Dear Maria", "en") == said[0]
    assert (second.spoken, second.found) == (0, 1)
    (file,) = kept(tmp_path)
    assert "Maria" not in file.name
    assert file.stat().st_mode & 0o077 == 0
    await second.close()


async def test_another_voice_says_it_anew(tmp_path: Path) -> None:
    slow = VoiceSettings(language="en", engine="command", command=ROBOT, speed=0.5)
    one, other = made(tmp_path), made(tmp_path, 100, slow)
    assert await one.speak("Hello", "en") != await other.speak("Hello", "en")
    await one.close()
    await other.close()


async def test_whoever_does_not_wait_so_long_finds_it_the_next_time(tmp_path: Path) -> None:
    voice = made(tmp_path)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await voice.speak("Hello", "en")
    async with asyncio.timeout(20):
        while not kept(tmp_path):  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)
    began = time.monotonic()
    await voice.speak("Hello", "en")
    assert voice.found == 1
    assert time.monotonic() - began < 0.1
    await voice.close()


async def test_no_more_is_kept_than_the_bound(tmp_path: Path) -> None:
    voice = made(tmp_path, 3)
    for index in range(6):
        file = tmp_path / f"{await voice.speak(f'Text {index}', 'en')}.wav"
        os.utime(file, (index, index))
        if index == 4:
            await voice.speak("Text 2", "en")  # said again: the one said before goes first
    assert len(kept(tmp_path)) == 3
    await voice.speak("Text 2", "en")
    assert voice.spoken == 6
    await voice.close()


async def test_what_cannot_be_spoken_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = made(tmp_path)
    for text, language, told in (
        ("crash", "en", "the robot has broken down"),
        ("Hello", "ro", "no voice speaks ro"),
        (" ", "en", "nothing to say"),
    ):
        with pytest.raises(SpeechError, match=told):
            await voice.speak(text, language)
    monkeypatch.setattr(speaking, "MOST_WAITING", 0)
    with pytest.raises(SpeechError, match="too many"):
        await voice.speak("Another", "en")
    await voice.close()


async def test_only_texts_said_lately_stay_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "MOST_PASSING", 2)
    voice = made(tmp_path)
    names = [await voice.speak(f"Text {index}", "en") for index in range(3)]
    library = ClipLibrary([tmp_path])
    assert not library.preload()
    assert len(library) == 0
    for name in names:
        library.get(name)
    for file in kept(tmp_path):
        file.unlink()
    assert library.get(names[2]).seconds
    with pytest.raises(ClipError):
        library.get(names[0])
    await voice.close()
