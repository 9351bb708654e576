"""SIP over TLS: what is refused, who is believed, and a certificate renewed while connections live."""

import asyncio
import os
import shutil
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from softacd.runtime.tcp import TcpListener
from softacd.runtime.tls import ServerCertificate, TlsError, client_context
from softacd.sip.transport import Flow, Transport
from tests.certificates import Certificates
from tests.runtime.listening import LOOPS, OPTIONS, House, play

Loop = Callable[[], asyncio.AbstractEventLoop]


def house(certificates: Certificates, pair: tuple[Path, Path], address: str = "127.0.0.1") -> House:
    return House(
        TcpListener,
        address,
        server_tls=ServerCertificate(*pair).context,
        client_tls=client_context(str(certificates.authority)),
    )


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_two_switches_speak_over_one_connection_in_both_directions(
    certificates: Certificates, loop: Loop, address: str
) -> None:
    pair = certificates.sign("both", "IP:127.0.0.1", "IP:::1")

    async def story(one: House) -> None:
        other = house(certificates, pair, address)
        await other.listener.open((address, 0))
        flow = Flow(Transport.TLS, one.listener.local(address), other.listener.bound)
        one.listener.send(OPTIONS, flow)
        await other.told()
        data, back = other.received[0]
        assert data == OPTIONS
        assert back.transport is Transport.TLS
        other.listener.send(b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", back)
        await one.told()
        assert one.received[0][0].startswith(b"SIP/2.0 200")
        assert (one.listener.connections, other.listener.connections) == (1, 1)
        await other.listener.close()
        await one.told()
        assert [lost.remote for lost in one.failed] == [flow.remote]

    play(loop, lambda: house(certificates, pair, address), story)


def test_the_name_asked_for_must_be_the_certificates(certificates: Certificates) -> None:
    pair = certificates.sign("named", "DNS:sip.carrier.test")

    async def story(carrier: House) -> None:
        ours = house(certificates, pair)
        await ours.listener.open(("127.0.0.1", 0))
        flow = Flow(Transport.TLS, ours.listener.bound, carrier.listener.bound)
        ours.listener.send(OPTIONS, flow)
        await ours.told()
        assert ours.failed == [flow]
        assert carrier.received == []
        ours.listener.names[flow.remote] = "sip.carrier.test"
        ours.listener.send(OPTIONS, flow)
        await carrier.told()
        assert carrier.received[0][0] == OPTIONS
        await ours.listener.close()

    play(LOOPS[0], lambda: house(certificates, pair), story)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_less_than_tls_1_2_is_refused(certificates: Certificates) -> None:
    pair = certificates.sign("old", "IP:127.0.0.1")

    async def story(ours: House) -> None:
        context = ssl.create_default_context(cafile=str(certificates.authority))
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises((ssl.SSLError, OSError)):
            await asyncio.open_connection(*ours.listener.bound, ssl=context)
        assert ours.listener.connections == 0

    play(LOOPS[0], lambda: house(certificates, pair), story)


def test_a_renewed_certificate_serves_new_connections_and_a_wrong_one_changes_nothing(
    certificates: Certificates, tmp_path: Path
) -> None:
    chain, key = tmp_path / "sip.pem", tmp_path / "sip.key"

    def put(name: str, *, age: int) -> None:
        for source, target in zip(certificates.sign(name, "IP:127.0.0.1"), (chain, key), strict=True):
            shutil.copy(source, target)
            os.utime(target, (age, age))

    put("first", age=1)
    ours = ServerCertificate(chain, key)

    async def shown(house: House) -> str:
        context = client_context(str(certificates.authority))
        _, writer = await asyncio.open_connection(*house.listener.bound, ssl=context)
        subject = writer.get_extra_info("peercert")["subject"][0][0][1]
        writer.close()
        return str(subject)

    async def story(house: House) -> None:
        assert await shown(house) == "first"
        assert not ours.refresh()
        put("second", age=2)
        assert ours.refresh()
        assert await shown(house) == "second"
        chain.write_text("nonsense")
        with pytest.raises(TlsError, match="PEM certificate chain"):
            ours.refresh()
        assert await shown(house) == "second"

    play(LOOPS[0], lambda: House(TcpListener, server_tls=ours.context), story)


def test_what_cannot_be_used_is_named(tmp_path: Path, certificates: Certificates) -> None:
    chain, key = certificates.sign("fine", "IP:127.0.0.1")
    with pytest.raises(TlsError, match=r"missing\.pem: No such file"):
        ServerCertificate(tmp_path / "missing.pem", key)
    _, other = certificates.sign("other", "IP:127.0.0.1")
    with pytest.raises(TlsError, match=r"fine\.pem and .*other\.key"):
        ServerCertificate(chain, other)
    with pytest.raises(TlsError, match=r"nowhere\.pem"):
        client_context(str(tmp_path / "nowhere.pem"))
