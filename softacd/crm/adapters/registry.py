"""Which kinds of systems there are: the ones shipped, and those installed packages add by an entry point."""

from functools import cache
from importlib.metadata import entry_points

from softacd.crm.adapters.bitrix24 import Bitrix24Adapter
from softacd.crm.adapters.generic import HttpAdapter
from softacd.crm.adapters.hubspot import HubSpotAdapter
from softacd.crm.adapters.interface import Adapter
from softacd.crm.adapters.settings import CrmSettings

GROUP = "softacd.crm"
SHIPPED: dict[str, type[Adapter]] = {"http": HttpAdapter, "bitrix24": Bitrix24Adapter, "hubspot": HubSpotAdapter}


class AdapterError(Exception):
    """An installed adapter cannot be used; the text says why."""


@cache
def kinds() -> tuple[str, ...]:
    """The names of all kinds."""
    return tuple(dict.fromkeys([*SHIPPED, *(point.name for point in entry_points(group=GROUP))]))


@cache
def adapter_class(kind: str) -> type[Adapter]:
    """The adapter of a kind. Raises AdapterError, also for a kind there is not."""
    if kind in SHIPPED:
        return SHIPPED[kind]
    for point in entry_points(group=GROUP, name=kind):
        try:
            found = point.load()
        except Exception as error:
            raise AdapterError(f"{point.value} cannot be loaded: {type(error).__name__}: {error}") from error
        if not (isinstance(found, type) and issubclass(found, Adapter)):
            raise AdapterError(f"{point.value} is no Adapter")
        return found
    raise AdapterError(f"there is no kind {kind!r}")


def make_adapter(settings: CrmSettings) -> Adapter:
    """The adapter of a system. Raises AdapterError."""
    return adapter_class(settings.kind)(settings)
