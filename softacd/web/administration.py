"""Editing the configuration: what may be changed, what a change would make of the files, and the versions kept of it.

The TOML files stay the truth: a change is asked for key by key, is made in their text, and is judged by the same
checks as files written by hand.
"""

from typing import Annotated, Any, Literal, Protocol

import msgspec


class FieldView(msgspec.Struct, frozen=True):
    """One key a section's table may have."""

    key: str
    """As it is written in TOML."""
    meaning: str
    """What it means, in a sentence."""
    type: str
    """What its value is, in words: "a whole number from 1 to 65535"."""
    default: Any
    """Its value where it is left out; null: it must be given, or there is nothing to say."""
    required: bool
    """It may not be left out."""
    choices: list[str]
    """The words it may be; empty: it is not a choice."""
    secret: bool
    """It is written and never read."""
    restart: str
    """Why it cannot be changed while the switch runs; empty: it can."""


class EntryView(msgspec.Struct, frozen=True):
    """One table, as it is written."""

    name: str
    """Its name: a phone's extension, a queue; empty where the section has one table only."""
    file: str
    """The file it stands in, relative to the configuration's directory."""
    line: int
    """The line of its heading; 0: it is not written, or in a file of its own."""
    values: dict[str, Any]
    """Its keys and values, without secrets."""
    secrets: list[str]
    """Its keys that hold a secret."""


class SectionView(msgspec.Struct, frozen=True):
    """One section of the configuration."""

    section: str
    """"queues", "phones", "server"."""
    meaning: str
    """What it is for."""
    named: bool
    """Its tables have names; otherwise it has one, without."""
    editable: bool
    """It may be changed here; the rest is changed in the files, by hand."""
    fields: list[FieldView]
    """What its tables may have."""
    entries: list[EntryView]
    """Its tables."""


class ConfigurationView(msgspec.Struct, frozen=True):
    """The whole configuration as it is written."""

    version: str
    """Of the files as they are: the base of a change."""
    running: bool
    """Whether the switch runs with just these files."""
    sections: list[SectionView]
    """Every section."""


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table to change."""

    section: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    """Which section."""
    name: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """Which table of it; one that is not there is made. Empty where the section has one table only."""
    values: dict[str, Any] = {}
    """Keys to write; null leaves a key out from now on. Those not named stay as they are."""
    remove: bool = False
    """Remove the table."""


class ChangeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of the configuration: all of it or nothing."""

    base: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """`version` of the configuration it was made from."""
    edits: Annotated[list[Edit], msgspec.Meta(min_length=1, max_length=200)]
    """What is to be changed."""
    comment: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """Why, for those who look at the versions."""


class ProblemView(msgspec.Struct, frozen=True):
    """One thing wrong with the configuration as it would be."""

    file: str
    """Relative to the configuration's directory."""
    line: int
    """In the file as it would be; 0: the whole file."""
    key: str
    """As one writes it: "queues.sales.ring_seconds"."""
    message: str
    """What is wrong."""
    expected: str
    """What would be right; empty: nothing to say."""
    suggestion: str
    """The nearest valid name or value; empty: none is near."""
    severity: Literal["error", "warning"]
    """An error refuses the change."""


class Difference(msgspec.Struct, frozen=True):
    """What becomes of one setting while the switch runs."""

    kind: Literal["added", "removed", "changed"]
    """What happens to it."""
    key: str
    """A table or a key."""
    old: str
    """Its value until now; empty for whole tables, "(hidden)" for secrets."""
    new: str
    """Its value from now on."""
    restart: str
    """Why it cannot be changed while the switch runs, which refuses the change; empty: it can."""


class Proposal(msgspec.Struct, frozen=True):
    """What a change would do."""

    base: str
    """Version of the configuration it was judged against."""
    acceptable: bool
    """It may be applied."""
    diff: str
    """The files' text before and after, as a unified diff; secrets are hidden."""
    differences: list[Difference]
    """What would change in the running switch; empty when it is not acceptable for its problems."""
    problems: list[ProblemView]
    """What is wrong with it, and what deserves a second look."""


class VersionView(msgspec.Struct, frozen=True):
    """One version of the configuration's files."""

    number: int
    """Counts from 1."""
    version: str
    """What its files are, as a base of changes."""
    at: int
    """When it came into being, ms since 1970-01-01 UTC."""
    author: str
    """Who made it; "file": it was found, written by hand."""
    comment: str
    """Why."""
    files: list[str]
    """The files that differ from the version before."""


class Applied(msgspec.Struct, frozen=True):
    """A change that is in force."""

    version: VersionView
    """What it became."""
    proposal: Proposal
    """What it did."""


class ConfigurationRefusedError(Exception):
    """A change that is not made. HTTP 409 or 400: `http_status`, `cause`, `remedy`."""

    def __init__(self, cause: str, remedy: str, *, http_status: int = 409) -> None:
        super().__init__(f"{cause}. {remedy}")
        self.cause = cause
        self.remedy = remedy
        self.http_status = http_status


class Administration(Protocol):
    """Who edits the configuration. Raises ConfigurationRefusedError, and UnknownNameError for a version there is not.

    A change is refused when its base is not the files as they are, when an error is found in what it makes, or when it
    needs a restart.
    """

    async def configuration(self) -> ConfigurationView:
        """Everything, as it is written."""

    async def propose(self, change: ChangeRequest) -> Proposal:
        """Say what a change would do; nothing is changed."""

    async def apply(self, change: ChangeRequest, author: str) -> Applied:
        """Make a change: files, version and running switch, or none of them."""

    async def versions(self) -> list[VersionView]:
        """Every version kept, newest first."""

    async def version_diff(self, number: int) -> str:
        """How a version differs from the one before, as a unified diff; secrets are hidden."""

    async def restore(self, number: int, base: str, author: str) -> Applied:
        """Make the files again what they were in a version, as a new version."""
