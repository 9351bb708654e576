"""Callers the house knows: what phones show, who is served first, who is not served; as transcripts."""

from softacd.acd.vocabulary import CallerJoined
from softacd.calls.caller import Caller, nobody_known
from softacd.calls.model import NumberSettings
from softacd.calls.records import CallEvent, CallRecord, Outcome
from softacd.calls.snapshot import snapshot
from tests.calls.test_queue_calls import enter_queue, phone, ringing
from tests.calls.world import World, shop

ANN = "0690001"
BOB = "0690002"
PEST = "0690003"
KNOWN = {
    ANN: Caller("+37369000001", "17", "Ann Smith", "vip", "VIP", 10, "a2", "ro"),
    BOB: Caller("+37369000002", "18", "Bob", "debtor", "", -5),
    PEST: Caller("+37369000003", blacklisted=True),
}


def known_shop(callers: dict[str, Caller] = KNOWN, **settings: object) -> World:
    world = shop(**settings)
    world.switch.exchange.lookup = callers.get
    return world


def events(world: World, kind: str) -> list[str]:
    return [record.detail for record in world.records if isinstance(record, CallEvent) and record.kind == kind]


def shown_on(world: World, name: str) -> str:
    invite = next(request for request in phone(world, name).requests if request.method == "INVITE")
    return str(invite.from_)


def test_the_agents_phones_show_who_calls() -> None:
    world = known_shop()
    enter_queue(world, caller=ANN)
    assert ringing(world) == ["101", "102", "103", "104"]
    for name in ("101", "104"):
        assert shown_on(world, name).startswith('"VIP Ann Smith" <sip:0690001@')
    [view] = snapshot(world.switch, world.now).calls
    assert (view.caller_name, view.category, view.customer) == ("VIP Ann Smith", "vip", "17")


def test_a_stranger_is_shown_as_the_carrier_presents_him() -> None:
    world = known_shop()
    phone(world, "alpha").dial("37322000111", from_="0777777")
    [view] = snapshot(world.switch, world.now).calls
    assert (view.caller_name, view.category, view.customer) == ("", "", "")


def test_without_customers_nobody_is_known() -> None:
    assert shop().switch.exchange.lookup is nobody_known
    assert nobody_known(ANN) is None


def test_who_matters_more_is_served_before_who_came_first() -> None:
    world = known_shop(agents=1, ring=1)
    enter_queue(world, "alpha", "0777777")
    phone(world, "101").answer()
    for caller in (BOB, "0777778", ANN):  # a debtor first, then somebody unknown, a VIP last
        enter_queue(world, "beta", caller)
    served = []
    for _ in range(3):
        phone(world, "101").hang_up()
        world.advance(6)
        served.append(shown_on_last(world))
        phone(world, "101").answer()
    assert served == [ANN, "0777778", BOB]


def shown_on_last(world: World) -> str:
    return [request for request in phone(world, "101").requests if request.method == "INVITE"][-1].from_.uri.user


def test_the_customers_priority_is_added_to_the_steps() -> None:
    world = known_shop(available=False)
    joined: list[CallerJoined] = []
    feed = world.switch.desk.feed

    def note(event: object, now: float) -> None:
        if isinstance(event, CallerJoined):
            joined.append(event)
        feed(event, now)  # type: ignore[arg-type] # the desk takes every event of the distributor

    world.switch.desk.feed = note  # type: ignore[method-assign] # to see what passes
    enter_queue(world, "alpha", ANN)
    enter_queue(world, "beta", BOB)
    assert [event.priority for event in joined] == [10, -5]


def test_who_called_is_kept_with_the_call() -> None:
    world = known_shop()
    caller = enter_queue(world, caller=ANN)
    phone(world, "102").answer()
    world.advance(5)
    phone(world, "alpha").hang_up(caller)
    [record] = world.calls()
    assert (record.caller_name, record.category, record.customer) == ("VIP Ann Smith", "vip", "17")
    first = next(record for record in world.records if isinstance(record, CallRecord))
    assert first.customer == "17", "known from the first row on"
    world.assert_clean()


def test_a_blacklisted_caller_is_refused_unanswered() -> None:
    world = known_shop()
    call = phone(world, "alpha").dial("37322000111", from_=PEST)
    assert call.status == 603
    assert "switch -> alpha 200 OK" not in world.log
    assert not world.playing
    [record] = world.calls()
    assert (record.outcome, record.cause) == (Outcome.REFUSED, 603)
    assert events(world, "refused") == ["+37369000003 is on the blacklist"]
    world.assert_clean()


def test_the_cause_is_the_owners_choice() -> None:
    world = known_shop({PEST: Caller("+37369000003", blacklisted=True, refuse_status=486)})
    assert phone(world, "alpha").dial("37322000111", from_=PEST).status == 486
    world.assert_clean()


def test_a_blacklisted_caller_may_hear_why_and_is_hung_up() -> None:
    world = known_shop({PEST: Caller("+37369000003", blacklisted=True, refuse_prompt="prompts/en/no-agents")})
    call = phone(world, "alpha").dial("37322000111", from_=PEST)
    assert call.status == 200
    world.press(max(world.open_streams), "1")
    assert not ringing(world), "no key leads further"
    assert world.finish_play() == ("prompts/en/no-agents",)
    assert call.over
    [record] = world.calls()
    assert record.outcome is Outcome.REFUSED
    world.assert_clean()


def test_a_blacklisted_caller_who_hangs_up_during_the_message_leaves_nothing() -> None:
    world = known_shop({PEST: Caller("+37369000003", blacklisted=True, refuse_prompt="prompts/en/no-agents")})
    call = phone(world, "alpha").dial("37322000111", from_=PEST)
    phone(world, "alpha").hang_up(call)
    assert len(world.calls()) == 1
    world.assert_clean()


def language_of(world: World, number: str, caller: str) -> str:
    """What a caller of a number hears."""
    phone(world, "alpha").dial(number, from_=caller)
    return list(world.switch.exchange.calls.values())[-1].language


def test_a_number_has_a_language_and_a_customer_has_the_last_word() -> None:
    numbers = (NumberSettings("37322000111", "main", language="uk"), NumberSettings("37322000222", "main"))
    world = known_shop(changes={"numbers": numbers})
    assert language_of(world, "37322000111", "0777777") == "uk"
    assert language_of(world, "37322000111", ANN) == "ro"
    assert language_of(world, "37322000222", "0777777") == "en"
