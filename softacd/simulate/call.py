"""One call as a simulated party lives it: signalling, sound, and a diary of what happened."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum

import msgspec

from softacd.sdp.description import Direction, SessionDescription
from softacd.sdp.errors import SdpError
from softacd.sdp.negotiation import LocalMedia, accept_answer, answer, offer
from softacd.simulate.endpoint import Endpoint
from softacd.simulate.people import KeyBy
from softacd.simulate.sound import Samples
from softacd.simulate.voice import Voice
from softacd.sip.dialog import Dialog
from softacd.sip.events import (
    AckMissing,
    Event,
    IncomingAck,
    IncomingCancel,
    IncomingRequest,
    IncomingResponse,
    TransactionFailed,
)
from softacd.sip.transaction import ClientTransaction, ServerTransaction

SDP = "application/sdp"
ALLOW = "INVITE, ACK, CANCEL, BYE, INFO, OPTIONS, UPDATE"


class CallState(StrEnum):
    """Where a call is, seen from the simulated party."""

    DIALLING = "dialling"  # our INVITE is out
    OFFERED = "offered"  # an INVITE came, nothing said yet
    RINGING = "ringing"  # there (outgoing) or here (incoming)
    TALKING = "talking"
    ENDED = "ended"


NEXT = {
    CallState.DIALLING: {CallState.RINGING, CallState.TALKING, CallState.ENDED},
    CallState.OFFERED: {CallState.RINGING, CallState.TALKING, CallState.ENDED},
    CallState.RINGING: {CallState.TALKING, CallState.ENDED},
    CallState.TALKING: {CallState.ENDED},
    CallState.ENDED: set(),
}
"""State -> states that may follow."""


class NotNowError(Exception):
    """What was asked cannot be done in the call's state."""


class Happening(msgspec.Struct, frozen=True):
    """One line of the diary; `at` in monotonic seconds."""

    at: float
    kind: str
    detail: str = ""


