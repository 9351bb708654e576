"""`softacd bench`: measure this machine, each figure beside something known that was measured in the same run."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click
import msgspec
from rich.markup import escape

import softacd
from softacd.ops.output_file import OutputFile, write_output

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from benchmarks.harness import Figure, Progress, Result, Suite

BAR = 10
"""Characters of the bar that shows a value against its goal: half of it is the goal itself."""
MARKS = "abcdefghij"
"""Mark what a ratio is to; the table's foot explains."""
ABSENT = (
    "the benchmarks are part of the source tree, not of the installed package: fetch the sources of softacd, then"
    " `make bench` there"
)


@click.command()
@click.argument("suites", nargs=-1, metavar="[SUITE]...")
@click.option("--list", "only_list", is_flag=True, help="Show which suites there are.")
@click.option("--seconds", type=click.FloatRange(min=0.1), help="How long to measure (soak, relay, playback).")
@click.option("--smoke", is_flag=True, help="Every suite at its smallest: do they work? Says nothing about speed.")
@click.option("--json", "json_file", type=OutputFile(), help="Write the figures.")
@click.option(
    "--trace",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="With wait-time: replay the calls of this CSV file.",
)
@click.option("--learn-days", default=9, show_default=True, help="With --trace: score the callers after so many days.")
def bench(
    suites: tuple[str, ...],
    only_list: bool,
    seconds: float | None,
    smoke: bool,
    json_file: Path | None,
    trace: Path | None,
    learn_days: int,
) -> None:
    """Measure this machine: all suites, or those named. Exit status 1 when one of them failed."""
    from rich.console import Console

    if trace is not None:
        if suites != ("wait-time",):
            raise click.UsageError("--trace goes with the suite wait-time alone")
        replay_trace(Console(highlight=False), trace, learn_days, json_file)
        return
    chosen = choose(suites)
    console = Console(highlight=False)
    if only_list:
        for suite in chosen:
            console.print(f"  [cyan]{suite.name:<12}[/] {suite.title}")
        return
    results, failed = run_suites(chosen, console, smoke=smoke, seconds=seconds)
    if json_file is not None:
        write_json(json_file, results, one=len(chosen) == 1)
    if failed:
        raise click.ClickException(f"failed: {', '.join(failed)}")


def replay_trace(console: "Console", trace: Path, learn_days: int, json_file: Path | None) -> None:
    """Every estimator of waiting times on the same real calls; the JSON file has one object an estimator."""
    table = harness().SUITES["wait-time"]
    from benchmarks import wait_time

    try:
        result, reports = wait_time.measure(trace, learn_days)
    except (KeyError, ValueError) as error:
        raise click.ClickException(f"{trace} is no trace of calls: {error}") from None
    console.print(draw(table, result))
    if json_file is not None:
        write_output(json_file, json.dumps(reports, indent=2).encode() + b"\n")


def harness() -> ModuleType:
    """The harness beside the package. Raises ClickException when the sources are not there."""
    if not (Path(softacd.__file__).resolve().parents[1] / "benchmarks" / "harness.py").is_file():
        raise click.ClickException(ABSENT)
    from benchmarks import harness

    return harness


def choose(names: tuple[str, ...]) -> "list[Suite]":
    """The suites named, all when none is. Raises ClickException for an unknown one, with the nearest name."""
    from softacd.ops.configuration_errors import nearest

    table: dict[str, Suite] = harness().SUITES
    for name in names:
        if name not in table:
            near = nearest(name, table)
            hint = f"; did you mean {near}?" if near else ""
            raise click.ClickException(f"no suite {name!r} (there are {', '.join(table)}){hint}")
    return [suite for suite in table.values() if not names or suite.name in names]


