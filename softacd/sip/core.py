"""What both halves of a user agent share: the transactions, the dialogs, the timers, the queue of output."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any
from zlib import crc32

from softacd.sip.dialog import Dialog, DialogId, DialogState
from softacd.sip.errors import MalformedError, SipError
from softacd.sip.events import Event, Trace, Transmit
from softacd.sip.limits import Limits
from softacd.sip.message import Request, Response, response_to
from softacd.sip.screen import Screen
from softacd.sip.timers import TimerQueues
from softacd.sip.transaction import TransactionLayer
from softacd.sip.transport import Flow, received_via, response_flow

_OURS = re.compile(rb"\r\nCall-ID: ?([^\r]*)\r\nCSeq: ?([^\r]*)")
_UTF8 = ("utf-8", "surrogateescape")

_NONSENSE = frozenset((400, 416, 420, 481, 482, 483, 505, 513))
"""What the stack answers by itself when the fault is the sender's."""

Headers = Sequence[tuple[str, str]]


class StackCore:
    """State and helpers; `softacd.sip.stack.SipStack` is the class to use."""

    def __init__(
        self,
        *,
        token: Callable[[], str],
        user_agent: str = "softacd",
        limits: Limits = Limits(),  # noqa: B008 - frozen
        tracing: bool = False,
        supported: Sequence[str] = ("path",),
    ) -> None:
        self._token = token
        self._user_agent = user_agent
        self._limits = limits
        self.tracing = tracing
        self.screen: Screen | None = None
        self.stream_beside: Callable[[Flow], Flow | None] | None = None
        self._supported = frozenset(name.lower() for name in supported)
        self._output: deque[Transmit | Event] = deque()
        self._timers: TimerQueues[Any] = TimerQueues()
        self._layer = TransactionLayer(self._timers, self._transmit)
        self._dialogs: dict[DialogId, Dialog] = {}
        self._numbers = count(1)
        self._now = 0.0
        self._requests = self._responses = self._malformed = self._rejected = self._stray = 0
        self._nonsense = 0

    def end_dialog(self, dialog: Dialog) -> None:
        """Forget a dialog: its 2xx is no longer retransmitted, requests for it are answered 481. Idempotent."""
        dialog.state = DialogState.TERMINATED
        self._stop_answer(dialog)
        self._stop_provisional(dialog)
        self._dialogs.pop(dialog.id, None)

    def _stop_answer(self, dialog: Dialog) -> None:
        for timer in dialog.answer_timers:
            self._timers.cancel(timer)
        dialog.answer_timers = []
        dialog.answer = None

    def _stop_provisional(self, dialog: Dialog) -> None:
        for timer in dialog.provisional_timers:
            self._timers.cancel(timer)
        dialog.provisional_timers = []
        dialog.provisional = None

    def _reject(self, request: Request, flow: Flow, status: int, *, reason: str = "", headers: Headers = ()) -> None:
        """Answer without state (RFC 3261 section 8.2.7), so that nonsense and overload cost no memory."""
        self._rejected += 1
        if status in _NONSENSE:
            self._nonsense += 1
        if request.method == "ACK":
            return
        try:
            via = request.top_via
            branch = via.branch or request.call_id
            tag = f"{crc32(branch.encode('utf-8', 'surrogateescape')):08x}"  # the same for every retransmission
            where = received_via(via, flow)
            phrase = reason.encode("ascii", "replace").decode() if reason else ""
            try:
                response = response_to(request, status, phrase, tag=tag, via=where)
            except MalformedError:
                response = response_to(request, status, phrase, via=where)  # an unreadable To is copied as it is
            self._transmit(response.extend(headers).to_bytes(), response_flow(via, flow))
        except (SipError, ValueError):
            return  # nobody to answer

    def _transmit(self, data: bytes, flow: Flow, request: Request | None = None) -> None:
        """Have `data` sent: `request` itself or an answer to it, if that is at hand."""
        self._output.append(Transmit(data, flow))
        if not self.tracing:
            return
        if request is not None:
            fields = request.fields
            call_id, cseq = fields["call-id"][0].strip(" \t"), fields["cseq"][0].strip(" \t")
        else:  # our own writing: one stands after the other, spelled so
            found = _OURS.search(data)
            call_id, cseq = ("", "") if found is None else (one.decode(*_UTF8) for one in found.groups())
        self._output.append(Trace(self._now, call_id, True, flow, data[: data.find(b"\r\n")].decode(*_UTF8), cseq))

    def _trace_received(self, message: Request | Response, flow: Flow) -> None:
        fields = message.fields
        call_id, cseq = fields.get("call-id"), fields.get("cseq")
        self._output.append(
            Trace(
                self._now,
                call_id[0].strip(" \t") if call_id else "",
                False,
                flow,
                message.start_line,
                cseq[0].strip(" \t") if cseq else "",
            )
        )


def has_header(headers: Headers, name: str) -> bool:
    """Whether `headers` hold one of this lower-case name."""
    return any(given.lower() == name for given, _ in headers)
