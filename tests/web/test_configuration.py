"""The configuration over HTTP, on real files."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from softacd.ops.config import load_configuration
from softacd.ops.configuration_editor import ConfigurationEditor
from softacd.ops.model import Configuration
from softacd.ops.starter import write_starter
from softacd.web import WebServer, WebServerSettings
from tests.web.small_switch import BEARER, NOW, TOKEN, SmallHistory, SmallSwitch
from tests.web.test_description import conform, operations


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    write_starter(tmp_path)
    running = [load_configuration(tmp_path)]

    def put_in_force(configuration: Configuration) -> None:
        running[0] = configuration

    editor = ConfigurationEditor(tmp_path, lambda: running[0], put_in_force, lambda: NOW)
    server = WebServer(
        WebServerSettings(token=TOKEN), SmallSwitch(), SmallHistory(), version="0.1.0", administration=editor
    )
    transport = httpx.ASGITransport(app=server.application)
    async with httpx.AsyncClient(transport=transport, base_url="http://switch", headers=BEARER) as asked:
        yield asked


async def test_see_propose_change_and_undo(client: httpx.AsyncClient) -> None:
    seen = (await client.get("/api/v1/configuration")).json()
    sales = next(
        entry
        for section in seen["sections"] if section["section"] == "queues"
        for entry in section["entries"] if entry["name"] == "sales"
    )  # fmt: skip
    assert (sales["values"]["ring"], sales["file"]) == (4, "softacd.toml")
    body = {"base": seen["version"], "edits": [{"section": "queues", "name": "sales", "values": {"ring": 9}}]}
    proposal = (await client.post("/api/v1/configuration/proposals", json=body)).json()
    assert proposal["acceptable"]
    assert [(one["key"], one["old"], one["new"]) for one in proposal["differences"]] == [
        ("queues.sales.ring", "4", "9")
    ]
    applied = await client.post("/api/v1/configuration/changes", json=body)
    assert (applied.status_code, applied.json()["version"]["number"]) == (200, 2), applied.text
    again = await client.post("/api/v1/configuration/changes", json=body)
    assert (again.status_code, again.json()["error"]) == (409, "not-possible")
    versions = (await client.get("/api/v1/configuration/versions")).json()
    assert [(version["number"], version["author"]) for version in versions] == [(2, "token"), (1, "file")]
    assert "+ring = 9" in (await client.get("/api/v1/configuration/versions/2")).json()["diff"]
    base = {"base": versions[0]["version"]}
    restored = await client.post("/api/v1/configuration/versions/1/restore", json=base)
    assert restored.json()["version"]["number"] == 3
    assert (await client.get("/api/v1/configuration")).json()["version"] == seen["version"]
    assert (await client.post("/api/v1/configuration/versions/99/restore", json=base)).status_code == 409
    base = {"base": seen["version"]}
    assert (await client.post("/api/v1/configuration/versions/99/restore", json=base)).status_code == 404


async def test_errors_name_the_place(client: httpx.AsyncClient) -> None:
    base = (await client.get("/api/v1/configuration")).json()["version"]
    body = {"base": base, "edits": [{"section": "queues", "name": "sales", "values": {"ring": 0}}]}
    answer = await client.post("/api/v1/configuration/changes", json=body)
    assert answer.status_code == 400
    assert "softacd.toml:" in answer.json()["detail"]
    assert "from 1 to 64" in answer.json()["remedy"]


async def test_it_is_described_and_answers_so(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/v1/openapi.json")).json()
    schemas = document["components"]["schemas"]
    for name in ("ConfigurationView", "SectionView", "EntryView", "FieldView", "Proposal", "Difference", "ProblemView",
                 "VersionView", "Applied", "ChangeRequest", "Edit", "VersionDiff", "RestoreRequest"):  # fmt: skip
        assert schemas[name]["description"]
        for field, property_ in schemas[name]["properties"].items():
            assert property_.get("description"), f"{name}.{field}"
    found = {path for path, _, _ in operations(document) if path.startswith("/api/v1/configuration")}
    assert len(found) == 6
    base = (await client.get("/api/v1/configuration")).json()["version"]
    body = {"base": base, "edits": [{"section": "queues", "name": "sales", "values": {"ring": 2}}]}
    answer = await client.post("/api/v1/configuration/changes", json=body)
    content = document["paths"]["/api/v1/configuration/changes"]["post"]["responses"]["200"]["content"]
    conform(answer.json(), content["application/json"]["schema"], schemas, "changes")
    assert "409" in document["paths"]["/api/v1/configuration/changes"]["post"]["responses"]
