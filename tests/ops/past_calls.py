"""A call of the past as the store keeps it, for the tests that show it."""

from softacd.calls.records import CallEvent, CallRecord, Direction, LegRecord, Outcome, TraceRow
from softacd.store import CallDetail

START = 1_780_300_800_000
"""2026-06-01 08:00 UTC."""
ID = "n1-mp3k2a1b-1c"


def event(after_ms: int, kind: str, detail: str = "") -> CallEvent:
    return CallEvent(ID, START + after_ms, kind, detail)


def message(after_ms: int, direction: str, line: str, cseq: str = "1 INVITE") -> TraceRow:
    """A SIP message; `direction` is "> alpha" for one that softacd sent, "< alpha" for one it received."""
    arrow, _, party = direction.partition(" ")
    kind = "trunk" if party == "alpha" else "agent"
    return TraceRow(ID, START + after_ms, arrow == ">", f"{kind}:{party}", line, cseq)


def answered_call() -> CallDetail:
    """A caller chooses 2, waits for sales, ann and bob ring, ann answers, the caller hangs up."""
    call = CallRecord(
        id=ID, direction=Direction.INCOMING, started=START, caller="+37369123456", called="+37322000111",
        trunk="alpha", answered=START + 200, queue="sales", queued=START + 4_100, connected=START + 16_400,
        agent="ann", ended=START + 78_400, wait_ms=12_300, talk_ms=62_000, outcome=Outcome.ANSWERED, cause=200,
        ended_by="caller", keys="2",
    )  # fmt: skip
    return CallDetail(
        call=call,
        legs=[
            LegRecord(
                f"{ID}-a", ID, "trunk:alpha", "+37369123456", False, START, answered=START + 200, ended=START + 78_400,
                cause=200, codec="PCMA", packets_sent=3_900, packets_received=3_890, packets_lost=10, jitter_ms=2.3,
                remote_lost=200, remote_jitter_ms=45.0, round_trip_ms=35.0, mos=4.35, remote_mos=3.5,
            ),
            LegRecord(
                f"{ID}-b", ID, "agent:ann", "101", True, START + 4_100, answered=START + 16_390, ended=START + 78_420,
                cause=200, codec="PCMU", packets_sent=3_000, packets_received=3_000, packets_lost=-2,
            ),
            LegRecord(
                f"{ID}-c", ID, "agent:bob", "102", True, START + 4_100, ended=START + 16_400, cause=487,
                reason='SIP;cause=200;text="Call completed elsewhere"',
            ),
        ],
        events=[
            event(0, "flow", "main"), event(200, "step", "menu"), event(4_000, "key", "2"),
            event(4_100, "queue-joined", "sales"), event(4_100, "offered", "ann"), event(4_100, "offered", "bob"),
            event(16_400, "connected", "ann"), event(78_400, "hang-up", "caller"),
        ],
        trace=[
            message(0, "< alpha", "INVITE"),
            message(1, "> alpha", "100 Trying"),
            message(200, "> alpha", "200 OK"),
            message(700, "> alpha", "200 OK"),
            message(720, "< alpha", "ACK", "1 ACK"),
            message(4_101, "> ann", "INVITE"),
            message(4_101, "> bob", "INVITE"),
            message(4_130, "< ann", "180 Ringing"),
            message(16_390, "< ann", "200 OK"),
            message(16_391, "> ann", "ACK", "1 ACK"),
            message(16_391, "> bob", "CANCEL", "1 CANCEL"),
            message(16_399, "< bob", "200 OK", "1 CANCEL"),
            message(16_401, "< bob", "487 Request Terminated"),
            message(16_402, "> bob", "ACK", "1 ACK"),
            message(78_400, "< alpha", "BYE", "2 BYE"),
            message(78_401, "> alpha", "200 OK", "2 BYE"),
            message(78_401, "> ann", "BYE", "2 BYE"),
            message(78_420, "< ann", "200 OK", "2 BYE"),
        ],
    )  # fmt: skip
