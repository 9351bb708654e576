"""The demonstration: its configuration is sound, its accounts find every disagreement, and the whole ends clean."""

import contextlib
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from softacd.calls.records import CallRecord, Direction, Outcome
from softacd.ops.config import read_configuration
from softacd.ops.demo.accounts import Account, AgentView, CallerView, Clips, explain, listen
from softacd.ops.demo.cast import Rings
from softacd.ops.demo.leaks import GaugeError, opened
from softacd.ops.demo.report import figures, passed
from softacd.ops.demo.shop import open_shop, write_configuration
from softacd.ops.demo.stage import Result
from softacd.ops.demo.switch_process import Descriptors
from softacd.simulate import sound
from softacd.simulate.ear import Hearing
from softacd.simulate.people import CallerPlan, KeyBy
from softacd.simulate.sound import RATE, Samples

ANN, CALLER = 2, 11


def noise(seed: int, seconds: float) -> Samples:
    return np.random.default_rng(seed).normal(0, 3000, int(seconds * RATE)).astype(np.int16)


MENU = noise(2, 2.0)
CLIPS = Clips(greeting=noise(1, 1.0), notice=noise(3, 1.5), music=noise(4, 5.0))
PLAN = CallerPlan(
    name="Ada",
    number="+37360000001",
    signature=CALLER,
    carrier="alpha",
    key="1",
    key_by=KeyBy.RFC4733,
    think=1.0,
    patience=60.0,
    talk=5.0,
)
HEARD = np.concatenate((CLIPS.greeting, MENU, CLIPS.notice, CLIPS.music[: 2 * RATE], sound.bell(ANN), noise(5, 2.0)))


def caller(**changes: Any) -> CallerView:
    """A caller who heard greeting and menu, pressed at 3 s, heard notice and music, met Ann at 6.5 s, left at 9.2 s."""
    view = CallerView(
        plan=PLAN,
        answered=True,
        pressed=3.0,
        ended=9.2,
        ended_by_caller=True,
        status=200,
        failure="",
        heard=HEARD,
        hearing=Hearing(packets=460, lost=0, late=0, sources=1, leaps=0, longest_gap=0.03),
        bells=((6.5, ANN),),
    )
    return msgspec.structs.replace(view, **changes)


def agent(**changes: Any) -> AgentView:
    view = AgentView(agent="ann", signature=ANN, seconds=2.7, held=0.0, hung_up_first=False, heard_caller=True)
    return msgspec.structs.replace(view, **changes)


def record(**changes: Any) -> CallRecord:
    row = CallRecord(
        id="demo-1",
        direction=Direction.INCOMING,
        started=1_000,
        caller=PLAN.number,
        called="+37322000111",
        answered=1_010,
        queue="sales",
        queued=5_500,
        connected=7_500,
        agent="ann",
        ended=10_200,
        wait_ms=2_000,
        talk_ms=2_700,
        outcome=Outcome.ANSWERED,
        cause=200,
        ended_by="caller",
        keys="1",
    )
    return msgspec.structs.replace(row, **changes)


def account(view: CallerView, agents: list[AgentView], records: list[CallRecord]) -> Account:
    return explain(view, listen(view, CLIPS), agents, records, "sales")


def test_an_answered_call_on_which_all_agree_is_explained() -> None:
    told = account(caller(), [agent()], [record()])
    assert told.doubts == ()
    assert (told.outcome, told.agent, told.queue, told.key) == ("answered", "ann", "sales", "1")
    assert told.heard == type(told.heard)(greeting=True, notice=True, music=True, agent=True)


def test_a_caller_who_gave_up_in_the_queue_is_explained() -> None:
    heard = HEARD[: int(5.8 * RATE)]
    view = caller(bells=(), heard=heard, ended=5.8)
    told = account(view, [], [record(agent="", connected=0, talk_ms=0, outcome=Outcome.ABANDONED)])
    assert told.doubts == ()


def test_a_caller_who_gave_up_before_the_queue_was_missed() -> None:
    view = caller(bells=(), heard=HEARD[: int(2.0 * RATE)], pressed=None, ended=2.0)
    row = record(agent="", queue="", queued=0, connected=0, talk_ms=0, keys="", outcome=Outcome.MISSED)
    assert account(view, [], [row]).doubts == ()