def run_suites(
    suites: "list[Suite]", console: "Console", *, smoke: bool, seconds: float | None = None
) -> "tuple[list[Result], list[str]]":
    """Run one after another and print each as it ends; a result for each, and the names of those that failed."""
    skipped = harness().Skipped
    results: list[Result] = []
    failed: list[str] = []
    for number, suite in enumerate(suites, 1):
        try:
            with _working(console, f"{number} of {len(suites)} {suite.name}") as progress:
                result = suite.run(smoke=smoke, progress=progress, seconds=seconds)
        except skipped as reason:
            console.print(f"[yellow]skipped[/] {suite.name}: {escape(str(reason))}")
            results.append(suite.nothing(skipped=str(reason)))
        except Exception as error:  # noqa: BLE001 - one suite that breaks must not hide what the others found
            why = f"{type(error).__name__}: {error}"
            console.print(f"[red]failed[/] {suite.name}: {escape(why)}")
            results.append(suite.nothing(failed=why))
            failed.append(suite.name)
        else:
            console.print(draw(suite, result))
            results.append(result)
    if smoke and any(result.figures for result in results):
        console.print("[dim]A smoke run proves that the suites work; its figures are too short to mean anything.[/]")
    return results, failed


@contextmanager
def _working(console: "Console", title: str) -> "Iterator[Progress]":
    with console.status(f"{title} ...") as status:
        yield lambda text: status.update(f"{title}: {text} ...")


def draw(suite: "Suite", result: "Result") -> "Table":
    """One suite's figures; those named "scene: figure" stand under their scene."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=f"{suite.title} [dim]({suite.name}, {result.seconds:g} s)[/]",
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=box.SIMPLE,
        padding=(0, 1, 0, 0),
    )
    table.add_column("figure", style="cyan")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("goal", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("ratio", justify="right", no_wrap=True)
    beside = list(dict.fromkeys(figure.ratio_to for figure in result.figures.values() if figure.ratio_to))
    marks = {name: f" {mark}" if len(beside) > 1 else "" for name, mark in zip(beside, MARKS, strict=False)}
    if beside:
        table.caption = "  ratio to " + "; ".join(f"{marks[name].strip()} {name}".strip() for name in beside)
        table.caption_justify = "left"
    group = ""
    for name, figure in result.figures.items():
        scene, separator, rest = name.partition(": ")
        if separator and scene != group:
            group = scene
            table.add_row(f"[bold default]{scene}[/]")
        table.add_row(
            f"  {rest}" if separator else name.removeprefix(f"{suite.name}_").replace("_", " "),
            shown(figure.value),
            figure.unit,
            goal(figure),
            bar(figure),
            "" if figure.ratio is None else f"{figure.ratio:.2f}{marks[figure.ratio_to]}",
        )
    return table


def goal(figure: "Figure") -> str:
    """The goal and on which side of it is good: "< 1", "> 500", "0"."""
    if not figure.goal:
        return "" if figure.goal is None else "0"
    return f"{'<' if figure.better == 'lower' else '>'} {shown(figure.goal)}"


def shown(value: float) -> str:
    """A number with the digits that matter: 0.012, 1.23, 45.6, 20, 3,431."""
    if value == int(value):
        return f"{value:,.0f}"
    if value and abs(value) < 10:
        return f"{value:.3g}"
    return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"


def bar(figure: "Figure") -> str:
    """How far a value is from its goal, half of the bar being the goal; green when it is reached."""
    if figure.goal is None or figure.reached is None:
        return ""
    share = min(1.0, figure.value / figure.goal / 2) if figure.goal else float(figure.value > 0)
    full = round(share * BAR)
    return f"[{'green' if figure.reached else 'red'}]{'━' * full}[/][bright_black]{'━' * (BAR - full)}[/]"


def write_json(file: Path, results: "list[Result]", *, one: bool) -> None:
    """The results of the suites asked for: an object when it was `one`, else a list, whatever came of them.

    Raises ClickException.
    """
    content = [msgspec.to_builtins(result) for result in results]
    write_output(file, json.dumps(content[0] if one else content, indent=2).encode() + b"\n")
