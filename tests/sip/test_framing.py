"""Messages out of a stream, whatever way the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.sip.errors import MalformedError, TooLargeError
from softacd.sip.framing import StreamFramer
from softacd.sip.limits import Limits
from tests.sip.test_parser import INVITE

BYE = b"BYE sip:a@b SIP/2.0\r\nl: 0\r\n\r\n"


def test_two_messages_in_one_read() -> None:
    framer = StreamFramer()
    assert framer.feed(INVITE + BYE) == [INVITE, BYE]
    assert framer.pings == 0


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_fed_byte_by_byte(size: int) -> None:
    framer = StreamFramer()
    stream = b"\r\n\r\n" + INVITE + b"\r\n" + BYE + b"\r\n\r\n\r\n\r\n"
    found = [message for at in range(0, len(stream), size) for message in framer.feed(stream[at : at + size])]
    assert found == [INVITE, BYE]
    assert framer.pings == 3


@given(st.lists(st.integers(1, 60), min_size=1, max_size=40))
def test_any_cut_gives_the_same_messages(cuts: list[int]) -> None:
    framer = StreamFramer()
    stream = INVITE + BYE + INVITE
    found: list[bytes] = []
    at = 0
    for cut in cuts:
        found += framer.feed(stream[at : at + cut])
        at += cut
    found += framer.feed(stream[at:])
    assert found == [INVITE, BYE, INVITE]


@pytest.mark.parametrize(
    "data",
    [
        b"BYE sip:a@b SIP/2.0\r\n\r\n",
        b"BYE sip:a@b SIP/2.0\r\nl: x\r\n\r\n",
        b"BYE sip:a@b SIP/2.0\r\nl: 0\r\nContent-Length: 0\r\n\r\n",
        b"BYE sip:a@b SIP/2.0\r\nl: -1\r\n\r\n",
    ],
)
def test_without_a_length_a_stream_is_lost(data: bytes) -> None:
    with pytest.raises(MalformedError):
        StreamFramer().feed(data)


def test_a_stream_cannot_fill_the_memory() -> None:
    framer = StreamFramer(Limits(head_bytes=1000, message_bytes=2000))
    with pytest.raises(TooLargeError):
        framer.feed(b"X" * 1001)
    with pytest.raises(TooLargeError):
        StreamFramer(Limits(message_bytes=2000)).feed(b"BYE sip:a@b SIP/2.0\r\nl: 100000\r\n\r\n")
