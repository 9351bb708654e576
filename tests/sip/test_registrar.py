"""REGISTER by REGISTER (RFC 3261 section 10.3, RFC 3327)."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from softacd.sip.authenticator import Account, DigestAuthenticator
from softacd.sip.digest import MD5, Challenge, Credentials, answer_challenge, ha1
from softacd.sip.location import LocationChange, LocationService
from softacd.sip.message import Request
from softacd.sip.parser import parse_message
from softacd.sip.registrar import Registrar, RegistrarAnswer
from softacd.sip.transport import Flow
from tests.playbook import PHONE, STREAM

REALM = "example.com"
AOR = "sip:100@example.com"
UP, DOWN = (LocationChange(AOR, True),), (LocationChange(AOR, False),)


class Shop:
    """A registrar and a phone that knows its password."""

    def __init__(self) -> None:
        numbers = count(1)
        self.location = LocationService()
        self.authenticator = DigestAuthenticator(REALM, secret=b"s" * 16, token=lambda: f"t{next(numbers)}")
        self.registrar = Registrar(self.authenticator, self.location)
        account = Account("100", ha1(MD5, "100", REALM, "secret"), addresses_of_record=(AOR,), contacts=2)
        self.registrar.configure(REALM, [account], 0.0)
        self.now = 10.0

    def request(
        self,
        *contacts: str,
        number: int,
        expires: int | None = None,
        call_id: str = "phone-1",
        to: str = "sip:100@example.com",
        extra: str = "",
    ) -> Request:
        text = (
            f"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK{number}\r\n"
            f"From: <{to}>;tag=f\r\nTo: <{to}>\r\nCall-ID: {call_id}\r\nCSeq: {number} REGISTER\r\n"
            + "".join(f"Contact: {contact}\r\n" for contact in contacts)
            + ("" if expires is None else f"Expires: {expires}\r\n")
            + extra
            + "Content-Length: 0\r\n\r\n"
        )
        message = parse_message(text.encode())
        assert isinstance(message, Request)
        return message

    def register(self, *contacts: str, flow: Flow = PHONE, guess: str = "", **options: Any) -> RegistrarAnswer:
        request = self.request(*contacts, **options)
        first = self.registrar.handle(request, flow, self.now)
        assert first.status == 401
        challenge = Challenge.parse(first.headers[0][1])
        assert challenge is not None
        credentials = Credentials("100", guess or "secret")
        value = answer_challenge(challenge, credentials, method="REGISTER", uri="sip:example.com", cnonce="c")
        request.add("Authorization", value)
        return self.registrar.handle(request, flow, self.now)

    def contacts(self) -> list[str]:
        return [str(binding.contact) for binding in self.location.bindings(AOR, self.now)]


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_phone_registers_is_found_refreshes_and_goes(shop: Shop) -> None:
    answer = shop.register("<sip:100@10.0.0.5:5060>", number=1, expires=600)
    assert (answer.status, answer.changes, answer.username) == (200, UP, "100")
    assert answer.headers == (("Contact", "<sip:100@10.0.0.5:5060>;expires=600;q=1"),)
    (binding,) = shop.location.bindings(AOR, shop.now)
    assert (binding.flow, binding.expires_at) == (PHONE, 610.0)  # calls go to the flow, not to 10.0.0.5
    shop.now = 500.0
    assert shop.register("<sip:100@10.0.0.5:5060>", number=2, expires=600).changes == ()
    assert shop.location.bindings(AOR, 1000.0)
    answer = shop.register("<sip:100@10.0.0.5:5060>;expires=0", number=3)
    assert (answer.status, answer.headers, answer.changes) == (200, (), DOWN)


def test_nobody_gets_in_without_the_password(shop: Shop) -> None:
    assert shop.register("<sip:100@10.0.0.5>", number=1, guess="guess").status == 401
    assert shop.contacts() == []


def test_nobody_registers_for_somebody_else(shop: Shop) -> None:
    assert shop.register("<sip:100@10.0.0.5>", number=1, to="sip:200@example.com").status == 403


def test_the_address_we_are_reached_at_means_our_domain(shop: Shop) -> None:
    assert shop.register("<sip:100@10.0.0.5>", number=1, to="sip:100@192.0.2.1").changes == UP
    assert shop.register("<sip:100@10.0.0.5>", number=2, to="sip:100@[2001:db8::1]").status == 200
    assert shop.register("<sip:100@10.0.0.5>", number=3, to="sip:100@elsewhere.example").status == 404
    assert shop.register("<sip:100@10.0.0.5>", number=4, to="isbn:2983792873").status == 404


def test_asking_changes_nothing(shop: Shop) -> None:
    shop.register("<sip:100@10.0.0.5>;q=0.4", number=1, expires=600)
    shop.now += 100
    answer = shop.register(number=2)
    assert (answer.status, answer.headers) == (200, (("Contact", "<sip:100@10.0.0.5>;expires=500;q=0.4"),))


def test_too_brief_is_423_with_what_would_do(shop: Shop) -> None:
    answer = shop.register("<sip:100@10.0.0.5>", number=1, expires=30)
    assert (answer.status, answer.headers) == (423, (("Min-Expires", "60"),))
    assert shop.contacts() == []


@pytest.mark.parametrize(
    ("contact", "expires", "granted"),
    [
        ("<sip:100@h>", None, 3600),  # the default
        ("<sip:100@h>;expires=120", 600, 120),  # its own counts
        ("<sip:100@h>;expires=99999999", None, 86_400),  # cut
        ("<sip:100@h>;expires=soon", None, 3600),  # unreadable is an hour (RFC 3261 section 20.10)
        ("<sip:100@h>", 4_000_000_000, 86_400),
    ],
)
def test_how_long(shop: Shop, contact: str, expires: int | None, granted: int) -> None:
    shop.register(contact, number=1, expires=expires)
    assert shop.location.bindings(AOR, shop.now)[0].expires_at == shop.now + granted


def test_the_wildcard_removes_everything(shop: Shop) -> None:
    shop.register("<sip:100@a>", number=1)
    shop.register("<sip:100@b>", number=1, call_id="phone-2", flow=STREAM)
    assert len(shop.contacts()) == 2
    answer = shop.register("*", number=2, expires=0)
    assert (answer.status, answer.changes, shop.contacts()) == (200, DOWN, [])


@pytest.mark.parametrize(("contacts", "expires"), [(("*",), 60), (("*",), None), (("*", "<sip:100@a>"), 0)])
def test_a_wildcard_stands_alone_and_expires(shop: Shop, contacts: tuple[str, ...], expires: int | None) -> None:
    shop.register("<sip:100@a>", number=1)
    assert shop.register(*contacts, number=2, expires=expires).status == 400
    assert shop.contacts() == ["sip:100@a"]


def test_an_old_request_changes_nothing(shop: Shop) -> None:
    shop.register("<sip:100@a>", number=5, expires=600)
    assert shop.register("<sip:100@a>", number=4, expires=0).status == 500
    assert shop.register("<sip:100@a>", number=5, expires=0).status == 500
    assert shop.register("*", number=5, expires=0).status == 500
    assert shop.contacts() == ["sip:100@a"]
    assert shop.register("<sip:100@a>", number=1, call_id="after-a-restart", expires=0).status == 200
    assert shop.contacts() == []


def test_several_contacts_in_one_request_are_all_or_nothing(shop: Shop) -> None:
    assert shop.register("<sip:100@a>, <sip:100@b>", number=1).status == 200
    assert shop.contacts() == ["sip:100@a", "sip:100@b"]
    assert shop.register("<sip:100@a>;expires=0", "<sip:100@b>;expires=5", number=2).status == 423
    assert len(shop.contacts()) == 2


def test_one_device_more_than_allowed_pushes_the_oldest_out(shop: Shop) -> None:
    for number, host in enumerate(("a", "b", "c"), 1):
        shop.now += 1
        flow = PHONE._replace(remote=("198.51.100.7", 6000 + number))
        assert shop.register(f"<sip:100@{host}>", number=1, call_id=host, flow=flow).status == 200
    assert shop.contacts() == ["sip:100@c", "sip:100@b"]


def test_a_restarted_device_replaces_its_old_self(shop: Shop) -> None:
    shop.register("<sip:100-abc@a>", number=1, call_id="before")
    shop.register("<sip:100-def@a>", number=1, call_id="after")
    assert shop.contacts() == ["sip:100-def@a"]


def test_path_is_kept_and_shown(shop: Shop) -> None:
    extra = "Supported: path\r\nPath: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>\r\n"
    answer = shop.register("<sip:100@a>", number=1, extra=extra)
    assert [value for name, value in answer.headers if name == "Path"] == [
        "<sip:p1.example.com;lr>",
        "<sip:p2.example.com;lr>",
    ]
    assert shop.location.bindings(AOR, shop.now)[0].path == ("<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>")


@pytest.mark.parametrize("contact", ["sip:100@a?Route=x", "<mailto:a@b>", '"x <sip:a@b>', "<sip:a@b"])
def test_bad_contacts_are_400(shop: Shop, contact: str) -> None:
    assert shop.register(contact, number=1).status == 400
    assert shop.contacts() == []


def test_who_is_no_longer_configured_is_no_longer_registered(shop: Shop) -> None:
    shop.register("<sip:100@a>", number=1)
    assert shop.registrar.configure(REALM, [], shop.now) == DOWN


def test_the_registers_of_rfc_4475_break_nothing(shop: Shop) -> None:
    folder = Path(__file__).parents[3] / "shared" / "corpora" / "rfc4475"
    if not folder.is_dir():
        pytest.skip("the torture messages are IETF Trust text: read in place, not part of the project")
    for name in ("regbadct", "unksm2", "regaut01", "cparam01", "cparam02", "regescrt", "escnull", "dblreq"):
        message = parse_message((folder / f"{name}.dat").read_bytes())
        assert isinstance(message, Request)
        assert shop.registrar.handle(message, PHONE, 10.0).status == 401
