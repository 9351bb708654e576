"""What announcements say, read from the catalogues instead of heard."""

import tomllib
from functools import cache

from tests.media.clips import MEDIA


@cache
def catalogue(language: str) -> dict[str, str]:
    """Name of a prompt -> its text."""
    with (MEDIA / "prompts" / language / "catalogue.toml").open("rb") as file:
        return {name: entry["text"] for name, entry in tomllib.load(file)["prompts"].items()}


def spoken(clips: tuple[str, ...], language: str) -> str:
    """The texts of the clips, one after another."""
    folder = f"prompts/{language}/"
    assert all(name.startswith(folder) for name in clips)
    return " ".join(catalogue(language)[name.removeprefix(folder)] for name in clips)
