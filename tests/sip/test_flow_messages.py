"""Every message of the RFCs' call flows is read, and written in a way that reads the same.

The flows are YAML files, each a list of literal blocks; their directory is named by SOFTACD_CALL_FLOWS.
"""

import os
from pathlib import Path

import pytest

from softacd.sip.errors import MalformedError
from softacd.sip.message import Request
from softacd.sip.parser import parse_message

FLOWS = Path(os.environ.get("SOFTACD_CALL_FLOWS", "../shared/corpora/rfc-callflows-yaml"))
pytestmark = pytest.mark.skipif(not FLOWS.is_dir(), reason="the RFC's call flows are not here: set SOFTACD_CALL_FLOWS")

ABBREVIATED = {
    "misc/rfc5626/9.3_incoming_call_and_proxy_crash.yaml",
    "misc/rfc5626/9.4_re-registration.yaml",
    "misc/rfc5626/9.5_outgoing_call.yaml",
}
"""The RFC prints only the header fields it speaks of there: a message without Via is none."""


def messages(path: Path) -> list[bytes]:
    """The blocks of one file as they would be on the wire."""
    found = []
    for block in ("\n" + path.read_text(encoding="utf-8")).split("\n- |")[1:]:
        text = "\n".join(line.removeprefix("  ") for line in block.split("\n")[1:]).rstrip("\n")
        head, _, body = text.partition("\n\n")
        wire = head.replace("\n", "\r\n") + "\r\n\r\n" + (body.replace("\n", "\r\n") + "\r\n" if body else "")
        found.append(wire.encode())
    return found


@pytest.mark.parametrize("name", sorted(str(path.relative_to(FLOWS)) for path in FLOWS.rglob("*.yaml")))
def test_each_message_is_read_and_written(name: str) -> None:
    whole = messages(FLOWS / name)
    assert whole, f"no message found in {name}"
    for data in whole:
        if name in ABBREVIATED:
            with pytest.raises(MalformedError, match="no Via"):
                parse_message(data).check()
            continue
        message = parse_message(data)
        message.check()
        again = parse_message(message.to_bytes())
        assert again.start_line == message.start_line
        assert (again.call_id, again.cseq, again.top_via) == (message.call_id, message.cseq, message.top_via)
        assert again.body == message.body
        if isinstance(message, Request):
            assert isinstance(again, Request)
            assert str(again.uri) == str(message.uri)
