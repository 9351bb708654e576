"""Call flows, step by step: what the caller hears, what is kept with the call, where it ends.

Longer than most files: every kind of step has its transcripts here.
"""

from typing import Any

import msgspec
import pytest

from softacd.acd.vocabulary import State
from softacd.calls.caller import Caller
from softacd.calls.errands import Answered, Failed, Query, Request, Speak, Spoken, Tell
from softacd.calls.model import DialPlan, VoiceLink
from softacd.calls.records import CallEvent, Outcome, TraceRow
from softacd.rtp import vocabulary as media
from tests.calls.flows import call_in, carrier, flow, hears, press, world_of
from tests.calls.world import Peer, World

MENU = """
start = "menu"
[steps.menu]
do = "menu"
prompts = ["menu-main"]
choices = { 1 = "one", 2 = "two" }
tries = 2
[steps.one]
do = "say"
prompts = ["thank-you"]
[steps.two]
do = "say"
prompts = ["number:42", "money:{balance} UAH", "digits:{caller}"]
"""


def phone(world: World, name: str) -> Peer:
    return next(peer for peer in world.peers.values() if peer.name == name)


def test_a_flow_answers_with_its_first_word_and_ends_with_its_last() -> None:
    world = world_of(flow(MENU))
    call = call_in(world)
    assert call.status == 200
    assert hears(world) == ("menu-main",)
    press(world, "1")
    assert hears(world) == ("thank-you",)
    world.finish_play()
    assert call.over
    assert world.calls()[0].keys == "1"
    assert world.events("flow", "step", "key") == ["flow main", "step menu", "key 1", "step one"]
    world.assert_clean()


def test_what_cannot_be_said_is_passed_over_and_told() -> None:
    world = world_of(flow(MENU))
    call = call_in(world)
    press(world, "2")
    assert hears(world)[:3] == ("digits/40", "digits/2", "digits/0"), "an empty balance cannot be said"
    assert world.events("unspeakable") == ["unspeakable '' is no number"]
    world.finish_play()
    assert call.over


def test_a_missing_prompt_costs_itself_and_not_its_neighbours() -> None:
    text = 'start = "a"\n[steps.a]\ndo = "say"\nprompts = ["shop/gone", "goodbye"]\n'
    world = world_of(flow(text))
    call = call_in(world)
    (stream, play), *_ = world.playing.items()
    world.playing.clear()
    world.switch.handle_media(media.PlayEnded(stream, play.play, False, "unknown clip: shop/gone"), world.now)
    world.settle()
    assert hears(world) == ("shop/gone",)
    (stream, play), *_ = world.playing.items()
    world.playing.clear()
    world.switch.handle_media(media.PlayEnded(stream, play.play, False, "unknown clip: shop/gone"), world.now)
    world.settle()
    assert hears(world) == ("goodbye",)
    world.finish_play()
    assert call.over
    assert world.events("prompt-missing")


def test_a_caller_who_presses_nothing_is_asked_twice_and_let_go() -> None:
    world = world_of(flow(MENU))
    call = call_in(world)
    world.finish_play()
    world.advance(5)
    assert hears(world) == ("menu-timeout", "menu-main")
    world.finish_play()
    world.advance(5)
    assert call.over
    assert world.events("menu-silence") == ["menu-silence menu"] * 2
    world.assert_clean()


def test_a_menu_without_barge_in_counts_keys_when_all_is_said() -> None:
    world = world_of(flow(MENU.replace("tries = 2", "tries = 2\nbarge_in = false")))
    call_in(world)
    press(world, "1")
    assert hears(world) == ("menu-main",)
    world.finish_play()
    press(world, "1")
    assert hears(world) == ("thank-you",)


LANGUAGE = """
start = "menu"
[steps.menu]
do = "menu"
prompts = ["welcome"]
choices = { 1 = "bye", 2 = "bye" }
languages = { 1 = "en", 2 = "xx" }
[steps.bye]
do = "say"
prompts = ["goodbye", "shop/{language}"]
"""


