"""Texts turned into samples, by the program or the library of a voice."""

import importlib
import subprocess
import tempfile
import wave
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from softacd.runtime.voice.sound import PAUSE, RATE, Samples
from softacd.runtime.voice.voices import SpeechError, Voice, command_line, has_module, model_file, piper_package


def spoken_by_program(voice: Voice, text: str, *, closes: bool, seconds: float = 60.0) -> Samples:
    """Speak with a program: samples at 8 kHz, untrimmed. Raises SpeechError."""
    with tempfile.TemporaryDirectory(prefix="softacd-voice-") as directory:
        file = Path(directory) / "spoken.wav"
        command = command_line(voice, file, speed=voice.speed if closes else voice.part_speed)
        try:
            done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=seconds, check=False)  # noqa: S603 - no shell, the owner's own program
        except subprocess.TimeoutExpired:
            raise SpeechError(f"{command[0]} did not end within {seconds:g} s") from None
        except OSError as error:
            raise SpeechError(f"{command[0]}: {error.strerror}") from error
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise SpeechError(f"{command[0]} ended with status {done.returncode}{f': {last[0][:200]}' if last else ''}")
        return telephone(file)


def telephone(file: Path) -> Samples:
    """The sound of a WAV file at 8 kHz. Raises SpeechError."""
    try:
        with wave.open(str(file)) as sound:
            width, rate, channels = sound.getsampwidth(), sound.getframerate(), sound.getnchannels()
            data = sound.readframes(sound.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise SpeechError(f"no sound was written ({error})") from error
    if width != 2 or not data:
        raise SpeechError("the sound written is not 16-bit WAV" if data else "nothing was spoken")
    samples = np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], "<i2").astype(np.float64) / 32768
    if channels > 1:
        samples = samples.reshape(-1, channels).mean(axis=1)
    return resampled(samples, rate)


def resampled(samples: Samples, rate: int) -> Samples:
    """The same at 8 kHz."""
    soxr: Any = importlib.import_module("soxr")
    return np.asarray(soxr.resample(samples, rate, RATE, quality="VHQ"), dtype=np.float64)


class Speaker(Protocol):
    """Speaks prompts of a pack."""

    def speak(self, text: str, *, closes: bool, take: int) -> Samples:
        """Samples at 8 kHz, untrimmed; `take` chooses among renderings where the engine has several."""


class ProgramSpeaker:
    """A program: a text always sounds the same."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def speak(self, text: str, *, closes: bool, take: int) -> Samples:
        """See `Speaker`. Raises SpeechError."""
        del take
        return spoken_by_program(self._voice, text, closes=closes)


class PiperSpeaker:
    """piper as a library: the same text, take and versions give the same samples on the same kind of machine."""

    def __init__(self, voice: Voice) -> None:
        self._onnxruntime: Any = importlib.import_module("onnxruntime")
        self._piper: Any = importlib.import_module("piper")
        package = piper_package(voice.name)
        if package:
            model: Any = importlib.import_module(package)
            self._model, self._config = str(model.model_path()), str(model.config_path())
        else:
            self._model = model_file(voice.name)
            self._config = f"{self._model}.json"
        self._voice = voice

    def speak(self, text: str, *, closes: bool, take: int) -> Samples:
        """See `Speaker`. `take` seeds the voice's noise, which is drawn when the model is loaded."""
        voice = self._voice
        settings = self._piper.SynthesisConfig(
            length_scale=1 / (voice.speed if closes else voice.part_speed),
            normalize_audio=False,
            **voice.settings,
        )
        self._onnxruntime.set_seed(take)
        loaded = self._piper.PiperVoice.load(self._model, self._config)
        pause = np.zeros(int(PAUSE * loaded.config.sample_rate), dtype=np.float32)
        parts: list[Any] = []
        for chunk in loaded.synthesize(text, settings):
            parts += [pause, chunk.audio_float_array] if parts else [chunk.audio_float_array]
        if not parts:
            raise SpeechError("nothing was spoken")
        return resampled(np.concatenate(parts).astype(np.float64), loaded.config.sample_rate)


def speaker(voice: Voice) -> Speaker:
    """Whoever speaks for a voice. Raises SpeechError when it is not installed."""
    if voice.engine == "piper" and has_module("piper") and (piper_package(voice.name) or model_file(voice.name)):
        return PiperSpeaker(voice)
    if why := voice.installed():
        raise SpeechError(why)
    return ProgramSpeaker(voice)
