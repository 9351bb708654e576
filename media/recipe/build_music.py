"""Compose and render the music on hold: a slow electric-piano piece whose end runs into its beginning.

    python media/recipe/build_music.py

The score below is ours. It is rendered on a circle: a note that rings past the last bar rings on in the first, the
reverberation and the resampling are circular convolutions, so the file loops with no seam at all. It keeps to what a
telephone carries (300 to 3400 Hz, G.711): steady tones, no cymbals, no noise, a bass that is heard by its overtones.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from softacd.runtime.voice import sound
from softacd.runtime.voice.sound import RATE, Samples

MUSIC = Path(__file__).parent.parent / "music"
LEVEL = -23.0
"""Below the prompts, so that an announcement comes forward."""
CEILING = -6.0

OVERSAMPLING = 4
FINE = RATE * OVERSAMPLING
BEAT = 0.8
BEATS_PER_BAR = 4
TRANSPOSE = 4
"""Semitones up: written in F, heard in A, where the chords lie inside a telephone's band."""


class Chord(NamedTuple):
    """A bass note and the voices above it, as MIDI note numbers (69 is A at 440 Hz)."""

    bass: int
    voices: tuple[int, int, int, int]


class Note(NamedTuple):
    """One note of the score: start and length in beats from the beginning, MIDI number, strength 0 to 1."""

    start: float
    length: float
    pitch: int
    strength: float


F_MAJOR = Chord(41, (57, 60, 64, 67))
A_MINOR = Chord(45, (55, 60, 64, 67))
B_FLAT = Chord(46, (57, 60, 62, 65))
C_SUSPENDED = Chord(48, (58, 62, 65, 69))
C_NINTH = Chord(48, (58, 62, 64, 67))
D_MINOR = Chord(50, (57, 60, 64, 65))
G_MINOR = Chord(43, (57, 58, 62, 65))

FIRST = (F_MAJOR, A_MINOR, B_FLAT, C_SUSPENDED, D_MINOR, A_MINOR, G_MINOR, C_NINTH)
MIDDLE = (B_FLAT, C_SUSPENDED, A_MINOR, D_MINOR, G_MINOR, A_MINOR, B_FLAT, C_NINTH)
LAST = (F_MAJOR, A_MINOR, B_FLAT, C_SUSPENDED, D_MINOR, G_MINOR, C_SUSPENDED, C_NINTH)
BARS = FIRST + MIDDLE + LAST

# Bar, beat, length in beats, MIDI number.
MELODY = (
    *((0, 0, 1.5, 72), (0, 2, 1, 69), (0, 3, 1, 67), (1, 0, 3, 64)),
    *((2, 0, 1, 65), (2, 1, 1, 69), (2, 2, 2, 72), (3, 0, 1.5, 74), (3, 2, 2, 69)),
    *((4, 0, 1.5, 72), (4, 2, 1, 69), (4, 3, 1, 65), (5, 0, 3, 67)),
    *((6, 0, 1, 70), (6, 1, 1, 69), (6, 2, 2, 65), (7, 0, 3.5, 67)),
    *((10, 0, 1, 76), (10, 1, 1, 72), (10, 2, 2, 67), (11, 0, 3, 69)),
    *((14, 0, 1, 65), (14, 1, 1, 69), (14, 2, 1, 74), (14, 3, 1, 72), (15, 0, 3, 70)),
    *((16, 0, 1.5, 72), (16, 2, 1, 69), (16, 3, 1, 67), (17, 0, 3, 76)),
    *((18, 0, 1, 74), (18, 1, 1, 72), (18, 2, 2, 69), (19, 0, 1.5, 74), (19, 2, 2, 69)),
    *((20, 0, 1.5, 77), (20, 2, 1, 76), (20, 3, 1, 72), (21, 0, 3, 70)),
    *((22, 0, 1, 69), (22, 1, 1, 67), (22, 2, 2, 65), (23, 0, 3.5, 67)),
)


def piano_part() -> Iterator[Note]:
    """Chords: struck on one, answered lightly after two, and in every second bar broken upwards."""
    for bar, chord in enumerate(BARS):
        start = bar * BEATS_PER_BAR
        for voice, pitch in enumerate(chord.voices):
            rolled = voice * 0.02
            yield Note(start + rolled, 2.4, pitch, 0.62)
            if bar % 2:
                yield Note(start + 2 + voice * 0.5, 2 - voice * 0.5, pitch, 0.42 + 0.04 * voice)
            elif voice >= 2:
                yield Note(start + 1.5 + rolled, 0.8, pitch, 0.34)
            if bar % 2 == 0:
                yield Note(start + 2.5 + rolled, 1.5, pitch, 0.48)


def bass_part() -> Iterator[Note]:
    """The root on one, and its fifth leading on from the end of the bar."""
    for bar, chord in enumerate(BARS):
        start = bar * BEATS_PER_BAR
        yield Note(start, 2.3, chord.bass, 0.8)
        yield Note(start + 2.5, 1.0, chord.bass, 0.55)
        yield Note(start + 3.5, 0.5, chord.bass + 7 if chord.bass < 46 else chord.bass - 5, 0.45)


def melody_part() -> Iterator[Note]:
    for bar, beat, length, pitch in MELODY:
        yield Note(bar * BEATS_PER_BAR + beat, length, pitch, 0.7 if beat == 0 else 0.58)


