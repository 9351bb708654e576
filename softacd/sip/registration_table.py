"""The registration of a trunk as data: (state, input) -> (next state, action)."""

from enum import Enum, StrEnum, auto


class RegistrationState(StrEnum):
    """Where we stand with the carrier's registrar."""

    UNREGISTERED = "unregistered"
    REGISTERING = "registering"
    REGISTERED = "registered"
    REFRESHING = "refreshing"  # still registered, the next REGISTER is on its way
    BACKING_OFF = "backing-off"  # nobody answered, or the server cannot now: trying again soon
    REJECTED = "rejected"  # the server said no for a reason that does not pass: trying again late
    STOPPING = "stopping"  # asked to stop while a REGISTER is unanswered that may be the first to count
    LEAVING = "leaving"  # asked to stop while a REGISTER is unanswered, and an earlier one still counts
    DEREGISTERING = "deregistering"


class RegistrationInput(Enum):
    """What can happen to it."""

    START = auto()
    STOP = auto()  # and nothing we were granted still runs
    LEAVE = auto()  # stop, while the carrier still sends calls here
    DEADLINE = auto()
    ACCEPTED = auto()  # 2xx
    TOO_BRIEF = auto()  # 423 with a Min-Expires we can meet
    FAILED = auto()  # time-out, transport error, 408, 5xx
    REFUSED = auto()  # any other final response, 401 after our credentials included


class RegistrationAction(Enum):
    """What a transition does besides changing state."""

    NONE = auto()
    REGISTER = auto()
    UNREGISTER = auto()  # REGISTER with Expires: 0
    KEEP = auto()  # note the granted time, come back before it is over
    RETRY = auto()  # come back after an exponential back-off
    RETRY_LATE = auto()


_S, _I, _A = RegistrationState, RegistrationInput, RegistrationAction

TABLE: dict[tuple[RegistrationState, RegistrationInput], tuple[RegistrationState, RegistrationAction]] = {
    (_S.UNREGISTERED, _I.START): (_S.REGISTERING, _A.REGISTER),
    (_S.UNREGISTERED, _I.STOP): (_S.UNREGISTERED, _A.NONE),
    (_S.UNREGISTERED, _I.LEAVE): (_S.UNREGISTERED, _A.NONE),
    (_S.REGISTERING, _I.ACCEPTED): (_S.REGISTERED, _A.KEEP),
    (_S.REGISTERING, _I.TOO_BRIEF): (_S.REGISTERING, _A.REGISTER),
    (_S.REGISTERING, _I.FAILED): (_S.BACKING_OFF, _A.RETRY),
    (_S.REGISTERING, _I.REFUSED): (_S.REJECTED, _A.RETRY_LATE),
    (_S.REGISTERING, _I.STOP): (_S.STOPPING, _A.NONE),
    (_S.REGISTERING, _I.LEAVE): (_S.LEAVING, _A.NONE),
    (_S.REGISTERED, _I.DEADLINE): (_S.REFRESHING, _A.REGISTER),
    (_S.REGISTERED, _I.STOP): (_S.DEREGISTERING, _A.UNREGISTER),
    (_S.REGISTERED, _I.LEAVE): (_S.DEREGISTERING, _A.UNREGISTER),
    (_S.REFRESHING, _I.ACCEPTED): (_S.REGISTERED, _A.KEEP),
    (_S.REFRESHING, _I.TOO_BRIEF): (_S.REFRESHING, _A.REGISTER),
    (_S.REFRESHING, _I.FAILED): (_S.BACKING_OFF, _A.RETRY),
    (_S.REFRESHING, _I.REFUSED): (_S.REJECTED, _A.RETRY_LATE),
    (_S.REFRESHING, _I.STOP): (_S.STOPPING, _A.NONE),
    (_S.REFRESHING, _I.LEAVE): (_S.LEAVING, _A.NONE),
    (_S.BACKING_OFF, _I.DEADLINE): (_S.REGISTERING, _A.REGISTER),
    (_S.BACKING_OFF, _I.START): (_S.REGISTERING, _A.REGISTER),
    (_S.BACKING_OFF, _I.STOP): (_S.UNREGISTERED, _A.NONE),
    (_S.BACKING_OFF, _I.LEAVE): (_S.DEREGISTERING, _A.UNREGISTER),
    (_S.REJECTED, _I.DEADLINE): (_S.REGISTERING, _A.REGISTER),
    (_S.REJECTED, _I.START): (_S.REGISTERING, _A.REGISTER),
    (_S.REJECTED, _I.STOP): (_S.UNREGISTERED, _A.NONE),
    (_S.REJECTED, _I.LEAVE): (_S.DEREGISTERING, _A.UNREGISTER),
    # One REGISTER at a time (RFC 3261 section 10.2): the removal waits for the answer.
    (_S.STOPPING, _I.ACCEPTED): (_S.DEREGISTERING, _A.UNREGISTER),
    (_S.STOPPING, _I.TOO_BRIEF): (_S.UNREGISTERED, _A.NONE),
    (_S.STOPPING, _I.FAILED): (_S.UNREGISTERED, _A.NONE),
    (_S.STOPPING, _I.REFUSED): (_S.UNREGISTERED, _A.NONE),
    (_S.STOPPING, _I.STOP): (_S.STOPPING, _A.NONE),
    (_S.STOPPING, _I.LEAVE): (_S.STOPPING, _A.NONE),
    # A REGISTER that failed removes nothing: what was granted before still counts.
    (_S.LEAVING, _I.ACCEPTED): (_S.DEREGISTERING, _A.UNREGISTER),
    (_S.LEAVING, _I.TOO_BRIEF): (_S.DEREGISTERING, _A.UNREGISTER),
    (_S.LEAVING, _I.FAILED): (_S.DEREGISTERING, _A.UNREGISTER),
    (_S.LEAVING, _I.REFUSED): (_S.DEREGISTERING, _A.UNREGISTER),
    (_S.LEAVING, _I.STOP): (_S.LEAVING, _A.NONE),
    (_S.LEAVING, _I.LEAVE): (_S.LEAVING, _A.NONE),
    (_S.DEREGISTERING, _I.ACCEPTED): (_S.UNREGISTERED, _A.NONE),
    (_S.DEREGISTERING, _I.TOO_BRIEF): (_S.UNREGISTERED, _A.NONE),
    (_S.DEREGISTERING, _I.FAILED): (_S.UNREGISTERED, _A.NONE),
    (_S.DEREGISTERING, _I.REFUSED): (_S.UNREGISTERED, _A.NONE),
    (_S.DEREGISTERING, _I.STOP): (_S.DEREGISTERING, _A.NONE),
    (_S.DEREGISTERING, _I.LEAVE): (_S.DEREGISTERING, _A.NONE),
}
