"""Recordings over HTTP: the index, the sound itself, and the orders to a call that lives: record it, listen to it."""

from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.response import File

from softacd.calls.control import Control, NotPossibleError, UnknownNameError
from softacd.calls.records import RecordingRecord
from softacd.web.errors import API_ROOT
from softacd.web.history import History
from softacd.web.parameters import Agent, Before, CallId, Limit, Queue, Since

MEDIA_TYPES = {".wav": "audio/wav", ".flac": "audio/flac", ".opus": "audio/ogg"}

RecordingId = Annotated[str, PathParameter(description="The recording's id: the call's and a number within the call.")]


class RecordingPage(msgspec.Struct, frozen=True):
    """Recordings, newest first."""

    recordings: list[RecordingRecord]
    """Accounts of them; one whose `ended` is 0 is being made."""
    next: int | None
    """`before` of the next page; null on the last one."""


class RecordingOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to happen to the recording of a call."""

    do: Literal["start", "pause", "resume", "stop"]
    """Pause leaves out what is said (a card number) and marks the gap by a tone."""


class MonitorOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who listens to a conversation, and who hears it."""

    phone: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    """Extension of the supervisor's phone, which rings."""
    mode: Literal["listen", "whisper", "barge", "take-over"] = "listen"
    """Nobody hears the supervisor, our side does, or both do; or the supervisor takes the place of our side, which is
    hung up. The keys 1 to 4 of the phone change it."""


class Supervised(msgspec.Struct, frozen=True):
    """What was ordered of a call and is being done."""

    call: str
    """The call's id."""
    asked: str
    """"start", "pause", "resume", "stop", "listen", "whisper" or "barge"."""


def recording_handlers(control: Control, history: History, directory: Path | None) -> list[HTTPRouteHandler]:
    """The paths under /recordings, and the orders under /calls. The files lie below `directory`."""

    @get(f"{API_ROOT}/recordings", tags=["recordings"], summary="Recordings, newest first")
    async def recordings(
        limit: Limit = 50,
        before: Before = None,
        since: Since = None,
        agent: Agent = None,
        queue: Queue = None,
        kept: Annotated[bool, QueryParameter(description="Only those whose file is still kept.")] = False,
    ) -> RecordingPage:
        """Return accounts of recordings, a page at a time."""
        found = await history.recordings(limit=limit, since=since, before=before, agent=agent, queue=queue, kept=kept)
        return RecordingPage(found, found[-1].started if len(found) == limit else None)

    @get(f"{API_ROOT}/recordings/{{recording:str}}", tags=["recordings"], summary="The sound of a recording")
    async def sound(recording: RecordingId) -> File:
        """Return the file: WAV (16 bit), FLAC or Opus, 8 kHz; left the party that was recorded, right what it heard.

        404 when there is none of this id or its file is no longer kept, 409 while it is being made.
        """
        story = await history.call(recording.rpartition("-")[0])
        account = next((known for known in story.recordings if known.id == recording), None) if story else None
        if account is None:
            raise UnknownNameError(f"there is no recording {recording!r}")
        if not account.ended:
            raise NotPossibleError(f"recording {recording} is still being made")
        place = place_of(directory, account.file)
        if account.removed or place is None or not place.is_file():
            raise UnknownNameError(f"the file of recording {recording} is not kept any more")
        kind = MEDIA_TYPES.get(place.suffix, "application/octet-stream")
        name = f"{recording}{place.suffix}"
        return File(place, filename=name, media_type=kind, content_disposition_type="inline")

    @post(
        f"{API_ROOT}/calls/{{call:str}}/recording",
        tags=["recordings"],
        summary="Record a call that lives, pause, resume or stop it",
        status_code=202,
    )
    async def record(call: CallId, data: JSONBody[RecordingOrder]) -> Supervised:
        """Carry out the order at once. 404 when no such call lives, 409 when it cannot be recorded so now."""
        control.record(call, data.do)
        return Supervised(call, data.do)

    @post(
        f"{API_ROOT}/calls/{{call:str}}/monitor",
        tags=["recordings"],
        summary="Bring a supervisor into a conversation",
        status_code=202,
    )
    async def monitor(call: CallId, data: JSONBody[MonitorOrder]) -> Supervised:
        """Ring the supervisor's phone, or change who hears the one who is there.

        404 when no such call lives or there is no such phone, 409 when it is no conversation or monitored already.
        """
        control.monitor(call, data.phone, data.mode)
        return Supervised(call, data.mode)

    return [recordings, sound, record, monitor]


def place_of(directory: Path | None, file: str) -> Path | None:
    """Where a file lies; None when it would lie anywhere but below the directory."""
    relative = PurePosixPath(file)
    if directory is None or not file or relative.is_absolute() or ".." in relative.parts:
        return None
    return directory / relative
