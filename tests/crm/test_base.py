"""Customers and the blacklist on the disk: known again by external id or number, whole or not at all."""

import sqlite3
from pathlib import Path

import pytest

from softacd.calls.customers import Customer, FieldProblem, PutReport
from softacd.crm.base import CustomerBase
from softacd.crm.errors import CustomerBaseError
from tests.crm.house import HOUR, NOW, SETTINGS, House

ANN = Customer(numbers=("069123456", "022 123 456"), name="Ann Smith", category="vip", manager="bob", language="ro")


def test_put_twice_is_put_once(house: House) -> None:
    assert house.put(ANN) == PutReport(created=1)
    assert house.put(ANN) == PutReport(unchanged=1)
    [kept] = house.base.page(0, 10)
    assert kept.numbers == ("+37369123456", "+37322123456")
    assert (kept.id, kept.name, kept.updated) == (1, "Ann Smith", NOW)


def test_known_again_by_any_of_the_numbers(house: House) -> None:
    house.put(ANN)
    assert house.put(Customer(numbers=("+37322123456",), name="Ann Jones")) == PutReport(updated=1)
    [kept] = house.base.page(0, 10)
    assert (kept.numbers, kept.name, kept.category) == (("+37322123456",), "Ann Jones", "")
    assert house.base.find("+37369123456").customer is None, "the number was given up"
    assert house.directory.lookup("069123456") is None


def test_known_again_by_external_id_with_other_numbers(house: House) -> None:
    house.put(Customer(numbers=("069123456",), name="Ann", external_id="A1"))
    assert house.put(Customer(numbers=("069777777",), name="Ann", external_id="A1")).updated == 1
    assert [customer.numbers for customer in house.base.page(0, 10)] == [("+37369777777",)]


def test_a_customer_entered_by_hand_gets_the_external_id_and_keeps_it(house: House) -> None:
    house.put(ANN)
    assert house.put(Customer(numbers=ANN.numbers, name="Ann", external_id="A1")).updated == 1
    assert house.put(Customer(numbers=ANN.numbers, name="Ann")).unchanged == 1
    assert [customer.external_id for customer in house.base.page(0, 10)] == ["A1"]


def test_a_number_of_somebody_else_is_not_taken(house: House) -> None:
    house.put(Customer(numbers=("069123456",), external_id="A1"), Customer(numbers=("069777777",), external_id="B2"))
    report = house.put(
        Customer(numbers=("069123456",), external_id="B2"),
        Customer(numbers=("069123456", "069777777")),
        Customer(numbers=("069123456",), external_id="C3"),
        Customer(numbers=("069888888",), name="Fine"),
    )
    assert (report.created, report.updated) == (1, 0)
    assert [(problem.row, problem.field) for problem in report.problems] == [
        (0, "numbers"),
        (1, "numbers"),
        (2, "numbers"),
    ]
    assert report.problems[0].message == "+37369123456 is already customer 1's"


@pytest.mark.parametrize(
    ("customer", "field", "message", "expected"),
    [
        (Customer(numbers=("12",)), "numbers", "'12' is no telephone number", "dialled in MD"),
        (Customer(numbers=()), "numbers", "is empty", "at least one"),
        (Customer(numbers=tuple(f"0691{n:05}" for n in range(51))), "numbers", "holds 51 numbers", "at most 50"),
        (Customer(numbers=("069123456",), category="vpi"), "category", "there is no 'vpi'", "vip?"),
        (Customer(numbers=("069123456",), manager="eve"), "manager", "there is no 'eve'", "one of ann, bob"),
        (Customer(numbers=("069123456",), language="RO"), "language", "is 'RO'", "small letters"),
        (Customer(numbers=("069123456",), name="Ann\nSmith"), "name", "control", "one line"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_what_was_expected(
    house: House, customer: Customer, field: str, message: str, expected: str
) -> None:
    report = house.put(customer)
    [problem] = report.problems
    assert isinstance(problem, FieldProblem)
    assert (problem.field, problem.row) == (field, 0)
    assert message in problem.message
    assert expected in problem.expected
    assert house.base.count() == 0


def test_pages_follow_the_ids(house: House) -> None:
    house.put(*(Customer(numbers=(f"0691{n:05}",)) for n in range(5)))
    first = house.base.page(0, 3)
    assert [customer.id for customer in first] == [1, 2, 3]
    assert [customer.id for customer in house.base.page(first[-1].id, 3)] == [4, 5]


def test_everything_outlives_the_program(path: Path) -> None:
    first = House(path)
    first.put(ANN)
    first.base.block("+37369000000", 0, "rude")
    first.base.close()
    second = House(path)
    caller = second.directory.lookup("069123456")
    assert caller is not None
    assert caller.name == "Ann Smith"
    assert [block.reason for block in second.base.blocks()] == ["rude"]
    assert second.directory.lookup("069000000") is not None
    second.base.close()


def test_the_blacklist_forgets_what_has_expired(house: House) -> None:
    base = house.base
    base.block("+37369000001", NOW + HOUR, "an hour")
    house.wall.now += 1
    base.block("+37369000002", 0, "for ever")
    assert [block.reason for block in base.blocks()] == ["for ever", "an hour"]
    assert base.blocked() == {37369000001: NOW + HOUR, 37369000002: 0}
    house.wall.now += HOUR
    assert [block.reason for block in base.blocks()] == ["for ever"]
    assert base.unblock("+37369000001") is None
    removed = base.unblock("+37369000002")
    assert removed is not None
    assert removed.reason == "for ever"
    assert base.blocks() == []


def test_a_second_program_is_told_who_has_it(house: House, path: Path) -> None:
    with pytest.raises(CustomerBaseError, match="another softacd has it open"):
        CustomerBase(path, house.wall)


def test_a_failed_open_gives_the_file_back(path: Path) -> None:
    path.write_bytes(b"a holiday picture " * 1000)
    for _ in range(2):
        with pytest.raises(CustomerBaseError, match="not a database") as refused:
            CustomerBase(path, lambda: NOW)
        assert "backup" in refused.value.remedy


def test_a_newer_file_is_left_alone(path: Path) -> None:
    CustomerBase(path, lambda: NOW).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(CustomerBaseError, match="newer softacd wrote it"):
        CustomerBase(path, lambda: NOW)


def test_only_the_owner_reads_it(house: House, path: Path) -> None:
    house.put(ANN)
    assert {file.stat().st_mode & 0o077 for file in path.parent.iterdir()} == {0}


def test_a_batch_is_whole_or_not_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    put = house.base._put

    def fail_on_the_second(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise sqlite3.OperationalError("disk I/O error")
        return put(*arguments)  # type: ignore[arg-type] # handed through as they came

    monkeypatch.setattr(house.base, "_put", fail_on_the_second)
    with pytest.raises(CustomerBaseError, match="disk I/O error"):
        house.base.put([ANN, Customer(numbers=("069777777",))], SETTINGS, {"bob"})
    assert house.base.count() == 0
