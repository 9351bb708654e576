"""Surveys: an agent hangs up, the caller stays and gives scores, which are kept with call, agent and queue."""

from typing import Any

import msgspec

from softacd.acd.vocabulary import State
from softacd.calls.flow_steps import QueueStep
from softacd.calls.records import Outcome, Rating, Segment
from tests.calls.flows import flow
from tests.calls.test_queue_calls import enter_queue, phone
from tests.calls.world import Ring, World, shop

SURVEY = """
start = "service"
[steps.service]
do = "survey"
topic = "service"
then = "goods"
otherwise = "bye"
[steps.goods]
do = "survey"
topic = "goods"
prompts = ["shop/goods"]
most = 3
low = 1
then = "bye"
[steps.bye]
do = "say"
prompts = ["survey-thanks"]
"""


def asking_shop(step: QueueStep | None = None, **settings: Any) -> World:
    world = shop(step=step, **{"agents": 1, "ring": 1, "wrap_up": 5, "after_call": "survey", **settings})
    exchange = world.switch.exchange
    changed = msgspec.structs.replace(exchange.settings, flows=(*exchange.settings.flows, flow(SURVEY, "survey")))
    world.switch.configure(changed, tuple(exchange.queues.values()), tuple(exchange.agents.values()), world.now)
    world.settle()
    return world


def talked(world: World) -> Ring:
    """A caller has talked with the agent, who hangs up."""
    call = enter_queue(world, "alpha", "069123456")
    phone(world, "101").answer()
    world.advance(20)
    phone(world, "101").hang_up()
    return call


def hears(world: World) -> str:
    (play,) = world.playing.values()
    return play.clips[-1].removeprefix("prompts/en/")


def ratings(world: World) -> list[tuple[str, int, bool]]:
    return [(one.topic, one.score, one.low) for one in world.records if isinstance(one, Rating)]


def press(world: World, key: str) -> None:
    (stream,) = world.open_streams
    world.press(stream, key)


def test_the_caller_stays_and_says_how_it_was_while_the_agent_wraps_up() -> None:
    world = asking_shop()
    call = talked(world)
    assert not call.over
    assert hears(world) == "survey-question"
    assert not world.bridges
    assert world.switch.distributor.agent("a1").state is State.WRAP_UP
    press(world, "4")
    assert hears(world) == "shop/goods"
    press(world, "1")
    assert hears(world) == "survey-thanks"
    world.finish_play()
    assert call.over
    assert ratings(world) == [("service", 4, False), ("goods", 1, True)]
    (first, _) = [one for one in world.records if isinstance(one, Rating)]
    (record,) = world.calls()
    assert (first.call, first.agent, first.queue) == (record.id, "a1", "sales")
    assert (record.outcome, record.talk_ms) == (Outcome.ANSWERED, 20_000)
    assert [one.ended_by for one in world.records if isinstance(one, Segment)] == ["called"]
    world.assert_clean()


def test_a_key_that_is_no_score_and_silence_are_asked_again_and_then_let_go() -> None:
    world = asking_shop()
    call = talked(world)
    press(world, "9")
    assert hears(world) == "survey-question"
    world.finish_play()
    world.advance(6.1)
    assert hears(world) == "survey-thanks"
    world.finish_play()
    assert call.over
    assert world.events("survey-invalid", "survey-silence") == ["survey-invalid 9", "survey-silence service"]
    assert ratings(world) == []
    world.assert_clean()


def test_who_hangs_up_himself_is_asked_nothing() -> None:
    world = asking_shop()
    call = enter_queue(world, "alpha", "069123456")
    phone(world, "101").answer()
    phone(world, "alpha").hang_up(call)
    assert not world.playing
    world.assert_clean()


def test_who_hangs_up_during_the_survey_has_said_what_he_has_said() -> None:
    world = asking_shop()
    call = talked(world)
    press(world, "2")
    phone(world, "alpha").hang_up(call)
    assert ratings(world) == [("service", 2, True)]
    assert world.calls()[0].outcome is Outcome.ANSWERED
    world.assert_clean()


def test_a_step_may_name_another_flow_than_the_queue_and_a_flow_that_is_gone_ends_the_call() -> None:
    world = asking_shop(QueueStep(queue="sales", after_call="survey"), after_call="")
    talked(world)
    assert hears(world) == "survey-question"
    world = asking_shop(after_call="gone")
    assert talked(world).over


def test_an_agent_who_hangs_up_from_hold_lets_the_caller_go_on() -> None:
    world = asking_shop()
    enter_queue(world, "alpha", "069123456")
    ring = phone(world, "101").answer()
    description = b"v=0\r\no=- 1 2 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\n"
    description += b"m=audio 40000 RTP/AVP 8\r\na=sendonly\r\n"
    phone(world, "101").send(ring, "INVITE", description, "application/sdp")
    phone(world, "101").hang_up(ring)
    assert hears(world) == "survey-question"
