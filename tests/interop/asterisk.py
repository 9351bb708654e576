"""Asterisk as a carrier: registrar with digest or static; over UDP, TCP or TLS, on a loopback address of this run."""

import asyncio
import secrets
import signal
from pathlib import Path
from typing import Literal, Self

import pytest

from benchmarks.asterisk import MODULES, Asterisk, configure, folder
from tests.certificates import Certificates
from tests.interop.phones import Phone, Phones
from tests.interop.shop import NUMBERS, Settings, free_port, own_host

OUTSIDE = "069123456"
"""The number, and name, of the subscriber outside."""
OUTSIDE_TONE = 440
ACCOUNT = "shop-account"
SECOND_ACCOUNT, SECOND_NUMBER = "second-account", "+37322000999"
Transport = Literal["udp", "tcp", "tls"]

needs_asterisk = pytest.mark.skipif(folder() is None, reason="Asterisk is not there; run tools/asterisk")


class AsteriskCarrier:
    """One carrier process, for `async with`. It brings calls to the shop once `serve` has told where that is."""

    def __init__(
        self,
        directory: Path,
        *,
        transport: Transport = "udp",
        register: bool = True,
        trunk: str = "beta",
        certificates: Certificates | None = None,
        media: str = "no",
        shop: str = "",
        number: int = 25,
        timers: str = "no",
        expires: int = 600,
        second: bool = False,
    ) -> None:
        """`shop`: host:port of the shop's listener of `transport`, wanted when it does not register.

        `number` is the last part of the carrier's address. `media` is "no" or "sdes". `timers` as in pjsip.conf: "no"
        or "always", then with the smallest interval. `expires`: seconds of a registration it grants at most.
        `second`: there is a second account.
        """
        self.host = own_host(number)
        self.port, self.tls_port = free_port(self.host), free_port(self.host)
        self.transport: Transport = transport
        self.trunk = trunk
        self.password = secrets.token_urlsafe(12)
        self._outside_password = secrets.token_urlsafe(12)
        self._register = register
        self._certificates = certificates
        self._media = media
        self._shop = shop
        self._timers = timers
        self._expires = expires
        self._second = second
        self._directory = directory / f"asterisk-{number}"
        self._asterisk: Asterisk | None = None

    async def __aenter__(self) -> Self:
        self._directory.mkdir()
        configure(
            self._directory,
            {"pjsip.conf": self._pjsip(), "extensions.conf": self._extensions(), "rtp.conf": self._rtp()},
            modules=(
                *MODULES,
                *("res_pjsip_outbound_authenticator_digest", "res_pjsip_outbound_registration", "res_pjsip_refer"),
                *("res_pjsip_diversion", "res_srtp"),
            ),
        )
        self._asterisk = Asterisk(self._directory, (self.host, self.port))
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            print(f"Asterisk: {self.asterisk.said()}")
        await self.stop()

    @property
    def asterisk(self) -> Asterisk:
        """The process."""
        assert self._asterisk is not None
        return self._asterisk

    async def start(self) -> None:
        """Start it, again too: with its memory empty, but for registrations."""
        await asyncio.to_thread(self.asterisk.start)

    async def stop(self) -> None:
        """End it orderly: calls are ended too."""
        await asyncio.to_thread(self.asterisk.stop)

    async def kill(self) -> None:
        """It is gone from one moment to the next."""
        await asyncio.to_thread(self.asterisk.stop, signal.SIGKILL)

    async def ask(self, line: str) -> str:
        """What its console answers."""
        return await asyncio.to_thread(self.asterisk.ask, line)

    def trunk_settings(self, **changes: object) -> Settings:
        """The shop's trunk to this carrier."""
        account = {"username": ACCOUNT, "password": self.password, "register": True} if self._register else {}
        return {
            "host": self.host,
            "port": self.tls_port if self.transport == "tls" else self.port,
            "transport": self.transport,
            "numbers": [NUMBERS[self.trunk]],
            "addresses": [self.host],  # over TCP and TLS it calls from any port
            **account,
            **changes,
        }

    async def outside_phone(self, phones: Phones) -> Phone:
        """The subscriber's phone, registered here."""
        return await phones.phone(
            OUTSIDE,
            self._outside_password,
            domain=self.host,
            registrar=f"{self.host}:{self.port}",
            frequency=OUTSIDE_TONE,
        )

    def number(self, trunk: str = "") -> str:
        """What the subscriber dials to reach the shop."""
        return f"sip:{NUMBERS[trunk or self.trunk]}@{self.host}:{self.port}"

    def _pjsip(self) -> str:
        order = "auth_username,username,ip"
        sections = [f"[global]\ntype=global\nendpoint_identifier_order={order}\n{self._transports()}"]
        sections.append(
            f"[{OUTSIDE}]\ntype=endpoint\ntransport=udp\ncontext=outside\ndisallow=all\nallow=alaw,ulaw\n"
            f"auth={OUTSIDE}\naors={OUTSIDE}\ndirect_media=no\ncallerid=<{OUTSIDE}>\n"
            f"[{OUTSIDE}]\ntype=aor\nmax_contacts=1\nremove_existing=yes\n"
            f"[{OUTSIDE}]\ntype=auth\nauth_type=userpass\nusername={OUTSIDE}\npassword={self._outside_password}\n"
        )
        endpoint = (
            f"[{ACCOUNT}]\ntype=endpoint\ntransport={self.transport}\ncontext=shop\ndisallow=all\nallow=alaw,ulaw\n"
            f"aors={ACCOUNT}\ndirect_media=no\nmoh_passthrough=yes\nmedia_encryption={self._media}\n"
            f"timers={self._timers}\ntimers_sess_expires=90\ntimers_min_se=90\n"
        )
        match = own_host(1)
        if self._second:
            sections.append(
                f"[{SECOND_ACCOUNT}]\ntype=endpoint\ntransport={self.transport}\ncontext=shop\ndisallow=all\n"
                f"allow=alaw,ulaw\naors={SECOND_ACCOUNT}\ndirect_media=no\nauth={SECOND_ACCOUNT}\n"
                "identify_by=auth_username,username\n"
                f"[{SECOND_ACCOUNT}]\ntype=auth\nauth_type=userpass\nusername={SECOND_ACCOUNT}\n"
                f"password={self.password}\n[{SECOND_ACCOUNT}]\ntype=aor\nmax_contacts=1\n"
            )
        if self._register:
            sections.append(
                f"{endpoint}auth={ACCOUNT}\n"
                f"[{ACCOUNT}]\ntype=auth\nauth_type=userpass\nusername={ACCOUNT}\npassword={self.password}\n"
                f"[{ACCOUNT}]\ntype=aor\nmax_contacts=2\nminimum_expiration=1\nmaximum_expiration={self._expires}\n"
            )
        else:
            parameter = "" if self.transport == "udp" else f"\\;transport={self.transport}"
            sections.append(f"{endpoint}[{ACCOUNT}]\ntype=aor\ncontact=sip:{self._shop}{parameter}\n")
        sections.append(f"[{ACCOUNT}]\ntype=identify\nendpoint={ACCOUNT}\nmatch={match}\n")
        return "\n".join(sections)

    def _transports(self) -> str:
        text = "".join(
            f"[{name}]\ntype=transport\nprotocol={name}\nbind={self.host}:{self.port}\n" for name in ("udp", "tcp")
        )
        if self.transport == "tls":
            assert self._certificates is not None
            certificate, key = self._certificates.sign("carrier", f"IP:{self.host}")
            text += (
                f"[tls]\ntype=transport\nprotocol=tls\nbind={self.host}:{self.tls_port}\nmethod=tlsv1_2\n"
                f"cert_file={certificate}\npriv_key_file={key}\nca_list_file={self._certificates.authority}\n"
                "verify_server=yes\n"
            )
        return text

    @staticmethod
    def _extensions() -> str:
        return (
            f"[outside]\nexten => {SECOND_NUMBER},1,Dial(PJSIP/{SECOND_ACCOUNT},60)\n same => n,Hangup()\n"
            "exten => _[+0-9].,1,Dial(PJSIP/${EXTEN}@" + ACCOUNT + ",60)\n same => n,Hangup()\n"
            f"[shop]\nexten => {OUTSIDE},1,Dial(PJSIP/{OUTSIDE},60)\n same => n,Hangup()\n"
        )

    @staticmethod
    def _rtp() -> str:
        return "[general]\nrtpstart=50000\nrtpend=50400\nicesupport=no\n"
