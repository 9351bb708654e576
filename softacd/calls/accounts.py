"""The account of a call that ended is told whole: its record comes with those of all its legs, never before them.

A leg's record is complete when the media engine has closed its stream and told the last figures. A call that ends
asks the engine to tell them at once; its own record follows the last of its legs', so that the store has all of them
in one transaction and whoever reads an ended call reads its legs too.
"""

from collections.abc import Callable

from softacd.calls.deadlines import Deadline, Deadlines
from softacd.calls.records import AnyRecord, CallRecord, LegRecord
from softacd.rtp.vocabulary import AnyCommand, ReportClosed

LONGEST_WAIT = 0.5
"""Seconds a call's record waits for a media engine that does not answer: it is then told with the figures known."""


class Accounts:
    """Which legs' figures are still to come, and the records of calls that wait for them."""

    __slots__ = ("_deadlines", "_media", "_records", "_waiting", "closing")

    def __init__(
        self, media: Callable[[AnyCommand], None], records: Callable[[AnyRecord], None], deadlines: Deadlines
    ) -> None:
        self._media = media
        self._records = records
        self._deadlines = deadlines
        self.closing: dict[str, dict[int, LegRecord]] = {}
        """Call -> streams the engine was told to close, and the records of their legs."""
        self._waiting: dict[str, tuple[CallRecord, Deadline]] = {}

    def leg_ended(self, stream: int, record: LegRecord) -> None:
        """The engine was told to close the stream of a leg."""
        self.closing.setdefault(record.call, {})[stream] = record

    def leg_complete(self, stream: int, record: LegRecord) -> None:
        """The leg's last figures have come, or there were none to come."""
        self._records(record)
        closing = self.closing.get(record.call)
        if closing is None:
            return
        closing.pop(stream, None)
        if not closing:
            self._tell(record.call)

    def call_ended(self, record: CallRecord, now: float) -> None:
        """Tell the call's record: now, or with the last of its legs."""
        closing = self.closing.get(record.id)
        if not closing:
            self._records(record)
            return
        self._waiting[record.id] = (record, self._deadlines.at(now + LONGEST_WAIT, self, record.id))
        for stream in closing:
            self._media(ReportClosed(stream))

    def tell_all(self) -> None:
        """Tell of every call that waits, with the figures its legs have: no more will come."""
        for call in list(self._waiting):
            self._tell(call)

    def on_deadline(self, tag: str, now: float) -> None:
        """The call `tag` has waited long enough; what comes later amends its legs' records."""
        del now
        self._tell(tag)

    def _tell(self, call: str) -> None:
        for record in self.closing.pop(call, {}).values():
            self._records(record)
        waiting = self._waiting.pop(call, None)
        if waiting is not None:
            ended, deadline = waiting
            deadline.cancel()
            self._records(ended)
