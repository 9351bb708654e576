"""Other systems that know customers: there is such a kind, it finds what it needs, and agents are ours."""

import re

from softacd.crm.adapters.registry import AdapterError, adapter_class, kinds
from softacd.crm.adapters.settings import CrmSettings
from softacd.ops.checks.flow_steps import CUSTOMERS
from softacd.ops.checks.house import check_address
from softacd.ops.configuration_errors import KeyPath, nearest, one_of, quoted
from softacd.ops.draft import Draft

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def check_crm(draft: Draft) -> None:
    """Check every [crm.NAME]."""
    for crm in draft.crm.values():
        _check(draft, crm, ("crm", crm.name))


def _check(draft: Draft, crm: CrmSettings, path: KeyPath) -> None:
    if not _NAME.fullmatch(crm.name):
        draft.error(path, f"the name is {quoted(crm.name)}", "small letters, digits, and - _ after the first")
    if crm.name == CUSTOMERS or crm.name in draft.names["sources"]:
        draft.error(path, "is the name of a source", "another name, which flows can tell from it")
    if crm.url:
        check_address(draft, crm.url, path, "token_file", "who calls")
    if crm.recordings and "{recording}" not in crm.recordings:
        draft.error((*path, "recordings"), "names no recording", "an address with {recording} in it")
    for agent in crm.users:
        draft.refer((*path, "users", agent), agent, "agents", "agent")
    try:
        adapter = adapter_class(crm.kind)
    except AdapterError as error:
        draft.error((*path, "kind"), str(error), one_of(list(kinds())), nearest(crm.kind, kinds()))
        return
    for found in adapter.check(crm):
        draft.error((*path, *found.key), found.message, found.expected)
