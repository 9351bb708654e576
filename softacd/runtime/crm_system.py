"""One other system that knows customers: its connections, what it answered lately, and whether it is to be left alone.

Asked twice for one number at the same time, it is asked once. Numbers, names, addresses and tokens are never logged.
"""

import asyncio
import time
from typing import TypeVar

import httpx2
import msgspec
import structlog

from softacd.crm.adapters.interface import (
    Adapter,
    BusyError,
    Contact,
    CrmError,
    Exchange,
    PhoneNumber,
    RefusedError,
    WebAnswer,
    WebRequest,
)
from softacd.runtime.webhooks import retry_after

log = structlog.get_logger(__name__)

MOST_OCTETS = 256 * 1024
"""Longer answers are not read."""
MOST_KNOWN = 50_000
"""Answers that are remembered; the oldest go first."""
LONGEST_REST = 3600.0

Found = TypeVar("Found")


class RestingError(CrmError):
    """It is left alone for now; `seconds` more."""

    def __init__(self, seconds: float) -> None:
        super().__init__("it is left alone for now, after failures or because it asked for it")
        self.seconds = seconds


class CrmSystem:
    """A connection with one system."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self.settings = adapter.settings
        self.asked = 0
        """Requests sent."""
        self.failed = 0
        """Exchanges that came to nothing."""
        self._client = httpx2.AsyncClient(
            timeout=None, trust_env=False, follow_redirects=False, headers={"User-Agent": "softacd"}
        )
        self._turns = asyncio.Semaphore(self.settings.at_once)
        self._known: dict[str, tuple[float, Contact | None]] = {}
        self._asking: dict[str, asyncio.Task[Contact | None]] = {}
        self._failures = 0
        self._rest_until = 0.0
        self._trying = False

    @property
    def resting(self) -> float:
        """Seconds it is still left alone; 0: it may be asked."""
        return max(0.0, self._rest_until - time.monotonic())

    async def find(self, number: PhoneNumber) -> Contact | None:
        """Who has a number: as answered lately, or asked now. Raises CrmError."""
        key, now = number.e164, time.monotonic()
        known = self._known.get(key)
        if known is not None and known[0] > now:
            return known[1]
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.get_running_loop().create_task(self._ask(number))
            asking.add_done_callback(lambda task: self._answered(key, task))
        return await asyncio.shield(asking)  # whoever gives up leaves the question to the others

    def remembered(self, number: PhoneNumber) -> Contact | None:
        """Who has a number, if that was answered lately."""
        known = self._known.get(number.e164)
        return known[1] if known is not None and known[0] > time.monotonic() else None

    async def _ask(self, number: PhoneNumber) -> Contact | None:
        return await self.carry_out(self.adapter.find(number))

    def _answered(self, key: str, task: "asyncio.Task[Contact | None]") -> None:
        self._asking.pop(key, None)
        if task.cancelled() or task.exception() is not None:
            return
        if self.settings.cache_seconds:
            self._known.pop(key, None)
            self._known[key] = (time.monotonic() + self.settings.cache_seconds, task.result())
            if len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]

    async def carry_out(self, exchange: Exchange[Found]) -> Found:
        """All requests of an exchange, in turn. Raises CrmError, RestingError when the system is left alone."""
        async with self._turns:
            if self.resting or self._trying:
                raise RestingError(self.resting or self.settings.patience_seconds)
            self._trying = self._failures >= self.settings.failures
            try:
                async with asyncio.timeout(self.settings.patience_seconds):
                    found = await self._exchange(exchange)
            except TimeoutError:
                error: CrmError = CrmError(f"no answer within {self.settings.patience_seconds:g} s")
                self._fail(error)
                raise error from None
            except CrmError as error:
                self._fail(error)
                raise
            except Exception as error:
                log.exception("an adapter has failed", crm=self.settings.name)
                wrong = CrmError(f"its answer was not understood ({type(error).__name__})")
                self._fail(wrong)
                raise wrong from error
            finally:
                self._trying = False
            if self._failures >= self.settings.failures:
                log.info("another system answers again", crm=self.settings.name)
            self._failures = 0
            return found

    async def _exchange(self, exchange: Exchange[Found]) -> Found:
        try:
            request = next(exchange)
            while True:
                request = exchange.send(await self._send(request))
        except StopIteration as stop:
            found: Found = stop.value
            return found
        finally:
            exchange.close()

    async def _send(self, request: WebRequest) -> WebAnswer:
        self.asked += 1
        content = None if request.body is None else msgspec.json.encode(request.body)
        headers = {"Accept": "application/json"} | self.adapter.headers()
        if content is not None:
            headers["Content-Type"] = "application/json"
        body = bytearray()
        try:
            async with self._client.stream(
                request.method,
                self.adapter.url + request.path,
                params=dict(request.query) or None,
                content=content,
                headers=headers,
            ) as response:
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MOST_OCTETS:
                        raise CrmError(f"the answer is longer than {MOST_OCTETS} octets")
        except httpx2.HTTPError as error:
            raise CrmError(type(error).__name__) from None
        except (httpx2.InvalidURL, ValueError):
            raise RefusedError("the address or a header cannot be used") from None
        wait = retry_after(response.headers.get("Retry-After", ""), time.time())
        try:
            decoded = msgspec.json.decode(bytes(body))
        except (msgspec.DecodeError, RecursionError):
            decoded = None
        return WebAnswer(response.status_code, decoded, min(wait, LONGEST_REST))

    def _fail(self, error: CrmError) -> None:
        self.failed += 1
        rest = 0.0
        if isinstance(error, BusyError):
            rest = error.seconds or self.settings.rest_seconds
        else:
            self._failures += 1
            if self._failures >= self.settings.failures:
                rest = self.settings.rest_seconds
        if self._failures == 1 or rest:
            log.warning("another system does not serve us", crm=self.settings.name, why=str(error), rest_seconds=rest)
        if rest:
            self._rest_until = max(self._rest_until, time.monotonic() + rest)

    async def close(self) -> None:
        """Give up what is under way."""
        for task in list(self._asking.values()):
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
        await self._client.aclose()
