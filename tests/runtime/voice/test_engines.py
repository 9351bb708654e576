"""Programs that speak, and what is told when they do not."""

import sys
from pathlib import Path

import pytest

from softacd.runtime.voice import voices
from softacd.runtime.voice.engines import speaker, spoken_by_program
from softacd.runtime.voice.voices import SpeechError, Voice, command_line

ROBOT = (sys.executable, str(Path(__file__).parent / "robot.py"), "{file}")


def robot() -> Voice:
    return Voice("command", command=ROBOT)


def test_a_command_speaks_and_comes_down_to_the_telephones_rate() -> None:
    samples = spoken_by_program(robot(), "hello", closes=True)
    assert abs(len(samples) / 8000 - 0.5) < 0.02
    assert 0.2 < abs(samples).max() < 0.35


@pytest.mark.parametrize(
    ("text", "told"),
    [("crash", "ended with status 1: the robot has broken down"), ("mute", "no sound was written")],
)
def test_a_command_that_fails_is_told_without_the_text(text: str, told: str) -> None:
    with pytest.raises(SpeechError, match=told) as error:
        spoken_by_program(robot(), text, closes=True)
    assert f"{text!r}" not in str(error.value)


def test_a_command_that_takes_for_ever_is_ended() -> None:
    with pytest.raises(SpeechError, match=r"did not end within 0\.5 s"):
        spoken_by_program(robot(), "sleep", closes=True, seconds=0.5)


def test_a_voice_that_is_not_installed_is_told_by_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices.shutil, "which", lambda _: None)
    assert Voice("espeak-ng", "ro").installed() == "the program espeak-ng is not installed"
    assert Voice("command").installed() == "no command is given"
    with pytest.raises(SpeechError, match="RHVoice-test is not installed"):
        speaker(Voice("rhvoice", "anna"))
    assert voices.installed_voice("ro") is None


def test_each_engine_is_called_its_own_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(voices.shutil, "which", lambda program: f"/usr/bin/{program}")
    model = tmp_path / "voice.onnx"
    model.touch()
    file = Path("/x.wav")
    assert command_line(Voice("espeak-ng", "ro"), file, speed=1.2) == [
        "espeak-ng", "-v", "ro", "-s", "180", "-w", "/x.wav", "--stdin",
    ]  # fmt: skip
    assert command_line(Voice("rhvoice", "anna"), file, speed=0.9) == [
        "RHVoice-test", "-p", "anna", "-r", "90", "-o", "/x.wav",
    ]  # fmt: skip
    assert command_line(Voice("piper", str(model)), file, speed=1.0) == [
        "piper", "-m", str(model), "-f", "/x.wav", "--length-scale", "1.000",
    ]  # fmt: skip
    assert voices.installed_voice("ro") == Voice("espeak-ng", "ro")
