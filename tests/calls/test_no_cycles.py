"""A call that is over is freed at once, without the garbage collector: nothing of it points back to itself."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.calls.test_outside_calls import NUMBER, outside_shop
from tests.calls.test_queue_calls import enter_queue, phone
from tests.calls.test_transfer import refer
from tests.calls.world import World, shop

OURS = ("softacd.calls", "softacd.acd")  # the test's own peers use softacd.sip too


def talked_to_an_agent(world: World) -> None:
    caller = enter_queue(world)
    phone(world, "102").answer()
    world.advance(5)
    phone(world, "alpha").hang_up(caller)


def gave_up_in_the_queue(world: World) -> None:
    caller = enter_queue(world)
    world.advance(7)
    phone(world, "alpha").hang_up(caller)


def gave_up_in_the_menu(world: World) -> None:
    phone(world, "alpha").hang_up(phone(world, "alpha").dial("37322000111"))


def no_such_number(world: World) -> None:
    phone(world, "alpha").dial("37322999999")


def two_phones(world: World) -> None:
    call = phone(world, "101").dial("102")
    phone(world, "102").answer()
    phone(world, "101").hang_up(call)


def cancelled(world: World) -> None:
    call = phone(world, "101").dial("102")
    phone(world, "102").respond(phone(world, "102").calls[-1], 180)
    phone(world, "101").cancel(call)


def refused(world: World) -> None:
    phone(world, "101").dial("102")
    phone(world, "102").respond(phone(world, "102").calls[-1], 486)


def outside(world: World) -> None:
    call = phone(world, "101").dial(NUMBER)
    phone(world, "alpha").answer()
    phone(world, "101").hang_up(call)


def transferred(world: World) -> None:
    caller = enter_queue(world)
    agent = phone(world, "101")
    refer(agent, agent.answer(), "<sip:105@shop.test>")
    phone(world, "105").answer()
    world.advance(3)
    phone(world, "alpha").hang_up(caller)


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Only what we ask for is collected, and what was found is kept to be looked at."""
    gc.collect()
    gc.disable()
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


@pytest.mark.parametrize(
    "happen",
    [
        talked_to_an_agent,
        gave_up_in_the_queue,
        gave_up_in_the_menu,
        no_such_number,
        two_phones,
        cancelled,
        refused,
        outside,
        transferred,
    ],
)
def test_a_call_that_is_over_leaves_nothing_to_the_collector(happen: Callable[[World], None]) -> None:
    world = outside_shop(trunks=("alpha",)) if happen is outside else shop()
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    happen(world)
    world.advance(200)
    assert not world.switch.exchange.calls
    gc.collect()
    left = Counter(f"{type(found).__module__}.{type(found).__qualname__}" for found in gc.garbage)
    assert {name: count for name, count in left.items() if name.startswith(OURS)} == {}
