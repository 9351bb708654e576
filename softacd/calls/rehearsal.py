"""Copies of what the core knows, to try things on: made in a fraction of the time that `copy.deepcopy` takes.

The copy goes through pickle, which walks objects in C. What cannot change (settings, choices, functions) is not copied
but shared.
"""

import io
import pickle
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, TypeVar

import msgspec

from softacd.acd.distributor import Distributor, even_draws
from softacd.acd.wait_time import WaitTimeEstimator

T = TypeVar("T")

SHARED = (msgspec.Struct, tuple, Enum, FunctionType, MethodType, BuiltinFunctionType)
"""What never changes: frozen Structs, named tuples (plain ones are walked), choices, functions. The copy has the same
ones."""

_shared: list[Any] = []
"""The shared objects of the copy that is being made; one is made at a time, in one thread."""


def _take(index: int) -> Any:
    return _shared[index]


class _Copier(pickle.Pickler):
    def reducer_override(self, found: Any) -> Any:
        if isinstance(found, SHARED) and found is not _take:
            _shared.append(found)
            return _take, (len(_shared) - 1,)
        return NotImplemented


def copied(thing: T) -> T:
    """A deep copy of something made of data, that shares with it what cannot change."""
    octets = io.BytesIO()
    try:
        _Copier(octets, protocol=pickle.HIGHEST_PROTOCOL).dump(thing)
        found: T = pickle.loads(octets.getbuffer())  # noqa: S301 # our own octets of this moment
    finally:
        _shared.clear()
    return found


def rehearsal(distributor: Distributor, estimator: WaitTimeEstimator) -> tuple[Distributor, WaitTimeEstimator]:
    """Copies of both: nothing done with them reaches the originals. The distributor draws lots of its own."""
    other, foresight = copied((distributor, estimator))
    other.draw_anew(even_draws())
    return other, foresight
