"""What tests of several rooms stand on."""

import os
import re
import shutil
from collections.abc import Generator

import pytest
from hypothesis import settings

from tests.certificates import Certificates

if "CI" not in os.environ:  # there, hypothesis does so itself
    # A property says what holds, not how fast: seconds of the wall clock tell how busy the machine is.
    settings.register_profile("without a stop-watch", deadline=None)
    settings.load_profile("without a stop-watch")
NOTHING_MISSING = bool(os.environ.get("NOTHING_MISSING"))
"""Every program tests drive is installed: a test that misses one is a failure. Rights may be missing all the same."""
MISSES_A_PROGRAM = re.compile("not installed|is not there|are missing")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test with phones for want of a program into a failure where none may be wanting."""
    report = yield
    skipped = NOTHING_MISSING and report.skipped and item.get_closest_marker("interop")
    if skipped and MISSES_A_PROGRAM.search(str(report.longrepr)) and "shared" not in str(report.longrepr):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority. Skips without OpenSSL's program."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl program is not installed")
    return Certificates(tmp_path_factory.mktemp("certificates"))
