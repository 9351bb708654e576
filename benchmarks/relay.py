"""What it costs to relay a conversation: CPU of the engine's thread for each packet, against an ideal forwarder.

The load generator is another process (benchmarks/rtp_load.py). In the same run the same load goes through the smallest
relay Python can be (recv_into, send, nothing looked at) and, where gcc is at hand, through its twin in C: figures of a
shared machine mean little, their ratios much. `python -m benchmarks.relay [seconds] [calls]`
"""

import io
import json
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure, Figures, figure, table
from benchmarks.rtp_load import HOST
from softacd.rtp.model import MediaSettings
from softacd.rtp.vocabulary import AnyCommand, Bridge, Codec, OpenStream, Port, PortsOffered, SetRemote
from softacd.runtime.media.clips import ClipLibrary
from softacd.runtime.media.engine import MediaEngine

REPOSITORY = Path(__file__).resolve().parents[1]
PACKETS_PER_CALL = 100
IDEAL = "the smallest relay Python can be"
ROUNDS = 3
PCMA = Codec("PCMA", 8)

Heard = dict[str, Any]
"""What the generator tells: counts, and percentiles by name (benchmarks/rtp_load.py)."""

C_RELAY = r"""
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/resource.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <time.h>
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
int main(int argc, char **argv) {
  int n = argc - 2, ep = epoll_create1(0), *fd = calloc(n, sizeof(int));
  double seconds = atof(argv[1]);
  for (int i = 0; i < n; i++) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    fd[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    bind(fd[i], (void *)&a, sizeof a);
    getsockname(fd[i], (void *)&a, &size);
    printf("%d ", ntohs(a.sin_port));
    a.sin_port = htons(atoi(argv[i + 2]));
    connect(fd[i], (void *)&a, sizeof a);
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(ep, EPOLL_CTL_ADD, fd[i], &e);
  }
  printf("\n"); fflush(stdout);
  struct epoll_event events[1024];
  unsigned char packet[2048];
  long packets = 0;
  for (double end = now() + seconds; now() < end;) {
    int ready = epoll_wait(ep, events, 1024, 100);
    for (int i = 0; i < ready; i++) {
      int leg = events[i].data.u32;
      int length = recv(fd[leg], packet, sizeof packet, 0);
      if (length < 12) continue;
      *(uint32_t *)(packet + 8) = htonl(leg);
      send(fd[leg ^ 1], packet, length, 0);
      packets++;
    }
  }
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  printf("%ld %f\n", packets, u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
  return 0;
}
"""


class Load:
    """The generator process with its legs."""

    def __init__(self, legs: int, *, send: bool, sample: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.rtp_load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )
        self.ports: list[int] = self._ask({"legs": legs, "send": send, "sample": sample})["ports"]

    def talk(self, targets: list[int], seconds: float) -> Heard:
        """Send for `seconds` to `targets`, leg by leg; what was measured."""
        heard: Heard = self._ask({"targets": targets, "seconds": seconds})
        return heard

    def _ask(self, question: dict[str, Any]) -> Any:
        questions, answers = self._process.stdin, self._process.stdout
        if questions is None or answers is None:
            raise RuntimeError("the generator has no pipes")
        questions.write(json.dumps(question) + "\n")
        questions.flush()
        return json.loads(answers.readline())

    def close(self) -> None:
        self._process.communicate()


def thread_clock(thread: threading.Thread) -> Callable[[], float]:
    """CPU seconds used by a running thread."""
    if thread.ident is None:
        raise RuntimeError(f"{thread.name} has not been started")
    clock = time.pthread_getcpuclockid(thread.ident)
    return lambda: time.clock_gettime(clock)


class Engine:
    """A media engine with streams that are agreed on."""

    def __init__(self, root: Path, reservoir: int, coalesce: int = 500) -> None:
        self._ready = threading.Event()
        settings = MediaSettings(
            port_low=20_000, port_high=31_999, reservoir=max(reservoir, 2), coalesce_microseconds=coalesce
        )
        self.engine = MediaEngine(settings, self._ready.set, ClipLibrary([root]))
        self.engine.start()
        self.ports: list[Port] = []
        while len(self.ports) < reservoir:
            self._ready.wait(5)
            self._ready.clear()
            for event in self.engine.drain():
                if isinstance(event, PortsOffered):
                    self.ports += event.ports
        thread = next(thread for thread in threading.enumerate() if thread.name == "media")
        self.cpu = thread_clock(thread)

    def attach(self, peers: list[int], codec: Codec = PCMA) -> list[int]:
        """One stream to each of the ports `peers`; the ports of the streams."""
        commands: list[AnyCommand] = []
        for stream, (peer, port) in enumerate(zip(peers, self.ports, strict=False)):
            commands += [OpenStream(stream, port), SetRemote(stream, HOST, peer, peer + 1, codec)]
        self.engine.submit(commands)
        return [port.rtp for port in self.ports[: len(peers)]]


