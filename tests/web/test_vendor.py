"""What is shipped of others' for browsers: named, of the version its recipe names, with its licence beside it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "softacd/web/static/vendor"


def test_every_library_has_its_licence_beside_it() -> None:
    libraries = sorted(VENDOR.glob("*.js"))
    assert libraries
    for library in libraries:
        assert "MIT" in library.with_suffix(".LICENSE.md").read_text(encoding="utf-8")


def test_jssip_is_the_version_its_recipe_makes_and_asks_nobody_else() -> None:
    version = re.search(r"^jssip=(\S+)$", (ROOT / "tools/vendor-jssip").read_text(), re.MULTILINE)
    assert version is not None
    code = (VENDOR / "jssip.js").read_text(encoding="utf-8")
    assert code.startswith(f"/* JsSIP {version[1]},")
    assert "import(" not in code
    assert not re.search(r"""\bfrom\s*["']https?:""", code)
