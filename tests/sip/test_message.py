"""Composing responses, and what cannot be written (RFC 3261 sections 7 and 8.2.6)."""

from __future__ import annotations

import pytest

from softacd.sip.errors import MalformedError, UriSchemeError
from softacd.sip.message import Request, response_to
from softacd.sip.parser import parse_message
from tests.sip.test_parser import INVITE


def the_invite() -> Request:
    message = parse_message(INVITE)
    assert isinstance(message, Request)
    return message


def test_a_response_copies_what_the_rfc_says_and_nothing_else() -> None:
    response = response_to(
        the_invite(), 180, tag="ours", via="SIP/2.0/UDP pc33.atlanta.com;branch=x;received=192.0.2.1"
    )
    assert response.to_bytes().decode() == (
        "SIP/2.0 180 Ringing\r\n"
        "Via: SIP/2.0/UDP pc33.atlanta.com;branch=x;received=192.0.2.1\r\n"
        "From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n"
        "To: Bob <sip:bob@biloxi.com>;tag=ours\r\n"
        "Call-ID: a84b4c76e66710@pc33.atlanta.com\r\n"
        "CSeq: 314159 INVITE\r\n"
        "Content-Length: 0\r\n\r\n"
    )


def test_a_to_tag_that_is_there_stays() -> None:
    request = the_invite()
    request.fields["to"] = ["<sip:bob@biloxi.com>;tag=theirs"]
    assert response_to(request, 200, tag="ours").to.tag == "theirs"


def test_only_the_topmost_via_of_a_list_is_replaced() -> None:
    request = the_invite()
    request.fields["via"] = ["SIP/2.0/UDP a;branch=1, SIP/2.0/UDP b", "SIP/2.0/UDP c"]
    assert response_to(request, 200, via="SIP/2.0/UDP a;branch=1;rport=9").fields["via"] == [
        "SIP/2.0/UDP a;branch=1;rport=9",
        "SIP/2.0/UDP b",
        "SIP/2.0/UDP c",
    ]


def test_trying_repeats_the_timestamp() -> None:
    request = the_invite()
    request.add("Timestamp", "54")
    assert response_to(request, 100).header("timestamp") == "54"
    assert response_to(request, 180).header("timestamp") is None


@pytest.mark.parametrize("value", ["x\r\nEvil: 1", "x\nEvil: 1", "x\r", "\n"])
def test_no_value_can_break_out_of_its_line(value: str) -> None:
    request = the_invite()
    request.add("Subject", value)
    with pytest.raises(ValueError, match="line end"):
        request.to_bytes()


def test_no_uri_or_reason_can_either() -> None:
    with pytest.raises(ValueError, match="line end"):
        Request("OPTIONS", "sip:a@b\r\nEvil: 1", {}).to_bytes()
    with pytest.raises(ValueError, match="line end"):
        response_to(the_invite(), 400, "x\r\nEvil: 1").to_bytes()


def test_a_header_name_is_a_token() -> None:
    with pytest.raises(MalformedError):
        the_invite().add("Evil: 1\r\nX", "y")


def test_foreign_schemes_are_416() -> None:
    request = the_invite()
    request.uri_text = "nobodyKnowsThisScheme:totallyopaquecontent"
    with pytest.raises(UriSchemeError) as caught:
        request.check()
    assert caught.value.status == 416


def test_the_body_sets_the_length() -> None:
    request = the_invite()
    request.body = "v=0 é".encode()
    assert b"Content-Length: 6\r\n\r\n" in request.to_bytes()
