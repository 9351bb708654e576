"""The phases of a call, as people see them, and every transition between them."""

from enum import StrEnum


class Phase(StrEnum):
    """What a call is doing."""

    ARRIVED = "arrived"
    FLOW = "flow"  # greeting, menu, notices
    QUEUE = "queue"
    RINGING = "ringing"  # one destination is being rung
    TALKING = "talking"
    HELD = "held"
    TRANSFERRING = "transferring"  # one party waits while a transfer is carried out
    CONFERENCE = "conference"  # in a room with others
    PARKED = "parked"  # one party waits in a slot until somebody dials it
    ENDED = "ended"


CALL_TABLE: dict[Phase, frozenset[Phase]] = {
    Phase.ARRIVED: frozenset({Phase.FLOW, Phase.QUEUE, Phase.RINGING, Phase.ENDED}),
    Phase.FLOW: frozenset({Phase.FLOW, Phase.QUEUE, Phase.RINGING, Phase.CONFERENCE, Phase.ENDED}),
    Phase.QUEUE: frozenset({Phase.FLOW, Phase.QUEUE, Phase.RINGING, Phase.TALKING, Phase.ENDED}),
    Phase.RINGING: frozenset({Phase.FLOW, Phase.QUEUE, Phase.RINGING, Phase.TALKING, Phase.ENDED}),
    Phase.TALKING: frozenset({Phase.FLOW, Phase.HELD, Phase.TRANSFERRING, Phase.ENDED}),
    Phase.HELD: frozenset({Phase.FLOW, Phase.TALKING, Phase.TRANSFERRING, Phase.ENDED}),
    Phase.TRANSFERRING: frozenset(
        {Phase.FLOW, Phase.QUEUE, Phase.TALKING, Phase.CONFERENCE, Phase.PARKED, Phase.ENDED}
    ),
    Phase.CONFERENCE: frozenset({Phase.ENDED}),
    Phase.PARKED: frozenset({Phase.TALKING, Phase.ENDED}),
    Phase.ENDED: frozenset(),
}


class IllegalPhaseError(RuntimeError):
    """A call was asked for what its phase does not allow: a bug of ours, never a caller's doing."""


def enter(old: Phase, new: Phase) -> Phase:
    """`new`, when the table allows it. Raises IllegalPhaseError."""
    if new not in CALL_TABLE[old]:
        raise IllegalPhaseError(f"a call in phase {old} cannot enter {new}")
    return new
