"""The few questions the demonstration asks the switch's HTTP API. Blocking: to be called in a thread."""

import http.client

import msgspec

from softacd.calls.views import Snapshot


class ApiError(Exception):
    """The API did not answer, or not with 200; the text says which question and what came."""


class Api:
    """A client of one switch. Every method raises ApiError."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._host = host
        self._port = port
        self._token = token

    def __repr__(self) -> str:
        return f"Api({self._host!r}, {self._port})"

    def get(self, path: str) -> bytes:
        """Fetch one path with the token."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=5)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self._token}", "Connection": "close"})
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(f"{path}: {error or type(error).__name__}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise ApiError(f"{path}: {response.status} {body[:200].decode('utf-8', 'replace')}")
        return body

    def snapshot(self) -> Snapshot:
        """Fetch what the switch does now."""
        try:
            return msgspec.json.decode(self.get("/api/v1/snapshot"), type=Snapshot)
        except msgspec.DecodeError as error:
            raise ApiError(f"/api/v1/snapshot: {error}") from error

    def metrics(self) -> dict[str, float]:
        """Fetch the metrics: family name -> value, summed over its labels."""
        values: dict[str, float] = {}
        for line in self.get("/metrics").decode("utf-8").splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                family = name.partition("{")[0]
                values[family] = values.get(family, 0.0) + float(value)
        return values