def test_a_caller_who_left_as_the_agent_answered_may_be_recorded_either_way() -> None:
    view = caller(bells=(), heard=HEARD[: int(6.5 * RATE)], ended=6.6)
    short = agent(seconds=0.1, heard_caller=False)
    for outcome in (Outcome.ANSWERED, Outcome.ABANDONED):
        assert account(view, [short], [record(outcome=outcome, talk_ms=100)]).doubts == ()


def test_who_was_on_hold_for_most_of_a_short_conversation_need_not_have_been_heard() -> None:
    held = agent(seconds=3.3, held=1.1, heard_caller=False)
    assert account(caller(), [held], [record(talk_ms=2_200, hold_ms=1_100)]).doubts == ()


def test_two_who_hang_up_at_once_may_be_recorded_either_way_and_one_who_was_hung_up_on_may_not() -> None:
    for ended_by in ("caller", "called"):
        assert account(caller(), [agent(hung_up_first=True)], [record(ended_by=ended_by)]).doubts == ()
    left = account(caller(ended_by_caller=False), [agent(hung_up_first=True)], [record()])
    assert left.doubts == ("recorded as ended by caller, ended by called",)


@pytest.mark.parametrize(
    ("view", "agents", "records", "doubt"),
    [
        (caller(), [agent()], [], "0 records"),
        (caller(), [agent()], [record(), record(id="demo-2")], "2 records"),
        (caller(), [agent()], [record(outcome=Outcome.ABANDONED)], "recorded as abandoned"),
        (caller(), [agent()], [record(agent="bob")], "recorded agent bob"),
        (caller(), [agent()], [record(keys="2")], "recorded keys 2"),
        (caller(), [agent()], [record(queue="support")], "recorded queue support"),
        (caller(), [agent()], [record(talk_ms=9_000)], "recorded talk 9.0 s"),
        (caller(), [agent()], [record(ended_by="called")], "ended by called"),
        (caller(), [agent()], [record(ended=0)], "still open"),
        (caller(bells=((6.5, 5),)), [agent()], [record()], "another voice"),
        (caller(bells=((6.5, ANN), (7.5, 5))), [agent()], [record()], "2 voices"),
        (caller(bells=()), [agent()], [record()], "was not heard"),
        (caller(), [agent(seconds=4.0, heard_caller=False)], [record(talk_ms=4_000)], "did not hear the caller"),
        (caller(), [agent(seconds=4.0, held=1.4, heard_caller=False)], [record(talk_ms=4_000)], "not hear the caller"),
        (caller(), [], [record()], "a voice no phone sent"),
        (caller(heard=HEARD[2 * RATE :], pressed=1.0), [agent()], [record()], "did not hear the greeting"),
        (caller(heard=np.concatenate((HEARD[: 3 * RATE], noise(9, 6.2)))), [agent()], [record()], "hear the notice"),
        (
            caller(heard=np.concatenate((HEARD[: int(4.5 * RATE)], noise(9, 4.7)))),
            [agent()],
            [record()],
            "did not hear the music",
        ),
        (
            caller(hearing=Hearing(packets=9, lost=0, late=0, sources=2, leaps=1, longest_gap=0)),
            [agent()],
            [record()],
            "2 sources with 1 leaps",
        ),
        (caller(failure="not answered: 503"), [], [record(outcome=Outcome.MISSED)], "not answered: 503"),
    ],
)
def test_every_disagreement_is_found(
    view: CallerView, agents: list[AgentView], records: list[CallRecord], doubt: str
) -> None:
    told = account(view, agents, records)
    assert not told.explained
    assert any(doubt in said for said in told.doubts), told.doubts


def result(*accounts: Account, left: dict[str, int] | None = None, status: int = 0) -> Result:
    return Result(list(accounts), left or {"calls": 0}, status, 12.0, None, "", Rings(), 0, 0.01)


def test_the_verdict_needs_every_call_explained_nothing_open_and_a_clean_end() -> None:
    good = account(caller(), [agent()], [record()])
    bad = account(caller(), [agent()], [])
    assert passed(result(good, good))
    assert not passed(result(good, bad))
    assert not passed(result(good, left={"sockets": 2}))
    assert not passed(result(good, status=1))


