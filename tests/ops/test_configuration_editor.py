"""Editing the configuration: exact, judged, versioned, undone."""

import os
from pathlib import Path
from typing import Any

import pytest

from softacd.calls.control import UnknownNameError
from softacd.ops.config import load_configuration
from softacd.ops.configuration_editor import ConfigurationEditor
from softacd.ops.model import Configuration
from softacd.ops.phone_secrets import ha1
from softacd.ops.starter import write_starter
from softacd.web.administration import ChangeRequest, ConfigurationRefusedError, Edit

NOW = 1_780_300_800_000


class Shop:
    """A first configuration, an editor of it, and the configuration that would run."""

    def __init__(self, directory: Path) -> None:
        write_starter(directory)
        self.file = directory / "softacd.toml"
        self.path = directory
        self.running = load_configuration(directory)
        self.fails = False
        self.editor = ConfigurationEditor(directory, lambda: self.running, self.put_in_force, lambda: NOW)

    def put_in_force(self, configuration: Configuration) -> None:
        if self.fails:
            raise RuntimeError("the switch does not like it")
        self.running = configuration

    async def change(self, section: str, name: str = "", *, remove: bool = False, **values: Any) -> ChangeRequest:
        base = (await self.editor.configuration()).version
        return ChangeRequest(base, [Edit(section, name, values, remove)], "because")

    async def apply(self, section: str, name: str = "", *, remove: bool = False, **values: Any) -> str:
        """Applies; the lines that came and went."""
        applied = await self.editor.apply(await self.change(section, name, remove=remove, **values), "olga")
        assert load_configuration(self.path) == self.running, "what runs is what is written"
        lines = applied.proposal.diff.splitlines()
        return "\n".join(line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


async def test_a_value_changes_in_file_and_switch_and_nothing_else(shop: Shop) -> None:
    before = shop.file.read_text()
    assert await shop.apply("queues", "sales", ring=2) == "-ring = 4\n+ring = 2"
    assert shop.running.queues[0].ring == 2
    assert shop.file.read_text() == before.replace("ring = 4\n", "ring = 2\n")
    assert shop.file.stat().st_mode & 0o777 == 0o644


async def test_what_would_be_wrong_is_told_with_its_line_and_not_written(shop: Shop) -> None:
    before = shop.file.read_text()
    change = await shop.change("queues", "sales", ring_second=20, agents=["anna"])
    proposal = await shop.editor.propose(change)
    assert not proposal.acceptable
    places = {(problem.key, problem.suggestion): problem for problem in proposal.problems}
    errors = {key for key, problem in places.items() if problem.severity == "error"}
    assert errors == {("queues.sales.ring_second", '"ring_seconds"'), ("queues.sales.agents[0]", '"ann"')}
    problem = places["queues.sales.ring_second", '"ring_seconds"']
    assert (problem.file, problem.severity) == ("softacd.toml", "error")
    assert "+ring_second = 20" in proposal.diff
    with pytest.raises(ConfigurationRefusedError, match=r"softacd\.toml:\d+: queues\.sales") as refused:
        await shop.editor.apply(change, "olga")
    assert refused.value.http_status == 400
    assert shop.file.read_text() == before
    assert await shop.editor.versions() == []


async def test_a_stale_base_is_refused(shop: Shop) -> None:
    one, other = await shop.change("queues", "sales", ring=2), await shop.change("queues", "sales", ring=3)
    await shop.editor.apply(one, "olga")
    for attempt in (shop.editor.propose(other), shop.editor.apply(other, "ion")):
        with pytest.raises(ConfigurationRefusedError, match="changed meanwhile") as refused:
            await attempt
        assert refused.value.http_status == 409
    assert shop.running.queues[0].ring == 2
    by_hand = await shop.change("queues", "sales", ring=3)
    shop.file.write_text(shop.file.read_text() + "# a remark\n")
    with pytest.raises(ConfigurationRefusedError, match="changed meanwhile"):
        await shop.editor.apply(by_hand, "ion")


async def test_versions_tell_who_and_what_and_are_put_back(shop: Shop) -> None:
    original = shop.file.read_text()
    await shop.apply("queues", "sales", ring=2)
    shop.file.write_text(shop.file.read_text().replace('display_name = "Eve"', 'display_name = "Eva"'))
    await shop.apply("queues", "sales", ring=3)
    versions = await shop.editor.versions()
    assert [(version.number, version.author, version.comment) for version in versions] == [
        (4, "olga", "because"), (3, "file", "found in the files"), (2, "olga", "because"),
        (1, "file", "found in the files"),
    ]  # fmt: skip
    assert "+ring = 3" in await shop.editor.version_diff(4)
    assert '+display_name = "Eva"' in await shop.editor.version_diff(3)
    base = (await shop.editor.configuration()).version
    applied = await shop.editor.restore(1, base, "ion")
    assert (applied.version.number, applied.version.author) == (5, "ion")
    assert shop.file.read_text() == original
    assert shop.running == load_configuration(shop.path)
    with pytest.raises(ConfigurationRefusedError, match="meanwhile"):
        await shop.editor.restore(2, base, "ion")
    with pytest.raises(UnknownNameError):
        await shop.editor.version_diff(9)
    kept = sorted((shop.path / "data/configuration-versions").iterdir())
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in kept)
    assert kept[0].parent.stat().st_mode & 0o777 == 0o700


