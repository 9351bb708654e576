"""The list of missed callers: open missed calls, a row for each caller."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from softacd.calls.missed import MissedCaller
from softacd.calls.records import CallRecord, MessageRecord, MissedOwner
from softacd.store.numbers import number_key, same_number


def missed_callers(
    calls: Sequence[CallRecord], owners: Iterable[MissedOwner], messages: Iterable[MessageRecord] = ()
) -> list[MissedCaller]:
    """Rows of `calls`, which are open missed calls, newest first; who called last comes first."""
    left: dict[str, list[str]] = defaultdict(list)
    for message in sorted(messages, key=lambda one: -one.left):
        left[message.call].append(message.id)
    known: dict[str, list[MissedOwner]] = defaultdict(list)
    for owner in owners:
        known[number_key(owner.caller)].append(owner)
    rows = [_row(group, known.get(number_key(group[0].caller), ()), left) for group in _by_caller(calls)]
    return sorted(rows, key=lambda row: -row.last)


def _by_caller(calls: Sequence[CallRecord]) -> Iterator[list[CallRecord]]:
    alike: dict[str, list[list[CallRecord]]] = defaultdict(list)
    for call in calls:
        key = number_key(call.caller)
        groups = alike[key]
        group = next((group for group in groups if key and same_number(group[0].caller, call.caller)), None)
        if group is None:
            groups.append([call])
        else:
            group.append(call)
    for groups in alike.values():
        yield from groups


def _row(group: list[CallRecord], owners: Iterable[MissedOwner], left: Mapping[str, Sequence[str]]) -> MissedCaller:
    last, first = group[0], group[-1].started
    mine = [owner for owner in owners if owner.at >= first and same_number(owner.caller, last.caller)]
    owner = max(mine, key=lambda owner: (owner.assigned, owner.at), default=None)
    known = next((call for call in group if call.customer), last)
    return MissedCaller(
        number=last.caller,
        name=known.caller_name,
        category=known.category,
        customer=known.customer,
        count=len(group),
        first=first,
        last=last.started,
        waited_ms=max(call.wait_ms for call in group),
        queue=last.queue,
        owner=owner.owner if owner is not None else "",
        assigned=owner is not None and owner.assigned,
        calls=tuple(call.id for call in group),
        queues=tuple(call.queue for call in group),
        messages=tuple(message for call in group for message in left.get(call.id, ())),
    )
