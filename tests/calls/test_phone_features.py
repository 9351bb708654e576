"""What phones can do beyond calling: forward, refuse, pick up, park, ring in groups."""

from urllib.parse import quote

import msgspec
import pytest

from softacd.acd.vocabulary import State
from softacd.calls.model import DialPlan, GroupSettings
from softacd.calls.records import CallEvent, Direction, Outcome, PhoneEvent
from softacd.sip.transaction import ClientTransaction
from tests.calls.test_queue_calls import enter_queue, phone
from tests.calls.test_transfer import refer, segments, talking
from tests.calls.world import Peer, Ring, World, shop


def group_shop(strategy: str = "all", **phones: tuple[str, ...]) -> World:
    """The shop with a group 650 of phones 102 and 103; `phones` gives pickup groups ("p101")."""
    world = shop(available=False)
    exchange = world.switch.exchange
    settings = msgspec.structs.replace(
        exchange.settings,
        groups=(GroupSettings("workshop", "650", ("102", "103"), strategy, 10.0),),  # type: ignore[arg-type] # a test's word
        phones=tuple(
            msgspec.structs.replace(settings, pickup_groups=phones.get(f"p{settings.extension}", ()))
            for settings in exchange.settings.phones
        ),
    )
    world.switch.configure(settings, tuple(exchange.queues.values()), tuple(exchange.agents.values()), world.now)
    world.settle()
    world.log.clear()
    return world


def code(world: World, extension: str, dialled: str) -> Ring:
    """A phone dials a feature code and hears what comes of it."""
    call = phone(world, extension).dial(dialled)
    if call.status == 200:
        world.finish_play()
    return call


def notes(world: World, kind: str) -> list[str]:
    return [record.detail for record in world.records if isinstance(record, CallEvent) and record.kind == kind]


def rings(peer: Peer) -> bool:
    return bool(peer.calls) and not peer.calls[-1].over


# --- forwards --------------------


def test_forward_every_call_by_code_and_take_it_back() -> None:
    world = shop(available=False)
    assert code(world, "101", "*21105").over
    call = phone(world, "102").dial("101")
    assert not phone(world, "101").calls[1:], "the phone itself stays silent"
    phone(world, "105").answer()
    assert call.status == 200
    assert notes(world, "forwarded") == ["101 to 105: unconditional"]
    phone(world, "105").hang_up()
    code(world, "101", "*21")
    phone(world, "102").dial("101")
    assert rings(phone(world, "101"))
    phone(world, "101").answer()
    phone(world, "101").hang_up()
    world.assert_clean()


def test_the_notation_of_the_network_is_understood_too() -> None:
    world = shop(available=False)
    code(world, "101", "*21*105#")
    assert world.switch.exchange.phone_book.of("101").forward_always == "105"


def test_forward_when_busy_tells_who_forwarded() -> None:
    world = shop(available=False)
    code(world, "101", "*67105")
    phone(world, "102").dial("101")
    busy = phone(world, "101")
    busy.respond(busy.calls[-1], 486)
    colleague = phone(world, "105")
    request = colleague.calls[-1].transaction.request
    assert request.headers("Diversion") == ["<sip:101@shop.test>;reason=user-busy"]
    colleague.answer()
    colleague.hang_up()
    world.assert_clean()


def test_forward_when_nobody_answers_or_the_phone_is_away() -> None:
    world = shop(available=False)
    code(world, "101", "*61105")
    phone(world, "102").dial("101")
    assert rings(phone(world, "101"))
    world.advance(46)
    assert phone(world, "101").calls[-1].cancelled
    phone(world, "105").answer()
    phone(world, "105").hang_up()
    phone(world, "101").register(expires=0)
    phone(world, "102").dial("101")
    assert rings(phone(world, "105"))
    phone(world, "105").answer()
    phone(world, "105").hang_up()
    world.assert_clean()


