"""Carriers: their addresses, our numbers with them, and who is who when a call comes in."""

import ipaddress
import re

from softacd.calls.model import TrunkSettings
from softacd.ops.checks.network import is_host
from softacd.ops.configuration_errors import KeyPath, quoted
from softacd.ops.draft import Draft

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
DIGITS = re.compile(r"[0-9]{2,15}")
_EXAMPLE_NAMES = (".example", ".invalid", ".test", "example.com", "example.net", "example.org")  # RFC 2606


def as_e164(text: str) -> str:
    """What was probably meant by a number written with spaces, brackets or 00; nothing when it cannot be told."""
    digits = re.sub(r"[\s()./-]", "", text)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    return quoted(digits) if digits != text and (E164.fullmatch(digits) or DIGITS.fullmatch(digits)) else ""


def check_trunks(draft: Draft) -> None:
    """Each trunk by itself, then the trunks beside each other."""
    owners: dict[str, str] = {}
    transports = {text.partition(":")[0] for text in draft.sip.listen} if draft.sip else set()
    for trunk in draft.trunks.values():
        path: KeyPath = ("trunks", trunk.name)
        if not is_host(trunk.host):
            draft.error(
                (*path, "host"), f"got {quoted(trunk.host)}", "a host name or an IP address; the port stands in port"
            )
        elif trunk.host.endswith(_EXAMPLE_NAMES):
            draft.warn((*path, "host"), f"{quoted(trunk.host)} is an example", "the name of your carrier's SIP server")
        if trunk.proxy and not is_host(trunk.proxy):
            draft.error(
                (*path, "proxy"), f"got {quoted(trunk.proxy)}", "a host name or an IP address; the port in port"
            )
        _check_addresses(draft, trunk, path)
        if trunk.transport != "auto" and transports and trunk.transport not in transports:
            draft.error(
                (*path, "transport"),
                f"[sip] listen serves no {trunk.transport}, from where calls would leave",
                f'one of {", ".join(sorted(transports))}, or "{trunk.transport}:ADDRESS:PORT" in [sip] listen',
            )
        for here, number in numbers_of(trunk):
            if not E164.fullmatch(number):
                draft.error(here, f"got {quoted(number)}", "a number like +37322000111", as_e164(number))
            elif owners.setdefault(number, trunk.name) != trunk.name:
                draft.error(here, f"{quoted(number)} is already a number of {owners[number]}")
        names = [trunk.username, *(account.username for account in trunk.accounts)]
        for index, account in enumerate(trunk.accounts):
            if account.username in names[: index + 1]:
                draft.error(
                    (*path, "accounts", index, "username"), f"{quoted(account.username)} is given twice", "each once"
                )
        if trunk.caller_id and not re.fullmatch(r"\+?[0-9]{2,15}", trunk.caller_id):
            draft.error(
                (*path, "caller_id"),
                f"got {quoted(trunk.caller_id)}",
                "a number like +37322000111",
                as_e164(trunk.caller_id),
            )
        elif trunk.caller_id and trunk.numbers and trunk.caller_id not in trunk.all_numbers:
            draft.warn((*path, "caller_id"), "is not one of our numbers with this carrier, who may refuse such calls")
        if not trunk.codecs:
            draft.error((*path, "codecs"), "is empty", '"PCMA", "PCMU", "G722", "OPUS", or several of them')
    _check_unlike(draft)
    if not draft.names["trunks"]:
        draft.warn(("trunks",), "no trunk is configured: only calls between phones are possible", "[trunks.NAME]")


def numbers_of(trunk: TrunkSettings) -> list[tuple[KeyPath, str]]:
    """Each number of each account, and where it stands."""
    path: KeyPath = ("trunks", trunk.name)
    found: list[tuple[KeyPath, str]] = [((*path, "numbers", at), number) for at, number in enumerate(trunk.numbers)]
    for index, account in enumerate(trunk.accounts):
        here = (*path, "accounts", index, "numbers")
        found += [((*here, at), number) for at, number in enumerate(account.numbers)]
    return found


def _check_addresses(draft: Draft, trunk: TrunkSettings, path: KeyPath) -> None:
    for index, text in enumerate(trunk.addresses):
        here = (*path, "addresses", index)
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            try:
                loose = ipaddress.ip_network(text, strict=False)
            except ValueError:
                draft.error(here, f"got {quoted(text)}", 'an IP address or a network like "192.0.2.0/28"')
            else:
                draft.error(here, f"{quoted(text)} is a host within a network", "the network", quoted(str(loose)))
        else:
            if network.prefixlen == 0:
                draft.error(here, f"{quoted(text)} would let everybody in as this carrier", "the carrier's networks")


def _check_unlike(draft: Draft) -> None:
    """Two trunks to one server must differ by account, or a call from there belongs to nobody in particular."""
    seen: dict[tuple[str, int, str, str], str] = {}
    for trunk in draft.trunks.values():
        key = (trunk.host, trunk.port, trunk.transport, trunk.username)
        if key in seen:
            draft.error(
                ("trunks", trunk.name),
                f"has the same server and account as {seen[key]}",
                "another host, port or username",
            )
        seen.setdefault(key, trunk.name)
