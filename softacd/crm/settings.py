"""What the owner decides about customers: how numbers are read, what categories mean, how the unwanted are refused."""

from typing import Annotated

import msgspec


class CategorySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One category of customers."""

    label: Annotated[str, msgspec.Meta(max_length=20)] = ""
    """Stands before the name on agents' phones ("VIP")."""
    priority: Annotated[int, msgspec.Meta(ge=-1000, le=1000)] = 0
    """Added to the priority of every queue such a caller enters."""
    refused: bool = False
    """Whether such callers are refused as if their numbers were on the blacklist."""


STANDARD: dict[str, CategorySettings] = {
    "vip": CategorySettings(label="VIP", priority=10),
    "regular": CategorySettings(),
    "debtor": CategorySettings(label="Debtor"),
    "blacklisted": CategorySettings(refused=True),
}
"""Categories there are without a word in the configuration; one of the same name there replaces it."""


class CustomerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Callers who are known: how their numbers are read, what their categories mean, how unwanted ones are refused."""

    country: str = ""
    """Country whose dialling rules apply to numbers without a country code: two capital letters ("MD")."""
    refuse_status: Annotated[int, msgspec.Meta(ge=400, le=699)] = 603
    """SIP status blacklisted callers are refused with: 603 declined, 486 busy, 404 no such number."""
    refuse_prompt: str = ""
    """Clip they hear instead, before we hang up (they pay for the call); empty: refused unanswered."""
    categories: dict[str, CategorySettings] = {}
    """The owner's categories; vip (label "VIP", priority 10), regular, debtor and blacklisted are there without."""

    def known_categories(self) -> dict[str, CategorySettings]:
        """The standard categories and the owner's."""
        return STANDARD | self.categories
