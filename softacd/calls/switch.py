"""The switch: everything above sockets and clocks, as one sans-IO object.

Bytes, media events, resolved names and `now` go in; datagrams, media commands, records and errands come out of four
queues the driver drains after every input. One next deadline covers transactions, calls, queues, trunks and
registrations.

Longer than most files: every kind of event is handed to the part it concerns here, and nowhere else.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from math import ceil
from typing import Any

from softacd.acd.distributor import Distributor
from softacd.acd.model import AgentSettings, QueueSettings
from softacd.acd.vocabulary import Status
from softacd.acd.wait_time import WaitTimeEstimator
from softacd.calls.arrival import Arrival
from softacd.calls.caller import Lookup, nobody_known
from softacd.calls.door import Door
from softacd.calls.errands import AnyResult
from softacd.calls.exchange import Exchange
from softacd.calls.info_digits import digit_of
from softacd.calls.keep_alive import PhoneKeeper
from softacd.calls.leg import ALLOW, Leg
from softacd.calls.leg_incoming import IncomingLeg
from softacd.calls.leg_move import LegMove
from softacd.calls.leg_outgoing import OutgoingLeg
from softacd.calls.leg_session import LegSession
from softacd.calls.lost_connection import Return, legs_of
from softacd.calls.message_relay import MessageRelay
from softacd.calls.model import SwitchSettings
from softacd.calls.notifier import Notifier, Watch
from softacd.calls.queue_desk import QueueDesk
from softacd.calls.records import AgentSeat, CallBackEvent, MessageRecord, PhoneEvent, TraceRow
from softacd.calls.refer import TransferRefusedError, refer_target
from softacd.calls.services import Services
from softacd.calls.transfer import transfer
from softacd.calls.trunk import Trunk
from softacd.rtp import vocabulary as media
from softacd.sip.authenticator import Account, DigestAuthenticator
from softacd.sip.event_package import ALLOW_EVENTS
from softacd.sip.events import (
    AckMissing,
    FailureCause,
    IncomingAck,
    IncomingCancel,
    IncomingRequest,
    IncomingResponse,
    PrackMissing,
    Trace,
    TransactionFailed,
    Transmit,
)
from softacd.sip.guard_table import Offence
from softacd.sip.limits import Limits
from softacd.sip.location import Binding, LocationChange, LocationService
from softacd.sip.message import Request
from softacd.sip.registrar import Registrar
from softacd.sip.stack import SipStack
from softacd.sip.transaction import ServerTransaction
from softacd.sip.transport import Flow, Transport

EXTENSIONS = ("path", "replaces", "timer", "100rel")
"""Option tags we implement: requests may require them."""
TRACES_KEPT = 64
TIMER_GRAIN = 0.05
"""Transaction timers are half a second and more: firing them together on a grid of so many seconds saves wake-ups."""


class Switch:
    """One shop's switch."""

    def __init__(
        self,
        settings: SwitchSettings,
        queues: tuple[QueueSettings, ...],
        agents: tuple[AgentSettings, ...],
        *,
        node: str,
        token: Callable[[], str],
        secret: bytes,
        jitter: Callable[[], float],
        wall: Callable[[float], int],
        listening: Mapping[Transport, Callable[[str], tuple[str, int]]],
        media_host: Callable[[Flow], str] = lambda flow: flow.local[0],
        fingerprint: str = "",
        user_agent: str = "softacd",
        limits: Limits | None = None,
        lookup: Lookup = nobody_known,
        learn: Callable[[str], bool] = lambda host: False,
        first_stream: int = 0,
        now: float,
    ) -> None:
        """`learn` is told the address a carrier sees us at, and says whether we call ourselves so from now on.

        `token` draws random tokens, `secret` signs nonces, `jitter` draws 0..1.

        `listening` and `media_host` tell our address as a peer sees it; `lookup` tells who calls, from memory;
        `first_stream` is a number no media worker holds a stream above.
        `fingerprint` is that of the media engine's certificate; without it no call is encrypted by DTLS.
        """
        self.stack = SipStack(
            token=token, user_agent=user_agent, limits=limits or Limits(), tracing=True, supported=EXTENSIONS
        )
        self.services = Services(
            self.stack,
            node=node,
            wall=wall,
            token=token,
            media_host=media_host,
            first_stream=first_stream,
            fingerprint=fingerprint,
        )
        self.transmits: deque[Transmit] = deque()
        self.media = self.services.media
        self.records = self.services.records
        self.location = LocationService()
        self.authenticator = DigestAuthenticator(settings.domain, secret=secret, token=token)
        self.registrar = Registrar(self.authenticator, self.location)
        self.keeper = PhoneKeeper(self.stack, self.location, self.services.deadlines)
        self.exchange = Exchange(self.services, self.location, settings, queues, agents)
        self.exchange.lookup = lookup
        self.errands = self.exchange.errands.wanted
        self.distributor = Distributor(queues, agents, now, draw=jitter)
        self.estimator = WaitTimeEstimator(queues, agents)
        self.desk = QueueDesk(self.exchange, self.distributor, self.estimator)
        self.exchange.desk = self.desk
        self.arrival = Arrival(self.exchange)
        self.notifier = Notifier(self.exchange)
        self.door = Door(
            settings.guard,
            settings.domain,
            authenticator=self.authenticator,
            location=self.location,
            trunks=self.exchange.trunks.values,
        )
        self.guard = self.door.guard
        self.stack.screen = self.door.screen
        self.stack.stream_beside = self._stream_beside
        self.stopping = False
        self._restored: set[str] = set()
        self._listening = listening
        self._learn = learn
        self._jitter = jitter
        self._deadlines = (
            self.services.deadlines.next,
            self.distributor.next_deadline,
            self.location.next_deadline,
            self.guard.next_deadline,
        )
        self._take: dict[type, Callable[[Any, float], None]] = {
            Trace: self._trace,
            IncomingResponse: self._on_response,
            IncomingRequest: self._on_request,
            IncomingAck: self._on_ack,
            IncomingCancel: self._on_cancel,
            TransactionFailed: self._on_failure,
            AckMissing: self._on_ack_missing,
            PrackMissing: self._on_prack_missing,
        }
        self._set_up(settings, now)

    def _set_up(self, settings: SwitchSettings, now: float) -> None:
        accounts = (
            Account(
                username=phone.extension,
                ha1_md5=phone.ha1,
                ha1_sha256=phone.ha1_sha256,
                ha1_sha512_256=phone.ha1_sha512_256,
                addresses_of_record=(self.exchange.address_of_record(phone.extension),),
                contacts=phone.contacts,
            )
            for phone in settings.phones
        )
        self.authenticator.offer(settings.digest)
        self.keeper.interval, self.keeper.kind = settings.keep_alive_seconds, settings.keep_alive
        self.keeper.domain = settings.domain
        self.keeper.registered(now)
        self._location_changed(self.registrar.configure(settings.domain, accounts, now), now)
        trunks = self.exchange.trunks
        wanted = {trunk.name: trunk for trunk in settings.trunks}
        for name in list(trunks):
            if name not in wanted or trunks[name].settings != wanted[name]:
                trunks.pop(name).stop(now)
        for name, trunk in wanted.items():
            if name not in trunks:
                trunks[name] = Trunk(
                    trunk,
                    self.stack,
                    local=self._local,
                    token=self.services.token,
                    jitter=self._jitter,
                    learn=self._learn,
                )

    def _stream_beside(self, flow: Flow) -> Flow | None:
        """How to send a carrier what is too large for UDP; phones behind routers can only be reached by their flow."""
        if Transport.TCP not in self._listening:
            return None
        if not any(flow.remote in trunk.targets for trunk in self.exchange.trunks.values()):
            return None
        return Flow(Transport.TCP, self._local(Transport.TCP, flow.remote[0]), flow.remote)

    def _local(self, transport: Transport, remote: str) -> tuple[str, int]:
        return self._listening[transport](remote)

    # --- inputs --------------------

    def start(self, now: float) -> None:
        """Begin: statuses agents have at the start, as configured."""
        for agent in self.exchange.agents.values():
            if agent.available_at_start and agent.name not in self._restored:
                self.desk.set_status(agent.name, Status.AVAILABLE, "", now)
        self._pump(now)

    def restore_status(self, agent: str, status: Status, reason: str, now: float) -> None:
        """Put back the status an agent had before the restart."""
        self.desk.carry_out(self.distributor.restore_status(agent, status, reason, now), now)
        self._restored.add(agent)

    def restore_phones(self, events: Iterable[PhoneEvent]) -> None:
        """Put back what the users of phones had chosen before the restart."""
        self.exchange.phone_book.restore(events)

    def restore_registrations(self, bindings: Iterable[tuple[str, Binding]], now: float) -> None:
        """Put back where phones were registered before the restart: address of record and binding, one by one."""
        found: dict[str, list[Binding]] = {}
        for address, binding in bindings:
            if binding.expires_at > now and self.registrar.owns(address):
                found.setdefault(address, []).append(binding)
        for address, kept in found.items():
            self._location_changed(self.location.replace(address, kept, now), now)
        self.keeper.registered(now)

    def restore_messages(self, records: Iterable[MessageRecord]) -> None:
        """Put back the messages kept before the restart, and the lamps that tell of them."""
        self.exchange.messages.restore(records)

    def restore_seats(self, events: Iterable[AgentSeat], now: float) -> None:
        """Put back where agents had signed on before the restart."""
        self.desk.seats.restore(events, now)
        self._pump(now)

    def restore_call_backs(self, events: Iterable[CallBackEvent], now: float) -> None:
        """Put back in line who was to be called back before the restart."""
        self.desk.call_backs.restore(events, now)
        self._pump(now)

    def receive_sip(self, data: bytes, flow: Flow, now: float) -> None:
        """One datagram or one framed message of a stream that the guard has admitted."""
        if not self.stack.receive(data, flow, now):
            self.guard.offend(flow.remote[0], Offence.NONSENSE, now)
        self._pump(now)

    def flow_failed(self, flow: Flow, now: float) -> None:
        """A destination refused, or a connection was lost."""
        self.stack.flow_failed(flow, now)
        if flow.connection:
            self._location_changed(self.location.remove_flow(flow, now), now)
        if flow.transport in (Transport.WS, Transport.WSS):
            everybody = [leg for legs in self.services.phone_legs.values() for leg in legs]
            for leg in legs_of(everybody, flow):
                address = self.exchange.address_of_record(leg.number)
                call = self.exchange.calls.get(leg.call)
                Return(leg, call, partial(self.location.bindings, address), now)
        self._pump(now)

    def resolved(
        self, trunk: str, targets: tuple[tuple[str, int], ...], now: float, transport: Transport | None = None
    ) -> None:
        """The addresses of a trunk's host, in the order to try them; none: its name cannot be resolved now."""
        if trunk in self.exchange.trunks:
            self.exchange.trunks[trunk].resolved(targets, now, transport)
            self._pump(now)

    def errand_done(self, result: AnyResult, now: float) -> None:
        """What was wanted of the outside is done, or cannot be."""
        self.exchange.errands.done(result, now)
        self._pump(now)

    def handle_media(self, event: media.AnyEvent, now: float) -> None:
        """An event of the media engine."""
        if isinstance(event, media.PortsOffered):
            self.services.offer_ports(event.ports)
            return
        if isinstance(event, media.RecordingEnded):
            self.services.recordings.on_ended(event, now)
            self._pump(now)
            return
        if isinstance(event, media.RecordingQuiet):
            self.services.recordings.on_quiet(event, now)
            self._pump(now)
            return
        if isinstance(event, media.PortsLost):
            self.services.lose_ports(event.worker)
            return
        leg = self.services.streams.get(event.stream)
        if leg is None:
            return
        match event:
            case media.StreamMoved(port=port):
                leg.move(port)
                LegMove(leg).proceed(now)
            case media.StreamLost():
                LegMove(leg, lost=True).proceed(now)
            case media.DigitPressed(digit=digit):
                if leg.user is not None:
                    leg.user.on_digit(leg, digit, now, by_info=False)
            case media.PlayEnded(play=play, error=error):
                if leg.user is not None:
                    leg.user.on_play_ended(leg, play, error, now)
            case media.StreamReport(statistics=statistics):
                leg.on_statistics(statistics, closed=False)
            case media.StreamClosed(statistics=statistics):
                self.services.streams.pop(event.stream, None)
                leg.on_statistics(statistics, closed=True)
                self._judge_trunk(leg, statistics, now)
            case media.StreamSilent(never=True):
                leg.no_audio(now)
            case media.StreamDead(seconds=seconds):
                leg.on_lost(408, f"neither voice nor reports for {seconds:.0f} s", now)
            case media.StreamSilent(seconds=seconds):
                self.services.note(leg.call, "silent", f"{leg.party}: no audio for {seconds:.0f} s", now)
                leg.ask_alive(now)
            case media.HandshakeFailed(reason=reason):
                self.services.note(leg.call, "no-keys", f"{leg.party}: {reason}", now)
                leg.on_lost(488, f"no encryption: {reason}", now)
            case media.StreamStarted(host=host, port=port):
                leg.record.fault = ""
                self.services.note(leg.call, "audio", f"{leg.party} from {host}:{port}", now)
        self._pump(now)

    def _judge_trunk(self, leg: Leg, statistics: media.StreamStatistics, now: float) -> None:
        trunk = self.exchange.trunks.get(leg.party.removeprefix("trunk:")) if leg.party.startswith("trunk:") else None
        if trunk is not None:
            trunk.quality.voice(now, received=statistics.received, lost=statistics.lost, jitter_ms=statistics.jitter_ms)

    def next_deadline(self) -> float | None:
        """When `handle_deadline` must be called."""
        earliest = self.stack.next_deadline()
        if earliest is not None:
            earliest = max(earliest, ceil(earliest / TIMER_GRAIN) * TIMER_GRAIN)  # never before it is due
        for next_deadline in self._deadlines:
            moment = next_deadline()
            if moment is not None and (earliest is None or moment < earliest):
                earliest = moment
        for trunk in self.exchange.trunks.values():
            moment = trunk.next_deadline()
            if moment is not None and (earliest is None or moment < earliest):
                earliest = moment
        return earliest

    def handle_deadline(self, now: float) -> None:
        """Let everything due happen."""
        self.guard.handle_deadline(now)
        self.stack.handle_deadline(now)
        self._pump(now)
        self.services.deadlines.fire(now)
        self.desk.handle_deadline(now)
        self._location_changed(self.location.handle_deadline(now), now)
        for trunk in self.exchange.trunks.values():
            trunk.handle_deadline(now)
        self._pump(now)

    def configure(
        self,
        settings: SwitchSettings,
        queues: tuple[QueueSettings, ...],
        agents: tuple[AgentSettings, ...],
        now: float,
    ) -> None:
        """Reload, atomically: calls, registrations, agents' states and statistics stay."""
        commands = self.distributor.configure(queues, agents, now)
        self.exchange.configure(settings, queues, agents)
        self.estimator.configure(queues, agents)
        self.desk.carry_out(commands, now)  # before anything else is told to the distributor
        self.desk.phones_changed(now)
        self.desk.staff.configured(now)
        self._set_up(settings, now)
        self.door.configure(settings.guard, settings.domain, now)
        if self.exchange.seats:
            seated = tuple(self.exchange.agents.values())  # the distributor shows the phones where they are
            self.desk.carry_out(self.distributor.configure(queues, seated, now), now)
        for agent in self.exchange.agents.values():
            self.desk.seats.tell_device(agent, now)
        self._pump(now)

    def cut_times(self, now: float) -> None:
        """Record how the agents have spent their time until now."""
        self.desk.carry_out(self.distributor.cut_times(now), now)

    def start_day(self, now: float) -> None:
        """Begin the day's statistics from zero."""
        self.desk.carry_out(self.distributor.start_day(now), now)

    def end_shifts(self, now: float) -> None:
        """Log out whose shift is over."""
        self.desk.seats.end_shifts(now)

    def settle(self, now: float) -> None:
        """Hand out what an action on a part of the switch (a status set, a call ended) has put in motion."""
        self._pump(now)

    def tell_why(self, now: float) -> None:
        """Record why phones ring as they do; called when everything urgent has left."""
        self.desk.tell_why(now)

    # --- the end --------------------

    def stop(self, now: float) -> None:
        """Take no new call, end every call, de-register; `stopped` says when peers have been told."""
        self.stopping = True
        self.cut_times(now)
        for call in list(self.exchange.calls.values()):
            call.finish(now, status=503)
        for trunk in self.exchange.trunks.values():
            trunk.stop(now)
        self.notifier.stop(now)
        self._pump(now)

    @property
    def stopped(self) -> bool:
        """Nothing is waiting for a peer's answer any more."""
        return self.stopping and not self.services.streams and not self.stack.counters().unanswered

    # --- events of the stack --------------------

    def _pump(self, now: float) -> None:
        poll, take = self.stack.poll, self._take
        while True:
            while (item := poll()) is not None:
                if type(item) is Transmit:
                    self.transmits.append(item)
                else:
                    take[type(item)](item, now)
            if not self.services.changed:
                return
            self.notifier.flush(now)

    def _on_response(self, event: IncomingResponse, now: float) -> None:
        transaction, response = event.transaction, event.response
        context = transaction.context
        if isinstance(context, OutgoingLeg) and transaction.method == "INVITE":
            context.on_response(response, event.dialog, now)
        elif isinstance(context, Leg):
            if response.status >= 200:
                context.on_alive(response.status, now)
        elif isinstance(context, Trunk | LegSession | LegMove):
            context.on_response(transaction, response, now)
        elif isinstance(context, Watch):
            self.notifier.on_answer(context, response.status, now)
        elif isinstance(context, MessageRelay):
            context.on_answer(response.status, now)

    def _on_request(self, event: IncomingRequest, now: float) -> None:
        transaction, request = event.transaction, event.request
        context = event.dialog.context if event.dialog is not None else None
        if isinstance(context, Leg):
            self._in_dialog(context, transaction, request, now)
        elif isinstance(context, Watch):
            self._in_subscription(context, transaction, request, now)
        else:
            self._out_of_dialog(transaction, request, event.flow, now)

    def _on_ack(self, event: IncomingAck, now: float) -> None:
        if isinstance(event.dialog.context, Leg):
            event.dialog.context.on_ack(event.request, now)

    def _on_cancel(self, event: IncomingCancel, now: float) -> None:
        if isinstance(event.transaction.context, IncomingLeg):
            event.transaction.context.on_cancel(event.request, now)

    def _on_failure(self, event: TransactionFailed, now: float) -> None:
        transaction, cause = event.transaction, event.cause
        context = transaction.context
        if isinstance(context, OutgoingLeg) and transaction.method == "INVITE":
            context.on_transaction_failed(cause is FailureCause.TIMEOUT, now)
        elif isinstance(context, Leg):
            context.on_alive(408 if cause is FailureCause.TIMEOUT else 503, now)
        elif isinstance(context, Trunk):
            context.on_failure(transaction, cause, now)
        elif isinstance(context, LegSession):
            context.on_failure(408 if cause is FailureCause.TIMEOUT else 503, now)
        elif isinstance(context, Watch):
            self.notifier.on_answer(context, 408, now)
        elif isinstance(context, MessageRelay):
            context.on_answer(408, now)

    def _on_ack_missing(self, event: AckMissing, now: float) -> None:
        if isinstance(event.dialog.context, IncomingLeg):
            event.dialog.context.on_ack_missing(now)

    def _on_prack_missing(self, event: PrackMissing, now: float) -> None:
        if isinstance(event.dialog.context, IncomingLeg):
            event.dialog.context.on_prack_missing(now)

    def _trace(self, event: Trace, now: float) -> None:
        del now
        line = event.start_line
        text = line[8:] if line.startswith("SIP/2.0 ") else line.partition(" ")[0]
        leg = self.services.sip_calls.get(event.call_id)
        row = TraceRow(
            call=leg.call if leg else "",
            at=self.services.wall(event.at),
            sent=event.sent,
            party=leg.party if leg else "",
            line=text,
            cseq=event.cseq,
        )
        if leg is not None:
            self.records.append(row)
        elif event.cseq.endswith("INVITE"):
            waiting = self.services.traces_waiting
            waiting.append((event.call_id, row))
            if len(waiting) > TRACES_KEPT:
                del waiting[0]

    def _in_dialog(self, leg: Leg, transaction: ServerTransaction, request: Request, now: float) -> None:
        match request.method:
            case "BYE":
                self.stack.respond(transaction, 200, now=now)
                leg.on_bye(request.header("Reason") or "", now)
            case "INVITE" | "UPDATE":
                leg.on_offer(transaction, request, now)
            case "INFO":
                digit = digit_of(request.content_type, request.body)
                known = digit is not None or not request.body
                self.stack.respond(transaction, 200 if known else 415, now=now)
                if digit is not None and leg.user is not None:
                    leg.user.on_digit(leg, digit, now, by_info=True)
            case "OPTIONS":
                self._respond_options(transaction, now)
            case "PRACK" if isinstance(leg, IncomingLeg):
                leg.on_prack(transaction, request, now)
            case "REFER":
                self._refer(leg, transaction, request, now)
            case _:
                self.stack.respond(transaction, 405, now=now, headers=(("Allow", ALLOW),))

    def _refer(self, leg: Leg, transaction: ServerTransaction, request: Request, now: float) -> None:
        call = self.exchange.calls.get(leg.call)

        def accepted() -> None:
            self.stack.respond(transaction, 202, now=now)

        try:
            if call is None or leg.user is not call:
                raise TransferRefusedError(403, "the leg is in no conversation")
            transfer(call, leg, refer_target(request), now, by_refer=accepted)
        except TransferRefusedError as error:
            self.services.note(leg.call, "transfer-refused", str(error), now)
            self.stack.respond(transaction, error.status, now=now)

    def _out_of_dialog(self, transaction: ServerTransaction, request: Request, flow: Flow, now: float) -> None:
        if request.method == "REGISTER":
            answer = self.registrar.handle(request, flow, now, username=self.door.username)
            self.stack.respond(transaction, answer.status, now=now, reason=answer.reason, headers=tuple(answer.headers))
            self._location_changed(answer.changes, now)
            self.keeper.registered(now)
            return
        trunk = self.door.trunk
        if request.method == "INVITE":
            if self.stopping:
                self.stack.respond(transaction, 503, now=now, headers=(("Retry-After", "30"),))
            elif trunk is not None:
                self.arrival.from_trunk(trunk, transaction, request, flow, now)
            else:
                self.arrival.from_phone(self.door.username, transaction, request, flow, now)
        elif request.method == "OPTIONS":
            self._respond_options(transaction, now)
        elif request.method == "SUBSCRIBE" and self.door.username:
            self.notifier.subscribe(self.door.username, transaction, request, now)
        elif request.method == "MESSAGE" and self.door.username:
            MessageRelay(self.exchange, self.door.username, transaction, request, now)
        elif request.method in ("SUBSCRIBE", "PUBLISH"):
            # nothing is published here: presence is what the switch sees (RFC 3903 section 6)
            self.stack.respond(transaction, 489, now=now, headers=(ALLOW_EVENTS,))
        else:
            self.stack.respond(transaction, 405, now=now, headers=(("Allow", ALLOW),))

    def _in_subscription(self, watch: Watch, transaction: ServerTransaction, request: Request, now: float) -> None:
        if request.method == "SUBSCRIBE":
            self.notifier.refresh(watch, transaction, request, now)
        else:
            self.stack.respond(transaction, 405, now=now, headers=(("Allow", "SUBSCRIBE, NOTIFY"),))

    def _respond_options(self, transaction: ServerTransaction, now: float) -> None:
        headers = (("Allow", ALLOW), ("Accept", "application/sdp, application/dtmf-relay"), ALLOW_EVENTS)
        self.stack.respond(transaction, 200, now=now, headers=headers)

    # --- phones --------------------

    def _location_changed(self, changes: tuple[LocationChange, ...], now: float) -> None:
        for change in changes:
            extension = change.address_of_record.partition(":")[2].partition("@")[0]
            self.desk.device(extension, change.reachable, now)
            self.services.changes(extension)
