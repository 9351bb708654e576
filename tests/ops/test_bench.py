"""The bench command and its harness: what is listed, run, drawn, written, skipped and refused."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from click.testing import CliRunner

import softacd
from benchmarks import harness
from benchmarks.dispatch import Times, figures_of
from benchmarks.ends import AGENT_VOICE, CALLER_VOICE, PACKET_OCTETS, Voice
from benchmarks.harness import Figures, Skipped, Suite, calibrate, figure
from benchmarks.load import Load, sustained
from benchmarks.sipp import Counted, read_statistics
from softacd.ops import bench_command
from softacd.ops.bench_command import bar, bench, goal, shown


def ran(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(bench, list(arguments))
    return result.exit_code, result.output


@pytest.fixture
def suites(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replace the suites by functions, each the `run` of a module of its own."""

    def replace(**functions: Callable[..., Figures]) -> None:
        table = {}
        for name, function in functions.items():
            module = ModuleType(f"benchmarks.{name}")
            module.run = function  # type: ignore[attr-defined] # a module made by hand
            monkeypatch.setitem(sys.modules, f"benchmarks.{name}", module)
            table[name] = Suite(name, f"The {name} suite", {"rounds": 1})
        monkeypatch.setattr(harness, "SUITES", table)

    return replace


def weighed(rounds: int = 100) -> Figures:
    return {
        "weight": figure(rounds / 3, "kg", goal=50, beside=10.0, ratio_to="a feather"),
        "count": figure(7, "pieces"),
    }


def broken(rounds: int = 100) -> Figures:
    raise ZeroDivisionError(f"after {rounds} rounds")


def impossible(rounds: int = 100) -> Figures:
    raise Skipped("no scales; on Debian: apt install scales")


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_suites_that_exist_are_listed() -> None:
    status, said = ran("--list")
    assert status == 0
    for name in ("sip_parse", "distributor", "signalling", "relay", "playback"):
        assert name in said


@pytest.mark.parametrize("name", harness.SUITES)
def test_every_listed_suite_can_be_called_with_its_smallest_arguments(name: str) -> None:
    import importlib
    import inspect

    suite = harness.SUITES[name]
    run = importlib.import_module(f"benchmarks.{name.replace('-', '_')}").run
    arguments = {**suite.smoke, "progress": print} if suite.reports else dict(suite.smoke)
    inspect.signature(run).bind(**arguments)


def test_an_unknown_suite_is_answered_with_the_nearest_name() -> None:
    status, said = ran("relais")
    assert status == 1
    assert 'did you mean "relay"?' in said


def test_a_figure_is_shown_with_its_goal_and_its_ratio(suites: Callable[..., None]) -> None:
    suites(weighed=weighed)
    status, said = ran("weighed")
    assert status == 0
    line = next(line for line in said.splitlines() if line.strip().startswith("weight"))
    assert line.split()[:5] == ["weight", "33.3", "kg", "<", "50"]
    assert line.split()[-1] == "3.33"
    assert "ratio to a feather" in said


def test_json_of_one_suite_is_an_object_of_several_a_list(suites: Callable[..., None], tmp_path: Path) -> None:
    suites(weighed=weighed, again=weighed)
    one, both = tmp_path / "one.json", tmp_path / "both.json"
    assert ran("weighed", "--json", str(one))[0] == 0
    assert ran("--json", str(both))[0] == 0
    found = json.loads(one.read_text())
    assert found["suite"] == "weighed"
    assert found["machine"]["cores"] >= 1
    assert found["versions"]["python"]
    assert found["figures"]["weight"] == {
        "value": 33.333,
        "unit": "kg",
        "goal": 50,
        "better": "lower",
        "ratio": 3.333,
        "ratio_to": "a feather",
    }
    assert [result["suite"] for result in json.loads(both.read_text())] == ["weighed", "again"]


