"""A configuration on its way: decoded section by section, not yet known to be sound."""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from softacd.acd.model import AgentSettings, QueueSettings
from softacd.calls.flow_steps import FlowSettings
from softacd.calls.hours import HoursSettings
from softacd.calls.missed import MissedSettings
from softacd.calls.model import (
    ConferenceSettings,
    DialPlan,
    EmergencySettings,
    GroupSettings,
    MailboxSettings,
    NumberSettings,
    PhoneSettings,
    SourceSettings,
    TrunkSettings,
)
from softacd.calls.reasons import ReasonSettings
from softacd.calls.webhooks import WebhookSettings
from softacd.crm.adapters.settings import CrmSettings
from softacd.crm.settings import CustomerSettings
from softacd.ops.configuration_errors import KeyPath, Problem, Severity, dotted, nearest, one_of, quoted
from softacd.ops.mail_settings import MailSettings, SavedReport
from softacd.ops.model import (
    LogSettings,
    MediaTable,
    SecuritySettings,
    ServerSettings,
    SipSettings,
    StoreSettings,
    WebSettings,
)
from softacd.ops.provisioning_settings import ProvisioningSettings
from softacd.ops.schema import convert
from softacd.ops.toml_documents import Document
from softacd.runtime.voice.settings import VoiceSettings

Settings = TypeVar("Settings", bound=msgspec.Struct)

SECTIONS: dict[str, type[msgspec.Struct]] = {
    "server": ServerSettings,
    "sip": SipSettings,
    "media": MediaTable,
    "store": StoreSettings,
    "web": WebSettings,
    "log": LogSettings,
    "security": SecuritySettings,
    "dial_plan": DialPlan,
    "customers": CustomerSettings,
    "emergency": EmergencySettings,
    "missed": MissedSettings,
    "mail": MailSettings,
    "provisioning": ProvisioningSettings,
}
"""[section] -> its settings."""

NAMED_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "trunks": TrunkSettings,
    "phones": PhoneSettings,
    "groups": GroupSettings,
    "conferences": ConferenceSettings,
    "mailboxes": MailboxSettings,
    "agents": AgentSettings,
    "queues": QueueSettings,
    "flows": FlowSettings,
    "hours": HoursSettings,
    "reasons": ReasonSettings,
    "sources": SourceSettings,
    "webhooks": WebhookSettings,
    "crm": CrmSettings,
    "voices": VoiceSettings,
    "numbers": NumberSettings,
    "reports": SavedReport,
}
"""[section.name] -> its settings; the name becomes the first field."""

_HEADING = {
    "trunks": "[trunks.alpha]",
    "phones": "[phones.101]",
    "groups": "[groups.workshop]",
    "conferences": "[conferences.board]",
    "mailboxes": "[mailboxes.sales]",
    "agents": "[agents.ann]",
    "queues": "[queues.sales]",
    "flows": "[flows.main]",
    "hours": "[hours.office]",
    "reasons": "[reasons.doctor]",
    "sources": "[sources.billing]",
    "webhooks": "[webhooks.crm]",
    "crm": "[crm.shop]",
    "voices": "[voices.en]",
    "numbers": '[numbers."+37322000111"]',
    "reports": "[reports.daily]",
}


