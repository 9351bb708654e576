"""Where messages go (RFC 3261 section 18, RFC 3581, RFC 3261 section 12.2.1.1)."""

from __future__ import annotations

import pytest

from softacd.sip.headers import Via
from softacd.sip.transport import (
    Flow,
    Transport,
    behind_nat,
    contact_value,
    next_hop,
    received_via,
    response_flow,
    via_value,
)
from softacd.sip.uri import SipUri
from tests.playbook import CARRIER, PHONE, STREAM

IPV6 = Flow(Transport.TCP, ("2001:db8::1", 5060), ("2001:db8::2", 5060), 1)


def test_via_and_contact_name_our_side_of_the_flow() -> None:
    assert via_value(PHONE, "z9hG4bK1") == "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK1"
    assert contact_value(PHONE, "100") == "<sip:100@192.0.2.1:5060>"
    assert contact_value(STREAM, "") == "<sip:192.0.2.1:5060;transport=tcp>"
    assert via_value(IPV6, "b") == "SIP/2.0/TCP [2001:db8::1]:5060;rport;branch=b"
    assert contact_value(IPV6, "a", secure=True) == "<sips:a@[2001:db8::1]:5060;transport=tcp>"


@pytest.mark.parametrize(
    ("sent_by", "flow", "written", "port"),
    [
        ("198.51.100.7:5060;branch=b", PHONE, "198.51.100.7:5060;branch=b", 5060),
        ("198.51.100.7;branch=b;rport", PHONE, "198.51.100.7;branch=b;rport=5060;received=198.51.100.7", 5060),
        ("10.0.0.5:5070;branch=b", PHONE, "10.0.0.5:5070;branch=b;received=198.51.100.7", 5070),
        ("10.0.0.5:5070;branch=b;rport", PHONE, "10.0.0.5:5070;branch=b;rport=5060;received=198.51.100.7", 5060),
        ("10.0.0.5;maddr=10.9.9.9;received=1.2.3.4", PHONE, "10.0.0.5;maddr=10.9.9.9;received=198.51.100.7", 5060),
        ("10.0.0.5:5070;branch=b", STREAM, "10.0.0.5:5070;branch=b;received=198.51.100.8", 40001),
    ],
)
def test_where_a_response_goes(sent_by: str, flow: Flow, written: str, port: int) -> None:
    via = Via.parse(f"SIP/2.0/UDP {sent_by}")
    assert received_via(via, flow) == f"SIP/2.0/UDP {written}"
    assert response_flow(via, flow).remote == (flow.remote[0], port)


def test_nat_shows_in_the_via() -> None:
    assert not behind_nat(Via.parse("SIP/2.0/UDP 198.51.100.7"), PHONE)
    assert behind_nat(Via.parse("SIP/2.0/UDP 198.51.100.7:5070"), PHONE)
    assert behind_nat(Via.parse("SIP/2.0/UDP 10.0.0.5"), PHONE)
    assert behind_nat(Via.parse("SIP/2.0/UDP phone.example"), PHONE)


@pytest.mark.parametrize(
    ("target", "flow", "natted", "remote"),
    [
        ("sip:gw@203.0.113.77", CARRIER, False, ("203.0.113.77", 5060)),
        ("sip:gw@203.0.113.9:5080", CARRIER, False, ("203.0.113.9", 5080)),
        ("sip:gw@203.0.113.77", CARRIER, True, CARRIER.remote),
        ("sip:gw@203.0.113.77", STREAM, False, STREAM.remote),
        ("sip:gw@203.0.113.77;transport=tcp", CARRIER, False, CARRIER.remote),
        ("sip:gw@carrier.example", CARRIER, False, CARRIER.remote),
        ("sip:gw@0.0.0.0", CARRIER, False, CARRIER.remote),
        ("sip:gw@10.0.0.5", CARRIER._replace(remote=("8.8.8.8", 5060)), False, ("8.8.8.8", 5060)),
        ("sip:gw@127.0.0.1:7000", CARRIER._replace(remote=("127.0.0.1", 6000)), False, ("127.0.0.1", 7000)),
    ],
)
def test_the_next_hop_inside_a_dialog(target: str, flow: Flow, natted: bool, remote: tuple[str, int]) -> None:
    assert next_hop(flow, SipUri.parse(target), natted=natted) == flow._replace(remote=remote)
