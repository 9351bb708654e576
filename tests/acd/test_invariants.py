"""Whatever happens in whatever order, the distributor's promises hold: a state machine of all the world can do."""

from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from softacd.acd.agent_table import IN_WRAP_UP, OFFERABLE
from softacd.acd.distributor import Distributor
from softacd.acd.model import AgentSettings, QueueSettings, Strategy, TierSettings
from softacd.acd.vocabulary import (
    AgentChanged,
    AnswerTooLate,
    AnyCommand,
    AnyEvent,
    CallerExited,
    CallerJoined,
    CallerLeft,
    Connect,
    DeviceChanged,
    Exit,
    HoldChanged,
    Offer,
    OfferAnswered,
    OfferRefused,
    OfferRinging,
    OtherCallEnded,
    OtherCallStarted,
    Refusal,
    State,
    Status,
    StatusChosen,
    TalkEnded,
    Withdraw,
    WrapUpExtended,
    WrapUpFinished,
)

AGENTS = ["ann", "bob", "cid", "dan", "eve", "fay"]
QUEUES = ["sales", "support", "spares"]
CALLERS = [f"c{number}" for number in range(8)]

agent_names = st.sampled_from(AGENTS)
caller_names = st.sampled_from(CALLERS)
durations = st.sampled_from([0.0, 0.5, 2.0, 5.0])


demands: st.SearchStrategy[dict[str, int]] = st.sampled_from([{}, {}, {"russian": 1}, {"russian": 3, "cars": 1}])
SKILLS = {"ann": {"russian": 3, "cars": 2}, "bob": {"russian": 1}, "cid": {"cars": 1}}


def tiers() -> st.SearchStrategy[tuple[TierSettings, ...]]:
    return st.lists(
        st.builds(TierSettings, agent=agent_names, level=st.integers(1, 2), position=st.integers(1, 2)),
        unique_by=lambda tier: tier.agent,
        min_size=2,
        max_size=6,
    ).map(tuple)


def queue_settings(name: str) -> st.SearchStrategy[QueueSettings]:
    return st.builds(
        QueueSettings,
        name=st.just(name),
        strategy=st.sampled_from(Strategy),
        ring=st.integers(1, 4),
        ring_seconds=st.sampled_from([1.0, 5.0]),
        wrap_up_seconds=durations,
        no_answer_limit=st.integers(0, 2),
        reject_delay=durations,
        busy_delay=durations,
        no_answer_delay=durations,
        max_callers=st.sampled_from([0, 0, 3]),
        max_wait_seconds=st.sampled_from([0.0, 0.0, 7.0]),
        join_without_agents=st.booleans(),
        weight=st.sampled_from([0, 0, 2]),
        ageing_seconds=st.sampled_from([0.0, 3.0]),
        escalate_seconds=st.sampled_from([0.0, 0.0, 2.0]),
        progressive_seconds=st.just(1.5),
        skills=demands,
        relax_seconds=st.sampled_from([0.0, 2.0]),
        redial_seconds=st.sampled_from([0.0, 5.0]),
        tiers=tiers(),
    )


floors = st.lists(st.sampled_from(QUEUES), unique=True, min_size=1).flatmap(
    lambda names: st.tuples(*(queue_settings(name) for name in names))
)


