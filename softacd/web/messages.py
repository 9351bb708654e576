"""Messages in mailboxes over HTTP: the list, the sound of each, heard or not, and deleting it."""

from pathlib import Path
from typing import Annotated

import msgspec
from litestar import delete, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.response import File

from softacd.calls.control import Control, UnknownNameError
from softacd.calls.records import MessageRecord
from softacd.web.errors import API_ROOT
from softacd.web.recordings import MEDIA_TYPES, place_of

MessageId = Annotated[str, PathParameter(description="The message's id: the call's and a number within the call.")]


class MessageList(msgspec.Struct, frozen=True):
    """Messages of one mailbox or of all, the newest first."""

    messages: list[MessageRecord]
    """Those that are kept; one whose `heard` is 0 is new."""
    new: int
    """How many of them nobody has heard."""


class Heard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a message has been heard."""

    heard: bool = True
    """False: it is new again."""


def message_handlers(control: Control, directory: Path | None) -> list[HTTPRouteHandler]:
    """The paths under /messages. The files lie below `directory`."""

    def find(message: str) -> MessageRecord:
        for record in control.messages():
            if record.id == message:
                return record
        raise UnknownNameError(f"there is no message {message!r}")

    @get(f"{API_ROOT}/messages", tags=["messages"], summary="Messages in mailboxes, newest first")
    async def messages(
        mailbox: Annotated[str, QueryParameter(description="Only those of this mailbox.")] = "",
        new: Annotated[bool, QueryParameter(description="Only those nobody has heard.")] = False,
    ) -> MessageList:
        """Return the messages that are kept. 404 when there is no such mailbox."""
        found = [record for record in control.messages(mailbox) if not (new and record.heard)]
        return MessageList(found[::-1], sum(not record.heard for record in found))

    @get(f"{API_ROOT}/messages/{{message:str}}", tags=["messages"], summary="The sound of a message")
    async def sound(message: MessageId) -> File:
        """Return the file: WAV, 16 bit, mono, 8 kHz. It is not marked as heard by that. 404 when there is none."""
        record = find(message)
        place = place_of(directory, record.file)
        if place is None or not place.is_file():
            raise UnknownNameError(f"the file of message {message} is not there any more")
        return File(
            place,
            filename=f"{message}{place.suffix}",
            media_type=MEDIA_TYPES.get(place.suffix, "application/octet-stream"),
            content_disposition_type="inline",
        )

    @put(f"{API_ROOT}/messages/{{message:str}}/heard", tags=["messages"], summary="Mark a message as heard, or as new")
    async def heard(message: MessageId, data: JSONBody[Heard]) -> MessageRecord:
        """Mark it; the lamps of its phones follow. 404 when there is none."""
        control.mark_message(message, data.heard)
        return find(message)

    @delete(f"{API_ROOT}/messages/{{message:str}}", tags=["messages"], summary="Delete a message", status_code=200)
    async def remove(message: MessageId) -> MessageRecord:
        """Delete it, file and all; return what it was. 404 when there is none."""
        record = find(message)
        control.remove_message(message)
        return record

    return [messages, sound, heard, remove]
