"""Dialogs: the peer-to-peer relationship a call lives in (RFC 3261 section 12)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from softacd.sip.errors import MalformedError
from softacd.sip.headers import NameAddress
from softacd.sip.message import Message, Request, Response
from softacd.sip.timers import Timer
from softacd.sip.transport import Flow, bare_host, is_address, next_hop
from softacd.sip.uri import SipUri

DialogId = tuple[str, str, str]
ServerKey = tuple[str, ...]


class DialogState(StrEnum):
    """RFC 3261 section 12."""

    EARLY = "early"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Dialog:
    """One dialog seen from our side. `context` belongs to the transaction user; everything else is for reading."""

    __slots__ = (
        "ack",
        "ack_cseq",
        "ack_flow",
        "answer",
        "answer_flow",
        "answer_interval",
        "answer_timers",
        "authorization",
        "call_id",
        "contact_user",
        "context",
        "flow",
        "invite_cseq",
        "inviting",
        "local",
        "local_cseq",
        "natted",
        "provisional",
        "provisional_interval",
        "provisional_rseq",
        "provisional_timers",
        "remote",
        "remote_cseq",
        "remote_target",
        "route_set",
        "rseq",
        "secure",
        "server_invite",
        "state",
    )

    def __init__(
        self,
        *,
        call_id: str,
        local: NameAddress,
        remote: NameAddress,
        remote_target: SipUri,
        route_set: list[str],
        local_cseq: int,
        remote_cseq: int | None,
        flow: Flow,
        secure: bool,
        state: DialogState,
        natted: bool,
        contact_user: str,
    ) -> None:
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.remote_target = remote_target
        self.route_set = route_set
        self.local_cseq = local_cseq
        self.remote_cseq = remote_cseq
        self.flow = flow
        self.secure = secure
        self.state = state
        self.natted = natted
        self.contact_user = contact_user
        self.context: object | None = None
        # As UAC of an INVITE: whose 2xx waits for an ACK, and the ACK sent, for retransmitted 2xx
        self.invite_cseq = 0
        self.inviting = False
        self.ack: bytes | None = None
        self.ack_cseq = 0
        self.ack_flow = flow
        self.authorization: dict[str, str] = {}
        # As UAS of an INVITE: the transaction not answered yet, and the 2xx retransmitted until its ACK
        self.server_invite: ServerKey | None = None
        self.answer: bytes | None = None
        self.answer_flow = flow
        self.answer_interval = 0.0
        self.answer_timers: list[Timer[Any]] = []
        # Reliable provisional responses (RFC 3262): the last one seen as UAC; as UAS the one that waits for its PRACK
        self.rseq = 0
        self.provisional: bytes | None = None
        self.provisional_rseq = 0
        self.provisional_interval = 0.0
        self.provisional_timers: list[Timer[Any]] = []

    def __repr__(self) -> str:
        return f"<Dialog {self.call_id} {self.state.value}>"

    @property
    def id(self) -> DialogId:
        """(Call-ID, local tag, remote tag), RFC 3261 section 12."""
        return (self.call_id, self.local.tag, self.remote.tag)

    def next_cseq(self) -> int:
        """The number of the next request in this dialog (section 12.2.1.1)."""
        self.local_cseq += 1
        return self.local_cseq

    def routing(self) -> tuple[str, list[str], Flow]:
        """Request-URI, Route values and flow of a request in this dialog (section 12.2.1.1)."""
        target = str(self.remote_target)
        if not self.route_set:
            return target, [], next_hop(self.flow, self.remote_target, natted=self.natted)
        first = NameAddress.parse(self.route_set[0]).uri
        flow = next_hop(self.flow, first, natted=self.natted)
        if "lr" in first.parameters:
            return target, self.route_set, flow
        # A strict router of RFC 2543: it wants itself in the Request-URI.
        bare = SipUri(first.scheme, first.user, first.host, first.port, first.parameters)
        return str(bare), [*self.route_set[1:], f"<{target}>"], flow

    def refresh_target(self, message: Message) -> None:
        """Take the Contact of a re-INVITE or UPDATE, or of its 2xx (section 12.2.1.2 and 12.2.2)."""
        try:
            contacts = message.contacts
        except MalformedError:
            return
        if contacts and contacts[0].uri.is_sip:
            self.remote_target = contacts[0].uri


def dialog_of_server(
    request: Request, flow: Flow, *, to_tag: str, confirmed: bool, natted: bool, contact_user: str
) -> Dialog:
    """The dialog a response with a To tag makes at the UAS (section 12.1.1). Raises MalformedError."""
    contacts = request.contacts
    target = contacts[0].uri if contacts else request.from_.uri
    return Dialog(
        call_id=request.call_id,
        local=request.to.with_tag(to_tag),
        remote=request.from_.with_tag(request.from_.tag),
        remote_target=target,
        route_set=request.headers("record-route"),
        local_cseq=0,
        remote_cseq=request.cseq.number,
        flow=flow,
        secure=request.uri.scheme == "sips",
        state=DialogState.CONFIRMED if confirmed else DialogState.EARLY,
        natted=natted,
        contact_user=contact_user,
    )


def dialog_of_client(request: Request, response: Response, flow: Flow, *, contact_user: str) -> Dialog:
    """The dialog a response with a To tag makes at the UAC (section 12.1.2). Raises MalformedError."""
    contacts = response.contacts
    target = contacts[0].uri if contacts else request.uri
    return Dialog(
        call_id=request.call_id,
        local=request.from_,
        remote=response.to.with_tag(response.to.tag),
        remote_target=target,
        route_set=response.headers("record-route")[::-1],
        local_cseq=request.cseq.number,
        remote_cseq=None,
        flow=flow,
        secure=request.uri.scheme == "sips",
        state=DialogState.CONFIRMED if response.status >= 200 else DialogState.EARLY,
        # The request was sent by a flow and not to the address in its URI: a registered phone's flow, or a proxy.
        natted=is_address(request.uri) and (bare_host(request.uri.host), request.uri.port or 5060) != flow.remote,
        contact_user=contact_user,
    )
