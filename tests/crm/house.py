"""A customer base in a temporary directory, on a wall clock the test sets."""

from pathlib import Path

from softacd.calls.customers import Customer, PutReport
from softacd.crm.base import CustomerBase
from softacd.crm.directory import Directory
from softacd.crm.settings import CategorySettings, CustomerSettings

NOW = 1_790_000_000_000
HOUR = 3_600_000
SETTINGS = CustomerSettings(country="MD", categories={"owner": CategorySettings(label="Owner", priority=100)})
AGENTS = {"ann", "bob"}


class Wall:
    """Wall-clock milliseconds, moved by the test."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


class House:
    """Base and directory together, as the running switch has them."""

    def __init__(self, path: Path) -> None:
        self.wall = Wall()
        self.base = CustomerBase(path, self.wall)
        self.directory = Directory(self.base.load(), SETTINGS, self.wall)

    def put(self, *customers: Customer) -> PutReport:
        report, changes = self.base.put(customers, SETTINGS, AGENTS)
        for number, card in changes.items():
            self.directory.index.change(number, card)
        return report
