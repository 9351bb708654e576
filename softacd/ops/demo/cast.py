"""Who plays in the demonstration: callers and agents, each with a plan and a story of what became of it.

A story is one side's own view: what that party did, saw in its signalling and heard in its sound. Nothing in it comes
from the switch's records; `accounts` lays the two side by side afterwards.
"""

import asyncio
from collections.abc import Callable

import msgspec

from softacd.ops.demo.shop import NO_ANSWER_LIMIT, Agent
from softacd.simulate import sound
from softacd.simulate.call import CallState, NotNowError, SimulatedCall
from softacd.simulate.carrier import SimulatedCarrier
from softacd.simulate.mouth import speech
from softacd.simulate.people import AgentPlan, CallerPlan, Move
from softacd.simulate.phone import SimulatedPhone
from softacd.simulate.sound import Samples

BREAK, AVAILABLE = "*41", "*40"
"""The switch's own codes, as configured by default."""
BACK_AFTER = 3.0
"""Seconds after which an agent notices to have been set to not-ready."""
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
        if await self._ended(plan.think):
            return
        call.send_digits(plan.key, plan.key_by)
        self.pressed = call.events[-1].at
        if await call.hear_somebody(plan.patience) is None:
            return
        self.met = asyncio.get_running_loop().time()
        if call.voice is not None:
            call.voice.mouth.say(speech(plan.signature, sound.silence(1.5)))
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
        self.phone: SimulatedPhone | None = None
        """What status codes are dialled on; without it the agent never takes a break."""
        self.breaks = 0
        self.going_home = False
        """Set at the end: no code is dialled any more."""
        self._script = speech(agent.signature, words, sound.silence(0.8))
        self._draw = draw
        self._ignored = 0

    async def on_call(self, call: SimulatedCall) -> None:
        """Let it ring, then answer, refuse or let it ring on; talk, perhaps hold, hang up, perhaps rest."""
        plan = self._draw()
        made = AgentCall(plan, call)
        self.calls.append(made)
        if call.state is not CallState.OFFERED:  # given up before the phone looked
            return
        call.ring()
        try:
            await self._handle(call, plan)
        except NotNowError:  # the caller gave up, or a colleague was quicker, in this very moment
            return
        await self._afterwards(made)

    async def _handle(self, call: SimulatedCall, plan: AgentPlan) -> None:
        if await self._ended(call, plan.after):
            return
        if plan.move is Move.IGNORE:
            await self._ended(call, 120.0)
        elif plan.move is Move.REJECT:
            call.reject(603)
        else:
            await call.answer(self._script)
            await self._talk(call, plan)
            call.hang_up()

    async def _afterwards(self, made: AgentCall) -> None:
        """Take the planned break; come back from the one the switch decided on after too many unanswered rings."""
        if made.call.time_of("talking"):
            self._ignored = 0
            if made.plan.rest:
                await self._dial(BREAK)
                self.breaks += 1
                await asyncio.sleep(made.plan.rest)
                await self._dial(AVAILABLE)
        elif made.plan.move is Move.IGNORE and made.call.ended_by == "there":
            self._ignored += 1
            if self._ignored >= NO_ANSWER_LIMIT:
                self._ignored = 0
                await asyncio.sleep(BACK_AFTER)
                await self._dial(AVAILABLE)

    async def _dial(self, code: str) -> None:
        if self.phone is None or self.going_home:
            return
        call = await self.phone.dial(code)
        await self._ended(call, 10.0)
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

    def forget(self, number: str | None) -> list[AgentCall]:
        """Give, and keep no more, the ringings for the caller with `number`; None: all of them."""
        gone = [made for made in self.calls if number in (None, made.call.caller)]
        self.calls = [made for made in self.calls if number not in (None, made.call.caller)]
        return gone

    def answered(self, number: str) -> SimulatedCall | None:
        """Give the call in which this phone answered the caller with `number`; None when it never did."""
        return next(
            (made.call for made in self.calls if made.call.caller == number and made.call.time_of("talking")), None
        )