def test_the_layout_of_json_depends_on_what_was_asked_and_not_on_what_came_of_it(
    suites: Callable[..., None], tmp_path: Path
) -> None:
    suites(weighed=weighed, impossible=impossible, broken=broken)
    file = tmp_path / "figures.json"
    assert ran("impossible", "weighed", "--json", str(file))[0] == 0
    able, unable = json.loads(file.read_text())
    assert (able["suite"], able["skipped"], able["failed"]) == ("weighed", "", "")
    assert (unable["suite"], unable["figures"], unable["skipped"]) == (
        "impossible", {}, "no scales; on Debian: apt install scales",
    )  # fmt: skip
    assert ran("impossible", "--json", str(file))[0] == 0
    assert json.loads(file.read_text())["suite"] == "impossible"
    assert ran("broken", "--json", str(file))[0] == 1
    assert json.loads(file.read_text())["failed"] == "ZeroDivisionError: after 100 rounds"


def test_smoke_runs_the_smallest_and_says_that_it_means_nothing(suites: Callable[..., None], tmp_path: Path) -> None:
    suites(weighed=weighed)
    status, said = ran("--smoke", "--json", str(tmp_path / "smoke.json"))
    assert status == 0
    assert "too short" in said
    found = json.loads((tmp_path / "smoke.json").read_text())
    assert found["smoke"] is True
    assert found["figures"]["weight"]["value"] == 0.333


def test_a_broken_suite_fails_the_command_but_not_the_others(suites: Callable[..., None]) -> None:
    suites(broken=broken, weighed=weighed)
    status, said = ran()
    assert status == 1
    assert "ZeroDivisionError: after 100 rounds" in said
    assert "weight" in said
    assert "failed: broken" in said


def test_a_suite_whose_tool_is_missing_is_skipped_with_the_remedy(suites: Callable[..., None]) -> None:
    suites(impossible=impossible)
    status, said = ran()
    assert status == 0
    assert "skipped impossible: no scales" in said
    assert "apt install scales" in said


def test_without_the_sources_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(softacd, "__file__", str(tmp_path / "softacd" / "__init__.py"))
    status, said = ran("--list")
    assert status == 1
    assert "source tree" in said


# --- figures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "better", "reached"),
    [(1.0, "lower", True), (1.1, "lower", False), (1.0, "higher", True), (0.9, "higher", False)],
)
def test_a_goal_has_a_side(value: float, better: harness.Better, reached: bool) -> None:
    one = figure(value, "ms", goal=1.0, better=better)
    assert one.reached is reached
    assert ("green" in bar(one)) is reached


def test_without_a_goal_nothing_is_judged() -> None:
    one = figure(3.0, "ms")
    assert one.reached is None
    assert bar(one) == ""
    assert goal(one) == ""


def test_a_reference_of_nothing_gives_no_ratio() -> None:
    one = figure(3.0, "ms", beside=0.0, ratio_to="nothing")
    assert one.ratio is None
    assert one.ratio_to == ""


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123, "0.0123"), (1.234, "1.23"), (45.67, "45.7"), (20.0, "20"), (3431.2, "3,431")]
)
def test_numbers_have_the_digits_that_matter(value: float, text: str) -> None:
    assert shown(value) == text


def test_a_bar_is_never_longer_than_its_place() -> None:
    for value in (0.0, 0.5, 1.0, 100.0):
        assert bar(figure(value, "ms", goal=1.0)).count("━") == bench_command.BAR


def test_the_calibration_loop_takes_its_time() -> None:
    assert 1e-8 < calibrate(1) < 1e-3


# --- the signalling suite's search -----------------------------------------------------------------------------------


