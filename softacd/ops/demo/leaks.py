"""Nothing may stay open once the last call is over: the switch's own gauges, and the kernel's view of the process."""

from collections.abc import Mapping

import msgspec

from softacd.ops.demo.switch_process import Descriptors

UNFINISHED = "softacd_sip_transactions_unfinished"
LIVING = ("softacd_sip_client_transactions", "softacd_sip_server_transactions")
LINGER = 33.0
"""Seconds a finished transaction stays to absorb retransmissions (64*T1, RFC 3261 section 17), and a little."""


class GaugeError(Exception):
    """The switch does not show a gauge that the check needs."""


class Opened(msgspec.Struct, frozen=True):
    """What is open in the switch at one moment."""

    calls: int
    dialogs: int
    transactions: int
    """SIP transactions without a final response; with `finished_too`, those that absorb retransmissions as well."""
    streams: int
    timers: int
    """Deadlines of calls."""
    tasks: int
    """Tasks of the event loop."""
    rows: int
    """Records that wait to be written."""
    sockets: int
    files: int
    threads: int
    finished_too: bool = False

    def left(self, before: "Opened") -> dict[str, int]:
        """Name what is open now and was not `before` the first call, with how many; 0 where nothing is."""
        now, then = msgspec.structs.asdict(self), msgspec.structs.asdict(before)
        return {name: max(0, now[name] - then[name]) for name in now if name != "finished_too"}


def opened(metrics: Mapping[str, float], descriptors: Descriptors, threads: int) -> Opened:
    """Read the gauges (family name -> value) and the process. Raises GaugeError naming the gauge that is missing.

    Where the switch does not tell finished transactions from others, all of them are counted: then they are gone only
    `LINGER` seconds after the last call.
    """
    finished_too = UNFINISHED not in metrics
    names = LIVING if finished_too else (UNFINISHED,)
    return Opened(
        calls=_gauge(metrics, "softacd_calls"),
        dialogs=_gauge(metrics, "softacd_sip_dialogs"),
        transactions=sum(_gauge(metrics, name) for name in names),
        streams=_gauge(metrics, "softacd_media_streams"),
        timers=_gauge(metrics, "softacd_call_deadlines"),
        tasks=_gauge(metrics, "softacd_tasks"),
        rows=_gauge(metrics, "softacd_store_queued"),
        sockets=descriptors.sockets,
        files=descriptors.files,
        threads=threads,
        finished_too=finished_too,
    )


def _gauge(metrics: Mapping[str, float], name: str) -> int:
    if name not in metrics:
        raise GaugeError(f"the switch's metrics have no {name}")
    return int(metrics[name])
