"""What a SUBSCRIBE asks for."""

import pytest

from softacd.sip.event_package import Package, SubscribeRefusedError, Wish, read_subscribe
from softacd.sip.message import Request


def subscribe(event: str | None, **fields: str) -> Request:
    values = {name: [value] for name, value in fields.items()}
    return Request("SUBSCRIBE", "sip:101@x", values if event is None else {**values, "event": [event]})


@pytest.mark.parametrize(
    ("event", "fields", "wish"),
    [
        ("dialog", {}, Wish(Package.DIALOG, "dialog", 3600)),
        ("Dialog;id=7;x=1", {"expires": "600"}, Wish(Package.DIALOG, "dialog;id=7", 600)),
        ("presence", {"expires": "999999"}, Wish(Package.PRESENCE, "presence", 3600)),
        ("message-summary", {"expires": "0"}, Wish(Package.MESSAGE_SUMMARY, "message-summary", 0)),
        ("presence", {"accept": "text/x, application/pidf+xml;q=1"}, Wish(Package.PRESENCE, "presence", 3600)),
    ],
)
def test_what_is_served(event: str, fields: dict[str, str], wish: Wish) -> None:
    assert read_subscribe(subscribe(event, **fields)) == wish


@pytest.mark.parametrize(
    ("event", "fields", "status", "header"),
    [
        (None, {}, 489, "Allow-Events"),
        ("conference", {}, 489, "Allow-Events"),
        ("dialog", {"expires": "5"}, 423, "Min-Expires"),
        ("dialog", {"accept": "text/plain"}, 406, "Accept"),
    ],
)
def test_what_is_refused(event: str | None, fields: dict[str, str], status: int, header: str) -> None:
    with pytest.raises(SubscribeRefusedError) as refused:
        read_subscribe(subscribe(event, **fields))
    assert refused.value.status == status
    assert [name for name, _ in refused.value.headers] == [header]
