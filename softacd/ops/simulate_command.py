"""`softacd simulate`: what would another agent on Mondays from 10 to 12 be good for?"""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from statistics import fmean, pstdev

import click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from softacd.acd.model import AgentSettings, QueueSettings, TierSettings
from softacd.calls.records import CallRecord
from softacd.ops.call_trace import TraceError, read_calls
from softacd.ops.calls_command import ask_store
from softacd.ops.configuration_option import find_configuration, read_or_exit
from softacd.ops.staffing import HOUR, HOURS_A_WEEK, Arrival, Centre, Demand, Hour, Outcome, Shift
from softacd.ops.staffing_plot import DAYS, plot

_SPAN = re.compile(r"([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))?\s+(\d{1,2})-(\d{1,2})(?:\s*:\s*(\d+(?:\.\d+)?))?")
WEEK = HOURS_A_WEEK * HOUR
LEAST_CALLS = 50
"""Past calls of a queue without which nothing can be learned of its demand."""
MOST_CALLS = 10_000
BAR = 10


class Span(click.ParamType[tuple[tuple[int, ...], float]]):
    """ "Mon-Fri 9-18: 20": hours of the week, and a number (1 when none is given)."""

    name = "SPAN"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[tuple[int, ...], float]:
        """Hours of the week and the number."""
        if isinstance(value, tuple):
            return value
        found = _SPAN.fullmatch(str(value).strip())
        if found is None or found[1] not in DAYS or (found[2] or "Mon") not in DAYS:
            self.fail(f'{value!r} is no span of hours; write "Mon 10-12" or "Mon-Fri 9-18: 20"', param, ctx)
        first = DAYS.index(found[1])
        last = DAYS.index(found[2]) if found[2] else first
        begins, ends = int(found[3]), int(found[4])
        if not (first <= last and 0 <= begins < ends <= 24):
            self.fail(f"{value!r} ends before it begins", param, ctx)
        hours = tuple(day * 24 + hour for day in range(first, last + 1) for hour in range(begins, ends))
        return hours, float(found[5] or 1)


