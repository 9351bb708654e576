"""docs/configuration.md says what the program does."""

from pathlib import Path

import pytest

from softacd.acd.model import TierSettings
from softacd.calls.flow_steps import STEPS, Case
from softacd.calls.model import FeatureCodes
from softacd.ops.draft import NAMED_SECTIONS, SECTIONS
from softacd.ops.reference import build, descriptions

PAGE = Path(__file__).parent.parent.parent / "docs" / "configuration.md"
ALL = [*SECTIONS.values(), *NAMED_SECTIONS.values(), TierSettings, FeatureCodes, Case, *STEPS]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == build(), "run: python -m softacd.ops.reference > docs/configuration.md"


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_every_key_is_described(cls: type) -> None:
    said = descriptions(cls)
    assert {name for name in cls.__struct_fields__ if not said.get(name)} == set()  # type: ignore[attr-defined] # a Struct


def test_the_page_tells_type_range_and_default() -> None:
    page = build()
    for row in (
        (
            "| `port` | a whole number from 0 to 65535 | `0` | Its port; 0: as the domain's SRV records say, "
            "else 5060 (5061 with tls). |"
        ),
        "| `host` | text | **required** | Name or address of the carrier's SIP server. |",
        '| `strategy` | `"ring-all"`, `"ring-k"`, `"longest-idle"`, `"round-robin"`, ',
        "| `agents` | list of names or tables |",
        '| `break` | text | `"*41"` | Take a break. |',
    ):
        assert row in page, row
