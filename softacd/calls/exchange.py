"""What calls need of the house: settings, routes, registered phones, trunks, the queue desk, the calls that live.

Data and look-ups only; `Switch` fills it and routes events.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from softacd.acd.model import AgentSettings, QueueSettings
from softacd.calls.attempt import Attempt, AttemptUser, Fork
from softacd.calls.caller import Lookup, nobody_known
from softacd.calls.conference_desk import ConferenceDesk
from softacd.calls.diversion import Diversion
from softacd.calls.errand_desk import ErrandDesk
from softacd.calls.flow_steps import FlowSettings
from softacd.calls.hours import HolidayName, HoursSettings, Opening, no_holidays, opening
from softacd.calls.house import House
from softacd.calls.hunt import Hunt
from softacd.calls.identity import ANONYMOUS
from softacd.calls.mailboxes import Mailboxes
from softacd.calls.message_desk import MessageDesk
from softacd.calls.model import CrmLink, GroupSettings, PhoneSettings, SwitchSettings, VoiceLink
from softacd.calls.park import ParkingLot
from softacd.calls.phone_book import PhoneBook
from softacd.calls.reach import GroupRing, Reach
from softacd.calls.reasons import Reasons
from softacd.calls.routing import Routing, ToExtension, ToGroup, ToMailbox, ToOutside, ToQueue
from softacd.calls.services import Services
from softacd.calls.toll_guard import TollGuard
from softacd.calls.trunk import Trunk
from softacd.sdp.negotiation import COMFORT_NOISE
from softacd.sip.headers import NameAddress
from softacd.sip.location import LocationService
from softacd.sip.uri import SipUri

if TYPE_CHECKING:
    from softacd.calls.call import Call
    from softacd.calls.leg import Leg
    from softacd.calls.queue_desk import QueueDesk


class PickUpable(Protocol):
    """One phone that rings for a call."""

    extension: str
    call: "Call"

    @property
    def caller(self) -> str:
        """Who calls."""

    def picked_up(self, leg: "Leg", now: float) -> None:
        """Another phone has answered: `leg` is its."""


def utc(wall: int) -> datetime:
    """Wall-clock milliseconds as a moment in UTC."""
    return datetime.fromtimestamp(wall / 1000, UTC)


class Exchange:
    """The house as calls see it."""

    desk: "QueueDesk"
    house_rights = PhoneSettings(extension="")
    """The rights of the house itself: every outside number the dial plan opens."""

    def __init__(
        self,
        services: Services,
        location: LocationService,
        settings: SwitchSettings,
        queues: tuple[QueueSettings, ...],
        agents: tuple[AgentSettings, ...],
    ) -> None:
        self.services = services
        self.location = location
        self.calls: dict[str, Call] = {}
        self.trunks: dict[str, Trunk] = {}
        self.phone_book = PhoneBook(services)
        self.ringing: dict[PickUpable, None] = {}
        """Phones that ring for a call, longest first: what can be picked up."""
        self.mailboxes = Mailboxes(services)
        self.parking = ParkingLot()
        self.conferences = ConferenceDesk(services.new_stream)
        self.tolls = TollGuard()
        self.house = House(services)
        self.seats: dict[str, str] = {}
        """Agents who have signed on -> the phone where they sit."""
        self.errands = ErrandDesk(services.deadlines)
        self.messages = MessageDesk(self)
        self.local: Callable[[int], datetime] = utc
        """Wall-clock milliseconds to local time."""
        self.holiday: HolidayName = no_holidays
        self.lookup: Lookup = nobody_known
        """Who a number from outside belongs to."""
        self.configure(settings, queues, agents)

    def configure(
        self, settings: SwitchSettings, queues: tuple[QueueSettings, ...], agents: tuple[AgentSettings, ...]
    ) -> None:
        """Take new settings; calls in progress keep the flow they are in."""
        self.settings = settings
        self.phones: dict[str, PhoneSettings] = {phone.extension: phone for phone in settings.phones}
        self.services.encryption = {phone.extension: phone.srtp for phone in settings.phones}
        self.services.encryption |= {f"trunk:{trunk.name}": trunk.srtp for trunk in settings.trunks}
        self.services.keying = {phone.extension: phone.srtp_keys for phone in settings.phones}
        self.services.keying |= {f"trunk:{trunk.name}": trunk.srtp_keys for trunk in settings.trunks}
        self.flows: dict[str, FlowSettings] = {flow.name: flow for flow in settings.flows}
        self.reasons = Reasons(settings.reasons)
        self.hours: dict[str, HoursSettings] = {hours.name: hours for hours in settings.hours}
        self.voices: dict[str, VoiceLink] = {voice.language: voice for voice in settings.voices}
        self.crms: dict[str, CrmLink] = {crm.name: crm for crm in settings.crms}
        self.groups: dict[str, GroupSettings] = {group.name: group for group in settings.groups}
        self._groups_by_number = {group.number: group.name for group in settings.groups}
        self.queues: dict[str, QueueSettings] = {queue.name: queue for queue in queues}
        self._agents = agents
        names = {agent.name for agent in agents}
        self.seats = {name: phone for name, phone in self.seats.items() if name in names and phone in self.phones}
        self.seat_agents()
        self.routing = Routing(
            settings.phones,
            queues,
            settings.numbers,
            settings.dial_plan,
            settings.groups,
            settings.conferences,
            settings.hours,
            settings.mailboxes,
            settings.reasons,
            agents,
        )
        self.messages.configure(settings.mailboxes)
        self.parking.configure(settings.dial_plan.park_slots)
        self.conferences.configure(settings.conferences)
        self.tolls.configure(settings.dial_plan)

    def seat_agents(self) -> None:
        """Every agent is where he signed on, or else at the phone he is configured with if nobody else is there."""
        occupied = {phone: name for name, phone in self.seats.items()}
        self.agents: dict[str, AgentSettings] = {}
        """Agents by name, their `phone` the one where they are now; empty: at none."""
        self.agent_of_phone: dict[str, str] = {}
        for agent in self._agents:
            phone = self.seats.get(agent.name, agent.phone)
            if occupied.get(phone, agent.name) != agent.name:
                phone = ""
            self.agents[agent.name] = agent if phone == agent.phone else msgspec.structs.replace(agent, phone=phone)
            if phone:
                self.agent_of_phone[phone] = agent.name

    def is_group(self, number: str) -> bool:
        """Whether a number is that of a group."""
        return number in self._groups_by_number

    def opening(self, hours: str, wall: int) -> tuple[Opening, str]:
        """Whether hours are open at a moment (wall-clock ms), and why not; hours that are gone are open."""
        settings = self.hours.get(hours)
        if settings is None:
            return Opening.OPEN, ""
        if self.house.closed(hours):
            return Opening.CLOSED, "closed by hand"
        return opening(settings, self.local(wall), self.holiday)

    def queue_opening(self, queue: str, wall: int) -> tuple[Opening, str]:
        """Whether a queue takes callers at a moment (wall-clock ms), and why not: closed by hand, or by its hours."""
        if self.house.queue_closed(queue):
            return Opening.CLOSED, "closed by hand"
        hours = self.queues[queue].hours
        return self.opening(hours, wall) if hours else (Opening.OPEN, "")

    def address_of_record(self, extension: str) -> str:
        """The address of record of an extension, as the location service keys it."""
        return f"sip:{extension}@{self.settings.domain}"

    def fork(
        self,
        call: "Call",
        extension: str,
        user: AttemptUser,
        now: float,
        *,
        party: str = "",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Fork:
        """An attempt on all devices of an extension; it fails at once with 480 when none is registered."""
        phone = self.phones.get(extension)
        return Fork(
            self.services,
            user,
            bindings=self.location.bindings(self.address_of_record(extension), now),
            call=call.id,
            extension=extension,
            party=party or f"phone:{extension}",
            codecs=codecs_to_offer(call, phone.codecs if phone else ("PCMA", "PCMU")),
            from_=self.presented(call),
            domain=self.settings.domain,
            new_leg_id=call.new_leg_id,
            headers=(("Max-Forwards", str(call.hops)), *headers, *self._diverted(call)),
        )

    def _diverted(self, call: "Call") -> tuple[tuple[str, str], ...]:
        """What a carrier has told of who sent the call to us, for phones that show it."""
        return tuple(
            ("Diversion", f"<{self.address_of_record(one.extension)}>;reason={one.why}") for one in call.diverted
        )

    def reach(self, call: "Call", number: str, user: AttemptUser, *, seconds: float) -> Attempt:
        """An attempt on an extension, wherever its user forwards to, or on a group by its number."""
        group = self._groups_by_number.get(number)
        if group is not None:
            return self.ring_group(call, group, user)
        return Reach(self, call, number, user, seconds=seconds)

    def forwardable(self, extension: str, number: str) -> bool:
        """Whether a phone's calls can be sent to a number: a phone, group, queue or mailbox, or outside if it may."""
        destination = self.routing.destination(number, self.phones[extension])
        if isinstance(destination, ToExtension):
            return destination.extension != extension
        return isinstance(destination, ToGroup | ToQueue | ToMailbox | ToOutside)

    def ring_group(self, call: "Call", group: str, user: AttemptUser) -> GroupRing:
        """An attempt on the phones of a group, but for the caller's own; their forwards do not apply."""
        settings = self.groups[group]
        reaches = [
            Reach(self, call, extension, user, seconds=settings.ring_seconds, forwards=False)
            for extension in settings.extensions
            if extension in self.phones and extension != call.record.caller
        ]
        return GroupRing(user, reaches, together=settings.strategy == "all")

    def hunt(
        self,
        call: "Call",
        number: str,
        user: AttemptUser,
        *,
        display_name: str = "",
        diversions: tuple[Diversion, ...] = (),
        payer: str = "",
        emergency: bool = False,
    ) -> Hunt:
        """An attempt on an outside number over the trunks, in the dial plan's order.

        `payer` is the phone whose call it is: its number is shown where a trunk owns it, its ceilings count.
        """
        order = self.settings.dial_plan.trunks or tuple(trunk.name for trunk in self.settings.trunks)
        phone = self.phones.get(payer)
        wanted = phone.caller_id if phone is not None else ""
        withheld = call.withheld and not emergency
        return Hunt(
            self.services,
            user,
            trunks=[self.trunks[name] for name in order if name in self.trunks],
            call=call.id,
            codecs=lambda codecs: codecs_to_offer(call, codecs),
            number=number,
            new_leg_id=call.new_leg_id,
            identity=lambda trunk: ANONYMOUS if withheld else trunk.identity(display_name, wanted),
            shown=lambda trunk: trunk.identity(wanted=wanted).uri.user,
            headers=lambda trunk: (
                ("Max-Forwards", str(call.hops)),
                *trunk.identity_headers(wanted, withheld=withheld),
                *(header for diversion in diversions[:1] for header in trunk.diversion(diversion.why, number)),
            ),
            admit=lambda now: self.tolls.admit(payer, call.id, now) if payer and not emergency else "",
            emergency=emergency,
            by_quality=self.settings.dial_plan.prefer_quality,
        )

    def presented(self, call: "Call") -> NameAddress:
        """Who calls, as shown to the house's phones."""
        if call.record.caller in ("", "anonymous"):
            return ANONYMOUS
        return NameAddress(
            display_name=call.caller_name,
            uri=SipUri(scheme="sip", user=call.record.caller, host=self.settings.domain),
        )


def codecs_to_offer(call: "Call", codecs: tuple[str, ...]) -> tuple[str, ...]:
    """`codecs` with the one the caller speaks first, so that the called device takes it and nothing is transcoded.

    Comfort noise is offered where the caller's device may send it, to be passed on.
    """
    leg = call.caller_leg
    spoken = leg.codec if leg is not None else ""
    ordered = (spoken, *(codec for codec in codecs if codec != spoken)) if spoken in codecs else codecs
    return (*ordered, COMFORT_NOISE.name) if leg is not None and leg.pauses else ordered
