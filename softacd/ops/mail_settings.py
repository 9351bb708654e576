"""The owner's settings of mail and of reports that are saved, and mailed when he wants them."""

import re
from datetime import time
from typing import Annotated, Literal

import msgspec

from softacd.calls.model import HidesSecrets

ReportName = Literal["queue", "day", "hour", "topic", "trunk", "number", "agent", "status"]
Period = Literal["today", "yesterday", "this-week", "last-week", "this-month", "last-month"]
Every = Literal["day", "week", "month"]

_PORTS = {"starttls": 587, "tls": 465, "off": 25}
_ADDRESS = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,255}")


class MailSettings(HidesSecrets, frozen=True, forbid_unknown_fields=True):
    """How mail leaves: reports and alarms. Without a server none does."""

    server: str = ""
    """Name or address of the mail server; empty: no mail is sent."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0
    """Its port; 0: 587 with starttls, 465 with tls, 25 without encryption."""
    encryption: Literal["starttls", "tls", "off"] = "starttls"
    """`starttls` and `tls` check the server's certificate, and nothing is sent without them."""
    username: str = ""
    """Account there; empty: the server takes mail of us without one."""
    password: str = ""
    """Secret; better given as `password_file` or `password_env`."""
    password_file: str = ""
    """File whose content is the password; relative to the configuration."""
    password_env: str = ""
    """Environment variable that holds the password."""
    sender: str = ""
    """Address the mail comes from; empty: `username`, else softacd at the server's name."""
    alarms: tuple[str, ...] = ()
    """Addresses that are told when a part of the switch fails, and when it works again."""

    @property
    def at_port(self) -> int:
        """The port to connect to."""
        return self.port or _PORTS[self.encryption]

    @property
    def from_address(self) -> str:
        """Whom the mail is from."""
        return self.sender or (self.username if is_address(self.username) else f"softacd@{self.server}")


class SavedReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A report with a name, which is mailed on schedule to whom `to` names."""

    name: str
    """Its name."""
    report: ReportName
    """Which report (docs/reports.md)."""
    period: Period = "yesterday"
    """Days it is of, seen from the day it is made; weeks begin on Monday."""
    queue: str = ""
    """Only calls of this queue; empty: all."""
    every: Every = "day"
    """How often it is mailed: each day, each Monday, or on the first of each month."""
    at: str = "07:00"
    """When on that day, in the shop's time zone."""
    to: tuple[str, ...] = ()
    """Addresses it is mailed to; none: it is saved only."""
    format: Literal["xlsx", "csv"] = "xlsx"
    """What is attached."""

    def time(self) -> time:
        """`at`. Raises ValueError."""
        if not re.fullmatch(r"\d\d:\d\d", self.at):
            raise ValueError("a time is written like 07:00")
        return time.fromisoformat(self.at)


def is_address(text: str) -> bool:
    """Whether this can be an address of mail: somebody at somewhere, and nothing that would end a header."""
    return text.isprintable() and _ADDRESS.fullmatch(text) is not None
