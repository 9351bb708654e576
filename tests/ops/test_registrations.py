"""Where phones are registered outlives a restart: what is kept, what comes back, and what still leads somewhere."""

from pathlib import Path

import pytest

from softacd.ops.registrations import (
    FILE_NAME,
    Registration,
    keepable,
    read_registrations,
    restored,
    write_registrations,
)
from softacd.sip.location import Binding
from softacd.sip.transport import Flow, Transport
from softacd.sip.uri import SipUri
from tests.calls.test_queue_calls import phone
from tests.calls.world import SWITCH, shop

OFFSET = 1_700_000_000.0
AOR = "sip:101@shop.test"


def binding(transport: Transport, contact: str = "sip:101@203.0.113.7:5070", connection: int = 0) -> Binding:
    return Binding(
        contact=SipUri.parse(contact),
        flow=Flow(transport, SWITCH, ("203.0.113.7", 40_123), connection),
        expires_at=500.0,
        q=0.5,
        call_id="x",
        cseq=7,
        user_agent="phone",
        path=("<sip:proxy.test;lr>",),
        registered_at=400.0,
    )


def back(kept: list[Registration], *spoken: Transport) -> list[Binding]:
    found = restored(kept, -OFFSET, lambda transport: transport in spoken, lambda transport, host: SWITCH)
    assert {address for address, _ in found} <= {AOR}
    return [one for _, one in found]


def test_a_phone_over_udp_comes_back_where_it_was_seen(tmp_path: Path) -> None:
    write_registrations(tmp_path, keepable([(AOR, binding(Transport.UDP))], OFFSET))
    assert back(read_registrations(tmp_path), Transport.UDP) == [binding(Transport.UDP)]
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


def test_a_phone_over_a_stream_comes_back_only_where_it_listens_itself() -> None:
    (there,) = back(keepable([(AOR, binding(Transport.TCP, connection=5))], OFFSET), Transport.TCP)
    assert there.flow == Flow(Transport.TCP, SWITCH, ("203.0.113.7", 5070), 0)
    behind_a_router = binding(Transport.TLS, "sip:101@10.0.0.5:5070", 5)
    browser = binding(Transport.WSS, "sip:x@y.invalid;transport=ws", 6)
    assert keepable([(AOR, behind_a_router), (AOR, browser)], OFFSET) == []


def test_what_we_no_longer_speak_stays_away() -> None:
    assert back(keepable([(AOR, binding(Transport.UDP))], OFFSET), Transport.TCP) == []


def test_no_file_and_a_file_of_something_else(tmp_path: Path) -> None:
    assert read_registrations(tmp_path) == []
    (tmp_path / FILE_NAME).write_text('{"other": 1}')
    with pytest.raises(ValueError, match="written anew"):
        read_registrations(tmp_path)


def test_a_restarted_switch_calls_and_is_called_at_once_and_drops_who_has_no_account_or_no_time() -> None:
    before = shop(available=False)
    kept = before.switch.location.everything()
    after = shop(available=False)
    for number in ("101", "102"):
        phone(after, number).register(expires=0)
    later = [(f"sip:109@{address.partition('@')[2]}", one) for address, one in kept[:1]]
    over = [(kept[0][0], binding(Transport.UDP))]
    after.switch.restore_registrations([*kept[:2], *later, *over], after.now)
    after.settle()
    known = dict(after.switch.location.everything())
    assert set(known) == {f"sip:{number}@shop.test" for number in range(101, 106)}
    assert known["sip:101@shop.test"] == kept[0][1]
    call = phone(after, "101").dial("102")
    phone(after, "102").answer()
    assert call.status == 200
