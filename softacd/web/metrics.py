"""The switch in Prometheus' text format: the program's own figures, and gauges read from a snapshot when asked.

Numbers of today start again at midnight and are therefore gauges that end in `_today`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from softacd.acd.vocabulary import State, Status
from softacd.calls.control import Control
from softacd.calls.records import Direction
from softacd.calls.views import Snapshot
from softacd.web.access import Access
from softacd.web.feed import Feed
from softacd.web.history import History, StoreCondition

CONTENT_TYPE = "text/plain; version=0.0.4"
_PREFIX = "softacd_"
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")


class Metrics:
    """Own registry, own collector: nothing of another library's gets in."""

    def __init__(self, control: Control, history: History, feed: Feed, access: Access, *, version: str) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_SwitchCollector(control, history, feed, access, version))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Everything now."""
        return generate_latest(self._registry)


class _SwitchCollector(Collector):
    def __init__(self, control: Control, history: History, feed: Feed, access: Access, version: str) -> None:
        self._control = control
        self._history = history
        self._feed = feed
        self._access = access
        self._version = version

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the switch, which may not have started yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every family, each name once."""
        seen: set[str] = set()
        for family in self._families():
            if family.name not in seen:
                seen.add(family.name)
                yield family

    def _families(self) -> Iterator[Metric]:
        yield _gauge("info", "The program; always 1.", ["version"], [((self._version,), 1)])
        checks = [((check.name,), check.healthy) for check in self._control.health()]
        yield _gauge("check_healthy", "1: this part of the program works.", ["check"], checks)
        snapshot = self._control.snapshot()
        yield from _of_trunks_and_phones(snapshot)
        yield from _of_queues(snapshot)
        yield from _of_agents_and_calls(snapshot)
        yield from _of_store(self._history.status())
        yield from self._of_web()
        figures = self._control.figures()
        for name, value in figures.counters.items():
            yield CounterMetricFamily(_metric_name(name), f"{_words(name)}, since start.", value=value)
        for name, value in figures.gauges.items():
            yield GaugeMetricFamily(_metric_name(name), f"{_words(name)}, now.", value=value)

    def _of_web(self) -> Iterator[Metric]:
        feed = self._feed
        yield _gauge("web_watchers", "WebSockets that watch.", [], [((), len(feed.watchers))])
        yield _counter("web_events", "Events numbered for watchers.", [], [((), feed.last - feed.first)])
        yield _counter("web_watchers_dropped", "Watchers sent away for being too slow.", [], [((), feed.dropped)])
        refused = [((verdict.value,), count) for verdict, count in self._access.refused.items()]
        yield _counter("web_refused", "Requests refused at the door.", ["why"], refused)


Samples = Iterable[tuple[tuple[str, ...], float]]


def _fill(family: GaugeMetricFamily | CounterMetricFamily, samples: Samples) -> Metric:
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _gauge(name: str, help_text: str, labels: list[str], samples: Samples) -> Metric:
    return _fill(GaugeMetricFamily(_PREFIX + name, help_text, labels=labels), samples)


def _counter(name: str, help_text: str, labels: list[str], samples: Samples) -> Metric:
    return _fill(CounterMetricFamily(_PREFIX + name, help_text, labels=labels), samples)


def _metric_name(name: str) -> str:
    return _PREFIX + _NOT_IN_NAMES.sub("_", name)


def _words(name: str) -> str:
    words = name.removesuffix("_total").replace("_", " ")
    return words[:1].upper() + words[1:]


def _of_trunks_and_phones(snapshot: Snapshot) -> Iterator[Metric]:
    trunks, phones = snapshot.trunks, snapshot.phones
    yield _gauge("trunk_up", "1: calls can pass through this trunk.", ["trunk"], [((t.name,), t.up) for t in trunks])
    trips = [((t.name,), t.round_trip_ms / 1000) for t in trunks if t.round_trip_ms is not None]
    yield _gauge("trunk_round_trip_seconds", "Answer to the last OPTIONS.", ["trunk"], trips)
    yield _gauge("trunk_calls", "Calls on this trunk.", ["trunk"], [((t.name,), t.calls) for t in trunks])
    yield _gauge("trunk_failures", "Failed tries in a row.", ["trunk"], [((t.name,), t.failures) for t in trunks])
    yield _gauge("phones", "Phones configured.", [], [((), len(phones))])
    registered = sum(1 for phone in phones if phone.contacts)
    yield _gauge("phones_registered", "Phones with at least one registration.", [], [((), registered)])


