"""Past calls from a CSV file, as they would call again; and the simulation that lets them."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from softacd.acd.model import AgentSettings, QueueSettings, TierSettings
from softacd.ops.call_trace import DAY, TraceError, read_calls
from softacd.ops.simulate_command import simulate
from softacd.ops.staffing import HOURS_A_WEEK, Arrival, Centre, Demand, Hour, Outcome, Shift
from softacd.ops.staffing_plot import plot

HEAD = "day,call,priority,type,joined_queue_s,left_queue_s,outcome,service_start_s,service_end_s,agent\n"
TRACE = (
    HEAD
    + "2026-06-02,1,0,PS,36000,36040,answered,36040,36100,agent-1\n"  # a Tuesday; waited 40 s, talked 60 s
    + "2026-06-02,2,2,PS,36010,36030,abandoned,,,\n"  # gave up after 20 s
    + "2026-06-02,3,0,IN,,,answered,36020,36080,agent-2\n"  # served at once
    + "2026-06-02,4,0,PS,,,abandoned,,,\n"  # in the menu
    + "2026-06-02,5,0,PS,36050,36060,phantom,,,\n"
    + "2026-06-10,6,0,PS,36000,36001,answered,0,0,\n"  # the log has lost when and how long
)


def written(folder: Path, text: str = TRACE) -> Path:
    file = folder / "calls.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_callers_come_as_they_came(tmp_path: Path) -> None:
    assert read_calls(written(tmp_path)) == [
        Arrival(DAY + 36_000, talk=60.0, waited=40.0),
        Arrival(DAY + 36_010, patience=20.0, priority=2),
        Arrival(DAY + 36_020, talk=60.0),
        Arrival(9 * DAY + 36_000, waited=1.0),
    ]
    assert [one.at - DAY for one in read_calls(written(tmp_path), ("IN",))] == [36_020]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("day,outcome\n", "has no column joined_queue_s, left_queue_s, service_end_s, service_start_s"),
        (HEAD + "2026-06-02,1,0,PS,ten,,abandoned,,,\n", "line 2: could not convert string to float: 'ten'"),
        (HEAD + "June,1,0,PS,1,2,abandoned,,,\n", "line 2: Invalid isoformat string: 'June'"),
        (HEAD, "holds no call that came to the queue"),
    ],
)
def test_what_is_no_trace_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TraceError, match=told):
        read_calls(written(tmp_path, text))


def test_a_trace_is_served_by_the_distributor_at_its_own_times() -> None:
    queue = QueueSettings("sales", wrap_up_seconds=0.0, tiers=(TierSettings("ann"),))
    callers = [Arrival(3600.0, talk=100.0), Arrival(3610.0, talk=50.0, waited=500.0), Arrival(3620.0, patience=30.0)]
    demand = Demand("sales", (0.0,) * HOURS_A_WEEK, 60.0)
    centre = Centre([queue], [AgentSettings("ann", "101")], [demand], [Shift("ann", 0, 24)], trace=callers)
    hour = centre.run(1).hours[1]
    assert (hour.offered, hour.answered, hour.abandoned) == (3, 2, 1)
    assert 90.0 < hour.waited < 115.0, "the second waits for the end of the first conversation"


def test_the_command_draws_a_picture(tmp_path: Path) -> None:
    config = tmp_path / "softacd.toml"
    config.write_text(
        '[sip]\nlisten = ["udp:127.0.0.1:0"]\n[phones.101]\npassword = "correct-horse"\n[agents.ann]\nphone = "101"\n'
        '[queues.sales]\nagents = ["ann"]\n'
    )
    picture = tmp_path / "weeks.svg"
    words = ["--config", str(config), "--queue", "sales", "--trace", str(written(tmp_path)), "--plot", str(picture)]
    result = CliRunner().invoke(simulate, [*words, "--add", "Tue 10-11"])
    assert result.exit_code == 0, result.output
    assert "2 simulated weeks" in result.output
    root = ET.parse(picture).getroot()  # noqa: S314 # our own file
    titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    assert [one for one in titles if str(one).startswith("Tue 10:00 served in time")]
    missing = CliRunner().invoke(simulate, ["--config", str(config), "--queue", "sales", "--trace", "nowhere.csv"])
    assert "nowhere.csv" in missing.output


def test_bars_are_as_tall_as_their_share() -> None:
    hours = [Hour() for _ in range(HOURS_A_WEEK)]
    hours[9] = Hour(offered=4, answered=3, in_time=1, abandoned=1, staffed=100.0, busy=50.0)
    root = ET.fromstring(plot(Outcome(tuple(hours), None), None, [9, 10], "sales & more"))  # noqa: S314 # ours
    bars = {
        title.text: float(bar.attrib["height"])
        for bar in root.iter("{http://www.w3.org/2000/svg}rect")
        for title in bar
    }
    assert bars == {
        "Mon 09:00 served in time: 25%": 27.5,
        "Mon 09:00 gave up: 25%": 27.5,
        "Mon 09:00 busy: 50%": 55.0,
    }
