"""Every agent is in one place, whatever happened to him before."""

from hypothesis import given
from hypothesis import strategies as st

from softacd.acd.crew import Crew

STEPS = st.tuples(
    st.sampled_from(["ready", "wraps up", "talks", "talks elsewhere", "remove"]), st.sampled_from(["ann", "bob", "cid"])
)


@given(st.lists(STEPS, max_size=40))
def test_every_agent_is_in_one_place(steps: list[tuple[str, str]]) -> None:
    crew, expected = Crew(), dict[str, str]()
    for number, (what, agent) in enumerate(steps):
        version = crew.version
        match what:
            case "ready":
                crew.is_ready(agent, number)
            case "wraps up":
                crew.wraps_up(agent, number)
            case "talks":
                crew.talks(agent, "sales", number, 1.0)
            case "talks elsewhere":
                crew.talks(agent, "support", number, 1.0)
            case _:
                crew.remove(agent)
        assert crew.version > version
        expected[agent] = what
    there = {
        "ready": set(crew.ready),
        "wraps up": set(crew.wrapping_up),
        "talks": set(crew.talking.get("sales", ())),
        "talks elsewhere": set(crew.talking.get("support", ())),
    }
    for what, agents in there.items():
        assert agents == {agent for agent, last in expected.items() if last == what}


def test_the_longest_conversation_comes_first_and_a_hold_changes_nothing() -> None:
    crew = Crew()
    for since, agent in enumerate(("ann", "bob", "cid")):
        crew.talks(agent, "sales", float(since), 1.0)
    crew.talks("ann", "sales", 0.0, 1.0)
    assert list(crew.talking["sales"]) == ["ann", "bob", "cid"]
    crew.talks("ann", "sales", 9.0, 1.0)
    assert list(crew.talking["sales"]) == ["bob", "cid", "ann"]
