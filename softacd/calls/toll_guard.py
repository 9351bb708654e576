"""A ceiling on outside calls of each phone: what a stolen password or a broken dialler may cost before somebody looks.

Emergency numbers never count. Calls that carriers refused count too: a dialler that tries is what is looked for.
"""

from collections import deque

from softacd.calls.model import DialPlan

HOUR = 3600.0


class TollGuard:
    """Counts outside calls by the phone that pays for them."""

    def __init__(self) -> None:
        self.refused = 0
        """Calls not let out since the start."""
        self._an_hour = 0
        self._at_once = 0
        self._flows_an_hour = 0
        self._flows_at_once = 0
        self._begun: dict[str, deque[float]] = {}
        self._now: dict[str, set[str]] = {}

    def configure(self, dial_plan: DialPlan) -> None:
        """Take new ceilings; what was counted stays."""
        self._an_hour = dial_plan.outside_calls_an_hour
        self._at_once = dial_plan.outside_calls_at_once
        self._flows_an_hour = dial_plan.flow_calls_an_hour
        self._flows_at_once = dial_plan.flow_calls_at_once

    def admit(self, extension: str, call: str, now: float) -> str:
        """Count a call this phone pays for; returns why it must not go out, "" when it may. `extension` may be "flow:"
        and a name: flows have ceilings of their own."""
        flow = extension.startswith("flow:")
        an_hour, at_once = (self._flows_an_hour, self._flows_at_once) if flow else (self._an_hour, self._at_once)
        begun = self._begun.setdefault(extension, deque())
        living = self._now.setdefault(extension, set())
        while begun and begun[0] <= now - HOUR:
            begun.popleft()
        if an_hour and len(begun) >= an_hour:
            self.refused += 1
            return f"{extension} has made {len(begun)} outside calls within an hour"
        if at_once and call not in living and len(living) >= at_once:
            self.refused += 1
            return f"{extension} has {len(living)} outside calls at once"
        begun.append(now)
        living.add(call)
        return ""

    def release(self, call: str) -> None:
        """A call is over."""
        for extension, living in list(self._now.items()):
            living.discard(call)
            if not living:
                del self._now[extension]
