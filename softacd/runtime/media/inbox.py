"""Commands on their way into the media loop, and what its helpers have found out."""

from typing import TypeVar

from softacd.runtime.handover import Handover

Entry = TypeVar("Entry")


class Inbox(Handover[Entry]):
    """Commands on their way into the loop: safe to fill from any thread."""
