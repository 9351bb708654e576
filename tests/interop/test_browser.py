"""A phone in a real browser: calls to and from desk phones, a queue's calls, hold, keys, and the page loaded anew."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.certificates import Certificates
from tests.interop.browser_phone import BrowserPhone, needs_chromium
from tests.interop.conftest import Switch
from tests.interop.phones import Phones
from tests.interop.shop import DOMAIN, MUSIC, Settings, Shop, free_port, own_host

pytestmark = pytest.mark.interop
MOUTH = 1750


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[BrowserPhone]:
    needs_chromium()
    async with BrowserPhone(tmp_path, MOUTH) as made:
        yield made


@pytest.fixture
def signed(certificates: Certificates) -> tuple[Path, Path]:
    """The shop's certificate and key."""
    return certificates.sign("browsers-house", f"IP:{own_host(1)}")


@pytest.fixture
async def trusting(tmp_path: Path, signed: tuple[Path, Path]) -> AsyncIterator[BrowserPhone]:
    """A browser that believes the shop's certificate."""
    needs_chromium()
    async with BrowserPhone(tmp_path, MOUTH, signed[0]) as made:
        yield made


def house(switch: Switch, signed: tuple[Path, Path] | None = None, **changes: Settings) -> tuple[Shop, str]:
    """A shop that browsers can register with, and where; with a certificate by secure WebSocket alone."""
    at = f"{own_host(1)}:{free_port(own_host(1))}"
    shop = switch(**changes)
    scheme = "ws" if signed is None else "wss"
    shop.tree["sip"]["listen"].append(f"{scheme}:{at}")
    if signed is not None:
        shop.tree["sip"] |= {"certificate": str(signed[0]), "private_key": str(signed[1])}
    return shop, f"{scheme}://{at}"


async def register(browser: BrowserPhone, shop: Shop, server: str, extension: str = "101") -> None:
    await browser.register(server, f"sip:{extension}@{DOMAIN}", shop.tree["phones"][extension]["password"])


async def test_a_browser_calls_a_desk_phone(switch: Switch, phones: Phones, browser: BrowserPhone) -> None:
    shop, server = house(switch)
    async with shop:
        bob = await shop.phone_of(phones, "bob")
        await register(browser, shop, server)
        await browser.dial(f"sip:102@{DOMAIN}")
        line = await (await bob.rings()).answer()
        await browser.until_up()
        await asyncio.gather(browser.until_hears(bob.frequency), line.until_hears(MOUTH))
        await browser.hold()
        await line.until_hears(MUSIC)
        await browser.resume()
        await asyncio.gather(browser.until_hears(bob.frequency), line.until_hears(MOUTH))
        await line.call.hold()
        await browser.until_hears(MUSIC)
        await line.call.resume()
        await asyncio.gather(browser.until_hears(bob.frequency), line.until_hears(MOUTH))
        await browser.press("42#")
        await asyncio.sleep(1.5)
        assert line.digits == "42#"
        codecs = await browser.codecs()
        await browser.hang_up()
        await line.over()
        await browser.sign_off()
        (call,) = await shop.ended_calls(1)
        legs = (await shop.story(call.id)).legs
        assert len({leg.codec for leg in legs}) == 1, "G.711 is passed on, not transcoded"
        assert codecs == [f"audio/{legs[0].codec}"]
        assert all(leg.packets_received > 50 for leg in legs)


async def test_a_desk_phone_calls_a_browser(
    switch: Switch, phones: Phones, signed: tuple[Path, Path], trusting: BrowserPhone
) -> None:
    """By secure WebSocket, as pages that are served securely must."""
    browser = trusting
    shop, server = house(switch, signed)
    async with shop:
        bob = await shop.phone_of(phones, "bob")
        await register(browser, shop, server)
        line = await bob.dial(shop.uri("101"))
        await browser.answer()
        await line.established()
        await asyncio.gather(browser.until_hears(bob.frequency), line.until_hears(MOUTH))
        await browser.hold()
        await line.until_hears(MUSIC)
        await browser.resume()
        await asyncio.gather(browser.until_hears(bob.frequency), line.until_hears(MOUTH))
        await browser.press("7")
        await asyncio.sleep(0.8)
        assert line.digits == "7"
        await line.hang_up()
        await browser.until_over()
        await browser.sign_off()
        await shop.ended_calls(1)


async def test_a_queue_rings_an_agent_in_the_browser(switch: Switch, phones: Phones, browser: BrowserPhone) -> None:
    """With the media in a process of its own, whose certificate is the one the descriptions tell of."""
    shop, server = house(switch, media={"workers": 1})
    async with shop:
        caller = await shop.office_phone(phones)
        await register(browser, shop, server)
        await shop.available("ann")
        line = await caller.dial(shop.uri("601"))
        await browser.answer()
        await asyncio.gather(browser.until_hears(caller.frequency), line.until_hears(MOUTH))
        await shop.until_agent("ann", state="talking")
        await browser.hang_up()
        await line.over()
        await shop.until_agent("ann", state="idle")
        await browser.sign_off()
        await shop.ended_calls(1)


async def test_opus_where_the_browser_shall_speak_it(switch: Switch, phones: Phones, browser: BrowserPhone) -> None:
    """Transcoded for a desk phone that cannot; keys travel at Opus' clock rate."""
    shop, server = house(switch, phones={"101": {"codecs": ["OPUS"]}})
    async with shop:
        bob = await shop.phone_of(phones, "bob")
        await register(browser, shop, server)
        await browser.dial(f"sip:102@{DOMAIN}")
        line = await (await bob.rings()).answer()
        await browser.until_up()
        await asyncio.gather(browser.until_hears(bob.frequency), line.until_hears(MOUTH))
        assert await browser.codecs() == ["audio/opus"]
        await browser.press("42#")
        await asyncio.sleep(1.5)
        assert line.digits == "42#"
        await browser.hang_up()
        await line.over()
        await browser.sign_off()
        await shop.ended_calls(1)


async def test_a_page_loaded_anew_is_a_phone_again_and_one_whose_connection_breaks_keeps_its_call(
    switch: Switch, phones: Phones, browser: BrowserPhone
) -> None:
    """The call of the page before is over, and what that had registered is not called any more.

    A page connects again by itself; what the other side does afterwards reaches it over the new connection.
    """
    shop, server = house(switch)
    async with shop:
        bob = await shop.phone_of(phones, "bob")
        await register(browser, shop, server)
        before = await bob.dial(shop.uri("101"))
        await browser.answer()
        await before.until_hears(MOUTH)
        await browser.open()
        await before.over(12.0)
        await register(browser, shop, server)
        line = await bob.dial(shop.uri("101"))
        await browser.answer()
        await asyncio.gather(browser.until_hears(bob.frequency), line.until_hears(MOUTH))
        await browser.break_connection()
        await browser.until("phone.registered", "it is registered again", 10.0)
        await asyncio.gather(browser.until_hears(bob.frequency), line.until_hears(MOUTH))
        await asyncio.sleep(1.0)  # the switch looks every half second
        await line.hang_up()
        await browser.until_over()
        await browser.sign_off()
        await shop.ended_calls(2)
