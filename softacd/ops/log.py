"""Logs: structured events, coloured on a terminal and JSON otherwise, without secrets and without floods.

Set up once by `configure_logging`. The standard library's loggers (the web server's, the database's) go the same way.
"""

import logging
import re
import sys
import time
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, TextIO

import msgspec
import structlog

from softacd.calls.model import SECRET_FIELDS
from softacd.ops.model import LogSettings

EventDict = MutableMapping[str, Any]

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_NOISY = ("uvicorn.access", "aiosqlite", "alembic", "asyncio", "httpx2")
_HIDDEN_KEYS = SECRET_FIELDS | {"authorization", "proxy_authorization", "proxy-authorization", "secret", "cookie"}
_HIDDEN_TEXT = re.compile(
    r"""(?ix)
    \b( (?:proxy-)?authorization:\s*\w+\s+ | bearer\s+ | response=" | (?:password|token|secret)["']?\s*[=:]\s*["']? )
    [^\s"',;&]+
    """
)
"""What is secret wherever it stands: credentials of HTTP and SIP, digest responses, key=value pairs."""
SHORTEST_HIDDEN = 6
"""A secret shorter than this is not searched for in texts: it would blot out half of every line."""


class HideSecrets:
    """A processor that replaces secrets by ***: by the name of the key, by shape, and by value when it is known."""

    __slots__ = ("_known",)

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: re.Pattern[str] | None = None
        self.know(secrets)

    def know(self, secrets: Iterable[str]) -> None:
        """The values to hide from now on (after a reload: the new ones)."""
        values = sorted({value for value in secrets if len(value) >= SHORTEST_HIDDEN}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, values))) if values else None

    def __call__(self, logger: Any, method: str, event: EventDict) -> EventDict:
        for key, value in event.items():
            if key.lower() in _HIDDEN_KEYS:
                event[key] = "***"
            elif isinstance(value, str):
                event[key] = self.hide(value)
            elif isinstance(value, bytes):
                event[key] = self.hide(value.decode("utf-8", "replace"))
            elif not isinstance(value, int | float | None):
                event[key] = self._inside(value)
        return event

    def hide(self, text: str) -> str:
        """`text` without secrets."""
        text = _HIDDEN_TEXT.sub(r"\1***", text)
        return self._known.sub("***", text) if self._known else text

    def _inside(self, value: Any) -> Any:
        match value:
            case str():
                return self.hide(value)
            case dict():
                hidden = {key: str(key).lower() in _HIDDEN_KEYS for key in value}
                return {key: "***" if hidden[key] else self._inside(item) for key, item in value.items()}
            case list() | tuple():
                return [self._inside(item) for item in value]
            case int() | float() | None:
                return value
            case _:
                return self.hide(str(value))


class _Window:
    """What was written lately under one key, and how much was not."""

    __slots__ = ("began", "contents", "suppressed")

    def __init__(self, began: float) -> None:
        self.began = began
        self.contents: set[int] = set()
        self.suppressed = 0


class LimitRepeats:
    """A processor that writes a warning or error once in `seconds` and counts the rest.

    Two are alike when logger, level and event text are; with other fields (another caller, another reason) the same
    text is written up to MOST_VARIANTS times. The first one written afterwards says how many were `suppressed`. What
    is remembered is bounded.
    """

    __slots__ = ("_clock", "_seconds", "_windows")

    MOST_VARIANTS = 5
    MOST_REMEMBERED = 1000

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._windows: dict[tuple[Any, str, str], _Window] = {}

    def __call__(self, logger: Any, method: str, event: EventDict) -> EventDict:
        if self._seconds <= 0 or method not in ("warning", "error", "exception", "critical"):
            return event
        key = (event.get("logger"), method, str(event.get("event")))
        content = hash(str(sorted((name, str(value)) for name, value in event.items())))
        now = self._clock()
        window = self._windows.get(key)
        if window is None or now - window.began >= self._seconds:
            suppressed = window.suppressed if window else 0
            if len(self._windows) >= self.MOST_REMEMBERED:
                self._windows.clear()
            window = self._windows[key] = _Window(now)
            if suppressed:
                event["suppressed"] = suppressed
        elif content in window.contents or len(window.contents) >= self.MOST_VARIANTS:
            window.suppressed += 1
            raise structlog.DropEvent
        window.contents.add(content)
        return event


class _Foreign(logging.Filter):
    """Limits the repeats of the standard library's loggers; structlog's own have been limited before they come here."""

    def __init__(self, limit: LimitRepeats) -> None:
        super().__init__()
        self._limit = limit

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, dict):
            return True
        try:
            self._limit(
                None, record.levelname.lower(), {"logger": record.name, "event": record.msg, "arguments": record.args}
            )
        except structlog.DropEvent:
            return False
        return True


def configure_logging(
    settings: LogSettings, secrets: Iterable[str] = (), *, stream: TextIO | None = None
) -> HideSecrets:
    """Set up logging for the process, to `stream` (standard error by default).

    Returns the processor that hides secrets, so that a reload can tell it the new ones.
    """
    out = stream or sys.stderr
    level = _LEVELS[settings.level]
    hide = HideSecrets(secrets)
    limit = LimitRepeats(settings.repeat_seconds)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
    ]
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    terminal = settings.format == "console" or (settings.format == "auto" and out.isatty())
    if terminal:
        last: list[structlog.typing.Processor] = [
            structlog.processors.ExceptionRenderer(),
            hide,
            structlog.dev.ConsoleRenderer(colors=out.isatty(), pad_event_to=32),
        ]
    else:
        last = [
            structlog.processors.ExceptionRenderer(),
            hide,
            structlog.processors.JSONRenderer(serializer=_to_json),
        ]
    structlog.configure(
        processors=[*shared, limit, stamp, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,  # a later set-up, and a test that captures, must reach every logger
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            foreign_pre_chain=[*shared, stamp],
        )
    )
    handler.addFilter(_Foreign(limit))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(True)
    return hide


_FIRST = ("timestamp", "level", "logger", "event")


def _to_json(event: dict[str, Any], **_: Any) -> str:
    """One line, what every event has coming first."""
    ordered = {key: event.pop(key) for key in _FIRST if key in event} | event
    return msgspec.json.encode(ordered, enc_hook=str).decode()
