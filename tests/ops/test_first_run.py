"""The first run: from an empty folder to a shop on the air."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
import pytest

from softacd.ops.config import ConfigurationError, load_configuration
from softacd.ops.first_run import SetupRequest, judge, write
from softacd.ops.run_command import nothing_in

ADDRESS = "127.77.3.9"
ANSWERS: dict[str, Any] = {
    "shop": 'Flori "Ana"',
    "administrator": {"name": "ana", "password": "Lavender-17-rows"},
    "address": ADDRESS,
    "language": "ro",
    "time_zone": "Europe/Chisinau",
    "carriers": [
        {
            "name": "alpha",
            "host": "127.77.3.1",
            "numbers": ["+37322000111"],
            "username": "flori",
            "password": "s3cret-a",
        },
        {"name": "beta", "host": "127.77.3.2", "numbers": ["+37322000222", "+37322000333"]},
    ],
    "phones": [
        {"extension": "101", "agent": "ana", "display_name": "Ana"},
        {"extension": "600", "agent": "ion"},
    ],
    "hours": {"mon-fri": "09:00-18:00", "sat": "10:00-14:00"},
    "outside": ["0ZXXXXXXX"],
}


def request(**changes: Any) -> SetupRequest:
    return msgspec.convert({**ANSWERS, **changes}, SetupRequest)


def test_the_answers_become_a_configuration_one_can_read(tmp_path: Path) -> None:
    reading = write(request(), tmp_path, "127.0.0.1:8080")
    assert reading.configuration == load_configuration(tmp_path)
    text = (tmp_path / "softacd.toml").read_text()
    assert "s3cret-a" not in text
    assert (
        text.index("[server]") < text.index("[trunks.alpha]") < text.index("[phones.101]") < text.index("[flows.main]")
    )
    data = tomllib.loads(text)
    assert data["numbers"]["+37322000333"] == {"flow": "main", "hours": "office", "closed": "closed"}
    assert data["flows"]["main"]["steps"]["greeting"]["prompts"] == ["prompts/ro/welcome"]
    configuration = reading.configuration
    assert [(trunk.name, trunk.register, trunk.password) for trunk in configuration.trunks] == [
        ("alpha", True, "s3cret-a"), ("beta", False, ""),
    ]  # fmt: skip
    assert [tier.agent for tier in configuration.queues[0].tiers] == ["ana", "ion"]
    assert configuration.queues[0].number == "601", "600 is a phone's"
    assert all(phone.ha1 for phone in configuration.phones)
    for secret in (tmp_path / "secrets").iterdir():
        assert secret.stat().st_mode & 0o777 == 0o600


def test_less_is_enough(tmp_path: Path) -> None:
    one = {"carriers": ANSWERS["carriers"][1:], "phones": ANSWERS["phones"][:1]}
    few = request(hours={}, greeting="none", outside=[], **one)
    configuration = write(few, tmp_path, "127.0.0.1:8080").configuration
    assert configuration.hours == ()
    assert configuration.flows[0].start == "wait"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/phone-101").write_text("mine\n")
    with pytest.raises(FileExistsError):
        write(request(), tmp_path, "127.0.0.1:8080")
    assert not (tmp_path / "softacd.toml").exists()
    assert (tmp_path / "secrets/phone-101").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hours": {"monday": "09:00-18:00"}}, "no days"),
        ({"hours": {"mon": "9-18"}}, "no span of time"),
        ({"time_zone": "Moldova"}, "time_zone"),
        ({"address": "pbx.shop.example"}, "address"),
        ({"phones": [ANSWERS["phones"][0], {"extension": "101", "agent": "ion"}]}, "twice"),
        ({"phones": [ANSWERS["phones"][0], {"extension": "102", "agent": "ana"}]}, "twice"),
        ({"outside": ["anything"]}, "outside"),
        ({"administrator": {"name": "ana", "password": "1234567890"}}, "guessed"),
    ],
)
def test_answers_that_cannot_be_are_told(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        judge(request(**changes), tmp_path, "127.0.0.1:8080")
    assert list(tmp_path.iterdir()) == []


def test_only_an_empty_folder_is_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert nothing_in(tmp_path / "new") == tmp_path / "new"
    assert nothing_in(tmp_path) == tmp_path
    assert nothing_in(tmp_path / "softacd.toml") is None, "a file that was named and is missing is a mistake"
    monkeypatch.setattr("softacd.ops.configuration_option.DEFAULT_PLACES", ())
    monkeypatch.delenv("SOFTACD_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    assert nothing_in(None) == tmp_path
    (tmp_path / "softacd.toml").write_text("")
    assert nothing_in(tmp_path) is None
    with pytest.raises(click.UsageError):
        nothing_in.__globals__["find_configuration"](None)


@pytest.fixture
def process(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """`softacd run --setup` on a folder that is not there yet."""
    command = [sys.executable, "-m", "softacd.ops.cli", "run", "--setup", "--setup-listen", f"{ADDRESS}:0",
               "--config", str(tmp_path / "shop")]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "NO_COLOR": "1"}
    ) as running:
        yield running
        running.send_signal(signal.SIGTERM)
        running.wait(20)


def test_a_shop_is_on_the_air_from_an_empty_folder(process: "subprocess.Popen[str]", tmp_path: Path) -> None:
    assert process.stdout is not None
    said = ""
    while "setup/" not in said:
        line = process.stdout.readline()
        assert line, said
        said = line
    found = re.search(r"(http://\S+)(/setup/\S+/)", said)
    assert found is not None
    root, place = found.groups()
    with httpx.Client(base_url=root, timeout=20) as client:
        for path in ("/", "/setup/", "/setup/guess/", "/setup/guess/state", "/api/v1/snapshot"):
            assert client.get(path).status_code == 404
        assert "127.0.0.1" in client.get(f"{place}state").json()["addresses"]
        wrong = client.post(f"{place}check", json={**ANSWERS, "time_zone": "Moldova"})
        assert (wrong.status_code, "time_zone" in wrong.json()["detail"]) == (400, True)
        assert client.post(f"{place}check", json=ANSWERS).status_code == 200
        assert not (tmp_path / "shop/softacd.toml").exists()
        done = client.post(place, json=ANSWERS)
        assert (done.status_code, done.json()["phones"]) == (200, ["101", "600"]), done.text
    # The switch starts at the same address, and the administrator signs in.
    token = (tmp_path / "shop/secrets/web-token").read_text().strip()
    snapshot = None
    deadline = time.monotonic() + 60
    while snapshot is None and time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read()
        try:
            answer = httpx.get(f"{root}/api/v1/snapshot", headers={"Authorization": f"Bearer {token}"}, timeout=5)
        except httpx.TransportError:
            time.sleep(0.2)
            continue
        if answer.status_code == 200:
            snapshot = answer.json()
    assert snapshot is not None
    assert [phone["extension"] for phone in snapshot["phones"]] == ["101", "600"]
    assert [trunk["name"] for trunk in snapshot["trunks"]] == ["alpha", "beta"]
    assert [agent["name"] for agent in snapshot["agents"]] == ["ana", "ion"]
    assert httpx.get(f"{root}{place}", timeout=5).status_code in (401, 404), "the address was good once"
    signed_in = httpx.post(f"{root}/api/v1/session", json=ANSWERS["administrator"], timeout=20)
    assert signed_in.status_code in (200, 201), signed_in.text
    # What changes every day is changed while it runs: a third person, and a phone that is set up by a ticket.
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=root, headers=headers, timeout=30) as client:
        base = client.get("/api/v1/configuration").json()["version"]
        edits = [
            {"section": "phones", "name": "102", "values": {"password": "a-secret-of-olga"}},
            {"section": "agents", "name": "olga", "values": {"phone": "102"}},
            {"section": "queues", "name": "main", "values": {"agents": ["ana", "ion", "olga"]}},
            {"section": "provisioning", "values": {"url": "https://pbx.shop.example"}},
        ]
        applied = client.post("/api/v1/configuration/changes", json={"base": base, "edits": edits})
        assert applied.status_code == 200, applied.text
        assert [phone["extension"] for phone in client.get("/api/v1/phones").json()] == ["101", "600", "102"]
        wish = {"extension": "102", "vendor": "snom", "mac": "000413aabbcc"}
        ticket = client.post("/api/v1/provisioning", json=wish).json()
        place = ticket["url"].removeprefix("https://pbx.shop.example")
        document = httpx.get(f"{root}{place}{ticket['file']}", timeout=30)
        assert (document.status_code, "<user_name idx=" in document.text) == (200, True)
        assert "a-secret-of-olga" not in document.text, "it has a password of its own"
        authors = [version["author"] for version in client.get("/api/v1/configuration/versions").json()]
        assert authors == ["provisioning", "token", "file"]
        assert client.get("/api/v1/reports/queue").json()["total"]["offered"] == 0
    assert json.dumps(snapshot).count("s3cret") == 0