def frequency(pitch: int) -> float:
    """Equal temperament, A4 = 440 Hz."""
    return float(440.0 * 2 ** ((pitch + TRANSPOSE - 69) / 12))


def envelope(seconds: float, decay: float, attack: float, release: float) -> tuple[Samples, Samples]:
    """Time axis and loudness of a struck note held for `seconds`, including its release."""
    time = np.arange(int((seconds + release * 4) * FINE)) / FINE
    shape = np.exp(-time / decay)
    shape[: int(attack * FINE)] *= np.sin(np.linspace(0, np.pi / 2, int(attack * FINE))) ** 2
    after = time > seconds
    shape[after] *= np.exp(-(time[after] - seconds) / release)
    return time, shape


def electric_piano(note: Note) -> Samples:
    """Two frequency-modulated pairs: the warm body of the tone bar and the short bright strike of the tine."""
    f = frequency(note.pitch)
    time, shape = envelope(note.length * BEAT, 2.2 * (300 / f) ** 0.4, 0.006, 0.14)
    turn = 2 * np.pi * f * time
    body = np.sin(turn + 1.9 * note.strength * np.exp(-time / 1.6) * np.sin(turn))
    tine = np.sin(2 * turn + 0.8 * note.strength * np.exp(-time / 0.15) * np.sin(5 * turn))
    return np.asarray(note.strength * shape * (0.75 * body + 0.25 * tine))


def bass(note: Note) -> Samples:
    """A round bass whose second to fourth overtones carry the pitch through a telephone."""
    f = frequency(note.pitch)
    time, shape = envelope(note.length * BEAT, 1.3, 0.012, 0.08)
    turn = 2 * np.pi * f * time
    overtones = np.exp(-time / 0.7)
    tone = np.sin(turn) + overtones * (0.7 * np.sin(2 * turn) + 0.4 * np.sin(3 * turn) + 0.2 * np.sin(4 * turn))
    return np.asarray(0.42 * note.strength * shape * tone)


def vibraphone(note: Note) -> Samples:
    """The melody: a struck bar with its second and fourth harmonics and a slow tremolo."""
    f = frequency(note.pitch)
    time, shape = envelope(note.length * BEAT, 1.6, 0.004, 0.3)
    turn = 2 * np.pi * f * time
    tone = np.sin(turn) + 0.25 * np.exp(-time / 0.8) * np.sin(2 * turn) + 0.2 * np.exp(-time / 0.2) * np.sin(4 * turn)
    return np.asarray(1.05 * note.strength * shape * tone * (1 - 0.18 * (1 - np.cos(2 * np.pi * 4.6 * time)) / 2))


def add(circle: Samples, start: float, rendered: Samples) -> None:
    """Mix a rendered note into the loop at `start` seconds; what passes the end goes on at the beginning."""
    place = (round(start * FINE) + np.arange(len(rendered))) % len(circle)
    circle[place] += rendered


def reverberate(circle: Samples, wet: float = 0.16) -> Samples:
    """A small warm hall, convolved around the circle."""
    time = np.arange(int(2.0 * FINE)) / FINE
    tail = np.random.default_rng(1).standard_normal(len(time)) * np.exp(-time / 0.32) * (1 - np.exp(-time / 0.015))
    response = np.zeros(len(circle))
    response[: len(tail)] = tail / np.sqrt((tail**2).sum())
    frequencies = np.fft.rfftfreq(len(circle), 1 / FINE)
    warm = 1 / (1 + (frequencies / 1800) ** 2)
    spectrum = np.fft.rfft(circle)
    return np.fft.irfft(spectrum * (1 + wet * warm * np.fft.rfft(response)), len(circle))


def to_telephone(circle: Samples) -> Samples:
    """Down to 8 kHz around the circle, fading out above 3.4 kHz and below 240 Hz."""
    spectrum = np.fft.rfft(circle)
    frequencies = np.fft.rfftfreq(len(circle), 1 / FINE)
    spectrum *= np.clip((3800 - frequencies) / 400, 0, 1) * np.clip((frequencies - 80) / 160, 0, 1)
    count = len(circle) // OVERSAMPLING
    return np.fft.irfft(spectrum[: count // 2 + 1], count) / OVERSAMPLING


def limit_around(circle: Samples) -> Samples:
    """The common limiter, fed the neighbourhood of the seam from both sides."""
    guard = RATE
    around = np.concatenate([circle[-guard:], circle, circle[:guard]])
    return sound.level(around, LEVEL, CEILING)[guard:-guard]


def music() -> Samples:
    """The whole loop at 8 kHz."""
    circle = np.zeros(round(len(BARS) * BEATS_PER_BAR * BEAT * FINE))
    for part, instrument in (
        (piano_part(), electric_piano),
        (bass_part(), bass),
        (melody_part(), vibraphone),
    ):
        for note in part:
            add(circle, note.start * BEAT, instrument(note))
    return limit_around(to_telephone(reverberate(circle)))


def main() -> None:
    samples = music()
    sound.write(MUSIC / "default.wav", samples)
    peak = sound.decibels(float(np.abs(samples).max()))
    print(f"{len(samples) / RATE:.1f} s, {sound.active_level(samples):.1f} dBFS, peak {peak:.1f} dBFS")


if __name__ == "__main__":
    main()
