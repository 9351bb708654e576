"""No flow strands a caller: whatever the graph, the keys, the moments and the answers, every call ends.

Graphs are drawn at random; those the check refuses (`circles`) are left out, all others are played.
"""

from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from softacd.calls.call_table import Phase
from softacd.calls.errands import Answered, Failed, Query, Request, Speak, Spoken
from softacd.calls.flow_graph import circles, exits, reached
from softacd.calls.flow_steps import (
    AnswerStep,
    BranchStep,
    CallBackStep,
    Case,
    CollectStep,
    DialStep,
    FlowSettings,
    HangUpStep,
    HoursStep,
    LookupStep,
    MenuStep,
    NoticeStep,
    PlayStep,
    QueueStep,
    RingStep,
    SayStep,
    SetStep,
    Step,
    SubFlowStep,
    SurveyStep,
    TransferStep,
    VoicemailStep,
    WebhookStep,
)
from softacd.calls.hours import HoursSettings
from softacd.calls.model import ConferenceSettings, MailboxSettings, VoiceLink
from softacd.rtp import vocabulary as media
from softacd.sip.dialog import DialogState
from tests.calls.flows import call_in, flow, world_of
from tests.calls.world import Peer, Ring, World

NAMES = [f"s{number}" for number in range(7)]
TARGET = st.sampled_from(["", *NAMES])
KEY = st.sampled_from("0123456789*#")
SPEECH = st.sampled_from(
    [
        "welcome",
        "number:{n}",
        "money:{n} UAH",
        "money:{n} XXX",
        "text:Hello {n}",
        "date:{date}",
        "time:{time}",
        "digits:{pin}",
    ]
)
SPEECHES = st.lists(SPEECH, min_size=1, max_size=3).map(tuple)
SUB = flow(
    'start = "a"\n[steps.a]\ndo = "menu"\nprompts = ["menu-main"]\nchoices = { 1 = "b" }\n[steps.b]\ndo = "hang-up"\n',
    "sub",
)
CASE = st.builds(
    Case,
    then=st.sampled_from(NAMES),
    value=st.sampled_from(["{n}", "{caller}", "{queue.sales.wait}", "{queue.sales.waiting}", "{hour}"]),
    is_=st.sampled_from([(), ("1",)]),
    below=st.sampled_from([None, 5.0]),
    empty=st.sampled_from([None, True, False]),
    between=st.sampled_from(["", "08:00-20:00", "20:00-08:00"]),
)
CHOICES = st.dictionaries(KEY, st.sampled_from(NAMES), max_size=3)
STEP: st.SearchStrategy[Step] = st.one_of(
    st.builds(AnswerStep, then=TARGET),
    st.builds(SayStep, prompts=SPEECHES, then=TARGET),
    st.builds(
        MenuStep, prompts=SPEECHES, choices=CHOICES, barge_in=st.booleans(), tries=st.integers(1, 3), otherwise=TARGET,
    ),
    st.builds(
        CollectStep, prompts=SPEECHES, into=st.sampled_from(["n", "pin"]), most=st.integers(1, 4),
        terminator=st.sampled_from(["#", "*", ""]), check=st.sampled_from(["", "extension", "outside", "luhn"]),
        masked=st.booleans(), tries=st.integers(1, 3), attempts=st.integers(0, 2), spent=TARGET, then=TARGET,
        otherwise=TARGET,
    ),
    st.builds(BranchStep, cases=st.lists(CASE, min_size=1, max_size=3).map(tuple), otherwise=TARGET),
    st.builds(HoursStep, hours=st.just("office"), open=TARGET, closed=TARGET, holiday=TARGET),
    st.builds(
        LookupStep, source=st.just("billing"), path=st.just("/{n}"), query=st.sampled_from(["", "SELECT 1"]),
        save=st.just({"n": "n"}), play=st.sampled_from(["", "music/default"]), then=TARGET, missing=TARGET,
        failed=TARGET,
    ),
    st.builds(SetStep, values=st.sampled_from([{"n": "5"}, {"n": "{n}{n}"}, {"language": "en"}]), then=TARGET),
    st.builds(
        QueueStep, queue=st.sampled_from(["sales", "gone"]), keys=CHOICES, then=TARGET,
        exits=st.dictionaries(st.sampled_from(["full", "no-agents", "too-long", "closed"]), st.sampled_from(NAMES)),
    ),
    st.builds(RingStep, extension=st.sampled_from(["101", "{n}"]), seconds=st.just(5.0), then=TARGET, busy=TARGET),
    st.builds(RingStep, agent=st.sampled_from(["a1", "{manager}"]), seconds=st.just(5.0), then=TARGET, busy=TARGET),
    st.builds(DialStep, number=st.sampled_from(["069111222", "{n}"]), seconds=st.just(5.0), then=TARGET),
    st.builds(TransferStep, number=st.sampled_from(["102", "600", "801", "700", "{n}"]), then=TARGET),
    st.builds(
        CallBackStep, queue=st.sampled_from(["", "sales", "gone"]), confirm=st.booleans(), tries=st.integers(1, 3),
        then=TARGET, otherwise=TARGET,
    ),
    st.builds(
        VoicemailStep, mailbox=st.sampled_from(["sales", "gone"]), review=st.booleans(), tries=st.integers(1, 3),
        then=TARGET, failed=TARGET,
    ),
    st.builds(SurveyStep, topic=st.just("service"), tries=st.integers(1, 3), then=TARGET, otherwise=TARGET),
    st.builds(PlayStep, seconds=st.just(3.0), then=TARGET),
    st.builds(NoticeStep, decline=st.sampled_from(["", "9"]), then=TARGET),
    st.builds(SubFlowStep, flow=st.sampled_from(["sub", "gone"]), then=TARGET),
    st.builds(WebhookStep, source=st.just("crm"), then=TARGET),
    st.builds(HangUpStep),
)  # fmt: skip


