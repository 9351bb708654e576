"""Certificates for tests, made by OpenSSL's own program."""

import subprocess
from pathlib import Path


class Certificates:
    """An authority of our own and what it has signed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = directory / "authority.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", "/CN=test authority", "-keyout", "authority.key", "-out", "authority.pem")  # fmt: skip

    def sign(self, name: str, *subjects: str) -> tuple[Path, Path]:
        """A certificate for these names ("DNS:sip.test", "IP:127.0.0.1") and its key."""
        (self.directory / f"{name}.ext").write_text(f"subjectAltName={','.join(subjects)}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", f"{name}.key", "-out", f"{name}.csr")  # fmt: skip
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
                      "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")  # fmt: skip
        return self.directory / f"{name}.pem", self.directory / f"{name}.key"

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.directory, check=True, capture_output=True)
