"""The four transaction state machines as data (RFC 3261 section 17 as corrected by RFC 6026).

Everything that affects transitions lives here: (state, input) -> (next state, actions). Entering a state starts
the timers `STATE_TIMERS` gives it and stops all others; a timer of zero seconds fires at once. An input that has no
row is a misuse by the transaction user and raises.
"""

from enum import Enum, auto

from softacd.sip.timers import T1, T2, T4, TimerName


class Machine(Enum):
    """Which of the four."""

    __hash__ = object.__hash__  # identity: Enum hashes the name, in Python, on every table look-up

    INVITE_CLIENT = auto()
    CLIENT = auto()
    INVITE_SERVER = auto()
    SERVER = auto()


class TransactionState(Enum):
    """The states of all four machines; the value is the RFC's word."""

    __hash__ = object.__hash__  # identity: Enum hashes the name, in Python, on every table look-up

    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"  # RFC 6026
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Input(Enum):
    """What can happen to a transaction."""

    __hash__ = object.__hash__  # identity: Enum hashes the name, in Python, on every table look-up

    RESPONSE_1XX = auto()
    RESPONSE_2XX = auto()
    RESPONSE_300_699 = auto()
    REQUEST = auto()  # the request again, from the network
    ACK = auto()
    SEND_1XX = auto()
    SEND_2XX = auto()
    SEND_300_699 = auto()
    TRANSPORT_ERROR = auto()
    TIMER_A = auto()
    TIMER_B = auto()
    TIMER_D = auto()
    TIMER_E = auto()
    TIMER_F = auto()
    TIMER_G = auto()
    TIMER_H = auto()
    TIMER_I = auto()
    TIMER_J = auto()
    TIMER_K = auto()
    TIMER_L = auto()
    TIMER_M = auto()
    TIMER_CANCELLED = auto()


class Action(Enum):
    """What a transition does besides changing state."""

    REPORT = auto()  # pass the response to the transaction user
    ACKNOWLEDGE = auto()  # send the ACK for a 300-699 response, same hop (section 17.1.1.3)
    SEND = auto()  # send what the transaction user gave
    RESEND = auto()  # send the last message again
    RETRANSMIT = auto()  # RESEND, and start the retransmission timer with its next interval
    PASS_ACK = auto()  # an ACK for a 2xx that came with the INVITE's branch: the user agent core has it
    FAIL_TIMEOUT = auto()  # tell the transaction user: timer B, F or H
    FAIL_TRANSPORT = auto()  # tell the transaction user: the transport gave up


_S = TransactionState
_I = Input
_A = Action
Row = tuple[TransactionState, tuple[Action, ...]]

# RFC 3261 figure 5 with RFC 6026 section 7.2 (Accepted)
INVITE_CLIENT: dict[tuple[TransactionState, Input], Row] = {
    (_S.CALLING, _I.RESPONSE_1XX): (_S.PROCEEDING, (_A.REPORT,)),
    (_S.CALLING, _I.RESPONSE_2XX): (_S.ACCEPTED, (_A.REPORT,)),
    (_S.CALLING, _I.RESPONSE_300_699): (_S.COMPLETED, (_A.ACKNOWLEDGE, _A.REPORT)),
    (_S.CALLING, _I.TIMER_A): (_S.CALLING, (_A.RETRANSMIT,)),
    (_S.CALLING, _I.TIMER_B): (_S.TERMINATED, (_A.FAIL_TIMEOUT,)),
    (_S.CALLING, _I.TRANSPORT_ERROR): (_S.TERMINATED, (_A.FAIL_TRANSPORT,)),
    (_S.PROCEEDING, _I.RESPONSE_1XX): (_S.PROCEEDING, (_A.REPORT,)),
    (_S.PROCEEDING, _I.RESPONSE_2XX): (_S.ACCEPTED, (_A.REPORT,)),
    (_S.PROCEEDING, _I.RESPONSE_300_699): (_S.COMPLETED, (_A.ACKNOWLEDGE, _A.REPORT)),
    (_S.PROCEEDING, _I.TRANSPORT_ERROR): (_S.TERMINATED, (_A.FAIL_TRANSPORT,)),
    (_S.PROCEEDING, _I.TIMER_CANCELLED): (_S.TERMINATED, (_A.FAIL_TIMEOUT,)),
    (_S.COMPLETED, _I.RESPONSE_1XX): (_S.COMPLETED, ()),
    (_S.COMPLETED, _I.RESPONSE_2XX): (_S.COMPLETED, ()),
    (_S.COMPLETED, _I.RESPONSE_300_699): (_S.COMPLETED, (_A.ACKNOWLEDGE,)),
    (_S.COMPLETED, _I.TIMER_D): (_S.TERMINATED, ()),
    (_S.COMPLETED, _I.TRANSPORT_ERROR): (_S.TERMINATED, ()),  # the final response was reported already
    (_S.ACCEPTED, _I.RESPONSE_1XX): (_S.ACCEPTED, ()),
    (_S.ACCEPTED, _I.RESPONSE_2XX): (_S.ACCEPTED, (_A.REPORT,)),
    (_S.ACCEPTED, _I.RESPONSE_300_699): (_S.ACCEPTED, ()),
    (_S.ACCEPTED, _I.TIMER_M): (_S.TERMINATED, ()),
    (_S.ACCEPTED, _I.TRANSPORT_ERROR): (_S.ACCEPTED, ()),
}

