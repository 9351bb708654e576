"""The driver keeps records, commands and timers going whatever those around it do."""

import asyncio
from collections import deque
from types import SimpleNamespace
from typing import Any, cast

from softacd.calls.records import AnyRecord, CallEvent
from softacd.calls.switch import Switch
from softacd.runtime.driver import Driver
from softacd.runtime.udp import UdpListener
from softacd.sip.events import Transmit
from softacd.sip.transport import Flow, Transport


class Around:
    """A media engine and a recorder that keep what they are given."""

    def __init__(self) -> None:
        self.submitted: list[Any] = []
        self.written: list[AnyRecord] = []

    def submit(self, commands: list[Any]) -> None:
        self.submitted += commands

    def drain(self) -> list[Any]:
        return []

    def write(self, record: AnyRecord) -> None:
        self.written.append(record)


def quiet_switch(*records: AnyRecord, deadline: float | None = None) -> Switch:
    """What a driver sees of a switch that has made these records."""
    deadlines = [deadline]
    put_in_motion: list[Any] = []
    transmits: deque[Any] = deque()

    def settle(now: float) -> None:
        transmits.extend(put_in_motion)
        put_in_motion.clear()

    return cast(
        Switch,
        SimpleNamespace(
            put_in_motion=put_in_motion,
            tell_why=lambda now: None,
            settle=settle,
            guard=SimpleNamespace(poll=lambda: None),
            transmits=transmits,
            errands=deque(),
            media=[],
            records=deque(records),
            start=lambda now: None,
            next_deadline=lambda: deadlines[0],
            handle_deadline=lambda now: deadlines.__setitem__(0, None),
        ),
    )


async def test_a_watcher_that_fails_costs_no_record_and_no_timer() -> None:
    around = Around()
    driver = Driver(around, around)
    seen: list[AnyRecord] = []

    def failing(record: AnyRecord) -> None:
        raise KeyError(type(record))

    driver.observers += [failing, seen.append]
    records = [CallEvent(call="n-1", at=number, kind="key", detail="1") for number in range(3)]
    switch = quiet_switch(*records, deadline=0.0)
    driver.attach(switch)
    assert around.written == records
    assert seen == records
    assert driver.errors == 3
    await asyncio.sleep(0.01)  # the loop's own timer, armed for a moment that is past
    assert switch.next_deadline() is None
    await driver.close()


async def test_what_an_action_puts_in_motion_is_sent_at_once() -> None:
    around = Around()
    driver = Driver(around, around)
    driver.attach(quiet_switch())
    sent: list[bytes] = []
    driver.udp.append(cast(UdpListener, SimpleNamespace(send=lambda data, flow: sent.append(data), close=lambda: None)))
    flow = Flow(Transport.UDP, ("192.0.2.1", 5060), ("192.0.2.2", 5060))
    driver.perform(lambda switch, now: cast(Any, switch).put_in_motion.append(Transmit(b"BYE", flow)))
    assert sent == [b"BYE"]
    await driver.close()
