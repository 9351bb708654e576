"""What a call knows while it is in a flow: what every call has, what the flow has set, and what of it is secret."""

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from softacd.calls import words
from softacd.calls.flow_text import LONGEST, Given, expand, part_of_day, variables

if TYPE_CHECKING:
    from softacd.calls.caller import Caller
    from softacd.calls.exchange import Exchange
    from softacd.calls.records import CallRecord
    from softacd.calls.services import Services

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Subject(Protocol):
    """The call that variables tell of."""

    exchange: "Exchange"
    services: "Services"
    id: str
    record: "CallRecord"
    known: "Caller | None"
    language: str


class Variables:
    """The variables of one call."""

    def __init__(self, call: Subject) -> None:
        self._call = call
        self._own: dict[str, str] = {}
        self._secret: set[str] = set()
        self.now = 0.0
        """The moment of the step."""

    @property
    def language(self) -> str:
        """What the caller hears."""
        return self._call.language

    def __getitem__(self, name: str) -> str:
        """The value; "" when there is none."""
        own = self._own.get(name)
        return own if own is not None else self._given(name)

    def set(self, name: str, value: str, *, secret: bool = False) -> None:
        """Set a variable of the flow's, or the language (one without prompts is passed over)."""
        if name == Given.LANGUAGE:
            if value in words.LANGUAGES:
                self._call.language = value
            return
        self._own[name] = value[:LONGEST]
        if secret:
            self._secret.add(name)
        else:
            self._secret.discard(name)

    def secret(self, text: str) -> bool:
        """Whether a text holds a secret's value."""
        return any(name in self._secret for name in variables(text))

    def spoken(self, name: str) -> str:
        """The value as it may be said: a secret is not."""
        return "" if name in self._secret else self[name]

    def expand(self, text: str, *, escape: bool = False, aloud: bool = False) -> str:
        """A text with its variables' values; `aloud` leaves secrets out."""
        return expand(text, self.spoken if aloud else self.__getitem__, escape=escape)

    def moment(self) -> datetime:
        """The local time now."""
        call = self._call
        return call.exchange.local(call.services.wall(self.now))

    def _given(self, name: str) -> str:
        call = self._call
        record, known = call.record, call.known
        match name:
            case Given.CALLER:
                return record.caller
            case Given.CALLED:
                return record.called
            case Given.NAME:
                return known.name if known is not None else ""
            case Given.TRUNK:
                return record.trunk
            case Given.CATEGORY:
                return record.category
            case Given.CUSTOMER:
                return record.customer
            case Given.MANAGER:
                return known.manager if known is not None else ""
            case Given.LANGUAGE:
                return self.language
            case Given.CALL:
                return call.id
            case Given.DATE:
                return self.moment().date().isoformat()
            case Given.TIME:
                return f"{self.moment():%H:%M}"
            case Given.HOUR:
                return str(self.moment().hour)
            case Given.WEEKDAY:
                return WEEKDAYS[self.moment().weekday()]
            case Given.PART_OF_DAY:
                return part_of_day(self.moment().hour)
            case _ if name.startswith("queue."):
                return self._queue(name)
        return ""

    def _queue(self, name: str) -> str:
        """{queue.NAME.waiting} and others; the name of a queue may have dots."""
        queue, _, figure = name.removeprefix("queue.").rpartition(".")
        call = self._call
        if queue not in call.exchange.queues:
            return ""
        return call.exchange.desk.figure(queue, figure, self.now)
