"""Whatever callers, phones, carriers, the network and the owner do, in whatever order: calls end, nothing is left.

Peers are real stacks; the network may delay, lose, repeat and reorder messages; the owner reloads the configuration
in the middle of everything. After every step the promises in `_check` hold; in the end, when everybody has hung up and
every timer has run, nothing is held and the records agree with each other.
"""

from collections import Counter, defaultdict
from contextlib import suppress
from urllib.parse import quote

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from softacd.acd.model import AgentSettings, QueueSettings
from softacd.acd.vocabulary import CallerExited, CallerJoined, State, Status
from softacd.calls.call_table import Phase
from softacd.calls.leg import Leg
from softacd.calls.leg_table import LegState
from softacd.calls.model import SwitchSettings
from softacd.calls.records import AgentEvent, CallRecord, LegRecord, Outcome, Segment
from softacd.rtp import vocabulary as media
from softacd.sdp.description import Direction
from softacd.sdp.negotiation import offer
from softacd.sip.dialog import DialogState
from softacd.sip.errors import StackMisuseError
from softacd.sip.transaction import ClientTransaction, ServerTransaction
from tests.calls.world import DOMAIN, Peer, Ring, shop

AGENTS = 4
CARRIERS = ("alpha", "beta")
LIVING_LEGS = frozenset({LegState.ARRIVED, LegState.ALERTING, LegState.ACCEPTED, LegState.ESTABLISHED})
MILLISECONDS = 2
"""By how much times rounded one by one may differ from their difference."""

nth = st.integers(0, 11)
dialled = st.sampled_from(
    ["101", "102", "103", "104", "600", "600", "069000001", "999", "*40", "*41", "*44", "*45", "*8", "*70", "*701"]
)


