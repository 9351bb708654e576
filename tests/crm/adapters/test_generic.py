import pytest

from softacd.crm.adapters.generic import HttpAdapter
from softacd.crm.adapters.interface import BusyError, Contact, CrmError, RefusedError, WebAnswer, WebRequest
from softacd.crm.adapters.settings import CrmSettings, FindSettings, LogSettings
from tests.crm.adapters.calls import NUMBER, TALK

SETTINGS = CrmSettings(
    name="shop",
    url="https://crm.example/api/",
    token="s3cret-token",
    headers={"X-Api-Key": "{token}"},
    users={"ann": "u-12"},
    find=FindSettings(
        path="/clients?phone={number}",
        fields={"id": "items.0.id", "name": "items.0.name", "manager": "items.0.owner", "category": "items.0.kind"},
    ),
    log=LogSettings(path="/clients/{contact}/calls", body={"about": "{topic}", "by": "{user}", "for": "{seconds}"}),
)


def test_the_number_goes_into_the_address_and_the_answer_is_read_by_places() -> None:
    adapter = HttpAdapter(SETTINGS)
    asking = adapter.find(NUMBER)
    assert next(asking) == WebRequest("GET", "/clients?phone=%2B37369123456")
    assert adapter.url == "https://crm.example/api"
    assert adapter.headers() == {"X-Api-Key": "s3cret-token"}
    answer = {"items": [{"id": 7, "name": "Maria", "owner": "u-12", "kind": "vip", "balance": 12.5}]}
    with pytest.raises(StopIteration) as stop:
        asking.send(WebAnswer(200, answer))
    assert stop.value.value == Contact(id="7", name="Maria", manager="ann", category="vip", more=answer)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (WebAnswer(500), CrmError),
        (WebAnswer(200, None), CrmError),
        (WebAnswer(401), RefusedError),
        (WebAnswer(429, None, 4.0), BusyError),
        (WebAnswer(503, None, 4.0), BusyError),
        (WebAnswer(302), RefusedError),
    ],
)
def test_what_is_no_answer_is_told_by_what_to_do_about_it(answer: WebAnswer, error: type[CrmError]) -> None:
    asking = HttpAdapter(SETTINGS).find(NUMBER)
    next(asking)
    with pytest.raises(error) as told:
        asking.send(answer)
    assert type(told.value) is error


@pytest.mark.parametrize("answer", [WebAnswer(404), WebAnswer(200, {"items": []}), WebAnswer(200, [1, 2])])
def test_nobody_has_the_number(answer: WebAnswer) -> None:
    asking = HttpAdapter(SETTINGS).find(NUMBER)
    next(asking)
    with pytest.raises(StopIteration) as stop:
        asking.send(answer)
    assert stop.value.value is None


def test_a_call_is_told_in_the_owners_words() -> None:
    telling = HttpAdapter(SETTINGS).tell(TALK, NUMBER, Contact(id="7"), again=False)
    assert next(telling) == WebRequest(
        "POST", "/clients/7/calls", body={"about": "delivery", "by": "u-12", "for": "61"}
    )


def test_names_that_stand_for_nothing_are_told_with_their_keys() -> None:
    wrong = CrmSettings(
        name="shop",
        find=FindSettings(path="/{phone}", method="PUT", fields={"colour": "x"}),
        log=LogSettings(body={"x": "{nothing}"}),
        headers={"X": "{number}"},
    )
    assert {found.key for found in HttpAdapter.check(wrong)} == {
        ("url",), ("find", "method"), ("find", "fields", "colour"), ("find", "path"), ("log", "body", "x"),
        ("headers", "X"), ("log", "path"),
    }  # fmt: skip
