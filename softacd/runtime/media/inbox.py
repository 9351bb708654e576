"""Commands on their way into the media loop."""

from softacd.rtp.vocabulary import AnyCommand
from softacd.runtime.handover import Handover


class Inbox(Handover[AnyCommand]):
    """Commands on their way into the loop: safe to fill from any thread."""
