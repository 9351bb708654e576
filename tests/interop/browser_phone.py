"""A browser as a phone: Chromium with JsSIP as shipped; its mouth hums one tone, its ear tells the loudest one."""

import asyncio
import base64
import hashlib
import http.server
import shutil
import threading
import time
import wave
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

CHROMIUM = shutil.which("chromium") or ""
PAGES = {
    "/": Path(__file__).parent / "browser/phone.html",
    "/phone.js": Path(__file__).parent / "browser/phone.js",
    "/jssip.js": Path(__file__).parents[2] / "softacd/web/static/vendor/jssip.js",
}
KINDS = {".html": "text/html", ".js": "text/javascript"}
CAPTURE_RATE = 48_000
NEAR = 12.0
"""Hertz an ear may be off: two of its bins."""
ARGUMENTS = (
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
)


def needs_chromium() -> None:
    """Skip where there is no browser to drive."""
    if not CHROMIUM:
        pytest.skip("Chromium is not installed (Debian: chromium)")
    pytest.importorskip("playwright", reason="playwright is not installed")


def _fingerprint(certificate: Path) -> str:
    """Of its public key, as Chromium wants it."""
    key = load_pem_x509_certificate(certificate.read_bytes()).public_key()
    content = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")


class _Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = PAGES.get(self.path)
        if path is None:
            self.send_error(404)
            return
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", KINDS[path.suffix])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the overridden method's
        """Not a word."""


class BrowserPhone:
    """One browser process with one page, for `async with`."""

    def __init__(self, directory: Path, frequency: int, trusted: Path | None = None) -> None:
        """`trusted` is a certificate whose key, and no other, is believed whoever has signed it."""
        self.frequency = frequency
        self._arguments = [*ARGUMENTS]
        if trusted is not None:
            self._arguments.append(f"--ignore-certificate-errors-spki-list={_fingerprint(trusted)}")
        self._capture = directory / f"mouth-{frequency}.wav"
        at = np.arange(CAPTURE_RATE) / CAPTURE_RATE
        with wave.open(str(self._capture), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(CAPTURE_RATE)
            file.writeframes((np.sin(2 * np.pi * frequency * at) * 8000).astype("<i2").tobytes())
        self.errors: list[str] = []

    async def __aenter__(self) -> Self:
        from playwright.async_api import async_playwright

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*self._arguments, f"--use-file-for-fake-audio-capture={self._capture}"]
        )
        self.page = await self._browser.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        await self.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self._browser.close()
        await self._playwright.stop()
        self._server.shutdown()
        self._server.server_close()
        assert kind is not None or not self.errors, self.errors

    async def open(self) -> None:
        """Load the page, anew if it was there."""
        await self.page.goto(f"http://127.0.0.1:{self._server.server_address[1]}/")
        await self.page.wait_for_function("window.phone")

    async def register(self, server: str, uri: str, password: str) -> None:
        """Sign the phone on."""
        await self.page.evaluate("order => phone.start(order)", {"server": server, "uri": uri, "password": password})
        await self.until("phone.registered", "it is registered")

    async def sign_off(self) -> None:
        """De-register and close the connection."""
        await self.page.evaluate("phone.agent.stop()")
        await self.until("!phone.agent.isConnected()", "its connection is closed")

    async def break_connection(self) -> None:
        """Let the WebSocket end as networks end it."""
        await self.page.evaluate("phone.breakConnection()")
        await self.until("!phone.registered", "it has noticed")

    # --- what the human does --------------------

    async def dial(self, uri: str) -> None:
        await self.page.evaluate("uri => phone.dial(uri)", uri)

    async def answer(self) -> None:
        """Wait for a call to ring, pick up, and wait until it is up."""
        await self.rings()
        await self.page.evaluate("phone.answer()")
        await self.until_up()

    async def press(self, digits: str) -> None:
        await self.page.evaluate("digits => phone.press(digits)", digits)

    async def hold(self) -> None:
        await self.page.evaluate("phone.line.session.hold()")

    async def resume(self) -> None:
        await self.page.evaluate("phone.line.session.unhold()")

    async def hang_up(self) -> None:
        await self.page.evaluate("phone.line.session.terminate()")
        await self.until_over()

    # --- what is to be seen and heard --------------------

    async def rings(self) -> None:
        await self.until("phone.line?.state === 'ringing'", "it rings")

    async def until_up(self) -> None:
        await self.until("phone.line?.state === 'up'", "its call is up")

    async def until_over(self) -> None:
        await self.until("phone.line?.state === 'over'", "its call is over")

    async def until_hears(self, frequency: int, seconds: float = 6.0) -> None:
        """Wait for a tone. Raises AssertionError telling what was heard instead."""
        heard: list[float] = []
        await self._until(
            partial(self._hears, frequency, heard), seconds, lambda: f"waits for {frequency} Hz, hears {heard[-6:]}"
        )

    async def until_silent(self, seconds: float = 6.0) -> None:
        heard: list[float] = []
        await self._until(partial(self._hears, 0, heard), seconds, lambda: f"waits for silence, hears {heard[-6:]}")

    async def codecs(self) -> list[str]:
        """Names of the codecs in use, both ways ("audio/PCMA")."""
        names: list[str] = await self.page.evaluate("phone.line.codecs()")
        return names

    async def _hears(self, frequency: int, heard: list[float]) -> bool:
        peak = await self.page.evaluate("phone.line.peak()")
        heard.append(round(peak, 1))
        return abs(peak - frequency) < NEAR

    async def until(self, condition: str, what: str, seconds: float = 8.0) -> None:
        """Wait until JavaScript says so."""

        async def so() -> bool:
            return bool(await self.page.evaluate(condition))

        async def state() -> str:
            lines = "phone.lines.map(line => line.state + ' ' + line.cause).join(', ')"
            return f"waited in vain until {what}; lines: {await self.page.evaluate(lines)}; errors: {self.errors}"

        try:
            await self._until(so, seconds, lambda: what)
        except AssertionError:
            raise AssertionError(await state()) from None

    @staticmethod
    async def _until(condition: Callable[[], Any], seconds: float, why: Callable[[], str]) -> None:
        deadline = time.monotonic() + seconds
        while not await condition():
            assert time.monotonic() < deadline, why()
            await asyncio.sleep(0.05)
