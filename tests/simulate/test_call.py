"""Two simulated parties call each other over loopback: real SIP, real RTP, nobody between."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from softacd.simulate.call import NEXT, CallState, NotNowError, SimulatedCall
from softacd.simulate.mouth import speech
from softacd.simulate.people import KeyBy
from softacd.simulate.user_agent import OnCall, UserAgent
from softacd.simulate.voice import Metronome
from softacd.sip.headers import NameAddress
from softacd.sip.uri import SipUri


class Pair:
    """Two user agents that call each other without anybody between."""

    def __init__(self, here: UserAgent, there: UserAgent) -> None:
        self.here = here
        self.there = there

    async def dial(self, on_call: OnCall) -> SimulatedCall:
        self.there.on_call = on_call
        target = SipUri(user="there", host=self.there.address[0], port=self.there.address[1])
        return await self.here.call(
            uri=str(target),
            flow=self.here.endpoint.flow(*self.there.address),
            from_=NameAddress("Here", SipUri(user="here", host="example.com")),
            to=NameAddress("", target),
            contact_user="here",
        )

    @property
    def answered(self) -> SimulatedCall:
        return self.there.calls[-1]


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    metronome = Metronome()
    here = await UserAgent("here", "127.0.0.1", metronome).start()
    there = await UserAgent("there", "127.0.0.1", metronome).start()
    yield Pair(here, there)
    await here.stop()
    await there.stop()


async def answers(call: SimulatedCall) -> None:
    call.ring()
    await call.answer(speech(3))


def kinds(call: SimulatedCall) -> list[str]:
    return [event.kind for event in call.events]


async def test_ring_answer_talk_hang_up(pair: Pair) -> None:
    call = await pair.dial(answers)
    assert await call.reached(CallState.TALKING, 2)
    assert call.voice is not None
    call.voice.mouth.say(speech(9))
    assert await call.hear_somebody(2) == 3
    assert await pair.answered.hear_somebody(2) == 9
    call.hang_up()
    assert await pair.answered.reached(CallState.ENDED, 1)
    assert kinds(call) == ["dialling", "ringing", "talking", "ended"]
    assert kinds(pair.answered) == ["ringing", "talking", "acknowledged", "ended"]
    assert (call.ended_by, pair.answered.ended_by) == ("here", "there")
    assert (pair.answered.caller, pair.answered.called) == ("here", "there")
    assert len(call.heard) >= 3200  # the 200 ms a bell takes to be recognised


async def test_the_called_party_hangs_up(pair: Pair) -> None:
    async def answers_and_leaves(call: SimulatedCall) -> None:
        await answers(call)
        assert await call.until(lambda: "acknowledged" in kinds(call), 1)
        call.hang_up()

    call = await pair.dial(answers_and_leaves)
    assert await call.reached(CallState.ENDED, 2)
    assert (call.ended_by, call.status) == ("there", 200)


@pytest.mark.parametrize("by", list(KeyBy))
async def test_keys_arrive_once_each_and_in_order(pair: Pair, by: KeyBy) -> None:
    call = await pair.dial(answers)
    assert await call.reached(CallState.TALKING, 2)
    call.send_digits("155*", by)
    assert await pair.answered.until(lambda: pair.answered.keys_heard == "155*", 3)
    await asyncio.sleep(0.1)  # the last event's retransmissions come, and press nothing
    assert pair.answered.keys_heard == "155*"
    voice = pair.answered.voice
    assert voice is not None
    assert voice.ear.report().lost == 0


async def test_hold_and_resume_are_seen_by_the_other_side(pair: Pair) -> None:
    call = await pair.dial(answers)
    assert await call.reached(CallState.TALKING, 2)
    assert await pair.answered.until(lambda: "acknowledged" in kinds(pair.answered), 1)
    call.hold()
    assert await pair.answered.until(lambda: pair.answered.held, 1)
    assert pair.answered.voice is not None
    assert pair.answered.voice.remote is not None
    assert not pair.answered.voice.remote.direction.sends
    assert await pair.answered.until(lambda: kinds(pair.answered).count("acknowledged") == 2, 1)
    call.resume()
    assert await pair.answered.until(lambda: not pair.answered.held, 1)
    assert pair.answered.voice.remote.direction.sends


async def test_a_refusal_ends_the_call_with_its_status(pair: Pair) -> None:
    async def refuses(call: SimulatedCall) -> None:
        call.ring()
        call.reject(486)

    call = await pair.dial(refuses)
    assert await call.reached(CallState.ENDED, 2)
    assert (call.status, call.ended_by) == (486, "there")
    assert not await call.reached(CallState.TALKING, 0)


async def test_giving_up_while_it_rings_cancels(pair: Pair) -> None:
    async def rings(call: SimulatedCall) -> None:
        call.ring()
        await call.reached(CallState.ENDED, 5)
        with pytest.raises(NotNowError):
            await call.answer()

    call = await pair.dial(rings)
    assert await call.reached(CallState.RINGING, 2)
    call.hang_up()
    assert await pair.answered.reached(CallState.ENDED, 2)
    assert (pair.answered.status, pair.answered.ended_by) == (487, "there")
    assert (call.status, call.ended_by) == (487, "here")


async def test_no_common_codec_is_refused(pair: Pair) -> None:
    pair.there.codecs = ("PCMA",)
    pair.here.codecs = ("PCMU",)
    call = await pair.dial(answers)
    assert await call.reached(CallState.ENDED, 2)
    assert call.status == 488


async def test_what_cannot_be_done_now_says_so(pair: Pair) -> None:
    async def rings(call: SimulatedCall) -> None:
        call.ring()

    call = await pair.dial(rings)
    for act in (call.hold, call.resume, lambda: call.send_digits("1"), call.ring, lambda: call.reject(486)):
        with pytest.raises(NotNowError):
            act()


async def test_an_unexpected_call_is_refused(pair: Pair) -> None:
    call = await pair.dial(UserAgent("alone", "127.0.0.1", Metronome()).on_call)
    assert await call.reached(CallState.ENDED, 2)
    assert call.status == 480


async def test_both_ends_leave_nothing_behind(pair: Pair) -> None:
    call = await pair.dial(answers)
    assert await call.reached(CallState.TALKING, 2)
    call.hang_up()
    assert await pair.answered.reached(CallState.ENDED, 2)
    for agent in (pair.here, pair.there):
        assert agent.live == []
        assert agent.endpoint.stack.counters().dialogs == 0


def test_the_end_is_final() -> None:
    assert NEXT[CallState.ENDED] == set()
    assert all(CallState.ENDED in following for state, following in NEXT.items() if state is not CallState.ENDED)
