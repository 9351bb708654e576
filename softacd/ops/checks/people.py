"""Phones, agents and queues: who rings where."""

import re

from softacd.ops.checks.flow_steps import check_speech
from softacd.ops.configuration_errors import KeyPath, quoted
from softacd.ops.draft import Draft

_EXTENSION = re.compile(r"[0-9]{2,10}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def check_people(draft: Draft) -> None:
    """Extensions are numbers, agents have a phone of their own, queues have agents that exist."""
    _check_phones(draft)
    _check_agents(draft)
    _check_queues(draft)
    _check_groups(draft)
    _check_mailboxes(draft)
    for section in ("trunks", "agents", "queues", "groups", "conferences", "mailboxes", "flows"):
        for name in draft.names[section]:
            if not _NAME.fullmatch(name):
                draft.error(
                    (section, name),
                    f"the name is {quoted(name)}",
                    "letters, digits, and - _ . after the first, at most 64",
                )


def _check_phones(draft: Draft) -> None:
    for extension in draft.names["phones"]:
        if not _EXTENSION.fullmatch(extension):
            draft.error(("phones", extension), f"the extension is {quoted(extension)}", "2 to 10 digits")
    for phone in draft.phones.values():
        if phone.caller_id and not any(
            phone.caller_id.lstrip("+") in {number.lstrip("+") for number in (trunk.caller_id, *trunk.all_numbers)}
            for trunk in draft.trunks.values()
        ):
            draft.warn(
                ("phones", phone.extension, "caller_id"),
                f"{quoted(phone.caller_id)} is a number of no trunk: it will never be shown",
                "one of the numbers of a trunk",
            )
        if not phone.codecs:
            draft.error(
                ("phones", phone.extension, "codecs"), "is empty", '"PCMA", "PCMU", "G722", "OPUS", or several of them'
            )


def _check_mailboxes(draft: Draft) -> None:
    answered: dict[str, str] = {}
    for mailbox in draft.mailboxes.values():
        path: KeyPath = ("mailboxes", mailbox.name)
        for index, extension in enumerate(mailbox.phones):
            if draft.refer((*path, "phones", index), extension, "phones", "phone") and mailbox.answers:
                other = answered.setdefault(extension, mailbox.name)
                if other != mailbox.name:
                    draft.error((*path, "phones", index), f"mailbox {other} answers for {extension}", "one mailbox")
        if mailbox.answers and not mailbox.phones:
            draft.error((*path, "answers"), "it has no phones", 'phones = ["101"]')
        if not mailbox.phones and not mailbox.pin:
            draft.warn(path, "nobody can hear its messages but over the API", "phones, or a pin")
        for index, text in enumerate(mailbox.greeting):
            check_speech(draft, text, (*path, "greeting", index))
        if not mailbox.greeting:
            draft.error((*path, "greeting"), "is empty", 'what callers hear, like "leave-message"')


def _check_agents(draft: Draft) -> None:
    owners: dict[str, str] = {}
    codes: dict[str, str] = {}
    queued = {tier.agent for queue in draft.queues.values() for tier in queue.tiers}
    for agent in draft.agents.values():
        path = ("agents", agent.name, "phone")
        if agent.code:
            first = codes.setdefault(agent.code, agent.name)
            if first != agent.name:
                draft.error(("agents", agent.name, "code"), f"is {first}'s already", "a code of the agent's own")
        if agent.pin and not agent.code:
            draft.error(("agents", agent.name, "pin"), "is never asked for", "a code to sign on with")
        if agent.shift:
            draft.refer(("agents", agent.name, "shift"), agent.shift, "hours", "hours")
        if not agent.phone:
            if not agent.code and not draft.told(("agents", agent.name)):
                draft.error(path, "is missing", "text, or a code to sign on with at any phone")
        elif draft.refer(path, agent.phone, "phones", "phone"):
            other = owners.setdefault(agent.phone, agent.name)
            if other != agent.name:
                draft.error(path, f"phone {agent.phone} is already {other}'s", "a phone of the agent's own")
        if agent.name not in queued and len(draft.queues) == len(draft.names["queues"]):
            draft.warn(("agents", agent.name), "is in no queue: no caller will reach this agent by a queue")


def _check_groups(draft: Draft) -> None:
    for group in draft.groups.values():
        path = ("groups", group.name, "extensions")
        for index, extension in enumerate(group.extensions):
            draft.refer((*path, index), extension, "phones", "phone")
            if extension in group.extensions[:index]:
                draft.error((*path, index), f"{quoted(extension)} is given twice", "each phone once")
        if not group.extensions:
            draft.error(path, "is empty", 'at least one phone, like ["101", "102"]')


def _check_queues(draft: Draft) -> None:
    for queue in draft.queues.values():
        path = ("queues", queue.name)
        seen: set[str] = set()
        for index, tier in enumerate(queue.tiers):
            here: KeyPath = (*path, "agents", index)
            if draft.document.written((*here, "agent")):
                here = (*here, "agent")
            draft.refer(here, tier.agent, "agents", "agent")
            if tier.agent in seen:
                draft.error(here, f"{quoted(tier.agent)} is in this queue twice", "each agent once")
            seen.add(tier.agent)
        if queue.after_call:
            draft.refer((*path, "after_call"), queue.after_call, "flows", "flow")
        if not queue.tiers:
            draft.warn((*path, "agents"), "has no agents: its callers wait in vain", 'agents = ["NAME", ...]')
