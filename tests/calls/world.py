"""A little world around a Switch: carriers and phones made of the same stack, a virtual clock, no sockets.

`World.log` is the ladder as text: one line a message, "101 -> switch INVITE" or "switch -> 101 180 Ringing", and
media commands as "media Play music/default". Tests compare slices of it.

Longer than most files: peers, clock, network and media answer each other within one turn, and the shop they play in
is what every test of the room begins with.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import msgspec

from softacd.acd.model import AgentSettings, QueueSettings, TierSettings
from softacd.calls.caller import Lookup, nobody_known
from softacd.calls.errands import AnyErrand, AnyResult
from softacd.calls.flow_steps import FlowSettings, MenuStep, QueueStep, SayStep, Step
from softacd.calls.model import (
    DialPlan,
    NumberSettings,
    PhoneSettings,
    SwitchSettings,
    TrunkSettings,
)
from softacd.calls.records import AnyRecord, CallEvent, CallRecord
from softacd.calls.switch import Switch
from softacd.rtp import vocabulary as media
from softacd.sdp.description import SessionDescription
from softacd.sdp.negotiation import LocalMedia, RemoteMedia, answer, offer
from softacd.sip.dialog import Dialog
from softacd.sip.digest import Credentials, ha1
from softacd.sip.events import (
    IncomingAck,
    IncomingCancel,
    IncomingRequest,
    IncomingResponse,
    TransactionFailed,
    Transmit,
)
from softacd.sip.headers import NameAddress
from softacd.sip.message import Request, Response
from softacd.sip.stack import SipStack
from softacd.sip.transaction import ClientTransaction, ServerTransaction
from softacd.sip.transport import Flow, Transport

SWITCH = ("192.0.2.1", 5060)
DOMAIN = "shop.test"
Headers = Sequence[tuple[str, str]]
EPOCH = 1_700_000_000_000


@dataclass
class Ring:
    """An INVITE that reached a peer, or one a peer sent."""

    transaction: ServerTransaction | ClientTransaction
    remote_sdp: SessionDescription | None = None
    dialog: Dialog | None = None
    cancelled: bool = False
    reason: str | None = None
    status: int = 0
    over: bool = False
    acknowledged: int = 0


@dataclass(frozen=True)
class Datagram:
    """A message on its way, to a peer or (`to_switch`) from it."""

    peer: "Peer"
    data: bytes
    to_switch: bool


@dataclass
class Peer:
    """A phone or a carrier: a stack of its own at an address of its own."""

    world: "World"
    name: str
    address: tuple[str, int]
    credentials: Credentials | None = None
    stack: SipStack = field(init=False)
    calls: list[Ring] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    behaviour: Callable[["Peer", Ring, float], None] | None = None
    mute: bool = False
    requests: list[Request] = field(default_factory=list)
    """Every request that came."""
    responses: list[Response] = field(default_factory=list)
    """Every response that came."""
    refuses: dict[str, tuple[int, Headers]] = field(default_factory=dict)
    """Method -> how the next request of it inside a dialog is answered, once."""
    session: Headers = ()
    """Headers of 2xx to re-INVITE and UPDATE."""
    granted: Headers = ()
    """Headers of 2xx to REGISTER."""
    registers: int = 0
    connection: int = 0
    """Number of the WebSocket it is connected by; 0: it speaks UDP."""

    def __post_init__(self) -> None:
        numbers = count(1)
        self.stack = SipStack(
            token=lambda: f"{self.name}{next(numbers)}", user_agent=self.name, supported=("100rel", "timer")
        )

    @property
    def flow(self) -> Flow:
        return Flow(Transport.UDP, self.address, SWITCH)

    def local(self, call: Ring | None = None) -> LocalMedia:
        return LocalMedia(
            host=self.address[0], port=40_000 + 2 * len(self.calls), session_id=1, codecs=("PCMA", "PCMU")
        )

    # --- what a peer does -----------------------------------------------------------------------------------------

    def register(self, expires: int = 300, *, contact: str = "", headers: Headers = ()) -> None:
        """`contact` is host:port the phone believes to be at."""
        identity = NameAddress.parse(f"<sip:{self.name}@{DOMAIN}>")
        self.stack.request(
            "REGISTER",
            uri=f"sip:{DOMAIN}",
            flow=self.flow,
            from_=identity,
            to=identity,
            headers=(
                ("Contact", f"<sip:{self.name}@{contact or '{}:{}'.format(*self.address)}>"),
                ("Expires", str(expires)),
                *headers,
            ),
            credentials=self.credentials,
            now=self.world.now,
        )
        self.world.settle()

    def dial(
        self,
        number: str,
        *,
        from_: str | None = None,
        sdp: bool = True,
        domain: str = DOMAIN,
        headers: Headers = (),
    ) -> Ring:
        transaction = self.stack.invite(
            uri=f"sip:{number}@{domain}",
            flow=self.flow,
            from_=NameAddress.parse(f"<sip:{from_ or self.name}@{domain}>"),
            to=NameAddress.parse(f"<sip:{number}@{domain}>"),
            body=offer(self.local()) if sdp else b"",
            headers=headers,
            credentials=self.credentials,
            contact_user=self.name,
            now=self.world.now,
        )
        call = Ring(transaction)
        transaction.context = call
        self.calls.append(call)
        self.world.settle()
        return call

    def respond(
        self,
        call: Ring,
        status: int,
        *,
        sdp: bool | None = None,
        headers: Headers = (),
        reliable: bool = False,
    ) -> None:
        assert isinstance(call.transaction, ServerTransaction)
        body = b""
        if sdp if sdp is not None else 200 <= status < 300:
            body = answer(call.remote_sdp, self.local()).body if call.remote_sdp else offer(self.local())
        dialog = self.stack.respond(
            call.transaction,
            status,
            now=self.world.now,
            body=body,
            content_type="application/sdp" if body else "",
            contact_user=self.name,
            headers=headers,
            reliable=reliable,
        )
        if dialog is not None:
            call.dialog = dialog
            dialog.context = call
        call.over = status >= 300
        self.world.settle()

    def answer(self, call: Ring | None = None) -> Ring:
        call = call or self.calls[-1]
        self.respond(call, 200)
        return call

    def cancel(self, call: Ring) -> None:
        assert isinstance(call.transaction, ClientTransaction)
        self.stack.cancel(call.transaction, self.world.now)
        self.world.settle()

    def hang_up(self, call: Ring | None = None) -> None:
        call = call or self.calls[-1]
        assert call.dialog is not None
        self.stack.request_in_dialog(call.dialog, "BYE", now=self.world.now)
        self.stack.end_dialog(call.dialog)
        call.over = True
        self.world.settle()

    def send(self, call: Ring, method: str, body: bytes = b"", content_type: str = "", headers: Headers = ()) -> None:
        assert call.dialog is not None
        transaction = self.stack.request_in_dialog(
            call.dialog, method, now=self.world.now, body=body, content_type=content_type, headers=headers
        )
        transaction.context = call
        self.world.settle()

    # --- what comes -------------------------------------------------------------------------------------------------

    def on_event(self, event: object) -> None:
        now = self.world.now
        if isinstance(event, IncomingRequest):
            self._on_request(event, now)
        elif isinstance(event, IncomingResponse):
            self._on_response(event, now)
        elif isinstance(event, IncomingCancel):
            call = event.transaction.context
            assert isinstance(call, Ring)
            call.cancelled = call.over = True
            call.reason = event.request.header("Reason")
        elif isinstance(event, IncomingAck):
            call = event.dialog.context
            if isinstance(call, Ring):
                call.acknowledged += 1
        elif isinstance(event, TransactionFailed):
            self.statuses.append(408)

    def _on_request(self, event: IncomingRequest, now: float) -> None:
        request, transaction = event.request, event.transaction
        self.requests.append(request)
        if event.dialog is not None and request.method in self.refuses:
            status, headers = self.refuses.pop(request.method)
            self.stack.respond(transaction, status, now=now, headers=headers)
            return
        if request.method in ("INVITE", "UPDATE") and event.dialog is not None:
            body = answer(SessionDescription.parse(request.body), self.local()).body if request.body else b""
            self.stack.respond(transaction, 200, now=now, body=body, headers=self.session)
            return
        if request.method == "INVITE" and event.dialog is None:
            call = Ring(transaction, SessionDescription.parse(request.body) if request.body else None)
            transaction.context = call
            self.calls.append(call)
            if self.behaviour is not None:
                self.behaviour(self, call, now)
        elif request.method == "BYE":
            self.stack.respond(transaction, 200, now=now)
            if event.dialog is not None and isinstance(event.dialog.context, Ring):
                event.dialog.context.over = True
        elif request.method == "REGISTER":
            self.registers += 1
            contact = request.header("Contact") or ""
            self.stack.respond(
                transaction, 200, now=now, headers=(("Contact", f"{contact};expires=300"), *self.granted)
            )
        elif request.method == "OPTIONS":
            self.stack.respond(transaction, 200, now=now)
        else:
            self.stack.respond(transaction, 200, now=now)

    def _on_response(self, event: IncomingResponse, now: float) -> None:
        self.statuses.append(event.response.status)
        self.responses.append(event.response)
        call = event.transaction.context
        if not isinstance(call, Ring):
            return
        call.status = event.response.status
        if event.transaction.method == "INVITE" and event.dialog is not None:
            call.dialog = event.dialog
            event.dialog.context = call
            if event.response.body:
                call.remote_sdp = SessionDescription.parse(event.response.body)
            if 200 <= call.status < 300:
                late = not event.transaction.request.body and call.remote_sdp is not None
                body = answer(call.remote_sdp, self.local()).body if late and call.remote_sdp else b""
                self.stack.acknowledge(event.dialog, now, body=body)


class World:
    """The switch, its peers and the clock."""

    def __init__(
        self,
        settings: SwitchSettings,
        queues: tuple[QueueSettings, ...] = (),
        agents: tuple[AgentSettings, ...] = (),
        *,
        ports: int = 200,
        lookup: Lookup = nobody_known,
    ) -> None:
        self.now = 1000.0
        self.log: list[str] = []
        self.records: list[AnyRecord] = []
        self.book: list[AnyRecord] = []
        """The records as they were when they were handed over."""
        self.media: list[media.AnyCommand] = []
        self.open_streams: set[int] = set()
        self.playing: dict[int, media.Play] = {}
        self.bridges: dict[int, int] = {}
        self.dictated: dict[int, media.StartRecording] = {}
        """Messages being recorded, by stream."""
        self.voiced = 3.0
        """Seconds of voice in each of them."""
        self.disk = ""
        """What is wrong with the disk."""
        self.peers: dict[tuple[str, int], Peer] = {}
        self.slow = False
        """Messages stay on their way, in `on_their_way`, until `arrive`."""
        self.on_their_way: list[Datagram] = []
        self.told = self.seen = SWITCH
        """What the switch calls itself, and where peers see it."""
        self.learns = False
        numbers = count(1)
        self.switch = Switch(
            settings,
            queues,
            agents,
            node="t",
            token=lambda: f"s{next(numbers)}",
            secret=b"s" * 32,
            jitter=lambda: 0.5,
            wall=lambda now: EPOCH + round(now * 1000),
            listening={Transport.UDP: lambda remote: self.told, Transport.TCP: lambda remote: self.told},
            learn=self._learn,
            lookup=lookup,
            now=self.now,
        )
        self.ports = ports
        pairs = tuple(media.Port(SWITCH[0], 20_000 + 2 * index) for index in range(ports))
        self.switch.handle_media(media.PortsOffered(pairs), self.now)
        self.switch.start(self.now)

    def _learn(self, host: str) -> bool:
        if not self.learns or host == self.told[0]:
            return False
        self.told = (host, self.told[1])
        return True

    def peer(self, name: str, address: tuple[str, int], password: str = "") -> Peer:
        credentials = Credentials(username=name, password=password) if password else None
        peer = Peer(self, name, address, credentials)
        self.peers[address] = peer
        return peer

    def settle(self) -> None:
        """Let every message arrive, until nobody has anything to say at this moment."""
        busy = True
        while busy:
            busy = False
            while self.switch.transmits:
                busy = True
                self._deliver(self.switch.transmits.popleft())
            while self.switch.media:
                busy = True
                self._command(self.switch.media.popleft())
            self.switch.tell_why(self.now)
            batch = list(self.switch.records)
            self.switch.records.clear()
            self.records.extend(batch)
            # records of calls grow until they are handed over: the last of a batch has it all
            self.book.extend(copy(record) for record in {id(record): record for record in batch}.values())
            for peer in list(self.peers.values()):
                while (item := peer.stack.poll()) is not None:
                    busy = True
                    if isinstance(item, Transmit):
                        self.log.append(f"{peer.name} -> switch {_first(item.data)}")
                        self._carry(Datagram(peer, item.data, to_switch=True))
                    else:
                        peer.on_event(item)

    def advance(self, seconds: float) -> None:
        """Let time pass, stopping at every deadline."""
        end = self.now + seconds
        while True:
            moments = [self.switch.next_deadline(), *(peer.stack.next_deadline() for peer in self.peers.values())]
            due = min((moment for moment in moments if moment is not None), default=None)
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self.switch.handle_deadline(self.now)
            for peer in self.peers.values():
                peer.stack.handle_deadline(self.now)
            self.settle()
        self.now = end
        self.settle()

    def press(self, stream: int, digit: str) -> None:
        """A key arrives as RFC 4733 event on a stream."""
        self.switch.handle_media(media.DigitPressed(stream, digit), self.now)
        self.settle()

    def errands(self) -> list[AnyErrand]:
        """What calls want of the outside, taken away."""
        wanted = list(self.switch.exchange.errands.wanted)
        self.switch.exchange.errands.wanted.clear()
        return wanted

    def do(self, result: AnyResult) -> None:
        """An errand is over."""
        self.switch.errand_done(result, self.now)
        self.settle()

    def events(self, *kinds: str) -> list[str]:
        """What happened to calls, in order: "kind detail", only of these kinds when any are named."""
        return [
            f"{record.kind} {record.detail}".strip()
            for record in self.records
            if isinstance(record, CallEvent) and (not kinds or record.kind in kinds)
        ]

    def finish_play(self, stream: int | None = None) -> tuple[str, ...]:
        """What plays (on the only stream, or this one) comes to its end; returns what it was."""
        stream = next(iter(self.playing)) if stream is None else stream
        play = self.playing.pop(stream)
        self.switch.handle_media(media.PlayEnded(stream, play.play, True), self.now)
        self.settle()
        return play.clips

    def calls(self) -> list[CallRecord]:
        """Finished calls, in order of their end."""
        found: dict[str, CallRecord] = {}
        for record in self.records:
            if isinstance(record, CallRecord) and record.ended:
                found[record.id] = record
        return list(found.values())

    def assert_clean(self) -> None:
        """After everything is over nothing may be left."""
        self.advance(70)
        switch = self.switch
        counters = switch.stack.counters()
        assert not switch.exchange.calls
        assert not self.open_streams
        assert not switch.services.streams
        assert not switch.services.sip_calls
        assert not switch.services.accounts.closing
        assert len(switch.services.ports) == self.ports
        assert counters.dialogs == 0
        assert not len(switch.exchange.errands)
        assert not len(switch.services.deadlines)
        assert all(not trunk.calls_now for trunk in switch.exchange.trunks.values())

    def remote(self, call: Ring) -> RemoteMedia:
        """What the switch's media looks like to a peer."""
        assert call.remote_sdp is not None
        return answer(call.remote_sdp, LocalMedia(host="198.51.100.9", port=1, session_id=1)).remote

    def _deliver(self, item: Transmit) -> None:
        peer = self.peers.get(item.flow.remote)
        if peer is not None and item.flow.connection != peer.connection:
            peer = None  # the connection is gone
        name = peer.name if peer else "nobody"
        self.log.append(f"switch -> {name} {_first(item.data)}")
        if peer is not None:
            self._carry(Datagram(peer, item.data, to_switch=False))

    def _carry(self, datagram: Datagram) -> None:
        if self.slow:
            self.on_their_way.append(datagram)
        else:
            self.arrive(datagram)

    def carry(self, *, to_switch: bool) -> None:
        """What is on its way in one direction arrives, in order."""
        for datagram in [one for one in self.on_their_way if one.to_switch is to_switch]:
            self.on_their_way.remove(datagram)
            self.arrive(datagram)
        self.settle()

    def release(self) -> None:
        """The network is fast again: everything arrives, in order."""
        self.slow = False
        while self.on_their_way:
            self.arrive(self.on_their_way.pop(0))
            self.settle()

    def arrive(self, datagram: Datagram) -> None:
        """A message is there; a mute peer hears nothing."""
        peer = datagram.peer
        if datagram.to_switch:
            transport = Transport.WS if peer.connection else Transport.UDP
            self.switch.receive_sip(datagram.data, Flow(transport, SWITCH, peer.address, peer.connection), self.now)
        elif not peer.mute:
            peer.stack.receive(datagram.data, Flow(Transport.UDP, peer.address, self.seen), self.now)

    def _command(self, command: media.AnyCommand) -> None:
        self.media.append(command)
        match command:
            case media.OpenStream(stream=stream):
                assert stream not in self.open_streams
                self.open_streams.add(stream)
            case media.Play(stream=stream, clips=clips):
                assert stream in self.open_streams
                self.log.append(f"media {stream} play {' '.join(clips)}")
                self.playing[stream] = command
            case media.StopPlay(stream=stream):
                self.playing.pop(stream, None)
            case media.Bridge(stream=stream, other=other):
                assert {stream, other} <= self.open_streams
                self.log.append(f"media {stream} bridge {other}")
                for one, partner in ((stream, other), (other, stream)):
                    self._unbridge(one)
                    self.bridges[one] = partner
                self.playing.pop(stream, None)
                self.playing.pop(other, None)
            case media.Unbridge(stream=stream):
                self._unbridge(stream)
            case media.StartRecording(mono=True):
                self.dictated[command.stream] = command
            case media.StopRecording(stream=stream):
                self.end_dictation(stream)
            case media.CloseStream(stream=stream):
                self._unbridge(stream)
                self.end_dictation(stream)
                self.open_streams.remove(stream)
                self.playing.pop(stream, None)
                port = next(c.port for c in self.media if isinstance(c, media.OpenStream) and c.stream == stream)
                self.switch.handle_media(media.StreamClosed(stream, media.StreamStatistics(sent=1)), self.now)
                self.switch.handle_media(media.PortsOffered((port,)), self.now)

    def end_dictation(self, stream: int) -> None:
        """The file of a message is complete, or the disk does not take it any more."""
        command = self.dictated.pop(stream, None)
        if command is not None:
            seconds, octets = (0.0, 0) if self.disk else (self.voiced + 0.5, 16_000)
            ended = media.RecordingEnded(stream, command.recording, seconds, octets, self.disk, self.voiced)
            self.switch.handle_media(ended, self.now)

    def _unbridge(self, stream: int) -> None:
        """What the media engine does: both ends of the bridge are free."""
        partner = self.bridges.pop(stream, None)
        if partner is not None:
            self.bridges.pop(partner, None)


