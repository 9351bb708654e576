"""Lamps, presence, messages that wait, and messages between phones."""

import re
from dataclasses import dataclass

import pytest

from softacd.acd.vocabulary import Status
from softacd.sip.dialog import Dialog
from softacd.sip.headers import NameAddress
from tests.calls.test_queue_calls import phone
from tests.calls.world import DOMAIN, Peer, World, shop


@dataclass
class Lamp:
    """A phone that watches."""

    peer: Peer
    status: int

    @property
    def notifies(self) -> list[str]:
        return [request.body.decode() for request in self.peer.requests if request.method == "NOTIFY"]

    def states(self) -> list[str]:
        return [re.findall(r"<state>(\w+)</state>", body)[0] for body in self.notifies]

    def dialog(self) -> Dialog:
        (dialog,) = self.peer.stack._dialogs.values()
        return dialog


def ask(
    world: World, who: str, whom: str, method: str = "SUBSCRIBE", *headers: tuple[str, str], body: bytes = b""
) -> Lamp:
    peer = phone(world, who)
    peer.stack.request(
        method,
        uri=f"sip:{whom}@{DOMAIN}",
        flow=peer.flow,
        from_=NameAddress.parse(f"<sip:{who}@{DOMAIN}>"),
        to=NameAddress.parse(f"<sip:{whom}@{DOMAIN}>"),
        headers=(("Contact", f"<sip:{who}@{peer.address[0]}:5060>"), *headers),
        body=body,
        content_type="text/plain" if body else "",
        credentials=peer.credentials,
        now=world.now,
    )
    world.settle()
    return Lamp(peer, peer.statuses[-1])


def watch(world: World, who: str = "103", whom: str = "101", event: str = "dialog", **expires: int) -> Lamp:
    return ask(world, who, whom, "SUBSCRIBE", ("Event", event), ("Expires", str(expires.get("expires", 600))))


def test_a_lamp_follows_a_call() -> None:
    world = shop(available=False)
    lamp = watch(world)
    assert lamp.status == 200
    assert lamp.states() == ["terminated"]
    call = phone(world, "102").dial("101")
    ringing = phone(world, "101")
    ringing.respond(ringing.calls[-1], 180)
    assert 'direction="recipient"' in lamp.notifies[-1]
    assert "sip:102@shop.test" in lamp.notifies[-1]
    ringing.answer()
    phone(world, "102").hang_up(call)
    assert lamp.states() == ["terminated", "trying", "early", "confirmed", "terminated"]
    versions = [int(re.findall(r'version="(\d+)"', body)[0]) for body in lamp.notifies]
    assert versions == [0, 1, 2, 3, 4]


def test_a_ringing_lamp_is_pressed_to_pick_up() -> None:
    world = shop(available=False)
    lamp = watch(world)
    call = phone(world, "102").dial("101")
    ringing = phone(world, "101")
    ringing.respond(ringing.calls[-1], 180)
    found = re.search(r'call-id="(.*?)" local-tag="(.*?)" remote-tag="(.*?)"', lamp.notifies[-1])
    assert found is not None
    value = f"{found[1]};to-tag={found[2]};from-tag={found[3]};early-only"
    assert phone(world, "103").dial("101", headers=(("Replaces", value),)).status == 200
    assert call.status == 200


def test_refresh_and_end() -> None:
    world = shop(available=False)
    lamp = watch(world)
    world.advance(400)
    for expires in ("600", "0"):
        lamp.peer.stack.request_in_dialog(
            lamp.dialog(), "SUBSCRIBE", now=world.now, headers=(("Event", "dialog"), ("Expires", expires))
        )
        world.settle()
        world.advance(400)
    states = [r.header("Subscription-State") for r in lamp.peer.requests if r.method == "NOTIFY"]
    assert states == ["active;expires=600", "active;expires=600", "terminated;reason=timeout"]
    assert len(world.switch.notifier) == 0
    phone(world, "102").dial("101")
    assert len(lamp.notifies) == 3, "nobody watches any more"


def test_a_subscription_nobody_refreshes_ends() -> None:
    world = shop(available=False)
    lamp = watch(world)
    world.advance(601)
    last = lamp.peer.requests[-1]
    assert last.header("Subscription-State") == "terminated;reason=timeout"
    assert len(world.switch.notifier) == 0
    world.assert_clean()


def test_a_subscriber_who_has_forgotten_or_vanished_is_forgotten() -> None:
    world = shop(available=False)
    lamp = watch(world)
    lamp.peer.refuses["NOTIFY"] = (481, ())
    phone(world, "102").dial("101")
    assert len(world.switch.notifier) == 0
    lamp = watch(world, who="104")
    lamp.peer.mute = True
    phone(world, "105").dial("101")
    world.advance(33)
    assert len(world.switch.notifier) == 0