def test_the_figures_count_what_the_table_shows() -> None:
    good = account(caller(), [agent()], [record()])
    gone = account(
        caller(bells=(), heard=HEARD[: int(5.8 * RATE)], ended=5.8),
        [],
        [record(agent="", connected=0, talk_ms=0, outcome=Outcome.ABANDONED)],
    )
    bad = account(caller(), [agent()], [])
    told = figures(result(good, gone, bad), seed=7)
    assert (told["calls"], told["answered"], told["abandoned"], told["failed"]) == (3, 1, 1, 1)
    assert told["open"] == {"calls": 0}
    assert msgspec.json.decode(msgspec.json.encode(told))["seed"] == 7


GAUGES = {
    "softacd_calls": 0.0,
    "softacd_sip_dialogs": 0.0,
    "softacd_sip_transactions_unfinished": 0.0,
    "softacd_media_streams": 0.0,
    "softacd_call_deadlines": 0.0,
    "softacd_tasks": 7.0,
    "softacd_store_queued": 0.0,
}


def test_what_was_open_before_the_first_call_is_no_leak() -> None:
    before = opened(GAUGES, Descriptors(sockets=140, files=9), threads=4)
    after = opened(GAUGES | {"softacd_sip_dialogs": 2.0}, Descriptors(sockets=142, files=8), threads=4)
    left = after.left(before)
    assert (left["dialogs"], left["sockets"], left["files"], left["threads"]) == (2, 2, 0, 0)


def test_a_gauge_that_is_missing_is_named() -> None:
    with pytest.raises(GaugeError, match="softacd_media_streams"):
        opened({name: 0.0 for name in GAUGES if "streams" not in name}, Descriptors(1, 1), 1)


def test_the_shop_is_a_sound_configuration_that_only_its_owner_can_read(tmp_path: Path) -> None:
    shop = open_shop(5070, 8090, 5080)
    path = write_configuration(shop, tmp_path)
    assert path.stat().st_mode & 0o077 == 0
    reading = read_configuration(path)
    assert {trunk.name for trunk in reading.configuration.trunks} == {"alpha", "beta"}
    assert {queue.name for queue in reading.configuration.queues} == {"sales", "support", "accounts"}
    assert [shop.queue_of(key) for key in "123"] == ["sales", "support", "accounts"]
    assert [shop.agent_of(actor.signature) for actor in shop.agents] == [actor.name for actor in shop.agents]
    assert shop.queue_of("9") == shop.agent_of(29) == ""


def test_two_shops_share_no_secret() -> None:
    one, other = open_shop(1, 2, 3), open_shop(1, 2, 3)
    assert one.token != other.token
    assert not {actor.password for actor in one.agents} & {actor.password for actor in other.agents}


COMMAND = (sys.executable, "-m", "softacd.ops.cli", "demo", "--no-live", "--pace", "0.5", "--seed", "2")


def children(pid: int) -> list[int]:
    """Processes whose parent is `pid`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                status = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(status[1]) == pid:
                    found.append(int(entry.name))
    return found


@pytest.mark.slow
def test_the_demonstration_explains_every_call_and_leaves_nothing_open(tmp_path: Path) -> None:
    out, json_file = tmp_path / "out", tmp_path / "demo.json"
    done = subprocess.run(
        (*COMMAND, "--calls", "5", "--out", str(out), "--json", str(json_file)),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = msgspec.json.decode(json_file.read_bytes())
    assert (told["calls"], told["explained"], told["failed"]) == (5, 5, 0)
    assert told["answered"] + told["abandoned"] == 5
    assert set(told["open"].values()) == {0}
    recording = sound.read_clip(out / "caller.wav")
    assert len(recording) > 5 * RATE
    assert sound.loudness(recording) > 0.01
    assert "5 of 5 calls explained" in done.stdout


@pytest.mark.slow
def test_an_interrupt_ends_it_in_order_and_a_second_one_at_once(tmp_path: Path) -> None:
    with subprocess.Popen(
        (*COMMAND, "--seconds", "600", "--out", str(tmp_path / "out")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stderr is not None
        while "on the line" not in (line := demo.stderr.readline()):
            assert line, "ended by itself"
        (switch,) = children(demo.pid)
        demo.send_signal(signal.SIGINT)
        while "last caller has hung up" not in (line := demo.stderr.readline()):
            assert "on the line" in line, "something else than progress"
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=20)
    assert demo.returncode == 130
    assert not Path(f"/proc/{switch}").exists()


def test_a_directory_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("do not touch")
    done = subprocess.run(
        (*COMMAND, "--calls", "1", "--out", str(tmp_path)), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