def _through_softacd(seconds: float, calls: int, coalesce: int) -> dict[str, float]:
    load = Load(2 * calls, send=True, sample=8)
    with tempfile.TemporaryDirectory() as empty:
        engine = Engine(Path(empty), 2 * calls, coalesce)
        targets = engine.attach(load.ports)
        engine.engine.submit([Bridge(2 * call, 2 * call + 1) for call in range(calls)])
        time.sleep(0.2)
        before = engine.cpu()
        heard = load.talk(targets, seconds)
        used = engine.cpu() - before
        engine.engine.stop(10)
    load.close()
    return _summary(heard, used)


def _through_ideal(seconds: float, calls: int) -> dict[str, float]:
    """The floor: forwarding without looking."""
    load = Load(2 * calls, send=True, sample=8)
    legs = [socket.socket(type=socket.SOCK_DGRAM) for _ in load.ports]
    poller = select.epoll()
    table = {}
    for number, (leg, port) in enumerate(zip(legs, load.ports, strict=True)):
        leg.bind((HOST, 0))
        leg.connect((HOST, port))
        leg.setblocking(False)
        poller.register(leg.fileno(), select.EPOLLIN)
        table[leg.fileno()] = leg.recv_into, legs[number ^ 1].send
    done = threading.Event()

    def forward() -> None:
        view = memoryview(bytearray(2048))
        while not done.is_set():
            for descriptor, _ in poller.poll(0.1, 1024):
                receive, send = table[descriptor]
                try:
                    send(view[: receive(view)])
                except OSError:
                    continue

    thread = threading.Thread(target=forward)
    thread.start()
    cpu = thread_clock(thread)
    before = cpu()
    heard = load.talk([leg.getsockname()[1] for leg in legs], seconds)
    used = cpu() - before
    done.set()
    thread.join()
    for leg in legs:
        leg.close()
    load.close()
    return _summary(heard, used)


def _compiler() -> str | None:
    return shutil.which("gcc") or shutil.which("cc")


def _through_c(seconds: float, calls: int) -> dict[str, float]:
    """The same in C, with the rewriting of the SSRC."""
    with tempfile.TemporaryDirectory() as directory:
        source, program = Path(directory, "relay.c"), Path(directory, "relay")
        source.write_text(C_RELAY)
        subprocess.run([_compiler() or "cc", "-O2", "-o", program, source], check=True, capture_output=True)
        load = Load(2 * calls, send=True, sample=8)
        command = [str(program), str(seconds + 0.5), *map(str, load.ports)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as relay:
            lines = relay.stdout or io.StringIO()
            heard = load.talk([int(port) for port in lines.readline().split()], seconds)
            used = float(lines.readline().split()[1])
        load.close()
    return _summary(heard, used)


def _summary(heard: Heard, used: float) -> dict[str, float]:
    carried = heard["received"] / heard["sampled"] * heard["legs"]
    return {
        "us": used / max(heard["sent"], 1) * 1e6,
        "p50": heard["late_ms"]["p50"],
        "p99": heard["late_ms"]["p99"],
        "delivered": carried / max(heard["sent"], 1),
    }


def run(seconds: float = 3.0, calls: int = 100) -> Figures:
    """Measure `calls` conversations for about `seconds` in each of four relays; ratios are to the ideal one."""
    share = seconds / ROUNDS
    ideal = _best(lambda: _through_ideal(share, calls))
    each = _best(lambda: _through_softacd(share, calls, 0))
    gathered = _best(lambda: _through_softacd(share, calls, 500))
    in_c = _best(lambda: _through_c(share, calls)) if _compiler() else None

    def beside(name: str, found: dict[str, float], unit: str, goal: float | None = None) -> Figure:
        return figure(found[name], unit, goal=goal, beside=ideal[name], ratio_to=IDEAL)

    figures = {
        "relay_cpu_per_packet": beside("us", each, "us", 14.2),
        "relay_cpu_per_packet_gathered": beside("us", gathered, "us", 12.0),
        "relay_calls_per_core": figure(
            1e6 / gathered["us"] / PACKETS_PER_CALL,
            "calls",
            goal=1050,
            better="higher",
            beside=1e6 / ideal["us"] / PACKETS_PER_CALL,
            ratio_to=IDEAL,
        ),
        "relay_latency_p99": beside("p99", each, "ms", 0.5),
        "relay_latency_p99_gathered": beside("p99", gathered, "ms", 1.0),
        "relay_delivered": figure(
            100 * gathered["delivered"],
            "%",
            goal=99.9,
            better="higher",
            beside=100 * ideal["delivered"],
            ratio_to=IDEAL,
        ),
        "ideal_python_cpu_per_packet": figure(ideal["us"], "us"),
        "ideal_python_latency_p99": figure(ideal["p99"], "ms"),
    }
    if in_c is not None:
        figures["c_cpu_per_packet"] = beside("us", in_c, "us")
        figures["c_latency_p99"] = beside("p99", in_c, "ms")
    return figures


def _best(measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """The least disturbed of several rounds, figure by figure: what else runs on the machine only adds."""
    rounds = [measure() for _ in range(ROUNDS)]
    return {name: (max if name == "delivered" else min)(one[name] for one in rounds) for name in rounds[0]}


if __name__ == "__main__":
    print(table(run(*(kind(text) for kind, text in zip((float, int), sys.argv[1:], strict=False)))))
