"""DTLS of one stream over memory: datagrams in, datagrams and keys for SRTP out (RFC 5764, RFC 6347).

Nothing here has a socket or a thread. OpenSSL keeps the time of its retransmissions itself.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from softacd.rtp.vocabulary import DtlsPeer, SrtpKeys

MTU = 1200
"""Octets of a datagram: fits through every tunnel between here and a browser."""
CIPHERS = ":".join(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for key in ("ECDSA", "RSA")
)
"""Forward secrecy and authenticated encryption only (RFC 8827 section 6.5 demands the first)."""
SRTP_SUITES = {b"SRTP_AES128_CM_SHA1_80": "AES_CM_128_HMAC_SHA1_80"}
"""What RFC 8827 section 6.5 demands, by its name in RFC 4568."""
VALID_DAYS = 30
_DTLS_1_2 = 0xFEFD
_NO_RENEGOTIATION = 0x4000_0000
_KEY, _SALT = 16, 14
_RECORD_HEAD = 13


class Identity:
    """A private key and its self-signed certificate: who we are in all handshakes of one run."""

    def __init__(self, pem: bytes) -> None:
        """Take an identity made by `create`, in another process perhaps. Raises ValueError."""
        self.pem = pem
        self._key = load_pem_private_key(pem, None)
        self._certificate = x509.load_pem_x509_certificate(pem)
        digest = self._certificate.fingerprint(hashes.SHA256())
        self.fingerprint = f"sha-256 {digest.hex(':').upper()}"
        """The value of our a=fingerprint attribute (RFC 8122)."""

    def __repr__(self) -> str:
        return f"Identity({self.fingerprint!r})"

    @classmethod
    def create(cls) -> "Identity":
        """A new one. The name tells nothing (RFC 8827 section 6.5)."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "WebRTC")])
        today = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - timedelta(days=1))
            .not_valid_after(today + timedelta(days=VALID_DAYS))
            .sign(key, hashes.SHA256())
        )
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return cls(secret + certificate.public_bytes(Encoding.PEM))

    def context(self) -> SSL.Context:
        """What all handshakes have in common."""
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_min_proto_version(_DTLS_1_2)
        context.set_options(SSL.OP_NO_TICKET | _NO_RENEGOTIATION)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_cipher_list(CIPHERS.encode())
        context.set_tlsext_use_srtp(b":".join(SRTP_SUITES))
        # RFC 8122 section 6.2: certificates are self-signed; the fingerprint, judged afterwards, is what counts
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.use_privatekey(self._key)  # type: ignore[arg-type]  # loaded from any PEM, made by `create`
        context.use_certificate(self._certificate)
        return context


class State(StrEnum):
    """How far an association is."""

    RUNNING = "running"
    SECURED = "secured"
    FAILED = "failed"


class Association:
    """One handshake and what comes after it. `outgoing` holds datagrams to be sent, for the owner to take away."""

    def __init__(self, context: SSL.Context, peer: DtlsPeer) -> None:
        self.peer = peer
        self.state = State.RUNNING
        self.error = ""
        self.keys: SrtpKeys | None = None
        self.outgoing: list[bytes] = []
        self._connection = SSL.Connection(context)
        self._connection.set_ciphertext_mtu(MTU)
        if peer.active:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()

    def begin(self) -> None:
        """Send the ClientHello when we are the active end."""
        if self.peer.active:
            self._go_on()

    def receive(self, datagram: bytes) -> None:
        """A datagram of the peer."""
        if self.state is State.FAILED or not datagram:
            return
        self._connection.bio_write(datagram)
        self._go_on()

    @property
    def timeout(self) -> float | None:
        """Seconds until `handle_timeout` wants to be called; None while nothing waits to be sent again."""
        if self.state is not State.RUNNING:
            return None
        seconds: float | None = self._connection.DTLSv1_get_timeout()
        return seconds

    def handle_timeout(self) -> None:
        """Send the last flight again, if it is time."""
        if self.state is State.RUNNING:
            try:
                self._connection.DTLSv1_handle_timeout()
            except SSL.Error as error:
                self._fail(_reason(error))
            self._flush()

    def _go_on(self) -> None:
        try:
            if self.state is State.RUNNING:
                self._connection.do_handshake()
                self._agree()
            else:
                # the peer's last flight again, because ours was lost, or a close_notify: OpenSSL knows what to do
                self._connection.recv(1)
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            if self.state is State.RUNNING:
                self._fail(_reason(error))
        self._flush()

    def _agree(self) -> None:
        connection = self._connection
        certificate = connection.get_peer_certificate(as_cryptography=True)
        der = certificate.public_bytes(Encoding.DER) if certificate is not None else b""
        if not any(
            hashlib.new(name.replace("-", ""), der).digest() == digest for name, digest in self.peer.fingerprints
        ):
            self._fail("the certificate is not the one its description told of")
            return
        suite = SRTP_SUITES.get(connection.get_selected_srtp_profile())
        if suite is None:
            self._fail("no common SRTP profile")
            return
        # RFC 5764 section 4.2: client's and server's master key, then their salts
        material = connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (_KEY + _SALT))
        salts = material[2 * _KEY :]
        client, server = material[:_KEY] + salts[:_SALT], material[_KEY : 2 * _KEY] + salts[_SALT:]
        local, remote = (client, server) if self.peer.active else (server, client)
        self.keys = SrtpKeys(suite, local, remote)
        self.state = State.SECURED

    def _fail(self, error: str) -> None:
        self.state = State.FAILED
        self.error = error

    def _flush(self) -> None:
        """Cut what OpenSSL has written into datagrams: a memory buffer does not keep their bounds."""
        written = b""
        try:
            while True:
                written += self._connection.bio_read(65_536)
        except SSL.WantReadError:
            pass
        self.outgoing += datagrams(written)


def datagrams(records: bytes) -> list[bytes]:
    """Whole DTLS records (RFC 6347 section 4.1), as many in a datagram as fit."""
    made: list[bytes] = []
    at = 0
    while at < len(records):
        end = at + _RECORD_HEAD + int.from_bytes(records[at + 11 : at + 13], "big")
        if made and len(made[-1]) + end - at <= MTU:
            made[-1] += records[at:end]
        else:
            made.append(records[at:end])
        at = end
    return made


def _reason(error: SSL.Error) -> str:
    """What OpenSSL says of a failure, in one line."""
    reasons = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return "; ".join(str(reason[-1]) for reason in reasons) or type(error).__name__
