"""A phone asks for messages: the PIN where one is needed, how many are new, then each with a menu of keys."""

from collections import deque
from enum import StrEnum

from softacd.calls import words
from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.deadlines import Deadline
from softacd.calls.errands import AnyResult, FetchMessage, Spoken
from softacd.calls.model import MailboxSettings
from softacd.calls.prompts import Prompt, clip
from softacd.calls.records import Direction, MessageRecord, Outcome
from softacd.calls.ring import Ring
from softacd.calls.routing import ToExtension, ToOutside

TRIES = 3
"""How often a PIN may be entered in one call."""
KEY_SECONDS = 8.0
"""Wait for a key."""
ROUNDS = 3
"""So often the menu is told to who presses nothing."""
FETCH_SECONDS = 3.0
"""How long the file of a message may take to be read."""
REPEAT, CALL_BACK, DELETE, NEXT = "1", "5", "7", "9"
"""Keys, as `message-menu` tells them; the message or the menu need not be heard to its end."""


class Part(StrEnum):
    """Where in the call its caller is."""

    PIN = "pin"
    COUNT = "count"
    HEAD = "head"  # when it was left
    FETCHING = "fetching"
    MESSAGE = "message"
    MENU = "menu"
    ASIDE = "aside"  # something is said, then the next message
    LEAVING = "leaving"