# RFC 3261 figure 6
CLIENT: dict[tuple[TransactionState, Input], Row] = {
    (_S.TRYING, _I.RESPONSE_1XX): (_S.PROCEEDING, (_A.REPORT,)),
    (_S.TRYING, _I.RESPONSE_2XX): (_S.COMPLETED, (_A.REPORT,)),
    (_S.TRYING, _I.RESPONSE_300_699): (_S.COMPLETED, (_A.REPORT,)),
    (_S.TRYING, _I.TIMER_E): (_S.TRYING, (_A.RETRANSMIT,)),
    (_S.TRYING, _I.TIMER_F): (_S.TERMINATED, (_A.FAIL_TIMEOUT,)),
    (_S.TRYING, _I.TRANSPORT_ERROR): (_S.TERMINATED, (_A.FAIL_TRANSPORT,)),
    (_S.PROCEEDING, _I.RESPONSE_1XX): (_S.PROCEEDING, (_A.REPORT,)),
    (_S.PROCEEDING, _I.RESPONSE_2XX): (_S.COMPLETED, (_A.REPORT,)),
    (_S.PROCEEDING, _I.RESPONSE_300_699): (_S.COMPLETED, (_A.REPORT,)),
    (_S.PROCEEDING, _I.TIMER_E): (_S.PROCEEDING, (_A.RETRANSMIT,)),
    (_S.PROCEEDING, _I.TIMER_F): (_S.TERMINATED, (_A.FAIL_TIMEOUT,)),
    (_S.PROCEEDING, _I.TRANSPORT_ERROR): (_S.TERMINATED, (_A.FAIL_TRANSPORT,)),
    (_S.COMPLETED, _I.RESPONSE_1XX): (_S.COMPLETED, ()),
    (_S.COMPLETED, _I.RESPONSE_2XX): (_S.COMPLETED, ()),
    (_S.COMPLETED, _I.RESPONSE_300_699): (_S.COMPLETED, ()),
    (_S.COMPLETED, _I.TIMER_K): (_S.TERMINATED, ()),
    (_S.COMPLETED, _I.TRANSPORT_ERROR): (_S.COMPLETED, ()),
}

# RFC 3261 figure 7 with RFC 6026 section 7.1 (Accepted)
INVITE_SERVER: dict[tuple[TransactionState, Input], Row] = {
    (_S.PROCEEDING, _I.REQUEST): (_S.PROCEEDING, (_A.RESEND,)),
    (_S.PROCEEDING, _I.ACK): (_S.PROCEEDING, ()),
    (_S.PROCEEDING, _I.SEND_1XX): (_S.PROCEEDING, (_A.SEND,)),
    (_S.PROCEEDING, _I.SEND_2XX): (_S.ACCEPTED, (_A.SEND,)),
    (_S.PROCEEDING, _I.SEND_300_699): (_S.COMPLETED, (_A.SEND,)),
    (_S.COMPLETED, _I.REQUEST): (_S.COMPLETED, (_A.RESEND,)),
    (_S.COMPLETED, _I.ACK): (_S.CONFIRMED, ()),
    (_S.COMPLETED, _I.TIMER_G): (_S.COMPLETED, (_A.RETRANSMIT,)),
    (_S.COMPLETED, _I.TIMER_H): (_S.TERMINATED, ()),  # the call has failed anyway: nothing for the user to undo
    (_S.CONFIRMED, _I.REQUEST): (_S.CONFIRMED, ()),
    (_S.CONFIRMED, _I.ACK): (_S.CONFIRMED, ()),
    (_S.CONFIRMED, _I.TIMER_I): (_S.TERMINATED, ()),
    (_S.ACCEPTED, _I.REQUEST): (_S.ACCEPTED, ()),
    (_S.ACCEPTED, _I.ACK): (_S.ACCEPTED, (_A.PASS_ACK,)),
    (_S.ACCEPTED, _I.TIMER_L): (_S.TERMINATED, ()),
}

