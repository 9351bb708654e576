"""Who calls: the injected look-up, from the index in memory and the owner's settings. It never waits for the disk."""

from collections.abc import Callable

from softacd.calls.caller import Caller
from softacd.crm.index import Index
from softacd.crm.numbers import canonical, key_of
from softacd.crm.settings import CategorySettings, CustomerSettings

_NONE = CategorySettings()


class Directory:
    """Customers as calls ask for them. `wall` is the clock in wall-clock ms."""

    __slots__ = ("_categories", "_settings", "_wall", "index")

    def __init__(self, index: Index, settings: CustomerSettings, wall: Callable[[], int]) -> None:
        self.index = index
        self._wall = wall
        self.configure(settings)

    def configure(self, settings: CustomerSettings) -> None:
        """Take other settings; what is known stays."""
        self._settings = settings
        self._categories = settings.known_categories()

    @property
    def settings(self) -> CustomerSettings:
        """Those in force."""
        return self._settings

    def lookup(self, text: str) -> Caller | None:
        """What is known of a number as a carrier presents it; None: nothing, or it is withheld or no number."""
        settings = self._settings
        if self.index.empty:
            return None
        number = canonical(text, settings.country)
        if number is None:
            return None
        key = key_of(number)
        card = self.index.find(key)
        blocked = self.index.blocked(key, self._wall())
        if card is None:
            if not blocked:
                return None
            return Caller(
                number, blacklisted=True, refuse_status=settings.refuse_status, refuse_prompt=settings.refuse_prompt
            )
        # A category may be gone from the configuration since the customer was put into it.
        category = self._categories.get(card.category, _NONE)
        return Caller(
            number,
            customer=str(card.customer),
            name=card.name,
            category=card.category,
            label=category.label,
            priority=category.priority,
            manager=card.manager,
            language=card.language,
            blacklisted=blocked or category.refused,
            refuse_status=settings.refuse_status,
            refuse_prompt=settings.refuse_prompt,
        )
