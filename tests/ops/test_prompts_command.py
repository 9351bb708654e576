"""Packs of prompts by the command line: made by a program, checked, put together."""

import shlex
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from softacd.ops.model import shipped_sounds
from softacd.ops.prompts_command import prompts
from softacd.runtime.voice import sound
from tests.runtime.voice.test_engines import ROBOT


def run(*arguments: str) -> Result:
    return CliRunner().invoke(prompts, list(arguments))


ROBOT_COMMAND = shlex.join(ROBOT)


def build(into: Path, *names: str) -> Result:
    return run("build", "-l", "en", "--into", str(into), "--command", ROBOT_COMMAND, "--licence", "CC0-1.0", *names)


def test_the_shipped_packs_have_nothing_to_mend() -> None:
    done = run("check")
    assert done.exit_code == 0, done.output
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["en", "ro", "ru", "uk"]


def test_a_pack_is_spoken_by_a_program_and_says_where_it_comes_from(tmp_path: Path) -> None:
    done = build(tmp_path, "welcome", "digits/5", "in-line")
    assert done.exit_code == 0, done.output
    folder = tmp_path / "prompts" / "en"
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.wav")) == [
        "digits/5.wav", "in-line.wav", "welcome.wav",
    ]  # fmt: skip
    catalogue = (folder / "catalogue.toml").read_text(encoding="utf-8")
    assert f'engine = "{sys.executable}"' in catalogue
    assert 'licence = "CC0-1.0"' in catalogue
    checked = run("check", "--sounds", str(tmp_path))
    assert checked.exit_code == 1
    told = checked.stderr.splitlines()
    assert "en/digits/6: has no sound file" in told
    assert not [line for line in told if line.startswith(("en/welcome:", "en/digits/5:", "en/in-line:"))]


def spoil(file: Path, change: str) -> None:
    samples = sound.read(file)
    if change == "clipped":
        samples = np.clip(samples * 20, -1, 1)
    elif change == "quiet":
        samples = samples / 4
    elif change == "late":
        samples = np.pad(samples, (8000, 0))
    elif change == "silent":
        samples = samples * 0
    sound.write(file, samples)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("clipped", "it may be clipped"),
        ("quiet", "is too quiet: -32"),
        ("late", "begins with 1.0"),
        ("silent", "is silent"),
    ],
)
def test_what_is_wrong_with_a_sound_is_told(tmp_path: Path, change: str, told: str) -> None:
    build(tmp_path, "welcome")
    spoil(tmp_path / "prompts/en/welcome.wav", change)
    lines = run("check", "--sounds", str(tmp_path), "-l", "en").stderr.splitlines()
    assert any(line.startswith("en/welcome:") and told in line for line in lines), lines[:5]


def test_a_wrong_rate_a_stranger_and_a_missing_word_are_told(tmp_path: Path) -> None:
    build(tmp_path, "welcome", "digits/5")
    folder = tmp_path / "prompts" / "en"
    with wave.open(str(folder / "welcome.wav"), "wb") as file:
        file.setparams((1, 2, 44_100, 0, "NONE", ""))
        file.writeframes(b"\0\1" * 900)
    sound.write(folder / "hello.wav", np.zeros(160))
    catalogue = folder / "catalogue.toml"
    text = catalogue.read_text(encoding="utf-8").replace('"digits/5" =', '"digits/five" =').replace("CC0-1.0", "")
    catalogue.write_text(text, encoding="utf-8")
    lines = run("check", "--sounds", str(tmp_path)).stderr.splitlines()
    assert "en: voice.licence is not told in catalogue.toml" in lines
    assert "en/digits/5: is not in the catalogue: numbers, times or money cannot be said without it" in lines
    assert "en/hello: is a sound the catalogue does not know" in lines
    assert "en/welcome: is not 8 kHz, mono, 16-bit WAV" in lines


@pytest.mark.parametrize("language", ["en", "ro", "ru", "uk"])
def test_a_sentence_is_put_together_of_the_shipped_words(tmp_path: Path, language: str) -> None:
    file = tmp_path / "said.wav"
    done = run("say", "-l", language, "position:21", "wait:2-4", "money:1234.50 UAH", "-o", str(file))
    assert done.exit_code == 0, done.output
    assert len(sound.read(file)) > 5 * sound.RATE


def test_a_pack_of_ones_own_comes_before_the_shipped_one(tmp_path: Path) -> None:
    build(tmp_path, "welcome")
    file = tmp_path / "said.wav"
    assert run("say", "-l", "en", "welcome", "--sounds", str(tmp_path), "-o", str(file)).exit_code == 0
    assert np.array_equal(sound.read(file), sound.read(tmp_path / "prompts/en/welcome.wav"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("say", "-l", "en", "wellcome", "-o", "x.wav"), "there is no sound prompts/en/wellcome"),
        (("say", "-l", "de", "position:3", "-o", "x.wav"), "no announcements in language 'de'"),
        (("say", "-l", "en", "money:5 XYZ", "-o", "x.wav"), "no words for the currency"),
        (("build", "-l", "xx", "--into", "nowhere"), "catalogue.toml: No such file"),
        (("build", "-l", "en", "--into", "nowhere", "wellcome"), "there is no prompt 'wellcome'"),
        (("build", "-l", "en", "--into", "nowhere", "--command", "say"), "must say where the sound is written: {file}"),
        (("check", "--sounds", str(shipped_sounds()[0] / "music")), "there is no catalogue.toml below"),
    ],
)
def test_what_cannot_be_done_is_told(arguments: tuple[str, ...], told: str) -> None:
    done = run(*arguments)
    assert done.exit_code != 0
    assert told in done.output


def test_a_voice_that_breaks_down_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "prompts" / "en"
    folder.mkdir(parents=True)
    (folder / "catalogue.toml").write_text(
        '[prompts]\nwelcome = { text = "Hello.", spoken = "crash" }\n', encoding="utf-8"
    )
    done = run("build", "-l", "en", "--into", str(tmp_path), "--command", ROBOT_COMMAND)
    assert done.exit_code == 1
    assert "the robot has broken down" in done.output
