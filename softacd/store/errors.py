"""What can go wrong with the database, in words the owner of the shop can act on."""

import shutil
from pathlib import Path

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

_ROW_ERRORS = (DataError, IntegrityError, UnicodeError, OverflowError, TypeError, ValueError)
_ROW_WORDS = ("error binding parameter", "invalid input for query argument")  # sqlite3's and asyncpg's


class StoreError(Exception):
    """The store cannot do what was asked: `where` (path, or URL without password), `cause`, `remedy`. HTTP 503.

    `in_use`: another softacd works with it.
    """

    http_status = 503

    def __init__(self, where: str, cause: str, remedy: str, *, in_use: bool = False) -> None:
        super().__init__(f"{where}: {cause}. {remedy}")
        self.in_use = in_use
        self.where = where
        self.cause = cause
        self.remedy = remedy


def blames_row(error: BaseException) -> bool:
    """Tell whether what a row holds is to blame: writing it again cannot help. Else it is the database's trouble."""
    if isinstance(error, DBAPIError) and any(words in str(error.orig).lower() for words in _ROW_WORDS):
        return True
    return isinstance(error, _ROW_ERRORS)


def explain(error: BaseException, path: Path | None) -> tuple[str, str]:
    """Return (cause, remedy) of a database error in plain words; `path` is the SQLite file, None for a server."""
    original = getattr(error, "orig", None) or error
    cause = str(original).strip() or type(original).__name__
    words = cause.lower()
    place = str(path.parent) if path is not None else "the database server"
    if "disk is full" in words or "no space" in words or "errno 28" in words:
        return cause, f"Free some space in {place} ({_space_left(path)}); everything queued is then written."
    if "readonly" in words or "read-only" in words or "permission" in words:
        return cause, f"Let the user softacd runs as write to {path or place}."
    if "locked" in words or "busy" in words:
        return cause, f"End the program that keeps {path or place} locked (a backup, a database browser)."
    if "malformed" in words or "not a database" in words:
        return cause, f"Restore {path} from the last backup, or move it aside: softacd then starts a new one."
    if "unable to open" in words or "no such file" in words:
        return cause, f"Make {place} exist and be writable by the user softacd runs as."
    if path is None:
        return cause, "Check that the database server runs and that store.url names it correctly."
    return cause, f"Check the disk under {place} and the system's log."


def _space_left(path: Path | None) -> str:
    if path is None:
        return "disk full"
    try:
        return f"{shutil.disk_usage(path.parent).free // 2**20} MB left"
    except OSError:
        return "free space unknown"
