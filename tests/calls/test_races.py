"""What crosses on the wire, what phones do at the wrong moment, and what the owner changes meanwhile."""

from urllib.parse import quote

import msgspec

from softacd.acd.vocabulary import State
from softacd.calls.call_table import Phase
from softacd.calls.leg_table import LegState
from softacd.calls.records import Outcome
from softacd.sdp.description import Direction
from softacd.sdp.negotiation import offer
from tests.calls.test_queue_calls import enter_queue, phone
from tests.calls.test_transfer import refer
from tests.calls.world import Peer, Ring, World, shop


def reoffer(peer: Peer, call: Ring, direction: Direction | None, method: str = "INVITE") -> None:
    """A re-INVITE or UPDATE; without a direction it carries no offer, and the ACK answers ours."""
    peer.send(
        call, method, offer(peer.local(), direction) if direction else b"", "application/sdp" if direction else ""
    )


def reload(world: World, **changes: object) -> None:
    """New agents or queues, everything else as it was."""
    exchange = world.switch.exchange
    settings, queues, agents = exchange.settings, tuple(exchange.queues.values()), tuple(exchange.agents.values())
    world.switch.configure(
        changes.get("settings", settings),  # type: ignore[arg-type] # tests name what they change
        changes.get("queues", queues),  # type: ignore[arg-type] # see above
        changes.get("agents", agents),  # type: ignore[arg-type] # see above
        world.now,
    )
    world.settle()


def test_a_caller_may_end_an_early_dialog_by_bye() -> None:
    world = shop(available=False)
    caller = phone(world, "101")
    call = caller.dial("102")
    phone(world, "102").respond(phone(world, "102").calls[-1], 180)
    assert call.dialog is not None
    world.log.clear()
    caller.stack.request_in_dialog(call.dialog, "BYE", now=world.now)
    world.settle()
    assert "switch -> 101 487 Request Terminated" in world.log
    assert "switch -> 102 CANCEL" in world.log
    assert world.calls()[0].outcome is Outcome.NO_ANSWER
    world.assert_clean()


def test_a_caller_whose_invite_has_no_offer_hears_the_phone_he_calls() -> None:
    """The answer comes with the ACK (RFC 3261 section 13.2.1): the bridge waits for it."""
    world = shop(available=False)
    phone(world, "101").dial("102", sdp=False)
    phone(world, "101").mute = True
    phone(world, "102").answer()
    assert not world.bridges
    assert next(iter(world.switch.exchange.calls.values())).phase is Phase.TALKING
    phone(world, "101").mute = False
    world.advance(0.6)
    assert len(world.bridges) == 2
    phone(world, "102").hang_up()
    world.assert_clean()


def test_hold_may_be_ended_by_a_re_invite_without_an_offer() -> None:
    """Third-party call control resumes so: the direction is in the answer our offer gets with the ACK."""
    world = shop(available=False)
    call = phone(world, "101").dial("102")
    phone(world, "102").answer()
    reoffer(phone(world, "101"), call, Direction.SENDONLY)
    living = next(iter(world.switch.exchange.calls.values()))
    assert living.phase.value == "held"
    reoffer(phone(world, "101"), call, None)
    assert living.phase.value == "talking"
    assert len(world.bridges) == 2
    phone(world, "101").hang_up(call)
    assert world.calls()[0].hold_ms == 0
    world.assert_clean()


def test_an_update_waits_while_our_own_offer_has_no_answer() -> None:
    world = shop(available=False)
    call = phone(world, "101").dial("102")
    phone(world, "102").answer()
    caller = phone(world, "101")
    assert call.dialog is not None
    world.slow = True
    caller.send(call, "INVITE")
    world.carry(to_switch=True)
    reoffer(caller, call, Direction.SENDONLY, "UPDATE")  # before it has seen our offer
    world.carry(to_switch=True)
    world.release()
    assert 491 in caller.statuses
    caller.hang_up(call)
    world.assert_clean()


def test_a_re_invite_after_we_hung_up_finds_no_session() -> None:
    """We must wait for the ACK before our BYE; what comes meanwhile is refused."""
    world = shop(available=False)
    late = phone(world, "alpha")
    late.mute = True
    lost = late.dial("37322000111")
    living = next(iter(world.switch.exchange.calls.values()))
    assert living.leg.state is LegState.ACCEPTED
    living.finish(world.now)
    world.settle()
    late.mute = False
    world.slow = True
    world.advance(0.6)  # our 200 again
    world.carry(to_switch=False)
    del world.on_their_way[:]  # the ACK is lost once more
    world.slow = False
    assert lost.dialog is not None
    reoffer(late, lost, Direction.SENDRECV)
    assert late.statuses[-1] == 481
    world.assert_clean()