def _of_queues(snapshot: Snapshot) -> Iterator[Metric]:
    queues = snapshot.queues
    missed = [((q.name,), q.missed) for q in queues]
    cost = [((q.name, snapshot.currency), q.missed_cost) for q in queues]
    yield _counter("queue_missed_calls", "Calls missed, since start.", ["queue"], missed)
    yield _counter("queue_missed_value", "What they cost, each counted.", ["queue", "currency"], cost)
    for name, help_text, samples in (
        ("waiting", "Callers who wait.", [((q.name,), q.waiting) for q in queues]),
        ("call_backs", "Customers in line who are called back.", [((q.name,), q.call_backs) for q in queues]),
        ("longest_wait_seconds", "Wait of the first caller.", [((q.name,), q.longest_wait_s) for q in queues]),
        ("agents_ready", "Agents who could take a call.", [((q.name,), q.ready) for q in queues]),
        ("agents_busy", "Agents in a call, ringing or wrapping up.", [((q.name,), q.busy) for q in queues]),
        ("agents_staffed", "Agents logged in.", [((q.name,), q.staffed) for q in queues]),
        ("offered_today", "Callers who entered.", [((q.name,), q.offered) for q in queues]),
        ("answered_today", "Callers answered.", [((q.name,), q.answered) for q in queues]),
        ("abandoned_today", "Callers who gave up.", [((q.name,), q.abandoned) for q in queues]),
        (
            "service_level_ratio",
            "Share of offered calls answered within the threshold, 0 to 1.",
            [((q.name,), q.service_level) for q in queues if q.service_level is not None],
        ),
        (
            "expected_wait_seconds",
            "What a caller who entered now would be told.",
            [((q.name,), q.expected_wait) for q in queues if q.expected_wait is not None],
        ),
        (
            "estimate_error_seconds",
            "Mean absolute error of the estimates of recent waits.",
            [((q.name,), q.estimate_error_s) for q in queues if q.estimate_error_s is not None],
        ),
        (
            "estimate_coverage_ratio",
            "Share of recent waits within their estimated range, 0 to 1; 0.8 is intended.",
            [((q.name,), q.estimate_coverage) for q in queues if q.estimate_coverage is not None],
        ),
    ):
        yield _gauge(f"queue_{name}", help_text, ["queue"], samples)


def _of_agents_and_calls(snapshot: Snapshot) -> Iterator[Metric]:
    statuses = Counter(agent.status for agent in snapshot.agents)
    states = Counter(agent.state for agent in snapshot.agents)
    directions = Counter(call.direction for call in snapshot.calls)
    by_status = [((status.value,), statuses[status.value]) for status in Status]
    by_state = [((state.value,), states[state.value]) for state in State]
    by_direction = [((direction.value,), directions[direction.value]) for direction in Direction]
    phases = [((phase,), count) for phase, count in sorted(Counter(call.phase for call in snapshot.calls).items())]
    yield _gauge("agents_by_status", "Agents by what they said of themselves.", ["status"], by_status)
    yield _gauge("agents_by_state", "Agents by what they are doing.", ["state"], by_state)
    yield _gauge("calls", "Calls that live.", ["direction"], by_direction)
    yield _gauge("calls_by_phase", "Calls that live, by where they are.", ["phase"], phases)


def _of_store(status: StoreCondition) -> Iterator[Metric]:
    yield _gauge("store_queued_rows", "Rows not yet in the database.", [], [((), status.queued)])
    yield _gauge("store_lag_seconds", "Age of the oldest of them.", [], [((), status.lag_ms / 1000)])
    yield _gauge("store_spooled_rows", "Rows in the spool file.", [], [((), status.spooled)])
    yield _gauge("store_failing", "1: the database does not take rows.", [], [((), status.failing)])
    yield _counter("store_written_rows", "Rows written.", [], [((), status.written)])
