"""Carries out what call flows want of the outside: web services, databases, voices. Never waits in the loop.

Every errand that has a number is answered exactly once, in its time. What is sent and what comes back may be a
caller's secret: nothing of it is logged, only which source, how it went and how long it took.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import structlog

from softacd.calls.errands import (
    Answered,
    AnyErrand,
    AnyResult,
    Failed,
    FetchMessage,
    Query,
    Recognise,
    RemoveMessage,
    Request,
    Speak,
    Spoken,
    Tell,
)
from softacd.calls.model import SourceSettings
from softacd.crm.adapters.interface import CrmError
from softacd.runtime.crm import Crms
from softacd.runtime.message_files import MessageFileError, MessageFiles
from softacd.runtime.voice.voices import SpeechError

log = structlog.get_logger(__name__)

MOST_OCTETS = 256 * 1024
"""Longer answers are not read: a source that sends a film instead of JSON costs no memory."""
MOST_UNTOLD = 1000
"""Webhooks on their way; more are dropped and counted, so that a dead receiver costs no memory either."""
RETRIES = (1.0, 5.0, 30.0)
"""Seconds before a webhook is tried again."""
TELL_SECONDS = 10.0
STEPS_BETWEEN_LOOKS = 5000
"""Instructions of SQLite between two looks at the clock."""

Speaker = Callable[[str, str], Awaitable[str]]
"""Text and language to the name of a clip. Raises SpeechError."""


class ErrandRunner:
    """Runs errands for one switch; `done` is called in the loop with each answer."""

    def __init__(
        self,
        done: Callable[[AnyResult], None],
        customers: Path | None = None,
        speaker: Speaker | None = None,
        messages: MessageFiles | None = None,
    ) -> None:
        """`customers` is the file of the customer base, the source "customers"; `messages` are those in mailboxes."""
        self._done = done
        self._customers = customers
        self._speaker = speaker
        self._messages = messages
        self.crms: Crms | None = None
        """Other systems that know customers."""
        self._web: dict[str, WebSource] = {}
        self._databases: dict[str, DatabaseSource] = {}
        self._settings: dict[str, SourceSettings] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._telling = 0
        self.failures = 0
        """Errands that could not be done."""
        self.untold = 0
        """Webhooks nobody listened to."""
        if customers is not None:
            self._databases["customers"] = DatabaseSource("customers", customers)

    def configure(self, sources: tuple[SourceSettings, ...]) -> None:
        """Take other sources; errands under way go on with what they began with."""
        wanted = {source.name: source for source in sources}
        for name, settings in list(self._settings.items()):
            if wanted.get(name) != settings:
                del self._settings[name]
                web, database = self._web.pop(name, None), self._databases.pop(name, None)
                if web is not None:
                    self._spawn(web.close())
                if database is not None:
                    self._spawn(database.close())
        for name, settings in wanted.items():
            if name in self._settings:
                continue
            self._settings[name] = settings
            if settings.url:
                self._web[name] = WebSource(settings)
            else:
                self._databases[name] = DatabaseSource(name, Path(settings.database))

    def put(self, errand: AnyErrand) -> None:
        """Begin an errand."""
        match errand:
            case Request() | Query() | Recognise() | Speak() | FetchMessage():
                self._spawn(self._answer(errand))
            case RemoveMessage(file=file):
                if self._messages is not None:
                    self._spawn(self._messages.remove(file))
            case Tell() if self._telling >= MOST_UNTOLD:
                self.untold += 1
            case Tell():
                self._telling += 1
                self._spawn(self._tell(errand))

    async def close(self) -> None:
        """Give up what is under way and close connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for source in self._web.values():
            await source.close()
        for database in self._databases.values():
            await database.close()

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, errand: Request | Query | Recognise | Speak | FetchMessage) -> None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(errand.timeout):
                result = await self._carry_out(errand)
        except TimeoutError:
            result = Failed(errand.errand, f"no answer within {errand.timeout:g} s")
        except (SourceError, SpeechError, MessageFileError, CrmError) as error:
            result = Failed(errand.errand, str(error))
        if isinstance(result, Failed):
            self.failures += 1
            log.warning(
                "a flow got no answer",
                source=getattr(errand, "source", "messages" if isinstance(errand, FetchMessage) else "voice"),
                why=result.why,
                seconds=round(time.monotonic() - began, 3),
            )
        self._done(result)

    async def _carry_out(self, errand: Request | Query | Recognise | Speak | FetchMessage) -> AnyResult:
        match errand:
            case Request(source=name):
                if name not in self._web:
                    raise SourceError(f"there is no source {name}")
                return Answered(errand.errand, await self._web[name].ask(errand.method, errand.path, errand.send))
            case Query(source=name):
                if name not in self._databases:
                    raise SourceError(f"there is no source {name}")
                return Answered(
                    errand.errand, await self._databases[name].ask(errand.query, errand.send, errand.timeout)
                )
            case Recognise(source=name, number=number):
                if self.crms is None:
                    raise SourceError(f"there is no source {name}")
                return Answered(errand.errand, await self.crms.find(name, number))
            case Speak(text=text, language=language):
                if self._speaker is None:
                    raise SpeechError("no voice is installed")
                return Spoken(errand.errand, await self._speaker(text, language))
            case FetchMessage(file=file):
                if self._messages is None:
                    raise MessageFileError("there is no directory for messages")
                return Spoken(errand.errand, await self._messages.fetch(file))

    async def _tell(self, errand: Tell) -> None:
        try:
            for pause in (0.0, *RETRIES):
                await asyncio.sleep(pause)
                source = self._web.get(errand.source)
                if source is None:
                    return
                try:
                    async with asyncio.timeout(TELL_SECONDS):
                        await source.ask("POST", errand.path, errand.send, answer=False)
                except (SourceError, TimeoutError) as error:
                    why = str(error) or f"no answer within {TELL_SECONDS:g} s"
                else:
                    return
            self.untold += 1
            log.warning("a webhook was not heard", source=errand.source, call=errand.call, why=why)
        finally:
            self._telling -= 1


