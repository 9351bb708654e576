"""Customer bases that are closed when the test ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crm.house import House


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.db"


@pytest.fixture
def house(path: Path) -> Iterator[House]:
    made = House(path)
    yield made
    made.base.close()
