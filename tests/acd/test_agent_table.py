"""The tables are complete, and nothing but the tables moves an agent."""

import pytest

from softacd.acd.agent_table import (
    IN_CONVERSATION,
    OFFERABLE,
    ON_OFFER,
    STATES,
    STATUS_EFFECTS,
    IllegalTransitionError,
    StatusEffect,
    Trigger,
    diagram,
    next_state,
)
from softacd.acd.vocabulary import State, Status


def test_every_state_has_a_row_and_every_chosen_status_an_effect() -> None:
    assert set(STATES) == set(STATUS_EFFECTS) == set(State)
    for row in STATUS_EFFECTS.values():
        assert set(row) == set(Status)


def test_every_state_can_be_reached_and_left_back_to_idle() -> None:
    for start in State:
        reached, frontier = {start}, [start]
        while frontier:
            for state in STATES[frontier.pop()].values():
                if state not in reached:
                    reached.add(state)
                    frontier.append(state)
        assert State.IDLE in reached
        if start is State.IDLE:
            assert reached == set(State)


def test_a_conversation_begins_only_with_an_answered_offer() -> None:
    talking = {(state, trigger) for state in State for trigger, new in STATES[state].items() if new is State.TALKING}
    assert talking == {(state, Trigger.ANSWER) for state in ON_OFFER} | {
        (state, Trigger.RESUME) for state in IN_CONVERSATION
    }
    assert Trigger.OFFER not in {trigger for state in State if state is not OFFERABLE[1] for trigger in STATES[state]}


def test_what_is_not_in_the_table_is_illegal() -> None:
    for state in State:
        for trigger in Trigger:
            if trigger in STATES[state]:
                assert next_state(state, trigger) is STATES[state][trigger]
            else:
                with pytest.raises(IllegalTransitionError, match=trigger.value):
                    next_state(state, trigger)


def test_a_status_never_ends_a_conversation() -> None:
    for state in IN_CONVERSATION:
        assert set(STATUS_EFFECTS[state].values()) == {StatusEffect.AFTER_CALL}


def test_the_diagram_shows_every_transition_once() -> None:
    lines = diagram().splitlines()
    assert lines[:2] == ["stateDiagram-v2", "    [*] --> IDLE"]
    assert len(lines) - 2 == sum(len(row) for row in STATES.values()) == len(set(lines[2:]))
    assert "    WRAP_UP --> IDLE: free" in lines
