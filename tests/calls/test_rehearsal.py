"""A copy of the distributor to try things on: what is done with it does not reach the original."""

from softacd.acd.distributor import Distributor, even_draws
from softacd.acd.model import AgentSettings, QueueSettings, Strategy, TierSettings
from softacd.acd.vocabulary import CallerJoined, DeviceChanged, Offer, Status, StatusChosen
from softacd.acd.wait_time import WaitTimeEstimator
from softacd.calls.rehearsal import copied, rehearsal


def test_nothing_done_with_the_copy_reaches_the_distributor() -> None:
    drawn: list[float] = []

    def draw() -> float:
        drawn.append(0.5)
        return 0.5

    names = ("ann", "bob", "cid")
    queue = QueueSettings(
        name="sales", strategy=Strategy.RANDOM, tiers=tuple(TierSettings(agent=name) for name in names)
    )
    settings = [AgentSettings(name=name, phone=name, available_at_start=True) for name in names]
    distributor = Distributor([queue], settings, 0.0, draw=draw)
    for name in names:
        distributor.handle(DeviceChanged(agent=name, reachable=True), 0.0)
        distributor.handle(StatusChosen(agent=name, status=Status.AVAILABLE, reason=""), 0.0)
    before = distributor.queues(5.0), [distributor.agent(name) for name in names]
    estimator = WaitTimeEstimator([queue], settings)
    estimator.observe(DeviceChanged(agent="ann", reachable=True), 0.0)
    copied, foresight = rehearsal(distributor, estimator)
    joined = CallerJoined(caller="what-if", queue="sales")
    foresight.observe(joined, 5.0)
    assert foresight.estimate("what-if", 5.0) is not None
    assert estimator.estimate("what-if", 5.0) is None
    commands = copied.handle(joined, 5.0)
    assert any(isinstance(command, Offer) for command in commands)
    assert (distributor.queues(5.0), [distributor.agent(name) for name in names]) == before
    assert distributor.explain("what-if", 5.0) is None
    assert drawn == [], "lots of its own"
    distributor.handle(CallerJoined(caller="real", queue="sales"), 6.0)
    assert drawn, "the distributor itself draws"


class Holder:
    """A thing that changes, with slots, as the core's are."""

    __slots__ = ("inside", "settings")

    def __init__(self, inside: dict[str, list[float]], settings: QueueSettings) -> None:
        self.inside = inside
        self.settings = settings


def test_what_can_change_is_copied_and_what_cannot_is_shared() -> None:
    inside = {"a": [1.0]}
    original = Holder(inside, QueueSettings("sales"))
    twice, status, draw = copied(([original, original], Status.BREAK, even_draws))
    assert twice[0] is twice[1], "one thing stays one thing"
    assert twice[0] is not original
    assert twice[0].inside == inside
    assert twice[0].inside["a"] is not inside["a"]
    assert twice[0].settings is original.settings
    assert (status, draw) == (Status.BREAK, even_draws)
