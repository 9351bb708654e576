"""Sound files as owners have them."""

import wave
from pathlib import Path

import numpy as np
import pytest

from softacd.rtp.clips import ClipError
from softacd.rtp.g711 import encode
from softacd.runtime.media.clips import ClipLibrary


def write(path: Path, samples: np.ndarray, *, rate: int = 8000, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(samples.dtype.itemsize)
        sound.setframerate(rate)
        sound.writeframes(samples.tobytes())


SOUND = (np.arange(800) * 37 % 20_000 - 10_000).astype(np.int16)


def test_a_clip_is_encoded_in_both_laws_and_kept(tmp_path: Path) -> None:
    write(tmp_path / "prompts/en/welcome.wav", SOUND)
    library = ClipLibrary([tmp_path])
    clip = library.get("prompts/en/welcome")
    assert clip.encoded == {"PCMU": encode("PCMU", SOUND), "PCMA": encode("PCMA", SOUND)}
    (tmp_path / "prompts/en/welcome.wav").unlink()
    assert library.get("prompts/en/welcome") is clip
    library.forget()
    with pytest.raises(ClipError, match="unknown clip: prompts/en/welcome"):
        library.get("prompts/en/welcome")


def test_the_owners_pack_comes_first(tmp_path: Path) -> None:
    write(tmp_path / "own/a.wav", SOUND[:100])
    write(tmp_path / "shipped/a.wav", SOUND)
    write(tmp_path / "shipped/b.wav", SOUND)
    library = ClipLibrary([tmp_path / "own", tmp_path / "shipped"])
    assert library.preload() == []
    assert (library.get("a").samples, library.get("b").samples, len(library)) == (100, 800, 2)


def test_stereo_is_mixed_down(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", np.stack([SOUND, SOUND], axis=1), channels=2)
    assert ClipLibrary([tmp_path]).get("a").encoded["PCMU"] == encode("PCMU", SOUND)


def test_what_cannot_be_played_is_named_at_preload(tmp_path: Path) -> None:
    write(tmp_path / "good.wav", SOUND)
    write(tmp_path / "eight.wav", SOUND.astype(np.uint8))
    write(tmp_path / "empty.wav", SOUND[:0])
    (tmp_path / "text.wav").write_text("not a sound")
    complaints = sorted(str(error).removeprefix(f"{tmp_path}/") for error in ClipLibrary([tmp_path]).preload())
    assert complaints[0] == "empty: the sound is empty"
    assert complaints[1].startswith("text.wav: not a sound that can be read")
    assert len(complaints) == 2


@pytest.mark.parametrize("name", ["", "../secret", "/etc/passwd", "a/../../b", "a\0b"])
def test_names_do_not_reach_outside_the_roots(tmp_path: Path, name: str) -> None:
    write(tmp_path / "secret.wav", SOUND)
    write(tmp_path / "b.wav", SOUND)
    (tmp_path / "media/a").mkdir(parents=True)
    with pytest.raises(ClipError, match="not the name of a clip"):
        ClipLibrary([tmp_path / "media"]).get(name)


def test_messages_are_read_anew_each_time_and_never_from_elsewhere(tmp_path: Path) -> None:
    write(tmp_path / "left" / "2026-11-27" / "n1-1-1.wav", SOUND)
    write(tmp_path / "secret.wav", SOUND)
    library = ClipLibrary([], tmp_path / "left")
    assert library.preload() == []
    assert library.get("messages/2026-11-27/n1-1-1").samples == len(SOUND)
    assert len(library) == 0, "few are heard twice"
    for name in ("messages/../secret", "messages//etc/passwd", "messages/", "messages/2026-11-27/gone"):
        with pytest.raises(ClipError):
            library.get(name)
    with pytest.raises(ClipError, match="unknown clip"):
        ClipLibrary([tmp_path / "left"]).get("messages/2026-11-27/n1-1-1")
