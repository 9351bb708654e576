"""The call flows of RFC 3665 in which the switch stands for the proxies or the registrar.

The ladders are read from the flows' own diagrams (the RFC's flows as YAML files with the
diagrams as comments; their directory is named by SOFTACD_CALL_FLOWS). Each end of the switch's ladder must be what the
RFC draws there: Alice's first hop and Bob's last one. What is in between is one back-to-back user agent here.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from softacd.sdp.negotiation import offer
from softacd.sip.digest import Credentials
from softacd.sip.headers import NameAddress
from tests.calls.test_queue_calls import phone
from tests.calls.world import DOMAIN, World, shop

FLOWS = Path(os.environ.get("SOFTACD_CALL_FLOWS", "../shared/corpora/rfc-callflows-yaml")) / "misc" / "rfc3665"
pytestmark = pytest.mark.skipif(not FLOWS.is_dir(), reason="the RFC's call flows are not here: set SOFTACD_CALL_FLOWS")

ARROW = re.compile(r"\|(<?)-+(>?)(?=\|)")
CELL = re.compile(r"(?<=\|)[^|<>=-]+(?=\|)")
WORD = re.compile(r"\b(\d{3}|[A-Z]{3,})\b")


def ladder(path: Path, column: int) -> list[str]:
    """What passes at one lifeline (0 the first, -1 the last), in order: "> INVITE" away from it, "< 180" towards it."""
    lines = [line[1:] for line in path.read_text().splitlines() if line.startswith("#") and "|" in line]
    lifelines = [match.start() for match in re.finditer(r"\|", lines[0])]
    here = lifelines[column]
    passed = []
    labels: dict[tuple[int, int], str] = {}
    for line in lines:
        for match in ARROW.finditer(line):
            left, right = match.start(), match.end()
            label = next((text for (start, end), text in labels.items() if left <= start and end <= right), "")
            for span in [span for span in labels if left <= span[0] and span[1] <= right]:
                del labels[span]
            if here in (left, right) and label:
                away = match[2] == ">" if here == left else match[1] == "<"
                passed.append(f"{'>' if away else '<'} {label}")
        for match in CELL.finditer(line):
            word = WORD.search(match[0])
            if word and re.search(r"\bF\d+", match[0]):
                labels[match.start(), match.end()] = word[1]
    return passed


def happened(world: World, name: str) -> list[str]:
    """The same of what passed between a phone and the switch."""
    seen = []
    for line in world.log:
        match = re.fullmatch(rf"({name} -> switch|switch -> {name}) (\d{{3}}|[A-Z]+).*", line)
        if match:
            seen.append(f"{'>' if match[1].startswith(name) else '<'} {match[2]}")
    return seen


def alike(seen: list[str], drawn: list[str]) -> list[str]:
    """`seen` without what the RFC leaves to each end and this flow does not draw: 100, and the challenge before it."""
    if not any(line.endswith(("401", "407")) for line in drawn):
        for start, count in (("< 407", 3), ("< 401", 2)):
            if start in seen:
                at = seen.index(start) - 1
                seen = seen[:at] + seen[at + count :]
    if not any(line.endswith("100") for line in drawn):
        seen = [line for line in seen if not line.endswith("100")]
    return seen


def established(world: World) -> None:
    """Alice calls, Bob answers after ringing, and hangs up."""
    phone(world, "101").dial("102")
    bob = phone(world, "102")
    bob.respond(bob.calls[-1], 180)
    bob.answer()
    bob.hang_up()


def moved(world: World) -> None:
    """Bob changes his address in the conversation; Alice hangs up."""
    call = phone(world, "101").dial("102")
    bob = phone(world, "102")
    bob.respond(bob.calls[-1], 180)
    bob.answer()
    bob.send(bob.calls[-1], "INVITE", offer(bob.local()), "application/sdp")
    phone(world, "101").hang_up(call)


def no_answer(world: World) -> None:
    call = phone(world, "101").dial("102")
    bob = phone(world, "102")
    bob.respond(bob.calls[-1], 180)
    phone(world, "101").cancel(call)


def busy(world: World) -> None:
    phone(world, "101").dial("102")
    bob = phone(world, "102")
    bob.respond(bob.calls[-1], 486)


def no_response(world: World) -> None:
    phone(world, "102").mute = True
    phone(world, "101").dial("102")
    world.advance(40)


def unavailable(world: World) -> None:
    phone(world, "101").dial("102")
    bob = phone(world, "102")
    bob.respond(bob.calls[-1], 180)
    bob.respond(bob.calls[-1], 480)


CALLS: dict[str, tuple[Callable[[World], None], bool]] = {
    "3.01_successful-session-establishment.yaml": (established, True),
    "3.02_session-establishment-through-two-proxies.yaml": (established, True),
    "3.07_session-with-re-invite-ip-address-change.yaml": (moved, False),  # Alice's side: the switch answers Bob itself
    "3.08_unsuccessful-no-answer.yaml": (no_answer, True),
    "3.09_unsuccessful-busy.yaml": (busy, True),
    "3.10_unsuccessful-no-response-from-user-agent.yaml": (no_response, True),
    "3.11_unsuccessful-temporarily-unavailable.yaml": (unavailable, True),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name: str) -> None:
    act, both = CALLS[name]
    world = shop(available=False)
    act(world)
    sides = (("101", 0), ("102", -1)) if both else (("102", -1),)
    for who, column in sides:
        drawn = ladder(FLOWS / name, column)
        assert len(drawn) >= 3, f"the diagram of {name} is not understood"
        assert alike(happened(world, who), drawn) == drawn


def register(world: World) -> None:
    phone(world, "101").register()


def query(world: World) -> None:
    """Ask which contacts there are, without giving one."""
    peer = phone(world, "101")
    identity = NameAddress.parse(f"<sip:101@{DOMAIN}>")
    peer.stack.request(
        "REGISTER",
        uri=f"sip:{DOMAIN}",
        flow=peer.flow,
        from_=identity,
        to=identity,
        credentials=peer.credentials,
        now=world.now,
    )
    world.settle()
    assert "sip:101@203.0.113.1" in (peer.responses[-1].header("Contact") or "")


def unregister(world: World) -> None:
    phone(world, "101").register(expires=0)


def wrong_password(world: World) -> None:
    phone(world, "101").credentials = Credentials(username="101", password="wrong")
    phone(world, "101").register()


REGISTRATIONS: dict[str, Callable[[World], None]] = {
    "2.01_sip-client-new-registration.yaml": register,
    "2.02_update-of-contact-list.yaml": register,
    "2.03_request-for-current-contact-list.yaml": query,
    "2.04_cancellation-of-registration.yaml": unregister,
    "2.05_unsuccessful-registration.yaml": wrong_password,
}


@pytest.mark.parametrize("name", REGISTRATIONS)
def test_registrations(name: str) -> None:
    world = shop(available=False)
    REGISTRATIONS[name](world)
    drawn = ladder(FLOWS / name, 0)
    assert len(drawn) >= 2, f"the diagram of {name} is not understood"
    assert alike(happened(world, "101"), drawn) == drawn
