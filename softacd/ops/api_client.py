"""Asking a running switch over its HTTP API: one connection kept open, plain answers, errors with a remedy."""

import http.client
import socket
from urllib.parse import urlsplit

import msgspec

from softacd.calls.views import Snapshot

_DEFAULT_PORTS = {"http": 80, "https": 443}
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 # compared, not bound


class ApiError(Exception):
    """The switch cannot be asked. `lasting`: trying again will not help."""

    def __init__(self, cause: str, remedy: str, *, lasting: bool) -> None:
        super().__init__(f"{cause}. {remedy}" if remedy else cause)
        self.cause = cause
        self.remedy = remedy
        self.lasting = lasting


def served_at(address: tuple[str, int]) -> str:
    """The URL of an API that listens on (host, port) of this machine."""
    host, port = address
    host = _EVERY_ADDRESS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class ApiClient:
    """Asks the API at `url` (http or https). Raises ApiError when the URL is none or the token cannot be sent."""

    def __init__(self, url: str, token: str, *, timeout: float = 5.0) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        try:
            port = parts.port or _DEFAULT_PORTS[parts.scheme]
            host = parts.hostname or ""
            if not host:
                raise ValueError
        except (KeyError, ValueError):
            raise ApiError(f"{url!r} is no address", "Give one like http://127.0.0.1:8080.", lasting=True) from None
        if not token.isascii() or not token.isprintable() or " " in token:
            raise ApiError(
                "the token holds characters that cannot be sent", "Check the file or variable it is in.", lasting=True
            )
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(host, port, timeout=timeout)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.url = f"{parts.scheme}://{parts.netloc}"
        """The switch's address as it is told to people."""

    def snapshot(self) -> Snapshot:
        """Everything now. Raises ApiError."""
        body = self._get("/api/v1/snapshot")
        try:
            return msgspec.json.decode(body, type=Snapshot)
        except msgspec.DecodeError as error:
            raise ApiError(
                f"{self.url} does not answer like softacd: {error}", "Use the same version on both sides.", lasting=True
            ) from None

    def send(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Ask for something that may be asked twice; `body` is JSON. Returns the body of a 2xx. Raises ApiError."""
        status, answer = self._exchange(path, method, body)
        if 200 <= status < 300:
            return answer
        raise self._refused(status, answer)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _get(self, path: str) -> bytes:
        status, body = self._exchange(path)
        if status == http.client.OK:
            return body
        raise self._refused(status, body)

    def _exchange(self, path: str, method: str = "GET", body: bytes = b"") -> tuple[int, bytes]:
        """One request; once more on a new connection when the kept one had been closed meanwhile."""
        kept = self._connection.sock is not None
        try:
            return self._ask(path, method, body)
        except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError) as error:
            self._connection.close()
            if not kept:
                raise self._silent(error) from None
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise self._silent(error) from None
        try:
            return self._ask(path, method, body)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise self._silent(error) from None

    def _ask(self, path: str, method: str, body: bytes) -> tuple[int, bytes]:
        headers = {**self._headers, "Content-Type": "application/json"} if body else self._headers
        self._connection.request(method, path, body or None, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def _silent(self, error: Exception) -> ApiError:
        if isinstance(error, TimeoutError):
            cause = f"{self.url} does not answer in time"
        elif isinstance(error, ConnectionRefusedError):
            cause = f"nothing answers at {self.url}"
        elif isinstance(error, socket.gaierror):
            cause = f"the name in {self.url} is unknown"
        else:
            cause = f"{self.url}: {error or type(error).__name__}"
        return ApiError(cause, "Is softacd running (`softacd run`), and is this its web.listen address?", lasting=False)

    def _refused(self, status: int, body: bytes) -> ApiError:
        try:
            problem = msgspec.json.decode(body, type=dict[str, str])
        except msgspec.DecodeError:
            problem = {}
        if "error" not in problem:
            return ApiError(
                f"{self.url} answers {status}, but not like softacd",
                "Another program has this address; softacd's is web.listen in its configuration.",
                lasting=True,
            )
        lasting = problem["error"] in ("unauthorised", "closed", "not-found", "invalid")
        detail, remedy = problem.get("detail", str(status)), problem.get("remedy", "")
        if status == http.client.UNAUTHORIZED:
            remedy = "Give it with --token-file or --config, or in $SOFTACD_TOKEN."
        return ApiError(f"{self.url}: {detail}", remedy, lasting=lasting)
