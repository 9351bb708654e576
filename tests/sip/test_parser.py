"""From bytes to messages: one golden table both ways, what is malformed, and the fuzzers' invariant."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softacd.sip.errors import MalformedError, SipError, TooLargeError, VersionError
from softacd.sip.limits import Limits
from softacd.sip.message import Request, Response
from softacd.sip.parser import parse_message

INVITE = (
    b"INVITE sip:bob@biloxi.com SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds\r\n"
    b"Max-Forwards: 70\r\n"
    b"To: Bob <sip:bob@biloxi.com>\r\n"
    b"From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n"
    b"Call-ID: a84b4c76e66710@pc33.atlanta.com\r\n"
    b"CSeq: 314159 INVITE\r\n"
    b"Contact: <sip:alice@pc33.atlanta.com>\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: 4\r\n\r\nv=0\n"
)


def test_the_invite_of_the_rfc() -> None:
    message = parse_message(INVITE)
    assert isinstance(message, Request)
    message.check()
    assert (message.method, message.uri_text, message.body) == ("INVITE", "sip:bob@biloxi.com", b"v=0\n")
    assert message.from_.display_name == "Alice"
    assert message.from_.tag == "1928301774"
    assert message.cseq == (314159, "INVITE")
    assert message.top_via.branch == "z9hG4bK776asdhds"
    assert message.max_forwards == 70
    assert message.content_type == "application/sdp"
    assert [str(contact.uri) for contact in message.contacts] == ["sip:alice@pc33.atlanta.com"]


def test_reading_and_writing_agree() -> None:
    assert parse_message(INVITE).to_bytes() == INVITE


def test_compact_forms_folding_and_lists_read_like_their_long_forms() -> None:
    message = parse_message(
        b"INVITE sip:bob@biloxi.com SIP/2.0\r\n"
        b"v: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/TCP b\r\n"
        b"VIA : SIP/2.0/UDP c\r\n"
        b"t: <sip:bob@biloxi.com>\r\n"
        b"f: <sip:alice@atlanta.com>\r\n  ;tag=1\r\n"
        b"i: 1\r\nCSEQ: 1\r\n\tINVITE\r\n"
        b'm: <sip:a@b>, "x, y" <sip:c@d>;q=0.5\r\n'
        b"Supported:\r\n"
        b"Subject: a, b\r\n c\r\n"
        b"l: 0\r\n\r\n"
    )
    message.check()
    assert [via.host for via in message.vias] == ["a", "b", "c"]
    assert message.from_.tag == "1"
    assert message.cseq == (1, "INVITE")
    assert [str(contact) for contact in message.contacts] == ["<sip:a@b>", '"x, y" <sip:c@d>;q=0.5']
    assert message.header("Supported") == ""
    assert message.headers("supported") == []
    assert message.headers("Subject") == ["a, b c"]
    assert message.header("User-Agent") is None


def test_a_response() -> None:
    message = parse_message(b"SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe\r\nCSeq: 1 BYE\r\n\r\n")
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (200, "= 2**3 * 5**2 но")
    empty = parse_message(b"SIP/2.0 100 \r\nCSeq: 1 BYE\r\n\r\n")
    assert isinstance(empty, Response)
    assert empty.reason == ""


def test_octets_that_are_not_utf_8_travel_unharmed() -> None:
    data = INVITE.replace(b"Bob <", b'"B\xffb" <')
    assert parse_message(data).to_bytes() == data


def test_a_datagram_ends_where_content_length_says() -> None:
    assert parse_message(INVITE + b"INVITE sip:x SIP/2.0").body == b"v=0\n"
    assert parse_message(INVITE.replace(b"Content-Length: 4\r\n", b"")).body == b"v=0\n"


def test_empty_lines_before_the_start_line_are_skipped() -> None:
    assert isinstance(parse_message(b"\r\n" + INVITE), Request)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"Content-Length: 4", b"Content-Length: 5", "shorter than Content-Length"),
        (b"Content-Length: 4", b"Content-Length: -4", "bad Content-Length"),
        (b"Content-Length: 4", b"Content-Length: 4\r\nl: 4", "more than one Content-Length"),
        (b"Max-Forwards: 70", b"Max-Forwards 70", "without a colon"),
        (b"Max-Forwards: 70", b"Max Forwards: 70", "bad header name"),
        (b"Max-Forwards: 70", b": 70", "bad header name"),
        (b"Max-Forwards: 70", b"Subject: x\nEvil: y", "bare"),
        (b"Max-Forwards: 70", b"Subject: x\rEvil: y", "bare"),
        (b"INVITE sip", b"INVITE  sip", "bad start line"),
        (b" SIP/2.0\r\nVia", b" SIP/2.0 \r\nVia", "bad start line"),
        (b"biloxi.com SIP", b"biloxi.com; lr SIP", "bad start line"),
        (b"INVITE sip:bob@biloxi.com SIP/2.0\r\n", b"INVITE sip:bob@biloxi.com SIP/2.0\r\n folded\r\n", "folded"),
    ],
)
def test_malformed_and_still_answerable(old: bytes, new: bytes, why: str) -> None:
    assert old in INVITE
    with pytest.raises(MalformedError, match=why) as caught:
        parse_message(INVITE.replace(old, new, 1))
    request = caught.value.request
    assert request is not None
    assert request.method == "INVITE"
    assert request.top_via.branch == "z9hG4bK776asdhds"
    assert request.call_id == "a84b4c76e66710@pc33.atlanta.com"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\0" * 20,
        b"hello",
        b"SIP/2.0 4294967301 x\r\n\r\n",
        b"SIP/2.0 099 x\r\n\r\n",
        b"SIP/2.0 700 x\r\n\r\n",
        b"SIP/2.0 20 x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_malformed_and_nobody_to_answer(data: bytes) -> None:
    with pytest.raises(SipError) as caught:
        parse_message(data)
    request = caught.value.request
    assert request is None or "via" not in request.fields


def test_another_version_is_505() -> None:
    with pytest.raises(VersionError) as caught:
        parse_message(INVITE.replace(b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia"))
    assert caught.value.status == 505
    assert caught.value.request is not None


@pytest.mark.parametrize("limits", [Limits(message_bytes=300), Limits(head_bytes=100), Limits(header_lines=5)])
def test_what_is_too_large_is_513(limits: Limits) -> None:
    with pytest.raises(TooLargeError) as caught:
        parse_message(INVITE, limits)
    assert caught.value.status == 513


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"Max-Forwards: 70\r\n", b"Max-Forwards: 70\r\nTo: <sip:x@y>\r\n", "more than one To"),
        (b"Call-ID: a84b4c76e66710@pc33.atlanta.com\r\n", b"", "no Call-ID"),
        (b"CSeq: 314159 INVITE", b"CSeq: 314159 BYE", "another method"),
        (b"Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds\r\n", b"", "no Via"),
        (b"Max-Forwards: 70", b"Max-Forwards: 256", "bad Max-Forwards"),
        (b"sip:bob@biloxi.com SIP", b"<sip:bob@biloxi.com> SIP", "bad URI"),
    ],
)
def test_check_finds_what_no_layer_can_use(old: bytes, new: bytes, why: str) -> None:
    message = parse_message(INVITE.replace(old, new, 1))
    with pytest.raises(MalformedError, match=why):
        message.check()


# --- the invariant: a message or SipError -----------------------------------------------------------------------


def exercise(data: bytes) -> None:
    """Read everything there is to read."""
    try:
        message = parse_message(data)
        message.check()
        _ = message.vias, message.contacts, message.expires, message.headers("route"), message.headers("supported")
    except SipError as error:
        if not 400 <= error.status < 700:
            raise AssertionError(f"{error.status} is no answer") from error
        return
    again = parse_message(message.to_bytes())
    assert again.start_line == message.start_line
    assert again.body == message.body
    assert {
        key: [" ".join(value.split()) for value in values]
        for key, values in again.fields.items()
        if key != "content-length"
    } == {
        key: [" ".join(value.split()) for value in values]
        for key, values in message.fields.items()
        if key != "content-length"
    }


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    exercise(data)


@settings(max_examples=300)
@given(st.data())
def test_any_damage_to_a_good_message(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(INVITE)))
    removed = data.draw(st.integers(0, 40))
    inserted = data.draw(
        st.binary(max_size=12) | st.sampled_from([b"\r\n", b"\r\n ", b",", b'"', b"<", b">", b";", b"\0", b"\n", b"%"])
    )
    exercise(INVITE[:position] + inserted + INVITE[position + removed :])


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z][A-Za-z0-9\-]{0,10}", fullmatch=True),
            st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30),
        )
    )
)
def test_composed_messages_round_trip(headers: list[tuple[str, str]]) -> None:
    request = Request("MESSAGE", "sip:a@b", {}, b"body")
    request.extend(headers)
    request.fields.pop("content-length", None)
    again = parse_message(request.to_bytes())
    assert again.body == b"body"
    for key, values in request.fields.items():
        assert [value.strip(" \t") for value in again.fields[key]] == [value.strip(" \t") for value in values]
