"""Other systems asked who calls, beside the call: whoever answers first or last, no caller waits for it.

What the house knows itself stays; what it does not know is taken from the system that answers.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from softacd.calls.caller import Caller
from softacd.calls.errands import Answered, AnyResult, Failed, Recognise
from softacd.calls.exchange import Exchange
from softacd.calls.views import ContactView

if TYPE_CHECKING:
    from softacd.calls.call import Call

LONGEST = 2000
"""Characters kept of anything told."""


def ask_who_calls(call: "Call", now: float) -> None:
    """Ask every system that wants to be asked on arrival."""
    exchange, number = call.exchange, call.record.caller
    for crm in exchange.crms.values():
        if crm.on_arrival:
            name, patience = crm.name, crm.patience

            def errand(given: int, name: str = name, patience: float = patience) -> Recognise:
                return Recognise(given, name, number, patience)

            exchange.errands.ask(Recognition(exchange, call.id, name), errand, patience, now)


class Recognition:
    """One system asked about one call, which may be over when it answers."""

    __slots__ = ("_call", "_exchange", "_source")

    def __init__(self, exchange: Exchange, call: str, source: str) -> None:
        self._exchange = exchange
        self._call = call
        self._source = source

    def on_result(self, result: AnyResult, now: float) -> None:
        """The answer."""
        call = self._exchange.calls.get(self._call)
        if call is None:
            return
        if isinstance(result, Failed):
            call.note("crm", f"{self._source}: failed, {result.why}", now)
        elif isinstance(result, Answered) and result.found is not None:
            recognise(call, self._source, result.found, now)
        else:
            call.note("crm", f"{self._source}: nobody", now)


def recognise(call: "Call", source: str, found: Mapping[str, Any], now: float) -> None:
    """Take what a system knows of who calls; told twice, nothing happens."""
    card = ContactView(
        source=source,
        **{name: _text(found, name) for name in ("id", "name", "company", "category", "manager", "notes", "link")},
    )
    if card in call.contacts:
        return
    call.contacts = (*(one for one in call.contacts if one.source != source), card)
    call.note("crm", f"{source}: {card.name or card.id}{f', {card.company}' if card.company else ''}", now)
    known = call.known or Caller(number=call.record.caller)
    category = known.category or card.category
    manager = card.manager if card.manager in call.exchange.agents else ""
    took_category = category != known.category
    priority = found.get("priority")
    call.known = msgspec.structs.replace(
        known,
        name=known.name or card.name,
        category=category,
        label=_text(found, "label") if took_category else known.label,
        priority=priority if took_category and isinstance(priority, int) else known.priority,
        manager=known.manager or manager,
        language=known.language or _text(found, "language"),
    )
    record = call.record
    call.caller_name = record.caller_name = call.known.shown(call.presented_name)
    record.category = category
    call.services.records.append(record)


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value[:LONGEST] if isinstance(value, str) else ""
