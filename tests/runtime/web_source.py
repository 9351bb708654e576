"""A web service for tests: answers as told, and remembers what it was asked."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Self

Answer = Callable[[str, str, Any], tuple[int, bytes] | tuple[int, bytes, Mapping[str, str]]]
"""Method, path and decoded body -> status, body, and perhaps headers."""


class WebService:
    """Serves on a free port of 127.0.0.1, for `async with`."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._server: asyncio.Server | None = None
        self.asked: list[tuple[str, str, Any]] = []
        self.headers: list[str] = []
        self.delay = 0.0

    @property
    def url(self) -> str:
        """Where it is."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                text = head.decode()
                method, path, _ = text.split(" ", 2)
                length = next(
                    (int(line[15:]) for line in text.lower().split("\r\n") if line.startswith("content-length")), 0
                )
                body = json.loads(await reader.readexactly(length)) if length else None
                self.asked.append((method, path, body))
                self.headers.append(text)
                await asyncio.sleep(self.delay)
                status, content, *more = self._answer(method, path, body)
                told = "".join(f"{name}: {value}\r\n" for headers in more for name, value in headers.items())
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n{told}\r\n".encode() + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
