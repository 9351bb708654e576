"""Who calls: from a carrier's spelling to name, priority and welcome."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softacd.calls.caller import Caller
from softacd.calls.customers import Customer
from softacd.crm.settings import CategorySettings
from tests.crm.house import HOUR, NOW, SETTINGS, House


def known(house: House, text: str) -> Caller:
    caller = house.directory.lookup(text)
    assert caller is not None
    return caller


def test_a_customer_is_known_by_every_spelling(house: House) -> None:
    house.put(Customer(numbers=("069123456",), name="Ann Smith", category="vip", manager="bob", language="ro"))
    for text in ("+37369123456", "0037369123456", "37369123456", "069123456", "69123456"):
        assert known(house, text) == Caller("+37369123456", "1", "Ann Smith", "vip", "VIP", 10, "bob", "ro")
    assert known(house, "069123456").shown("carrier's name") == "VIP Ann Smith"


def test_nobody_and_nothing_is_known_of_a_stranger(house: House) -> None:
    assert [house.directory.lookup(text) for text in ("069123456", "anonymous", "", "101")] == [None] * 4


def test_the_carriers_name_is_shown_when_we_know_none(house: House) -> None:
    house.put(Customer(numbers=("069123456",), category="debtor"))
    assert known(house, "069123456").shown("A. SMITH") == "Debtor A. SMITH"


def test_the_owners_categories_and_the_standard_ones(house: House) -> None:
    house.put(
        Customer(numbers=("069123456",), category="owner"), Customer(numbers=("069777777",), category="blacklisted")
    )
    owner, pest = known(house, "069123456"), known(house, "069777777")
    assert (owner.label, owner.priority, owner.blacklisted) == ("Owner", 100, False)
    assert (pest.blacklisted, pest.refuse_status) == (True, 603)


def test_changed_settings_hold_for_the_next_call(house: House) -> None:
    house.put(Customer(numbers=("069123456",), category="owner", name="Ann"))
    house.directory.configure(
        msgspec.structs.replace(
            SETTINGS, categories={"owner": CategorySettings(label="Boss", refused=True)}, refuse_status=486
        )
    )
    boss = known(house, "069123456")
    assert (boss.label, boss.blacklisted, boss.refuse_status) == ("Boss", True, 486)
    house.directory.configure(msgspec.structs.replace(SETTINGS, categories={}))
    assert known(house, "069123456").label == "", "a category that is gone means nothing"


def test_a_blocked_stranger_and_a_blocked_customer_until_the_moment(house: House) -> None:
    house.put(Customer(numbers=("069123456",), name="Ann"))
    for number in (37369123456, 37369000000):
        house.directory.index.block(number, NOW + HOUR)
    assert known(house, "069000000") == Caller("+37369000000", blacklisted=True)
    assert known(house, "069123456").blacklisted
    house.wall.now += HOUR
    assert house.directory.lookup("069000000") is None
    assert not known(house, "069123456").blacklisted


@pytest.mark.filterwarnings("ignore")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 6), st.lists(st.integers(0, 9), min_size=1, max_size=3), st.sampled_from(["A", "B", ""])
        ),
        max_size=12,
    )
)
def test_memory_and_disk_agree_whatever_is_put(house: House, puts: list[tuple[int, list[int], str]]) -> None:
    """After any sequence of puts, accepted or refused, the index says of every number what the file says."""
    for name, tails, external_id in puts:
        numbers = tuple(f"+3736900000{tail}" for tail in tails)
        house.put(Customer(numbers=numbers, name=f"N{name}", external_id=external_id))
    fresh = house.base.load()
    for tail in range(10):
        number = f"+3736900000{tail}"
        on_disk, now = fresh.find(int(number[1:])), house.directory.lookup(number)
        assert (on_disk.name if on_disk else None) == (now.name if now else None)
        found = house.base.find(number).customer
        assert (found.name if found else None) == (now.name if now else None)
        assert found is None or number in found.numbers
