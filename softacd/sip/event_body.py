"""The bodies of NOTIFY: dialog-info (RFC 4235), PIDF presence (RFC 3863, RFC 4480), message summary (RFC 3842)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from xml.sax.saxutils import escape, quoteattr

import msgspec

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


class DialogPhase(StrEnum):
    """States of RFC 4235 section 3.7.1 we tell of."""

    TRYING = "trying"
    EARLY = "early"
    CONFIRMED = "confirmed"


class DialogState(msgspec.Struct, frozen=True):
    """One dialog of a phone, seen from the phone."""

    id: str
    call_id: str
    local_tag: str
    remote_tag: str
    initiator: bool
    """The phone began it."""
    phase: DialogPhase
    remote: str
    """URI of the other party."""
    remote_name: str = ""


def dialog_info(entity: str, version: int, dialogs: Iterable[DialogState]) -> bytes:
    """The full state of an extension's dialogs; without any, one that is terminated: lamps go out by it."""
    rows = [_dialog(entity, dialog) for dialog in dialogs]
    rows = rows or [f"  <dialog id={quoteattr(entity)}>\n    <state>terminated</state>\n  </dialog>\n"]
    return (
        f'{_HEAD}<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{version}" state="full"'
        f" entity={quoteattr(entity)}>\n{''.join(rows)}</dialog-info>\n"
    ).encode()


def _dialog(entity: str, dialog: DialogState) -> str:
    tags = f" call-id={quoteattr(dialog.call_id)}"
    if dialog.local_tag:
        tags += f" local-tag={quoteattr(dialog.local_tag)}"
    if dialog.remote_tag:
        tags += f" remote-tag={quoteattr(dialog.remote_tag)}"
    name = f" display={quoteattr(dialog.remote_name)}" if dialog.remote_name else ""
    return (
        f'  <dialog id={quoteattr(dialog.id)}{tags} direction="{"initiator" if dialog.initiator else "recipient"}">\n'
        f"    <state>{dialog.phase}</state>\n"
        f"    <local><identity>{escape(entity)}</identity><target uri={quoteattr(entity)}/></local>\n"
        f"    <remote><identity{name}>{escape(dialog.remote)}</identity>"
        f"<target uri={quoteattr(dialog.remote)}/></remote>\n"
        "  </dialog>\n"
    )


def presence(entity: str, *, reachable: bool, note: str, activity: str = "") -> bytes:
    """The presence of a phone and the person at it; `activity` is an element of RFC 4480 section 3.2, "" for none."""
    basic = "open" if reachable else "closed"
    person = (
        f'  <dm:person id="agent"><rpid:activities><rpid:{activity}/></rpid:activities>'
        f"<dm:note>{escape(note)}</dm:note></dm:person>\n"
        if activity
        else ""
    )
    return (
        f'{_HEAD}<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"'
        f' xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity={quoteattr(entity)}>\n'
        f'  <tuple id="phone"><status><basic>{basic}</basic></status><note>{escape(note)}</note></tuple>\n'
        f"{person}</presence>\n"
    ).encode()


def message_summary(account: str, *, new: int = 0, old: int = 0) -> bytes:
    """How many voice messages wait."""
    waiting = "yes" if new else "no"
    return (
        f"Messages-Waiting: {waiting}\r\nMessage-Account: {account}\r\nVoice-Message: {new}/{old} (0/0)\r\n"
    ).encode()
