"""Deltas applied to a snapshot give the next one, for whoever watches; and nothing is sent when nothing happened."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from softacd.calls.views import AgentView, CallView, HouseView, PhoneView, QueueView, Snapshot, TrunkView
from softacd.web.live_state import JOURNAL, KEYS, HouseFigures, Journal, live_state, snapshot_for

FIGURES = HouseFigures(None, None)
PEOPLE = ("ann", "bob")
agents = st.tuples(
    *(
        st.builds(
            AgentView, name=st.just(name), display_name=st.just(""), phone=st.sampled_from(["101", "102"]),
            status=st.sampled_from(["available", "lunch"]), state=st.sampled_from(["idle", "talking"]),
            reason=st.sampled_from(["", "soup"]), since=st.integers(0, 2), reachable=st.just(True),
            call=st.sampled_from(["", "c1", "c2"]), answered_today=st.integers(0, 1),
        )
        for name in PEOPLE
    )
)  # fmt: skip
calls = st.lists(
    st.builds(
        CallView, id=st.sampled_from(["c1", "c2", "c3"]), direction=st.just("incoming"), caller=st.just("1"),
        called=st.just("2"), trunk=st.just(""), phase=st.sampled_from(["queue", "talking"]), since=st.just(0),
        queue=st.just("sales"), position=st.integers(0, 1), expected_wait=st.none(),
        agent=st.sampled_from(["", *PEOPLE]), started=st.just(0),
    ),
    unique_by=lambda call: call.id, max_size=3,
)  # fmt: skip
phones = st.lists(
    st.builds(PhoneView, extension=st.sampled_from(["101", "102"]), display_name=st.just(""),
              contacts=st.sampled_from([(), ("udp:192.0.2.1:5060",)]), calls=st.integers(0, 1)),
    unique_by=lambda phone: phone.extension, max_size=2,
)  # fmt: skip
trunks = st.lists(
    st.builds(TrunkView, name=st.just("alpha"), state=st.sampled_from(["static", "rejected"]), since=st.just(0),
              cause=st.just(""), reachable=st.none(), round_trip_ms=st.none(), calls=st.just(0),
              last_incoming=st.just(0), failures=st.just(0)),
    max_size=1,
)  # fmt: skip
snapshots = st.builds(
    Snapshot, at=st.just(0), trunks=trunks.map(tuple), phones=phones.map(tuple), queues=st.just(()), agents=agents,
    calls=calls.map(tuple),
)  # fmt: skip
houses = st.builds(HouseView, emergency=st.booleans(), hours=st.just(()))


def applied(page: dict[str, Any], delta: dict[str, Any]) -> dict[str, Any]:
    """What a page does with a delta."""
    page = dict(page)
    for name, value in delta.items():
        if name == "gone":
            for section, keys in value.items():
                page[section] = [one for one in page[section] if one[KEYS[section]] not in keys]
        elif name in KEYS:
            fresh = {one[KEYS[name]] for one in value}
            assert len(fresh) == len(value), "an object stands once in a delta"
            page[name] = [one for one in page[name] if one[KEYS[name]] not in fresh] + value
        else:
            page[name] = value
    return page


def orderly(page: dict[str, Any]) -> dict[str, Any]:
    return {
        name: sorted(value, key=lambda one: one[KEYS[name]]) if name in KEYS else value for name, value in page.items()
    }


def decoded(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(snapshots, houses), min_size=2, max_size=5))
def test_deltas_lead_from_each_snapshot_to_the_next(moments: list[tuple[Snapshot, HouseView]]) -> None:
    journal = Journal(1)
    watchers: tuple[str | None, ...] = (None, *PEOPLE, "")
    pages: dict[str | None, dict[str, Any]] = {}
    for at, (snapshot, house) in enumerate(moments):
        state = live_state(snapshot, house, (), FIGURES)
        difference = journal.take(state, at, [])
        for who in watchers:
            whole = decoded(snapshot_for(state, who))
            if at:
                text = (
                    "" if difference is None else difference.for_board() if who is None else difference.for_agent(who)
                )
                told = decoded(msgspec.Raw(text.encode()))["data"] if text else {}
                assert orderly(applied(pages[who], told)) == orderly(whole), who
            pages[who] = whole


def a_snapshot(longest: float, expected: float) -> Snapshot:
    queue = QueueView("sales", "600", 1, longest, 0, 0, 0, 0, 0, 0, 0.87654321, expected, 22.4, 0.801)
    return Snapshot(0, (), (), (queue,), (), ())


def test_what_only_grows_is_told_in_steps() -> None:
    journal, house = Journal(1), HouseView(False, ())
    assert journal.take(live_state(a_snapshot(7.1, 61.0), house, (), FIGURES), 0, []) is not None
    assert journal.take(live_state(a_snapshot(7.9, 62.4), house, (), FIGURES), 0, []) is None
    assert journal.take(live_state(a_snapshot(8.0, 62.4), house, (), FIGURES), 0, []) is not None


def test_the_journal_is_bounded_and_knows_what_it_holds() -> None:
    journal = Journal(5)
    assert journal.seq == 5000
    for number in range(JOURNAL + 3):
        journal.take(live_state(a_snapshot(number, 0.0), HouseView(False, ()), (), FIGURES), number, [])
    assert journal.seq == 5000 + JOURNAL + 3
    assert not journal.holds(5002)
    assert journal.holds(5003)
    assert not journal.holds(journal.seq + 1)
    assert [difference.seq for difference in journal.after(journal.seq - 2)] == [journal.seq - 1, journal.seq]
    assert journal.after(journal.seq) == []
