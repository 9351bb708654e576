"""A copy of the distributor to try things on: what is done with it does not reach the original."""

from softacd.acd.distributor import Distributor
from softacd.acd.model import AgentSettings, QueueSettings, Strategy, TierSettings
from softacd.acd.vocabulary import CallerJoined, DeviceChanged, Offer, Status, StatusChosen
from softacd.calls.whatif_queue import rehearsal


def test_nothing_done_with_the_copy_reaches_the_distributor() -> None:
    drawn: list[float] = []

    def draw() -> float:
        drawn.append(0.5)
        return 0.5

    names = ("ann", "bob", "cid")
    queue = QueueSettings(
        name="sales", strategy=Strategy.RANDOM, tiers=tuple(TierSettings(agent=name) for name in names)
    )
    distributor = Distributor([queue], [AgentSettings(name=name, phone=name) for name in names], 0.0, draw=draw)
    for name in names:
        distributor.handle(DeviceChanged(agent=name, reachable=True), 0.0)
        distributor.handle(StatusChosen(agent=name, status=Status.AVAILABLE, reason=""), 0.0)
    before = distributor.queues(5.0), [distributor.agent(name) for name in names]
    commands = rehearsal(distributor).handle(CallerJoined(caller="what-if", queue="sales"), 5.0)
    assert any(isinstance(command, Offer) for command in commands)
    assert (distributor.queues(5.0), [distributor.agent(name) for name in names]) == before
    assert distributor.explain("what-if", 5.0) is None
    assert drawn == [], "lots of its own"
    distributor.handle(CallerJoined(caller="real", queue="sales"), 6.0)
    assert drawn, "the distributor itself draws"
