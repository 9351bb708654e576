"""Webhooks: what other systems are told of calls as they happen, and how they know that it is us who tells.

Messages are made here; who posts them is told with `runtime.webhooks`. Signed as Standard Webhooks 1.0 says
(https://www.standardwebhooks.com), for which receivers have libraries.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import msgspec

from softacd.calls.model import HidesSecrets
from softacd.calls.records import (
    MISSED_OUTCOMES,
    AgentAlarm,
    AgentEvent,
    AnyRecord,
    CallRecord,
    Direction,
    MessageRecord,
    MissedOwner,
    Rating,
    RecordingRecord,
    TopicChosen,
)

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every such secret begins with
"""Before a secret that is written in base64."""
MOST_LIVING = 20_000
"""Calls whose course is remembered; of an older one that still lives the start may be told twice."""


class WebhookEvent(StrEnum):
    """What can be told."""

    CALL_STARTED = "call.started"
    CALL_ANSWERED = "call.answered"
    CALL_ENDED = "call.ended"
    CALL_MISSED = "call.missed"
    CALL_TOPIC = "call.topic"
    MISSED_OWNER = "missed.owner"
    AGENT_CHANGED = "agent.changed"
    AGENT_ALARM = "agent.alarm"
    RECORDING_READY = "recording.ready"
    MESSAGE_LEFT = "message.left"
    RATING = "rating"


CALL_EVENTS = (
    WebhookEvent.CALL_STARTED,
    WebhookEvent.CALL_ANSWERED,
    WebhookEvent.CALL_ENDED,
    WebhookEvent.CALL_MISSED,
    WebhookEvent.CALL_TOPIC,
)


class WebhookSettings(HidesSecrets, frozen=True, forbid_unknown_fields=True):
    """A web service that is told of calls as they happen. A dead one slows no call: what it misses is told later."""

    name: str
    """What logs and metrics call it."""
    url: str = ""
    """http or https address the events are posted to."""
    events: tuple[WebhookEvent, ...] = CALL_EVENTS
    """What it is told."""
    secret: str = ""
    """Signs what is sent (HMAC-SHA256); better given as `secret_file` or `secret_env`; empty: nothing is signed."""
    secret_file: str = ""
    """File whose content is the secret; relative to the configuration."""
    secret_env: str = ""
    """Environment variable that holds the secret."""
    timeout_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 5.0
    """How long one attempt may take."""
    keep_seconds: Annotated[float, msgspec.Meta(ge=1, le=604_800)] = 86_400.0
    """How long it is tried to tell an event."""


class Told(msgspec.Struct, frozen=True):
    """The body of a webhook."""

    type: WebhookEvent
    timestamp: int
    """Wall-clock ms."""
    node: str
    data: AnyRecord


class Teller:
    """Which events a record is. Records of calls come several times, as the calls go on."""

    def __init__(self) -> None:
        self._stages: dict[str, int] = {}

    def events(self, record: AnyRecord) -> Iterator[WebhookEvent]:
        """What of it is news."""
        match record:
            case CallRecord():
                yield from self._of_call(record)
            case TopicChosen():
                yield WebhookEvent.CALL_TOPIC
            case MissedOwner():
                yield WebhookEvent.MISSED_OWNER
            case AgentEvent():
                yield WebhookEvent.AGENT_CHANGED
            case AgentAlarm():
                yield WebhookEvent.AGENT_ALARM
            case RecordingRecord() if record.ended and not record.removed:
                yield WebhookEvent.RECORDING_READY
            case MessageRecord() if not record.heard and not record.removed:
                yield WebhookEvent.MESSAGE_LEFT
            case Rating():
                yield WebhookEvent.RATING

    def _of_call(self, call: CallRecord) -> Iterator[WebhookEvent]:
        stage = self._stages.get(call.id, 0)
        if stage == 0:
            yield WebhookEvent.CALL_STARTED
        if stage < 2 and call.connected:
            yield WebhookEvent.CALL_ANSWERED
        if not call.ended:
            self._stages[call.id] = 2 if call.connected else 1
            if len(self._stages) > MOST_LIVING:
                del self._stages[next(iter(self._stages))]
            return
        self._stages.pop(call.id, None)
        yield WebhookEvent.CALL_ENDED
        if call.outcome in MISSED_OUTCOMES and call.direction is Direction.INCOMING:
            yield WebhookEvent.CALL_MISSED


def key_of(secret: str) -> bytes:
    """The octets a secret stands for. Raises ValueError when it should be base64 and is not."""
    if not secret.startswith(SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError as error:
        raise ValueError(f"what follows {SECRET_PREFIX} is no base64") from error


def headers(message: str, seconds: int, body: bytes, secret: str) -> dict[str, str]:
    """The headers of one attempt: the message's id, the time of the attempt, and a signature over both and the body."""
    given = {"Content-Type": "application/json", "webhook-id": message, "webhook-timestamp": str(seconds)}
    if secret:
        signed = b".".join((message.encode(), str(seconds).encode(), body))
        mac = base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()
        given["webhook-signature"] = f"v1,{mac}"
    return given