def test_who_is_handed_over_is_not_offered_a_caller_meanwhile() -> None:
    """The phone of an agent who waits for the outcome of his transfer is still busy; so is a recalled one."""
    world = shop(wrap_up=0, agents=2)
    caller = enter_queue(world)
    agent = phone(world, "101")
    talk = agent.answer()
    world.advance(10)
    refer(agent, talk, "<sip:102@shop.test>")
    assert world.switch.distributor.agent("a1").state is State.OWN_CALL
    assert not world.switch.distributor.agent("a1").ready
    phone(world, "102").respond(phone(world, "102").calls[-1], 486)
    assert not talk.over, "the caller is given back"
    assert not world.switch.distributor.agent("a1").ready
    assert world.switch.distributor.agent("a2").ready
    phone(world, "alpha").hang_up(caller)
    assert world.switch.distributor.agent("a1").ready
    world.assert_clean()


def test_an_agent_given_to_a_colleague_is_busy_with_him() -> None:
    """A caller of the house transfers the agent on: the agent talks in a call that is no queue's any more."""
    world = shop(wrap_up=0, agents=2)
    call = phone(world, "101").dial("600")
    talk = phone(world, "102").answer()
    refer(phone(world, "101"), call, "<sip:999@shop.test>")
    assert not talk.over
    assert not world.switch.distributor.agent("a2").ready
    phone(world, "102").hang_up(talk)
    assert world.switch.distributor.agent("a2").ready
    world.assert_clean()


def test_agents_change_seats_while_their_phones_talk() -> None:
    world = shop(wrap_up=0, agents=3)
    call = phone(world, "101").dial("102")
    phone(world, "102").answer()
    agents = list(world.switch.exchange.agents.values())
    assert [world.switch.distributor.agent(f"a{n}").ready for n in (1, 2, 3)] == [False, False, True]
    moved = {"a2": "103", "a3": "102"}
    agents = [msgspec.structs.replace(agent, phone=moved.get(agent.name, agent.phone)) for agent in agents]
    reload(world, agents=tuple(agents))
    assert [world.switch.distributor.agent(f"a{n}").ready for n in (1, 2, 3)] == [False, True, False]
    phone(world, "101").hang_up(call)
    assert [world.switch.distributor.agent(f"a{n}").ready for n in (1, 2, 3)] == [True, True, True]
    world.assert_clean()


def test_a_queues_conversation_keeps_the_seat_busy_after_a_reload() -> None:
    world = shop(wrap_up=0, agents=2)
    caller = enter_queue(world)
    phone(world, "102").answer()
    agents = tuple(
        msgspec.structs.replace(agent, phone={"a1": "102", "a2": "101"}[agent.name])
        for agent in world.switch.exchange.agents.values()
    )
    reload(world, agents=agents)
    assert not world.switch.distributor.agent("a1").ready
    phone(world, "alpha").hang_up(caller)
    assert world.switch.distributor.agent("a1").ready
    assert world.switch.distributor.agent("a2").ready
    world.assert_clean()


def test_a_queue_removed_on_the_way_to_it_is_passed_over() -> None:
    world = shop()
    peer = phone(world, "alpha")
    peer.dial("37322000111", from_="0690001")
    stream = max(world.open_streams)
    world.finish_play(stream)
    reload(world, queues=())
    world.press(stream, "1")
    assert world.finish_play(stream) == ("prompts/en/recording-notice",)
    assert world.finish_play(stream) == ("prompts/en/no-agents",)
    assert world.calls()[0].outcome is Outcome.MISSED
    world.assert_clean()


def test_callers_of_a_queue_that_is_removed_go_on_in_their_flow() -> None:
    world = shop()
    enter_queue(world)
    reload(world, queues=())
    assert all(call.over for name in ("101", "102", "103", "104") for call in phone(world, name).calls)
    stream = max(world.open_streams)
    assert world.finish_play(stream) == ("prompts/en/no-agents",)
    world.assert_clean()


