"""What the owner says of the voices that speak texts while calls are up."""

from typing import Annotated

import msgspec

from softacd.runtime.voice.voices import EngineName, Voice


class VoiceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who speaks the texts of flows ("text:Dear {name}") in one language: a program of this machine, beside the calls.
    What was spoken is kept, so that it is there at once the next time."""

    language: str
    """The heading's name: "en", "ro"."""
    engine: EngineName = "espeak-ng"
    """`piper`, `rhvoice`, `espeak-ng`, or `command`: any program that reads a text and writes a WAV file."""
    name: str = ""
    """The voice: a model file of piper's, a voice of RHVoice's or espeak-ng's; empty: the language's own."""
    command: tuple[str, ...] = ()
    """For `command`: the program and its arguments, one of which holds {file}."""
    speed: Annotated[float, msgspec.Meta(ge=0.3, le=3)] = 1.0
    """1 is the voice's own pace."""
    timeout_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=30)] = 3.0
    """What a caller waits for a text that was never spoken before; then its fallback is said."""

    def voice(self) -> Voice:
        """As the engines take it."""
        name = self.name or (self.language if self.engine == "espeak-ng" else "")
        return Voice(self.engine, name, self.command, speed=self.speed, part_speed=self.speed)
