"""The living switch as read-only views."""

from collections import Counter

from softacd.acd.snapshot import AgentSnapshot, QueueSnapshot
from softacd.acd.vocabulary import State
from softacd.calls.call import Call
from softacd.calls.records import LegRecord
from softacd.calls.switch import Switch
from softacd.calls.views import AgentView, CallView, LegView, PhoneView, QueueView, Snapshot, TrunkView

BUSY_STATES = (State.TALKING, State.HELD, State.WRAP_UP, State.AFTER_CALL, State.OWN_CALL)


def snapshot(switch: Switch, now: float) -> Snapshot:
    """Everything at this moment."""
    wall = switch.services.wall
    exchange = switch.exchange
    calls = list(exchange.calls.values())
    busy = Counter(leg.party for call in calls for leg in (call.caller_leg, call.called_leg) if leg is not None)
    return Snapshot(
        at=wall(now),
        trunks=tuple(trunk_view(switch, name, now) for name in exchange.trunks),
        phones=tuple(_phone(switch, extension, busy, now) for extension in exchange.phones),
        queues=tuple(_queue(switch, queue, now) for queue in switch.distributor.queues(now)),
        agents=tuple(_agent(switch, agent, now) for agent in switch.distributor.agents()),
        calls=tuple(_call(switch, call, now) for call in calls),
        currency=exchange.settings.missed.currency,
        missed_value=exchange.settings.missed.value,
    )


def trunk_view(switch: Switch, name: str, now: float) -> TrunkView:
    """One trunk now."""
    trunk = switch.exchange.trunks[name]
    return TrunkView(
        name=name,
        state=trunk.state,
        since=switch.services.wall(trunk.since) if trunk.since else 0,
        cause=trunk.cause,
        reachable=trunk.reachable,
        round_trip_ms=trunk.round_trip_ms,
        calls=len(trunk.calls_now),
        last_incoming=trunk.last_incoming,
        failures=trunk.failures,
        quality=trunk.quality.grade(now).name.lower(),
    )


def _phone(switch: Switch, extension: str, busy: Counter[str], now: float) -> PhoneView:
    exchange = switch.exchange
    bindings = switch.location.bindings(exchange.address_of_record(extension), now)
    agent = exchange.agent_of_phone.get(extension)
    chosen = exchange.phone_book.of(extension)
    return PhoneView(
        extension=extension,
        display_name=exchange.phones[extension].display_name,
        contacts=tuple(f"{b.flow.transport}:{b.flow.remote[0]}:{b.flow.remote[1]}" for b in bindings),
        calls=busy[f"phone:{extension}"] + (busy[f"agent:{agent}"] if agent else 0),
        do_not_disturb=chosen.do_not_disturb,
        forward_always=chosen.forward_always,
        forward_busy=chosen.forward_busy,
        forward_no_answer=chosen.forward_no_answer,
    )


def _queue(switch: Switch, queue: QueueSnapshot, now: float) -> QueueView:
    settings = switch.exchange.queues[queue.name]
    estimates = [switch.desk.estimate(waiting.caller, now) for waiting in queue.waiting[-1:]]
    last = estimates[0] if estimates else None
    people = [one for one in queue.waiting if not one.call_back]
    score = switch.estimator.score(queue.name)
    return QueueView(
        name=queue.name,
        number=settings.number,
        waiting=len(people),
        longest_wait_s=max((one.waited for one in people), default=0.0),
        closed=switch.exchange.house.queue_closed(queue.name),
        call_backs=len(queue.waiting) - len(people),
        ready=queue.ready,
        busy=sum(queue.states[state] for state in BUSY_STATES),
        staffed=queue.logged_in,
        offered=queue.today.offered,
        answered=queue.today.answered,
        abandoned=queue.today.abandoned,
        service_level=queue.today.service_level,
        expected_wait=last.expected if last is not None and last.trusted else None,
        estimate_error_s=score.absolute_error if score is not None else None,
        estimate_coverage=score.coverage if score is not None else None,
        topics=settings.topics,
        missed=switch.desk.missed[queue.name],
        missed_value=switch.desk.worth(queue.name),
        missed_cost=switch.desk.missed_cost[queue.name],
        topic_required=settings.topic_required,
    )


def _agent(switch: Switch, agent: AgentSnapshot, now: float) -> AgentView:
    del now
    since = max(agent.since, agent.status_since) if agent.state is State.IDLE else agent.since
    return AgentView(
        name=agent.name,
        display_name=agent.display_name,
        phone=agent.phone,
        status=agent.status.value,
        state=agent.state.value,
        reason=agent.reason,
        since=switch.services.wall(since),
        reachable=agent.reachable,
        call=agent.caller,
        answered_today=agent.answered,
        topic_owed=switch.desk.topics.owed(agent.name),
        overdue=agent.name in switch.desk.staff.overdue,
    )


def _call(switch: Switch, call: Call, now: float) -> CallView:
    position = switch.distributor.position(call.id)
    estimate = switch.desk.estimate(call.id, now) if position is not None else None
    record = call.record
    return CallView(
        id=call.id,
        direction=record.direction.value,
        caller=record.caller,
        called=record.called,
        trunk=record.trunk,
        phase=call.phase.value,
        since=call.phase_since,
        queue=record.queue,
        position=position or 0,
        expected_wait=estimate.expected if estimate is not None and estimate.trusted else None,
        agent=call.agent,
        started=record.started,
        caller_name=record.caller_name,
        category=record.category,
        customer=record.customer,
        topic=record.topic,
        contacts=call.contacts,
        legs=tuple(_leg(leg.record) for leg in (call.caller_leg, call.called_leg) if leg is not None),
    )


def _leg(leg: LegRecord) -> LegView:
    return LegView(
        party=leg.party,
        codec=leg.codec,
        mos=leg.mos,
        remote_mos=leg.remote_mos,
        lost=leg.packets_lost,
        jitter_ms=leg.jitter_ms,
        round_trip_ms=leg.round_trip_ms,
        fault=leg.fault,
    )
