"""Orders of supervisors about a call that lives: record it, listen to it."""

from softacd.calls.call import Call
from softacd.calls.control import NotPossibleError
from softacd.calls.monitor import Mode, monitor
from softacd.calls.recording_desk import NotRecordingError


def record_call(call: Call, order: str, now: float) -> None:
    """Carry out "start", "pause", "resume" or "stop". Raises NotPossibleError, ValueError for another order."""
    desk = call.services.recordings
    try:
        if order == "start":
            if call.conversation is None:
                raise NotPossibleError(f"call {call.id} is no conversation now")
            desk.start(call.id, call.leg, queue=call.record.queue, agent=call.agent, now=now)
        elif order == "pause":
            desk.pause(call.id, now)
        elif order == "resume":
            desk.resume(call.id, now)
        elif order == "stop":
            desk.stop(call.id, now)
        else:
            raise ValueError(f"{order!r} is no order for a recording")
    except NotRecordingError as error:
        raise NotPossibleError(str(error)) from error


def monitor_call(call: Call, extension: str, mode: str, now: float) -> None:
    """Bring a supervisor in, or change the mode. Raises UnknownNameError, NotPossibleError."""
    monitor(call, extension, Mode(mode), now)
