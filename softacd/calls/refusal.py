"""What a blacklisted caller gets who shall hear a message: the message, and the end."""

from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.records import Outcome


class RefusalMessage(Activity):
    """Plays one prompt and hangs up; a prompt that is missing is no reason to serve the caller."""

    def __init__(self, call: Call, prompt: str) -> None:
        super().__init__(call)
        self._prompt = prompt

    def start(self, now: float) -> None:
        """Say it."""
        self.call.enter_phase(Phase.FLOW, now)
        self.call.leg.play((self._prompt,))

    def on_play_ended(self, play: int, error: str, now: float) -> None:
        """It was said."""
        self.call.finish(now, outcome=Outcome.REFUSED)
