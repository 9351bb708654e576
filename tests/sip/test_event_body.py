"""The bodies of NOTIFY are well-formed, whatever people are called."""

import xml.etree.ElementTree as ET

from softacd.sip.event_body import DialogPhase, DialogState, dialog_info, message_summary, presence

INFO = "{urn:ietf:params:xml:ns:dialog-info}"
PIDF = "{urn:ietf:params:xml:ns:pidf}"


def parse(body: bytes) -> ET.Element:
    return ET.fromstring(body)  # noqa: S314 - our own writing


def test_dialogs_of_an_extension() -> None:
    state = DialogState("d1", "a&b@x", "t<1", 't"2', False, DialogPhase.EARLY, "sip:102@x", 'O\'Neill & "Sons" <x>')
    root = parse(dialog_info("sip:101@x", 3, [state]))
    assert (root.get("version"), root.get("state"), root.get("entity")) == ("3", "full", "sip:101@x")
    dialog = root.find(f"{INFO}dialog")
    assert dialog is not None
    assert dict(dialog.attrib) == {
        "id": "d1", "call-id": "a&b@x", "local-tag": "t<1", "remote-tag": 't"2', "direction": "recipient",
    }  # fmt: skip
    assert dialog.findtext(f"{INFO}state") == "early"
    identity = dialog.find(f"{INFO}remote/{INFO}identity")
    assert identity is not None
    assert (identity.get("display"), identity.text) == ('O\'Neill & "Sons" <x>', "sip:102@x")


def test_an_idle_extension_says_so() -> None:
    root = parse(dialog_info("sip:101@x", 0, []))
    assert [state.text for state in root.iter(f"{INFO}state")] == ["terminated"]


def test_presence() -> None:
    root = parse(presence("sip:101@x", reachable=True, note="<ready>", activity="away"))
    assert root.findtext(f"{PIDF}tuple/{PIDF}status/{PIDF}basic") == "open"
    assert root.findtext(f"{PIDF}tuple/{PIDF}note") == "<ready>"
    assert any(element.tag.endswith("}away") for element in root.iter())
    closed = parse(presence("sip:101@x", reachable=False, note=""))
    assert closed.findtext(f"{PIDF}tuple/{PIDF}status/{PIDF}basic") == "closed"


def test_messages_that_wait() -> None:
    assert message_summary("sip:101@x").decode() == (
        "Messages-Waiting: no\r\nMessage-Account: sip:101@x\r\nVoice-Message: 0/0 (0/0)\r\n"
    )
    assert b"Messages-Waiting: yes\r\n" in message_summary("sip:101@x", new=2, old=1)
