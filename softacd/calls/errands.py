"""What a call needs done outside: asked of the web, of a database, of a voice. The whole vocabulary on one page.

The switch hands these out, whoever runs it carries them out and gives back one answer for each that has a number.
Secrets of callers (a PIN) may be in them: they are never logged.
"""

from collections.abc import Mapping

import msgspec


class Request(msgspec.Struct, frozen=True, tag=True):
    """Ask the web service of a source; the answer is `Answered`, or `Failed` after `timeout` seconds at the latest."""

    errand: int
    source: str
    path: str
    """Appended to the url of the source, escaped."""
    method: str
    send: Mapping[str, str]
    timeout: float

    def __repr__(self) -> str:
        return f"Request({self.errand}, {self.source!r}, {self.method}, ***)"


class Query(msgspec.Struct, frozen=True, tag=True):
    """Ask the database of a source for one row; the answer is `Answered` with its columns, or `Failed`."""

    errand: int
    source: str
    query: str
    send: Mapping[str, str]
    timeout: float

    def __repr__(self) -> str:
        return f"Query({self.errand}, {self.source!r}, {self.query!r}, ***)"


class Recognise(msgspec.Struct, frozen=True, tag=True):
    """Ask another system that knows customers who has a number; the answer is `Answered` (with what is known of the
    contact: id, name, company, category, manager, language, notes, link, more), or `Failed`."""

    errand: int
    source: str
    number: str
    """As the carrier presents it."""
    timeout: float

    def __repr__(self) -> str:
        return f"Recognise({self.errand}, {self.source!r}, ***)"


class Speak(msgspec.Struct, frozen=True, tag=True):
    """Have a text spoken; the answer is `Spoken`, or `Failed`."""

    errand: int
    text: str
    language: str
    timeout: float


class Tell(msgspec.Struct, frozen=True, tag=True):
    """Tell the web service of a source something; tried again when it does not listen. There is no answer."""

    call: str
    source: str
    path: str
    send: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Tell({self.call!r}, {self.source!r}, ***)"


class FetchMessage(msgspec.Struct, frozen=True, tag=True):
    """Have the file of a message at hand (path below their directory); the answer is `Spoken`, or `Failed`."""

    errand: int
    file: str
    timeout: float


class RemoveMessage(msgspec.Struct, frozen=True, tag=True):
    """Remove the file of a message, which may be gone already. There is no answer."""

    file: str


AnyErrand = Request | Query | Recognise | Speak | Tell | FetchMessage | RemoveMessage


class Answered(msgspec.Struct, frozen=True, tag=True):
    """What a source answered: an object, or None when it knows nothing of what was asked."""

    errand: int
    found: Mapping[str, object] | None


class Spoken(msgspec.Struct, frozen=True, tag=True):
    """A text has been spoken: the clip that says it."""

    errand: int
    clip: str


class Failed(msgspec.Struct, frozen=True, tag=True):
    """It could not be done; `why` is for the operator and holds no secret."""

    errand: int
    why: str


AnyResult = Answered | Spoken | Failed
