"""Recordings of conversations: which are made, where their files lie, and the account of each for the index.

A recording follows one leg: left is what its device says, right what it hears. It goes on through hold and transfers
while that leg stays in the call, so that the file is what this party lived through.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from softacd.calls.records import AnyRecord, CallEvent, RecordingRecord
from softacd.rtp.vocabulary import (
    AnyCommand,
    PauseRecording,
    RecordingEnded,
    RecordingQuiet,
    ResumeRecording,
    StartRecording,
    StopRecording,
)

if TYPE_CHECKING:
    from softacd.calls.leg import Leg


class NotRecordingError(Exception):
    """What was asked of a call's recording cannot be done now. HTTP status 409."""

    http_status = 409


class Dictation(Protocol):
    """Something else that is recorded of a leg: a message."""

    def on_recording_quiet(self, now: float) -> None:
        """The device has said nothing for as long as was asked."""

    def on_recording_ended(self, event: RecordingEnded, now: float) -> None:
        """The file is complete, or could not be written on."""


class RecordingDesk:
    """Every recording under way. One per switch."""

    def __init__(
        self,
        wall: Callable[[float], int],
        send: Callable[[AnyCommand], None],
        write: Callable[[AnyRecord], None],
    ) -> None:
        """`send` takes media commands, `write` records; `wall` turns monotonic seconds into wall-clock milliseconds."""
        self.directory = ""
        """Where files are made, absolute; empty: nothing is recorded."""
        self.closed = ""
        """Why no recording may be begun now (the disk is nearly full); empty: they may."""
        self._wall = wall
        self._send = send
        self._write = write
        self._by_call: dict[str, tuple[RecordingRecord, Leg]] = {}
        self._by_number: dict[int, RecordingRecord] = {}
        self._dictations: dict[int, Dictation] = {}
        self._paused: dict[str, int] = {}
        self._last = 0
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._by_number) + len(self._dictations)

    def of(self, call: str) -> RecordingRecord | None:
        """The recording of a call under way, None when it is not recorded now."""
        entry = self._by_call.get(call)
        return entry[0] if entry else None

    def paused(self, call: str) -> bool:
        """Whether the recording of a call leaves out what is said now."""
        return call in self._paused

    def follow(self, call: str, leg: "Leg", *, wanted: bool, queue: str, agent: str, now: float) -> None:
        """A conversation of `call` begins: record it if `wanted`, or go on if `leg` is recorded already.

        Never raises: a conversation that cannot be recorded goes on, and its events say why it is not.
        """
        entry = self._by_call.get(call)
        if entry is not None:
            record, recorded = entry
            if recorded is leg:
                record.agent = agent or record.agent
                return
            self.stop(call, now)
            wanted = True
        if not wanted:
            return
        try:
            self.start(call, leg, queue=queue, agent=agent, now=now)
        except NotRecordingError as error:
            self._note(call, "recording-refused", str(error), now)

    def start(self, call: str, leg: "Leg", *, queue: str, agent: str, now: float) -> RecordingRecord:
        """Begin to record a leg. Raises NotRecordingError."""
        if call in self._by_call:
            raise NotRecordingError(f"call {call} is recorded already")
        if not self.directory:
            raise NotRecordingError("no directory for recordings is configured")
        if self.closed:
            raise NotRecordingError(self.closed)
        if not leg.has_media:
            raise NotRecordingError("there is no sound to record yet")
        self._last += 1
        count = self._counts[call] = self._counts.get(call, 0) + 1
        at = self._wall(now)
        name = f"{call}-{count}"
        record = RecordingRecord(
            id=name,
            call=call,
            party=leg.party,
            queue=queue,
            agent=agent,
            started=at,
            file=f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d}/{name}.wav",
        )
        self._by_call[call] = (record, leg)
        self._by_number[self._last] = record
        self._send(StartRecording(stream=leg.stream, recording=self._last, path=f"{self.directory}/{record.file}"))
        self._note(call, "recording", name, now)
        self._write(record)
        return record

    def record_for(self, dictation: Dictation, leg: "Leg", path: str, *, silence_seconds: float) -> None:
        """Record what the device of a leg says into a file of its own, in place of what was recorded of it."""
        self._last += 1
        self._dictations[self._last] = dictation
        self._send(
            StartRecording(
                stream=leg.stream, recording=self._last, path=path, mono=True, silence_seconds=silence_seconds
            )
        )

    def pause(self, call: str, now: float) -> RecordingRecord:
        """Leave out what is said from now on. Raises NotRecordingError."""
        record, leg = self._entry(call)
        if call in self._paused:
            raise NotRecordingError(f"the recording of call {call} is paused already")
        self._paused[call] = self._wall(now)
        self._send(PauseRecording(stream=leg.stream))
        self._note(call, "recording-paused", record.id, now)
        return record

    def resume(self, call: str, now: float) -> RecordingRecord:
        """Go on after a pause. Raises NotRecordingError."""
        record, leg = self._entry(call)
        if call not in self._paused:
            raise NotRecordingError(f"the recording of call {call} is not paused")
        self._end_pause(call, record, now)
        self._send(ResumeRecording(stream=leg.stream))
        self._note(call, "recording-resumed", record.id, now)
        return record

    def stop(self, call: str, now: float) -> RecordingRecord:
        """End the recording; its account is complete when the file is. Raises NotRecordingError."""
        record, leg = self._entry(call)
        del self._by_call[call]
        self._end_pause(call, record, now)
        record.ended = self._wall(now)
        self._send(StopRecording(stream=leg.stream))
        return record

    def close(self, call: str, now: float) -> None:
        """The call is over."""
        self._counts.pop(call, None)
        if call in self._by_call:
            self.stop(call, now)

    def on_quiet(self, event: RecordingQuiet, now: float) -> None:
        """The device has fallen silent."""
        dictation = self._dictations.get(event.recording)
        if dictation is not None:
            dictation.on_recording_quiet(now)

    def on_ended(self, event: RecordingEnded, now: float) -> None:
        """The file is complete, or could not be written on."""
        dictation = self._dictations.pop(event.recording, None)
        if dictation is not None:
            dictation.on_recording_ended(event, now)
            return
        record = self._by_number.pop(event.recording, None)
        if record is None:
            return
        entry = self._by_call.get(record.call)
        if entry is not None and entry[0] is record:
            del self._by_call[record.call]
            self._end_pause(record.call, record, now)
        record.ended = record.ended or self._wall(now)
        record.seconds = round(event.seconds, 3)
        record.octets = event.octets
        record.error = event.error
        self._note(record.call, "recording-failed" if event.error else "recorded", event.error or record.id, now)
        self._write(record)

    def _entry(self, call: str) -> "tuple[RecordingRecord, Leg]":
        entry = self._by_call.get(call)
        if entry is None:
            raise NotRecordingError(f"call {call} is not being recorded")
        return entry

    def _end_pause(self, call: str, record: RecordingRecord, now: float) -> None:
        since = self._paused.pop(call, None)
        if since is not None:
            record.pauses += 1
            record.paused_ms += self._wall(now) - since

    def _note(self, call: str, kind: str, detail: str, now: float) -> None:
        self._write(CallEvent(call=call, at=self._wall(now), kind=kind, detail=detail))