def test_a_language_is_chosen_by_a_key_and_one_without_words_is_not() -> None:
    world = world_of(flow(LANGUAGE))
    call_in(world)
    press(world, "2")
    assert hears(world) == ("goodbye", "shop/en")


SERVICE = """
start = "contract"

[steps.contract]
do = "collect"
prompts = ["enter-contract"]
into = "contract"
least = 4
most = 8
then = "pin"

[steps.pin]
do = "collect"
prompts = ["enter-pin"]
into = "pin"
least = 4
most = 4
terminator = "#"
masked = true
attempts = 3
spent = "spent"
then = "ask"

[steps.ask]
do = "lookup"
source = "billing"
path = "/balance/{contract}"
send = { contract = "{contract}", pin = "{pin}" }
save = { balance = "account.balance" }
then = "tell"
missing = "wrong"
failed = "down"

[steps.tell]
do = "say"
prompts = ["balance-is", "money:{balance} UAH"]

[steps.wrong]
do = "say"
prompts = ["not-recognised"]
then = "contract"

[steps.down]
do = "say"
prompts = ["service-unavailable"]

[steps.spent]
do = "say"
prompts = ["too-many-attempts"]
then = "sales"

[steps.sales]
do = "queue"
queue = "sales"
"""


def enter(world: World, contract: str, pin: str) -> Request:
    press(world, contract + "#")
    assert hears(world) == ("enter-pin",)
    press(world, pin)
    (errand,) = world.errands()
    assert isinstance(errand, Request)
    return errand


def test_the_balance_is_spoken_after_contract_and_pin() -> None:
    world = world_of(flow(SERVICE))
    call = call_in(world)
    errand = enter(world, "12345", "9876")
    assert (errand.source, errand.path, errand.method) == ("billing", "/balance/12345", "POST")
    assert errand.send == {"contract": "12345", "pin": "9876"}
    assert hears(world) == ("music/default",), "music while the source is asked"
    world.do(Answered(errand.errand, {"account": {"balance": 50}}))
    assert hears(world) == ("balance-is", "digits/50", "money/hryvnias")
    world.finish_play()
    assert call.over
    assert world.events("lookup") == ["lookup billing: balance = 50"]
    world.assert_clean()


def test_three_wrong_pins_lead_to_a_human() -> None:
    world = world_of(flow(SERVICE))
    call_in(world)
    for _ in range(3):
        errand = enter(world, "12345", "0000")
        world.do(Answered(errand.errand, None))
        assert hears(world) == ("not-recognised",)
        world.finish_play()
    press(world, "12345#")
    assert hears(world) == ("too-many-attempts",)
    world.finish_play()
    assert hears(world) == ("music/default",)
    assert world.events("lookup") == ["lookup billing: not found"] * 3
    assert world.events("attempts-spent") == ["attempts-spent pin"]


def test_a_pin_stands_in_no_record_event_or_trace() -> None:
    world = world_of(flow(SERVICE))
    call = call_in(world)
    press(world, "12345#")
    alpha = carrier(world)
    for key in "98":
        alpha.send(call, "INFO", f"Signal={key}\r\nDuration=160\r\n".encode(), "application/dtmf-relay")
    press(world, "76")
    (errand,) = world.errands()
    assert "9876" not in repr(errand)
    world.do(Failed(errand.errand, "HTTP status 500"))
    alpha.hang_up(call)
    assert world.calls()[0].keys == "12345#xxxx"
    assert world.events("collected") == ["collected contract: 12345", "collected pin: 4 digits"]
    for record in world.book:
        if not isinstance(record, TraceRow):
            assert "9876" not in str(record)
            assert not (isinstance(record, CallEvent) and record.kind == "key" and record.detail in "9876")
        else:
            assert "Signal" not in record.line


def test_a_pin_typed_ahead_of_its_prompt_is_hidden_too() -> None:
    text = SERVICE.replace(
        "[steps.pin]\ndo", '[steps.hint]\ndo = "say"\nprompts = ["one-moment"]\nthen = "pin"\n\n[steps.pin]\ndo'
    )
    text = text.replace('most = 8\nthen = "pin"', 'most = 8\nthen = "hint"')
    world = world_of(flow(text))
    call = call_in(world)
    press(world, "12345#")
    assert hears(world) == ("one-moment",)
    press(world, "9876")
    (errand,) = world.errands()
    assert isinstance(errand, Request)
    assert errand.send["pin"] == "9876"
    carrier(world).hang_up(call)
    assert world.calls()[0].keys == "12345#xxxx"


