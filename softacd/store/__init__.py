"""The database behind the truth in memory."""

from softacd.store.errors import StoreError
from softacd.store.history import CallDetail, History
from softacd.store.recovery import Recovery
from softacd.store.store import Store
from softacd.store.writer import StoreStatus

__all__ = ["CallDetail", "History", "Recovery", "Store", "StoreError", "StoreStatus"]
