"""The console as committed is what its source gives, is small, and is true of the API's description."""

import filecmp
import gzip
import re
from pathlib import Path

import pytest

from softacd.web import typescript
from tests.console.conftest import run

pytestmark = pytest.mark.xdist_group("console")

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "softacd/web/static/desk"
MOST = 400 * 1024
"""Octets of everything a browser may load, packed."""


def declarations(text: str) -> set[str]:
    """Every field of every type in a module, as "Type.field: its type"."""
    found: set[str] = set()
    name = ""
    for line in text.splitlines():
        if begins := re.match(r"export (?:interface|type) (\w+)(?: = (.*);)?", line):
            name = begins[1]
            found.add(f"{name} = {begins[2]}")
        elif field := re.match(r"  (\S+: .*);$", line):
            found.add(f"{name}.{field[1]}")
    return found


def test_the_types_the_console_relies_on_are_what_the_description_gives() -> None:
    """A field that is new may be missing here; one that is gone, or has become something else, may not be there."""
    made = typescript.types(typescript.description()["components"]["schemas"], typescript.wanted())
    relied_on = declarations(typescript.TARGET.read_text(encoding="utf-8"))
    assert len(relied_on) > 100
    assert relied_on <= declarations(made), "run: make console"


@pytest.mark.slow
def test_the_committed_console_is_what_its_source_gives(workshop: Path, tmp_path: Path) -> None:
    run(workshop, "node", "build.mjs", str(tmp_path / "desk"))
    made = sorted(path.relative_to(tmp_path / "desk") for path in (tmp_path / "desk").rglob("*") if path.is_file())
    assert made == sorted(path.relative_to(BUILT) for path in BUILT.rglob("*") if path.is_file()), "run: make console"
    different = [name for name in made if not filecmp.cmp(tmp_path / "desk" / name, BUILT / name, shallow=False)]
    assert not different, "run: make console"


@pytest.mark.slow
def test_the_source_has_the_types_it_says(workshop: Path) -> None:
    run(workshop, "npx", "--no-install", "tsc", "--noEmit")


def test_it_is_small_and_asks_nobody_else() -> None:
    packed = 0
    for path in (BUILT / "assets").iterdir():
        content = path.read_bytes()
        packed += len(content if path.suffix == ".woff2" else gzip.compress(content, 9))
        if path.suffix in (".js", ".css"):
            loads = re.findall(r"""(?:from|import|url|src=)\s*\(?["']?(https?:)?//""", content.decode())
            assert not loads, path.name
    assert packed < MOST, packed
    page = (BUILT / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|\bstyle=", page), "nothing stands in the page itself"
    assert set(re.findall(r'(?:src|href)="([^"]*)"', page)) <= {
        "/" + path.relative_to(BUILT).as_posix() for path in BUILT.rglob("*")
    }


def test_every_library_in_it_has_its_licence() -> None:
    text = (BUILT / "LICENSES.md").read_text(encoding="utf-8")
    for library in ("@fontsource-variable/onest", "jssip", "lucide-preact", "preact"):
        assert f"# {library} " in text
    assert "SIL OPEN FONT LICENSE" in text
    assert "MIT" in text