def test_a_source_that_is_silent_is_not_waited_for_and_its_late_answer_is_dropped() -> None:
    world = world_of(flow(SERVICE))
    call = call_in(world)
    errand = enter(world, "12345", "9876")
    world.advance(2)
    assert hears(world) == ("service-unavailable",)
    assert world.events("lookup") == ["lookup billing: failed, no answer in time"]
    world.do(Answered(errand.errand, {"account": {"balance": 50}}))
    assert hears(world) == ("service-unavailable",)
    world.finish_play()
    assert call.over
    world.assert_clean()


@pytest.mark.parametrize("answer", [{}, {"account": None}, {"account": {"balance": None}}, {"account": []}, [], 5])
def test_an_answer_without_the_value_is_none(answer: Any) -> None:
    world = world_of(flow(SERVICE))
    call_in(world)
    errand = enter(world, "12345", "9876")
    world.do(Answered(errand.errand, answer))
    assert hears(world) == ("not-recognised",)


def test_who_hangs_up_while_a_source_is_asked_leaves_nothing_behind() -> None:
    world = world_of(flow(SERVICE))
    call = call_in(world)
    errand = enter(world, "12345", "9876")
    carrier(world).hang_up(call)
    world.do(Answered(errand.errand, {"account": {"balance": 50}}))
    assert world.calls()[0].outcome is Outcome.MISSED
    world.assert_clean()


BEFORE = """
start = "who"

[steps.who]
do = "branch"
cases = [
  { value = "{category}", is = ["vip"], then = "manager" },
  { value = "{caller}", starts = ["07"], then = "refuse" },
  { value = "{queue.sales.ready}", below = 1, then = "nobody" },
]
otherwise = "know"

[steps.know]
do = "lookup"
source = "customers"
query = "SELECT name FROM customers WHERE id = :id"
send = { id = "{customer}" }
save = { called_name = "name" }
then = "greet"
missing = "greet"
failed = "greet"

[steps.greet]
do = "say"
prompts = ["good-{part_of_day}", "text:Dear {called_name}"]
fallback = "one-moment"

[steps.manager]
do = "ring"
agent = "{manager}"
seconds = 10
then = "sales"

[steps.sales]
do = "queue"
queue = "sales"
priority = 5
prefer = "{manager}"
skills = { romanian = 2 }

[steps.refuse]
do = "hang-up"
status = 403

[steps.nobody]
do = "say"
prompts = ["no-agents"]
"""


def known(number: str) -> Caller | None:
    return (
        Caller(number=number, customer="7", name="Ion", category="vip", manager="a2") if number == "069000007" else None
    )


def test_a_caller_is_refused_before_the_first_word() -> None:
    world = world_of(flow(BEFORE))
    call = call_in(world, "0700000")
    assert call.status == 403
    assert world.media == [] or not any(isinstance(command, media.Play) for command in world.media)
    assert world.calls()[0].outcome is Outcome.MISSED
    world.assert_clean()


VOICES = {"voices": (VoiceLink("en", 3.0),)}


def test_a_look_up_before_the_answer_lets_the_caller_hear_ringing() -> None:
    world = world_of(flow(BEFORE), settings=VOICES)
    call = call_in(world)
    assert call.status == 180
    (errand,) = world.errands()
    assert isinstance(errand, Query)
    assert errand.send == {"id": ""}
    world.do(Answered(errand.errand, {"name": "Ana"}))
    assert call.status == 200
    (spoken,) = world.errands()
    assert isinstance(spoken, Speak)
    assert (spoken.text, spoken.timeout) == ("Dear Ana", 3.0)
    assert not world.playing
    world.do(Spoken(spoken.errand, "speech/abc"))
    assert hears(world) == ("good-evening", "speech/abc"), "the virtual clock stands at 22:13 UTC"


