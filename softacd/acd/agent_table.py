"""Everything that decides an agent's transitions lives here, as data.

*Status* is what the human says, *state* is what the machine sees; they are independent except where `STATUS_EFFECTS`
says otherwise. An agent is offered a caller only when the pair is `OFFERABLE` (and the phone is reachable, in no other
call, and no delay after a refusal is running: those are not states but facts about the device).

    STATES           state -> trigger -> new state; a trigger that is not listed is illegal there
    STATUS_EFFECTS   state -> chosen status -> what happens to the choice
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from softacd.acd.vocabulary import State, Status


class Trigger(StrEnum):
    """What moves an agent from one state to another."""

    OFFER = "offer"  # the distributor reserves the agent for a caller
    RING = "ring"  # the phone confirms that it rings
    ANSWER = "answer"  # this agent was the first to answer
    RELEASE = "release"  # the offer is refused or withdrawn
    HOLD = "hold"
    RESUME = "resume"
    WRAP_UP = "wrap-up"  # the conversation ended and its queue grants time for the paperwork
    FREE = "free"  # the conversation ended without wrap-up, or the wrap-up is over
    OWN_CALL = "own-call"  # his phone is in a call that no queue gave him
    OWN_END = "own-end"  # the last of those is over


class StatusEffect(StrEnum):
    """What becomes of a status chosen in a given state."""

    AT_ONCE = "at-once"
    WITHDRAW = "withdraw"  # at once, and the offer in progress is taken back
    AFTER_CALL = "after-call"  # noted; takes effect when the conversation ends
    END_WRAP_UP = "end-wrap-up"  # at once, and the wrap-up ends with it


STATES: Final[Mapping[State, Mapping[Trigger, State]]] = {
    State.IDLE: {Trigger.OFFER: State.OFFERED, Trigger.OWN_CALL: State.OWN_CALL},
    State.OFFERED: {
        Trigger.RING: State.RINGING,
        Trigger.ANSWER: State.TALKING,
        Trigger.RELEASE: State.IDLE,
    },
    State.RINGING: {
        Trigger.RING: State.RINGING,
        Trigger.ANSWER: State.TALKING,
        Trigger.RELEASE: State.IDLE,
    },
    State.TALKING: {
        Trigger.HOLD: State.HELD,
        Trigger.RESUME: State.TALKING,
        Trigger.WRAP_UP: State.WRAP_UP,
        Trigger.FREE: State.IDLE,
    },
    State.HELD: {
        Trigger.HOLD: State.HELD,
        Trigger.RESUME: State.TALKING,
        Trigger.WRAP_UP: State.WRAP_UP,
        Trigger.FREE: State.IDLE,
    },
    State.WRAP_UP: {Trigger.FREE: State.IDLE, Trigger.OWN_CALL: State.AFTER_CALL},
    State.AFTER_CALL: {Trigger.FREE: State.OWN_CALL, Trigger.OWN_END: State.WRAP_UP},
    State.OWN_CALL: {Trigger.OWN_END: State.IDLE},
}

_EVERY_STATUS_AT_ONCE: Final = dict.fromkeys(Status, StatusEffect.AT_ONCE)
_EVERY_STATUS_AFTER_CALL: Final = dict.fromkeys(Status, StatusEffect.AFTER_CALL)
_LEAVING_WITHDRAWS: Final = dict.fromkeys(Status, StatusEffect.WITHDRAW) | {Status.AVAILABLE: StatusEffect.AT_ONCE}

STATUS_EFFECTS: Final[Mapping[State, Mapping[Status, StatusEffect]]] = {
    State.IDLE: _EVERY_STATUS_AT_ONCE,
    State.OFFERED: _LEAVING_WITHDRAWS,
    State.RINGING: _LEAVING_WITHDRAWS,
    State.TALKING: _EVERY_STATUS_AFTER_CALL,
    State.HELD: _EVERY_STATUS_AFTER_CALL,
    # A break chosen in wrap-up begins at once and the wrap-up runs out beside it; who goes home has nothing to wrap up.
    State.WRAP_UP: _EVERY_STATUS_AT_ONCE | {Status.LOGGED_OUT: StatusEffect.END_WRAP_UP},
    State.AFTER_CALL: _EVERY_STATUS_AT_ONCE | {Status.LOGGED_OUT: StatusEffect.END_WRAP_UP},
    State.OWN_CALL: _EVERY_STATUS_AT_ONCE,
}

OFFERABLE: Final = (Status.AVAILABLE, State.IDLE)
"""The only pair in which an agent may be offered a caller."""

ON_OFFER: Final = frozenset({State.OFFERED, State.RINGING})
IN_CONVERSATION: Final = frozenset({State.TALKING, State.HELD})
IN_WRAP_UP: Final = frozenset({State.WRAP_UP, State.AFTER_CALL})


class IllegalTransitionError(RuntimeError):
    """A trigger the agent's state does not allow: a fault of the distributor, never of its input."""


# An enum's choice looked up by its name costs more than the rest of a step in Python 3.11: those of the busiest
# moments are looked up once, here.
OFFER: Final = Trigger.OFFER
ANSWER: Final = Trigger.ANSWER
RELEASE: Final = Trigger.RELEASE
FREE: Final = Trigger.FREE
WRAP_UP: Final = Trigger.WRAP_UP
AVAILABLE: Final = Status.AVAILABLE
IDLE: Final = State.IDLE


def next_state(state: State, trigger: Trigger) -> State:
    """The state after `trigger`; raises IllegalTransitionError for a pair that is not in STATES."""
    try:
        return STATES[state][trigger]
    except KeyError:
        raise IllegalTransitionError(f"agent in state {state} cannot take {trigger}") from None


def diagram() -> str:
    """The state table as a Mermaid state diagram, one line a transition, for the documentation."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.IDLE.name}"]
    for state, row in STATES.items():
        lines.extend(f"    {state.name} --> {new.name}: {trigger}" for trigger, new in row.items())
    return "\n".join(lines) + "\n"
