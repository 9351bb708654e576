"""What a dry run of a call tells."""

import msgspec

from softacd.acd.explain import Standing


class Lead(msgspec.Struct, frozen=True):
    """One way on from a step."""

    label: str
    """What leads there: a key, a condition, an exit; empty: nothing, it just follows."""
    flow: str
    """The flow of the step it leads to."""
    step: str
    """The step it leads to."""
    pressed: bool = False
    """Whether only something the caller does leads there."""


class QueueForecast(msgspec.Struct, frozen=True):
    """What a queue would do with the caller now."""

    queue: str
    """The queue's name."""
    outcome: str
    """"rings", "waits", "emergency" (the mobile phones are called), or the exit he leaves by at once ("full")."""
    why: str = ""
    """Why he is not let in; empty when he is."""
    place: int = 0
    """Place in line, 1 is next; 0: in none."""
    meant_for: str = ""
    """The agent who is rung alone at first; empty: nobody in particular."""
    standings: tuple[Standing, ...] = ()
    """Each agent and his reason, those who ring first."""
    more: int = 0
    """Agents who do not ring either and of whom nothing is told."""
    expected_wait: float | None = None
    """Seconds until an agent answers; null when that cannot be foretold."""

    @property
    def rings(self) -> tuple[str, ...]:
        """The agents whose phones would ring at once."""
        return tuple(one.agent for one in self.standings if one.rings)


class StepForecast(msgspec.Struct, frozen=True):
    """One step the caller can come to."""

    flow: str
    """The flow it stands in."""
    name: str
    """Its name there."""
    does: str
    """What it is: "say", "menu", "queue" ..."""
    detail: str
    """What it says, rings or asks, in a few words."""
    known: str
    """What decides where it leads, as far as that is known: "office: closed", "{category} = vip"."""
    leads: tuple[Lead, ...]
    """Where it can lead; empty: the call ends."""
    queue: QueueForecast | None = None
    """What the queue it leads into would do; null: it leads into none."""


class WhatIf(msgspec.Struct, frozen=True):
    """What would become of a call."""

    caller: str
    """Who calls, as asked."""
    called: str
    """Which of our numbers, as asked."""
    at: int
    """For which moment, ms since 1970-01-01 UTC."""
    local: str
    """The same in the switch's time zone ("2026-06-06 18:05")."""
    verdict: str
    """What becomes of the call, in one sentence."""
    trunk: str = ""
    """The trunk that has the number; empty: none."""
    number: str = ""
    """The configured number it is taken for ("*": any); empty: none."""
    hours: str = ""
    """The number's opening hours at that moment ("office: closed"); empty: it has none."""
    emergency: bool = False
    """Whether the emergency mode is on: queues lead to the mobile phones."""
    known: bool = False
    """Whether anything is known of the caller's number."""
    name: str = ""
    """The caller's name as agents' phones show it; empty: not known."""
    customer: str = ""
    """Id of the customer; empty: nobody of ours."""
    category: str = ""
    """The customer's category; empty: none."""
    manager: str = ""
    """The customer's own agent; empty: none."""
    language: str = ""
    """What the caller hears at first ("ro")."""
    priority: int = 0
    """Added to the caller's priority in every queue."""
    blacklisted: bool = False
    """Whether the caller is not served."""
    flow: str = ""
    """The flow the call enters; empty: none."""
    steps: tuple[StepForecast, ...] = ()
    """The steps he can come to, in the order of the way."""
