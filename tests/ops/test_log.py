"""Logs: readable, machine-readable, and silent about secrets."""

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import structlog

from softacd.ops.log import HideSecrets, LimitRepeats, configure_logging
from softacd.ops.model import LogSettings


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The set-up is the process's: put it back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_json_when_it_is_not_a_terminal() -> None:
    out = io.StringIO()
    configure_logging(LogSettings(), stream=out)
    structlog.get_logger("softacd.test").info("trunk registered", trunk="alpha", expires=600, at=("127.0.0.1", 5060))
    (line,) = lines(out)
    assert list(line)[:4] == ["timestamp", "level", "logger", "event"]
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "trunk registered",
        "level": "info",
        "logger": "softacd.test",
        "trunk": "alpha",
        "expires": 600,
        "at": ["127.0.0.1", 5060],
    }


def test_coloured_lines_on_a_terminal() -> None:
    out = Terminal()
    configure_logging(LogSettings(), stream=out)
    structlog.get_logger("softacd.test").warning("trunk lost", trunk="alpha")
    assert "trunk lost" in out.getvalue()
    assert "\x1b[" in out.getvalue()


def test_console_without_colours_in_a_pipe() -> None:
    out = io.StringIO()
    configure_logging(LogSettings(format="console"), stream=out)
    structlog.get_logger("softacd.test").warning("trunk lost", trunk="alpha")
    assert "trunk lost" in out.getvalue()
    assert "\x1b[" not in out.getvalue()


def test_the_level_holds_for_all_loggers() -> None:
    out = io.StringIO()
    configure_logging(LogSettings(level="warning"), stream=out)
    structlog.get_logger("a").info("not written")
    logging.getLogger("b").info("not written")
    structlog.get_logger("a").error("one")
    logging.getLogger("b").error("two %s", "words")
    assert [(line["logger"], line["event"]) for line in lines(out)] == [("a", "one"), ("b", "two words")]


def test_what_is_asked_of_web_services_is_not_written() -> None:
    """A look-up's address carries what callers entered: contract numbers, PINs."""
    out = io.StringIO()
    configure_logging(LogSettings(level="debug"), stream=out)
    answer = httpx2.MockTransport(lambda _request: httpx2.Response(200))
    with httpx2.Client(transport=answer) as client:
        assert client.get("http://billing.example/?pin=4711").status_code == 200
    assert out.getvalue() == ""


def test_an_exception_is_one_line_of_json() -> None:
    out = io.StringIO()
    configure_logging(LogSettings(), ["geheimnis"], stream=out)
    try:
        raise ValueError("bad password geheimnis")
    except ValueError:
        structlog.get_logger("a").exception("internal error")
    (line,) = lines(out)
    assert "ValueError: bad password ***" in line["exception"]


@pytest.mark.parametrize(
    ("given", "hidden"),
    [
        ({"password": "geheim"}, {"password": "***"}),
        ({"Authorization": "Basic eA=="}, {"Authorization": "***"}),
        ({"settings": {"ha1": "00112233", "name": "alpha"}}, {"settings": {"ha1": "***", "name": "alpha"}}),
        ({"list": [{"token": "x"}]}, {"list": [{"token": "***"}]}),
        ({"text": "token=abc123&limit=5"}, {"text": "token=***&limit=5"}),
        ({"text": "Authorization: Bearer abc.def"}, {"text": "Authorization: Bearer ***"}),
        (
            {"text": 'Digest username="101", response="6629fae49393a053"'},
            {"text": 'Digest username="101", response="***"'},
        ),
        ({"text": "GET /?token=abc"}, {"text": "GET /?token=***"}),
        ({"text": "the known geheimnis here"}, {"text": "the known *** here"}),
        ({"raw": b"the known geheimnis here"}, {"raw": "the known *** here"}),
        ({"object": ValueError("geheimnis")}, {"object": "***"}),
        ({"calls": 7, "load": 0.5, "none": None, "up": True}, {"calls": 7, "load": 0.5, "none": None, "up": True}),
        ({"text": "an ordinary sentence about passwords"}, {"text": "an ordinary sentence about passwords"}),
    ],
)
def test_secrets_are_hidden(given: dict[str, Any], hidden: dict[str, Any]) -> None:
    assert HideSecrets(["geheimnis", "abc", ""])(None, "info", given) == hidden


def test_a_reload_brings_new_secrets() -> None:
    hide = HideSecrets(["old-secret"])
    hide.know(["new-secret", "new-secret-longer"])
    assert hide.hide("old-secret new-secret-longer new-secret") == "old-secret *** ***"


def test_repeats_are_counted_not_written() -> None:
    now = 100.0
    limit = LimitRepeats(10, lambda: now)

    def write(event: str, method: str = "warning", logger: str = "a", **fields: Any) -> dict[str, Any] | None:
        try:
            return dict(limit(None, method, {"event": event, "logger": logger, **fields}))
        except structlog.DropEvent:
            return None

    assert write("flood") == {"event": "flood", "logger": "a"}
    assert [write("flood") for _ in range(99)] == [None] * 99
    assert write("flood", logger="b") is not None
    assert write("flood", method="error") is not None
    assert write("other") is not None
    assert write("flood", method="info") is not None
    now = 110.0
    assert write("flood") == {"event": "flood", "logger": "a", "suppressed": 99}
    now = 120.0
    assert write("flood") == {"event": "flood", "logger": "a"}


def test_the_same_words_about_something_else_are_written_a_few_times() -> None:
    limit = LimitRepeats(10, lambda: 100.0)
    written = []
    for peer in [1, 1, 2, 2, 3, 4, 5, 6, 7, 1]:
        with contextlib.suppress(structlog.DropEvent):
            written.append(limit(None, "warning", {"event": "refused", "peer": peer})["peer"])
    assert written == [1, 2, 3, 4, 5]


def test_what_is_remembered_of_repeats_is_bounded() -> None:
    limit = LimitRepeats(10, lambda: 0.0)
    for number in range(5 * LimitRepeats.MOST_REMEMBERED):
        limit(None, "warning", {"event": f"number {number}"})
    assert len(limit._windows) <= LimitRepeats.MOST_REMEMBERED


def test_both_kinds_of_loggers_are_limited() -> None:
    out = io.StringIO()
    configure_logging(LogSettings(repeat_seconds=3600), stream=out)
    for _ in range(5):
        structlog.get_logger("a").warning("flood")
        logging.getLogger("b").warning("flood %s", "of words")
    assert [line["logger"] for line in lines(out)] == ["a", "b"]
