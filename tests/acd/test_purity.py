"""The package is what it claims: pure, synchronous, without a lock, ignorant of every other room."""

import ast
import gc
from pathlib import Path

import pytest

import softacd.acd
from softacd.acd.vocabulary import CallerJoined, CallerLeft, OfferAnswered, TalkEnded
from tests.acd.playbook import Playbook, queue

FILES = sorted(Path(softacd.acd.__file__).parent.glob("*.py"))
ALLOWED = {"bisect", "collections", "enum", "heapq", "itertools", "math", "msgspec", "numpy", "typing"}

WAITS_OR_REACHES_OUT = {
    "Lock", "RLock", "Condition", "Semaphore", "Thread", "sleep", "monotonic", "open", "print", "input", "socket",
}  # fmt: skip


def imports(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_imports_nothing_that_waits_and_nothing_of_the_other_rooms(path: Path) -> None:
    for module in imports(ast.parse(path.read_text(encoding="utf-8"))):
        assert module.startswith("softacd.acd") or module.partition(".")[0] in ALLOWED, module


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_neither_awaits_nor_locks(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith | ast.Global)
        if isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            assert name not in WAITS_OR_REACHES_OUT


def test_a_day_of_calls_leaves_no_cycle_for_the_collector() -> None:
    play = Playbook([queue("sales", "ann", "bob", max_wait_seconds=30.0)], "ann", "bob")
    gc.collect()
    gc.disable()
    try:
        for number in range(200):
            play.at(number * 100.0)
            for caller in (f"a{number}", f"b{number}", f"c{number}"):
                play >> CallerJoined(caller, "sales")
            play >> OfferAnswered("bob", f"a{number}") >> CallerLeft(f"b{number}") >> TalkEnded("bob", f"a{number}")
        play.at(1e6)
        assert gc.collect() == 0
    finally:
        gc.enable()