def drawn_flow(steps: list[Step]) -> FlowSettings:
    """A flow of these steps; exits that lead to none of them end it."""
    known = dict(zip(NAMES, steps, strict=False))

    def whole(step: Step) -> Step:
        changes: dict[str, Any] = {
            field: ""
            for field in step.__struct_fields__
            if isinstance(target := getattr(step, field), str) and target in NAMES and target not in known
        }
        for field in ("choices", "keys", "exits"):
            if hasattr(step, field):
                changes[field] = {key: to for key, to in getattr(step, field).items() if to in known}
        if isinstance(step, BranchStep):
            changes["cases"] = tuple(case for case in step.cases if case.then in known)
        return msgspec.structs.replace(step, **changes)

    return FlowSettings(name="main", start="s0", steps={name: whole(step) for name, step in known.items()})


FLOW = st.lists(STEP, min_size=1, max_size=len(NAMES)).map(drawn_flow)
ACT = st.one_of(
    st.tuples(st.just("press"), KEY),
    st.tuples(st.just("said"), st.just("")),
    st.tuples(st.just("wait"), st.sampled_from(["0.1", "1", "4.5", "6", "30"])),
    st.tuples(st.just("answer"), st.sampled_from(["found", "missing", "failed"])),
    st.tuples(st.just("phone"), st.sampled_from(["180", "200", "486", "603"])),
    st.tuples(st.just("recording"), st.sampled_from(["quiet", "full"])),
    st.tuples(st.just("hang up"), st.just("")),
)


