"""Who is calling, as far as the house knows before the first word is said.

The look-up itself is injected (softacd.crm keeps the customers): it answers at once, from memory.
"""

from collections.abc import Callable

import msgspec


class Caller(msgspec.Struct, frozen=True, gc=False):
    """What is known of a number that calls. A number may be blacklisted without belonging to a customer."""

    number: str
    """E.164 ("+37369123456")."""
    customer: str = ""
    """The customer's id; empty: nobody of ours."""
    name: str = ""
    """The customer's name."""
    category: str = ""
    """"vip", "regular", "debtor" ..., as configured; empty: none."""
    label: str = ""
    """What stands before the name on agents' phones ("VIP")."""
    priority: int = 0
    """Added to the priority of every queue the caller enters; may be negative."""
    manager: str = ""
    """The agent who looks after this customer; empty: none."""
    language: str = ""
    """Language the customer speaks ("ro"); empty: not known."""
    blacklisted: bool = False
    """Not to be served."""
    refuse_status: int = 603
    """SIP status a blacklisted caller is refused with."""
    refuse_prompt: str = ""
    """Clip a blacklisted caller hears instead, before we hang up; empty: refused unanswered."""

    def shown(self, presented: str) -> str:
        """What agents' phones show: label and name; `presented` is the carrier's name, taken when we know none."""
        return " ".join(part for part in (self.label, self.name or presented) if part)


Lookup = Callable[[str], Caller | None]
"""From a number as the carrier presents it to what is known of it. Must answer at once."""


def nobody_known(number: str) -> Caller | None:
    """The look-up of a house that knows no customer."""
    del number
    return None
