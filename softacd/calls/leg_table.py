"""The leg's states and every transition between them. Everything that affects a leg's state lives here.

A leg is one INVITE dialog usage (RFC 5057) with one device. An *incoming* leg was called by the device, an
*outgoing* leg calls it. A pair not in the table cannot happen: `advance` raises.
"""

from enum import StrEnum


class LegState(StrEnum):
    """Where a leg stands."""

    ARRIVED = "arrived"  # incoming: INVITE received, nothing said but 100
    ALERTING = "alerting"  # incoming: we sent 18x
    ACCEPTED = "accepted"  # incoming: we sent 2xx and wait for the ACK
    DIALING = "dialing"  # outgoing: INVITE sent
    RINGING = "ringing"  # outgoing: 18x received
    CANCELLING = "cancelling"  # outgoing: we gave up, the final response has not come
    CLOSING = "closing"  # incoming: we hung up before the ACK came and must wait for it
    ESTABLISHED = "established"  # both sides confirmed
    ENDED = "ended"


class LegInput(StrEnum):
    """What moves a leg."""

    ALERT = "alert"  # we send 18x
    ACCEPT = "accept"  # we send 2xx
    REFUSE = "refuse"  # we send 3xx-6xx
    ACK = "ack"  # ACK received
    CANCELLED = "cancelled"  # CANCEL received
    PROGRESS = "progress"  # 18x received
    ANSWER = "answer"  # 2xx received
    FAILURE = "failure"  # 3xx-6xx, time-out or transport failure
    GIVE_UP = "give-up"  # we send CANCEL
    HANG_UP = "hang-up"  # we send BYE
    BYE = "bye"  # BYE received


_S, _I = LegState, LegInput

LEG_TABLE: dict[LegState, dict[LegInput, LegState]] = {
    _S.ARRIVED: {
        _I.ALERT: _S.ALERTING,
        _I.ACCEPT: _S.ACCEPTED,
        _I.REFUSE: _S.ENDED,
        _I.CANCELLED: _S.ENDED,
    },
    _S.ALERTING: {
        _I.ALERT: _S.ALERTING,
        _I.ACCEPT: _S.ACCEPTED,
        _I.REFUSE: _S.ENDED,
        _I.CANCELLED: _S.ENDED,
        _I.BYE: _S.ENDED,  # a caller may end an early dialog so (RFC 3261 section 15)
    },
    _S.ACCEPTED: {
        _I.ACK: _S.ESTABLISHED,
        _I.HANG_UP: _S.CLOSING,  # no BYE before the ACK (RFC 3261 section 15)
        _I.BYE: _S.ENDED,
        _I.FAILURE: _S.ENDED,  # 64*T1 without ACK
    },
    _S.CLOSING: {
        _I.ACK: _S.ENDED,
        _I.BYE: _S.ENDED,
        _I.FAILURE: _S.ENDED,
    },
    _S.DIALING: {
        _I.PROGRESS: _S.RINGING,
        _I.ANSWER: _S.ESTABLISHED,
        _I.FAILURE: _S.ENDED,
        _I.GIVE_UP: _S.CANCELLING,
    },
    _S.RINGING: {
        _I.PROGRESS: _S.RINGING,
        _I.ANSWER: _S.ESTABLISHED,
        _I.FAILURE: _S.ENDED,
        _I.GIVE_UP: _S.CANCELLING,
        _I.BYE: _S.ENDED,
    },
    _S.CANCELLING: {
        _I.PROGRESS: _S.CANCELLING,
        _I.ANSWER: _S.ENDED,  # late 2xx: ACK and BYE (RFC 3261 section 9.1)
        _I.FAILURE: _S.ENDED,
        _I.BYE: _S.ENDED,
    },
    _S.ESTABLISHED: {
        _I.ACK: _S.ESTABLISHED,
        _I.HANG_UP: _S.ENDED,
        _I.BYE: _S.ENDED,
        _I.FAILURE: _S.ENDED,
    },
    _S.ENDED: {},
}


class IllegalLegTransitionError(RuntimeError):
    """A leg was asked for what its state does not allow: a bug of ours, never a peer's doing."""


def advance(state: LegState, move: LegInput) -> LegState:
    """The state after `move`. Raises IllegalLegTransitionError."""
    try:
        return LEG_TABLE[state][move]
    except KeyError:
        raise IllegalLegTransitionError(f"a leg that is {state} cannot take {move}") from None
