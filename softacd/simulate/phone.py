"""A simulated SIP phone: registers with digest, dials, rings."""

import asyncio
import secrets

from softacd.simulate.call import SimulatedCall
from softacd.simulate.user_agent import OnCall, UserAgent
from softacd.simulate.voice import Metronome
from softacd.sip.digest import Credentials
from softacd.sip.events import Event, IncomingResponse
from softacd.sip.headers import NameAddress
from softacd.sip.uri import SipUri


class RegistrationError(Exception):
    """The registrar did not accept the phone; `status` is its answer, 408 for none."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class SimulatedPhone(UserAgent):
    """One phone with the account `extension`@`domain`, served by the registrar at `registrar`."""

    def __init__(
        self,
        extension: str,
        *,
        domain: str,
        registrar: tuple[str, int],
        password: str,
        host: str,
        metronome: Metronome,
        display_name: str = "",
        on_call: OnCall | None = None,
    ) -> None:
        super().__init__(f"phone-{extension}", host, metronome, on_call)
        self.extension = extension
        self.registered_until = 0.0
        """Monotonic seconds; 0 when not registered."""
        self._address = NameAddress(display_name, SipUri(user=extension, host=domain))
        self._domain = domain
        self._registrar = registrar
        self._credentials = Credentials(username=extension, password=password)
        self._register_call_id = secrets.token_hex(12)
        self._register_cseq = 1  # RFC 3261 section 10.2: one Call-ID, and CSeq grows
        self._refresh: asyncio.TimerHandle | None = None

    async def register(self, expires: int = 300) -> None:
        """Register for `expires` seconds, and again before they are over. Raises RegistrationError."""
        granted = await self._send_register(expires)
        self.registered_until = self.endpoint.now() + granted
        loop = asyncio.get_running_loop()
        self._refresh = loop.call_later(granted * 0.8, lambda: self.spawn(self.register(expires)))

    async def unregister(self) -> None:
        """Remove the registration. Raises RegistrationError."""
        self._stop_refreshing()
        await self._send_register(0)
        self.registered_until = 0.0

    async def dial(self, number: str) -> SimulatedCall:
        """Call a number through the registrar; gives the call, still dialling."""
        target = SipUri(user=number, host=self._domain)
        return await self.call(
            uri=str(target),
            flow=self.endpoint.flow(*self._registrar),
            from_=self._address,
            to=NameAddress("", target),
            contact_user=self.extension,
            credentials=self._credentials,
        )

    async def stop(self) -> None:
        """Hang up, forget the registration timer and close the socket (the registration is left to `unregister`)."""
        self._stop_refreshing()
        await super().stop()

    def _stop_refreshing(self) -> None:
        if self._refresh is not None:
            self._refresh.cancel()
            self._refresh = None

    async def _send_register(self, expires: int) -> int:
        """Send one REGISTER; the seconds granted."""
        endpoint = self.endpoint
        answered: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        host, port = self.address
        transaction = endpoint.stack.request(
            "REGISTER",
            uri=f"sip:{self._domain}",
            flow=endpoint.flow(*self._registrar),
            from_=self._address,
            to=self._address,
            headers=(("Contact", f"<sip:{self.extension}@{host}:{port}>"), ("Expires", str(expires))),
            credentials=self._credentials,
            call_id=self._register_call_id,
            cseq=self._register_cseq,
            now=endpoint.now(),
        )

        def take(event: Event) -> None:
            if not answered.done():
                answered.set_result(event)

        transaction.context = take
        endpoint.flush()
        event = await answered
        self._register_cseq = transaction.request.cseq.number + 1
        if not isinstance(event, IncomingResponse):
            raise RegistrationError(f"{self.extension}: no answer to REGISTER", 408)
        response = event.response
        if response.status >= 300:
            raise RegistrationError(f"{self.extension}: {response.status} {response.reason}", response.status)
        for contact in response.contacts:
            if (contact.uri.host, contact.uri.port) == (host, port):
                return int(contact.parameters.get("expires") or response.expires or expires)
        return 0
