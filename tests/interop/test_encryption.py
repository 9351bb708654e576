"""Encrypted voice with real phones: between two that demand it, and between one that does and one that cannot."""

import asyncio
from typing import Any

import pytest

from tests.interop.conftest import Switch
from tests.interop.phones import Phones, until

pytestmark = pytest.mark.interop

SECURE = {"srtp": "required"}
PREFERRED = {"srtp": "preferred"}
HANDSHAKE = {"srtp": "required", "srtp_keys": ["dtls"]}
EITHER = {"srtp": "required", "srtp_keys": ["dtls", "sdes"]}
PERHAPS = {"srtp": "preferred", "srtp_keys": ["dtls", "sdes"]}


async def traced(phones: Phones, *words: str) -> None:
    """Wait for a message with all these words: the phones' traces come a moment after what they tell of."""
    await until(
        lambda: any(all(word in text for word in words) for text in phones.trace),
        3,
        lambda: f"no message with {words} among {len(phones.trace)}",
    )


@pytest.mark.parametrize(("callee", "wanted"), [("srtp-mand", SECURE), ("", PREFERRED)])
async def test_a_phone_that_demands_encryption_is_heard_and_hears(
    switch: Switch, phones: Phones, callee: str, wanted: dict[str, str]
) -> None:
    async with switch(phones={"101": SECURE, "102": wanted}) as shop:
        ann = await shop.phone_of(phones, "ann", encryption="srtp-mand")
        bob = await shop.phone_of(phones, "bob", encryption=callee)
        dialling = await ann.dial(shop.uri("102"))
        answered = await (await bob.rings()).answer()
        await dialling.established()
        await asyncio.gather(dialling.until_hears(bob.frequency), answered.until_hears(ann.frequency))
        await answered.call.hold()
        await dialling.until_hears(840)
        await answered.call.resume()
        await asyncio.gather(dialling.until_hears(bob.frequency), answered.until_hears(ann.frequency))
        await dialling.press("42#")
        await asyncio.sleep(1.0)
        assert answered.digits == "42#"
        await traced(phones, "INVITE", "RTP/SAVP", "a=crypto:")
        await dialling.hang_up()
        await answered.over()
        await shop.ended_calls(1)


@pytest.mark.parametrize(
    ("callee", "wanted"), [("dtls_srtp", HANDSHAKE), ("srtp-mand", EITHER), ("srtp", PERHAPS), ("", PERHAPS)]
)
async def test_keys_made_by_a_handshake(switch: Switch, phones: Phones, callee: str, wanted: dict[str, Any]) -> None:
    """A phone with DTLS-SRTP calls one with the same, with keys in the signalling, or with none."""
    async with switch(phones={"101": HANDSHAKE, "102": wanted}) as shop:
        ann = await shop.phone_of(phones, "ann", encryption="dtls_srtp")
        bob = await shop.phone_of(phones, "bob", encryption=callee)
        dialling = await ann.dial(shop.uri("102"))
        answered = await (await bob.rings()).answer()
        await dialling.established()
        await asyncio.gather(dialling.until_hears(bob.frequency), answered.until_hears(ann.frequency))
        await answered.call.hold()
        await dialling.until_hears(840)
        await answered.call.resume()
        await asyncio.gather(dialling.until_hears(bob.frequency), answered.until_hears(ann.frequency))
        await dialling.press("42#")
        await asyncio.sleep(1.0)
        assert answered.digits == "42#"
        await traced(phones, "SIP/2.0 200", "UDP/TLS/RTP/SAVP", "a=fingerprint:", "a=setup:passive")
        await dialling.hang_up()
        await answered.over()
        await shop.ended_calls(1)


async def test_who_must_encrypt_and_does_not_has_no_call(switch: Switch, phones: Phones) -> None:
    async with switch(phones={"101": SECURE}) as shop:
        (ann,) = await shop.phones_of(phones, "ann")
        dialling = await ann.dial(shop.uri("102"))
        await dialling.over()
        await traced(phones, "SIP/2.0 488")
        await shop.ended_calls(1)
