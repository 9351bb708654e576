"""Every decision can say why: who rings, and what keeps each of the others from ringing."""

import pytest

from softacd.acd.explain import MOST_OTHERS
from softacd.acd.model import AgentSettings
from softacd.acd.vocabulary import (
    AnyEvent,
    CallerJoined,
    DeviceChanged,
    OfferAnswered,
    OfferRefused,
    OtherCallStarted,
    Refusal,
    Status,
    StatusChosen,
    TalkEnded,
)
from tests.acd.playbook import Playbook, queue


def why(play: Playbook, caller: str) -> str:
    found = play.distributor.explain(caller, play.now)
    assert found is not None
    return found.text()


def test_who_rings_and_who_does_not() -> None:
    play = Playbook([queue("sales", "ann", "bob", "cid", ring=1, wrap_up_seconds=30.0)], "ann", "bob", "cid")
    play >> CallerJoined("c0", "sales") >> OfferAnswered("ann", "c0")
    play.at(10.0) >> TalkEnded("ann", "c0")
    play.at(28.0) >> CallerJoined("c1", "sales")
    assert why(play, "c1") == (
        "bob: idle 827 s, level 1 | ann: in wrap-up for 12 s more; cid: idle 826 s, level 1; 1 ring already"
    )


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([StatusChosen("ann", Status.BREAK, "doctor")], "on break (doctor)"),
        ([StatusChosen("ann", Status.LOGGED_OUT)], "logged out"),
        ([DeviceChanged("ann", reachable=False)], "his phone is not registered"),
        ([OtherCallStarted("ann", "o1")], "in a call of his own"),
        ([CallerJoined("c0", "sales")], "rings for another caller"),
        ([CallerJoined("c0", "sales"), OfferAnswered("ann", "c0")], "in conversation since 5 s"),
        (
            [CallerJoined("c0", "sales"), OfferRefused("ann", "c0", Refusal.BUSY)],
            "left alone after a call he did not take for 5 s more",
        ),
    ],
)
def test_what_keeps_an_agent_from_ringing(events: list[AnyEvent], told: str) -> None:
    play = Playbook([queue("sales", "ann", ring=1, ring_seconds=60.0)], "ann")
    for event in events:
        play = play >> event
    play.at(5.0) >> CallerJoined("c1", "sales")
    assert why(play, "c1") == f"nobody | ann: {told}"


def test_levels_skills_and_preferences_are_told() -> None:
    settings = queue("sales", "ann", ("bob", 2), ("cid", 2), ring=2, escalate_seconds=60.0, skills={"cars": 2})
    play = Playbook([settings], "ann", "bob", "cid")
    skills = {"ann": 2, "bob": 2, "cid": 1}
    people = [AgentSettings(name, name, skills={"cars": level}) for name, level in skills.items()]
    play.distributor.configure([settings], people, play.now)
    play >> CallerJoined("c1", "sales")
    assert why(play, "c1") == (
        "ann: idle 800 s, level 1 | bob: level 2, whose time has not come; cid: lacks what is asked (cars 2)"
    )
    play = Playbook([queue("sales", "ann", "bob", ring=1)], "ann", "bob")
    play >> CallerJoined("c1", "sales", preferred_agent="bob", patience=20.0)
    assert why(play, "c1") == (
        "bob: idle 799 s, the one this caller is meant for | ann: idle 800 s; the caller waits for bob"
    )


def test_a_large_centre_is_told_of_in_part() -> None:
    names = [f"a{number:02}" for number in range(40)]
    play = Playbook([queue("sales", *names, ring=2)], *names)
    play >> CallerJoined("c1", "sales")
    found = play.distributor.explain("c1", play.now)
    assert found is not None
    assert (len(found.standings), found.more) == (2 + MOST_OTHERS, 40 - 2 - MOST_OTHERS)
    assert found.text().endswith("; 26 more")
    assert play.distributor.explain("nobody", play.now) is None