class WorldMachine(RuleBasedStateMachine):
    """Everything that can happen to a switch."""

    @initialize(
        ring=st.sampled_from([1, 4]),
        wrap_up=st.sampled_from([0.0, 5.0]),
        ports=st.sampled_from([200, 200, 5]),
        ring_seconds=st.sampled_from([10.0, 40.0]),
        no_answer_limit=st.sampled_from([0, 1]),
    )
    def open_the_shop(self, ring: int, wrap_up: float, ports: int, ring_seconds: float, no_answer_limit: int) -> None:
        self.world = world = shop(
            ring=ring,
            wrap_up=wrap_up,
            agents=AGENTS,
            ports=ports,
            ring_seconds=ring_seconds,
            no_answer_limit=no_answer_limit,
        )
        exchange = world.switch.exchange
        self.settings: SwitchSettings = exchange.settings
        self.queues: tuple[QueueSettings, ...] = tuple(exchange.queues.values())
        self.agents: tuple[AgentSettings, ...] = tuple(exchange.agents.values())
        second = world.peer("102", ("203.0.113.77", 5060), "secret")
        second.register()
        self.joined: Counter[str] = Counter()
        self.exited: Counter[str] = Counter()
        observe = world.switch.estimator.observe

        def watch(item: object, now: float) -> None:
            if isinstance(item, CallerJoined):
                self.joined[item.caller] += 1
            elif isinstance(item, CallerExited):
                self.exited[item.caller] += 1
            observe(item, now)  # type: ignore[arg-type] # events and commands, as it takes them

        world.switch.estimator.observe = watch  # type: ignore[method-assign] # the one who sees all of both

    # --- who and what there is ---

    def a_peer(self, number: int, *, phone: bool | None = None) -> Peer:
        peers = [p for p in self.world.peers.values() if phone is None or p.name.isdigit() is phone]
        return peers[number % len(peers)]

    def rings(self, number: int, *, outgoing: bool) -> tuple[Peer, Ring] | None:
        """A peer's INVITE (`outgoing`, seen by the peer) that has no final answer yet, or one that it has got."""
        kind = ClientTransaction if outgoing else ServerTransaction
        found = [
            (peer, call)
            for peer in self.world.peers.values()
            for call in peer.calls
            if isinstance(call.transaction, kind) and not call.transaction.final
        ]
        return found[number % len(found)] if found else None

    def talks(self, number: int, peer: Peer | None = None) -> tuple[Peer, Ring] | None:
        """A confirmed dialog of a peer."""
        found = [
            (owner, call)
            for owner in self.world.peers.values()
            for call in owner.calls
            if call.dialog is not None
            and call.dialog.state is DialogState.CONFIRMED
            and not call.over
            and (peer is None or owner is peer)
        ]
        return found[number % len(found)] if found else None

    # --- callers and phones ---

    @rule(
        number=nth,
        called=st.sampled_from(["37322000111", "37322000222", "555"]),
        sdp=st.sampled_from([True, True, False]),
    )
    def a_carrier_brings_a_caller(self, number: int, called: str, sdp: bool) -> None:
        peer = self.a_peer(number, phone=False)
        call = peer.dial(called, from_=f"06900{number:03}", sdp=sdp)
        # in a hurry: through the greeting to the queue
        if number % 2 and not self.world.slow and call.status == 200:
            stream = max(self.world.open_streams, default=0)
            if stream in self.world.playing:
                self.world.press(stream, "1")
                if stream in self.world.playing:
                    self.world.finish_play(stream)

    @rule(number=nth, called=dialled, sdp=st.sampled_from([True, True, True, False]))
    def a_phone_dials(self, number: int, called: str, sdp: bool) -> None:
        self.a_peer(number, phone=True).dial(called, sdp=sdp)

    @rule(
        number=nth,
        status=st.sampled_from([180, 180, 183, 200, 200, 200, 200, 302, 404, 480, 486, 503, 600, 603]),
        sdp=st.booleans(),
    )
    def a_ringing_one_responds(self, number: int, status: int, sdp: bool) -> None:
        found = self.rings(number, outgoing=False)
        if found is not None:
            peer, call = found
            peer.respond(call, status, sdp=(sdp or number > 2) if status in (183, 200) else False)

    @rule(number=nth, other=nth, hold=st.booleans())
    def two_phones_talk(self, number: int, other: int, hold: bool) -> None:
        caller, called = self.a_peer(number, phone=True), self.a_peer(other, phone=True)
        caller.dial(called.name)
        self._answer_at(called)
        if hold:
            self.somebody_offers_anew(number, Direction.SENDONLY, False, False)

    @rule(number=nth, other=nth)
    def a_phone_talks_to_the_outside(self, number: int, other: int) -> None:
        self.a_peer(number, phone=True).dial("069000001")
        self._answer_at(self.a_peer(other, phone=False))

    @rule(number=nth, other=nth)
    def a_caller_is_served(self, number: int, other: int) -> None:
        self.a_carrier_brings_a_caller(number | 1, "37322000111", True)
        streams = sorted(self.world.playing)
        if streams and not self.world.slow:
            self.world.finish_play(streams[-1])
        self._answer_at(self.a_peer(other, phone=True))
        self.a_ringing_one_responds(other, 200, True)

    def _answer_at(self, peer: Peer) -> None:
        for call in peer.calls:
            if isinstance(call.transaction, ServerTransaction) and not call.transaction.final:
                peer.answer(call)
                return

    @rule(number=nth)
    def somebody_cancels(self, number: int) -> None:
        found = self.rings(number, outgoing=True)
        if found is not None:
            found[0].cancel(found[1])

    @rule(number=nth)
    def somebody_hangs_up(self, number: int) -> None:
        found = self.talks(number)
        if found is not None:
            found[0].hang_up(found[1])

    @rule(number=nth)
    def a_caller_gives_up_by_bye(self, number: int) -> None:
        """BYE instead of CANCEL, as RFC 3261 section 15 allows a caller in an early dialog."""
        found = self.rings(number, outgoing=True)
        if found is not None and found[1].dialog is not None and found[1].dialog.state is DialogState.EARLY:
            found[0].stack.request_in_dialog(found[1].dialog, "BYE", now=self.world.now)
            self.world.settle()

    @rule(number=nth, digit=st.sampled_from("12*9"))
    def a_key_is_pressed(self, number: int, digit: str) -> None:
        streams = sorted(self.world.open_streams)
        if streams:
            self.world.press(streams[number % len(streams)], digit)

    @rule(number=nth, digit=st.sampled_from("12"))
    def a_key_comes_by_info(self, number: int, digit: str) -> None:
        found = self.talks(number)
        if found is not None:
            found[0].send(found[1], "INFO", f"Signal={digit}\r\n".encode(), "application/dtmf-relay")

    @rule(number=nth)
    def a_prompt_ends(self, number: int) -> None:
        playing = sorted(self.world.playing)
        if playing:
            self.world.finish_play(playing[number % len(playing)])

    @rule(number=nth, direction=st.sampled_from([*Direction, None]), update=st.booleans(), moved=st.booleans())
    def somebody_offers_anew(self, number: int, direction: Direction | None, update: bool, moved: bool) -> None:
        """Hold, resume, another address, or a re-INVITE without an offer."""
        found = self.talks(number)
        if found is None:
            return
        peer, call = found
        local = peer.local()
        if moved:
            local = msgspec.structs.replace(local, port=local.port + 1000)
        with suppress(StackMisuseError):  # the peer itself may have one under way
            peer.send(
                call,
                "UPDATE" if update else "INVITE",
                offer(local, direction) if direction else b"",
                "application/sdp" if direction else "",
            )

    @rule(number=nth, called=dialled)
    def a_phone_transfers(self, number: int, called: str) -> None:
        found = self.talks(number)
        if found is not None and found[1].dialog is not None:
            peer, call = found
            assert call.dialog is not None
            peer.stack.request_in_dialog(
                call.dialog, "REFER", now=self.world.now, headers=(("Refer-To", f"<sip:{called}@{DOMAIN}>"),)
            )
            self.world.settle()

    @rule(number=nth, other=nth)
    def a_phone_joins_two_calls(self, number: int, other: int) -> None:
        found = self.talks(number)
        if found is None or found[1].dialog is None:
            return
        peer, call = found
        dialogs = [c.dialog for c in peer.calls if c.dialog and c.dialog.state is not DialogState.TERMINATED]
        replaced = dialogs[other % len(dialogs)]
        value = quote(f"{replaced.call_id};to-tag={replaced.remote.tag};from-tag={replaced.local.tag}", safe="")
        target = f"<sip:{replaced.remote.uri.user}@{DOMAIN}?Replaces={value}>"
        assert call.dialog is not None
        peer.stack.request_in_dialog(call.dialog, "REFER", now=self.world.now, headers=(("Refer-To", target),))
        self.world.settle()

    # --- the house ---

    @rule(number=nth, expires=st.sampled_from([0, 60, 300, 300]), status=st.sampled_from([None, None, *Status]))
    def somebody_of_the_house_changes(self, number: int, expires: int, status: Status | None) -> None:
        """A phone registers, an agent chooses a status or ends (extends) the wrap-up."""
        desk, now = self.world.switch.desk, self.world.now
        agents = sorted(self.world.switch.exchange.agents)
        name = agents[number % len(agents)]
        if status is not None:
            desk.set_status(name, status, "", now)
        elif self.world.switch.distributor.agent(name).state is State.WRAP_UP:
            if expires:
                desk.finish_wrap_up(name, now)
            else:
                desk.extend_wrap_up(name, 10.0, now)
        else:
            self.a_peer(number, phone=True).register(expires)
        self.world.settle()

    @rule(number=nth)
    def the_supervisor_ends_a_call(self, number: int) -> None:
        calls = list(self.world.switch.exchange.calls.values())
        if calls:
            calls[number % len(calls)].finish(self.world.now)
            self.world.settle()

    @rule(
        queue=st.booleans(),
        agent=st.booleans(),
        phone=st.booleans(),
        trunk=st.booleans(),
        swap=st.booleans(),
        changed=st.booleans(),
    )
    def the_owner_reloads(self, queue: bool, agent: bool, phone: bool, trunk: bool, swap: bool, changed: bool) -> None:
        """Each argument takes something away or changes it; False puts it back."""
        now, switch = self.world.now, self.world.switch
        gone = {name for name, away in (("a1", agent), ("a4", phone)) if away}
        agents = [one for one in self.agents if one.name not in gone]
        if swap:
            phones = {"a2": "103", "a3": "102"}
            agents = [msgspec.structs.replace(one, phone=phones.get(one.name, one.phone)) for one in agents]
        tiers = tuple(tier for tier in self.queues[0].tiers if tier.agent not in gone)
        sales = msgspec.structs.replace(self.queues[0], tiers=tiers, wrap_up_seconds=3.0 if changed else 5.0)
        queues: tuple[QueueSettings, ...] = () if queue else (sales,)
        flow = self.settings.flows[0]
        if queue:
            steps = {name: step for name, step in flow.steps.items() if name != "sales"}
            steps["notice"] = msgspec.structs.replace(steps["notice"], then="closed")
            flow = msgspec.structs.replace(flow, steps=steps)
        wanted = msgspec.structs.replace(
            self.settings,
            flows=(flow,),
            phones=tuple(one for one in self.settings.phones if not phone or one.extension != "104"),
            trunks=tuple(
                msgspec.structs.replace(one, channels=2) if changed else one
                for one in self.settings.trunks
                if not trunk or one.name != "beta"
            ),
        )
        switch.configure(wanted, queues, tuple(agents), now)
        for name, known in switch.exchange.trunks.items():
            if not known.targets:
                switch.resolved(name, ((known.settings.host, 5060),), now)
        self.world.settle()

    # --- time, network, media ---

    @rule(seconds=st.sampled_from([0.1, 0.6, 2.0, 6.0, 15.0, 35.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.advance(seconds)

    @rule(number=nth, trouble=st.sampled_from(["mute", "heard", "heard", "refuses", "no audio"]))
    def something_breaks(self, number: int, trouble: str) -> None:
        """A peer hears nothing (or again something), its port refuses, its audio stops."""
        peer = self.a_peer(number)
        if trouble == "refuses":
            flow = peer.flow
            self.world.switch.flow_failed(flow._replace(local=flow.remote, remote=flow.local), self.world.now)
        elif trouble == "no audio":
            for stream in sorted(self.world.open_streams)[number:][:1]:
                self.world.switch.handle_media(media.StreamSilent(stream, 30.0), self.world.now)
        else:
            peer.mute = trouble == "mute"
        self.world.settle()

    @precondition(lambda self: not self.world.slow)
    @rule()
    def the_network_slows_down(self) -> None:
        self.world.slow = True

    @precondition(lambda self: self.world.slow)
    @rule()
    def the_network_is_fast_again(self) -> None:
        self.world.release()

    @precondition(lambda self: self.world.on_their_way)
    @rule(number=nth, fate=st.sampled_from(["arrives", "arrives", "arrives", "is lost", "arrives twice"]))
    def a_message(self, number: int, fate: str) -> None:
        way = self.world.on_their_way
        message = way.pop(min(number // 4, len(way) - 1))
        for _ in range({"arrives": 1, "is lost": 0, "arrives twice": 2}[fate]):
            self.world.arrive(message)
            self.world.settle()

    # --- promises ---

    @invariant()
    def the_promises_hold(self) -> None:
        if hasattr(self, "world"):
            self._check()

    def _check(self) -> None:
        world, switch = self.world, self.world.switch
        exchange, desk, services = switch.exchange, switch.desk, switch.services
        calls = exchange.calls
        legs: list[Leg] = []
        for call in calls.values():
            assert call.phase is not Phase.ENDED
            assert call.leg.state in LIVING_LEGS, (call.phase, call.leg.state)
            legs.append(call.leg)
            talking = call.phase in (Phase.TALKING, Phase.HELD)
            assert talking is (call.conversation is not None)
            if talking:
                assert call.called_leg is not None
                assert call.leg.answered
                assert call.called_leg.answered
                legs.append(call.called_leg)
            else:
                assert call.activity is not None or call.leg.state is LegState.ACCEPTED
        assert len({id(leg) for leg in legs}) == len(legs), "a leg is in two calls"
        for leg in legs:
            assert leg.user is not None
        # media: whoever is open belongs to a leg, and is bridged to at most one other
        assert set(services.streams) == world.open_streams
        partners: dict[int, int] = {}
        for one, other in world.bridges.items():
            assert world.bridges.get(other) == one
            assert partners.setdefault(one, other) == other
        # conversations and the distributor agree
        snapshots = {agent.name: agent for agent in switch.distributor.agents()}
        for agent in snapshots.values():
            if agent.state in (State.TALKING, State.HELD):
                conversation = calls[agent.caller].conversation
                assert conversation is not None
                assert conversation.agent == agent.name
                assert (agent.state is State.HELD) is (calls[agent.caller].phase is Phase.HELD)
        ringing = {agent.name for agent in snapshots.values() if agent.state in (State.OFFERED, State.RINGING)}
        assert set(desk._ringing) == ringing
        # an agent whose phone talks, or is rung by a colleague, is offered to nobody
        for call in calls.values():
            if call.conversation is not None:
                for party in (call.leg, call.called_leg):
                    owner = snapshots.get(exchange.agent_of_phone.get(party.number if party else "", ""))
                    if owner is not None:
                        busy = owner.state in (State.TALKING, State.HELD) or owner.other_calls
                        assert busy, f"{owner.name} talks in {call.id} and could be offered another"
        for agent in snapshots.values():
            assert not agent.other_calls or any(agent.phone in other._occupied for other in calls.values()), (
                f"{agent.name} waits for the end of a call that is over"
            )
        waiting = {row.caller for queue in switch.distributor.queues(world.now) for row in queue.waiting}
        assert waiting == {call.id for call in calls.values() if call.phase is Phase.QUEUE}
        for trunk in exchange.trunks.values():
            assert set(trunk.calls_now) <= set(calls)
        held = sum(1 for leg in services.sip_calls.values() if leg._port is not None)
        assert len(services.ports) + held == world.ports, "a port is lost"

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self._everybody_leaves()
            self._check_records()

    def _everybody_leaves(self) -> None:
        world = self.world
        for peer in world.peers.values():
            peer.mute = False
        world.release()
        world.advance(1)
        for outgoing in (True, False):
            while (found := self.rings(0, outgoing=outgoing)) is not None:
                peer, call = found
                if not outgoing:
                    peer.respond(call, 480)
                elif call.transaction.cancel_headers is None:  # type: ignore[union-attr] # it is a client's
                    peer.cancel(call)
                else:
                    world.advance(40)
        for _ in range(3):  # a peer that leaves may let others be called
            while (found := self.talks(0)) is not None:
                found[0].hang_up(found[1])
            while (found := self.rings(0, outgoing=False)) is not None:
                found[0].respond(found[1], 480)
            for stream in sorted(world.open_streams):  # whoever lost a BYE is found by silence
                world.switch.handle_media(media.StreamSilent(stream, 30.0), world.now)
                world.settle()
            world.advance(45)
        world.assert_clean()

    def _check_records(self) -> None:
        world = self.world
        assert self.joined == self.exited
        finals: Counter[str] = Counter()
        last: dict[str, CallRecord] = {}
        segments: dict[str, list[Segment]] = defaultdict(list)
        legs: Counter[str] = Counter()
        for record in world.book:
            if isinstance(record, CallRecord):
                last[record.id] = record
                finals[record.id] += record.ended != 0
            elif isinstance(record, Segment):
                segments[record.call].append(record)
            elif isinstance(record, LegRecord):
                legs[record.id] += 1
            elif isinstance(record, AgentEvent):
                assert record.at
        assert all(count == 1 for count in legs.values()), legs
        for call, record in last.items():
            assert finals[call] == 1, record
            assert record.outcome is not Outcome.OPEN
            own = segments[call]
            assert [segment.number for segment in own] == list(range(1, len(own) + 1))
            assert record.talk_ms == sum(segment.talk_ms for segment in own)
            assert record.hold_ms == sum(segment.hold_ms for segment in own)
            for segment in own:
                length = segment.ended - segment.started
                assert abs(segment.talk_ms + segment.hold_ms - length) <= MILLISECONDS
                assert record.connected <= segment.started <= segment.ended <= record.ended
            assert (record.outcome is Outcome.ANSWERED) is bool(own)
            assert 0 <= record.wait_ms <= record.ended - record.started + MILLISECONDS
            assert record.started <= (record.answered or record.started) <= record.ended


WorldMachine.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=50,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestWorld = WorldMachine.TestCase
