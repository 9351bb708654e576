"""Texts of a flow: variables in braces, and what is said.

`{name}` stands for a variable; a brace that opens none is itself. Parsing is cached: flows are few, callers many.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from softacd.calls import words
from softacd.calls.prompts import clip

VARIABLE = re.compile(r"\{([a-z][a-z0-9_.-]*)\}")
NAME = re.compile(r"[a-z][a-z0-9_]*")
"""What a variable of the owner's may be called."""
LONGEST = 2000
"""Characters of a value that are kept."""


class Given(StrEnum):
    """Variables that every call has. `{queue.NAME.waiting}`, `.ready` and `.wait` (seconds) exist for each queue."""

    CALLER = "caller"
    CALLED = "called"
    NAME = "name"
    TRUNK = "trunk"
    CATEGORY = "category"
    CUSTOMER = "customer"
    MANAGER = "manager"
    LANGUAGE = "language"
    CALL = "call"
    DATE = "date"
    TIME = "time"
    HOUR = "hour"
    WEEKDAY = "weekday"
    PART_OF_DAY = "part_of_day"


QUEUE_FIGURES = ("waiting", "ready", "wait")
WRITABLE = frozenset({Given.LANGUAGE.value})
"""Given variables that a flow may set."""


@lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[str, ...]:
    """Literal text and names by turns, beginning with literal text."""
    return tuple(VARIABLE.split(text))


def variables(text: str) -> tuple[str, ...]:
    """The variables a text holds."""
    return _pieces(text)[1::2]


def expand(text: str, value: Callable[[str], str], *, escape: bool = False) -> str:
    """The text with its variables' values; `escape` makes each safe as a part of an address's path."""
    pieces = _pieces(text)
    if len(pieces) == 1:
        return text
    found = list(pieces)
    for index in range(1, len(pieces), 2):
        found[index] = quote(value(pieces[index]), safe="") if escape else value(pieces[index])
    return "".join(found)


class Kind(StrEnum):
    """What a speech is."""

    PROMPT = "prompt"
    NUMBER = "number"
    DIGITS = "digits"
    MONEY = "money"
    TIME = "time"
    DATE = "date"
    TEXT = "text"


class Speech(NamedTuple):
    """One thing that is said; `text` may hold variables."""

    kind: Kind
    text: str


@lru_cache(maxsize=4096)
def speech(said: str) -> Speech:
    """Reads a speech as the owner writes it. Raises ValueError, which says what is wrong with it."""
    kind, colon, rest = said.partition(":")
    if not colon:
        if not said:
            raise ValueError("is empty")
        return Speech(Kind.PROMPT, said)
    try:
        found = Kind(kind)
    except ValueError:
        raise ValueError(f"{kind!r} is nothing that can be said") from None
    if not rest.strip():
        raise ValueError(f"says no {kind}")
    if found is Kind.MONEY and len(rest.split()) != 2:
        raise ValueError("money is an amount and a currency, like money:{balance} UAH")
    return Speech(found, rest)


class UnspeakableError(ValueError):
    """A value cannot be said as what it should be; the text says why."""


def clips(said: Speech, value: Callable[[str], str], language: str) -> tuple[str, ...]:
    """The clips of one speech but text (which has to be spoken first). Raises UnspeakableError."""
    text = expand(said.text, value).strip()
    try:
        match said.kind:
            case Kind.PROMPT:
                return (text if "/" in text else clip(text, language),)
            case Kind.NUMBER:
                return words.number(int(_decimal(text).to_integral_value()), language)
            case Kind.DIGITS:
                return words.digits(text, language)
            case Kind.MONEY:
                amount, _, currency = text.rpartition(" ")
                return words.money(_decimal(amount.strip()), currency, language)
            case Kind.TIME:
                moment = datetime.strptime(text[:5], "%H:%M")  # noqa: DTZ007 - a time of day has no zone
                return words.time_of_day(moment.hour, moment.minute, language)
            case Kind.DATE:
                return words.date(date.fromisoformat(text[:10]), language)
            case _:
                raise UnspeakableError("needs a voice")
    except UnspeakableError:
        raise
    except (ValueError, LookupError) as error:
        raise UnspeakableError(f"{said.kind} {text[:40]!r}: {error}") from None


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise UnspeakableError(f"{text[:40]!r} is no number") from None
    if not value.is_finite():
        raise UnspeakableError(f"{text[:40]!r} is no number")
    return value


def part_of_day(hour: int) -> str:
    """For greetings: morning from 5, afternoon from 12, evening from 18 to 5."""
    return "morning" if 5 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"


def texts(said: Mapping[str, str] | tuple[str, ...]) -> Iterator[str]:
    """Every text in a table or a list."""
    yield from said.values() if isinstance(said, Mapping) else said