def test_a_phone_removed_while_it_rings_is_rung_no_more() -> None:
    """What the reload decided is carried out before anything else is told to the distributor."""
    world = shop(ring=1, agents=2)
    enter_queue(world)
    exchange = world.switch.exchange
    agents = tuple(agent for agent in exchange.agents.values() if agent.name != "a1")
    queue = exchange.queues["sales"]
    tiers = tuple(tier for tier in queue.tiers if tier.agent != "a1")
    settings = msgspec.structs.replace(
        exchange.settings, phones=tuple(one for one in exchange.settings.phones if one.extension != "101")
    )
    reload(world, settings=settings, queues=(msgspec.structs.replace(queue, tiers=tiers),), agents=agents)
    assert phone(world, "101").calls[-1].cancelled
    assert not phone(world, "102").calls[-1].over
    assert set(world.switch.desk._ringing) == {"a2"}
    phone(world, "102").answer()
    phone(world, "102").hang_up()
    world.assert_clean()


def test_a_refused_offer_leaves_nothing_behind() -> None:
    world = shop(ports=3)  # one for the caller, two phones can ring
    enter_queue(world)
    ringing = {agent.name for agent in world.switch.distributor.agents() if agent.state is not State.IDLE}
    assert set(world.switch.desk._ringing) == ringing
    assert len(ringing) == 2


def test_only_the_transferors_own_ringing_call_can_be_replaced() -> None:
    """A phone that is being called names that dialog in Replaces: its caller must not be thrown out."""
    world = shop(available=False)
    agent = phone(world, "101")
    talk = agent.dial("102")
    phone(world, "102").answer()
    waiting = phone(world, "103").dial("101")
    ring = agent.calls[-1]
    agent.respond(ring, 180)
    dialog = ring.dialog
    assert dialog is not None
    replaces = quote(f"{dialog.call_id};to-tag={dialog.remote.tag};from-tag={dialog.local.tag}", safe="")
    refer(agent, talk, f"<sip:x@shop.test?Replaces={replaces}>")
    assert agent.statuses[-1] == 481
    assert waiting.status == 180
    phone(world, "103").cancel(waiting)
    agent.hang_up(talk)
    world.assert_clean()


def test_early_media_of_a_carrier_is_ringing_for_who_made_no_offer() -> None:
    world = shop(available=False)
    caller = phone(world, "101")
    call = caller.dial("069000001", sdp=False)
    phone(world, "alpha").respond(phone(world, "alpha").calls[-1], 183, sdp=True)
    assert caller.statuses[-1] == 180
    assert not world.bridges
    phone(world, "alpha").answer()
    assert len(world.bridges) == 2
    caller.hang_up(call)
    world.assert_clean()


def test_two_legs_of_one_phone_in_a_call_keep_it_busy_until_both_are_gone() -> None:
    """A colleague joins his two calls with the same phone; one leg of it transfers the other."""
    world = shop(agents=3, wrap_up=0)
    colleague, agent = phone(world, "103"), phone(world, "101")
    first = colleague.dial("101")
    one = agent.answer()
    second = colleague.dial("101")
    other = agent.answer()
    dialog = second.dialog
    assert dialog is not None
    replaces = quote(f"{dialog.call_id};to-tag={dialog.remote.tag};from-tag={dialog.local.tag}", safe="")
    refer(colleague, first, f"<sip:101@shop.test?Replaces={replaces}>")
    assert first.over
    assert len(world.bridges) == 2
    refer(agent, one, "<sip:102@shop.test>")
    phone(world, "102").answer()
    assert one.over
    assert not other.over
    assert not world.switch.distributor.agent("a1").ready
    agent.hang_up(other)
    assert world.switch.distributor.agent("a1").ready
    world.assert_clean()


def test_no_deadline_is_named_before_it_is_due() -> None:
    """Multiples of the grain are not exact: a moment named too early would wake the driver for nothing, for ever."""
    switch = shop().switch
    due = 1022.9000000000001
    switch.stack.next_deadline = lambda: due  # type: ignore[method-assign] # a moment whose rounding fell short of it
    assert (named := switch.next_deadline()) is not None
    assert named >= due


def test_who_transfers_to_his_own_phone_gets_the_call_back_and_is_busy() -> None:
    world = shop(agents=2, wrap_up=0)
    caller = phone(world, "102")
    talk = caller.dial("069000001")
    phone(world, "alpha").answer()
    refer(caller, talk, "<sip:102@shop.test>")
    world.advance(35)
    assert not talk.over
    assert len(world.bridges) == 2
    assert not world.switch.distributor.agent("a2").ready
    caller.hang_up(talk)
    assert world.switch.distributor.agent("a2").ready
    world.assert_clean()
