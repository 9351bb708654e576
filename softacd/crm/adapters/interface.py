"""The interface of an adapter, on one page.

An *exchange* is a generator: it yields requests, is sent each one's answer, and returns what it found. It may take
several requests, needs no network to be tested, and raises when an answer is of no use:

    def find(self, number):
        answer = yield WebRequest("GET", "/contacts", query={"phone": number.e164})
        return Contact(id=..., name=...)
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, TypeVar

import msgspec
import phonenumbers

from softacd.crm.adapters.settings import CrmSettings
from softacd.crm.numbers import canonical

Found = TypeVar("Found")


class WebRequest(msgspec.Struct, frozen=True):
    """One HTTP request. Its address and headers may be secret: they are never logged."""

    method: str
    path: str
    """Appended to the address of the system."""
    query: Mapping[str, str] = {}
    body: Any = None
    """Sent as JSON; None: no body."""


class WebAnswer(msgspec.Struct, frozen=True):
    """The answer to it."""

    status: int
    body: Any = None
    """Decoded JSON; None when it is none."""
    retry_after: float = 0.0
    """Seconds it asks us to wait (Retry-After, RFC 9110 section 10.2.3)."""

    @property
    def good(self) -> bool:
        """Whether the request was done."""
        return 200 <= self.status < 300


Exchange = Generator[WebRequest, WebAnswer, Found]


class CrmError(Exception):
    """An answer is of no use. The text is for the operator; it holds no secret and nothing of a customer."""


class RefusedError(CrmError):
    """The same again would be refused again: a wrong token, a field that does not exist."""


class BusyError(CrmError):
    """It wants to be left alone for `seconds` (0: it does not say how long)."""

    def __init__(self, text: str, seconds: float = 0.0) -> None:
        super().__init__(text)
        self.seconds = seconds


class PhoneNumber(NamedTuple):
    """A number as systems want it spelled."""

    e164: str
    """"+37369123456"."""
    digits: str
    """"37369123456"."""
    national: str
    """"69123456": without the country's code and trunk prefix."""


def phone_number(text: str, country: str) -> PhoneNumber | None:
    """A number as a carrier presents it; None when it is withheld or none."""
    number = canonical(text, country)
    if number is None:
        return None
    return PhoneNumber(number, number[1:], phonenumbers.national_significant_number(phonenumbers.parse(number)))


class Contact(msgspec.Struct, frozen=True):
    """What a system knows of a number."""

    id: str = ""
    """Its own id of the contact."""
    name: str = ""
    company: str = ""
    category: str = ""
    """One of ours ("vip"), when the owner has mapped it."""
    manager: str = ""
    """The agent who looks after the contact."""
    language: str = ""
    notes: str = ""
    link: str = ""
    """Address of the contact in the system, for the agent."""
    more: Mapping[str, Any] = {}
    """The answer as it was, for flows."""


class CallLog(msgspec.Struct, frozen=True, kw_only=True):
    """A call that has ended, as another system is told of it. Times are wall-clock ms."""

    call: str
    """Its id here: told twice, it is the same call."""
    number: str
    """The outside party, as presented or dialled."""
    incoming: bool
    started: int
    ended: int
    talk_ms: int = 0
    connected: bool = False
    missed: bool = False
    outcome: str = ""
    agent: str = ""
    queue: str = ""
    topic: str = ""
    recording: str = ""
    """Address of the recording."""


class CheckedKey(NamedTuple):
    """A setting that an adapter cannot use."""

    key: tuple[str, ...]
    """Below the system's own table."""
    message: str
    expected: str


class Adapter(ABC):
    """Speaks with one kind of system."""

    address: ClassVar[str] = ""
    """Where it is when the settings do not say."""

    def __init__(self, settings: CrmSettings) -> None:
        self.settings = settings

    @classmethod
    @abstractmethod
    def check(cls, settings: CrmSettings) -> Iterator[CheckedKey]:
        """What of the settings it cannot use."""

    @property
    def url(self) -> str:
        """What paths are appended to."""
        return (self.settings.url or self.address).rstrip("/")

    def headers(self) -> dict[str, str]:
        """Sent with every request."""
        return {"Authorization": f"Bearer {self.settings.token}"} if self.settings.token else {}

    @abstractmethod
    def find(self, number: PhoneNumber) -> Exchange[Contact | None]:
        """Who has this number. Raises CrmError."""

    @abstractmethod
    def tell(self, call: CallLog, number: PhoneNumber, contact: Contact | None, *, again: bool) -> Exchange[None]:
        """Log a call; `again`: an earlier attempt may have come through. Raises CrmError."""

    @property
    def tells(self) -> bool:
        """Whether the system is told of calls."""
        return self.settings.tell

    def agent_of(self, user: str) -> str:
        """The agent a user of the system is; "" when none."""
        return next((agent for agent, other in self.settings.users.items() if other == user and user), "")

    def user_of(self, agent: str) -> str:
        """The user an agent is there."""
        return self.settings.users.get(agent, self.settings.user)
