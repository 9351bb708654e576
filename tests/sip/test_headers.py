"""Names, addresses, Via and CSeq (RFC 3261 section 20)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.sip.errors import MalformedError
from softacd.sip.headers import CSeq, NameAddress, Via, canonical_name, parse_cseq
from softacd.sip.uri import SipUri


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Via", "via"),
        ("v", "via"),
        ("V", "via"),
        ("CALL-ID", "call-id"),
        ("cAlL-iD", "call-id"),
        ("i ", "call-id"),
        ("x", "session-expires"),
        ("X-Thing", "x-thing"),
        ("extensionHeader-!.%*+_`'~", "extensionheader-!.%*+_`'~"),
    ],
)
def test_names_are_case_insensitive_and_compact(name: str, key: str) -> None:
    assert canonical_name(name) == key


@pytest.mark.parametrize("name", ["", "a b", "a:b", "é", "a\n"])
def test_a_name_is_a_token(name: str) -> None:
    with pytest.raises(MalformedError, match="bad header name"):
        canonical_name(name)


BOB = SipUri("sip", "bob", "b.com")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("<sip:bob@b.com>", NameAddress("", BOB)),
        ("sip:bob@b.com", NameAddress("", BOB)),
        ("sip:bob@b.com;tag=1;x", NameAddress("", BOB, {"tag": "1", "x": None})),
        ("<sip:bob@b.com;lr>;tag=1", NameAddress("", SipUri("sip", "bob", "b.com", None, {"lr": None}), {"tag": "1"})),
        ('"Bob \\"B\\" \\\\" <sip:bob@b.com>;tag=1', NameAddress('Bob "B" \\', BOB, {"tag": "1"})),
        ("Bob B <sip:bob@b.com>", NameAddress("Bob B", BOB)),
        ('"<sip:evil@x>"<sip:bob@b.com>', NameAddress("<sip:evil@x>", BOB)),
        ('"Боб" <sip:bob@b.com> ; tag = 1', NameAddress("Боб", BOB, {"tag": "1"})),
        ("<tel:+123>", NameAddress("", SipUri("tel", "+123"))),
    ],
)
def test_name_addresses(text: str, address: NameAddress) -> None:
    assert NameAddress.parse(text) == address
    assert NameAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bob",
        '"Bob <sip:bob@b.com>',
        "<sip:bob@b.com",
        "<sip:bob@b.com> x",
        "sip:bob@b.com?x=y",
        "sip:a,b@c",
        "< sip:bob@b.com>",
        "<sip:bob@b.com>;tag=1;a b",
    ],
)
def test_bad_name_addresses(text: str) -> None:
    with pytest.raises(MalformedError):
        NameAddress.parse(text)


def test_tags() -> None:
    address = NameAddress.parse("<sip:bob@b.com>;tag=1;x=y")
    assert address.tag == "1"
    assert address.with_tag("2").parameters == {"tag": "2"}
    assert address.with_tag("").tag == ""


@given(st.text())
def test_any_display_name_survives(display: str) -> None:
    assert NameAddress.parse(str(NameAddress(display, BOB))).display_name == display


@pytest.mark.parametrize(
    ("text", "via"),
    [
        ("SIP/2.0/UDP pc33.a.com;branch=z9hG4bK1", Via("UDP", "pc33.a.com", None, {"branch": "z9hG4bK1"})),
        ("SIP / 2.0 / tcp  192.0.2.2 : 5070 ; rport", Via("TCP", "192.0.2.2", 5070, {"rport": None})),
        (
            "SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255]",
            Via("UDP", "[2001:db8::9:1]", None, {"received": "[2001:db8::9:255]"}),
        ),
    ],
)
def test_via(text: str, via: Via) -> None:
    assert Via.parse(text) == via
    assert Via.parse(str(via)) == via


@pytest.mark.parametrize("text", ["", "SIP/2.0/UDP", "SIP/2.0 a", "SIP/2.0/UDP a:99999", "SIP/2.0/UDP a b"])
def test_bad_via(text: str) -> None:
    with pytest.raises(MalformedError):
        Via.parse(text)


def test_sent_by_has_the_port_written_out() -> None:
    assert Via.parse("SIP/2.0/UDP A.com").sent_by == "a.com:5060"
    assert Via.parse("SIP/2.0/TLS A.com").sent_by == "a.com:5061"


def test_cseq() -> None:
    assert parse_cseq("0009  INVITE") == CSeq(9, "INVITE")
    for bad in ("", "INVITE", "1", "-1 INVITE", "2147483648 INVITE", "1 IN VITE", "36893488147419103232 REGISTER"):
        with pytest.raises(MalformedError):
            parse_cseq(bad)
