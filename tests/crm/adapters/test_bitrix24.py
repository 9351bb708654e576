import pytest

from softacd.crm.adapters.bitrix24 import Bitrix24Adapter
from softacd.crm.adapters.interface import BusyError, CrmError, RefusedError, phone_number
from softacd.crm.adapters.settings import CrmSettings
from tests.crm.adapters.calls import MISSED, NUMBER, TALK
from tests.crm.adapters.models import TOO_LONG, TOO_MANY, Bitrix24, Reply, drive


def adapter(token: str = Bitrix24.CODE, *, create: bool = False) -> Bitrix24Adapter:
    return Bitrix24Adapter(
        CrmSettings(
            name="shop", kind="bitrix24", url="https://shop.bitrix24.eu/", user=Bitrix24.USER, token=token,
            users={"ann": "12"}, create=create,
        )
    )  # fmt: skip


def test_a_contact_is_found_by_number_in_one_request() -> None:
    system = Bitrix24()
    system.add("+373 60 000 001", NAME="Other")
    system.add(NUMBER.e164, NAME="Maria", LAST_NAME="Popescu", ASSIGNED_BY_ID="12", COMMENTS="pays late")
    found = drive(adapter(), system, adapter().find(NUMBER))
    assert found is not None
    assert (found.id, found.name, found.manager, found.notes) == ("2", "Maria Popescu", "ann", "pays late")
    assert found.link == "https://shop.bitrix24.eu/crm/contact/details/2/"
    assert len(system.requests) == 1


def test_nobody_has_the_number() -> None:
    assert drive(adapter(), Bitrix24(), adapter().find(NUMBER)) is None


@pytest.mark.parametrize(
    ("refusal", "error", "seconds"), [(TOO_MANY, BusyError, 0.0), (TOO_LONG, BusyError, 9.0)], ids=["many", "long"]
)
def test_it_is_left_alone_when_it_asks_for_that(refusal: Reply, error: type[BusyError], seconds: float) -> None:
    system = Bitrix24()
    system.refusals.append(refusal)
    with pytest.raises(error) as told:
        drive(adapter(), system, adapter().find(NUMBER))
    assert told.value.seconds == seconds


def test_a_wrong_code_is_refused_and_stands_in_no_message() -> None:
    wrong = adapter("no-such-code")
    with pytest.raises(RefusedError) as told:
        drive(wrong, Bitrix24(), wrong.find(NUMBER))
    assert str(told.value) == "HTTP status 401 (INVALID_CREDENTIALS)"


@pytest.mark.parametrize("body", [None, [], {}, {"result": 5}, {"result": {"result": {"found": {"CONTACT": [1]}}}}])
def test_an_answer_that_makes_no_sense_is_told(body: object) -> None:
    system = Bitrix24()
    system.refusals.append(Reply(200, body))
    with pytest.raises(CrmError):
        drive(adapter(), system, adapter().find(NUMBER))


def test_a_call_is_logged_as_an_activity_of_the_contact_and_the_agent() -> None:
    system = Bitrix24()
    contact = system.add(NUMBER.e164, NAME="Maria")
    drive(adapter(), system, adapter().tell(TALK, NUMBER, None, again=False))
    (activity,) = system.activities
    assert (activity["OWNER_ID"], activity["RESPONSIBLE_ID"], activity["DIRECTION"]) == (contact, 12, 1)
    assert (activity["SUBJECT"], activity["COMPLETED"]) == ("Incoming call: delivery", "Y")
    assert activity["START_TIME"] == "2026-05-21T10:00:00+00:00"
    assert "recording: https://pbx.example/r/c1.1" in activity["DESCRIPTION"]
    assert activity["COMMUNICATIONS"][0]["VALUE"] == NUMBER.e164


def test_told_again_a_call_is_logged_once() -> None:
    system = Bitrix24()
    system.add(NUMBER.e164)
    for again in (False, True):
        drive(adapter(), system, adapter().tell(TALK, NUMBER, None, again=again))
    assert len(system.activities) == 1


def test_a_missed_call_stays_to_be_done_by_whom_the_webhook_is() -> None:
    system = Bitrix24()
    system.add(NUMBER.e164)
    drive(adapter(), system, adapter().tell(MISSED, NUMBER, None, again=False))
    (activity,) = system.activities
    assert (activity["SUBJECT"], activity["COMPLETED"], activity["RESPONSIBLE_ID"]) == ("Missed call", "N", 7)


def test_an_unknown_caller_becomes_a_contact_only_when_the_owner_wants_it() -> None:
    system = Bitrix24()
    drive(adapter(), system, adapter().tell(MISSED, NUMBER, None, again=False))
    assert not system.contacts
    making = adapter(create=True)
    drive(making, system, making.tell(MISSED, NUMBER, None, again=False))
    assert [contact["PHONE"][0]["VALUE"] for contact in system.contacts.values()] == [NUMBER.e164]
    assert len(system.activities) == 1


def test_what_is_missing_in_the_settings_is_named() -> None:
    settings = CrmSettings(name="shop", kind="bitrix24", users={"ann": "Ann"})
    assert [found.key for found in Bitrix24Adapter.check(settings)] == [("url",), ("user",), ("users", "ann")]


def test_numbers_are_read_as_the_country_dials() -> None:
    assert phone_number("069123456", "MD") == NUMBER
    assert phone_number("anonymous", "MD") is None
