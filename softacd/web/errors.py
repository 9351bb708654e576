"""What can go wrong with the HTTP API: one shape of answer for all of it, and why the server cannot start."""

from enum import StrEnum
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException, SerializationException

from softacd.acd.vocabulary import Status
from softacd.calls.control import NotPossibleError, UnknownNameError
from softacd.calls.records import Outcome

log = structlog.get_logger("softacd.web")

API_ROOT = "/api/v1"
DESCRIPTION_PATH = f"{API_ROOT}/openapi.json"


class ErrorWord(StrEnum):
    """The kinds of error an answer names."""

    INVALID = "invalid"
    UNAUTHORISED = "unauthorised"
    CODE_NEEDED = "code-needed"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    NO_SUCH_METHOD = "no-such-method"
    NOT_POSSIBLE = "not-possible"
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"
    CLOSED = "closed"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class Problem(msgspec.Struct, frozen=True):
    """Every answer with a status of 400 or more."""

    error: ErrorWord
    """What kind of error, for programs."""
    detail: str
    """What went wrong, in words."""
    remedy: str = ""
    """What to do about it, in words; empty when there is nothing to say."""


class WebError(Exception):
    """The HTTP API cannot start: `where` (address), `cause` and `remedy`."""

    def __init__(self, where: str, cause: str, remedy: str) -> None:
        super().__init__(f"{where}: {cause}. {remedy}")
        self.where = where
        self.cause = cause
        self.remedy = remedy


_WORDS = {
    HTTPStatus.BAD_REQUEST: ErrorWord.INVALID,
    HTTPStatus.UNAUTHORIZED: ErrorWord.UNAUTHORISED,
    HTTPStatus.FORBIDDEN: ErrorWord.FORBIDDEN,
    HTTPStatus.NOT_FOUND: ErrorWord.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ErrorWord.NO_SUCH_METHOD,
    HTTPStatus.CONFLICT: ErrorWord.NOT_POSSIBLE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorWord.TOO_LARGE,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorWord.TOO_MANY,
    HTTPStatus.SERVICE_UNAVAILABLE: ErrorWord.UNAVAILABLE,
}
_CHOICES: dict[str, type[StrEnum]] = {"status": Status, "outcome": Outcome}
"""Fields with few values: an answer to a wrong one names them."""
_SEE_DESCRIPTION = f"{DESCRIPTION_PATH} describes every path and field."


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Turn what a handler raised into the answer the caller gets. The unexpected is logged and told without detail."""
    if isinstance(error, UnknownNameError):
        return _response(HTTPStatus.NOT_FOUND, str(error.args[0] if error.args else error))
    if isinstance(error, NotPossibleError):
        return _response(HTTPStatus.CONFLICT, str(error))
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _of_framework(error)
    status = getattr(error, "http_status", None)
    if isinstance(status, int):  # errors that carry their own answer, such as the store's
        detail = str(getattr(error, "cause", "") or error)
        wait = float(getattr(error, "retry_after", 0.0))
        headers = {"Retry-After": str(int(wait) + 1)} if wait > 0 else None
        word = getattr(error, "word", None)
        return _response(HTTPStatus(status), detail, str(getattr(error, "remedy", "")), headers, word)
    log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
    return _response(
        HTTPStatus.INTERNAL_SERVER_ERROR, "the program failed while answering", "The log tells more; please report it."
    )


def _of_framework(error: HTTPException) -> Response[Problem]:
    status = HTTPStatus(error.status_code)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
        return _response(status, "this path does not know this method", _SEE_DESCRIPTION, headers)
    if status == HTTPStatus.NOT_FOUND and error.detail == HTTPStatus.NOT_FOUND.phrase:
        return _response(status, "there is nothing at this path", f"The API begins at {API_ROOT}; {_SEE_DESCRIPTION}")
    if status == HTTPStatus.FORBIDDEN:
        return _response(status, error.detail, "Ask somebody who may, or have an administrator change your role.")
    fields = error.extra if isinstance(error.extra, list) else []
    named = [_field(entry) for entry in fields if isinstance(entry, dict)]
    keys = {str(entry.get("key")) for entry in fields if isinstance(entry, dict)}
    choices = [f"{key} is one of {', '.join(_CHOICES[key])}." for key in sorted(keys & _CHOICES.keys())]
    if isinstance(error.__cause__, SerializationException):
        named = [f"the body is not JSON: {error.detail}"]
    return _response(status, "; ".join(named) or error.detail, " ".join(choices) or _SEE_DESCRIPTION)


def _field(entry: dict[str, object]) -> str:
    """One wrong field in words: `status: Invalid enum value 'zz'`."""
    name, message = str(entry.get("key", "")), str(entry.get("message", "")).replace("`", "'")
    if name == "data":  # the framework's name for the body as a whole
        return "the body is missing" if message == "'data'" else f"body: {message}"
    return f"{name}: {message}"


def _response(
    status: HTTPStatus,
    detail: str,
    remedy: str = "",
    headers: dict[str, str] | None = None,
    word: ErrorWord | None = None,
) -> Response[Problem]:
    word = word or _WORDS.get(
        status, ErrorWord.INTERNAL if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ErrorWord.INVALID
    )
    return Response(Problem(word, detail, remedy), status_code=status, media_type=MediaType.JSON, headers=headers or {})
