"""Kamailio as a carrier: a registrar and proxy with digest on a loopback address of this run."""

import asyncio
import os
import secrets
import shutil
import signal
import sysconfig
import time
from pathlib import Path
from typing import Self

import pytest

from tests.certificates import Certificates
from tests.interop.phones import Phone, Phones
from tests.interop.shop import NUMBERS, Settings, free_port, own_host

PROGRAM = shutil.which("kamailio") or next(iter(map(str, Path("/usr/sbin").glob("kamailio"))), None)
DOMAIN = "carrier.example"
OUTSIDE = "069123456"
"""The number, and name, of the subscriber outside."""
OUTSIDE_TONE = 440
MOBILE = "069222333"
"""The number, and name, of a second subscriber: somebody of the shop who is out."""
MOBILE_TONE = 490
ACCOUNT = "shop-account"
TLS_MODULE = next(iter(Path("/usr/lib").glob("*/kamailio/modules/tls.so")), None)

needs_kamailio = pytest.mark.skipif(
    PROGRAM is None, reason="Kamailio is not installed; on Debian: apt install kamailio"
)


needs_kamailio_tls = pytest.mark.skipif(
    TLS_MODULE is None, reason="Kamailio's TLS is not installed; on Debian: apt install kamailio-tls-modules"
)


class Kamailio:
    """One carrier process, for `async with`."""

    def __init__(
        self,
        directory: Path,
        *,
        algorithm: str = "MD5",
        trunk: str = "beta",
        expires: int = 3600,
        certificates: Certificates | None = None,
    ) -> None:
        """`expires`: seconds of a registration it grants at most. With `certificates` the shop comes by TLS."""
        self.host = own_host(20)
        self._expires = expires
        self.port, self.tls_port = free_port(self.host), free_port(self.host)
        self._certificates = certificates
        self.trunk = trunk
        self.password = secrets.token_urlsafe(12)
        self._outside_password = secrets.token_urlsafe(12)
        self._algorithm = algorithm
        self._directory = directory / "kamailio"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        """What it said."""
        return (self._directory / "log").read_text(encoding="utf-8", errors="replace")

    async def __aenter__(self) -> Self:
        self._directory.mkdir()
        self._configure()
        await self.start()
        return self

    def _configure(self) -> None:
        users = {ACCOUNT: self.password, OUTSIDE: self._outside_password, MOBILE: self._outside_password}
        lines = [f'    $sht(users=>{name}) = "{password}";' for name, password in users.items()]
        number = NUMBERS[self.trunk]
        lines += [f'    $sht(shop=>{written}) = "{ACCOUNT}";' for written in (number, number.lstrip("+"))]
        text = Path(__file__).with_suffix(".cfg").read_text(encoding="utf-8")
        for name, value in {
            "HOST": self.host,
            "PORT": str(self.port),
            "ARCH": sysconfig.get_config_var("MULTIARCH") or "x86_64-linux-gnu",
            "ALGORITHM": self._algorithm,
            "EXPIRES": str(self._expires),
            "USERS": "\n".join(lines),
            **self._tls(),
        }.items():
            text = text.replace(f"@{name}@", value)
        (self._directory / "kamailio.cfg").write_text(text, encoding="utf-8")

    def _tls(self) -> dict[str, str]:
        if self._certificates is None:
            return {"TLS": "no", "TLS_LISTEN": "", "TLS_MODULE": ""}
        certificate, key = self._certificates.sign("kamailio", f"IP:{self.host}")
        values = {
            "certificate": certificate,
            "private_key": key,
            "ca_list": self._certificates.authority,
            "tls_method": "TLSv1.2+",
        }
        lines = ['loadmodule "tls.so"', *(f'modparam("tls", "{name}", "{value}")' for name, value in values.items())]
        lines += ['modparam("tls", "verify_certificate", 1)', 'modparam("tls", "require_certificate", 0)']
        return {"TLS": "yes", "TLS_LISTEN": f"listen=tls:{self.host}:{self.tls_port}", "TLS_MODULE": "\n".join(lines)}

    async def start(self) -> None:
        """Start it, again too: subscribers must register anew."""
        assert PROGRAM is not None
        configuration = self._directory / "kamailio.cfg"
        arguments = ["-f", str(configuration), "-DD", "-E", "-Y", str(self._directory), "-w", str(self._directory)]
        with (self._directory / "log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                PROGRAM, *arguments, stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
            )
        await self._up()

    async def _up(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            assert self._process.returncode is None, self.log
            try:
                _, writer = await asyncio.open_connection(self.host, self.port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
        raise AssertionError(f"Kamailio does not listen: {self.log}")

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End it and its children: they are a session of their own."""
        process, self._process = self._process, None
        if process is None:
            return
        os.killpg(process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    def trunk_settings(self, **changes: object) -> Settings:
        """The shop's trunk to this carrier."""
        return {
            "host": self.host,
            "port": self.port if self._certificates is None else self.tls_port,
            "transport": "udp" if self._certificates is None else "tls",
            "domain": DOMAIN,
            "username": ACCOUNT,
            "password": self.password,
            "register": True,
            "numbers": [NUMBERS[self.trunk]],
            **changes,
        }

    async def outside_phone(self, phones: Phones) -> Phone:
        """The subscriber's phone, registered here."""
        return await self._phone(phones, OUTSIDE, OUTSIDE_TONE)

    async def mobile_phone(self, phones: Phones) -> Phone:
        """The second subscriber's phone, registered here."""
        return await self._phone(phones, MOBILE, MOBILE_TONE)

    async def _phone(self, phones: Phones, number: str, frequency: int) -> Phone:
        return await phones.phone(
            number,
            self._outside_password,
            domain=DOMAIN,
            registrar=f"{self.host}:{self.port}",
            frequency=frequency,
        )

    def number(self, trunk: str = "") -> str:
        """What the subscriber dials to reach the shop."""
        return f"sip:{NUMBERS[trunk or self.trunk]}@{DOMAIN}"
