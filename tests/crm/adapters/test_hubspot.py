import pytest

from softacd.crm.adapters.hubspot import PAGE, HubSpotAdapter
from softacd.crm.adapters.interface import BusyError, CrmError, RefusedError
from softacd.crm.adapters.settings import CrmSettings
from tests.crm.adapters.calls import MISSED, NUMBER, TALK
from tests.crm.adapters.models import RATE_LIMIT, HubSpot, Reply, drive


def adapter(token: str = HubSpot.TOKEN, *, create: bool = False) -> HubSpotAdapter:
    return HubSpotAdapter(
        CrmSettings(name="shop", kind="hubspot", token=token, user="4711", users={"ann": "55"}, create=create)
    )


def test_a_contact_is_found_however_the_number_is_written_there() -> None:
    for written in ("+37369123456", "069123456", "+373 (69) 12-34-56"):
        system = HubSpot()
        system.add("+40721000000", firstname="Other")
        given = system.add(written, firstname="Maria", lastname="Popescu", company="Crama", hubspot_owner_id="55")
        found = drive(adapter(), system, adapter().find(NUMBER))
        assert found is not None, written
        assert (found.id, found.name, found.company, found.manager) == (given, "Maria Popescu", "Crama", "ann")
        assert found.link == f"https://app.hubspot.com/contacts/4711/contact/{given}"


def test_of_many_with_the_same_local_number_the_one_with_the_whole_number_is_meant() -> None:
    system = HubSpot()
    for index in range(PAGE + 3):
        system.add("069123456", firstname=f"Namesake {index}")
    system.add("+37369123456", firstname="Maria")
    found = drive(adapter(), system, adapter().find(NUMBER))
    assert found is not None
    assert found.name == "Maria"
    assert [body.get("after") for _, _, body in system.requests] == [None, str(PAGE)]


def test_nobody_has_the_number() -> None:
    assert drive(adapter(), HubSpot(), adapter().find(NUMBER)) is None


def test_it_is_left_alone_when_it_asks_for_that() -> None:
    system = HubSpot()
    system.refusals.append(RATE_LIMIT)
    with pytest.raises(BusyError, match="RATE_LIMIT") as told:
        drive(adapter(), system, adapter().find(NUMBER))
    assert told.value.seconds == 3.0


def test_a_wrong_token_is_refused_and_stands_in_no_message() -> None:
    wrong = adapter("pat-wrong")
    with pytest.raises(RefusedError) as told:
        drive(wrong, HubSpot(), wrong.find(NUMBER))
    assert str(told.value) == "HTTP status 401 (INVALID_AUTHENTICATION)"


def test_an_answer_that_is_no_object_is_told() -> None:
    system = HubSpot()
    system.refusals.append(Reply(200, None))
    with pytest.raises(CrmError, match="no JSON object"):
        drive(adapter(), system, adapter().find(NUMBER))


def test_a_call_is_logged_with_the_contact_the_owner_topic_and_recording() -> None:
    system = HubSpot()
    given = system.add(NUMBER.e164)
    drive(adapter(), system, adapter().tell(TALK, NUMBER, None, again=False))
    (call,) = system.calls
    assert call["associations"][0]["to"] == {"id": given}
    assert call["properties"] == {
        "hs_timestamp": "1779357600000",
        "hs_call_title": "Incoming call: delivery",
        "hs_call_body": "outcome: answered; agent: ann; queue: sales; topic: delivery; softacd n1-abc-1",
        "hs_call_direction": "INBOUND",
        "hs_call_status": "COMPLETED",
        "hs_call_duration": "61200",
        "hs_call_from_number": "+37369123456",
        "hs_call_recording_url": "https://pbx.example/r/c1.1",
        "hubspot_owner_id": "55",
    }


def test_a_missed_call_of_a_stranger_makes_a_contact_only_when_the_owner_wants_it() -> None:
    system = HubSpot()
    drive(adapter(), system, adapter().tell(MISSED, NUMBER, None, again=False))
    assert not system.calls
    making = adapter(create=True)
    drive(making, system, making.tell(MISSED, NUMBER, None, again=False))
    assert system.calls[0]["properties"]["hs_call_status"] == "NO_ANSWER"
    assert system.contacts[0]["properties"]["phone"] == NUMBER.e164
