"""Loads the configuration: read, decode, check, resolve secrets and paths; all problems at once or a sound whole."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from softacd.calls.model import SourceSettings
from softacd.ops.checks import check_draft
from softacd.ops.configuration_errors import ConfigurationError, Problem, Severity
from softacd.ops.credentials import Credentials
from softacd.ops.draft import Draft
from softacd.ops.model import Configuration, MediaTable, ServerSettings, SipSettings, StoreSettings, WebSettings
from softacd.ops.toml_documents import Texts, read_document

__all__ = ["Configuration", "ConfigurationError", "Reading", "load_configuration", "read_configuration"]


class Reading(msgspec.Struct, frozen=True):
    """A sound configuration and what is worth a second look in it."""

    configuration: Configuration
    warnings: tuple[Problem, ...]


def load_configuration(path: Path) -> Configuration:
    """The configuration in a file, or in the *.toml files of a directory.

    Raises ConfigurationError holding all problems found.
    """
    return read_configuration(path).configuration


def read_configuration(
    path: Path, environment: Mapping[str, str] = os.environ, texts: Texts = MappingProxyType({})
) -> Reading:
    """As `load_configuration`, with the warnings. `environment` is where `password_env` and `token_env` look.

    `texts` stands in for files that are not written yet.
    """
    document, problems = read_document(path, texts)
    draft = Draft(document, problems)
    if problems:  # what was to be found in a file that cannot be read would be missed everywhere
        raise ConfigurationError(sorted(draft.problems, key=_order))
    check_draft(draft)
    configuration = _compose(draft, environment, texts)
    errors = [problem for problem in draft.problems if problem.severity is Severity.ERROR]
    if errors or configuration is None:
        raise ConfigurationError(sorted(draft.problems, key=_order))
    return Reading(configuration, tuple(sorted(draft.problems, key=_order)))


def _order(problem: Problem) -> tuple[str, int]:
    return problem.file, problem.line


def _compose(draft: Draft, environment: Mapping[str, str], texts: Texts) -> Configuration | None:
    credentials = Credentials(draft, environment, texts)
    trunks = tuple(map(credentials.trunk, draft.trunks.values()))
    realm = draft.sip.domain if draft.sip else ""
    phones = tuple(credentials.phone(phone, realm) for phone in draft.phones.values())
    web = credentials.web(draft.web) if draft.web else None
    mail = credentials.mail(draft.mail) if draft.mail else None
    if (
        draft.server is None
        or draft.sip is None
        or draft.media is None
        or draft.store is None
        or draft.log is None
        or draft.security is None
        or draft.dial_plan is None
        or draft.customers is None
        or draft.emergency is None
        or draft.missed is None
        or web is None
        or mail is None
        or draft.provisioning is None
    ):
        return None
    directory = draft.document.directory.absolute()
    server = _server(draft.server, directory)
    return Configuration(
        server=server,
        sip=_sip(draft.sip, directory),
        media=_media(draft.media, server, directory),
        store=_store(draft.store, server, directory),
        web=_web(web, directory),
        log=draft.log,
        security=draft.security,
        dial_plan=draft.dial_plan,
        customers=draft.customers,
        emergency=draft.emergency,
        missed=draft.missed,
        mail=mail,
        provisioning=draft.provisioning,
        trunks=trunks,
        phones=phones,
        groups=tuple(draft.groups.values()),
        conferences=tuple(draft.conferences.values()),
        mailboxes=tuple(draft.mailboxes.values()),
        agents=tuple(draft.agents.values()),
        queues=tuple(draft.queues.values()),
        flows=tuple(draft.flows.values()),
        hours=tuple(draft.hours.values()),
        reasons=tuple(draft.reasons.values()),
        sources=tuple(_source(credentials.source(source), directory) for source in draft.sources.values()),
        webhooks=tuple(map(credentials.webhook, draft.webhooks.values())),
        crm=tuple(map(credentials.crm, draft.crm.values())),
        voices=tuple(draft.voices.values()),
        numbers=tuple(draft.numbers.values()),
        reports=tuple(draft.reports.values()),
    )


def _absolute(directory: Path, name: str) -> str:
    return os.path.normpath(directory / Path(name).expanduser())


def _sip(sip: SipSettings, directory: Path) -> SipSettings:
    files = {name: getattr(sip, name) for name in ("certificate", "private_key", "authorities")}
    return msgspec.structs.replace(sip, **{name: _absolute(directory, file) for name, file in files.items() if file})


def _server(server: ServerSettings, directory: Path) -> ServerSettings:
    return msgspec.structs.replace(server, data_directory=_absolute(directory, server.data_directory))


def _media(media: MediaTable, server: ServerSettings, directory: Path) -> MediaTable:
    return msgspec.structs.replace(
        media,
        sounds=tuple(_absolute(directory, root) for root in media.sounds),
        recordings=_absolute(directory, media.recordings or f"{server.data_directory}/recordings"),
        messages=_absolute(directory, media.messages or f"{server.data_directory}/messages"),
    )


def _web(web: WebSettings, directory: Path) -> WebSettings:
    return msgspec.structs.replace(web, token_file=_absolute(directory, web.token_file) if web.token_file else "")


def _source(source: SourceSettings, directory: Path) -> SourceSettings:
    return msgspec.structs.replace(source, database=_absolute(directory, source.database) if source.database else "")


def _store(store: StoreSettings, server: ServerSettings, directory: Path) -> StoreSettings:
    """An SQLite path is made absolute: `sqlite:////var/lib/softacd/softacd.db`."""
    url = store.url or f"sqlite:///{server.data_directory}/softacd.db"
    scheme, separator, rest = url.partition(":///")
    if separator and scheme.startswith("sqlite"):
        url = f"{scheme}:///{_absolute(directory, rest)}"
    return StoreSettings(url=url)
