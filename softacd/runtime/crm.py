"""Other systems that know customers: asked who calls, told of calls that ended. No call waits for any of them.

What they are still to be told lies in a file each, so that it outlives this program.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import structlog

from softacd.calls.records import AnyRecord, CallRecord
from softacd.crm.adapters.interface import BusyError, Contact, CrmError, RefusedError, phone_number
from softacd.crm.adapters.journal import Journal
from softacd.crm.adapters.registry import AdapterError, make_adapter
from softacd.crm.adapters.settings import CrmSettings
from softacd.crm.settings import CustomerSettings
from softacd.runtime.crm_outbox import Entry, Outbox
from softacd.runtime.crm_system import CrmSystem, RestingError

log = structlog.get_logger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
"""Seconds between two attempts to tell of a call."""
MOST_WAITING = 10_000
"""Calls one system is still to be told of; the oldest are dropped and counted."""


class Crms:
    """All of them. `observe` is given to the driver; it returns at once."""

    def __init__(self, directory: Path, wall: Callable[[], int]) -> None:
        """`directory` is where files may lie; `wall` is wall-clock ms."""
        self._directory = directory
        self._wall = wall
        self._correspondents: dict[str, Correspondent] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._customers = CustomerSettings()

    def configure(self, settings: Iterable[CrmSettings], customers: CustomerSettings) -> None:
        """Take other systems; of one that stays as it is nothing is forgotten."""
        self._customers = customers
        wanted = {entry.name: entry for entry in settings}
        outboxes: dict[str, Outbox] = {}
        for name, correspondent in list(self._correspondents.items()):
            if wanted.get(name) != correspondent.settings:
                del self._correspondents[name]
                if name in wanted:
                    outboxes[name] = correspondent.outbox
                self._let_go(correspondent, keep_outbox=name in wanted)
        for name, entry in wanted.items():
            if name not in self._correspondents:
                try:
                    outbox = outboxes.get(name) or Outbox(self._directory / f"crm-{name}.jsonl")
                    self._correspondents[name] = Correspondent(entry, outbox, self._country, self._wall)
                except (AdapterError, OSError) as error:
                    log.error("another system cannot be used", crm=name, error=str(error))

    def _country(self) -> str:
        return self._customers.country

    def _let_go(self, correspondent: "Correspondent", *, keep_outbox: bool = False) -> None:
        correspondent.stop()
        task = asyncio.get_running_loop().create_task(correspondent.close(keep_outbox=keep_outbox))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def find(self, name: str, number: str) -> Mapping[str, Any] | None:
        """What a system knows of a number, with what the owner's categories say of such a contact. Raises CrmError."""
        correspondent = self._correspondents.get(name)
        if correspondent is None:
            raise CrmError("there is no such system")
        found = await correspondent.find(number)
        if found is None:
            return None
        told: dict[str, Any] = msgspec.structs.asdict(found)
        category = self._customers.known_categories().get(found.category)
        if category is None:
            told["category"] = ""
        else:
            told |= {"label": category.label, "priority": category.priority}
        return told

    def observe(self, record: AnyRecord) -> None:
        """Something was recorded."""
        for correspondent in self._correspondents.values():
            correspondent.observe(record)

    def figures(self) -> dict[str, float]:
        """Counts over all systems, by metric name without prefix."""
        each = self._correspondents.values()
        return {
            "crm_requests": sum(one.system.asked for one in each),
            "crm_failures": sum(one.system.failed for one in each),
            "crm_resting": sum(one.system.resting > 0 for one in each),
            "crm_untold": sum(len(one.outbox.entries) for one in each),
            "crm_told": sum(one.told for one in each),
            "crm_dropped": sum(one.dropped for one in each),
        }

    async def close(self) -> None:
        """Give up; what was not told stays in the files."""
        for correspondent in self._correspondents.values():
            self._let_go(correspondent)
        self._correspondents.clear()
        await asyncio.gather(*self._closing)


