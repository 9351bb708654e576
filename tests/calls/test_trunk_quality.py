"""Carriers by how well they served: what counts, what fades, and which is tried first."""

import msgspec
import pytest

from softacd.calls.model import DialPlan
from softacd.calls.trunk_quality import Grade, TrunkQuality
from softacd.rtp import vocabulary as media
from tests.calls.test_outside_calls import NUMBER
from tests.calls.test_queue_calls import phone
from tests.calls.world import World, shop


def test_a_carrier_nobody_complains_of_is_good() -> None:
    quality = TrunkQuality()
    for _ in range(50):
        quality.call(10.0, taken=True)
        quality.voice(10.0, received=5000, lost=5, jitter_ms=3.0)
    assert quality.grade(10.0) is Grade.GOOD


def test_calls_it_cannot_take_make_it_fair_then_poor_and_time_heals() -> None:
    quality = TrunkQuality()
    quality.call(10.0, taken=False)
    assert quality.grade(10.0) is Grade.FAIR
    quality.call(11.0, taken=False)
    assert quality.grade(11.0) is Grade.POOR
    assert quality.grade(11.0 + 600) is Grade.FAIR
    assert quality.grade(11.0 + 3600) is Grade.GOOD


@pytest.mark.parametrize(
    ("lost", "jitter_ms", "grade"),
    [(50, 5.0, Grade.GOOD), (250, 5.0, Grade.FAIR), (1000, 5.0, Grade.POOR), (0, 200.0, Grade.POOR)],
)
def test_a_bad_voice_counts(lost: int, jitter_ms: float, grade: Grade) -> None:
    quality = TrunkQuality()
    for _ in range(5):
        quality.voice(10.0, received=10_000 - lost, lost=lost, jitter_ms=jitter_ms)
    assert quality.grade(10.0) is grade


def test_a_few_packets_say_nothing() -> None:
    quality = TrunkQuality()
    quality.voice(10.0, received=10, lost=90, jitter_ms=0.0)
    assert quality.grade(10.0) is Grade.GOOD


def outside(world: World, status: int) -> str:
    """Dial out; the carrier tried first answers `status`, the next one takes the call. Who was tried first."""
    before = {name: len(phone(world, name).calls) for name in ("alpha", "beta")}
    call = phone(world, "101").dial(NUMBER)
    (first,) = [name for name in before if len(phone(world, name).calls) > before[name]]
    phone(world, first).respond(phone(world, first).calls[-1], status)
    if status >= 300:
        (second,) = {"alpha", "beta"} - {first}
        phone(world, second).answer()
    phone(world, "101").hang_up(call)
    return first


@pytest.mark.parametrize("wanted", [True, False])
def test_the_better_carrier_is_tried_first_where_the_owner_wants_that(wanted: bool) -> None:
    world = shop(available=False, dial_plan=DialPlan(outside=("0XXXXXXXX",), prefer_quality=wanted))
    assert outside(world, 503) == "alpha"
    assert world.switch.exchange.trunks["alpha"].quality.grade(world.now) is Grade.FAIR
    assert outside(world, 200) == ("beta" if wanted else "alpha")
    world.advance(3600)
    for peer in world.peers.values():
        if peer.name.isdigit():
            peer.register()
    assert outside(world, 200) == "alpha", "what was bad is forgotten in time"
    world.assert_clean()


def test_the_voice_of_a_call_is_told_to_its_carrier() -> None:
    world = shop(available=False)
    call = phone(world, "101").dial(NUMBER)
    phone(world, "alpha").answer()
    leg = next(leg for leg in world.switch.services.streams.values() if leg.party == "trunk:alpha")
    bad = media.StreamStatistics(sent=1000, received=500, lost=500)
    world.switch.handle_media(media.StreamClosed(leg.stream, bad), world.now)
    assert world.switch.exchange.trunks["alpha"].quality.grade(world.now) is Grade.FAIR
    world.open_streams.discard(leg.stream)
    assert call.status == 200
    assert msgspec.structs.asdict(bad)["lost"] == 500