class World(RuleBasedStateMachine):
    """The phones, callers and agents around one distributor, and a second book of what it has promised."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.waiting: dict[str, tuple[str, float, float, float, int]] = {}  # caller -> queue, rank
        self.joined: dict[str, tuple[float, dict[str, int]]] = {}  # caller -> when, skills asked for
        self.parties: dict[tuple[str, str], tuple[float, float]] = {}  # queue, number -> place, until
        self.arrival: dict[str, tuple[float, str]] = {}  # caller -> what counts as his arrival, his number
        self.arrivals = 0
        self.reached: dict[str, int] = {}  # caller -> highest tier level that rang since none rang
        self.offers: dict[str, str] = {}  # agent -> caller
        self.talks: dict[str, str] = {}  # agent -> caller
        self.late: list[tuple[str, str]] = []  # offers withdrawn whose phone may still answer
        self.wrap_up_ends: dict[str, float] = {}
        self.preferred: dict[str, str] = {}
        self.unreachable = set(AGENTS)
        self.own_calls: set[tuple[str, str]] = set()
        self.other_calls: Counter[str] = Counter()
        self.delayed_until: dict[str, float] = {}
        self.statuses: dict[str, Status] = {}

    @initialize(queues=floors, available=st.booleans())
    def start(self, queues: tuple[QueueSettings, ...], available: bool) -> None:
        self.queues = {queue.name: queue for queue in queues}
        agents = [AgentSettings(name, name, "", available, SKILLS.get(name, {})) for name in AGENTS]
        self.distributor = Distributor(queues, agents, self.now)
        self.statuses = dict.fromkeys(AGENTS, Status.AVAILABLE if available else Status.LOGGED_OUT)
        for name in AGENTS[:4]:
            self.device(name, True)

    # --- what comes out is booked and judged -------------------------------------------------------------------

    def feed(self, event: AnyEvent) -> None:
        self.judge(self.distributor.handle(event, self.now))

    def judge(self, commands: list[AnyCommand]) -> None:
        for index, command in enumerate(commands):
            match command:
                case Offer(caller=caller, agent=agent, queue=queue):
                    assert caller in self.waiting, "offer for a caller who does not wait"
                    assert agent not in self.offers, "agent offered two callers"
                    assert agent not in self.talks, "agent offered a caller in a conversation"
                    assert agent not in self.unreachable
                    assert not self.other_calls[agent]
                    assert self.delayed_until.get(agent, 0.0) <= self.now, "offered during the delay after a refusal"
                    assert self.wrap_up_ends.get(agent, 0.0) <= self.now, "offered in wrap-up"
                    assert self.statuses[agent] is Status.AVAILABLE
                    assert queue == self.waiting[caller][0]
                    known = self.distributor._turn.callers[caller]
                    if agent != self.preferred.get(caller):
                        assert agent in [tier.agent for tier in self.queues[queue].tiers]
                        assert self.can_serve(agent, caller), "rings without the skills, or before his level's time"
                        self.covers_first(caller, agent)
                        self.spares_higher_levels(caller, agent, queue)
                    else:
                        assert known.personal is None or not [1 for one in self.offers.values() if one == caller]
                    self.offers[agent] = caller
                case Withdraw(caller=caller, agent=agent):
                    assert self.offers.pop(agent) == caller, "withdrew what was not offered"
                    self.late.append((agent, caller))
                case Connect(caller=caller, agent=agent):
                    assert self.offers.pop(agent) == caller
                    assert caller not in self.talks.values(), "caller connected to two agents"
                    self.talks[agent] = caller
                    exits = [one for one in commands[index:] if isinstance(one, CallerExited) and one.caller == caller]
                    assert [one.exit for one in exits] == [Exit.ANSWERED]
                case CallerExited(caller=caller, exit=exit_, waited=waited):
                    queue = self.waiting.pop(caller)[0]  # a second exit would find nothing
                    if exit_ is Exit.ABANDONED and self.queues[queue].redial_seconds:
                        arrival, party = self.arrival[caller]
                        self.parties[queue, party] = (arrival, self.now + self.queues[queue].redial_seconds)
                    assert waited >= 0
                case AgentChanged(agent=agent, status=status, state=state, until=until):
                    self.statuses[agent] = status
                    if state in IN_WRAP_UP:
                        assert until is not None
                        self.wrap_up_ends[agent] = until
                    else:
                        self.wrap_up_ends.pop(agent, None)
                case AnswerTooLate():
                    pass

    def spares_higher_levels(self, caller: str, agent: str, queue: str) -> None:
        """Nobody of a lower level is ready, and none rings for this caller but on this level or above."""
        levels = {tier.agent: tier.level for tier in self.queues[queue].tiers}
        known = self.preferred.get(caller)  # he may still ring when the others are asked too, whatever his level
        ringing = [levels[name] for name, offered in self.offers.items() if offered == caller and name != known]
        assert not ringing or levels[agent] <= self.reached[caller]
        self.reached[caller] = max([levels[agent], *([self.reached[caller]] if ringing else [])])
        for name, level in levels.items():
            if level < levels[agent] and self.can_serve(name, caller):
                assert not self.distributor.agent(name).ready, f"{agent} rings while {name} is ready on a lower level"

    def can_serve(self, agent: str, caller: str) -> bool:
        """By the caller's demands and the time he has waited; his first level aside."""
        settings_ = self.queues[self.waiting[caller][0]]
        levels = {tier.agent: tier.level for tier in settings_.tiers}
        if agent not in levels:
            return False
        since, asked = self.joined[caller]
        waited = self.now - since + 1e-6
        fallen = int(waited / settings_.relax_seconds) if settings_.relax_seconds else 0
        for skill in {*settings_.skills, *asked}:
            level = max(settings_.skills.get(skill, 0), asked.get(skill, 0)) - fallen
            if level > SKILLS.get(agent, {}).get(skill, 0):
                return False
        if settings_.escalate_seconds:
            reach = self.distributor._turn.callers[caller].base + int(waited / settings_.escalate_seconds)
            return sorted(set(levels.values())).index(levels[agent]) <= reach
        return True

    def waits_for_one(self, caller: str) -> bool:
        return self.distributor._turn.callers[caller].personal is not None

    def covers_first(self, caller: str, agent: str) -> None:
        """The rule of the two passes, judged at the moment of the offer."""
        rank = self.waiting[caller][1:]
        ringing = Counter(self.offers.values())
        mine = {name for name, queue in self.queues.items() if agent in [tier.agent for tier in queue.tiers]}
        for other, (queue, *key) in self.waiting.items():
            if other == caller or queue not in mine or self.waits_for_one(other) or not self.can_serve(agent, other):
                continue
            if ringing[caller] and not ringing[other]:
                raise AssertionError(f"{caller} got one more phone while {other} has none")
            if not ringing[caller] and not ringing[other]:
                assert list(rank) < key, f"{other} came before {caller}"

    # --- what the world does -----------------------------------------------------------------------------------

    @rule(
        caller=caller_names,
        queue=st.sampled_from([*QUEUES, "nowhere"]),
        priority=st.sampled_from([0, 0, 0, 5]),
        party=st.sampled_from(["", "111", "222"]),
        preferred=st.sampled_from(["", "", "ann", "fay", "nobody"]),
        patience=st.sampled_from([0.0, 2.0, 20.0]),
        asked=demands,
        reconnect=st.sampled_from([False, False, False, True]),
        arrived=st.sampled_from([None, None, None, -20.0]),
        call_back=st.sampled_from([False, False, False, True]),
    )
    def join(
        self,
        caller: str,
        queue: str,
        priority: int,
        party: str,
        preferred: str,
        patience: float,
        asked: dict[str, int],
        reconnect: bool,
        arrived: float | None,
        call_back: bool,
    ) -> None:
        if caller in self.waiting or caller in self.talks.values():
            return
        self.arrivals += 1
        settings_ = self.queues.get(queue, QueueSettings("nowhere"))
        full = settings_.max_callers and not reconnect
        full = full and sum(one[0] == queue for one in self.waiting.values()) >= settings_.max_callers
        levels = [self.statuses[tier.agent] for tier in settings_.tiers]
        turned_away = full or (not settings_.join_without_agents and set(levels) <= {Status.LOGGED_OUT})
        turned_away = turned_away and not (call_back or reconnect)
        keeps = turned_away or queue == "nowhere" or arrived is not None
        place = None if keeps else self.parties.pop((queue, party), None)
        arrival = (
            self.now + arrived
            if arrived is not None
            else place[0]
            if party and place is not None and place[1] >= self.now
            else self.now
        )
        self.arrival[caller] = (arrival, party)
        rank = (-float(priority), arrival)
        if settings_.ageing_seconds:
            rank = (0.0, arrival - priority * settings_.ageing_seconds)
        weight = -1000.0 if reconnect else -float(settings_.weight)
        self.waiting[caller] = (queue, weight, *rank, self.arrivals)
        self.joined[caller] = (self.now, asked)
        self.preferred[caller] = preferred if patience else ""
        skills = tuple(asked.items())
        at = None if arrived is None else arrival
        event = CallerJoined(caller, queue, priority, party, preferred, patience, skills, reconnect, at, call_back)
        self.feed(event)

    @rule(caller=caller_names, exit_=st.sampled_from([Exit.ABANDONED, Exit.KEY]))
    def leave(self, caller: str, exit_: Exit) -> None:
        waited = caller in self.waiting
        self.feed(CallerLeft(caller, exit_))
        assert caller not in self.waiting or not waited

    @rule(agent=agent_names, status=st.sampled_from(Status), reason=st.sampled_from(["", "doctor"]))
    def choose(self, agent: str, status: Status, reason: str) -> None:
        self.feed(StatusChosen(agent, status, reason))
        if agent not in self.talks:
            assert self.statuses[agent] is status
            assert agent not in self.offers or status is Status.AVAILABLE

    @rule(agent=agent_names, reachable=st.booleans())
    def device(self, agent: str, reachable: bool) -> None:
        if reachable:
            self.unreachable.discard(agent)
        else:
            self.unreachable.add(agent)
        self.feed(DeviceChanged(agent, reachable))
        assert reachable or agent not in self.offers

    @rule(agent=agent_names)
    def rings(self, agent: str) -> None:
        if agent in self.offers:
            self.feed(OfferRinging(agent, self.offers[agent]))

    @rule(agent=agent_names)
    def answers(self, agent: str) -> None:
        caller = self.offers.get(agent)
        if caller is not None:
            self.feed(OfferAnswered(agent, caller))
            assert self.talks[agent] == caller
            assert caller not in self.offers.values(), "phones ring on after the answer"

    @rule(data=st.data())
    def answers_late(self, data: st.DataObject) -> None:
        if self.late:
            agent, caller = data.draw(st.sampled_from(self.late))
            if self.offers.get(agent) != caller and self.talks.get(agent) != caller:
                commands = self.distributor.handle(OfferAnswered(agent, caller), self.now)
                assert AnswerTooLate(caller, agent) in commands
                assert not any(isinstance(one, Connect) for one in commands)
                self.judge(commands)

    @rule(agent=agent_names, refusal=st.sampled_from(Refusal))
    def refuses(self, agent: str, refusal: Refusal) -> None:
        if agent in self.offers:
            caller = self.offers.pop(agent)
            rings = self.queues[self.waiting[caller][0]]
            delay = {
                Refusal.NO_ANSWER: rings.no_answer_delay,
                Refusal.REJECTED: rings.reject_delay,
                Refusal.BUSY: rings.busy_delay,
                Refusal.UNREACHABLE: 5.0,
            }[refusal]
            if refusal is not Refusal.UNREACHABLE:
                self.delayed_until[agent] = self.now + delay
            self.feed(OfferRefused(agent, caller, refusal))

    @rule(agent=agent_names)
    def hangs_up(self, agent: str) -> None:
        if agent in self.talks:
            self.feed(TalkEnded(agent, self.talks.pop(agent)))

    @rule(agent=agent_names, held=st.booleans())
    def holds(self, agent: str, held: bool) -> None:
        if agent in self.talks:
            self.feed(HoldChanged(agent, self.talks[agent], held))
            assert self.distributor.agent(agent).state is (State.HELD if held else State.TALKING)

    @rule(agent=agent_names, call=st.sampled_from(["o1", "o2"]), starts=st.booleans())
    def other_call(self, agent: str, call: str, starts: bool) -> None:
        self.own_calls.discard((agent, call))
        if starts:
            self.own_calls.add((agent, call))
        self.other_calls = Counter(name for name, _ in self.own_calls)
        self.feed(OtherCallStarted(agent, call) if starts else OtherCallEnded(agent, call))
        assert not starts or agent not in self.offers

    @rule(agent=agent_names, more=st.sampled_from([-1.0, 0.0, 3.0]))
    def wants_more_wrap_up(self, agent: str, more: float) -> None:
        before = self.wrap_up_ends.get(agent)
        self.feed(WrapUpExtended(agent, more))
        if before is not None:
            assert self.wrap_up_ends[agent] == before + max(more, 0.0)

    @rule(agent=agent_names)
    def finishes_wrap_up(self, agent: str) -> None:
        self.wrap_up_ends.pop(agent, None)
        self.feed(WrapUpFinished(agent))

    @rule(seconds=st.sampled_from([0.001, 0.5, 1.0, 3.0, 10.0]), punctual=st.booleans())
    def time_passes(self, seconds: float, punctual: bool) -> None:
        until = self.now + seconds
        while punctual and (deadline := self.distributor.next_deadline()) is not None and deadline <= until:
            assert deadline >= self.now
            self.now = deadline
            self.judge(self.distributor.handle_deadline(self.now))
        self.now = until
        self.judge(self.distributor.handle_deadline(self.now))

    @rule(queues=floors)
    def reload(self, queues: tuple[QueueSettings, ...]) -> None:
        before = {agent.name: agent for agent in self.distributor.agents()}
        self.queues = {queue.name: queue for queue in queues}
        for caller, (name, *_) in self.waiting.items():
            levels = {tier.agent: tier.level for queue in queues if queue.name == name for tier in queue.tiers}
            ringing = [agent for agent, offered in self.offers.items() if offered == caller]
            self.reached[caller] = max((levels.get(agent, 1) for agent in ringing), default=0)
        self.parties = {key: place for key, place in self.parties.items() if key[0] in self.queues}
        agents = [AgentSettings(name, name, skills=SKILLS.get(name, {})) for name in AGENTS]
        self.judge(self.distributor.configure(queues, agents, self.now))
        for agent in self.distributor.agents():
            old = before[agent.name]
            assert (agent.status, agent.answered) == (old.status, old.answered)
            assert agent.state == old.state or {agent.state, old.state} <= {State.IDLE, State.OFFERED, State.RINGING}
        for queue, *_ in self.waiting.values():
            assert queue in self.queues

    # --- what holds at any moment ------------------------------------------------------------------------------

    @invariant()
    def books_agree(self) -> None:
        if not hasattr(self, "distributor"):
            return
        snapshots = self.distributor.queues(self.now)
        seen = {caller.caller: set(caller.ringing) for queue in snapshots for caller in queue.waiting}
        assert set(seen) == set(self.waiting)
        for caller, ringing in seen.items():
            assert ringing == {agent for agent, offered in self.offers.items() if offered == caller}
        for queue in snapshots:
            order = sorted((key, caller) for caller, (name, *key) in self.waiting.items() if name == queue.name)
            assert [caller.caller for caller in queue.waiting] == [caller for _, caller in order]
            for one in queue.waiting:
                assert self.distributor.position(one.caller) == one.position

    @invariant()
    def nobody_is_idle_while_callers_wait(self) -> None:
        if not hasattr(self, "distributor"):
            return
        for queue in self.distributor.queues(self.now):
            settings_ = self.queues[queue.name]
            most = {Strategy.RING_ALL: 99, Strategy.RING_K: settings_.ring}.get(settings_.strategy, 1)
            levels = {tier.agent: tier.level for tier in settings_.tiers}
            for one in queue.waiting:
                if self.waits_for_one(one.caller):
                    waits_for = self.distributor.agent(self.preferred[one.caller])
                    assert one.ringing or not waits_for.ready, f"{waits_for.name} is idle while his caller waits"
                    continue
                if len(one.ringing) >= most:
                    continue
                # The level he rings on: at least the highest that rings now.
                reach = max((levels.get(name, 1) for name in one.ringing), default=99)
                for tier in settings_.tiers:
                    if tier.level > reach or not self.can_serve(tier.agent, one.caller):
                        continue
                    agent = self.distributor.agent(tier.agent)
                    blocked = (
                        (agent.status, agent.state) != OFFERABLE
                        or not agent.reachable
                        or agent.other_calls
                        or agent.until is not None
                    )
                    assert blocked, f"{tier.agent} is idle while {one.caller} waits"
                    assert not agent.ready

    @invariant()
    def own_calls_are_shown_and_all_time_is_accounted(self) -> None:
        if not hasattr(self, "distributor"):
            return
        for agent in self.distributor.agents():
            own = self.other_calls[agent.name] > 0
            assert (agent.state in (State.OWN_CALL, State.AFTER_CALL)) is (own and agent.name not in self.talks)
            since = self.now - 100.0
            assert abs(sum(agent.state_seconds.values()) + self.now - agent.state_accounted - since) < 1e-6
            assert abs(sum(agent.status_seconds.values()) + self.now - agent.status_accounted - since) < 1e-6

    @invariant()
    def deadlines_are_neither_missed_nor_leaked(self) -> None:
        if not hasattr(self, "distributor"):
            return
        timers = sum(agent.until is not None for agent in self.distributor.agents())
        assert len(self.distributor._turn.deadlines) <= timers + 3 * len(self.waiting)
        deadline = self.distributor.next_deadline()
        assert deadline is None or deadline > self.now
        for agent, until in self.wrap_up_ends.items():
            assert until > self.now, f"{agent}'s wrap-up outlived its end"


TestWorld = World.TestCase
TestWorld.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