class SourceError(Exception):
    """A source did not answer usefully; the text holds nothing of what was asked."""


class WebSource:
    """One web service."""

    def __init__(self, settings: SourceSettings) -> None:
        headers = {"Accept": "application/json", "User-Agent": "softacd"}
        if settings.token:
            headers["Authorization"] = f"Bearer {settings.token}"
        self._url = settings.url
        self._turns = asyncio.Semaphore(settings.at_once)
        # Time is kept by the errand; proxies of the environment are none of the owner's choice for callers' secrets.
        self._client = httpx2.AsyncClient(headers=headers, timeout=None, trust_env=False, follow_redirects=False)

    async def ask(self, method: str, path: str, send: Mapping[str, str], *, answer: bool = True) -> Any:
        """The decoded answer, None for status 404. Raises SourceError."""
        given: dict[str, Any] = {"params": send} if method == "GET" else {"json": dict(send)}
        try:
            async with self._turns, self._client.stream(method, self._url + path, **given) as response:
                if response.status_code == 404 and answer:
                    return None
                if not response.is_success:
                    raise SourceError(f"HTTP status {response.status_code}")
                if not answer:
                    return None
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MOST_OCTETS:
                        raise SourceError(f"the answer is longer than {MOST_OCTETS} octets")
        except httpx2.HTTPError as error:
            raise SourceError(f"{type(error).__name__}") from None
        except (httpx2.InvalidURL, ValueError):
            raise SourceError("the address cannot be used") from None
        try:
            return msgspec.json.decode(bytes(body))
        except (msgspec.DecodeError, RecursionError):
            raise SourceError("the answer is no JSON") from None

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()


class DatabaseSource:
    """One SQLite file, opened for reading, in a thread of its own."""

    def __init__(self, name: str, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"source-{name}")
        self._connection: sqlite3.Connection | None = None

    async def ask(self, query: str, send: Mapping[str, str], seconds: float) -> Mapping[str, object] | None:
        """The first row by its columns, None when there is none. Raises SourceError."""
        deadline = time.monotonic() + seconds
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._ask, query, dict(send), deadline)

    def _ask(self, query: str, send: dict[str, str], deadline: float) -> Mapping[str, object] | None:
        if time.monotonic() > deadline:
            raise SourceError("no answer in time")
        try:
            connection = self._connection or self._open()
            connection.set_progress_handler(lambda: int(time.monotonic() > deadline), STEPS_BETWEEN_LOOKS)
            cursor = connection.execute(query, send)
            row = cursor.fetchone()
            names = [column[0] for column in cursor.description or ()]
            cursor.close()
        except sqlite3.Error as error:
            raise SourceError(f"{self._path.name}: {error}") from None
        return None if row is None else dict(zip(names, row, strict=True))

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        connection.execute("PRAGMA query_only = ON")
        self._connection = connection
        return connection

    async def close(self) -> None:
        """Close the file; a query under way ends first."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
