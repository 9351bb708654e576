"""RFC 4028: what is asked, what is agreed, what is too little."""

import pytest

from softacd.sip.errors import MalformedError
from softacd.sip.message import Request, Response
from softacd.sip.session_timer import (
    Refresher,
    Session,
    SessionExpires,
    TooSmallError,
    agree_as_client,
    agree_as_server,
    minimum,
    offer_headers,
)


def invite(**fields: str) -> Request:
    return Request("INVITE", "sip:1@x", {name.replace("_", "-"): [value] for name, value in fields.items()})


def test_the_header_in_both_directions() -> None:
    assert SessionExpires.parse("1800;refresher=uas") == SessionExpires(1800, Refresher.UAS)
    assert SessionExpires.parse(" 90 ; Refresher=UAC") == SessionExpires(90, Refresher.UAC)
    assert SessionExpires.parse("300;other=1") == SessionExpires(300)
    assert str(SessionExpires(1800, Refresher.UAC)) == "1800;refresher=uac"
    for text in ("", "soon", "-1", "1.5"):
        with pytest.raises(MalformedError):
            SessionExpires.parse(text)


@pytest.mark.parametrize(
    ("fields", "session", "said"),
    [
        ({}, None, ()),
        ({"session_expires": "1800"}, None, ()),  # without support there is no session timer
        ({"supported": "timer"}, Session(1800, ours=True), (("Session-Expires", "1800;refresher=uas"),)),
        ({"supported": "timer", "session_expires": "600"}, Session(600, ours=True),
         (("Session-Expires", "600;refresher=uas"),)),
        ({"supported": "100rel, Timer", "session_expires": "3600;refresher=uac"}, Session(1800, ours=False),
         (("Session-Expires", "1800;refresher=uac"), ("Require", "timer"))),
        ({"supported": "timer", "session_expires": "7200", "min_se": "3600"}, Session(3600, ours=True),
         (("Session-Expires", "3600;refresher=uas"),)),
    ],
)  # fmt: skip
def test_what_our_2xx_says(fields: dict[str, str], session: Session | None, said: object) -> None:
    assert agree_as_server(invite(**fields), 1800) == (session, said)


def test_too_short_an_interval_is_refused_with_the_least() -> None:
    with pytest.raises(TooSmallError) as refused:
        agree_as_server(invite(supported="timer", session_expires="60"), 1800)
    assert (refused.value.status, refused.value.headers) == (422, (("Min-SE", "90"),))


def test_what_the_answer_to_our_request_agrees() -> None:
    def agreed(value: str | None) -> Session | None:
        return agree_as_client(Response(200, "OK", {"session-expires": [value]} if value else {}))

    assert agreed(None) is None
    assert agreed("nonsense") is None
    assert agreed("600;refresher=uac") == Session(600, ours=True)
    assert agreed("600;refresher=uas") == Session(600, ours=False)
    assert agreed("1;refresher=uac") == Session(90, ours=True), "nobody makes us refresh every second"


def test_moments() -> None:
    assert Session(1800, ours=True).refresh_after == 900
    assert Session(1800, ours=True).expires_after == 1768
    assert Session(90, ours=True).expires_after == 60


def test_what_we_ask_for() -> None:
    assert offer_headers(1800) == (("Session-Expires", "1800"), ("Min-SE", "90"))
    assert offer_headers(1800, 3600) == (("Session-Expires", "3600"), ("Min-SE", "3600"))
    assert minimum(invite(min_se="120;lr")) == 120
    assert minimum(invite()) == 90
