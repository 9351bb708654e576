"""Calls that adapters tell of."""

from softacd.crm.adapters.interface import CallLog, PhoneNumber

NUMBER = PhoneNumber("+37369123456", "37369123456", "69123456")
BEGAN = 1_779_357_600_000
"""2026-05-21 10:00 UTC."""
TALK = CallLog(
    call="n1-abc-1",
    number="069123456",
    incoming=True,
    started=BEGAN,
    ended=BEGAN + 95_000,
    talk_ms=61_200,
    connected=True,
    outcome="answered",
    agent="ann",
    queue="sales",
    topic="delivery",
    recording="https://pbx.example/r/c1.1",
)
MISSED = CallLog(
    call="n1-abc-2",
    number="069123456",
    incoming=True,
    started=BEGAN,
    ended=BEGAN + 9000,
    missed=True,
    outcome="abandoned",
)
