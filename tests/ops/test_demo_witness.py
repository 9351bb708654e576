"""Long demonstrations: what was lived is taken down call by call, and the sound is forgotten."""

import asyncio
import weakref
from typing import Any, cast

import numpy as np
import pytest

from softacd.calls.records import CallRecord, Direction
from softacd.ops.demo.accounts import Clips
from softacd.ops.demo.cast import AgentActor, AgentCall, CallerStory
from softacd.ops.demo.shop import Agent
from softacd.ops.demo.stage import every_call
from softacd.ops.demo.witness import Witness
from softacd.simulate import sound
from softacd.simulate.call import CallState, SimulatedCall
from softacd.simulate.ear import Ear
from softacd.simulate.people import AgentPlan, CallerPlan, KeyBy, Move
from softacd.simulate.sound import FRAME, RATE, Samples

ANN = 2


def noise(seed: int, seconds: float) -> Samples:
    return np.random.default_rng(seed).normal(0, 3000, int(seconds * RATE)).astype(np.int16)


CLIPS = Clips(greeting=noise(1, 1.0), notice=noise(3, 1.5), music=noise(4, 5.0))


class Voice:
    """One that has heard something."""

    def __init__(self, heard: Samples) -> None:
        self.ear = Ear(0.0)
        for number in range(len(heard) // FRAME):
            piece = heard[number * FRAME : (number + 1) * FRAME]
            self.ear.hear(piece, ssrc=1, sequence=number, timestamp=number * FRAME, now=number * 0.02)


class Over:
    """A call that is over, as far as a witness looks at it."""

    def __init__(self, caller: str, heard: Samples, state: CallState = CallState.ENDED) -> None:
        self.caller = caller
        self.voice = Voice(heard)
        self.state = state
        self.ended_by = "here"
        self.status = 200
        self.reason = ""
        self.waited_for = 0

    async def until(self, condition: Any, seconds: float) -> bool:
        self.waited_for += 1
        self.state = CallState.ENDED
        return bool(condition())

    def time_of(self, kind: str) -> float:
        return {"talking": 0.1, "ended": len(self.voice.ear.samples) / RATE}.get(kind, 0.0)


class Evening:
    """Callers who all talked to Ann, one after the other."""

    def __init__(self, ears_kept: int) -> None:
        agent = Agent("ann", "Ann", "101", "secret", ANN, "clip")
        self.ann = AgentActor(agent, sound.silence(0), lambda: AgentPlan(Move.ANSWER, 0, 0, 0, 0))
        self.witness = Witness(CLIPS, [self.ann], ears_kept=ears_kept)
        self.stories: list[CallerStory] = []
        self.voices: list[weakref.ref[Voice]] = []

    def call(self, *, wait: float = 2.0, hung_up: bool = True) -> CallerStory:
        index = len(self.stories)
        plan = CallerPlan(f"Ada {index}", f"+3736{index:07d}", 11, "alpha", "1", KeyBy.INFO, 1.0, 60.0, 5.0)
        story = CallerStory(index, plan, "+37322000111")
        waiting = np.tile(CLIPS.music, 3)[: int(wait * RATE)]
        heard = np.concatenate((CLIPS.greeting, noise(2, 2.0), CLIPS.notice, waiting, sound.bell(ANN), noise(5, 2.0)))
        at_caller = Over(plan.number, heard)
        at_agent = Over(plan.number, sound.bell(11), CallState.ENDED if hung_up else CallState.TALKING)
        story.call = cast("SimulatedCall", at_caller)
        story.pressed, story.met, story.over = 3.0, 4.5 + wait, True
        self.ann.calls.append(AgentCall(self.ann._draw(), cast("SimulatedCall", at_agent)))
        self.voices += [weakref.ref(at_caller.voice), weakref.ref(at_agent.voice)]
        self.stories.append(story)
        self.witness.ended(story)
        return story

    def sound_kept(self) -> int:
        return sum(voice() is not None for voice in self.voices)


async def settled(evening: Evening, left: int) -> None:
    async with asyncio.timeout(30):
        while evening.sound_kept() > left:  # noqa: ASYNC110 - what is forgotten tells nobody
            await asyncio.sleep(0.01)


async def test_the_sound_of_the_oldest_calls_is_forgotten_as_there_get_to_be_too_many() -> None:
    evening = Evening(ears_kept=2)
    for _ in range(6):
        evening.call()
    await settled(evening, 2 * 2)
    assert [story.call is None for story in evening.stories] == [True] * 4 + [False] * 2
    assert sorted(evening.witness.lived) == [0, 1, 2, 3]
    assert len(evening.ann.calls) == 2
    await evening.witness.finish()
    await settled(evening, 0)
    assert sorted(evening.witness.lived) == list(range(6))
    assert evening.witness.rings.total == evening.witness.rings.answered == 6
    for number, lived in evening.witness.lived.items():
        assert lived.view.plan.number == evening.stories[number].plan.number
        assert (lived.heard.greeting, lived.heard.notice, lived.heard.music, lived.heard.agent) == (True,) * 4
        assert [(agent.agent, agent.heard_caller) for agent in lived.agents] == [("ann", True)]
        assert not len(lived.view.heard)


async def test_a_short_demonstration_is_looked_through_when_nobody_speaks_any_more() -> None:
    evening = Evening(ears_kept=5)
    for _ in range(5):
        evening.call()
    await asyncio.sleep(0.05)
    assert not evening.witness.lived
    await evening.witness.finish()
    assert len(evening.witness.lived) == 5


async def test_the_recording_is_of_the_call_that_shows_most() -> None:
    evening = Evening(ears_kept=0)
    for wait in (1.5, 4.0, 2.0):
        evening.call(wait=wait)
    await evening.witness.finish()
    recording = evening.witness.recording
    assert recording is not None
    assert recording.index == 1
    assert len(recording.samples) / RATE == pytest.approx(
        1.0 + 2.0 + 1.5 + 4.0 + len(sound.bell(ANN)) / RATE + 2.0, abs=0.03
    )


async def test_an_agent_who_hears_of_the_end_a_little_later_is_waited_for() -> None:
    evening = Evening(ears_kept=5)
    evening.call(hung_up=False)
    call = cast("Any", evening.ann.calls[0].call)
    await evening.witness.finish()
    assert call.waited_for == 1
    assert evening.witness.rings.answered == 1


async def test_a_caller_who_never_got_through_has_lived_something_too() -> None:
    evening = Evening(ears_kept=0)
    story = evening.call()
    story.call, story.failure = None, "no port"
    await evening.witness.finish()
    assert evening.witness.lived[0].view.failure == "no port"


class Pages:
    """Answers as the store does: newest first, `before` excluded."""

    def __init__(self, starts: list[int]) -> None:
        self._calls = [
            CallRecord(f"n1-{number}", Direction.INCOMING, start, "", "") for number, start in enumerate(starts)
        ][::-1]

    async def calls(self, *, limit: int, before: int | None = None) -> list[CallRecord]:
        return [call for call in self._calls if before is None or call.started < before][:limit]


@pytest.mark.parametrize("starts", [[], [1], [1, 2, 3, 3, 3, 4, 5, 5, 6, 7], list(range(40)), [5] * 4])
async def test_calls_are_asked_for_page_by_page_and_none_is_missed(starts: list[int]) -> None:
    found = await every_call(Pages(starts), page=4)
    assert [call.id for call in found] == [f"n1-{number}" for number in reversed(range(len(starts)))]
