"""Topics stand in the records of their calls, whenever they are said."""

from softacd.calls.records import Outcome, TopicChosen
from softacd.store import Store
from tests.store.shop import MORNING, Call, OpenStore


async def topic(store: Store, call: str = "n1-1") -> str:
    found = await store.call(call)
    assert found is not None
    return found.call.topic


async def test_said_after_the_call(open_store: OpenStore, call: Call) -> None:
    store = await open_store()
    store.write(call("n1-1", ended=MORNING + 5, outcome=Outcome.ANSWERED))
    await store.flush()
    store.write(TopicChosen("n1-1", MORNING + 9, "delivery", "ann"))
    assert await topic(store) == "delivery"
    store.write(TopicChosen("n1-1", MORNING + 10, "invoice", "ann"))
    store.write(TopicChosen("n1-1", MORNING + 11, "delivery", "bob"))
    assert await topic(store) == "delivery", "the newest of one batch counts"
    assert len(await store.everything(TopicChosen)) == 3, "and all of them are kept"


async def test_said_in_the_batch_of_the_call_or_before_its_last_record(open_store: OpenStore, call: Call) -> None:
    store = await open_store()
    store.write(TopicChosen("n1-1", MORNING + 1, "invoice", "ann"))
    store.write(call("n1-1"))
    assert await topic(store) == "invoice"
    store.write(call("n1-1", ended=MORNING + 5, outcome=Outcome.ANSWERED))  # which knows of no topic
    assert await topic(store) == "invoice"


async def test_of_a_call_nobody_knows(open_store: OpenStore, call: Call) -> None:
    store = await open_store()
    store.write(TopicChosen("n1-7", MORNING + 1, "invoice", "ann"))
    store.write(call("n1-1"))
    assert await topic(store) == ""
    assert store.status().rejected == 0
