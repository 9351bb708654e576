"""What a simulated party says, one packet at a time."""

import numpy as np

from softacd.simulate import sound
from softacd.simulate.sound import FRAME, Samples


class Mouth:
    """Says a script again and again until told another; silent when the script is empty."""

    __slots__ = ("_at", "_script")

    def __init__(self, script: Samples | None = None) -> None:
        self._script = sound.silence(0)
        self._at = 0
        if script is not None:
            self.say(script)

    def say(self, script: Samples) -> None:
        """Say this from now on, from its beginning, repeated; an empty script is silence."""
        short = -len(script) % FRAME
        self._script = np.concatenate((script, sound.silence(short / sound.RATE))) if short else script
        self._at = 0

    def frame(self) -> Samples:
        """Give the next 20 ms, `FRAME` samples."""
        if not len(self._script):
            return _SILENCE
        frame = self._script[self._at : self._at + FRAME]
        self._at = (self._at + FRAME) % len(self._script)
        return frame


_SILENCE = sound.silence(FRAME / sound.RATE)


def speech(signature: int, *words: Samples, pause: float = 0.3) -> Samples:
    """Compose what a person says: the own bell, then the words with pauses. Raises ValueError for a bad signature."""
    parts = [sound.bell(signature), sound.silence(pause)]
    for word in words:
        parts += [word, sound.silence(pause)]
    return np.concatenate(parts)
