"""Chromium for the tests of the console, and the libraries of its lock file."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.interop.browser_phone import CHROMIUM, needs_chromium

CONSOLE = Path(__file__).parents[2] / "console"


def run(place: Path, *command: str) -> None:
    """Run a command of node's world; what it said is told when it fails."""
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source with the libraries of its lock file."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed (Debian: nodejs, npm)")
    place = tmp_path_factory.mktemp("console") / "console"
    shutil.copytree(CONSOLE, place, ignore=shutil.ignore_patterns("node_modules"))
    run(place, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    return place


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    needs_chromium()
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--font-render-hinting=none"]
        )
        yield found
        await found.close()
