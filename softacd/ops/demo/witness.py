"""What was lived in each call, taken down once it is over, so that its sound can be forgotten.

An hour of calls is more than half a gigabyte of sound. To look through it takes a third of a second of work a call,
which the voices of living calls would notice: the calls of a short demonstration are looked through when nobody speaks
any more, those of a long one as there get to be too many.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

import msgspec

from softacd.ops.demo.accounts import AgentView, CallerView, Clips, Heard, listen
from softacd.ops.demo.cast import AgentActor, AgentCall, CallerStory, Rings
from softacd.simulate import sound
from softacd.simulate.call import CallState
from softacd.simulate.sound import Samples

EARS_KEPT = 60
"""Ended calls whose sound is kept until the end."""
OVER_WITHIN = 5.0
"""Seconds in which an agent's phone hears that its caller has hung up."""


class Lived(msgspec.Struct, frozen=True):
    """One call as its caller and the agents who talked in it lived it, without the sound."""

    view: CallerView
    heard: Heard
    agents: list[AgentView]


class Recording(msgspec.Struct, frozen=True):
    """What the caller heard whose call shows most: greeting, notice, music, agent; the longest of those."""

    rank: tuple[int, float]
    index: int
    samples: Samples


class Witness:
    """Looks through ended calls, oldest first; `lived` is by the index of the story."""

    def __init__(self, clips: Clips, actors: Sequence[AgentActor], *, ears_kept: int = EARS_KEPT) -> None:
        self.lived: dict[int, Lived] = {}
        self.rings = Rings()
        self.recording: Recording | None = None
        self._clips = clips
        self._actors = actors
        self._ears_kept = ears_kept
        self._ended: deque[CallerStory] = deque()
        self._task: asyncio.Task[None] | None = None

    def ended(self, story: CallerStory) -> None:
        """A caller has hung up, or never got through."""
        self._ended.append(story)
        if len(self._ended) > self._ears_kept and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._look_through(self._ended, self._ears_kept))

    async def finish(self) -> None:
        """Look through what is left."""
        if self._task is not None:
            await self._task
        await self._look_through(self._ended, 0)
        for actor in self._actors:  # rings of nobody's call
            self._count(actor.forget(None))

    async def close(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look_through(self, ended: deque[CallerStory], keep: int) -> None:
        while len(ended) > keep:
            await self._take_down(ended.popleft())

    async def _take_down(self, story: CallerStory) -> None:
        number = story.plan.number
        rung = [made for actor in self._actors for made in actor.calls if made.call.caller == number]
        for made in rung:
            await made.call.until(lambda call=made.call: call.state is CallState.ENDED, OVER_WITHIN)  # type: ignore[misc]  # mypy cannot infer the default
        await asyncio.to_thread(self._listen, story)
        for actor in self._actors:
            self._count(actor.forget(number))
        story.call = None

    def _count(self, rung: list[AgentCall]) -> None:
        for made in rung:
            self.rings.add(made)

    def _listen(self, story: CallerStory) -> None:
        """In a thread: everybody in this call has hung up."""
        view = caller_view(story)
        heard = listen(view, self._clips)
        agents = [seen for actor in self._actors if (seen := agent_view(actor, story)) is not None]
        if heard.agent:
            shown = sum(map(bool, (heard.greeting, heard.notice, heard.music)))
            # The most sounds; among equals the longest stay in menu and queue.
            waited = max(story.met - story.pressed, 0.0)
            rank = shown, 2 * story.plan.think + min(waited, 10.0)
            if self.recording is None or rank > self.recording.rank:
                self.recording = Recording(rank, story.index, view.heard)
        self.lived[story.index] = Lived(msgspec.structs.replace(view, heard=sound.silence(0)), heard, agents)


def caller_view(story: CallerStory) -> CallerView:
    """What the caller did, saw and heard."""
    call = story.call
    voice = call.voice if call is not None else None
    if call is None or voice is None:
        return CallerView(
            story.plan, False, None, 0.0, False, 0, story.failure or "never called", sound.silence(0), None, ()
        )
    start = voice.ear.started
    return CallerView(
        plan=story.plan,
        answered=bool(call.time_of("talking")),
        pressed=story.pressed - start if story.pressed else None,
        ended=call.time_of("ended") - start,
        ended_by_caller=call.ended_by == "here",
        status=call.status,
        failure=story.failure,
        heard=voice.ear.samples,
        hearing=voice.ear.report(),
        bells=tuple(voice.ear.speakers()),
    )


def agent_view(actor: AgentActor, story: CallerStory) -> AgentView | None:
    """What the agent's phone saw and heard of this caller; None when it never answered him."""
    call = actor.answered(story.plan.number)
    if call is None or call.voice is None:
        return None
    bells = {signature for _, signature in call.voice.ear.speakers()}
    ended = call.time_of("ended")
    hold = call.time_of("hold")
    return AgentView(
        agent=actor.agent.name,
        signature=actor.agent.signature,
        seconds=ended - call.time_of("talking"),
        held=(call.time_of("resume") or ended) - hold if hold else 0.0,
        hung_up_first=call.ended_by == "here",
        heard_caller=story.plan.signature in bells,
    )
