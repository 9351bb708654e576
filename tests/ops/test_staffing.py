"""The simulated centre against what queueing theory says of it, and what another agent changes."""

import io
from itertools import pairwise
from math import factorial

import click
import pytest
from rich.console import Console

from softacd.acd.model import AgentSettings, QueueSettings, Strategy, TierSettings
from softacd.ops.simulate_command import Span, runs, table
from softacd.ops.staffing import HOURS_A_WEEK, Centre, Demand, Outcome, Shift


def simulated(agents: int, rate: float, *, patience: float = 1e6, weeks: int = 1, seed: int = 1) -> Outcome:
    names = [f"a{number}" for number in range(agents)]
    queue = QueueSettings(
        "sales",
        strategy=Strategy.LONGEST_IDLE,
        wrap_up_seconds=0.0,
        no_answer_limit=0,
        tiers=tuple(map(TierSettings, names)),
    )
    demand = Demand("sales", (rate,) * HOURS_A_WEEK, 240.0, 1.0, patience)
    shifts = [Shift(name, 0, HOURS_A_WEEK) for name in names]
    return Centre([queue], [AgentSettings(name, name) for name in names], [demand], shifts, seed=seed).run(weeks)


def erlang_c_wait(agents: int, erlangs: float, service: float) -> float:
    """Mean wait of M/M/n without abandonment, seconds."""
    top = erlangs**agents / factorial(agents) * agents / (agents - erlangs)
    chance = top / (sum(erlangs**k / factorial(k) for k in range(agents)) + top)
    return chance * service / (agents - erlangs)


def test_waits_agree_with_erlang() -> None:
    found = simulated(4, 42.0, weeks=4).total(range(HOURS_A_WEEK))
    service = 240.0 + 3.75  # the conversation, and the time in which the phone rings
    expected = erlang_c_wait(4, 42.0 * service / 3600, service) + 3.75
    assert found.waited / found.answered == pytest.approx(expected, rel=0.25)
    assert found.occupancy == pytest.approx(42.0 * 240.0 / 3600 / 4, rel=0.06)
    assert found.offered == pytest.approx(42.0 * HOURS_A_WEEK * 4, rel=0.05)
    assert found.answered + found.abandoned == found.offered


def test_every_further_agent_helps_and_is_less_busy() -> None:
    found = [simulated(agents, 40.0, patience=120.0).total(range(HOURS_A_WEEK)) for agents in (2, 3, 4)]
    for fewer, more in pairwise(found):
        assert (fewer.service_level or 0) < (more.service_level or 0)
        assert (fewer.abandonment or 0) > (more.abandonment or 0)
        assert (fewer.occupancy or 0) > (more.occupancy or 0)


def test_the_same_seed_gives_the_same_weeks() -> None:
    assert simulated(3, 10.0).hours == simulated(3, 10.0).hours
    assert simulated(3, 10.0).hours != simulated(3, 10.0, seed=2).hours


def test_spans_of_hours() -> None:
    span = Span()
    assert span.convert("Mon 10-12", None, None) == ((10, 11), 1.0)
    assert span.convert("Mon-Tue 9-10: 2.5", None, None) == ((9, 33), 2.5)
    for wrong in ("Monday", "Tue-Mon 9-10", "Mon 12-10", "Mon 9-25", "Xyz 9-10"):
        with pytest.raises(click.BadParameter):
            span.convert(wrong, None, None)
    assert runs([9, 10, 11, 33]) == [(9, 12), (33, 34)]


def test_the_table_stands_before_and_after_side_by_side() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(table(simulated(2, 10.0), simulated(3, 10.0), [10, 11], 1, 20.0))
    text = console.export_text()
    assert "Mon 10:00" in text
    assert text.count("then") == 4
