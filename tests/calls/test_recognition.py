"""Other systems asked who calls: beside the call, merged when they answer, asked by flows as well."""

import msgspec

from softacd.calls.caller import Caller
from softacd.calls.errands import Answered, Failed, Recognise
from softacd.calls.model import CrmLink
from softacd.calls.records import CallRecord
from softacd.calls.snapshot import snapshot
from tests.calls.flows import call_in, carrier, flow, hears, world_of
from tests.calls.world import World

CRM = CrmLink("shop", True, 0.3, 5.0)
MARIA = {
    "id": "17", "name": "Maria", "company": "Crama", "category": "vip", "label": "VIP", "priority": 10,
    "manager": "a1", "notes": "", "link": "https://crm.example/17", "more": {"BALANCE": "12.50"},
}  # fmt: skip
SAYS = """
start = "hello"
[steps.hello]
do = "say"
prompts = ["welcome", "menu-main"]
"""
ASKS = """
start = "ask"
[steps.ask]
do = "lookup"
source = "shop"
save = { balance = "more.BALANCE" }
then = "known"
missing = "stranger"
failed = "failed"
[steps.known]
do = "say"
prompts = ["number:{balance}"]
[steps.stranger]
do = "say"
prompts = ["welcome"]
[steps.failed]
do = "say"
prompts = ["menu-main"]
"""


def asked(world: World) -> list[Recognise]:
    return [errand for errand in world.errands() if isinstance(errand, Recognise)]


def test_the_caller_is_answered_before_anybody_has_answered_us() -> None:
    world = world_of(flow(SAYS), settings={"crms": (CRM,)})
    call = call_in(world)
    (errand,) = asked(world)
    assert (errand.source, errand.number, errand.timeout) == ("shop", "069123456", 5.0)
    assert call.status == 200
    assert hears(world) == ("welcome", "menu-main")
    world.advance(2.0)
    world.do(Answered(errand.errand, MARIA))
    (view,) = snapshot(world.switch, world.now).calls
    assert (view.caller_name, view.category) == ("VIP Maria", "vip")
    assert [(one.source, one.id, one.company, one.link) for one in view.contacts] == [
        ("shop", "17", "Crama", "https://crm.example/17")
    ]
    assert world.events("crm") == ["crm shop: Maria, Crama"]
    carrier(world).hang_up()
    assert [record.caller_name for record in world.records if isinstance(record, CallRecord)][-1] == "VIP Maria"
    world.assert_clean()


def test_what_the_house_knows_itself_stays() -> None:
    own = Caller("+37369123456", customer="3", name="Masha", category="debtor", label="Debtor", manager="a2")
    world = world_of(flow(SAYS), settings={"crms": (CRM,)}, lookup=lambda _: own)
    call_in(world)
    (errand,) = asked(world)
    world.do(Answered(errand.errand, MARIA))
    (view,) = snapshot(world.switch, world.now).calls
    assert (view.caller_name, view.category, view.customer) == ("Debtor Masha", "debtor", "3")
    (call,) = world.switch.exchange.calls.values()
    assert call.known is not None
    assert (call.known.manager, call.known.priority) == ("a2", 0)


def test_one_that_does_not_answer_is_told_of_and_holds_nothing() -> None:
    world = world_of(flow(SAYS), settings={"crms": (CRM, msgspec.structs.replace(CRM, name="late"))})
    call_in(world)
    first, _ = asked(world)
    world.do(Failed(first.errand, "HTTP status 500"))
    world.advance(6.0)
    assert world.events("crm") == ["crm shop: failed, HTTP status 500", "crm late: failed, no answer in time"]
    carrier(world).hang_up()
    world.assert_clean()


def test_an_answer_for_a_call_that_is_over_is_nobodys() -> None:
    world = world_of(flow(SAYS), settings={"crms": (CRM,)})
    call_in(world)
    (errand,) = asked(world)
    carrier(world).hang_up()
    world.do(Answered(errand.errand, MARIA))
    assert not world.events("crm")
    world.assert_clean()


def test_a_flow_asks_with_the_systems_own_short_time_and_goes_on_without_it() -> None:
    world = world_of(flow(ASKS), settings={"crms": (msgspec.structs.replace(CRM, on_arrival=False),)})
    call = call_in(world)
    (errand,) = asked(world)
    assert errand.timeout == 0.3
    assert call.status == 180
    world.advance(0.31)
    assert hears(world) == ("menu-main",)


def test_a_flow_reads_what_the_system_told() -> None:
    world = world_of(flow(ASKS), settings={"crms": (CRM,)})
    call_in(world)
    arrival, lookup = asked(world)
    world.do(Answered(lookup.errand, MARIA))
    world.do(Answered(arrival.errand, MARIA))
    assert hears(world) == ("digits/12",)
    assert world.events("crm", "lookup") == ["crm shop: Maria, Crama", "lookup shop: balance = 12.50"]


def test_a_flow_goes_another_way_with_a_stranger() -> None:
    world = world_of(flow(ASKS), settings={"crms": (msgspec.structs.replace(CRM, on_arrival=False),)})
    call_in(world)
    (errand,) = asked(world)
    world.do(Answered(errand.errand, None))
    assert hears(world) == ("welcome",)