def test_a_voice_that_does_not_speak_in_time_is_replaced_by_the_fallback() -> None:
    world = world_of(flow(BEFORE), settings=VOICES)
    call_in(world)
    (errand,) = world.errands()
    world.do(Failed(errand.errand, "x"))
    (spoken,) = world.errands()
    world.advance(2.9)
    assert not world.playing
    world.advance(0.2)
    assert hears(world) == ("good-evening", "one-moment")
    assert world.events("unspeakable") == ["unspeakable no answer in time"]
    world.do(Spoken(spoken.errand, "speech/late"))
    assert hears(world) == ("good-evening", "one-moment")


def test_without_a_voice_for_the_language_the_fallback_is_said_at_once() -> None:
    world = world_of(flow(BEFORE))
    call_in(world)
    (errand,) = world.errands()
    world.do(Failed(errand.errand, "x"))
    assert not world.errands()
    assert hears(world) == ("good-evening", "one-moment")
    assert world.events("unspeakable") == ["unspeakable no voice speaks en"]
    world.finish_play()
    world.assert_clean()


def test_a_vip_rings_the_personal_manager_unanswered_then_the_queue_prefers_him() -> None:
    world = world_of(flow(BEFORE), lookup=known)
    call = call_in(world, "069000007")
    assert not phone(world, "101").calls
    manager = phone(world, "102")
    manager.respond(manager.calls[-1], 180)
    assert call.status == 180
    manager.respond(manager.calls[-1], 486)
    assert call.status == 200, "the queue has music"
    assert world.events("ring", "ring-failed") == ["ring 102", "ring-failed 102: 486"]
    (living,) = world.switch.exchange.calls
    assert world.switch.distributor.position(living) == 1


def test_nobody_ready_is_known_before_the_queue() -> None:
    world = world_of(flow(BEFORE), available=False)
    call_in(world)
    assert hears(world) == ("no-agents",)


SUB = """
start = "in"
[steps.in]
do = "flow"
flow = "sub"
then = "bye"
[steps.bye]
do = "say"
prompts = ["goodbye", "digits:{word}"]
"""
INNER = """
start = "set"
[steps.set]
do = "set"
values = { word = "12", language = "en" }
then = "tell"
[steps.tell]
do = "webhook"
source = "crm"
path = "/calls/{caller}"
send = { who = "{caller}", word = "{word}" }
then = "say"
[steps.say]
do = "say"
prompts = ["thank-you"]
"""


def test_a_sub_flow_returns_with_its_variables() -> None:
    world = world_of(flow(SUB), flow(INNER, "sub"))
    call = call_in(world)
    (told,) = world.errands()
    (living,) = world.switch.exchange.calls
    assert told == Tell(living, "crm", "/calls/069123456", {"who": "069123456", "word": "12"})
    assert hears(world) == ("thank-you",)
    world.finish_play()
    assert hears(world) == ("goodbye", "digits/1", "digits/2")
    world.finish_play()
    assert call.over
    assert world.events("step") == ["step in", "step sub.set", "step sub.tell", "step sub.say", "step bye"]


def test_a_flow_edited_while_a_caller_is_in_it_does_not_disturb_him() -> None:
    world = world_of(flow(SUB), flow(INNER, "sub"))
    call = call_in(world)
    settings = world.switch.exchange.settings
    other = flow('start = "bye"\n[steps.bye]\ndo = "say"\nprompts = ["closed"]\n')
    world.switch.configure(
        msgspec.structs.replace(settings, flows=(other,)),
        tuple(world.switch.exchange.queues.values()),
        tuple(world.switch.exchange.agents.values()),
        world.now,
    )
    assert hears(world) == ("thank-you",)
    world.finish_play()
    assert hears(world) == ("goodbye", "digits/1", "digits/2")
    world.finish_play()
    assert call.over
    call_in(world)
    assert hears(world) == ("closed",)


