"""The recipes, importable for a test."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.media.clips import MEDIA


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Import a module of media/recipe by name; nothing of it stays imported."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(MEDIA / "recipe")
    yield importlib.import_module
    for name in set(sys.modules) - before:
        origin = getattr(sys.modules[name], "__file__", None)
        if origin and Path(origin).parent == MEDIA / "recipe":
            del sys.modules[name]
