"""The best possible predictor of a simulated centre: it knows how long talks and patience are distributed.

It knows what every estimator may know (who waits, who talks since when) and, beyond that, the true parameters from
which the future is drawn, though not the future itself. It throws the dice `DICE` times from the present moment on and
tells the median of the waits of the callers who were served: no predictor has a smaller mean absolute error, but for
the dice.
"""

from collections.abc import Sequence
from math import log
from statistics import NormalDist
from typing import Final

import numpy as np

from softacd.acd.handling_time import Array

DICE: Final = 300
_SHARES: Final[Array] = np.linspace(0.0005, 0.9995, 2000)
_DEVIATES: Final[Array] = np.array([NormalDist().inv_cdf(share) for share in _SHARES])


class Oracle:
    """Talks of mean `talk` seconds, exponential or log-normal with this `sigma`; exponential patience (0: endless)."""

    def __init__(self, agents: int, talk: float, sigma: float | None, patience: float, seed: int = 1) -> None:
        self._agents = agents
        self._talk, self._sigma, self._patience = talk, sigma, patience
        self._random = np.random.default_rng(seed)

    def expected(self, elapsed: Sequence[float], ahead: int) -> float:
        """Seconds to wait behind `ahead` callers, while agents have talked so long; agents not named are free."""
        free = np.zeros((DICE, self._agents))
        free[:, : len(elapsed)] = self._left(np.array(elapsed), (DICE, len(elapsed)))
        every = np.arange(DICE)
        for _ in range(ahead):
            first = free.argmin(axis=1)
            at = free[every, first]
            busy_until = at + self._left(np.zeros(DICE), (DICE,))
            if self._patience:
                busy_until = np.where(self._random.exponential(self._patience, DICE) < at, at, busy_until)
            free[every, first] = busy_until
        waits = free.min(axis=1)
        served = np.exp(-waits / self._patience) if self._patience else np.ones(DICE)
        order = waits.argsort()
        heard = np.cumsum(served[order])
        return float(waits[order][heard.searchsorted(heard[-1] / 2)])

    def _left(self, elapsed: Array, shape: tuple[int, ...]) -> Array:
        """What is left of talks that have lasted so long."""
        if self._sigma is None:
            return self._random.exponential(self._talk, shape)
        centre = log(self._talk) - self._sigma**2 / 2
        scaled = (np.log(np.maximum(elapsed, 1e-9)) - centre) / self._sigma
        over = np.interp(scaled, _DEVIATES, _SHARES, left=0.0)
        drawn = over + (1.0 - over) * self._random.random(shape)
        return np.maximum(np.exp(centre + self._sigma * np.interp(drawn, _SHARES, _DEVIATES)) - elapsed, 0.0)
