"""What a leg offers and answers to which kind of device, and what the media engine is told of it."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from softacd.calls.exchange import codecs_to_offer
from softacd.calls.leg_voice import LegVoice
from softacd.calls.records import LegRecord
from softacd.calls.services import Services
from softacd.rtp.vocabulary import Port, SetRemote
from softacd.sdp.description import MediaDescription, SessionDescription
from softacd.sip.stack import SipStack
from softacd.sip.transport import Flow, Transport

FINGERPRINT = "sha-256 " + bytes(32).hex(":").upper()
BROWSER_OFFER = (Path(__file__).parent.parent / "sdp/browser_offer.sdp").read_bytes()


def house(fingerprint: str = FINGERPRINT) -> Services:
    numbers = iter(range(1_000_000))
    services = Services(
        SipStack(token=lambda: "t"),
        node="n",
        wall=lambda now: 0,
        token=lambda: f"t{next(numbers)}",
        media_host=lambda flow: "192.0.2.1",
        fingerprint=fingerprint,
    )
    services.offer_ports([Port("192.0.2.1", 10_000 + 2 * index) for index in range(100)])
    return services


def voice(services: Services, transport: Transport) -> LegVoice:
    record = LegRecord(id="1", call="c", party="phone:101", number="101", outgoing=True, started=0)
    flow = Flow(transport, ("192.0.2.1", 5060), ("192.0.2.7", 5060))
    return LegVoice(services, record, flow=flow, codecs=("PCMA", "PCMU"))


def offered(leg: LegVoice) -> MediaDescription:
    return SessionDescription.parse(leg.repeat_offer()).media[0]


@pytest.mark.parametrize("transport", [Transport.WS, Transport.WSS])
def test_a_browser_is_offered_what_browsers_take(transport: Transport) -> None:
    media = offered(voice(house(), transport))
    assert (media.protocol, media.attribute("fingerprint")) == ("UDP/TLS/RTP/SAVPF", FINGERPRINT)
    assert len(media.attribute("ice-ufrag") or "") == 8
    assert len(media.attribute("ice-pwd") or "") == 40


def test_a_desk_phone_is_offered_what_it_is_set_to() -> None:
    services = house()
    assert offered(voice(services, Transport.UDP)).protocol == "RTP/AVP"
    services.encryption["101"] = "required"
    assert offered(voice(services, Transport.UDP)).protocol == "RTP/SAVP"
    services.keying["101"] = ("dtls",)
    media = offered(voice(services, Transport.TLS))
    assert (media.protocol, media.attribute("crypto")) == ("UDP/TLS/RTP/SAVP", None)
    services.keying["101"] = ("dtls", "sdes")
    media = offered(voice(services, Transport.TLS))
    assert (media.protocol, media.attribute("fingerprint")) == ("RTP/SAVP", FINGERPRINT)
    assert media.attribute("crypto") is not None


def told(services: Services) -> SetRemote:
    command = services.media[-1]
    assert isinstance(command, SetRemote)
    return command


def test_the_engine_is_told_of_the_browser_and_of_its_restart() -> None:
    services = house()
    leg = voice(services, Transport.WSS)
    answered = leg._answer_offer(BROWSER_OFFER)
    leg._apply(answered.remote)
    first = told(services)
    assert first.ice is not None
    assert (first.rtcp_mux, first.srtp, first.telephone_event) == (True, None, 126)
    assert first.dtls is not None
    assert not first.dtls.active
    assert SessionDescription.parse(answered.body).media[0].attribute("ice-ufrag") == first.ice.ufrag

    leg._apply(leg._answer_offer(BROWSER_OFFER.replace(b"sendrecv", b"sendonly")).remote)
    held = told(services)
    assert (held.ice, held.dtls, held.send) == (first.ice, first.dtls, False)

    leg._apply(leg._answer_offer(BROWSER_OFFER.replace(b"UNq/", b"new/")).remote)
    restarted = told(services)
    assert restarted.ice is not None
    assert restarted.ice != first.ice
    assert restarted.dtls == first.dtls


def test_without_a_certificate_nobody_is_offered_a_handshake() -> None:
    services = house("")
    services.encryption["101"] = "preferred"
    services.keying["101"] = ("dtls",)
    for transport in (Transport.WS, Transport.UDP):
        assert offered(voice(services, transport)).attribute("fingerprint") is None


DESK_OFFER = b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 13\r\n"


def test_comfort_noise_is_agreed_to_by_who_offers_it_and_told_to_the_engine() -> None:
    services = house()
    leg = voice(services, Transport.UDP)
    answered = leg._answer_offer(DESK_OFFER)
    leg._apply(answered.remote)
    assert SessionDescription.parse(answered.body).media[0].formats == ("8", "13")
    assert (leg.pauses, told(services).comfort_noise) == (True, True)
    assert "13" in offered(leg).formats, "what was agreed stays in later offers"
    leg._apply(leg._answer_offer(DESK_OFFER.replace(b" 13", b"")).remote)
    assert (leg.pauses, told(services).comfort_noise) == (False, False)
    assert "13" not in offered(leg).formats


def test_comfort_noise_is_offered_to_the_called_device_where_the_caller_may_send_it() -> None:
    services = house()
    assert "13" not in offered(voice(services, Transport.UDP)).formats
    caller = voice(services, Transport.UDP)
    caller._apply(caller._answer_offer(DESK_OFFER).remote)
    call = SimpleNamespace(caller_leg=caller)
    codecs = codecs_to_offer(call, ("PCMU", "PCMA"))  # type: ignore[arg-type]  # all of a call that is asked for
    record = LegRecord(id="2", call="c", party="phone:102", number="102", outgoing=True, started=0)
    flow = Flow(Transport.UDP, ("192.0.2.1", 5060), ("192.0.2.8", 5060))
    called = LegVoice(services, record, flow=flow, codecs=codecs)
    assert offered(called).formats == ("8", "0", "13", "101")
    assert called.codecs == ("PCMA", "PCMU")
    caller._apply(caller._answer_offer(DESK_OFFER.replace(b" 13", b"")).remote)
    assert codecs_to_offer(call, ("PCMU", "PCMA")) == ("PCMA", "PCMU")  # type: ignore[arg-type]