class SimulatedCall:
    """One call of a simulated user agent. `ended_by` is "here" or "there", `status` the final SIP status.

    Made by `SimulatedPhone.dial`, `SimulatedCarrier.dial`, or handed to `on_call` when one comes in.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        outgoing: bool,
        caller: str,
        called: str,
        media: LocalMedia,
        open_voice: Callable[[], Awaitable[Voice]],
    ) -> None:
        self.outgoing = outgoing
        self.caller = caller
        self.called = called
        self.state = CallState.DIALLING if outgoing else CallState.OFFERED
        self.events: list[Happening] = []
        self.status = 0
        self.ended_by = ""
        self.reason = ""
        """Reason header of the CANCEL or BYE that came."""
        self.held = False
        """The other side holds us."""
        self.holding = False
        """We hold the other side."""
        self.keys_heard = ""
        """Digits that came, by INFO and by RFC 4733."""
        self.voice: Voice | None = None
        self.dialog: Dialog | None = None
        self.invite: ClientTransaction | ServerTransaction | None = None
        self._endpoint = endpoint
        self._open_voice = open_voice
        self._media = media
        self._offer = b""
        self._sent = b""  # our latest description, whose version the next one follows
        self._pending_offer = b""  # offered in a 2xx or re-INVITE, its answer is awaited
        self._waiting: list[asyncio.Future[None]] = []

    # --- what a script waits for --------------------------------------------------------------------------------

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for `condition`, looked at after every happening, `seconds` at most; whether it came true."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not condition():
            left = deadline - loop.time()
            if left <= 0:
                return False
            future: asyncio.Future[None] = loop.create_future()
            self._waiting.append(future)
            await asyncio.wait((future,), timeout=left)
        return True

    async def reached(self, state: CallState, seconds: float) -> bool:
        """Wait until the call is, or has been, in `state`; False when it ended otherwise or the time is over."""
        await self.until(lambda: self.state in {state, CallState.ENDED} or self._passed(state), seconds)
        return self.state is state or self._passed(state)

    def _passed(self, state: CallState) -> bool:
        return any(event.kind == state.value for event in self.events)

    async def hear_somebody(self, seconds: float) -> int | None:
        """Wait until a bell is heard and tell whose; None when the call ended or the time is over."""
        deadline = self._endpoint.now() + seconds
        while self.state is not CallState.ENDED and self._endpoint.now() < deadline:
            if self.voice is not None and (speaker := self.voice.ear.speaker()) is not None:
                return speaker
            await self.until(lambda: self.state is CallState.ENDED, 0.1)
        return None

    @property
    def heard(self) -> bytes:
        """Everything heard: 16-bit little-endian mono samples, 8,000 a second."""
        return self.voice.ear.pcm if self.voice is not None else b""

    def time_of(self, kind: str) -> float:
        """When something first happened, monotonic seconds; 0 when it did not."""
        return next((event.at for event in self.events if event.kind == kind), 0.0)

    # --- what the party does ------------------------------------------------------------------------------------

    async def start(self, invite: Callable[[bytes], ClientTransaction]) -> None:
        """Send the INVITE; `invite` makes the transaction from the offer. Raises VoiceError."""
        self._take(await self._open_voice())
        self._offer = self._sent = offer(self._media)
        transaction = invite(self._offer)
        transaction.context = self
        self.invite = transaction
        self._note("dialling", self.called)
        self._endpoint.flush()

    def ring(self) -> None:
        """Tell the caller that it rings (180). Raises NotNowError."""
        self._respond({CallState.OFFERED}, 180)
        self._go(CallState.RINGING)

    async def answer(self, script: Samples | None = None) -> None:
        """Answer (200) and say `script`. Raises NotNowError when it is too late, VoiceError."""
        self._incoming({CallState.OFFERED, CallState.RINGING})
        voice = await self._open_voice()
        try:
            transaction = self._incoming({CallState.OFFERED, CallState.RINGING})
        except NotNowError:  # the caller gave up while the port was bound
            voice.close()
            raise
        self._take(voice)
        if script is not None:
            voice.mouth.say(script)
        try:
            body = self._describe(transaction.request.body)
        except SdpError as error:
            self._refuse(error.status)
            return
        dialog = self._respond({CallState.OFFERED, CallState.RINGING}, 200, body, SDP)
        self.dialog = dialog
        if dialog is not None:
            dialog.context = self
        self.status = 200
        self._go(CallState.TALKING)

    def reject(self, status: int) -> None:
        """Refuse the call with a final status of 300 to 699. Raises NotNowError."""
        self._respond({CallState.OFFERED, CallState.RINGING}, status)
        self._end("here", status)

    def hang_up(self) -> None:
        """End the call whatever its state: CANCEL, 603 or BYE; nothing when it has ended."""
        now = self._endpoint.now()
        if self.state in {CallState.OFFERED, CallState.RINGING} and isinstance(self.invite, ServerTransaction):
            self.reject(603)
        elif self.state is CallState.TALKING and self.dialog is not None:
            self._endpoint.stack.request_in_dialog(self.dialog, "BYE", now=now).context = self
            self._end("here", 200)
        elif self.state is not CallState.ENDED and isinstance(self.invite, ClientTransaction):
            self._endpoint.stack.cancel(self.invite, now)
            self._end("here", 487)
        self._endpoint.flush()

    def send_digits(self, digits: str, by: KeyBy = KeyBy.RFC4733) -> None:
        """Press keys. Raises NotNowError unless talking, ValueError for what the peer did not agree to."""
        dialog, voice = self._talking()
        if by is KeyBy.RFC4733:
            voice.press(digits)
        else:
            for digit in digits:
                self._request(dialog, "INFO", f"Signal={digit}\r\nDuration=160\r\n".encode(), "application/dtmf-relay")
        self._note("pressed", digits)

    def hold(self) -> None:
        """Put the other side on hold (re-INVITE with a=sendonly, RFC 3264 section 8.4). Raises NotNowError."""
        self._renegotiate(Direction.SENDONLY)
        self.holding = True
        self._note("hold")

    def resume(self) -> None:
        """End the hold. Raises NotNowError."""
        self._renegotiate(Direction.SENDRECV)
        self.holding = False
        self._note("resume")

    # --- what the stack says ------------------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """Take one event of this call's transactions and dialogs."""
        if isinstance(event, IncomingResponse):
            self._on_response(event)
        elif isinstance(event, IncomingRequest):
            self._on_request(event)
        elif isinstance(event, IncomingCancel):
            self.reason = event.request.header("Reason") or ""
            self._end("there", 487)
        elif isinstance(event, IncomingAck):
            self._on_ack(event)
        elif isinstance(event, TransactionFailed):
            if event.transaction is self.invite or self.state is CallState.TALKING:
                self._end("there", 408)
        elif isinstance(event, AckMissing) and self.dialog is not None:
            self._note("no-ack")
            self.hang_up()

    def _on_response(self, event: IncomingResponse) -> None:
        response, dialog = event.response, event.dialog
        if event.transaction is not self.invite:
            if event.transaction.method == "INVITE":
                self._on_renegotiated(event)
            elif response.status >= 300:
                self._note("refused", f"{event.transaction.method} {response.status}")
            return
        if 200 <= response.status < 300 and dialog is not None:
            self._endpoint.stack.acknowledge(dialog, self._endpoint.now())
            if self.state is CallState.ENDED or (self.dialog is not None and dialog is not self.dialog):
                # RFC 3261 sections 9.1 and 13.2.2.4: a 2xx that overtook our CANCEL, or of another fork, is ended.
                self._endpoint.stack.request_in_dialog(dialog, "BYE", now=self._endpoint.now())
                return
            if self.state is CallState.TALKING:
                return
            dialog.context = self
            self.dialog = dialog
            self.status = response.status
            if self._accept(self._offer, response.body):
                self._go(CallState.TALKING)
            else:
                self._note("no-media")
                self._endpoint.stack.request_in_dialog(dialog, "BYE", now=self._endpoint.now())
                self._end("here", 488)
        elif response.status >= 300:
            self._end("there", response.status)
        elif self.state is not CallState.ENDED and response.status > 100:
            if self.state is CallState.DIALLING:
                self._go(CallState.RINGING)
            if response.body:
                self._accept(self._offer, response.body)

    def _on_renegotiated(self, event: IncomingResponse) -> None:
        status = event.response.status
        if 200 <= status < 300 and self.dialog is not None:
            self._endpoint.stack.acknowledge(self.dialog, self._endpoint.now())
            self._accept(self._sent, event.response.body)
        elif status >= 300:
            self._note("refused", f"re-INVITE {status}")

    def _on_request(self, event: IncomingRequest) -> None:
        request, transaction, now = event.request, event.transaction, self._endpoint.now()
        stack = self._endpoint.stack
        if request.method == "BYE":
            self.reason = request.header("Reason") or ""
            stack.respond(transaction, 200, now=now)
            self._end("there", self.status or 200)
        elif request.method in {"INVITE", "UPDATE"}:
            try:
                has_offer = bool(request.body) or request.method == "INVITE"
                body = self._describe(request.body) if has_offer else b""
            except SdpError as error:
                stack.respond(transaction, error.status, now=now)
                return
            stack.respond(transaction, 200, now=now, body=body, content_type=SDP if body else "")
        elif request.method == "INFO":
            stack.respond(transaction, 200, now=now)
            for line in request.body.decode("ascii", "replace").splitlines():
                name, _, value = line.partition("=")
                if name.strip().lower() == "signal":
                    self._hear_key(value.strip())
        elif request.method == "OPTIONS":
            stack.respond(transaction, 200, now=now, headers=(("Allow", ALLOW),))
        else:
            stack.respond(transaction, 405, now=now, headers=(("Allow", ALLOW),))

    def _on_ack(self, event: IncomingAck) -> None:
        self._note("acknowledged")
        if self._pending_offer and event.request.body:
            pending, self._pending_offer = self._pending_offer, b""
            self._accept(pending, event.request.body)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _take(self, voice: Voice) -> None:
        self.voice = voice
        voice.on_key = self._hear_key
        self._media = msgspec.structs.replace(self._media, host=voice.host, port=voice.port)

    def _hear_key(self, digit: str) -> None:
        self.keys_heard += digit
        self._note("key", digit)

    def _describe(self, offered: bytes) -> bytes:
        """Our answer to an offer, or our offer when none came (RFC 3261 section 13.2.1). Raises SdpError."""
        voice = self.voice
        if voice is None:
            raise NotNowError("no voice yet")
        if not offered:
            self._sent = self._pending_offer = offer(self._media, previous=self._sent)
            return self._sent
        direction = Direction.SENDONLY if self.holding else Direction.SENDRECV
        agreed = answer(SessionDescription.parse(offered), self._media, direction, previous=self._sent)
        self._sent = agreed.body
        voice.aim(agreed.remote)
        self._note_hold(agreed.remote.hold)
        return agreed.body

    def _accept(self, offered: bytes, answered: bytes) -> bool:
        """Take the peer's answer; whether it can be used."""
        if self.voice is None:
            return False
        try:
            remote = accept_answer(offered, SessionDescription.parse(answered))
        except SdpError as error:
            self._note("bad-answer", str(error))
            return False
        self.voice.aim(remote)
        return True

    def _note_hold(self, held: bool) -> None:
        if held != self.held:
            self.held = held
            self._note("held" if held else "resumed")

    def _renegotiate(self, direction: Direction) -> None:
        dialog, _ = self._talking()
        self._sent = offer(self._media, direction, previous=self._sent)
        self._request(dialog, "INVITE", self._sent, SDP)

    def _request(self, dialog: Dialog, method: str, body: bytes, content_type: str) -> None:
        stack, now = self._endpoint.stack, self._endpoint.now()
        stack.request_in_dialog(dialog, method, now=now, body=body, content_type=content_type).context = self
        self._endpoint.flush()

    def _talking(self) -> tuple[Dialog, Voice]:
        if self.state is not CallState.TALKING or self.dialog is None or self.voice is None:
            raise NotNowError(f"the call is {self.state}")
        return self.dialog, self.voice

    def _incoming(self, states: set[CallState]) -> ServerTransaction:
        if self.state not in states or not isinstance(self.invite, ServerTransaction):
            raise NotNowError(f"the call is {self.state}")
        return self.invite

    def _respond(self, states: set[CallState], status: int, body: bytes = b"", content_type: str = "") -> Dialog | None:
        transaction = self._incoming(states)
        dialog = self._endpoint.stack.respond(
            transaction, status, now=self._endpoint.now(), body=body, content_type=content_type
        )
        self._endpoint.flush()
        return dialog

    def _refuse(self, status: int) -> None:
        self._respond({CallState.OFFERED, CallState.RINGING}, status)
        self._end("here", status)

    def _go(self, state: CallState) -> None:
        if state not in NEXT[self.state]:
            raise NotNowError(f"{self.state} is not followed by {state}")
        self.state = state
        self._note(state.value)

    def _end(self, by: str, status: int) -> None:
        if self.state is CallState.ENDED:
            return
        self.ended_by = by
        self.status = status
        self._go(CallState.ENDED)
        if self.voice is not None:
            self.voice.close()

    def _note(self, kind: str, detail: str = "") -> None:
        self.events.append(Happening(self._endpoint.now(), kind, detail))
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)
