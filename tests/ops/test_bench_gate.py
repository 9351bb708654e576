"""The gate of the distributor's speed tells what became slower, what is new and what is gone."""

import json

from benchmarks.distributor_gate import BASELINE, TOLERANCE, slower


def test_a_decision_may_cost_half_as_much_again_and_no_more() -> None:
    baseline = {"answered": 2.0, "joins": 1.0}
    assert slower({"answered": 2.0 * TOLERANCE, "joins": 0.2}, baseline) == []
    lines = slower({"answered": 2.0 * TOLERANCE + 0.01, "joins": 1.0}, baseline)
    assert lines == ["answered: 3.01 yardsticks, 1.50 times the baseline 2.00"]


def test_the_baseline_and_the_benchmark_name_the_same_decisions() -> None:
    assert slower({"answered": 1.0}, {"joins": 1.0}) == [
        "joins: is in the baseline, but was not measured",
        "answered: is measured, but not in the baseline",
    ]
    assert len(json.loads(BASELINE.read_text(encoding="utf-8"))) == 24
