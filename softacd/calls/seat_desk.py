"""Who sits at which phone: agents sign on where they sit down, and are signed off at the end of their shift."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from softacd.acd.model import AgentSettings
from softacd.acd.vocabulary import AgentChanged, DeviceChanged, State, Status
from softacd.calls.control import NotPossibleError, UnknownNameError
from softacd.calls.hours import Opening
from softacd.calls.records import AgentSeat

if TYPE_CHECKING:
    from softacd.calls.queue_desk import QueueDesk

SHIFT_END = "shift-end"
"""Reason of a logged-out status that the end of the shift has set."""
SETTLED = frozenset({State.IDLE, State.OWN_CALL, State.WRAP_UP, State.AFTER_CALL})
"""States in which an agent may change phones: no phone rings for a caller, no caller is talked to."""


class SeatDesk:
    """Seats of agents beyond the phones they are configured with."""

    def __init__(self, desk: "QueueDesk") -> None:
        self._desk = desk
        self._exchange = desk.exchange
        self._on_duty: dict[str, bool] = {}
        """Hours of shifts -> whether they were open when last looked at."""

    def restore(self, events: Iterable[AgentSeat], now: float) -> None:
        """Put back who sat where before the restart."""
        exchange = self._exchange
        for event in events:
            if event.phone and event.agent in exchange.agents and event.phone in exchange.phones:
                exchange.seats[event.agent] = event.phone
        self._reseat(now)

    def sign_on(self, agent: str, phone: str, now: float) -> None:
        """Seat an agent at a phone, and make him available. Raises UnknownNameError, NotPossibleError."""
        exchange = self._exchange
        self._desk.known(agent)
        if phone not in exchange.phones:
            raise UnknownNameError(f"there is no phone {phone!r}")
        occupant = exchange.agent_of_phone.get(phone, agent)
        if occupant != agent and self._desk.distributor.agent(occupant).status is not Status.LOGGED_OUT:
            raise NotPossibleError(f"{occupant} is at phone {phone}; log {occupant} out first")
        if exchange.agents[agent].phone != phone:
            if self._desk.distributor.agent(agent).state not in SETTLED:
                raise NotPossibleError(f"{agent} has a caller at phone {exchange.agents[agent].phone}")
            for other in [name for name, seat in exchange.seats.items() if seat == phone]:
                self._leave(other, now)
            exchange.seats[agent] = phone
            self._record(agent, phone, now)
            self._reseat(now)
        self._desk.set_status(agent, Status.AVAILABLE, "", now)

    def changed(self, change: AgentChanged, now: float) -> None:
        """Who has logged out leaves the phone where he signed on; once what is being carried out has been."""
        if change.status is Status.LOGGED_OUT and change.agent in self._exchange.seats:
            self._exchange.services.deadlines.at(now, self, change.agent)

    def on_deadline(self, tag: str, now: float) -> None:
        """The agent `tag` has logged out, unless he has come back meanwhile."""
        if tag in self._exchange.seats and (
            tag not in self._exchange.agents or self._desk.distributor.agent(tag).status is Status.LOGGED_OUT
        ):
            self._leave(tag, now)
            self._reseat(now)

    def end_shifts(self, now: float) -> None:
        """Log out whose shift has ended since the last look; a conversation goes on to its end."""
        exchange = self._exchange
        wall = exchange.services.wall(now)
        shifts = {agent.shift for agent in exchange.agents.values() if agent.shift}
        on_duty = {shift: exchange.opening(shift, wall)[0] is Opening.OPEN for shift in shifts}
        ended = {shift for shift in shifts if self._on_duty.get(shift) and not on_duty[shift]}
        self._on_duty = on_duty
        for agent in exchange.agents.values():
            if agent.shift in ended and self._desk.distributor.agent(agent.name).status is not Status.LOGGED_OUT:
                self._desk.set_status(agent.name, Status.LOGGED_OUT, SHIFT_END, now)

    def tell_device(self, agent: AgentSettings, now: float) -> None:
        """Tell the distributor whether the phone where an agent is can be reached."""
        exchange = self._exchange
        bindings = agent.phone and exchange.location.bindings(exchange.address_of_record(agent.phone), now)
        self._desk.feed(DeviceChanged(agent=agent.name, reachable=bool(bindings)), now)

    def _leave(self, agent: str, now: float) -> None:
        del self._exchange.seats[agent]
        self._record(agent, "", now)

    def _record(self, agent: str, phone: str, now: float) -> None:
        services = self._exchange.services
        services.records.append(AgentSeat(agent=agent, at=services.wall(now), phone=phone))

    def _reseat(self, now: float) -> None:
        """Bring everybody who looks for agents or phones up to date."""
        exchange, desk = self._exchange, self._desk
        before = {name: agent.phone for name, agent in exchange.agents.items()}
        exchange.seat_agents()
        agents = tuple(exchange.agents.values())
        desk.carry_out(desk.distributor.configure(tuple(exchange.queues.values()), agents, now), now)
        desk.phones_changed(now)
        for agent in agents:
            if agent.phone != before[agent.name]:
                self.tell_device(agent, now)
                for phone in filter(None, (agent.phone, before[agent.name])):
                    exchange.services.changes(phone)