async def test_a_phone_comes_and_goes_with_its_agent(shop: Shop) -> None:
    base = (await shop.editor.configuration()).version
    edits = [
        Edit("phones", "106", {"password": "a fresh secret", "display_name": "Olga"}),
        Edit("agents", "olga", {"phone": "106"}),
        Edit("queues", "sales", {"agents": ["ann", "olga", {"agent": "dan", "level": 2}]}),
    ]
    applied = await shop.editor.apply(ChangeRequest(base, edits), "api")
    assert "fresh" not in applied.proposal.diff
    assert {"phones.106", "agents.olga"} <= {one.key for one in applied.proposal.differences}
    assert 'password_file = "secrets/phones-106-password.1"' in shop.file.read_text()
    secret = shop.path / "secrets/phones-106-password.1"
    assert "106:softacd.internal:MD5:" in secret.read_text(), "hashes only"
    assert ("fresh" in secret.read_text(), secret.stat().st_mode & 0o777) == (False, 0o600)
    assert shop.running.phones[-1].ha1 == ha1("106", "softacd.internal", "a fresh secret")
    assert await shop.apply("phones", "106", password="another secret") == (
        '-password_file = "secrets/phones-106-password.1"\n+password_file = "secrets/phones-106-password.2"'
    )
    with pytest.raises(ConfigurationRefusedError, match=r"agents\.olga"):
        await shop.apply("phones", "106", remove=True)
    assert shop.file.read_text().count("[phones.106]") == 1
    base = (await shop.editor.configuration()).version
    gone = [Edit("phones", "106", remove=True), Edit("agents", "olga", remove=True)]
    gone.append(Edit("queues", "sales", {"agents": ["ann", "bob", "carol", {"agent": "dan", "level": 2}]}))
    await shop.editor.apply(ChangeRequest(base, gone), "api")
    assert "olga" not in shop.file.read_text()


async def test_secrets_are_written_and_never_read(shop: Shop) -> None:
    (shop.file).write_text(
        shop.file.read_text().replace('password_file = "secrets/phone-101"', 'password = "plain-secret-word"')
        + '\n[trunks.gamma]\nhost = "192.0.2.9"\naccounts = [{ username = "g", password = "hidden-word" }]\n'
    )
    seen = await shop.editor.configuration()
    sections = {section.section: section for section in seen.sections}
    phone = next(entry for entry in sections["phones"].entries if entry.name == "101")
    assert (phone.values, phone.secrets) == ({"display_name": "Ann"}, ["password"])
    gamma = next(entry for entry in sections["trunks"].entries if entry.name == "gamma")
    assert (gamma.values["accounts"], gamma.secrets) == ([{"username": "g"}], ["accounts[0].password"])
    said = await shop.apply("phones", "101", password="new-secret-word")
    assert "plain-secret" not in said
    assert "new-secret" not in said
    # An account that is sent back as it was seen keeps its secret.
    said = await shop.apply("trunks", "gamma", accounts=[{"username": "g", "numbers": ["+37322000333"]}])
    assert "hidden-word" not in said
    assert shop.running.trunks[-1].accounts[0].password == "hidden-word"
    assert all("secret-word" not in str(version) for version in await shop.editor.versions())


