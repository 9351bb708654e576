"""The fuzzers' invariants, held by hypothesis in every run of the suite; and nothing takes more than linear time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softacd.sip import parser
from softacd.sip.core import StackCore
from softacd.sip.limits import Limits
from tests.fuzz.seeds import SEEDS, SLOW, fill
from tests.fuzz.targets import TARGETS

SMALL, LARGE = 8 * 1024, 64 * 1024
QUADRATIC = (LARGE / SMALL) ** 2
TOO_SHORT_TO_MEASURE = 0.004


@st.composite
def damaged(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A seed with some of it cut out, repeated, or overwritten."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(0, len(data)))
        end = draw(st.integers(begin, min(len(data), begin + 40)))
        piece = bytes(data[begin:end])
        data[begin:end] = draw(
            st.sampled_from([b"", piece * 2, b"\r\n", b'"', b"\x00", b"\xff", b"%", b";", b",", b"<"])
        )
    return bytes(data)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    for seed in SEEDS[name]:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_seeds(name: str) -> None:
    @settings(max_examples=150, deadline=None)
    @given(st.one_of(damaged(SEEDS[name]), st.binary(max_size=200)))
    def hold(data: bytes) -> None:
        TARGETS[name](data)

    hold()


def seconds(name: str, data: bytes) -> float:
    """The least CPU time of a few runs."""
    best = 1e9
    for _ in range(4):
        begun = time.process_time()
        TARGETS[name](data)
        best = min(best, time.process_time() - begun)
    return best


@pytest.mark.parametrize("case", SLOW)
def test_eight_times_the_input_takes_nowhere_near_sixty_four_times_as_long(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the limits on heads and lines, which would hide it."""
    name, head, unit, tail = SLOW[case]
    boundless = Limits(message_bytes=1 << 20, head_bytes=1 << 20, header_lines=1 << 20)
    monkeypatch.setattr(parser.parse_message, "__defaults__", (boundless,))
    monkeypatch.setattr("softacd.sip.framing.Limits", lambda: boundless)
    monkeypatch.setitem(StackCore.__init__.__kwdefaults__ or {}, "limits", boundless)
    large = seconds(name, fill(head, unit, tail, LARGE))
    if large > TOO_SHORT_TO_MEASURE:
        assert large < seconds(name, fill(head, unit, tail, SMALL)) * QUADRATIC / 2.5