def test_what_changes_while_a_notify_is_under_way_is_told_by_the_next() -> None:
    world = shop(available=False)
    lamp = watch(world)
    lamp.peer.mute = True
    call = phone(world, "102").dial("101")
    phone(world, "101").answer()
    lamp.peer.mute = False
    world.advance(1)
    assert lamp.states() == ["terminated", "trying", "confirmed"]
    phone(world, "102").hang_up(call)


def test_when_the_switch_stops_subscribers_are_told_to_ask_again() -> None:
    world = shop(available=False)
    lamp = watch(world)
    world.switch.stop(world.now)
    world.settle()
    assert lamp.peer.requests[-1].header("Subscription-State") == "terminated;reason=deactivated"
    assert len(world.switch.notifier) == 0
    assert world.switch.stopped


def test_asking_once() -> None:
    world = shop(available=False)
    lamp = watch(world, expires=0)
    assert (lamp.status, lamp.states()) == (200, ["terminated"])
    assert len(world.switch.notifier) == 0


@pytest.mark.parametrize(
    ("whom", "event", "status"),
    [("999", "dialog", 404), ("102", "message-summary", 403), ("101", "conference", 489), ("101", "", 489)],
)
def test_what_is_not_served(whom: str, event: str, status: int) -> None:
    assert watch(shop(available=False), whom=whom, event=event).status == status


def test_no_message_waits() -> None:
    lamp = watch(shop(available=False), who="101", event="message-summary")
    assert lamp.status == 200
    assert lamp.notifies[-1].startswith("Messages-Waiting: no\r\n")


def test_presence_follows_the_agent() -> None:
    world = shop(agents=3)
    lamp = watch(world, event="presence")
    assert "<basic>open</basic>" in lamp.notifies[-1]
    world.switch.desk.set_status("a1", Status.LUNCH, "", world.now)
    world.switch.settle(world.now)
    world.settle()
    assert "rpid:meal" in lamp.notifies[-1]
    phone(world, "102").dial("101")
    assert "rpid:on-the-phone" in lamp.notifies[-1]
    phone(world, "101").register(expires=0)
    assert "<basic>closed</basic>" in lamp.notifies[-1]


def test_only_who_knows_the_password_watches() -> None:
    world = shop(available=False)
    phone(world, "103").credentials = None
    assert watch(world).status == 407
    assert ask(world, "103", "101", "MESSAGE", body=b"hello").status == 407


def test_nothing_is_published_here() -> None:
    lamp = ask(shop(available=False), "101", "101", "PUBLISH", ("Event", "presence"))
    assert lamp.status == 489
    assert lamp.peer.responses[-1].headers("Allow-Events") == ["dialog", "message-summary", "presence"]


def test_a_message_reaches_a_colleague() -> None:
    world = shop(available=False)
    assert ask(world, "103", "101", "MESSAGE", body=b"tea?").status == 200
    (carried,) = [request for request in phone(world, "101").requests if request.method == "MESSAGE"]
    assert (carried.body, carried.content_type) == (b"tea?", "text/plain")
    assert carried.from_.uri.user == "103"


@pytest.mark.parametrize(
    ("whom", "body", "status"), [("999", b"x", 404), ("600", b"x", 404), ("101", b"x" * 1301, 513)]
)
def test_a_message_to_nobody(whom: str, body: bytes, status: int) -> None:
    assert ask(shop(available=False), "103", whom, "MESSAGE", body=body).status == status


def test_a_message_to_a_phone_that_is_away_or_silent() -> None:
    world = shop(available=False)
    phone(world, "101").register(expires=0)
    assert ask(world, "103", "101", "MESSAGE", body=b"x").status == 480
    phone(world, "102").mute = True
    ask(world, "103", "102", "MESSAGE", body=b"x")
    world.advance(33)
    assert phone(world, "103").statuses[-1] == 408


def test_the_message_lamp_follows_the_mailbox() -> None:
    world = shop(available=False)
    lamp = watch(world, "101", "101", "message-summary")
    boxes = world.switch.exchange.mailboxes
    for new, old in ((1, 0), (2, 3), (2, 3), (0, 5)):
        boxes.tell("101", new=new, old=old)
        world.switch.settle(world.now)
        world.settle()
    said = [
        re.findall(r"Messages-Waiting: (\w+).*Voice-Message: (\d+/\d+)", body, re.DOTALL)[0] for body in lamp.notifies
    ]
    assert said == [("no", "0/0"), ("yes", "1/0"), ("yes", "2/3"), ("no", "0/5")]
