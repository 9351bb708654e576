"""HTTP API, live push, metrics: what the living switch tells the outside, and what the outside may ask of it."""

from softacd.web.errors import WebError
from softacd.web.server import WebServer, WebServerSettings

__all__ = ["WebError", "WebServer", "WebServerSettings"]
