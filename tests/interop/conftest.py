"""What every interop test stands in: a running shop, and phones."""

from collections.abc import AsyncIterator, Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.interop.shop import Settings, Shop, settings

if TYPE_CHECKING:
    from tests.interop.phones import Phones

Switch = Callable[..., Shop]
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let fixtures know that their test failed."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def switch(tmp_path: Path) -> Switch:
    """`async with switch(queues={...}) as shop`: the shop of `settings`, with changes."""

    def make(*, tones: bool = True, **changes: Settings) -> Shop:
        return Shop(tmp_path / "shop", settings(**changes), tones=tones)

    return make


@pytest.fixture
async def phones(request: pytest.FixtureRequest) -> AsyncIterator["Phones"]:
    """The baresip stack of this test; its latest SIP messages are shown when the test fails."""
    pytest.importorskip("baresip", reason="baresip-python is not installed")
    from tests.interop.phones import Phones

    trusts = "certificates" in request.fixturenames
    stack = await Phones.on_free_ports(request.getfixturevalue("certificates").authority if trusts else None)
    yield stack
    await stack.close()
    if request.node.stash.get(FAILED, False):
        print(*stack.ladder(40), sep="\n")
