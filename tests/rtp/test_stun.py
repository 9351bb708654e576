"""STUN messages: RFC 5769's vectors, both ways, and what is no message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.rtp import stun

KEY = b"VOkJxbRl1RmTxUk/WvJxBt"
TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")
# RFC 5769 section 2.1
SAMPLE_REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
)
# RFC 5769 section 2.2, without SOFTWARE what we write; this is the sample as it stands
SAMPLE_ANSWER = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
# section 2.3: IPv6
SAMPLE_ANSWER_6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"
)


def test_the_sample_request() -> None:
    message = stun.parse(SAMPLE_REQUEST)
    assert (message.kind, message.transaction) == (stun.BINDING_REQUEST, TRANSACTION)
    assert message.value(stun.USERNAME) == b"evtj:h6vY"
    assert message.value(stun.PRIORITY) == bytes.fromhex("6e0001ff")
    assert message.value(stun.ICE_CONTROLLED) is not None
    assert message.not_understood() == []
    assert stun.authentic(SAMPLE_REQUEST, message, KEY)
    assert not stun.authentic(SAMPLE_REQUEST, message, KEY + b"x")


@pytest.mark.parametrize(
    ("sample", "address"),
    [
        (SAMPLE_ANSWER, ("192.0.2.1", 32853)),
        (SAMPLE_ANSWER_6, ("2001:db8:1234:5678:11:2233:4455:6677", 32853)),
    ],
)
def test_the_sample_answers(sample: bytes, address: tuple[str, int]) -> None:
    message = stun.parse(sample)
    assert message.kind == stun.BINDING_SUCCESS
    assert stun.mapped_address(message) == address
    assert stun.authentic(sample, message, KEY)


@pytest.mark.parametrize("source", [("192.0.2.1", 32853), ("2001:db8::7", 1), ("fe80::1%eth0", 65535)])
def test_our_answers_are_read_as_the_samples_are(source: tuple[str, int]) -> None:
    made = stun.success(TRANSACTION, source, KEY)
    message = stun.parse(made)
    assert stun.authentic(made, message, KEY)
    assert stun.mapped_address(message) == (source[0].partition("%")[0], source[1])


@pytest.mark.parametrize(
    ("code", "key", "unknown"), [(400, None, ()), (401, None, ()), (420, KEY, (0x7FFE,)), (487, KEY, ())]
)
def test_refusals(code: int, key: bytes | None, unknown: tuple[int, ...]) -> None:
    made = stun.failure(TRANSACTION, code, key, unknown)
    message = stun.parse(made)
    value = message.value(stun.ERROR_CODE) or b""
    assert (message.kind, value[2] * 100 + value[3]) == (stun.BINDING_ERROR, code)
    assert stun.authentic(made, message, KEY) == (key is not None)
    assert len(message.value(stun.UNKNOWN_ATTRIBUTES) or b"") == 2 * len(unknown)


def test_what_follows_the_integrity_is_not_believed() -> None:
    """An attacker appends USE-CANDIDATE and makes the FINGERPRINT good again."""
    honest = stun.request(TRANSACTION, [(stun.USERNAME, b"a:b")], KEY)
    body = honest[20:-8] + stun.USE_CANDIDATE.to_bytes(2, "big") + bytes(2)
    head = honest[:2] + (len(body) + 8).to_bytes(2, "big") + honest[4:20]
    forged = head + body + stun._fingerprint(head + body)
    message = stun.parse(forged)
    assert stun.authentic(forged, message, KEY)
    assert message.value(stun.USE_CANDIDATE) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        SAMPLE_REQUEST[:19],
        SAMPLE_REQUEST[:-4],
        SAMPLE_REQUEST + bytes(4),
        b"\x80" + SAMPLE_REQUEST[1:],
        SAMPLE_REQUEST[:4] + bytes(4) + SAMPLE_REQUEST[8:],
        SAMPLE_REQUEST[:-1] + b"\x00",  # the checksum
        SAMPLE_REQUEST[:22] + b"\xff\xff" + SAMPLE_REQUEST[24:],  # an attribute that never ends
        bytes.fromhex("000100002112a442") + TRANSACTION,  # no FINGERPRINT
        stun.request(TRANSACTION, [(0x7000, b"")] * 40, KEY),
    ],
)
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(stun.StunError):
        stun.parse(data)


@given(st.binary(max_size=600), st.integers(0, len(SAMPLE_REQUEST) - 1), st.integers(0, 255))
def test_any_octets_are_a_message_or_an_error(data: bytes, at: int, octet: int) -> None:
    for tried in (data, SAMPLE_REQUEST[:20] + data, SAMPLE_REQUEST[:at] + bytes((octet,)) + SAMPLE_REQUEST[at + 1 :]):
        try:
            message = stun.parse(tried)
        except stun.StunError:
            continue
        assert not stun.authentic(tried, message, b"another")


@given(st.lists(st.tuples(st.integers(0, 0xFFFF).filter(lambda kind: kind != 8), st.binary(max_size=40)), max_size=20))
def test_what_is_written_reads_the_same(attributes: list[tuple[int, bytes]]) -> None:
    made = stun.request(TRANSACTION, attributes, KEY)
    message = stun.parse(made)
    assert list(message.attributes[:-1]) == attributes
    assert stun.authentic(made, message, KEY)
