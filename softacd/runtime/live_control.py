"""The switch as the API and the terminal see it: `Control` on top of the driver."""

import time
from collections.abc import Callable

from softacd.acd.vocabulary import Status
from softacd.calls.call import Call
from softacd.calls.control import Check, Choices, Figures, LentPhone, UnknownNameError
from softacd.calls.moments import moment
from softacd.calls.orders import (
    choose,
    close_hours,
    close_queue,
    house_view,
    move_caller,
    order_emergency,
    take_over,
    transfer_party,
)
from softacd.calls.records import AgentTime, AnyRecord, MessageRecord
from softacd.calls.snapshot import snapshot, trunk_view
from softacd.calls.supervision import monitor_call, record_call
from softacd.calls.views import BanView, HouseView, Snapshot
from softacd.calls.whatif import what_if
from softacd.calls.whatif_answer import WhatIf
from softacd.runtime.driver import Driver
from softacd.sip.guard import Ban

TRUNKS_UP = ("registered", "static", "refreshing")


class LiveControl:
    """Implements softacd.calls.control.Control. `checks` adds the parts the driver does not know."""

    def __init__(
        self,
        driver: Driver,
        checks: Callable[[], list[Check]],
        gauges: Callable[[], dict[str, float]],
    ) -> None:
        self._driver = driver
        self._checks = checks
        self._gauges = gauges

    def snapshot(self) -> Snapshot:
        return snapshot(self._driver.switch, time.monotonic())

    def health(self) -> list[Check]:
        driver = self._driver
        checks = [
            Check(
                name="sip",
                healthy=bool(driver.udp or driver.streams),
                detail=f"{driver.messages_received} messages received, {driver.errors} internal errors",
            )
        ]
        checks.extend(self._checks())
        now = time.monotonic()
        for name in driver.switch.exchange.trunks:
            view = trunk_view(driver.switch, name, now)
            up = view.state in TRUNKS_UP and view.reachable is not False
            checks.append(
                Check(
                    name=f"trunk {name}",
                    healthy=up,
                    detail=view.state + (f": {view.cause}" if view.cause else ""),
                    remedy="" if up else "check the carrier's host, username and password, and the network",
                )
            )
        return checks

    def figures(self) -> Figures:
        driver = self._driver
        switch = driver.switch
        stack = switch.stack.counters()
        guard = switch.guard.counters()
        return Figures(
            counters={
                "sip_messages_received_total": driver.messages_received,
                "sip_messages_sent_total": driver.messages_sent,
                "sip_malformed_total": stack.malformed,
                "sip_rejected_total": stack.rejected,
                "sip_retransmissions_sent_total": stack.retransmissions_sent,
                "sip_retransmissions_received_total": stack.retransmissions_received,
                "sip_strangers_refused_total": switch.door.strangers,
                "sip_banned_messages_dropped_total": guard.dropped,
                "sip_messages_over_rate_dropped_total": guard.slowed,
                "sip_offences_total": guard.offences,
                "sip_bans_total": guard.bans,
                "sip_streams_broken_total": sum(stream.broken for stream in driver.streams),
                "agent_alarms_total": switch.desk.staff.alarms,
                "toll_guard_refused_total": switch.exchange.tolls.refused,
                "internal_errors_total": driver.errors,
            },
            gauges={
                "sip_client_transactions": stack.client_transactions,
                "sip_server_transactions": stack.server_transactions,
                "sip_transactions_unfinished": stack.unfinished,
                "sip_dialogs": stack.dialogs,
                "sip_sources_banned": guard.banned,
                "sip_connections": sum(stream.connections for stream in driver.streams),
                "media_streams": len(switch.services.streams),
                "media_ports_free": len(switch.services.ports),
                "calls": len(switch.exchange.calls),
                "agents_overdue": len(switch.desk.staff.overdue),
                "subscriptions": len(switch.notifier),
                "call_deadlines": len(switch.services.deadlines),
                **self._gauges(),
            },
        )

    def agents_of(self, call: str) -> frozenset[str]:
        exchange = self._driver.switch.exchange
        living = exchange.calls.get(call)
        if living is None:
            return frozenset()
        found = {agent.name for agent in self._driver.switch.distributor.agents() if agent.caller == call}
        for leg in (living.caller_leg, living.called_leg):
            if leg is not None:
                kind, _, name = leg.party.partition(":")
                found.add(exchange.agent_of_phone.get(name, "") if kind == "phone" else name if kind == "agent" else "")
        return frozenset((found | {living.agent}) - {""})

    def phone_of(self, agent: str) -> str:
        known = self._driver.switch.exchange.agents.get(agent)
        return known.phone if known is not None else ""

    def lend_phone(self, agent: str, name: str, password: str) -> LentPhone:
        exchange = self._driver.switch.exchange
        known = exchange.agents.get(agent)
        phone = exchange.phones.get(known.phone) if known is not None else None
        if known is None or phone is None:
            raise UnknownNameError(f"there is no agent {agent!r} with a phone")
        self._driver.switch.authenticator.lend(name, password, phone.extension)
        return LentPhone(phone.extension, phone.display_name, exchange.address_of_record(phone.extension))

    def recall_phone(self, name: str) -> None:
        self._driver.switch.authenticator.recall(name)

    def set_status(self, agent: str, status: Status, reason: str = "") -> None:
        self._driver.perform(lambda switch, now: switch.desk.set_status(agent, status, reason, now))

    def sign_on(self, agent: str, phone: str) -> None:
        self._driver.perform(lambda switch, now: switch.desk.seats.sign_on(agent, phone, now))

    def account(self, agent: str) -> AgentTime | None:
        return self._driver.switch.desk.account(agent, time.monotonic())

    def what_if(self, caller: str, called: str, at: str, keys: str) -> WhatIf:
        exchange, now = self._driver.switch.exchange, time.monotonic()
        wall = exchange.services.wall(now)
        if at:
            wall = round(moment(at, exchange.local(wall)).timestamp() * 1000)
        return what_if(exchange, caller, called, wall, keys, now)

    def finish_wrap_up(self, agent: str) -> None:
        self._driver.perform(lambda switch, now: switch.desk.finish_wrap_up(agent, now))

    def extend_wrap_up(self, agent: str, seconds: float) -> None:
        self._driver.perform(lambda switch, now: switch.desk.extend_wrap_up(agent, seconds, now))

    def set_topic(self, call: str, queue: str, topic: str, agent: str) -> None:
        self._driver.perform(lambda switch, now: switch.desk.topics.choose(call, queue, topic, agent, now))

    def own_missed(self, caller: str, owner: str) -> None:
        self._driver.perform(lambda switch, now: switch.desk.own_missed(caller, owner, now))

    def choose(self, extension: str, choices: Choices) -> None:
        self._driver.perform(lambda switch, now: choose(switch.exchange, extension, choices, now))

    def house(self) -> HouseView:
        return house_view(self._driver.switch.exchange, time.monotonic())

    def switch_emergency(self, on: bool) -> None:
        self._driver.perform(lambda switch, now: order_emergency(switch.exchange, on, now))

    def close_hours(self, name: str, closed: bool) -> None:
        self._driver.perform(lambda switch, now: close_hours(switch.exchange, name, closed, now))

    def close_queue(self, name: str, closed: bool) -> None:
        self._driver.perform(lambda switch, now: close_queue(switch.exchange, name, closed, now))

    def move(self, call: str, queue: str) -> None:
        living = self._living(call)
        self._driver.perform(lambda switch, now: move_caller(living, queue, now))

    def take_over(self, call: str, extension: str) -> None:
        living = self._living(call)
        self._driver.perform(lambda switch, now: take_over(living, extension, now))

    def transfer(self, call: str, number: str, *, callers_leg: bool, by: str = "") -> None:
        living = self._living(call)
        self._driver.perform(lambda switch, now: transfer_party(living, number, now, callers_leg=callers_leg, by=by))

    def hang_up(self, call: str) -> None:
        living = self._living(call)
        self._driver.perform(lambda switch, now: living.finish(now))

    def bans(self) -> tuple[BanView, ...]:
        now = time.monotonic()
        return tuple(self._ban(ban, now) for ban in self._driver.switch.guard.bans())

    def lift_ban(self, source: str) -> BanView:
        now = time.monotonic()
        ban = self._driver.switch.guard.lift(source, now)
        self._driver.flush()
        if ban is None:
            raise UnknownNameError(f"{source!r} is not banned")
        return self._ban(ban, now)

    def _ban(self, ban: Ban, now: float) -> BanView:
        wall = self._driver.switch.services.wall
        return BanView(
            source=ban.source,
            since=wall(ban.since),
            until=wall(ban.until),
            seconds_left=max(0.0, ban.until - now),
            bans=ban.count,
            offence=ban.cause.value,
        )

    def _living(self, call: str) -> Call:
        living = self._driver.switch.exchange.calls.get(call)
        if living is None:
            raise UnknownNameError(f"no call that lives has the id {call!r}")
        return living

    def messages(self, mailbox: str = "") -> list[MessageRecord]:
        desk = self._driver.switch.exchange.messages
        if mailbox and desk.mailbox(mailbox) is None:
            raise UnknownNameError(f"there is no mailbox {mailbox!r}")
        return desk.messages(mailbox)

    def mark_message(self, message: str, heard: bool) -> None:
        self._driver.perform(lambda switch, now: switch.exchange.messages.mark(message, heard, now))

    def remove_message(self, message: str) -> None:
        self._driver.perform(lambda switch, now: switch.exchange.messages.remove(message, now))

    def record(self, call: str, order: str) -> None:
        living = self._living(call)
        self._driver.perform(lambda switch, now: record_call(living, order, now))

    def monitor(self, call: str, extension: str, mode: str) -> None:
        living = self._living(call)
        self._driver.perform(lambda switch, now: monitor_call(living, extension, mode, now))

    def watch(self, observer: Callable[[AnyRecord], None]) -> Callable[[], None]:
        observers = self._driver.observers
        observers.append(observer)
        return lambda: observers.remove(observer) if observer in observers else None