# RFC 3261 figure 8
SERVER: dict[tuple[TransactionState, Input], Row] = {
    (_S.TRYING, _I.REQUEST): (_S.TRYING, ()),
    (_S.TRYING, _I.SEND_1XX): (_S.PROCEEDING, (_A.SEND,)),
    (_S.TRYING, _I.SEND_2XX): (_S.COMPLETED, (_A.SEND,)),
    (_S.TRYING, _I.SEND_300_699): (_S.COMPLETED, (_A.SEND,)),
    (_S.PROCEEDING, _I.REQUEST): (_S.PROCEEDING, (_A.RESEND,)),
    (_S.PROCEEDING, _I.SEND_1XX): (_S.PROCEEDING, (_A.SEND,)),
    (_S.PROCEEDING, _I.SEND_2XX): (_S.COMPLETED, (_A.SEND,)),
    (_S.PROCEEDING, _I.SEND_300_699): (_S.COMPLETED, (_A.SEND,)),
    (_S.COMPLETED, _I.REQUEST): (_S.COMPLETED, (_A.RESEND,)),
    (_S.COMPLETED, _I.TIMER_J): (_S.TERMINATED, ()),
}

TABLES: dict[Machine, dict[tuple[TransactionState, Input], Row]] = {
    Machine.INVITE_CLIENT: INVITE_CLIENT,
    Machine.CLIENT: CLIENT,
    Machine.INVITE_SERVER: INVITE_SERVER,
    Machine.SERVER: SERVER,
}

INITIAL: dict[Machine, TransactionState] = {
    Machine.INVITE_CLIENT: _S.CALLING,
    Machine.CLIENT: _S.TRYING,
    Machine.INVITE_SERVER: _S.PROCEEDING,
    Machine.SERVER: _S.TRYING,
}

_T = TimerName
# Timers that run in a state. The first of two is the retransmission timer, which reliable transports never start.
STATE_TIMERS: dict[Machine, dict[TransactionState, tuple[TimerName, ...]]] = {
    Machine.INVITE_CLIENT: {
        _S.CALLING: (_T.A, _T.B),
        _S.COMPLETED: (_T.D,),
        _S.ACCEPTED: (_T.M,),
    },
    Machine.CLIENT: {
        _S.TRYING: (_T.E, _T.F),
        _S.PROCEEDING: (_T.E, _T.F),
        _S.COMPLETED: (_T.K,),
    },
    Machine.INVITE_SERVER: {
        _S.COMPLETED: (_T.G, _T.H),
        _S.CONFIRMED: (_T.I,),
        _S.ACCEPTED: (_T.L,),
    },
    Machine.SERVER: {_S.COMPLETED: (_T.J,)},
}

RETRANSMISSION = frozenset((_T.A, _T.E, _T.G))
# Timer A doubles without limit; E and G up to T2 (sections 17.1.1.2, 17.1.2.2, 17.2.1).
LONGEST_INTERVAL: dict[TimerName, float] = {_T.A: 64 * T1, _T.E: T2, _T.G: T2}

# RFC 3261 table 4: seconds on UDP and on reliable transports.
DURATIONS: dict[TimerName, tuple[float, float]] = {
    _T.A: (T1, T1),
    _T.B: (64 * T1, 64 * T1),
    _T.D: (32.0, 0.0),
    _T.E: (T1, T1),
    _T.F: (64 * T1, 64 * T1),
    _T.G: (T1, T1),
    _T.H: (64 * T1, 64 * T1),
    _T.I: (T4, 0.0),
    _T.J: (64 * T1, 0.0),
    _T.K: (T4, 0.0),
    _T.L: (64 * T1, 64 * T1),
    _T.M: (64 * T1, 64 * T1),
    _T.CANCELLED: (64 * T1, 64 * T1),
}

TIMER_INPUTS: dict[TimerName, Input] = {
    _T.A: _I.TIMER_A,
    _T.B: _I.TIMER_B,
    _T.D: _I.TIMER_D,
    _T.E: _I.TIMER_E,
    _T.F: _I.TIMER_F,
    _T.G: _I.TIMER_G,
    _T.H: _I.TIMER_H,
    _T.I: _I.TIMER_I,
    _T.J: _I.TIMER_J,
    _T.K: _I.TIMER_K,
    _T.L: _I.TIMER_L,
    _T.M: _I.TIMER_M,
    _T.CANCELLED: _I.TIMER_CANCELLED,
}