class Correspondent:
    """One system, and the calls it is to be told of."""

    def __init__(
        self, settings: CrmSettings, outbox: Outbox, country: Callable[[], str], wall: Callable[[], int]
    ) -> None:
        """Raises AdapterError."""
        self.settings = settings
        self.system = CrmSystem(make_adapter(settings))
        self.outbox = outbox
        self.told = 0
        """Calls it has taken."""
        self.dropped = 0
        """Calls it refused, or would not take in time."""
        self._country = country
        self._wall = wall
        self._journal = Journal(settings.recordings)
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        if self.system.adapter.tells:
            self._task = asyncio.get_running_loop().create_task(self._run(), name=f"crm {settings.name}")

    async def find(self, number: str) -> Contact | None:
        """Who has a number, as a carrier presents it. Raises CrmError."""
        phone = phone_number(number, self._country())
        return None if phone is None else await self.system.find(phone)

    def observe(self, record: AnyRecord) -> None:
        """Something was recorded: perhaps a call to tell of, or more of one."""
        if self._task is None:
            return
        entries = self.outbox.entries
        call = record.id if isinstance(record, CallRecord) else getattr(record, "call", "")
        ended = {call: entries[call].log} if call in entries else {}
        for told in self._journal.take(record, ended):
            before = entries.get(told.call)
            now = self._wall()
            due = now if told.missed or not told.agent else now + round(self.settings.topic_seconds * 1000)
            if before is not None:
                due = min(before.due, now) if told.topic else before.due
                self.outbox.put(Entry(log=told, since=before.since, due=due, attempts=before.attempts))
            else:
                if len(entries) >= MOST_WAITING:
                    self.outbox.done(next(iter(entries)))
                    self.dropped += 1
                self.outbox.put(Entry(log=told, since=now, due=due))
            self._news.set()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            entries = self.outbox.entries
            entry = min(entries.values(), key=lambda one: one.due, default=None)
            pause = None if entry is None else max((entry.due - self._wall()) / 1000, self.system.resting)
            if entry is None or (pause is not None and pause > 0):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._news.wait()
                continue
            await self._attempt(entry)

    async def _attempt(self, entry: Entry) -> None:
        call = entry.log.call
        if self._wall() - entry.since > self.settings.keep_seconds * 1000:
            self._drop(call, "it would not take it in time")
            return
        phone = phone_number(entry.log.number, self._country())
        if phone is None:  # withheld: nobody's
            self.outbox.done(call)
            return
        try:
            await self.system.carry_out(
                self.system.adapter.tell(entry.log, phone, self.system.remembered(phone), again=entry.attempts > 0)
            )
        except asyncio.CancelledError:
            self._again(entry, 0.0)  # it may have come through
            raise
        except RestingError as error:
            entry.due = self._wall() + round(max(error.seconds, 0.05) * 1000)
        except BusyError as error:
            entry.due = self._wall() + round((error.seconds or FIRST_PAUSE) * 1000)
        except RefusedError as error:
            self._drop(call, str(error))
        except CrmError:
            pause = min(FIRST_PAUSE * 2.0**entry.attempts, LONGEST_PAUSE)
            self._again(entry, pause)
        else:
            self.told += 1
            self.outbox.done(call)

    def _again(self, entry: Entry, pause: float) -> None:
        now = self.outbox.entries.get(entry.log.call, entry)  # it may have been amended meanwhile
        due = self._wall() + round(pause * 1000)
        self.outbox.put(Entry(log=now.log, since=now.since, due=due, attempts=entry.attempts + 1))

    def _drop(self, call: str, why: str) -> None:
        self.dropped += 1
        self.outbox.done(call)
        log.warning("another system was not told of a call", crm=self.settings.name, call=call, why=why)

    def stop(self) -> None:
        """Tell no more."""
        if self._task is not None:
            self._task.cancel()

    async def close(self, *, keep_outbox: bool = False) -> None:
        """Close connections and, unless another goes on with it, the file."""
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.system.close()
        if not keep_outbox:
            await self.outbox.close()
