"""Browsers that come in at the desk's door are connections of the switch like any other."""

from softacd.runtime.addresses import Addresses
from softacd.runtime.door import DoorListener
from softacd.sip.transport import Flow, Transport

REGISTER = b"REGISTER sip:softacd.internal SIP/2.0\r\n\r\n"


class Page:
    """What the HTTP server accepted."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.waiting = 0
        self.closed = 0

    def send(self, message: bytes) -> None:
        self.sent.append(message)

    def pending(self) -> int:
        return self.waiting

    def close(self) -> None:
        self.closed += 1


class House:
    def __init__(self, welcome: bool = True) -> None:
        self.received: list[tuple[bytes, Flow]] = []
        self.failed: list[Flow] = []
        self.listener = DoorListener(
            Addresses("127.0.0.1", ""),
            lambda data, flow: self.received.append((data, flow)),
            lambda: None,
            self.failed.append,
            admit=lambda host: welcome,
        )
        self.listener.bound = ("127.0.0.1", 8080)


async def test_messages_come_whole_and_answers_go_back_to_the_browser_that_asked() -> None:
    house, ann, bob = House(), Page(), Page()
    of_ann = house.listener.enter(("192.0.2.1", 40001), ann)
    of_bob = house.listener.enter(("192.0.2.1", 40002), bob)
    of_ann.received(REGISTER)
    of_ann.received(b"\r\n\r\n")
    [(data, flow)] = house.received
    assert data == REGISTER
    assert (flow.transport, flow.remote, flow.local) == (Transport.WS, ("192.0.2.1", 40001), ("127.0.0.1", 8080))
    house.listener.send(b"SIP/2.0 200 OK\r\n\r\n", flow)
    assert (ann.sent, bob.sent) == ([b"SIP/2.0 200 OK\r\n\r\n"], [])
    assert house.listener.connections == 2
    of_bob.closed()
    assert house.listener.connections == 1


async def test_the_switch_is_told_when_a_browser_goes() -> None:
    house, ann = House(), Page()
    connection = house.listener.enter(("192.0.2.1", 40001), ann)
    connection.received(REGISTER)
    connection.closed()
    assert house.failed == [house.received[0][1]]


async def test_a_banned_host_is_shown_out() -> None:
    house, page = House(welcome=False), Page()
    connection = house.listener.enter(("192.0.2.1", 40001), page)
    connection.received(REGISTER)
    assert page.closed == 1
    assert house.received == []
    assert house.listener.connections == 0


async def test_who_takes_nothing_is_cut() -> None:
    house, page = House(), Page()
    connection = house.listener.enter(("192.0.2.1", 40001), page)
    connection.received(REGISTER)
    page.waiting = 300 * 1024
    house.listener.send(b"x", house.received[0][1])
    assert (page.sent, page.closed) == ([], 1)
