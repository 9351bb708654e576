"""Messages in mailboxes: those being left, those kept, who may hear them, and the lamps of the phones that have them.

The messages that are kept are in memory, as their records; files are made by the media engine and removed by an errand.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from hmac import compare_digest
from typing import TYPE_CHECKING, Protocol

from softacd.calls.control import UnknownNameError
from softacd.calls.errands import RemoveMessage
from softacd.calls.model import MailboxSettings
from softacd.calls.records import MessageRecord
from softacd.rtp.clips import MESSAGES
from softacd.rtp.vocabulary import RecordingEnded

if TYPE_CHECKING:
    from softacd.calls.call import Call
    from softacd.calls.exchange import Exchange
    from softacd.calls.leg import Leg

PINS_WRONG = 9
"""Wrong PINs of one mailbox, from wherever, after which nobody is let in by PIN for a while."""
LOCKED_SECONDS = 900.0


class NoMessageError(Exception):
    """No message can be taken now; the text says why."""


class DraftUser(Protocol):
    """Who has a message left."""

    def on_quiet(self, now: float) -> None:
        """The caller has fallen silent."""

    def on_recorded(self, now: float) -> None:
        """The file is complete, or cannot be written on."""


class Fate(StrEnum):
    """What is to become of a message, once its file is complete."""

    OPEN = "open"
    KEEP = "keep"
    DISCARD = "discard"


class Draft:
    """A message being left: recorded, then kept or discarded. Its user is told how it goes until that is decided."""

    def __init__(
        self, desk: "MessageDesk", record: MessageRecord, leg: "Leg", least: float, user: DraftUser | None
    ) -> None:
        self.record = record
        self.ended: RecordingEnded | None = None
        self.fate = Fate.OPEN
        self._desk = desk
        self._leg = leg
        self._least = least
        self._user = user
        self._stopped = False

    @property
    def clip(self) -> str:
        """What plays it."""
        return clip_of(self.record)

    @property
    def enough(self) -> bool:
        """Whether somebody has said something, as far as is known; to be asked when the file is complete."""
        ended = self.ended
        if ended is None or not ended.octets:
            return False
        return (ended.seconds if ended.error else min(ended.voiced, ended.seconds)) >= self._least

    def stop(self) -> None:
        """The recording is over; `on_recorded` follows when its file is complete."""
        if not self._stopped and self.ended is None:
            self._stopped = True
            self._leg.stop_recording()

    def decide(self, fate: Fate, now: float) -> None:
        """Keep it (if anything was said) or discard it; its user hears no more of it."""
        if self.fate is Fate.OPEN:
            self.fate = fate
            self._user = None
            self.stop()
            if self.ended is not None:
                self._desk.close(self, now)

    def on_recording_quiet(self, now: float) -> None:
        """The media engine heard nothing for long."""
        if self._user is not None and not self._stopped:
            self._user.on_quiet(now)

    def on_recording_ended(self, event: RecordingEnded, now: float) -> None:
        """The media engine has completed the file."""
        self.ended = event
        self.record.seconds = round(event.seconds, 3)
        self.record.error = event.error
        if self.fate is not Fate.OPEN:
            self._desk.close(self, now)
        elif self._user is not None:
            self._user.on_recorded(now)


def clip_of(record: MessageRecord) -> str:
    """The clip that plays a message."""
    return f"{MESSAGES}/{record.file.removesuffix('.wav')}"


class MessageDesk:
    """All messages of the house. One per switch."""

    def __init__(self, exchange: "Exchange") -> None:
        self.directory = ""
        """Where files are made, absolute; empty: no message is taken."""
        self.closed = ""
        """Why no message may be taken now (the disk is nearly full); empty: they may."""
        self._exchange = exchange
        self._kept: dict[str, MessageRecord] = {}
        self._drafts: dict[str, int] = {}
        self._wrong: dict[str, tuple[int, float]] = {}
        self._mailboxes: dict[str, MailboxSettings] = {}
        self._lamps: set[str] = set()

    def configure(self, mailboxes: tuple[MailboxSettings, ...]) -> None:
        """Take other mailboxes; messages of one that is gone are kept, but nobody sees them until it is back."""
        self._mailboxes = {mailbox.name: mailbox for mailbox in mailboxes}
        self._tell({extension for mailbox in mailboxes for extension in mailbox.phones} | self._lamps)

    def restore(self, records: Iterable[MessageRecord]) -> None:
        """The messages kept before the start."""
        self._kept |= {record.id: record for record in records if not record.removed}
        self._tell({extension for mailbox in self._mailboxes.values() for extension in mailbox.phones})

    # --- mailboxes --------------------

    def mailbox(self, name: str) -> MailboxSettings | None:
        """The settings of a mailbox."""
        return self._mailboxes.get(name)

    def of_phone(self, extension: str) -> MailboxSettings | None:
        """What a phone hears that asks for its messages: its first mailbox with new ones, else the first."""
        found = [mailbox for mailbox in self._mailboxes.values() if extension in mailbox.phones]
        return next((one for one in found if self.new_in(one.name)), found[0] if found else None)

    def answering(self, extension: str) -> str:
        """The mailbox that takes calls nobody takes at a phone; "" when none does."""
        return next((one.name for one in self._mailboxes.values() if one.answers and extension in one.phones), "")

    def admit(self, mailbox: MailboxSettings, pin: str, now: float) -> bool:
        """Whether a PIN opens a mailbox. After many wrong ones none does, for a quarter of an hour."""
        count, since = self._wrong.get(mailbox.name, (0, now))
        if now - since > LOCKED_SECONDS:
            count, since = 0, now
        right = count < PINS_WRONG and compare_digest(pin.encode(), mailbox.pin.encode())
        if right:
            self._wrong.pop(mailbox.name, None)
        else:
            self._wrong[mailbox.name] = (count + 1, now)
        return right

    # --- messages --------------------

    def messages(self, mailbox: str = "") -> list[MessageRecord]:
        """The messages of a mailbox, or of all there are, the oldest first."""
        wanted = (mailbox,) if mailbox else self._mailboxes
        return sorted((one for one in self._kept.values() if one.box in wanted), key=lambda one: (one.left, one.id))

    def new_in(self, mailbox: str) -> int:
        """How many messages of a mailbox nobody has heard."""
        return sum(one.box == mailbox and not one.heard for one in self._kept.values())

    def find(self, message: str) -> MessageRecord:
        """A message that is kept. Raises UnknownNameError."""
        found = self._kept.get(message)
        if found is None:
            raise UnknownNameError(f"there is no message {message!r}")
        return found

    def mark(self, message: str, heard: bool, now: float) -> None:
        """Somebody has heard a message, or it is to be new again. Raises UnknownNameError."""
        record = self.find(message)
        if bool(record.heard) != heard:
            record.heard = self._exchange.services.wall(now) if heard else 0
            self._changed(record)

    def remove(self, message: str, now: float) -> None:
        """Delete a message, file and all. Raises UnknownNameError."""
        record = self.find(message)
        del self._kept[message]
        record.removed = self._exchange.services.wall(now)
        self._exchange.errands.wanted.append(RemoveMessage(record.file))
        self._changed(record)

    # --- leaving one --------------------

    def refusal(self, mailbox: str) -> str:
        """Why no message can be left in a mailbox now; "" when one can."""
        settings = self._mailboxes.get(mailbox)
        if settings is None:
            return f"there is no mailbox {mailbox}"
        if not self.directory:
            return "there is no directory for messages"
        if self.closed:
            return self.closed
        if sum(one.box == mailbox for one in self._kept.values()) >= settings.most_messages:
            return f"mailbox {mailbox} is full"
        return ""

    def begin(self, call: "Call", mailbox: str, user: DraftUser, now: float) -> Draft:
        """Record what the caller says from now on. Raises NoMessageError."""
        why = self.refusal(mailbox) or ("" if call.leg.has_media else "there is no sound to record yet")
        if why:
            raise NoMessageError(why)
        settings = self._mailboxes[mailbox]
        services = self._exchange.services
        count = self._drafts[call.id] = self._drafts.get(call.id, 0) + 1
        left = services.wall(now)
        name = f"{call.id}-{count}"
        record = MessageRecord(
            id=name,
            box=mailbox,
            call=call.id,
            caller=call.record.caller,
            caller_name=call.caller_name,
            left=left,
            file=f"{datetime.fromtimestamp(left / 1000, UTC):%Y-%m-%d}/{name}.wav",
        )
        draft = Draft(self, record, call.leg, settings.least_seconds, user)
        services.recordings.record_for(
            draft, call.leg, f"{self.directory}/{record.file}", silence_seconds=settings.silence_seconds
        )
        return draft

    def close(self, draft: Draft, now: float) -> None:
        """What was decided of a message is done: its file is complete."""
        record = draft.record
        if draft.fate is Fate.KEEP and draft.enough:
            self._kept[record.id] = record
            self._note(record, "message-left", f"{record.box}: {record.id}", now)
            self._changed(record)
            return
        self._note(record, "message-dropped", "discarded" if draft.fate is Fate.DISCARD else "nothing was said", now)
        if draft.ended is not None and draft.ended.octets:
            self._exchange.errands.wanted.append(RemoveMessage(record.file))

    def call_ended(self, call: str) -> None:
        """A call is over: its messages need no further numbers."""
        self._drafts.pop(call, None)

    def _note(self, record: MessageRecord, kind: str, detail: str, now: float) -> None:
        self._exchange.services.note(record.call, kind, detail, now)

    def _changed(self, record: MessageRecord) -> None:
        self._exchange.services.records.append(record)
        settings = self._mailboxes.get(record.box)
        if settings is not None:
            self._tell(set(settings.phones))

    def _tell(self, extensions: set[str]) -> None:
        """Let the lamps of phones follow."""
        for extension in extensions:
            boxes = {one.name for one in self._mailboxes.values() if extension in one.phones}
            self._lamps = self._lamps | {extension} if boxes else self._lamps - {extension}
            mine = [one for one in self._kept.values() if one.box in boxes]
            new = sum(not one.heard for one in mine)
            self._exchange.mailboxes.tell(extension, new=new, old=len(mine) - new)
