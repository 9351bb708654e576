"""What every interop test stands in: a running shop, and phones."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.interop.shop import Settings, Shop, free_port, settings

Switch = Callable[..., Shop]


@pytest.fixture
def switch(tmp_path: Path) -> Switch:
    """`async with switch(queues={...}) as shop`: the shop of `settings`, with changes."""

    def make(*, tones: bool = True, **changes: Settings) -> Shop:
        return Shop(tmp_path / "shop", settings(**changes), tones=tones)

    return make


@pytest.fixture
async def phones() -> AsyncIterator["object"]:
    """The baresip stack of this test."""
    pytest.importorskip("baresip", reason="baresip-python is not installed")
    from tests.interop.phones import Phones

    port = free_port("127.0.0.1")
    stack = await Phones(port, 20_000 + port % 20_000 // 2 * 2).start()
    yield stack
    await stack.close()