KEYS = """
start = "sales"
[steps.sales]
do = "queue"
queue = "sales"
keys = { 5 = "bye" }
exits = { full = "full", no-agents = "none" }
[steps.bye]
do = "say"
prompts = ["goodbye"]
[steps.full]
do = "say"
prompts = ["queue-full"]
[steps.none]
do = "say"
prompts = ["no-agents"]
"""


def test_a_caller_leaves_the_queue_by_a_key_and_the_phones_stop() -> None:
    world = world_of(flow(KEYS))
    call_in(world)
    press(world, "4")
    assert hears(world) == ("music/default",)
    press(world, "5")
    assert hears(world) == ("goodbye",)
    assert all(one.over for name in ("101", "102", "103", "104") for one in phone(world, name).calls)
    world.finish_play()
    world.assert_clean()


def test_a_queue_says_why_it_did_not_serve() -> None:
    world = world_of(flow(KEYS), available=False, join_without_agents=False)
    call_in(world)
    assert hears(world) == ("no-agents",)
    world = world_of(flow(KEYS), max_callers=1, available=False)
    call_in(world)
    carrier(world).dial("37322000111", from_="069000002")
    assert [play.clips for play in world.playing.values()] == [("music/default",), ("prompts/en/queue-full",)]


OUT = """
start = "mobile"
[steps.mobile]
do = "dial"
number = "069111222"
seconds = 10
then = "back"
[steps.back]
do = "record-notice"
decline = "9"
then = "extension"
[steps.extension]
do = "collect"
prompts = ["enter-extension"]
into = "extension"
least = 3
most = 3
check = "extension"
tries = 2
then = "connect"
[steps.connect]
do = "transfer"
number = "{extension}"
then = "hold"
[steps.hold]
do = "play"
seconds = 5
then = "answered"
[steps.answered]
do = "answer"
"""


def test_a_mobile_phone_an_entered_extension_and_music() -> None:
    world = world_of(flow(OUT))
    call = call_in(world)
    alpha = carrier(world)
    out = alpha.calls[-1]
    assert out is not call
    assert call.status == 0, "not answered yet, and nothing rings"
    alpha.respond(out, 180)
    assert call.status == 180
    world.advance(10)
    assert out.cancelled
    assert hears(world) == ("recording-notice",)
    press(world, "9")
    assert hears(world) == ("enter-extension",)
    press(world, "999")
    assert hears(world) == ("entry-invalid", "enter-extension")
    assert world.events("collect-invalid") == ["collect-invalid extension: 999, no extension"]
    press(world, "105")
    called = phone(world, "105")
    called.respond(called.calls[-1], 603)
    assert hears(world) == ("music/default",)
    world.advance(5)
    assert call.over
    world.assert_clean()


def test_who_declines_is_not_recorded() -> None:
    world = world_of(flow(OUT.replace('number = "{extension}"', 'number = "600"')), record=True)
    world.switch.services.recordings.directory = "/recordings"
    call_in(world)
    carrier(world).respond(carrier(world).calls[-1], 480)
    press(world, "9")
    press(world, "101")
    phone(world, "102").answer()
    assert world.switch.distributor.agent("a2").state is State.TALKING
    assert not any(isinstance(command, media.StartRecording) for command in world.media)


def test_a_flow_has_ceilings_of_its_own_for_calls_outside() -> None:
    plan = DialPlan(outside=("0XXXXXXXX",), flow_calls_at_once=1)
    world = world_of(flow(OUT), settings={"dial_plan": plan})
    call_in(world)
    before = len(carrier(world).calls)
    second = carrier(world).dial("37322000111", from_="069000002")
    assert len(carrier(world).calls) == before + 1, "only the caller's own call: nothing went out for the second"
    assert second.status == 200
    assert world.events("toll-guard") == ["toll-guard flow:main has 1 outside calls at once"]


def test_a_machine_that_presses_for_ever_is_let_go() -> None:
    text = 'start = "menu"\n[steps.menu]\ndo = "menu"\nprompts = ["menu-main"]\nchoices = { 1 = "menu" }\n'
    world = world_of(flow(text))
    call = call_in(world)
    for _ in range(1000):
        if call.over:
            break
        press(world, "1")
    assert call.over
    assert world.events("flow-too-long")