async def test_flows_in_files_of_their_own(shop: Shop) -> None:
    (shop.path / "flows").mkdir()
    night = shop.path / "flows/night.toml"
    night.write_text('start = "bye"  # at once\n\n[steps.bye]\ndo = "hang-up"\n')
    seen = await shop.editor.configuration()
    flows = next(section for section in seen.sections if section.section == "flows")
    assert [(entry.name, entry.file) for entry in flows.entries] == [
        ("main", "softacd.toml"), ("night", "flows/night.toml"),
    ]  # fmt: skip
    steps = {"hello": {"do": "say", "prompts": ["prompts/en/welcome"], "then": "bye"}, "bye": {"do": "hang-up"}}
    await shop.apply("flows", "night", start="hello", steps=steps)
    assert night.read_text() == (
        'start = "hello"  # at once\n\n[steps.bye]\ndo = "hang-up"\n\n'
        '[steps.hello]\ndo = "say"\nprompts = ["prompts/en/welcome"]\nthen = "bye"\n'
    )
    await shop.apply("flows", "evening", start="bye", steps={"bye": {"do": "hang-up"}})
    assert (shop.path / "flows/evening.toml").read_text() == 'start = "bye"\n\n[steps.bye]\ndo = "hang-up"\n'
    await shop.apply("flows", "evening", remove=True)
    assert not (shop.path / "flows/evening.toml").exists()
    assert [flow.name for flow in shop.running.flows] == ["main", "night"]


@pytest.mark.parametrize(
    ("section", "name", "values", "status", "said"),
    [
        ("media", "", {"host": "192.0.2.1"}, 400, "not edited here"),
        ("queue", "sales", {}, 400, "not edited here"),
        ("queues", "", {"ring": 1}, 400, "has a name"),
        ("emergency", "x", {}, 400, "has no name"),
        ("queues", "sales", {"ring": 4}, 400, "changes nothing"),
        ("phones", "101", {"password": "two\nlines"}, 400, "one line"),
    ],
)
async def test_what_is_not_to_be_changed_here(
    shop: Shop, section: str, name: str, values: dict[str, Any], status: int, said: str
) -> None:
    with pytest.raises(ConfigurationRefusedError, match=said) as refused:
        await shop.apply(section, name, **values)
    assert refused.value.http_status == status


async def test_a_switch_that_refuses_leaves_the_files_as_they_were(shop: Shop) -> None:
    before = shop.file.read_text()
    shop.fails = True
    with pytest.raises(RuntimeError, match="does not like"):
        await shop.apply("phones", "101", password="new-secret-word")
    assert shop.file.read_text() == before
    assert not (shop.path / "secrets/phones-101-password.1").exists()
    assert [version.number for version in await shop.editor.versions()] == [1]


async def test_pending_changes_by_hand_that_need_a_restart_are_told(shop: Shop) -> None:
    shop.file.write_text(shop.file.read_text().replace('node = "n1"', 'node = "n2"'))
    seen = await shop.editor.configuration()
    assert not seen.running
    with pytest.raises(ConfigurationRefusedError, match=r"server\.node cannot be changed while the switch runs"):
        await shop.apply("queues", "sales", ring=2)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
async def test_files_that_cannot_be_written_are_told(shop: Shop) -> None:
    shop.path.chmod(0o500)
    try:
        with pytest.raises(ConfigurationRefusedError, match="Let the user softacd runs as"):
            await shop.apply("queues", "sales", ring=2)
    finally:
        shop.path.chmod(0o700)


async def test_every_key_is_explained(shop: Shop) -> None:
    seen = await shop.editor.configuration()
    assert seen.running
    for section in seen.sections:
        assert section.meaning, section.section
        for field in section.fields:
            assert field.meaning, f"{section.section}.{field.key}"
            assert field.type, f"{section.section}.{field.key}"