def test_forward_outside_shows_our_number_and_obeys_the_phone_s_rights() -> None:
    world = shop(available=False)
    code(world, "101", "*21069123456")
    call = phone(world, "102").dial("101")
    carrier = phone(world, "alpha")
    request = carrier.calls[-1].transaction.request
    assert request.uri.user == "069123456"
    assert request.from_.uri.user == "37322000111"
    assert request.headers("Diversion") == ["<sip:37322000111@198.51.100.1>;reason=unconditional"]
    carrier.answer()
    assert call.status == 200
    assert len(world.switch.exchange.trunks["alpha"].calls_now) == 1
    carrier.hang_up()
    world.assert_clean()


def test_forward_to_a_queue() -> None:
    world = shop(agents=2)
    code(world, "101", "*21600")
    call = phone(world, "102").dial("101")
    assert call.status == 200
    phone(world, "101").answer()
    phone(world, "101").hang_up()
    assert call.over
    world.assert_clean()


def test_a_loop_of_forwards_ends() -> None:
    world = shop(available=False)
    for extension, target in (("101", "102"), ("102", "103"), ("103", "101")):
        code(world, extension, f"*21{target}")
    call = phone(world, "105").dial("101")
    assert call.status == 482
    assert notes(world, "forward-loop") == ["101 102 103 101"]
    world.assert_clean()


@pytest.mark.parametrize("dialled", ["*21999", "*21101", "*2100373", "*21*79"])
def test_a_forward_that_leads_nowhere_is_refused(dialled: str) -> None:
    world = shop(available=False)
    phone(world, "101").dial(dialled)
    assert world.finish_play() == ("prompts/en/invalid-code",)
    assert world.switch.exchange.phone_book.of("101").forward_always == ""
    assert not [record for record in world.records if isinstance(record, PhoneEvent)]


# --- do not disturb --------------------


def test_do_not_disturb_keeps_silent_until_it_ends() -> None:
    world = shop(available=False)
    code(world, "101", "*78")
    assert phone(world, "102").dial("101").status == 486
    code(world, "101", "*79")
    phone(world, "102").dial("101")
    assert rings(phone(world, "101"))


def test_choices_survive_a_restart() -> None:
    world = shop(available=False)
    code(world, "101", "*78")
    code(world, "101", "*67105")
    kept = [record for record in world.records if isinstance(record, PhoneEvent)]
    assert [(event.do_not_disturb, event.forward_busy) for event in kept] == [(True, ""), (True, "105")]
    reborn = shop(available=False)
    reborn.switch.restore_phones(kept[-1:])
    phone(reborn, "102").dial("101")
    assert rings(phone(reborn, "105")), "do-not-disturb is busy, and busy is forwarded"


# --- pick up --------------------


def test_directed_pick_up() -> None:
    world = shop(available=False)
    call = phone(world, "102").dial("101")
    picked = phone(world, "103").dial("*8101")
    assert picked.status == 200
    assert call.status == 200
    ringing = phone(world, "101").calls[-1]
    assert ringing.cancelled
    assert "Call completed elsewhere" in (ringing.reason or "")
    assert "bridge" in "\n".join(world.log)
    world.advance(10)
    phone(world, "102").hang_up(call)
    assert picked.over
    talk, picking = (next(r for r in world.calls() if r.called == called) for called in ("101", "*8101"))
    assert (talk.outcome, talk.talk_ms) == (Outcome.ANSWERED, 10_000)
    assert picking.outcome is Outcome.SERVED
    world.assert_clean()


def test_group_pick_up_takes_the_longest_ringing_call_of_a_common_group() -> None:
    world = group_shop(p101=("sales",), p102=("sales", "back"), p103=("back",))
    phone(world, "105").dial("103")
    call = phone(world, "104").dial("101")
    picked = phone(world, "102").dial("*8")
    assert picked.status == 200
    assert phone(world, "103").calls[-1].cancelled, "it rang longer"
    assert rings(phone(world, "101"))
    assert call.status == 0
    phone(world, "102").hang_up(picked)


def test_nobody_picks_up_what_is_not_for_them() -> None:
    world = group_shop(p101=("sales",), p103=("sales",))
    phone(world, "105").dial("101")
    assert phone(world, "102").dial("*8").status == 404
    assert phone(world, "102").dial("*8101").status == 404
    assert phone(world, "103").dial("*8104").status == 404
    assert rings(phone(world, "101"))