class HearMessages(Activity):
    """One phone hearing one mailbox. `number` is what was dialled after the code; empty: the phone's own mailbox."""

    def __init__(self, call: Call, extension: str, number: str) -> None:
        super().__init__(call)
        self._extension = extension
        self._number = number
        self._desk = call.exchange.messages
        self._mailbox: MailboxSettings | None = None
        self._part = Part.LEAVING
        self._messages: deque[MessageRecord] = deque()
        self._entered = ""
        self._tries = 0
        self._rounds = 0
        self._play = 0
        self._clips: deque[tuple[str, ...]] = deque()
        self._errand = 0
        self._patience: Deadline | None = None

    def start(self, now: float) -> None:
        """Find the mailbox, and who may hear it."""
        call = self.call
        call.enter_phase(Phase.FLOW, now)
        mailbox = self._mailbox = self._find()
        call.step = f"messages {mailbox.name}" if mailbox is not None else "messages"
        call.note("feature", f"messages: {mailbox.name if mailbox is not None else 'no mailbox'}", now)
        if mailbox is None:
            self._leave(Prompt.INVALID_CODE, now)
        elif mailbox.pin:
            self._ask_pin(now)
        elif self._extension in mailbox.phones:
            self._count(now)
        else:
            self._leave(Prompt.NOT_ALLOWED, now)

    def stop(self, now: float) -> None:
        """The call is over, or goes on to whoever left the message."""
        self._hush()
        self.call.exchange.errands.forget(self._errand)

    def _find(self) -> MailboxSettings | None:
        if not self._number:
            return self._desk.of_phone(self._extension)
        destination = self.call.exchange.routing.mailbox(self._number)
        return self._desk.mailbox(destination) if destination else None

    # --- what happens --------------------

    @property
    def hides_keys(self) -> bool:
        """The PIN stands in no record."""
        return self._part is Part.PIN

    def on_digit(self, digit: str, now: float) -> None:
        """A key of the PIN or of the menu."""
        if self._part is Part.PIN:
            self._hush()
            if digit != "#":
                self._entered += digit
            if digit == "#" or (self._mailbox is not None and len(self._entered) >= len(self._mailbox.pin)):
                self._judge(now)
            else:
                self._wait(now)
        elif self._part in (Part.COUNT, Part.HEAD, Part.MESSAGE, Part.MENU) and digit in (
            REPEAT, CALL_BACK, DELETE, NEXT
        ):  # fmt: skip
            self._choose(digit, now)

    def on_play_ended(self, play: int, error: str, now: float) -> None:
        """Said, or it cannot be (a prompt is missing), which must not strand anybody."""
        if play != self._play or not play:
            return
        self._play = 0
        if self._clips:
            self._play = self.call.leg.play(self._clips.popleft())
            return
        match self._part:
            case Part.PIN | Part.MENU:
                self._wait(now)
            case Part.COUNT | Part.ASIDE:
                self._head(now)
            case Part.HEAD:
                self._fetch(now)
            case Part.MESSAGE:
                self._menu(now)
            case Part.LEAVING:
                self.call.finish(now, outcome=Outcome.SERVED)
            case Part.FETCHING:
                pass

    def on_deadline(self, tag: str, now: float) -> None:
        """No key."""
        del tag
        self._patience = None
        if self._part is Part.PIN:
            self._judge(now)
            return
        self._rounds += 1
        if self._rounds < ROUNDS:
            self._menu(now)
        else:
            self._leave(Prompt.GOODBYE, now)

    def on_result(self, result: AnyResult, now: float) -> None:
        """The file of the message is at hand, or is not."""
        self._errand = 0
        if self._part is not Part.FETCHING or not self._messages:
            return
        if not isinstance(result, Spoken) or not self._is_kept(self._messages[0]):
            self.call.note("message-missing", self._messages[0].id, now)
            self._messages.popleft()
            self._part = Part.ASIDE
            self._say(self._clip(Prompt.SERVICE_UNAVAILABLE))
            return
        self._part = Part.MESSAGE
        self._desk.mark(self._messages[0].id, True, now)
        self._say((result.clip,))

    # --- the PIN --------------------

    def _ask_pin(self, now: float, *before: Prompt) -> None:
        self._part = Part.PIN
        self._entered = ""
        self._say(*(self._clip(prompt) for prompt in (*before, Prompt.ENTER_PIN)))

    def _judge(self, now: float) -> None:
        entered, self._entered = self._entered, ""
        mailbox = self._mailbox
        if mailbox is not None and self._desk.admit(mailbox, entered, now):
            self._count(now)
            return
        self._tries += 1
        self.call.note("messages-refused", "wrong PIN", now)
        if self._tries >= TRIES:
            self._leave(Prompt.TOO_MANY_ATTEMPTS, now)
        else:
            self._ask_pin(now, Prompt.INVALID_CODE)

    # --- the messages --------------------

    def _count(self, now: float) -> None:
        """Say how many are new; those come first, the oldest of either first."""
        mailbox = self._mailbox
        if mailbox is None:
            return
        found = self._desk.messages(mailbox.name)
        self._messages = deque(sorted(found, key=lambda one: bool(one.heard)))
        new = sum(not one.heard for one in found)
        self.call.note("messages", f"{mailbox.name}: {new} new, {len(found) - new} old", now)
        if not found:
            self._leave(Prompt.NO_MESSAGES, now)
            return
        self._part = Part.COUNT
        self._say((*self._clip(Prompt.YOU_HAVE), *words.new_messages(new, self.call.language)))

    def _head(self, now: float) -> None:
        """Say when the next one was left, which takes so long as its file takes to be at hand."""
        if not self._messages:
            self._leave(Prompt.NO_MORE_MESSAGES, now)
            return
        self._rounds = 0
        self._part = Part.HEAD
        left = self.call.exchange.local(self._messages[0].left)
        day: tuple[str, ...] = ()
        if left.date() != self.call.exchange.local(self.call.services.wall(now)).date():
            day = words.date(left.date(), self.call.language)
        said = (*self._clip(Prompt.RECEIVED_AT), *words.time_of_day(left.hour, left.minute, self.call.language), *day)
        self._say(said)

    def _fetch(self, now: float) -> None:
        message = self._messages[0]
        self._part = Part.FETCHING
        self._errand = self.call.exchange.errands.ask(
            self, lambda number: FetchMessage(number, message.file, FETCH_SECONDS), FETCH_SECONDS, now
        )

    def _menu(self, now: float) -> None:
        self._part = Part.MENU
        self._say(self._clip(Prompt.MESSAGE_MENU))

    def _choose(self, key: str, now: float) -> None:
        call = self.call
        self._hush()
        if self._part is Part.COUNT or not self._messages:
            self._head(now)
            return
        if key == REPEAT:
            self._fetch(now)
        elif key == CALL_BACK:
            self._call_back(now)
        elif key == DELETE:
            message = self._messages.popleft()
            call.note("message-deleted", message.id, now)
            if self._is_kept(message):
                self._desk.remove(message.id, now)
            self._part = Part.ASIDE
            self._say(self._clip(Prompt.MESSAGE_DELETED))
        else:
            self._messages.popleft()
            self._head(now)

    def _call_back(self, now: float) -> None:
        """Connect the phone with who left the message, with the rights of the phone."""
        call, number = self.call, self._messages[0].caller
        exchange = call.exchange
        phone = exchange.phones.get(self._extension)
        destination = exchange.routing.presented(number, phone) if phone is not None else None
        call.note("message-call-back", number or "withheld", now)
        match destination:
            case ToExtension(extension=extension) if extension != self._extension:
                call.begin(Ring.extension(call, extension, exchange.phones[extension].ring_seconds), now)
            case ToOutside(number=outside, emergency=False):
                call.record.direction = Direction.OUTGOING
                call.record.called = number
                call.begin(Ring.outside(call, outside, call.caller_name, payer=self._extension), now)
            case _:
                self._part = Part.MESSAGE
                self._say(self._clip(Prompt.NOT_ALLOWED))

    # --- small things --------------------

    def _is_kept(self, message: MessageRecord) -> bool:
        """Nobody has deleted it meanwhile."""
        return any(one is message for one in self._desk.messages(message.box))

    def _clip(self, prompt: Prompt) -> tuple[str, ...]:
        return (clip(prompt, self.call.language),)

    def _say(self, *said: tuple[str, ...]) -> None:
        """Say these, each by itself: one that is missing takes no other with it."""
        self._hush()
        self._clips = deque(said)
        self._play = self.call.leg.play(self._clips.popleft())

    def _leave(self, prompt: Prompt, now: float) -> None:
        self._part = Part.LEAVING
        self._say(self._clip(prompt))

    def _wait(self, now: float) -> None:
        self._patience = self.call.services.deadlines.at(now + KEY_SECONDS, self, "key")

    def _hush(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if self._play:
            self._play = 0
            self._clips.clear()
            if not self.call.leg.ended:
                self.call.leg.silence()
