"""URIs (RFC 3261 section 19.1, RFC 3966)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.sip.errors import MalformedError, SipError
from softacd.sip.uri import SipUri

CASES = [
    ("sip:alice@atlanta.com", SipUri("sip", "alice", "atlanta.com")),
    ("SIPS:Alice@ATLANTA.com:5061", SipUri("sips", "Alice", "atlanta.com", 5061)),
    ("sip:atlanta.com;lr;Transport=TCP", SipUri("sip", "", "atlanta.com", None, {"lr": None, "transport": "TCP"})),
    (
        "sip:+1-212-555-1212:1234@gw.com;user=phone",
        SipUri("sip", "+1-212-555-1212", "gw.com", None, {"user": "phone"}, "", "1234"),
    ),
    ("sip:%61lice%40x@b", SipUri("sip", "alice@x", "b")),
    ("sip:a@[2001:db8::10]:5070", SipUri("sip", "a", "[2001:db8::10]", 5070)),
    ("sip:[2001:db8::10]", SipUri("sip", "", "[2001:db8::10]")),
    ("sip:user;par=u%40example.net@example.com", SipUri("sip", "user;par=u@example.net", "example.com")),
    ("sip:*72@b", SipUri("sip", "*72", "b")),
    ("sip:a@b?subject=x&priority=urgent", SipUri("sip", "a", "b", None, {}, "subject=x&priority=urgent")),
    ("tel:+1-201-555-0123;phone-context=x", SipUri("tel", "+1-201-555-0123", "", None, {"phone-context": "x"})),
    ("urn:service:sos", SipUri("urn", opaque="service:sos")),
]


@pytest.mark.parametrize(("text", "uri"), CASES)
def test_parse_and_write(text: str, uri: SipUri) -> None:
    assert SipUri.parse(text) == uri
    assert SipUri.parse(str(uri)) == uri


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "sip:",
        "sip:@b",
        "sip:a@",
        "sip:a b@c",
        "sip:a@b c",
        "<sip:a@b>",
        "sip:a@b:",
        "sip:a@b:65536",
        "sip:2001:db8::10",
        "sip:a@[2001:db8::1",
        "sip:a@b\r\nEvil: 1",
        "sip:a@b;x y",
        "sip:a@b;x@c",
        "tel:",
        "tel:abc x",
        "sip:a@b:5060:5060",
        'sip:"a"@b',
    ],
)
def test_what_is_no_uri_is_malformed(text: str) -> None:
    with pytest.raises(MalformedError):
        SipUri.parse(text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        # the examples of RFC 3261 section 19.1.4
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", True),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", True),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5", True),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            True,
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            True,
        ),
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", False),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", False),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", False),
    ],
)
def test_equality_is_that_of_the_rfc(one: str, other: str, same: bool) -> None:
    assert SipUri.parse(one).matches(SipUri.parse(other)) is same
    assert SipUri.parse(other).matches(SipUri.parse(one)) is same


def test_half_of_a_letter_escaped_and_half_not_is_one_letter() -> None:
    text = b"sip:%ce\xb5@x.test".decode("utf-8", "surrogateescape")
    assert SipUri.parse(text).user == "ε"
    assert SipUri.parse(str(SipUri.parse(text))) == SipUri.parse(text)


def test_the_address_of_record_is_bare() -> None:
    assert SipUri.parse("sips:100@Example.COM:5060;transport=tcp?x=y").address_of_record == "sip:100@example.com"
    assert SipUri.parse("sip:100@example.com:5070").address_of_record == "sip:100@example.com:5070"


@given(
    st.text(min_size=1).filter(lambda user: not any(0xD800 <= ord(c) <= 0xDFFF for c in user)), st.integers(1, 65535)
)
def test_any_user_survives_the_wire(user: str, port: int) -> None:
    uri = SipUri("sip", user, "example.com", port)
    assert SipUri.parse(str(uri)) == uri
    assert "\n" not in str(uri)


@given(st.text())
def test_anything_else_is_a_sip_error(text: str) -> None:
    for candidate in (text, "sip:" + text, "tel:" + text):
        try:
            uri = SipUri.parse(candidate)
        except SipError:
            continue
        assert SipUri.parse(str(uri)) == uri
