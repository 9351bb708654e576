"""Make the call-progress tones and signals: pure arithmetic, the same bytes everywhere.

    python media/recipe/build_tones.py

Cadences are the European ones (ETSI TR 101 041, 425 Hz; ITU-T E.180). The level, -20 dBFS RMS while sounding, is
-13.9 dBm0 in G.711, inside E.180's -10 dBm0 +-5. Bursts start and end with 5 ms of a raised cosine, so none clicks;
each file is one period of its cadence and loops exactly.
"""

from pathlib import Path

import numpy as np

from softacd.runtime.voice import sound
from softacd.runtime.voice.sound import RATE, Samples

TONES = Path(__file__).parent.parent / "tones"
LEVEL = -20.0
Burst = tuple[float, float]
"""Frequency in Hz (0 for silence) and seconds."""

CADENCES: dict[str, tuple[Burst, ...]] = {
    "ringback": ((425, 1.0), (0, 4.0)),
    "busy": ((425, 0.5), (0, 0.5)),
    "congestion": ((425, 0.25), (0, 0.25)),
    "call-waiting": ((425, 0.2), (0, 0.6), (425, 0.2), (0, 3.0)),
    # Three rising tones before an announcement (special information tone, ITU-T E.180/Q.35).
    "special-information": ((950, 0.33), (1400, 0.33), (1800, 0.33), (0, 1.01)),
    # Leave a message after this one.
    "beep": ((1000, 0.4), (0, 0.1)),
    # Two soft notes that tell an agent whose phone answers by itself that a caller is there.
    "connected": ((659.26, 0.12), (880, 0.16), (0, 0.1)),
}


def burst(frequency: float, seconds: float) -> Samples:
    """One sounding part with soft ends, or silence."""
    count = round(seconds * RATE)
    if not frequency:
        return np.zeros(count)
    amplitude = 10 ** (LEVEL / 20) * np.sqrt(2)
    wave = amplitude * np.sin(2 * np.pi * frequency * np.arange(count) / RATE)
    ramp = np.sin(np.linspace(0, np.pi / 2, RATE // 200)) ** 2
    wave[: len(ramp)] *= ramp
    wave[-len(ramp) :] *= ramp[::-1]
    return np.asarray(wave, dtype=np.float64)


def tones() -> dict[str, Samples]:
    """Every tone by its file name."""
    result = {
        name: sound.whole_frames(np.concatenate([burst(*part) for part in parts])) for name, parts in CADENCES.items()
    }
    # Continuous: a whole number of periods (425 in a second), so it needs no soft ends to loop.
    result["dial"] = 10 ** (LEVEL / 20) * np.sqrt(2) * np.sin(2 * np.pi * 425 * np.arange(RATE) / RATE)
    return result


def main() -> None:
    for name, samples in tones().items():
        sound.write(TONES / f"{name}.wav", samples)
        print(f"{name:22} {len(samples) / RATE:5.2f} s")


if __name__ == "__main__":
    main()
