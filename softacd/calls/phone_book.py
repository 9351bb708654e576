"""What the users of phones have chosen: forwards and do-not-disturb. Every change is a record, the newest counts."""

from collections.abc import Iterable

from softacd.calls.records import PhoneEvent
from softacd.calls.services import Services


class PhoneBook:
    """The choices of every phone that made one."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._choices: dict[str, PhoneEvent] = {}

    def of(self, extension: str) -> PhoneEvent:
        """What the user of this phone chose; nothing, when nothing was."""
        return self._choices.get(extension) or PhoneEvent(extension=extension, at=0)

    def restore(self, events: Iterable[PhoneEvent]) -> None:
        """Put back what was chosen before the restart."""
        for event in events:
            self._choices.setdefault(event.extension, event)

    def choose(
        self,
        extension: str,
        now: float,
        *,
        do_not_disturb: bool | None = None,
        forward_always: str | None = None,
        forward_busy: str | None = None,
        forward_no_answer: str | None = None,
    ) -> None:
        """Change what is given, leave what is None; numbers must have been found to lead somewhere."""
        old = self.of(extension)
        new = PhoneEvent(
            extension=extension,
            at=self._services.wall(now),
            do_not_disturb=old.do_not_disturb if do_not_disturb is None else do_not_disturb,
            forward_always=old.forward_always if forward_always is None else forward_always,
            forward_busy=old.forward_busy if forward_busy is None else forward_busy,
            forward_no_answer=old.forward_no_answer if forward_no_answer is None else forward_no_answer,
        )
        self._choices[extension] = new
        self._services.records.append(new)
        self._services.changes(extension)
