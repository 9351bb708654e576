"""What the way to an agent costs: a call through look-up, menu, notice and queue beside a call that is bridged at once.

Both are brought by SIPp to one `softacd run`, by turns, at the same rate. The way: the customer base is asked by SQL,
the menu is told until the caller presses a key (SIP INFO), the notice of the recording is heard to its end, the queue
offers the call to the agent who was idle longest, whose phone answers. What the caller hears leaves as RTP; the plain
call has no media. `python -m benchmarks.flow [--smoke]`
"""

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.harness import Figures, Progress, figure, table
from benchmarks.load import Load
from benchmarks.sides import SoftacdSide, own_core
from benchmarks.sipp import HOST, Sipp, require
from benchmarks.switch import FIRST_EXTENSION

NUMBER = "+37322200000"
PLAIN = "a plain bridged call"
MOST = 1.5
"""The way may cost so many times a plain call."""
PHONES = 50
RATE = 20
"""Calls a second, of both kinds."""
PRESSES_AFTER_MILLISECONDS = 200
WAY_MILLISECONDS = 6000
"""Until the caller hangs up: the notice, the queue and some talk."""
WAY = """
[flows.way]
start = "known"
[flows.way.steps.known]
do = "lookup"
source = "customers"
query = "SELECT name FROM customers WHERE id = :customer"
send = { customer = "{customer}" }
save = { called_name = "name" }
then = "menu"
missing = "menu"
failed = "menu"
[flows.way.steps.menu]
do = "menu"
prompts = ["menu-main"]
choices = { 1 = "notice" }
otherwise = "notice"
[flows.way.steps.notice]
do = "record-notice"
then = "queue"
[flows.way.steps.queue]
do = "queue"
queue = "bench"
"""
INFO = """<pause milliseconds="{after}"/>
  <send retrans="500"><![CDATA[

INFO [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
From: "Caller" <sip:+37360[call_number]@[local_ip]:[local_port]>;tag=[pid]caller[call_number]
To: <sip:[field0]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 INFO
Max-Forwards: 70
Content-Type: application/dtmf-relay
Content-Length: [len]

Signal=1
Duration=160
  ]]></send>
  <recv response="200"/>
  <pause/>"""


def _configuration(phones: int) -> str:
    agents = [f"agent{phone}" for phone in range(phones)]
    parts = [
        f'[agents.{name}]\nphone = "{FIRST_EXTENSION + phone}"\navailable_at_start = true'
        for phone, name in enumerate(agents)
    ]
    names = ", ".join(f'"{name}"' for name in agents)
    parts.append(f'[queues.bench]\nnumber = "9000"\nagents = [{names}]\nstrategy = "longest-idle"\nwrap_up_seconds = 0')
    parts += [WAY, f'[numbers."{NUMBER}"]\nflow = "way"']
    return "\n\n".join(parts)


class Ways(SoftacdSide):
    """A switch with both ways to its phones; `long` chooses which one callers take."""

    def __init__(self, directory: Path, phones: int, prefix: tuple[str, ...]) -> None:
        super().__init__(directory, phones, prefix, sections=(_configuration(phones),))
        self.long = False

    def callers(self, calls: int, rate: int, talk_milliseconds: int, most: int) -> Sipp:
        if not self.long:
            return super().callers(calls, rate, talk_milliseconds, most)
        numbers = self._directory / "numbers.csv"
        numbers.write_text(f"SEQUENTIAL\n{NUMBER};\n", encoding="utf-8")
        return Sipp(
            "caller",
            port=self.caller_port,
            media_port=self._caller_media,
            directory=self._directory,
            replace={
                "<pause/>": INFO.format(after=PRESSES_AFTER_MILLISECONDS),
                "CSeq: 2 BYE": "CSeq: 3 BYE",
                "+37360[call_number]": self.caller,
            },
            arguments=[
                f"{HOST}:{self.port}",
                *("-inf", str(numbers), "-d", str(WAY_MILLISECONDS)),
                *("-r", str(rate), "-m", str(calls), "-l", str(rate * 10), "-recv_timeout", "8000"),
            ],
        )


def run(*, smoke: bool = False, seconds: float = 6.0, progress: Progress = lambda text: None) -> Figures:
    """Measure. Raises Skipped without SIPp, RuntimeError when callers do not reach agents."""
    require()
    cores = os.sched_getaffinity(0)
    try:
        return _run(smoke, seconds, () if smoke else own_core(), progress)
    finally:
        os.sched_setaffinity(0, cores)


def _run(smoke: bool, seconds: float, prefix: tuple[str, ...], progress: Progress) -> Figures:
    rate, rounds = (4, 1) if smoke else (RATE, 3)
    loads: dict[bool, list[Load]] = {False: [], True: []}
    with tempfile.TemporaryDirectory(prefix="softacd-bench-") as name:
        progress("the switch starts")
        with Ways(Path(name), 10 if smoke else PHONES, prefix) as side:
            if not smoke:
                progress("warming up")
                side.load(rate, 1.0)
            for turn in range(rounds):
                for side.long in (False, True):
                    progress(f"turn {turn + 1} of {rounds}: {'the way to an agent' if side.long else PLAIN}")
                    loads[side.long].append(side.load(rate, 1.0 if smoke else seconds))
    plain, way = loads[False], loads[True]
    reached = sum(load.bridged for load in way)
    if not reached or not sum(load.bridged for load in plain):
        raise RuntimeError(f"callers did not reach agents: {way[0]}")
    cost, beside = (median(load.cpu_ms for load in group) for group in (way, plain))
    main, main_beside = (median(load.main_ms for load in group) for group in (way, plain))
    callers = sum(load.callers.succeeded + load.callers.failed for load in way)
    return {
        "flow_cpu_per_call": figure(cost, "ms", goal=MOST * beside, beside=beside, ratio_to=PLAIN),
        "flow_cpu_per_call_main_thread": figure(main, "ms", beside=main_beside, ratio_to=PLAIN),
        "flow_cpu_per_call_without_sound": figure(cost - _sound(way, plain), "ms", beside=beside, ratio_to=PLAIN),
        "flow_not_connected": figure(callers - reached, "calls", goal=0),
    }


def _sound(way: list[Load], plain: list[Load]) -> float:
    """What the threads beside the main one take more: the RTP of prompts, and the store's rows."""
    return median(load.cpu_ms - load.main_ms for load in way) - median(load.cpu_ms - load.main_ms for load in plain)


if __name__ == "__main__":
    print(table(run(smoke="--smoke" in sys.argv, progress=lambda text: print(text, file=sys.stderr))))
