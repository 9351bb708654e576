"""Who plays in the demonstration: callers and agents, each with a plan and a story of what became of it.

A story is one side's own view: what that party did, saw in its signalling and heard in its sound. Nothing in it comes
from the switch's records; `accounts` lays the two side by side afterwards.
"""

import asyncio
from collections.abc import Callable

import msgspec

from softacd.ops.demo.shop import Agent
from softacd.simulate import sound
from softacd.simulate.call import CallState, NotNowError, SimulatedCall
from softacd.simulate.carrier import SimulatedCarrier
from softacd.simulate.mouth import speech
from softacd.simulate.people import AgentPlan, CallerPlan, Move
from softacd.simulate.sound import Samples

ANSWER_WITHIN = 10.0
"""Seconds in which the switch must answer a caller."""


class CallerStory:
    """One caller's call from outside. Times are monotonic seconds, 0 for what did not happen."""

    def __init__(self, index: int, plan: CallerPlan, called: str) -> None:
        self.index = index
        self.plan = plan
        self.called = called
        self.call: SimulatedCall | None = None
        self.pressed = 0.0
        self.met = 0.0
        """When a bell was first recognised: a human speaks."""
        self.over = False
        self.failure = ""
        """What went wrong at this end: never answered, no port, the key could not be sent."""

    @property
    def phase(self) -> str:
        """One word for the progress line."""
        if self.over:
            return "over"
        return "talking" if self.met else "waiting" if self.pressed else "calling"

    async def play(self, carrier: SimulatedCarrier, account: str) -> None:
        """Call, listen, press the key, wait, talk, hang up."""
        try:
            await self._play(carrier, account)
        except (NotNowError, ValueError, OSError) as error:
            self.failure = str(error)
        finally:
            if self.call is not None:
                self.call.hang_up()
            self.over = True

    async def _play(self, carrier: SimulatedCarrier, account: str) -> None:
        plan = self.plan
        call = await carrier.dial(account, called=self.called, caller=plan.number, display_name=plan.name)
        self.call = call
        if not await call.reached(CallState.TALKING, ANSWER_WITHIN):
            self.failure = f"not answered: {call.status or 'nothing came'}"
            return
        assert call.voice is not None  # noqa: S101 - an answered call has one
        call.voice.mouth.say(speech(plan.signature, sound.silence(1.5)))
        if await self._ended(plan.think):
            return
        call.send_digits(plan.key, plan.key_by)
        self.pressed = call.events[-1].at
        if await call.hear_somebody(plan.patience) is None:
            return
        self.met = asyncio.get_running_loop().time()
        await self._ended(plan.talk)

    async def _ended(self, seconds: float) -> bool:
        call = self.call
        return call is not None and await call.until(lambda: call.state is CallState.ENDED, seconds)


class AgentCall(msgspec.Struct):
    """One ringing of an agent's phone: what was intended and the call itself."""

    plan: AgentPlan
    call: SimulatedCall


class Rings(msgspec.Struct):
    """How the ringings of agents' phones ended, as the phones saw it."""

    total: int = 0
    answered: int = 0
    ignored: int = 0
    declined: int = 0
    elsewhere: int = 0
    """Taken back because a colleague answered (Reason: SIP;cause=200, RFC 3326)."""
    given_up: int = 0
    """Taken back because the caller hung up."""

    def add(self, made: AgentCall) -> None:
        """Count one."""
        self.total += 1
        call = made.call
        if call.time_of("talking"):
            self.answered += 1
        elif call.ended_by == "here":
            self.declined += 1
        elif "cause=200" in call.reason:
            self.elsewhere += 1
        elif made.plan.move is Move.IGNORE:
            self.ignored += 1
        else:
            self.given_up += 1


class AgentActor:
    """One agent at a simulated phone; `on_call` is the phone's."""

    def __init__(self, agent: Agent, words: Samples, draw: Callable[[], AgentPlan]) -> None:
        self.agent = agent
        self.calls: list[AgentCall] = []
        self._script = speech(agent.signature, words, sound.silence(0.8))
        self._draw = draw

    async def on_call(self, call: SimulatedCall) -> None:
        """Let it ring, then answer, refuse or let it ring on; talk, perhaps hold, hang up."""
        plan = self._draw()
        self.calls.append(AgentCall(plan, call))
        if call.state is not CallState.OFFERED:  # given up before the phone looked
            return
        call.ring()
        if await self._ended(call, plan.after) or plan.move is Move.IGNORE:
            return
        try:
            if plan.move is Move.REJECT:
                call.reject(603)
                return
            await call.answer(self._script)
            await self._talk(call, plan)
        except NotNowError:  # the caller gave up, or a colleague was quicker, in this very moment
            return
        call.hang_up()

    async def _talk(self, call: SimulatedCall, plan: AgentPlan) -> None:
        if not plan.hold or await self._ended(call, 2.0):
            await self._ended(call, plan.talk)
            return
        call.hold()
        if await self._ended(call, plan.hold):
            return
        call.resume()
        await self._ended(call, plan.talk)

    @staticmethod
    async def _ended(call: SimulatedCall, seconds: float) -> bool:
        return await call.until(lambda: call.state is CallState.ENDED, seconds)

    def answered(self, number: str) -> SimulatedCall | None:
        """Give the call in which this phone answered the caller with `number`; None when it never did."""
        return next(
            (made.call for made in self.calls if made.call.caller == number and made.call.time_of("talking")), None
        )