# --- park --------------------


def test_park_by_blind_transfer_says_the_slot_and_the_slot_fetches() -> None:
    world, caller, agent, talk = talking()
    refer(agent, talk, "<sip:*70@shop.test>")
    assert agent.statuses[-1] == 202
    playing = {play.clips: stream for stream, play in world.playing.items()}
    slot = next(clips for clips in playing if len(clips) == 4)
    assert slot == ("prompts/en/digits/star", "prompts/en/digits/7", "prompts/en/digits/0", "prompts/en/digits/1")
    assert ("music/default",) in playing
    assert not talk.over
    world.finish_play(playing[slot])
    assert talk.over
    assert not caller.over
    fetched = phone(world, "105").dial("*701")
    assert fetched.status == 200
    world.advance(30)
    phone(world, "alpha").hang_up(caller)
    assert fetched.over
    assert [(part.agent, part.talk_ms) for part in segments(world)][-1] == ("a5", 30_000)
    assert phone(world, "105").dial("*701").status == 404
    world.assert_clean()


def test_park_by_attended_transfer_uses_the_slot_that_was_told() -> None:
    world, caller, agent, talk = talking()
    asking = agent.dial("*70")
    assert any(line.endswith("digits/7 prompts/en/digits/0 prompts/en/digits/1") for line in world.log)
    dialog = asking.dialog
    assert dialog is not None
    replaces = quote(f"{dialog.call_id};to-tag={dialog.remote.tag};from-tag={dialog.local.tag}", safe="")
    refer(agent, talk, f"<sip:*70@shop.test?Replaces={replaces}>")
    agent.hang_up(talk)
    assert asking.over
    assert notes(world, "parked") == ["*701 by 101"]
    assert phone(world, "105").dial("*701").status == 200
    phone(world, "alpha").hang_up(caller)
    world.assert_clean()


def test_a_parked_call_nobody_fetches_rings_at_who_parked_it() -> None:
    world, caller, agent, talk = talking()
    refer(agent, talk, "<sip:*70@shop.test>")
    agent.hang_up(talk)
    world.advance(121)
    assert rings(agent)
    world.advance(21)
    assert agent.calls[-1].cancelled
    assert not caller.over, "it waits on"
    world.advance(121)
    agent.answer()
    agent.hang_up()
    assert caller.over
    world.assert_clean()


def test_a_parked_caller_may_hang_up() -> None:
    world, caller, agent, talk = talking()
    refer(agent, talk, "<sip:*70@shop.test>")
    phone(world, "alpha").hang_up(caller)
    assert talk.over
    assert world.switch.exchange.parking.find("*701") is None
    world.assert_clean()


# --- groups --------------------


def test_a_group_rings_all_its_phones_and_the_first_answer_wins() -> None:
    world = group_shop()
    call = phone(world, "101").dial("650")
    assert rings(phone(world, "102"))
    assert rings(phone(world, "103"))
    phone(world, "103").answer()
    assert call.status == 200
    assert phone(world, "102").calls[-1].cancelled
    phone(world, "103").hang_up()
    world.assert_clean()


def test_a_linear_group_rings_one_after_another() -> None:
    world = group_shop("linear")
    call = phone(world, "101").dial("650")
    assert rings(phone(world, "102"))
    assert not phone(world, "103").calls
    world.advance(10.5)
    assert phone(world, "102").calls[-1].cancelled
    assert rings(phone(world, "103"))
    world.advance(10.5)
    assert call.status == 480
    world.assert_clean()


def test_a_group_skips_who_does_not_want_to_be_disturbed() -> None:
    world = group_shop()
    code(world, "102", "*78")
    code(world, "103", "*78")
    assert phone(world, "101").dial("650").status == 486


def test_a_group_call_is_picked_up() -> None:
    world = group_shop()
    call = phone(world, "101").dial("650")
    assert phone(world, "104").dial("*8103").status == 200
    assert call.status == 200
    assert phone(world, "102").calls[-1].cancelled
    assert phone(world, "103").calls[-1].cancelled
    phone(world, "101").hang_up(call)
    world.assert_clean()


