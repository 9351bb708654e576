"""Who is shown as the caller, and to whom; what passes from one leg to the other."""

import pytest

from softacd.calls.identity import passable_reason
from tests.calls.test_queue_calls import enter_queue, phone
from tests.calls.test_transfer import refer, talking
from tests.calls.world import World, shop


def call_in(world: World, *headers: tuple[str, str], from_: str = "069111222") -> tuple[str, str]:
    """A carrier brings a caller with these headers into the queue: what the agent's phone shows, display and user."""
    carrier = phone(world, "alpha")
    carrier.dial("37322000111", from_=from_, headers=headers)
    stream = next(iter(world.playing))
    world.finish_play(stream)
    world.press(stream, "1")
    world.finish_play(stream)
    shown = phone(world, "101").requests[-1].from_
    return shown.display_name, shown.uri.user


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ((), ("", "069111222")),
        ((("P-Asserted-Identity", '"Maria" <sip:+37369333444@x>'),), ("Maria", "+37369333444")),
        ((("P-Asserted-Identity", "<sip:+37369333444@x>"), ("Privacy", "id")), ("Anonymous", "anonymous")),
        ((("Privacy", "user;critical"),), ("Anonymous", "anonymous")),
        ((("Privacy", "none"),), ("", "069111222")),
    ],
)
def test_the_carrier_is_believed_and_the_wish_for_privacy_kept(
    headers: tuple[tuple[str, str], ...], shown: tuple[str, str]
) -> None:
    world = shop(agents=1)
    assert call_in(world, *headers) == shown
    record = next(iter(world.switch.exchange.calls.values())).record
    assert record.caller == shown[1]
    assert "37369333444" not in str(phone(world, "101").requests[-1].fields) or shown[1] == "+37369333444"


def test_a_phone_is_not_believed() -> None:
    world = shop(available=False)
    phone(world, "101").dial("102", headers=(("P-Asserted-Identity", "<sip:boss@shop.test>"),))
    assert phone(world, "102").requests[-1].from_.uri.user == "101"


def test_why_somebody_hung_up_is_told_to_the_other() -> None:
    world = shop(agents=1)
    caller = enter_queue(world)
    agent = phone(world, "101")
    agent.answer()
    carrier = phone(world, "alpha")
    assert caller.dialog is not None
    carrier.send(caller, "BYE", headers=(("Reason", 'Q.850;cause=16;text="Normal call clearing"'),))
    assert agent.requests[-1].method == "BYE"
    assert agent.requests[-1].header("Reason") == 'Q.850;cause=16;text="Normal call clearing"'


def test_only_reasons_pass() -> None:
    assert passable_reason("SIP;cause=200") == "SIP;cause=200"
    assert passable_reason("q.850 ;cause=16") == "q.850 ;cause=16"
    for strange in ("", "cancelled", "X;cause=1", "SIP;" + "x" * 300):
        assert passable_reason(strange) == ""


def test_who_transferred_is_told_to_whom_the_call_goes() -> None:
    world, _, agent, talk = talking()
    refer(agent, talk, "<sip:105@shop.test>")
    assert phone(world, "105").requests[-1].header("Referred-By") == "<sip:x@shop.test>"


def test_hops_are_counted_through_the_house() -> None:
    world = shop(available=False)
    phone(world, "101").dial("102", headers=(("Max-Forwards", "5"),))
    assert phone(world, "102").requests[-1].max_forwards == 4
    assert phone(world, "101").dial("102", headers=(("Max-Forwards", "0"),)).status == 483
