"""A phone registers with the simulated carrier, calls it, and is called: both ends of the stack, over loopback."""

from collections.abc import AsyncIterator

import pytest

from softacd.simulate.call import CallState, SimulatedCall
from softacd.simulate.carrier import NotRegisteredError, SimulatedCarrier, Treatment
from softacd.simulate.mouth import speech
from softacd.simulate.phone import RegistrationError, SimulatedPhone
from softacd.simulate.voice import Metronome
from softacd.sip.digest import MD5, SHA_256

PASSWORD = "correct horse battery"


class House:
    """A carrier with one account, and a phone that knows it."""

    def __init__(self, carrier: SimulatedCarrier, phone: SimulatedPhone) -> None:
        self.carrier = carrier
        self.phone = phone


async def open_house(password: str = PASSWORD, algorithms: tuple[str, ...] = (MD5,)) -> House:
    metronome = Metronome()
    carrier = SimulatedCarrier(
        "alpha", host="127.0.0.1", accounts={"shop": PASSWORD}, metronome=metronome, algorithms=algorithms
    )
    await carrier.start()
    phone = SimulatedPhone(
        "shop",
        domain=carrier.realm,
        registrar=carrier.address,
        password=password,
        host="127.0.0.1",
        metronome=metronome,
    )
    await phone.start()
    return House(carrier, phone)


async def close_house(house: House) -> None:
    await house.phone.stop()
    await house.carrier.stop()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = await open_house()
    yield house
    await close_house(house)


async def test_register_refresh_and_remove(house: House) -> None:
    assert not house.carrier.reaches("shop")
    await house.phone.register(120)
    assert house.carrier.reaches("shop")
    assert house.phone.registered_until > house.phone.endpoint.now() + 100
    await house.phone.register(120)
    assert house.carrier.reaches("shop")
    await house.phone.unregister()
    assert not house.carrier.reaches("shop")
    assert house.phone.registered_until == 0


@pytest.mark.parametrize("algorithms", [(MD5,), (SHA_256,), (SHA_256, MD5)])
async def test_every_digest_algorithm_registers(algorithms: tuple[str, ...]) -> None:
    house = await open_house(algorithms=algorithms)
    await house.phone.register(120)
    assert house.carrier.reaches("shop")
    await close_house(house)


async def test_a_wrong_password_is_refused() -> None:
    house = await open_house(password="wrong")
    with pytest.raises(RegistrationError) as refused:
        await house.phone.register()
    assert refused.value.status == 401
    assert not house.carrier.reaches("shop")
    await close_house(house)


async def test_too_brief_an_interval_is_refused(house: House) -> None:
    with pytest.raises(RegistrationError) as refused:
        await house.phone.register(10)
    assert refused.value.status == 423


async def test_a_call_from_outside_reaches_the_registered_contact(house: House) -> None:
    async def answers(call: SimulatedCall) -> None:
        call.ring()
        await call.answer(speech(4))

    house.phone.on_call = answers
    await house.phone.register()
    call = await house.carrier.dial("shop", called="+37322000111", caller="+37360000001", display_name="Ada")
    assert await call.hear_somebody(3) == 4
    (rung,) = house.phone.calls
    assert (rung.caller, rung.called) == ("+37360000001", "+37322000111")
    call.hang_up()
    assert await rung.reached(CallState.ENDED, 1)


async def test_a_call_to_an_account_that_is_not_registered_is_impossible(house: House) -> None:
    with pytest.raises(NotRegisteredError, match="shop"):
        await house.carrier.dial("shop", called="+37322000111", caller="+37360000001")


async def test_an_outgoing_call_is_challenged_and_answered(house: House) -> None:
    house.carrier.rule = lambda number: Treatment(ring=0.05, talk=0.6, signature=17)
    call = await house.phone.dial("+40123456789")
    assert await call.hear_somebody(3) == 17
    assert await call.reached(CallState.ENDED, 2)
    assert call.ended_by == "there"
    assert house.carrier.calls[0].called == "+40123456789"


@pytest.mark.parametrize("status", [486, 503])
async def test_the_rule_refuses(house: House, status: int) -> None:
    house.carrier.rule = lambda number: Treatment(status=status, ring=0)
    call = await house.phone.dial("+40123456789")
    assert await call.reached(CallState.ENDED, 2)
    assert call.status == status


async def test_a_silent_carrier_says_nothing_until_the_caller_gives_up(house: House) -> None:
    house.carrier.rule = lambda number: Treatment(status=0)
    call = await house.phone.dial("+40123456789")
    assert not await call.reached(CallState.RINGING, 0.2)
    assert call.state is CallState.DIALLING
    call.hang_up()


async def test_an_outgoing_call_without_credentials_is_refused() -> None:
    house = await open_house(password="wrong")
    call = await house.phone.dial("+40123456789")
    assert await call.reached(CallState.ENDED, 2)
    assert call.status == 407
    assert house.carrier.calls == []
    await close_house(house)
