"""What simulated phones and carriers have in common: an endpoint, calls in and out, and their end."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Self

from softacd.sdp.negotiation import LocalMedia
from softacd.simulate.call import ALLOW, CallState, SimulatedCall
from softacd.simulate.endpoint import Endpoint
from softacd.simulate.voice import Metronome, Voice
from softacd.sip.digest import Credentials
from softacd.sip.events import Event, Flow, IncomingRequest
from softacd.sip.headers import NameAddress

OnCall = Callable[[SimulatedCall], Awaitable[None]]


async def _reject(call: SimulatedCall) -> None:
    call.reject(480)


class UserAgent:
    """One SIP user agent on `host`. `on_call` is run as a task for every call that comes in."""

    def __init__(self, name: str, host: str, metronome: Metronome, on_call: OnCall | None = None) -> None:
        self.name = name
        self.host = host
        self.codecs: tuple[str, ...] = ("PCMA", "PCMU")
        self.on_call: OnCall = on_call or _reject
        self.calls: list[SimulatedCall] = []
        """Every call there was, oldest first."""
        self._metronome = metronome
        self._endpoint: Endpoint | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def endpoint(self) -> Endpoint:
        """The socket and its stack. Raises RuntimeError before `start`."""
        if self._endpoint is None:
            raise RuntimeError(f"{self.name} is not started")
        return self._endpoint

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self.endpoint.address

    @property
    def live(self) -> list[SimulatedCall]:
        """Calls that have not ended."""
        return [call for call in self.calls if call.state is not CallState.ENDED]

    async def start(self, port: int = 0) -> Self:
        """Open the SIP socket (0: any free port). Raises OSError."""
        self._endpoint = await Endpoint.open(self.host, port, f"softacd-simulated/{self.name}", self._handle)
        return self

    async def stop(self) -> None:
        """Hang up what lives, let the last answers arrive, and close the socket."""
        for call in self.live:
            call.hang_up()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._endpoint is not None:
            self._endpoint.close()
            self._endpoint = None

    def spawn(self, script: Awaitable[None]) -> None:
        """Run a script until it ends or the user agent stops."""

        async def run() -> None:
            await script

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def call(
        self,
        *,
        uri: str,
        flow: Flow,
        from_: NameAddress,
        to: NameAddress,
        contact_user: str,
        credentials: Credentials | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> SimulatedCall:
        """Send an INVITE and give its call, still dialling. Raises VoiceError."""
        endpoint = self.endpoint
        call = self._new_call(outgoing=True, caller=from_.uri.user, called=to.uri.user)
        await call.start(
            lambda body: endpoint.stack.invite(
                uri=uri,
                flow=flow,
                from_=from_,
                to=to,
                body=body,
                headers=(("Allow", ALLOW), *headers),
                credentials=credentials,
                contact_user=contact_user,
                now=endpoint.now(),
            )
        )
        return call

    def on_request(self, event: IncomingRequest) -> None:
        """Answer a request outside a dialog that is no INVITE: OPTIONS here, more in subclasses."""
        status = 200 if event.request.method == "OPTIONS" else 405
        self.endpoint.stack.respond(
            event.transaction,
            status,
            now=self.endpoint.now(),
            headers=(("Allow", ALLOW), ("Accept", "application/sdp")),
        )

    def on_invite(self, event: IncomingRequest) -> None:
        """Take a call that comes in."""
        request = event.request
        call = self._new_call(outgoing=False, caller=request.from_.uri.user, called=request.uri.user)
        call.invite = event.transaction
        event.transaction.context = call
        self.spawn(self.on_call(call))

    def _handle(self, event: Event) -> None:
        if isinstance(event, IncomingRequest):
            call = event.dialog.context if event.dialog is not None else None
            if isinstance(call, SimulatedCall):
                call.handle(event)
            elif event.request.method == "INVITE" and event.dialog is None:
                self.on_invite(event)
            else:
                self.on_request(event)
            return
        owner = getattr(event, "transaction", None) or getattr(event, "dialog", None)
        context = getattr(owner, "context", None)
        if isinstance(context, SimulatedCall):
            context.handle(event)
        elif callable(context):
            context(event)

    def _new_call(self, *, outgoing: bool, caller: str, called: str) -> SimulatedCall:
        media = LocalMedia(host=self.host, port=0, codecs=self.codecs, session_id=secrets.randbits(31), user=self.name)
        call = SimulatedCall(
            self.endpoint,
            outgoing=outgoing,
            caller=caller,
            called=called,
            media=media,
            open_voice=lambda: Voice.open(self.host, self._metronome, secrets.randbits),
        )
        self.calls.append(call)
        return call