def act(world: World, what: str, how: str) -> None:
    """Something happens, if it can."""
    match what:
        case "press" if world.open_streams:
            world.press(min(world.open_streams), how)
        case "said" if finite(world):
            world.finish_play(finite(world)[0])
        case "wait":
            world.advance(float(how))
        case "answer":
            do_errands(world, how)
        case "phone":
            for peer in world.peers.values():
                for call in [one for one in peer.calls if peer.name.isdigit() or one.remote_sdp is not None]:
                    if not call.over and call.dialog is None and not call.cancelled:
                        peer.respond(call, int(how))
        case "recording":
            for stream, command in list(world.dictated.items()):
                if how == "quiet":
                    world.switch.handle_media(media.RecordingQuiet(stream, command.recording, 4.0), world.now)
                else:
                    world.disk = "No space left on device"
                    world.end_dictation(stream)
            world.settle()
        case "hang up":
            for peer in world.peers.values():
                for call in living(peer):
                    peer.hang_up(call)
                    return


def living(peer: Peer) -> list[Ring]:
    """Conversations of a peer."""
    return [
        call
        for call in peer.calls
        if call.dialog is not None and call.dialog.state is DialogState.CONFIRMED and not call.over
    ]


def finite(world: World) -> list[int]:
    """Streams that play something with an end."""
    return [stream for stream, play in world.playing.items() if not play.loop]


def do_errands(world: World, how: str) -> None:
    """The outside answers what it was asked."""
    for errand in world.errands():
        if isinstance(errand, Speak):
            world.do(Spoken(errand.errand, "speech/x") if how == "found" else Failed(errand.errand, "no voice"))
        elif isinstance(errand, Request | Query):
            found = {"n": 7} if how == "found" else None
            world.do(Failed(errand.errand, "down") if how == "failed" else Answered(errand.errand, found))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FLOW, st.lists(ACT, max_size=25), st.booleans(), st.sampled_from([0.2, 5.0]))
def test_every_caller_comes_to_an_end(
    drawn: FlowSettings, acts: list[tuple[str, str]], staffed: bool, voiced: float
) -> None:
    assume(not circles(drawn))
    office = HoursSettings(name="office", week={"mon-fri": "09:00-18:00"})
    world = world_of(
        drawn,
        SUB,
        settings={
            "hours": (office,),
            "mailboxes": (MailboxSettings("sales", "801", most_seconds=20.0),),
            "conferences": (ConferenceSettings("board", "700", "1234"),),
            "voices": (VoiceLink("en", 3.0),),
        },
        agents=2,
        available=staffed,
        max_wait_seconds=20.0,
        ring_seconds=5.0,
        after_call="sub",
    )
    world.switch.exchange.messages.directory = "/messages"
    world.voiced = voiced
    call_in(world)
    for what, how in acts:
        act(world, what, how)
    for _ in range(300):  # from now on the caller is silent, and nobody answers: sounds end, time passes
        call_backs = world.switch.desk.call_backs
        for event in call_backs.events():  # who is to be called back is not stranded: it is done with some day
            call_backs.served(event.number, world.now)
        world.settle()
        if not world.switch.exchange.calls:
            break
        talking = [one for one in world.switch.exchange.calls.values() if one.phase is Phase.TALKING]
        if talking:
            act(world, "hang up", "")
        elif finite(world):
            world.finish_play(finite(world)[0])
        else:
            world.advance(1.0)
    assert not world.switch.exchange.calls, (
        world.events()[-12:],
        [one.phase for one in world.switch.exchange.calls.values()],
    )
    world.errands()
    for peer in world.peers.values():  # parties of conversations that are left
        for left in living(peer):
            peer.hang_up(left)
    world.assert_clean()


@given(FLOW)
def test_a_circle_found_is_one_and_all_are_found(drawn: FlowSettings) -> None:
    edges = {
        (name, way.target)
        for name, step in drawn.steps.items()
        for way in exits(step)
        if not way.pressed and way.target in drawn.steps
    }
    found = circles(drawn)
    for circle in found:
        assert circle[0] == circle[-1]
        assert all(pair in edges for pair in pairwise(circle))
    # without any circle the steps can be put into an order in which every edge leads forward
    left, order = set(drawn.steps), 0
    while ready := {name for name in left if not any(target == name and origin in left for origin, target in edges)}:
        left -= ready
        order += 1
    assert bool(left) == bool(found)
    assert reached(drawn) <= set(drawn.steps)
