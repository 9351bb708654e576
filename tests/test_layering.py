"""The architecture, proved from the import statements: who may know whom, and who may touch the world."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "softacd"

CORES = ("sip", "sdp", "rtp", "acd")
STANDARD_IN_CORES = {"numpy", "msgspec"}
WORLD = {"asyncio", "socket", "time", "random", "threading", "select", "selectors", "subprocess", "ssl", "uvloop"}

# package -> packages of ours it may import (itself always)
MAY_IMPORT: dict[str, set[str]] = {
    "sip": set(),
    "sdp": set(),
    "rtp": set(),
    "acd": set(),
    "calls": {"sip", "sdp", "rtp", "acd"},
    "crm": {"calls", "acd"},
    "outbound": {"calls", "acd"},
    "store": {"calls", "acd"},
    "runtime": {"sip", "sdp", "rtp", "acd", "calls", "crm"},
    "web": {"calls", "acd"},
    "simulate": {"sip", "sdp", "rtp"},
    "ops": {"sip", "sdp", "rtp", "acd", "calls", "crm", "outbound", "store", "runtime", "web", "simulate"},
}
PURE = (*CORES, "calls")


def files() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Dotted names of everything a file imports, wherever the statement stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            found.add(module)
            if module == "softacd":
                found.update(f"softacd.{alias.name}" for alias in node.names)
    return found


def package(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[0] if len(parts) > 1 else ""


def test_every_package_has_its_row() -> None:
    packages = {package(path) for path in files()} - {""}
    assert packages <= set(MAY_IMPORT)


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    own = package(path)
    if not own:
        return
    allowed = MAY_IMPORT[own] | {own}
    for name in imports(path):
        if name.startswith("softacd."):
            other = name.split(".")[1]
            assert other in allowed or other == "__version__", f"{own} must not import {name}"


@pytest.mark.parametrize(
    "path", [path for path in files() if package(path) in PURE], ids=lambda path: str(path.relative_to(ROOT))
)
def test_cores_do_not_touch_the_world(path: Path) -> None:
    touched = {name.partition(".")[0] for name in imports(path)} & WORLD
    assert not touched, f"a sans-IO core imports {', '.join(sorted(touched))}"


@pytest.mark.parametrize(
    "path", [path for path in files() if package(path) in CORES], ids=lambda path: str(path.relative_to(ROOT))
)
def test_cores_need_only_the_standard_library_and_numpy_and_msgspec(path: Path) -> None:
    import sys

    outside = {
        top
        for name in imports(path)
        if (top := name.partition(".")[0]) not in sys.stdlib_module_names and top != "softacd"
    }
    assert outside <= STANDARD_IN_CORES


def test_the_test_sees_a_forbidden_import(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f():\n    import socket\n    from softacd.calls import switch\n", encoding="utf-8")
    assert imports(wrong) == {"socket", "softacd.calls"}
