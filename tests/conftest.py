"""What tests of several rooms stand on."""

import shutil

import pytest

from tests.certificates import Certificates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority. Skips without OpenSSL's program."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl program is not installed")
    return Certificates(tmp_path_factory.mktemp("certificates"))
