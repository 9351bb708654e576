"""What tests of several rooms stand on."""

import os
import shutil

import pytest
from hypothesis import settings

from tests.certificates import Certificates

if "CI" not in os.environ:  # there, hypothesis does so itself
    # A property says what holds, not how fast: seconds of the wall clock tell how busy the machine is.
    settings.register_profile("without a stop-watch", deadline=None)
    settings.load_profile("without a stop-watch")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority. Skips without OpenSSL's program."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl program is not installed")
    return Certificates(tmp_path_factory.mktemp("certificates"))
