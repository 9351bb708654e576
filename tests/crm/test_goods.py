"""Goods, deliveries and promises: what an agent is told, and when a promise falls due."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.calls.control import NotPossibleError, UnknownNameError
from softacd.calls.goods import Goods, Supply
from softacd.crm.base import CustomerBase
from softacd.crm.goods import GoodsBase
from softacd.crm.reliability import expect, judge
from tests.crm.house import AGENTS, Wall

NUMBER = "+37369123456"
KETTLE = Goods(sku="K-1", name="Red Kettle", alternatives=("K-2", "K-3"), buyer_comment="Leaks when overfilled.")
OTHER = Goods(sku="K-2", name="Blue kettle", stock=4)


class Shop:
    """Goods on a wall clock the test sets."""

    def __init__(self, path: Path) -> None:
        self.wall = Wall()
        self.base = CustomerBase(path, self.wall)
        self.goods = GoodsBase(self.base, self.wall)

    def deliver(self, reference: str, promised: str, received: str = "", *, sku: str = "K-1") -> None:
        supply = Supply(reference=reference, sku=sku, supplier="Acme", quantity=5, promised=promised, received=received)
        report = self.goods.put_supplies([supply]).report
        assert report.problems == ()


@pytest.fixture
def shop(path: Path) -> Iterator[Shop]:
    made = Shop(path)
    made.goods.put_goods([KETTLE, OTHER])
    yield made
    made.base.close()


def test_the_same_again_changes_nothing_and_what_is_wrong_is_told(shop: Shop) -> None:
    report = shop.goods.put_goods([KETTLE, Goods(sku="A", alternatives=("A",)), Goods(sku="K-2", stock=1)]).report
    assert (report.created, report.updated, report.unchanged) == (0, 1, 1)
    assert [(problem.row, problem.field) for problem in report.problems] == [(1, "alternatives")]


def test_every_word_is_looked_for_in_any_case_and_what_is_at_hand_comes_first(shop: Shop) -> None:
    assert [one.sku for one in shop.goods.search("KETTLE k-", 10)] == ["K-2", "K-1"]
    assert [one.sku for one in shop.goods.search("kettle red", 10)] == ["K-1"]
    assert shop.goods.search("toaster", 10) == []
    assert len(shop.goods.search("", 1)) == 1


def test_the_card_corrects_the_promised_day_by_what_the_supplier_did_before(shop: Shop) -> None:
    for number, late in enumerate((0, 2, 3, 3, 9)):
        promised = date(2026, 1, 1) + timedelta(20 * number)
        shop.deliver(f"old-{number}", promised.isoformat(), (promised + timedelta(late)).isoformat(), sku="K-2")
    shop.deliver("new", "2026-11-27")
    card = shop.goods.card("K-1", date(2026, 11, 1))
    (coming,) = card.expected
    assert (coming.supply.promised, coming.likely, coming.cautious) == ("2026-11-27", "2026-11-30", "2026-12-06")
    (supplier,) = card.suppliers
    assert (supplier.deliveries, supplier.usual_delay_days, supplier.on_time) == (5, 3, 0.2)
    assert [(other.sku, other.stock) for other in card.alternatives] == [("K-2", 4 + 5 * 5)]
    assert shop.goods.card("K-1", date(2027, 1, 1)).expected[0].likely == "2027-01-01"  # it is not here yet


def test_a_promise_falls_due_once_when_the_article_comes_and_is_closed_once(shop: Shop) -> None:
    promise = shop.goods.bookmark("K-1", NUMBER, "ann", "wants two", AGENTS)
    assert shop.goods.bookmarks("ann", due=False) == [promise]
    assert shop.goods.bookmarks("ann", due=True) == shop.goods.bookmarks("bob", due=False) == []
    shop.deliver("one", "2026-11-27")
    shop.wall.now += 5
    received = shop.goods.receive("one", "2026-11-28")
    assert received.goods.stock == 5
    (task,) = received.tasks
    assert (task.id, task.number, task.agent, task.arrived) == (promise.id, NUMBER, "ann", shop.wall.now)
    assert shop.goods.bookmarks("", due=True) == [task]
    with pytest.raises(NotPossibleError, match="came on 2026-11-28"):
        shop.goods.receive("one", "2026-11-29")
    closed = shop.goods.done(task.id)
    shop.wall.now += 5
    assert shop.goods.done(task.id) == closed
    assert shop.goods.bookmarks("", due=False) == []


def test_stock_that_is_put_makes_promises_due_too(shop: Shop) -> None:
    shop.goods.bookmark("K-1", NUMBER, "ann", "", AGENTS)
    kettle = Goods(sku="K-1", name="Red kettle", stock=1)
    assert len(shop.goods.put_goods([kettle]).tasks) == 1
    assert shop.goods.put_goods([Goods(sku="K-1", stock=2)]).tasks == ()


def test_a_delivery_put_again_as_received_counts_once(shop: Shop) -> None:
    shop.deliver("one", "2026-11-27", "2026-11-27")
    shop.deliver("one", "2026-11-27", "2026-11-28")
    assert shop.goods.card("K-1", date(2026, 11, 28)).goods.stock == 5
    back = Supply(reference="one", sku="K-1", supplier="Acme", quantity=5, promised="2026-11-27")
    assert [problem.field for problem in shop.goods.put_supplies([back]).report.problems] == ["received"]


@pytest.mark.parametrize(
    ("field", "value"), [("sku", "nothing"), ("promised", "2026-02-30"), ("received", "2026-13-01")]
)
def test_a_wrong_delivery_is_told_and_left_out(shop: Shop, field: str, value: str) -> None:
    fields = {
        "reference": "one",
        "sku": "K-1",
        "supplier": "Acme",
        "quantity": 5,
        "promised": "2026-11-27",
        field: value,
    }
    assert [problem.field for problem in shop.goods.put_supplies([Supply(**fields)]).report.problems] == [field]  # type: ignore[arg-type]
    assert shop.goods.suppliers() == []


def test_nobody_promises_what_there_is_not(shop: Shop) -> None:
    with pytest.raises(UnknownNameError, match="no article is 'X'"):
        shop.goods.bookmark("X", NUMBER, "ann", "", AGENTS)
    with pytest.raises(UnknownNameError, match="no agent is named 'zoe'"):
        shop.goods.bookmark("K-1", NUMBER, "zoe", "", AGENTS)
    with pytest.raises(UnknownNameError, match="no bookmark has the number 9"):
        shop.goods.done(9)
    with pytest.raises(UnknownNameError, match="no delivery is 'x'"):
        shop.goods.receive("x", "2026-11-27")


@given(st.lists(st.integers(min_value=-30, max_value=300), max_size=60))
def test_who_is_later_is_judged_no_better(delays: list[int]) -> None:
    supplier = judge("Acme", delays)
    assert 0 <= supplier.usual_delay_days <= supplier.cautious_delay_days <= max([0, *delays])
    assert judge("Acme", [delay + 1 for delay in delays]).usual_delay_days >= supplier.usual_delay_days
    supply = Supply(reference="1", sku="K", supplier="Acme", quantity=1, promised="2026-11-27")
    coming = expect(supply, supplier, date(2026, 11, 20))
    assert "2026-11-27" <= coming.likely <= coming.cautious
