"""Has a decision of the distributor become slower than it was? Compares with the committed baseline.

What is compared is not time but a ratio: the median of a decision to the median of some rounds of the calibration loop
that are taken before every single decision and so feel the same disturbances. A decision that costs more than
`TOLERANCE` times the baseline's ratio fails. A run that fails is measured on, up to `RUNS` times, and the least ratio
counts: what disturbs a machine passes, a decision that really became slower stays slow.

`python -m benchmarks.distributor_gate` compares; with `--set` it writes the baseline anew, which a change that makes
decisions faster, or buys something with slower ones, does in the same commit.
"""

import argparse
import gc
import json
import sys
from pathlib import Path
from statistics import median

from benchmarks.distributor import ready_agents, rush_hour

BASELINE = Path(__file__).with_name("distributor_baseline.json")
TOLERANCE = 1.5
RUNS = 6
SIZES = ((100, 1), (1_000, 1), (100, 6))
ROUNDS = 400


def measure() -> dict[str, float]:
    """One run: decision -> its median in yardsticks."""
    ratios = {}
    for scene, title in ((ready_agents, "ready"), (rush_hour, "busy")):
        for agents, queues in SIZES:
            floor = scene(agents, ROUNDS, queues, paced=True)
            pace = median(floor.pace or ())
            for what, taken in floor.times.items():
                ratios[f"{agents} {title} x{queues}: {what}"] = median(taken) / pace
            gc.collect()
    return ratios


def slower(ratios: dict[str, float], baseline: dict[str, float]) -> list[str]:
    """A line for every decision that costs more than it may, and for every one that nobody measured."""
    lines = []
    for name, before in baseline.items():
        ratio = ratios.get(name)
        if ratio is None:
            lines.append(f"{name}: is in the baseline, but was not measured")
        elif ratio > before * TOLERANCE:
            lines.append(f"{name}: {ratio:.2f} yardsticks, {ratio / before:.2f} times the baseline {before:.2f}")
    lines.extend(f"{name}: is measured, but not in the baseline" for name in ratios if name not in baseline)
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 when nothing became slower."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", action="store_true", help="write the baseline anew")
    chosen = parser.parse_args(arguments)
    ratios: dict[str, float] = {}
    gc.disable()  # as the running program does: it collects between turns
    if chosen.set:
        runs = [measure() for _ in range(2 * RUNS)]
        rounded = {name: round(median(run[name] for run in runs), 3) for name in runs[0]}
        BASELINE.write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")
        print(f"{BASELINE.name}: {len(rounded)} decisions")
        return 0
    baseline = json.loads(BASELINE.read_text(encoding="utf-8"))
    for _ in range(RUNS):
        for name, ratio in measure().items():
            ratios[name] = min(ratios.get(name, ratio), ratio)
        found = slower(ratios, baseline)
        if not found:
            worst = max(ratio / baseline[name] for name, ratio in ratios.items())
            print(f"{len(baseline)} decisions cost at most {worst:.2f} times the baseline (allowed: {TOLERANCE})")
            return 0
    print("\n".join(found))
    return 1


if __name__ == "__main__":
    sys.exit(main())
