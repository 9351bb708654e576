"""Posts webhooks: a queue for each receiver, in order, tried again with growing pauses. Never waits in the loop's turn.

A receiver that is dead or slow costs memory up to a bound and nothing else; another receiver does not notice.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx2
import msgspec
import structlog

from softacd.calls.records import AnyRecord
from softacd.calls.webhooks import Teller, Told, WebhookEvent, WebhookSettings, headers

log = structlog.get_logger(__name__)

MOST_WAITING = 10_000
"""Events that wait for one receiver; the oldest are dropped and counted."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
CLOSING_SECONDS = 2.0
"""What is still to be told at the end may take so long."""
WORTH_ANOTHER_TRY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Of the statuses 400 to 499; the others say that the same again will not be taken either."""


class _Message(msgspec.Struct):
    id: str
    body: bytes
    since: float
    attempts: int = 0


class Webhooks:
    """All receivers. `observe` is given to the driver; it encodes and returns."""

    def __init__(self, node: str, wall: Callable[[], int], new_id: Callable[[], str]) -> None:
        """`wall` is wall-clock ms; `new_id` gives ids never given before."""
        self._node = node
        self._wall = wall
        self._new_id = new_id
        self._teller = Teller()
        self._receivers: dict[str, Receiver] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def configure(self, settings: Iterable[WebhookSettings]) -> None:
        """Take other receivers; one that stays as it is keeps what it is still to be told."""
        wanted = {entry.name: entry for entry in settings}
        for name, receiver in list(self._receivers.items()):
            if wanted.get(name) != receiver.settings:
                task = asyncio.get_running_loop().create_task(self._receivers.pop(name).close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)
        for name, entry in wanted.items():
            if name not in self._receivers:
                self._receivers[name] = Receiver(entry, self._wall)

    def observe(self, record: AnyRecord) -> None:
        """Something was recorded: whoever wants to know will be told."""
        if not self._receivers:
            return
        for event in self._teller.events(record):
            receivers = [receiver for receiver in self._receivers.values() if event in receiver.settings.events]
            if receivers:
                name, body = self._new_id(), self._body(event, record)
                for receiver in receivers:
                    receiver.tell(name, body)

    def _body(self, event: WebhookEvent, record: AnyRecord) -> bytes:
        return msgspec.json.encode(Told(event, self._wall(), self._node, record))

    def figures(self) -> dict[str, float]:
        """Counts since the start, over all receivers, by metric name without prefix."""
        receivers = self._receivers.values()
        return {
            "webhooks_waiting": sum(receiver.waiting for receiver in receivers),
            "webhooks_delivered": sum(receiver.delivered for receiver in receivers),
            "webhooks_refused": sum(receiver.refused for receiver in receivers),
            "webhooks_dropped": sum(receiver.dropped for receiver in receivers),
            "webhooks_attempts_failed": sum(receiver.failed for receiver in receivers),
        }

    async def close(self) -> None:
        """Tell what can still be told within two seconds."""
        await asyncio.gather(*(receiver.close() for receiver in self._receivers.values()), *self._closing)
        self._receivers.clear()


class Receiver:
    """One web service and what it is still to be told."""

    def __init__(self, settings: WebhookSettings, wall: Callable[[], int], first_pause: float = FIRST_PAUSE) -> None:
        self.settings = settings
        self.delivered = 0
        self.refused = 0
        """Events it answered with a status that another attempt would not change."""
        self.dropped = 0
        """Events never told: too many, too old, or the end came first."""
        self.failed = 0
        """Attempts that were in vain and are repeated."""
        self._wall = wall
        self._first_pause = first_pause
        self._queue: deque[_Message] = deque()
        self._news = asyncio.Event()
        self._ending: asyncio.Event | None = None
        """Set when the last chance is over: everything is told, or something is not heard."""
        self._client = httpx2.AsyncClient(
            timeout=None, trust_env=False, follow_redirects=False, headers={"User-Agent": "softacd"}
        )
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"webhook {settings.name}")

    @property
    def waiting(self) -> int:
        """Events not told yet."""
        return len(self._queue)

    def tell(self, message: str, body: bytes) -> None:
        """Post it when its turn comes."""
        if len(self._queue) >= MOST_WAITING:
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(_Message(message, body, time.monotonic()))
        self._news.set()

    async def close(self) -> None:
        """Give what waits a last short chance."""
        if self._queue and not self.failing:
            self._ending = asyncio.Event()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSING_SECONDS):
                    await self._ending.wait()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._client.aclose()
        if self._queue:
            self.dropped += len(self._queue)
            log.warning("events were not told", webhook=self.settings.name, events=len(self._queue))

    @property
    def failing(self) -> bool:
        """The event whose turn it is was tried in vain."""
        return bool(self._queue) and self._queue[0].attempts > 0

    async def _run(self) -> None:
        while True:
            if not self._queue:
                self._news.clear()
                await self._news.wait()
            message = self._queue[0]
            if time.monotonic() - message.since > self.settings.keep_seconds:
                self._done(message)
                self.dropped += 1
                continue
            pause = await self._attempt(message)
            if self._ending is not None and (not self._queue or pause > 0):
                self._ending.set()
            if pause > 0:
                await asyncio.sleep(pause)

    async def _attempt(self, message: _Message) -> float:
        """Post it once; returns how long to wait before the next, 0 when it is over with this event."""
        name = self.settings.name
        try:
            async with asyncio.timeout(self.settings.timeout_seconds):
                # The answer's body is not read: it is of no use and might have no end.
                async with self._client.stream(
                    "POST",
                    self.settings.url,
                    content=message.body,
                    headers=headers(message.id, self._wall() // 1000, message.body, self.settings.secret),
                ) as response:
                    status, wanted = response.status_code, response.headers.get("Retry-After", "")
        except TimeoutError:
            why, wanted = f"no answer within {self.settings.timeout_seconds:g} s", ""
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            why, wanted = type(error).__name__, ""
        else:
            if 200 <= status < 300:
                self.delivered += 1
                if message.attempts:
                    log.info("a webhook is heard again", webhook=name, waiting=len(self._queue) - 1)
                self._done(message)
                return 0.0
            why = f"HTTP status {status}"
            if 300 <= status < 500 and status not in WORTH_ANOTHER_TRY:
                self.refused += 1
                log.warning("a webhook refuses an event", webhook=name, why=why, event_id=message.id)
                self._done(message)
                return 0.0
        self.failed += 1
        if not message.attempts:
            log.warning("a webhook does not listen; it is tried again", webhook=name, why=why)
        message.attempts += 1
        pause = min(self._first_pause * 2.0 ** (message.attempts - 1), LONGEST_PAUSE)
        return max(pause, min(retry_after(wanted, self._wall() / 1000), LONGEST_PAUSE))

    def _done(self, message: _Message) -> None:
        if self._queue and self._queue[0] is message:  # else it was dropped meanwhile, and counted
            self._queue.popleft()


def retry_after(value: str, now: float) -> float:
    """Seconds a Retry-After header (RFC 9110, 10.2.3) asks for, 0 when it says nothing sensible; `now` in Unix time."""
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError):
        return 0.0