def _first(data: bytes) -> str:
    line = data.partition(b"\r\n")[0].decode()
    return line[8:] if line.startswith("SIP/2.0 ") else line.partition(" ")[0]


def shop(
    *,
    ring: int = 4,
    wrap_up: float = 5.0,
    agents: int = 5,
    available: bool = True,
    dial_plan: DialPlan | None = None,
    ports: int = 200,
    step: QueueStep | None = None,
    more_steps: Mapping[str, Step] | None = None,
    skills: Mapping[str, dict[str, int]] | None = None,
    changes: Mapping[str, Any] | None = None,
    lookup: Lookup = nobody_known,
    **queue: object,
) -> World:
    """Two carriers, phones 101 and up with an agent each, one queue "sales" (600), a menu in front.

    `step` is the flow's own step into the queue, beside `more_steps`; `skills` are the agents', by name.
    `changes` replace fields of the SwitchSettings.
    """
    names = [f"a{index}" for index in range(1, agents + 1)]
    phones = [
        PhoneSettings(extension=str(100 + index), ha1=ha1("MD5", str(100 + index), DOMAIN, "secret"))
        for index in range(1, agents + 1)
    ]
    flow = FlowSettings(
        name="main",
        start="greeting",
        steps={
            "greeting": SayStep(prompts=("prompts/en/welcome",), then="menu"),
            "menu": MenuStep(prompts=("prompts/en/menu-main",), choices={"1": "notice", "2": "closed"}),
            "notice": SayStep(prompts=("prompts/en/recording-notice",), then="sales"),
            "sales": step or QueueStep(queue="sales", then="closed"),
            "closed": SayStep(prompts=("prompts/en/no-agents",)),
            **(more_steps or {}),
        },
    )
    settings = SwitchSettings(
        domain=DOMAIN,
        trunks=(
            TrunkSettings(name="alpha", host="198.51.100.1", numbers=("37322000111",), keep_alive_seconds=0),
            TrunkSettings(name="beta", host="198.51.100.2", numbers=("37322000222",), keep_alive_seconds=0),
        ),
        phones=tuple(phones),
        numbers=(NumberSettings("37322000111", "main"), NumberSettings("37322000222", "main")),
        flows=(flow,),
        dial_plan=dial_plan or DialPlan(outside=("0XXXXXXXX",)),
    )
    settings = msgspec.structs.replace(settings, **(changes or {}))
    queues = (
        QueueSettings(
            name="sales",
            number="600",
            ring=ring,
            wrap_up_seconds=wrap_up,
            tiers=tuple(TierSettings(agent=name) for name in names),
            **queue,  # type: ignore[arg-type] # tests name the settings they change
        ),
    )
    people = tuple(
        AgentSettings(
            name=name, phone=phone.extension, available_at_start=available, skills=(skills or {}).get(name, {})
        )
        for name, phone in zip(names, phones, strict=True)
    )
    world = World(settings, queues, people, ports=ports, lookup=lookup)
    world.peer("alpha", ("198.51.100.1", 5060))
    world.peer("beta", ("198.51.100.2", 5060))
    for trunk in ("alpha", "beta"):
        address = ("198.51.100.1" if trunk == "alpha" else "198.51.100.2", 5060)
        world.switch.resolved(trunk, (address,), world.now)
    for index, phone in enumerate(phones):
        peer = world.peer(phone.extension, (f"203.0.113.{index + 1}", 5060), "secret")
        peer.register()
    world.settle()
    world.log.clear()
    return world