class Draft:
    """What could be decoded, what the owner named, and the problems found so far.

    A section that could not be decoded is None and an entry that could not be is left out, so that checks speak only
    of what they can see; `names` still holds every entry's name, so that nobody is told it does not exist.
    """

    __slots__ = (
        "_told",
        "agents",
        "conferences",
        "crm",
        "customers",
        "dial_plan",
        "document",
        "emergency",
        "flows",
        "groups",
        "hours",
        "log",
        "mail",
        "mailboxes",
        "media",
        "missed",
        "names",
        "numbers",
        "phones",
        "problems",
        "provisioning",
        "queues",
        "reasons",
        "reports",
        "security",
        "server",
        "sip",
        "sources",
        "store",
        "trunks",
        "voices",
        "web",
        "webhooks",
    )

    def __init__(self, document: Document, problems: Iterable[Problem] = ()) -> None:
        self.document = document
        self.problems = list(problems)
        self._refuse_unknown_sections()
        self.server = self._section("server", ServerSettings)
        self.sip = self._section("sip", SipSettings)
        self.media = self._section("media", MediaTable)
        self.store = self._section("store", StoreSettings)
        self.web = self._section("web", WebSettings)
        self.log = self._section("log", LogSettings)
        self.security = self._section("security", SecuritySettings)
        self.dial_plan = self._section("dial_plan", DialPlan)
        self.customers = self._section("customers", CustomerSettings)
        self.emergency = self._section("emergency", EmergencySettings)
        self.missed = self._section("missed", MissedSettings)
        self.mail = self._section("mail", MailSettings)
        self.provisioning = self._section("provisioning", ProvisioningSettings)
        self.names: dict[str, list[str]] = {}
        self.trunks = self._named("trunks", TrunkSettings)
        self.phones = self._named("phones", PhoneSettings)
        self.groups = self._named("groups", GroupSettings)
        self.conferences = self._named("conferences", ConferenceSettings)
        self.mailboxes = self._named("mailboxes", MailboxSettings)
        self.agents = self._named("agents", AgentSettings)
        self.queues = self._named("queues", QueueSettings)
        self.flows = self._named("flows", FlowSettings)
        self.hours = self._named("hours", HoursSettings)
        self.reasons = self._named("reasons", ReasonSettings)
        self.sources = self._named("sources", SourceSettings)
        self.webhooks = self._named("webhooks", WebhookSettings)
        self.crm = self._named("crm", CrmSettings)
        self.voices = self._named("voices", VoiceSettings)
        self.numbers = self._named("numbers", NumberSettings)
        self.reports = self._named("reports", SavedReport)
        self._told = [problem.key for problem in self.problems if problem.key]

    def error(self, path: KeyPath, message: str, expected: str = "", suggestion: str = "") -> None:
        """Note a problem with the value at `path`."""
        self._note(path, message, expected, suggestion, Severity.ERROR)

    def warn(self, path: KeyPath, message: str, expected: str = "", suggestion: str = "") -> None:
        """Note what works but is probably not meant."""
        self._note(path, message, expected, suggestion, Severity.WARNING)

    def refer(self, path: KeyPath, name: str, section: str, what: str) -> bool:
        """Check that `name` at `path` is an entry of `section`; `what` names its kind ("agent")."""
        known = self.names[section]
        if name in known:
            return True
        self.error(path, f"there is no {what} {quoted(name)}", one_of(known), nearest(name, known))
        return False

    def told(self, path: KeyPath) -> bool:
        """Whether something inside the value at `path` could not be decoded, which was told."""
        return any(_within(told, dotted(path)) for told in self._told)

    def _refuse(self, path: KeyPath, message: str, expected: str, suggestion: str = "") -> None:
        self.problems.append(self.document.problem(path, message, expected, suggestion))

    def _note(self, path: KeyPath, message: str, expected: str, suggestion: str, severity: Severity) -> None:
        """Whatever follows from a value that could not be decoded is no news."""
        key = dotted(path)
        if not any(_within(key, told) or _within(told, key) for told in self._told):
            self.problems.append(self.document.problem(path, message, expected, suggestion, severity))

    def _refuse_unknown_sections(self) -> None:
        known = [*SECTIONS, *NAMED_SECTIONS]
        for key in self.document.data:
            if key not in known:
                headings = ", ".join(f"[{name}]" for name in SECTIONS) + ", " + ", ".join(_HEADING.values())
                self._refuse((key,), "unknown section", headings, nearest(key, known))

    def _section(self, name: str, cls: type[Settings]) -> Settings | None:
        return convert(self.document, cls, self.document.data.get(name, {}), (name,), self.problems)

    def _named(self, section: str, cls: type[Settings]) -> dict[str, Settings]:
        self.names[section] = []
        tables: Any = self.document.data.get(section, {})
        heading = _HEADING[section]
        if not isinstance(tables, dict):
            self._refuse((section,), "is not a set of named tables", f"headings like {heading}")
            return {}
        entries: dict[str, Settings] = {}
        for name, table in tables.items():
            path = (section, name)
            if not isinstance(table, dict):
                self._refuse(path, f"stands in [{section}] itself", f"a heading with a name, like {heading}")
                continue
            if not name:
                self._refuse(path, "the name is empty", f"a heading with a name, like {heading}")
                continue
            self.names[section].append(name)
            settings = convert(self.document, cls, table, path, self.problems, name=name)
            if settings is not None:
                entries[name] = settings
        return entries


def _within(key: str, outer: str) -> bool:
    """Whether the dotted `key` is `outer` or something inside it."""
    return key.startswith(outer) and key[len(outer) : len(outer) + 1] in ("", ".", "[")
