"""The four tables hold together: nothing unreachable, nothing without a way out, no input from a peer unanswered."""

from __future__ import annotations

import pytest

from softacd.sip.transaction_table import (
    DURATIONS,
    INITIAL,
    STATE_TIMERS,
    TABLES,
    TIMER_INPUTS,
    Action,
    Input,
    Machine,
    TransactionState,
)

FROM_NETWORK = {
    Machine.INVITE_CLIENT: (Input.RESPONSE_1XX, Input.RESPONSE_2XX, Input.RESPONSE_300_699, Input.TRANSPORT_ERROR),
    Machine.CLIENT: (Input.RESPONSE_1XX, Input.RESPONSE_2XX, Input.RESPONSE_300_699, Input.TRANSPORT_ERROR),
    Machine.INVITE_SERVER: (Input.REQUEST, Input.ACK),
    Machine.SERVER: (Input.REQUEST,),
}


def states(machine: Machine) -> set[TransactionState]:
    table = TABLES[machine]
    return {state for state, _ in table} | {row[0] for row in table.values()}


@pytest.mark.parametrize("machine", Machine)
def test_every_state_is_reached(machine: Machine) -> None:
    reached = {INITIAL[machine]}
    for _ in range(10):
        reached |= {row[0] for (state, _), row in TABLES[machine].items() if state in reached}
    assert reached == states(machine)
    assert TransactionState.TERMINATED in reached


@pytest.mark.parametrize("machine", Machine)
def test_every_state_takes_whatever_the_network_brings(machine: Machine) -> None:
    for state in states(machine) - {TransactionState.TERMINATED}:
        for event in FROM_NETWORK[machine]:
            assert (state, event) in TABLES[machine], f"{state} has no answer to {event}"


@pytest.mark.parametrize("machine", Machine)
def test_every_timer_of_a_state_has_its_row(machine: Machine) -> None:
    for state, timers in STATE_TIMERS[machine].items():
        for timer in timers:
            assert (state, TIMER_INPUTS[timer]) in TABLES[machine]
            assert timer in DURATIONS


@pytest.mark.parametrize("machine", Machine)
def test_a_final_state_ends_by_itself(machine: Machine) -> None:
    for state in (TransactionState.COMPLETED, TransactionState.ACCEPTED, TransactionState.CONFIRMED):
        if state in states(machine):
            ends = [TABLES[machine][state, TIMER_INPUTS[timer]][0] for timer in STATE_TIMERS[machine][state]]
            assert TransactionState.TERMINATED in ends


def test_a_final_response_is_reported_once() -> None:
    for machine in (Machine.INVITE_CLIENT, Machine.CLIENT):
        for (state, event), (_, actions) in TABLES[machine].items():
            if state is TransactionState.COMPLETED and event in FROM_NETWORK[machine]:
                assert Action.REPORT not in actions


def test_a_second_final_response_has_no_row() -> None:
    for machine in (Machine.INVITE_SERVER, Machine.SERVER):
        for state in (TransactionState.COMPLETED, TransactionState.CONFIRMED, TransactionState.ACCEPTED):
            assert (state, Input.SEND_2XX) not in TABLES[machine]
            assert (state, Input.SEND_300_699) not in TABLES[machine]
