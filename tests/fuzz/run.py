"""Fuzz one target with coverage: `python -m tests.fuzz.run TARGET [options of libFuzzer]`; `make fuzz` runs them all.

The invariant of each target stands in tests/fuzz/targets.py; an input that breaks it is written to a file crash-*.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["softacd.sip", "softacd.sdp", "softacd.rtp", "softacd.runtime.media"]):
    from tests.fuzz.targets import TARGETS

from tests.fuzz.seeds import SEEDS


def main(arguments: list[str]) -> int:
    """Fuzz until told to stop (-max_total_time=SECONDS, -runs=NUMBER)."""
    if not arguments or arguments[0] not in TARGETS:
        print(f"usage: python -m tests.fuzz.run {{{','.join(TARGETS)}}} [-max_total_time=SECONDS] ...", file=sys.stderr)
        return 2
    name, *options = arguments
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(SEEDS[name]):
            (Path(corpus) / str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], *options, "-max_len=4096", corpus], TARGETS[name])
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
