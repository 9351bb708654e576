"""The house as a whole: hours of numbers and queues, closing by hand, the emergency mode."""

from typing import Any

import msgspec

from softacd.calls.hours import HoursSettings
from softacd.calls.model import EmergencySettings, NumberSettings
from softacd.calls.records import HouseEvent, Outcome
from softacd.rtp import vocabulary as media
from tests.calls.flows import CALLED, call_in, carrier, flow, hears, world_of
from tests.calls.world import Peer, World

OPEN = flow(
    """
start = "in"
[steps.in]
do = "queue"
queue = "sales"
then = "sorry"
[steps.sorry]
do = "say"
prompts = ["no-agents"]
"""
)
SHUT = flow('start = "no"\n[steps.no]\ndo = "say"\nprompts = ["closed"]\n', "after-hours")
BRANCH = """
start = "when"
[steps.when]
do = "hours"
hours = "office"
open = "open"
closed = "closed"
holiday = "holiday"
[steps.open]
do = "say"
prompts = ["welcome"]
[steps.closed]
do = "say"
prompts = ["closed"]
[steps.holiday]
do = "say"
prompts = ["closed-holiday"]
"""
# the virtual clock begins on Tuesday 2023-11-14 at 22:30 UTC
EVENING = HoursSettings(name="office", week={"tue": "22:00-24:00"}, code="*51")
DAY = HoursSettings(name="office", week={"mon-fri": "09:00-18:00"}, code="*51")


def phone(world: World, name: str) -> Peer:
    return next(peer for peer in world.peers.values() if peer.name == name)


def house(opening: HoursSettings = EVENING, **queue: Any) -> World:
    """A shop whose number has hours, with 101 the manager's phone."""
    world = world_of(
        OPEN,
        SHUT,
        settings={
            "numbers": (NumberSettings(CALLED, "main", hours="office", closed="after-hours"),),
            "hours": (opening,),
            "emergency": EmergencySettings(numbers=("069111111", "069222222"), seconds=10),
        },
        **queue,
    )
    old = world.switch.exchange.settings
    phones = tuple(msgspec.structs.replace(one, manager=True) if one.extension == "101" else one for one in old.phones)
    world.switch.exchange.configure(
        msgspec.structs.replace(old, phones=phones),
        tuple(world.switch.exchange.queues.values()),
        tuple(world.switch.exchange.agents.values()),
    )
    return world


def dial_code(world: World, code: str, extension: str = "101") -> str:
    """Dial a feature code; what is said."""
    before = set(world.open_streams)
    phone(world, extension).dial(code)
    (stream,) = world.open_streams - before
    (clip,) = world.finish_play(stream)
    return clip.removeprefix("prompts/en/")


def test_a_number_leads_elsewhere_outside_its_hours() -> None:
    world = house(DAY)
    call_in(world)
    assert hears(world) == ("closed",)
    assert world.events("hours") == ["hours office: closed"]
    world = house(EVENING)
    call_in(world)
    assert hears(world) == ("music/default",)


def test_a_code_closes_the_line_until_it_is_dialled_again() -> None:
    world = house()
    assert dial_code(world, "*51") == "house-closed"
    call = call_in(world)
    assert hears(world) == ("closed",)
    world.finish_play()
    assert call.over
    assert dial_code(world, "*51") == "house-open"
    call_in(world)
    assert "music/default" in hears(world)
    switched = [record for record in world.records if isinstance(record, HouseEvent)]
    assert [(event.name, event.on, event.by) for event in switched] == [
        ("closed:office", True, "101"),
        ("closed:office", False, "101"),
    ]


def test_only_a_manager_may_close_the_line() -> None:
    world = house()
    assert dial_code(world, "*51", "102") == "not-allowed"
    assert dial_code(world, "*35", "102") == "not-allowed"
    assert not world.switch.exchange.house.events()


def test_what_was_closed_stays_closed_over_a_restart() -> None:
    world = house()
    world.switch.exchange.house.restore([HouseEvent("closed:office", 1, True, "101")])
    call_in(world)
    assert hears(world) == ("closed",)


def test_flows_pass_a_queue_by_outside_its_hours() -> None:
    world = house(EVENING, hours="office")
    world.switch.exchange.house.switch("closed:office", True, "api", world.now)
    world.switch.exchange.routing._numbers[CALLED] = NumberSettings(CALLED, "main")
    call_in(world)
    assert hears(world) == ("no-agents",)
    assert world.events("queue-closed") == ["queue-closed sales: closed by hand"]


def test_a_flow_goes_by_hours_and_holidays() -> None:
    for hours, holiday, said in (
        (EVENING, "", "welcome"),
        (DAY, "", "closed"),
        (EVENING, "Founders' Day", "closed-holiday"),
    ):
        world = world_of(flow(BRANCH), settings={"hours": (msgspec.structs.replace(hours, holidays="MD"),)})
        world.switch.exchange.holiday = lambda country, day, name=holiday: name  # type: ignore[misc]
        call_in(world)
        assert hears(world) == (said,)


def test_in_an_emergency_callers_of_queues_go_to_the_mobile_phones() -> None:
    world = house()
    assert dial_code(world, "*35") == "emergency-on"
    call_in(world)
    alpha = carrier(world)
    first = alpha.calls[-1]
    assert b"069111111" in alpha.requests[-1].to_bytes()
    world.advance(10)
    assert first.cancelled
    second = alpha.calls[-1]
    assert b"069222222" in alpha.requests[-1].to_bytes()
    assert b"Diversion" in alpha.requests[-1].to_bytes()
    alpha.respond(second, 200)
    assert any(isinstance(command, media.Bridge) for command in world.media)
    assert not phone(world, "102").calls, "no agent's phone rang"
    alpha.hang_up(second)
    assert world.calls()[-1].outcome is Outcome.ANSWERED
    world.assert_clean()


def test_who_waits_when_the_emergency_begins_is_called_through_at_once() -> None:
    world = house()
    call = call_in(world)
    assert phone(world, "102").calls
    assert dial_code(world, "*35") == "emergency-on"
    assert all(one.over for one in phone(world, "102").calls)
    out = carrier(world).calls[-1]
    assert out is not call
    carrier(world).respond(out, 480)
    carrier(world).respond(carrier(world).calls[-1], 480)
    assert hears(world) == ("no-agents",), "nobody answered: the caller goes where the queue would have let him go"
    world.finish_play()
    assert call.over
    assert dial_code(world, "*35") == "emergency-off"
    call_in(world)
    assert "music/default" in hears(world)


def test_a_phone_that_dials_a_queue_in_an_emergency_reaches_the_mobile_phone_too() -> None:
    world = house()
    dial_code(world, "*35")
    phone(world, "105").dial("600")
    assert b"069111111" in carrier(world).requests[-1].to_bytes()


def test_an_emergency_without_mobile_phones_cannot_be_begun() -> None:
    world = house()
    exchange = world.switch.exchange
    exchange.settings = msgspec.structs.replace(exchange.settings, emergency=EmergencySettings())
    assert dial_code(world, "*35") == "invalid-code"
    assert not exchange.house.emergency