def test_a_call_a_queue_offers_is_picked_up_by_a_colleague() -> None:
    world = shop(agents=3, ring=1)
    caller = enter_queue(world)
    (ringing,) = [number for number in ("101", "102", "103") if rings(phone(world, number))]
    picker = "103" if ringing != "103" else "102"
    picked = phone(world, picker).dial(f"*8{ringing}")
    assert picked.status == 200
    stopped = phone(world, ringing).calls[-1]
    assert stopped.cancelled
    assert "Call completed elsewhere" in (stopped.reason or "")
    assert world.switch.distributor.agent(f"a{int(ringing) - 100}").state is State.IDLE
    assert not world.switch.exchange.ringing
    world.advance(10)
    phone(world, picker).hang_up(picked)
    assert caller.over
    talk = next(call for call in world.calls() if call.direction is Direction.INCOMING)
    assert (talk.outcome, talk.agent, talk.queue) == (Outcome.ANSWERED, f"a{int(picker) - 100}", "sales")
    assert talk.talk_ms == 10_000
    (queue,) = world.switch.distributor.queues(world.now)
    assert (queue.today.answered, queue.today.abandoned) == (1, 0)
    world.assert_clean()


def test_a_phone_does_not_pick_up_what_it_rings_for_itself() -> None:
    world = shop(agents=1)
    enter_queue(world)
    assert rings(phone(world, "101"))
    assert phone(world, "101").dial("*8").status == 404


def moved(world: World, who: str, contact: str, status: int = 302) -> None:
    """A phone answers its latest call itself: try elsewhere."""
    phone(world, who).respond(phone(world, who).calls[-1], status, headers=(("Contact", contact),))


def test_a_phone_that_names_another_number_itself_forwards_with_its_own_rights() -> None:
    world = shop(available=False)
    call = phone(world, "102").dial("101")
    moved(world, "101", "<sip:069123456@anywhere.test>")
    alpha = phone(world, "alpha")
    alpha.answer()
    assert call.status == 200
    assert alpha.requests[0].header("Diversion") == "<sip:37322000111@198.51.100.1>;reason=deflection"
    assert notes(world, "forwarded") == ["101 to 069123456: deflection"]
    closed = shop(available=False, dial_plan=DialPlan())
    refused = phone(closed, "102").dial("101")
    moved(closed, "101", "<sip:069123456@anywhere.test>")
    assert refused.status == 404
    assert notes(closed, "forward-refused")


def test_two_phones_that_name_each_other_end_in_a_loop() -> None:
    world = shop(available=False)
    call = phone(world, "103").dial("101")
    moved(world, "101", "<sip:102@shop.test>")
    moved(world, "102", "<sip:101@shop.test>")
    assert call.status == 482
    assert notes(world, "forward-loop") == ["101 102 101"]


@pytest.mark.parametrize("contact", ["<sip:shop.test>", "nonsense<", "*"])
def test_a_redirection_to_nowhere_is_no_answer(contact: str) -> None:
    world = shop(available=False)
    call = phone(world, "102").dial("101")
    moved(world, "101", contact)
    assert call.status == 480
    world.assert_clean()


def test_the_caller_is_told_that_the_call_is_forwarded() -> None:
    world = shop(available=False)
    code(world, "101", "*67105")
    phone(world, "102").dial("101")
    busy = phone(world, "101")
    busy.respond(busy.calls[-1], 486)
    phone(world, "105").respond(phone(world, "105").calls[-1], 180)
    assert phone(world, "102").statuses[-2:] == [181, 180]


def test_why_a_caller_cancels_reaches_the_phone_that_rings() -> None:
    world = shop(available=False)
    call = phone(world, "102").dial("101")
    assert isinstance(call.transaction, ClientTransaction)
    phone(world, "102").stack.cancel(call.transaction, world.now, reason='SIP;cause=200;text="Completed elsewhere"')
    world.settle()
    assert phone(world, "101").calls[-1].reason == 'SIP;cause=200;text="Completed elsewhere"'
    world.assert_clean()