@click.command()
@click.option("--config", type=click.Path(path_type=Path), help="Configuration with the queue.")
@click.option("--queue", "name", required=True, metavar="NAME", help="The queue to look at.")
@click.option("--load", type=Span(), multiple=True, help='Callers an hour: "Mon-Fri 9-18: 20"; else as in the past.')
@click.option("--trace", type=click.Path(path_type=Path), help="CSV file of past calls that come again, as they came.")
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Of the trace, only calls of this type.")
@click.option("--talk", type=click.FloatRange(1, 7200), help="Mean conversation in seconds; else as in the past.")
@click.option("--patience", type=click.FloatRange(1, 7200), default=300.0, show_default=True, help="Mean, in seconds.")
@click.option("--staff", type=Span(), multiple=True, help='When the queue\'s agents are there: "Mon-Fri 9-18".')
@click.option("--add", type=Span(), multiple=True, help='Agents beside them: "Mon 10-12", "Mon-Fri 9-11: 2".')
@click.option("--weeks", type=click.IntRange(1, 500), default=20, show_default=True, help="Weeks to simulate.")
@click.option("--plot", "picture", type=click.Path(path_type=Path), help="Draw it, hour by hour, into this SVG file.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed, the same callers.")
def simulate(
    config: Path | None,
    name: str,
    load: tuple[tuple[tuple[int, ...], float], ...],
    trace: Path | None,
    types: tuple[str, ...],
    talk: float | None,
    patience: float,
    staff: tuple[tuple[tuple[int, ...], float], ...],
    add: tuple[tuple[tuple[int, ...], float], ...],
    weeks: int,
    picture: Path | None,
    seed: int,
) -> None:
    """Simulate a queue's weeks with its own settings, as staffed and with more agents: service level, who gives up,
    how busy everybody is. The real distributor and the real estimator run in virtual time.

    Without --load or --trace the demand is that of the queue's past calls in the store.
    """
    configuration = read_or_exit(find_configuration(config), show_warnings=False).configuration
    queue = next((one for one in configuration.queues if one.name == name), None)
    if queue is None:
        known = ", ".join(one.name for one in configuration.queues)
        raise click.ClickException(f"there is no queue {name}; there are {known}")
    arrivals: list[Arrival] | None = None
    if trace is not None:
        try:
            arrivals = read_calls(trace, types)
        except TraceError as error:
            raise click.ClickException(str(error)) from error
        demand = demand_of_trace(arrivals, name, patience)
        weeks = int(arrivals[-1].at // WEEK) + 1
    elif load and talk is not None:
        hourly = [0.0] * HOURS_A_WEEK
        for hours, rate in load:
            for hour in hours:
                hourly[hour] = rate
        demand = Demand(name, tuple(hourly), talk, patience_seconds=patience)
    else:
        calls = ask_store(None, configuration.store.url, lambda history: history.calls(limit=MOST_CALLS))
        demand = demand_of([call for call in calls if call.queue == name], name, patience)
    agents = [agent for agent in configuration.agents if any(tier.agent == agent.name for tier in queue.tiers)]
    there = [hour for hours, _ in staff for hour in hours] or [
        hour for hour, rate in enumerate(demand.hourly) if rate > 0
    ]
    shifts = [Shift(agent.name, begins, ends) for agent in agents for begins, ends in runs(there)]
    extra = [
        (f"extra-{number}-{index}", hours)
        for index, (hours, many) in enumerate(add, 1)
        for number in range(1, int(many) + 1)
    ]
    console = Console(highlight=False)
    before = _run(console, "as staffed", queue, agents, demand, arrivals, shifts, weeks, seed)
    after = None
    if extra:
        more = [*agents, *(AgentSettings(one, one) for one, _ in extra)]
        tiers = (*queue.tiers, *(TierSettings(one) for one, _ in extra))
        wider = QueueSettings(**{field: getattr(queue, field) for field in queue.__struct_fields__} | {"tiers": tiers})
        also = [Shift(one, begins, ends) for one, hours in extra for begins, ends in runs(hours)]
        after = _run(console, "with more agents", wider, more, demand, arrivals, [*shifts, *also], weeks, seed)
    shown = sorted({hour for _, hours in extra for hour in hours}) or there
    console.print(table(before, after, shown, weeks, queue.service_level_seconds))
    if picture is not None:
        title = f"{name}: {weeks} simulated weeks, in time: within {queue.service_level_seconds:g} s"
        try:
            picture.write_text(plot(before, after, shown, title), encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{picture}: {error.strerror}") from error
        console.print(f"Drawn in {picture}.", markup=False)


def demand_of(calls: Sequence[CallRecord], queue: str, patience: float) -> Demand:
    """What came to a queue, hour by hour of the week. Raises ClickException when that is too little to learn from."""
    calls = [call for call in calls if call.queued]
    if len(calls) < LEAST_CALLS:
        raise click.ClickException(
            f"{len(calls)} past calls of {queue} are too few to learn from; give --load and --talk"
        )
    moments = [datetime.fromtimestamp(call.queued / 1000).astimezone() for call in calls]
    weeks = max((max(moments) - min(moments)).total_seconds() / (7 * 86_400), 1 / 7)
    counts: dict[int, int] = defaultdict(int)
    for at in moments:
        counts[at.weekday() * 24 + at.hour] += 1
    talks = [call.talk_ms / 1000 for call in calls if call.talk_ms]
    if not talks:
        raise click.ClickException(f"none of the past calls of {queue} was answered; give --load and --talk")
    mean = sum(talks) / len(talks)
    spread = (sum((one - mean) ** 2 for one in talks) / len(talks)) ** 0.5 / mean
    hourly = tuple(counts[hour] / max(weeks, 1.0) for hour in range(HOURS_A_WEEK))
    return Demand(queue, hourly, mean, max(spread, 0.05), patience)


def demand_of_trace(arrivals: Sequence[Arrival], queue: str, patience: float) -> Demand:
    """The hours in which the callers of a trace came, and how long they talked. Raises ClickException."""
    talks = [one.talk for one in arrivals if one.talk is not None]
    if not talks:
        raise click.ClickException("nobody in the trace was served: it tells no conversation")
    weeks = int(arrivals[-1].at // WEEK) + 1
    hourly = [0.0] * HOURS_A_WEEK
    for one in arrivals:
        hourly[int(one.at // HOUR) % HOURS_A_WEEK] += 1 / weeks
    mean, spread = fmean(talks), pstdev(talks)
    return Demand(queue, tuple(hourly), mean, max(spread / mean, 0.05), patience)


def runs(hours: Sequence[int]) -> list[tuple[int, int]]:
    """Hours as stretches (first, after the last)."""
    found: list[tuple[int, int]] = []
    for hour in sorted(set(hours)):
        if found and found[-1][1] == hour:
            found[-1] = (found[-1][0], hour + 1)
        else:
            found.append((hour, hour + 1))
    return found


def _run(
    console: Console,
    title: str,
    queue: QueueSettings,
    agents: Sequence[AgentSettings],
    demand: Demand,
    arrivals: Sequence[Arrival] | None,
    shifts: Sequence[Shift],
    weeks: int,
    seed: int,
) -> Outcome:
    centre = Centre([queue], agents, [demand], shifts, trace=arrivals, seed=seed)
    with Progress(TextColumn("{task.description}"), BarColumn(), console=console, transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        return centre.run(weeks, lambda share: bar.update(task, completed=share))


def table(before: Outcome, after: Outcome | None, hours: Sequence[int], weeks: int, threshold: float) -> Table:
    """Hour by hour and together, before and after, with a bar for the service level."""
    drawn = Table(
        box=box.SIMPLE,
        title=f"{weeks} simulated weeks; served in time: within {threshold:g} s",
        title_justify="left",
    )
    for column in ("hour", "", "callers", "served", "in time", "gave up", "wait", "busy"):
        drawn.add_column(column, justify="left" if column in ("hour", "", "in time") else "right", no_wrap=True)
    shown = [(f"{DAYS[hour // 24]} {hour % 24:02}:00", [hour]) for hour in hours]
    for name, some in (*shown, ("these hours", hours), ("whole week", range(HOURS_A_WEEK))):
        if name == "these hours":
            drawn.add_section()
        _row(drawn, name, "now", before.total(some), weeks)
        if after is not None:
            _row(drawn, "", "then", after.total(some), weeks)
    if before.estimate_error is not None:
        drawn.caption = f"Waits were foretold to {before.estimate_error:.0f} s on average (mean absolute error)."
        drawn.caption_justify = "left"
    return drawn


def _row(drawn: Table, hour: str, label: str, one: Hour, weeks: int) -> None:
    level = one.service_level
    colour = "green" if label == "then" else "cyan"
    full = round((level or 0.0) * BAR)
    drawn.add_row(
        hour,
        label,
        f"{one.offered / weeks:.1f}",
        _share(level),
        Text("━" * full, style=colour) + Text("━" * (BAR - full), style="bright_black"),
        _share(one.abandonment),
        f"{one.waited / one.answered:.0f} s" if one.answered else "",
        _share(one.occupancy),
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"
