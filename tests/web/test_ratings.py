"""What callers said in surveys, over HTTP."""

from softacd.calls.records import Rating
from tests.web.small_switch import NOW, Running, S, Story, a_record


async def test_ratings_are_paged_and_the_low_ones_found_and_stand_with_their_call(running: Running) -> None:
    said = [Rating("n1-a", NOW + number * S, "sales", "ann", "service", number, number < 3) for number in range(1, 6)]
    running.history.stories = [Story(a_record("n1-a"), ratings=said)]
    page = await running.get("/api/v1/ratings", limit=2)
    assert [one["score"] for one in page["ratings"]] == [5, 4]
    page = await running.get("/api/v1/ratings", limit=3, before=page["next"])
    assert ([one["score"] for one in page["ratings"]], page["next"]) == ([3, 2, 1], NOW + S)
    assert [one["score"] for one in (await running.get("/api/v1/ratings", low=True))["ratings"]] == [2, 1]
    story = await running.get("/api/v1/calls/n1-a")
    assert [(one["topic"], one["agent"], one["queue"]) for one in story["ratings"]] == [("service", "ann", "sales")] * 5
