"""Calls of the past in a CSV file, as they would call again: when, for how long, and how patient they proved.

Columns: `day` (2026-06-01), `joined_queue_s`, `left_queue_s`, `service_start_s` and `service_end_s` (seconds since that
day's midnight; empty where it did not happen), `outcome` ("answered", "abandoned"; rows with another are passed over)
and, if they are there, `priority` and `type`.
"""

import csv
from collections.abc import Collection
from datetime import date
from pathlib import Path

from softacd.ops.staffing import Arrival

DAY = 86_400.0
NEEDED = frozenset({"day", "outcome", "joined_queue_s", "left_queue_s", "service_start_s", "service_end_s"})


class TraceError(Exception):
    """The file is no such trace: which line, and what is wrong with it."""


def read_calls(path: Path, types: Collection[str] = ()) -> list[Arrival]:
    """The callers in order of time, those of `types` alone if any are given; times from the first Monday's midnight.

    Who gave up was exactly as patient as that; who was served was at least as patient as he waited, and more is not
    known. Raises TraceError.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = NEEDED - set(reader.fieldnames or ())
            if missing:
                raise TraceError(f"{path}: has no column {', '.join(sorted(missing))}")
            rows = [(reader.line_num, row) for row in reader if row["outcome"] in ("answered", "abandoned")]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TraceError(f"{path}: {error}") from error
    found: list[Arrival] = []
    first: int | None = None
    for line, row in rows:
        if types and row.get("type") not in types:
            continue
        try:
            day = date.fromisoformat(row["day"])
            arrival = _arrival(row)
        except (ValueError, TypeError) as error:
            raise TraceError(f"{path}, line {line}: {error}") from None
        if first is None:
            first = day.toordinal() - day.weekday()
        if arrival is not None:
            found.append(arrival.later((day.toordinal() - first) * DAY))
    found.sort(key=lambda one: one.at)
    if not found:
        raise TraceError(f"{path}: holds no call that came to the queue")
    if found[0].at < 0:
        raise TraceError(f"{path}: a later line is of an earlier week than the first")
    return found


def _arrival(row: dict[str, str]) -> Arrival | None:
    """One caller, seconds since the day's midnight; None for who never got to the queue."""

    def moment(column: str) -> float | None:
        return float(row[column]) if row[column] else None

    joined, left = moment("joined_queue_s"), moment("left_queue_s")
    begun, ended = moment("service_start_s"), moment("service_end_s")
    at = begun if joined is None else joined
    if at is None or (joined is None and not at):  # a log that lost the moment says 0
        return None
    priority = int(row.get("priority") or 0)
    if row["outcome"] == "abandoned":
        return None if joined is None or left is None else Arrival(at, patience=max(left - at, 0.0), priority=priority)
    served = begun or left or at
    talk = ended - begun if begun and ended and ended > begun else None
    return Arrival(at, talk=talk, waited=max(served - at, 0.0), priority=priority)
