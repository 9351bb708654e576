"""What is fuzzed, and the invariant of each: a value or the room's own error, nothing else, in linear time.

Each target takes any bytes and raises only when its invariant is broken.
"""

import contextlib
from collections.abc import Callable
from itertools import count

from softacd.sdp.description import SessionDescription
from softacd.sdp.errors import SdpError
from softacd.sdp.negotiation import LocalMedia, answer
from softacd.sip.digest import Challenge, parse_credentials
from softacd.sip.errors import SipError
from softacd.sip.framing import StreamFramer
from softacd.sip.headers import NameAddress, Via
from softacd.sip.parser import parse_message
from softacd.sip.stack import SipStack
from softacd.sip.transport import Flow, Transport
from softacd.sip.uri import SipUri
from tests.fuzz import browsers, media

UDP = Flow(Transport.UDP, ("192.0.2.1", 5060), ("192.0.2.99", 5060))
LOCAL = LocalMedia(host="192.0.2.1", port=20_000, session_id=1)


def message(data: bytes) -> None:
    """A message or a SipError; what was read whole is written in a way that reads the same."""
    try:
        parsed = parse_message(data)
        parsed.check()
    except SipError:
        return
    again = parse_message(parsed.to_bytes())
    assert again.start_line == parsed.start_line
    assert again.call_id == parsed.call_id
    assert again.cseq == parsed.cseq
    assert again.body == parsed.body
    for read in (lambda: parsed.contacts, lambda: parsed.vias, lambda: parsed.expires, lambda: parsed.content_type):
        with contextlib.suppress(SipError):
            read()


def stack(data: bytes) -> None:
    """A stack survives whatever comes: it answers or it does not, and holds at most one transaction for it."""
    numbers = count(1)
    machine = SipStack(token=lambda: f"t{next(numbers)}", tracing=True)
    machine.receive(data, UDP, 0.0)
    while machine.poll() is not None:
        pass
    machine.handle_deadline(1000.0)
    counters = machine.counters()
    assert counters.server_transactions <= 1
    assert counters.dialogs == 0


def stream(data: bytes) -> None:
    """A framer gives the same messages however the stream is cut."""
    whole, cut = StreamFramer(), StreamFramer()
    outcomes: list[list[bytes] | str] = []
    for framer, pieces in ((whole, [data]), (cut, [data[:1], data[1:9], data[9:]])):
        found: list[bytes] = []
        try:
            for piece in pieces:
                found += framer.feed(piece)
        except SipError as error:
            outcomes.append(type(error).__name__)
        else:
            outcomes.append(found)
    # a broken stream is broken both ways; the messages before the break may have been handed out already
    assert outcomes[0] == outcomes[1] or str in map(type, outcomes)


def description(data: bytes) -> None:
    """A description that can be answered, or an SdpError."""
    try:
        answer(SessionDescription.parse(data), LOCAL)
    except SdpError:
        return


def digest(data: bytes) -> None:
    """Credentials and challenges, or a MalformedError; a challenge written reads the same."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        parse_credentials(text)
        challenge = Challenge.parse(text)
    except SipError:
        return
    if challenge is not None and not set('"\\') & set(challenge.nonce):
        assert Challenge.parse(str(challenge)) == challenge


def uri(data: bytes) -> None:
    """A URI that equals itself when written and read again, or a MalformedError; so for addresses and Via."""
    text = data.decode("utf-8", "surrogateescape")
    for parse in (NameAddress.parse, Via.parse):
        try:
            parse(text)
        except SipError:
            continue
    try:
        parsed = SipUri.parse(text)
    except SipError:
        return
    again = SipUri.parse(str(parsed))
    assert again.matches(parsed), (parsed, again)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "message": message,
    "stack": stack,
    "stream": stream,
    "description": description,
    "digest": digest,
    "uri": uri,
    **media.TARGETS,
    **browsers.TARGETS,
}
