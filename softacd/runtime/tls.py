"""Certificates: ours, read again when its files change, and the trust we put into those of carriers."""

import ssl
from pathlib import Path

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM"
"""Of TLS 1.2: forward secrecy and authenticated encryption only; TLS 1.3 has nothing weaker."""


class TlsError(Exception):
    """A certificate or key cannot be used; the text says which and what to do."""


class ServerCertificate:
    """Our certificate chain and key. Connections made before a change keep the old one, new ones get the new."""

    def __init__(self, certificate: Path, private_key: Path) -> None:
        """Raises TlsError."""
        self._certificate = certificate
        self._private_key = private_key
        self._read = self._stamp()
        self.context = self._load(_server_context())

    def refresh(self) -> bool:
        """Read the files again when they have changed; whether they had. Raises TlsError, the old one stays in use."""
        stamp = self._stamp()
        if stamp == self._read:
            return False
        self._load(_server_context())  # in a context of nobody, so that a wrong pair spoils nothing
        self._load(self.context)
        self._read = stamp
        return True

    def _load(self, context: ssl.SSLContext) -> ssl.SSLContext:
        try:
            context.load_cert_chain(self._certificate, self._private_key, password=_no_passphrase)
        except ssl.SSLError as error:
            raise TlsError(
                f"{self._certificate} and {self._private_key}: {error.reason or error}; "
                "a PEM certificate chain and its unencrypted key are wanted"
            ) from error
        except OSError as error:
            raise TlsError(f"{self._certificate} or {self._private_key}: {error.strerror}") from error
        return context

    def _stamp(self) -> tuple[tuple[int, int, int], ...]:
        found = []
        for path in (self._certificate, self._private_key):
            try:
                status = path.stat()
            except OSError as error:
                raise TlsError(f"{path}: {error.strerror}; mend [sip] certificate and private_key") from error
            found.append((status.st_mtime_ns, status.st_size, status.st_ino))
        return tuple(found)


def client_context(authorities: str = "", *, verify: bool = True) -> ssl.SSLContext:
    """How we connect to others: TLS 1.2 or later, name and chain checked. `authorities` is a PEM file, "" the system's.

    Raises TlsError.
    """
    try:
        context = ssl.create_default_context(cafile=authorities or None)
    except OSError as error:
        raise TlsError(f"{authorities}: {error.strerror or error}; a PEM file of authorities is wanted") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    return context


def _no_passphrase() -> str:
    """Instead of asking at the terminal."""
    return ""