class Machine:
    """Stands for switch and load: passes clean up to `most` calls a second."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.tried: list[int] = []

    def load(self, rate: int, seconds: float) -> Load:
        self.tried.append(rate)
        repeated = 0 if rate <= self.most else 5
        return Load(
            callers=Counted(succeeded=100, failed=0, retransmissions=repeated, rate=rate),
            bridged=100,
            cpu_ms=1.0,
            main_ms=0.8,
            yardstick_ms=0.5,
            busy=0.5,
            received=6.0,
            sent=6.0,
            retransmissions=repeated,
            left_open=0.0,
            memory=100.0,
        )


@pytest.mark.parametrize("most", [30, 60, 130, 470, 1500, 3200])
def test_the_highest_clean_rate_is_found_within_a_tenth(most: int) -> None:
    machine = Machine(most)
    rate, best = sustained(machine, machine.load(100, 1.0), 1.0, lambda text: None)
    assert most / 1.15 <= rate <= most
    assert best is not None
    assert best.clean
    assert len(machine.tried) < 14


def test_a_machine_that_carries_nothing_has_no_clean_rate() -> None:
    machine = Machine(0)
    assert sustained(machine, machine.load(100, 1.0), 1.0, lambda text: None) == (0, None)


def test_a_call_that_was_answered_but_not_bridged_is_not_clean() -> None:
    whole = Machine(1000).load(100, 1.0)
    assert whole.clean
    assert not msgspec.structs.replace(whole, bridged=99).clean


def test_what_sipp_counted_is_read_from_its_last_line(tmp_path: Path) -> None:
    columns = ["Retransmissions(C)", "SuccessfulCall(C)", "FailedCall(C)", "CallRate(C)"]
    file = tmp_path / "statistics.csv"
    file.write_text(";".join(columns) + ";\n1;40;0;9.5;\n2;97;3;10.25;\n", encoding="utf-8")
    assert read_statistics(file) == Counted(succeeded=97, failed=3, retransmissions=2, rate=10.25)


# --- the dispatch suite ----------------------------------------------------------------------------------------------


def test_what_a_dispatch_took_stands_beside_asterisk_and_a_fiftieth_of_it_is_the_goal() -> None:
    ours = Times([1.0, 9.0], [1.2, 1.3], [1.4, 2.0], [10.0, 12.0], [14.0, 15.0], 0.4, 0.9)
    theirs = Times([500.0, 1000.0], [400.0, 900.0], [2.0, 3.0], [9.0, 10.0], [15.0, 18.0], 2.0, 3.0)
    figures = figures_of(ours, theirs, 0.5)
    assert figures["ready to INVITE: p50"].goal == 1.5
    late = figures["ready to INVITE: p99"]
    assert (late.value, late.goal, late.ratio, late.ratio_to) == (9.0, 20.0, 0.009, "Asterisk")
    assert late.reached
    cost = figures["ten phones ring, CPU of an INVITE: until all ring"]
    assert (cost.goal, cost.ratio, cost.ratio_to) == (0.4, 0.2, "Asterisk")
    assert figures["agent hung up to INVITE: Asterisk's p99"].value == 900.0


def test_without_asterisk_a_dispatch_stands_beside_the_calibration_loop() -> None:
    figures = figures_of(Times([1.0], [1.0], [1.0], [1.0], [1.0], 0.4, 0.9), None, 0.8)
    assert figures["ready to INVITE: p99"].goal is None
    cost = figures["ten phones ring, CPU of an INVITE: until all ring"]
    assert (cost.goal, cost.ratio) == (None, 0.5)
    assert "calibration loop" in cost.ratio_to


def test_the_other_end_is_known_by_its_sound() -> None:
    voice = Voice(AGENT_VOICE, 0.0)
    try:
        voice.hear(bytes(12) + bytes([AGENT_VOICE]) * PACKET_OCTETS, 1)
        voice.hear(bytes(12) + b"music" * 32, 2)
        assert not voice.heard
        voice.hear(bytes(12) + bytes([CALLER_VOICE]) * PACKET_OCTETS, 3)
        voice.hear(bytes(12) + bytes([CALLER_VOICE]) * PACKET_OCTETS, 4)
        assert voice.heard == 3
    finally:
        voice.close()


def test_without_sipp_the_suite_is_skipped_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    status, said = ran("signalling", "--smoke")
    assert status == 0
    assert "skipped signalling" in said
    assert "sip-tester" in said
