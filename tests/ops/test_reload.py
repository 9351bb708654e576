"""Reload: every difference told, applied whole or not at all."""

from pathlib import Path

import pytest

from softacd.ops.config import ConfigurationError, load_configuration
from softacd.ops.model import Configuration
from softacd.ops.phone_secrets import new_secret
from softacd.ops.reload import NEEDS_RESTART, RestartNeededError, diff, plan_reload
from softacd.ops.starter import render, write_starter


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for secret in write_starter(tmp_path).secrets:
        secret.write_text(new_secret())  # in plain: good for any domain
    return tmp_path / "softacd.toml"


@pytest.fixture
def current(shop: Path) -> Configuration:
    return load_configuration(shop)


def change(shop: Path, *changes: tuple[str, str]) -> None:
    text = render()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    shop.write_text(text)


def tier(agent: str) -> str:
    return f'{{agent = "{agent}"}}'


def test_nothing_changed(shop: Path, current: Configuration) -> None:
    assert plan_reload(current, shop).changes == []


def test_a_comment_is_no_change(shop: Path, current: Configuration) -> None:
    shop.write_text("# new\n" + render())
    assert plan_reload(current, shop).changes == []


def test_every_difference_is_told(shop: Path, current: Configuration) -> None:
    change(
        shop,
        ("wrap_up_seconds = 15", "wrap_up_seconds = 25"),
        ('agents = ["carol", "dan", "eve"]', 'agents = ["carol", "eve"]'),
        ("[agents.eve]", '[agents.frank]\nphone = "106"\n\n[agents.eve]'),
        ("[phones.105]", '[phones.106]\npassword_file = "secrets/web-token"\n\n[phones.105]'),
        ('[numbers."+37322000222"]\nflow = "main"\n', ""),
        ("tries = 3", "tries = 2"),
        ('2 = "support-notice"', '2 = "support-notice", 4 = "support-notice"'),
        ("outside = false", "outside = true"),
    )
    assert [str(found) for found in diff(current, load_configuration(shop))] == [
        "phones.105.outside: false -> true",
        "phones.106 added",
        "agents.frank added",
        "queues.sales.wrap_up_seconds: 15.0 -> 25.0",
        f"queues.support.agents: [{tier('carol')}, {tier('dan')}, {tier('eve')}] -> [{tier('carol')}, {tier('eve')}]",
        "flows.main.steps.menu.choices.4 added",
        "flows.main.steps.menu.tries: 3 -> 2",
        'numbers."+37322000222" removed',
    ]


def test_a_step_of_another_kind(shop: Path, current: Configuration) -> None:
    change(shop, ('do = "say"\nprompts = ["prompts/en/no-agents", "prompts/en/goodbye"]', 'do = "hang-up"'))
    (found,) = diff(current, load_configuration(shop))
    assert str(found) == (
        'flows.main.steps.sorry: {do = "say", prompts = ["prompts/en/no-agents", "prompts/en/goodbye"]} -> '
        '{do = "hang-up"}'
    )


def test_a_changed_secret_is_told_but_not_shown(shop: Path, current: Configuration) -> None:
    secret = shop.parent / "secrets" / "phone-101"
    secret.write_text("another-fresh-secret\n")
    changes = plan_reload(current, shop).changes
    assert [str(found) for found in changes] == [
        "phones.101.ha1: (hidden) -> (hidden)",
        "phones.101.ha1_sha256: (hidden) -> (hidden)",
        "phones.101.ha1_sha512_256: (hidden) -> (hidden)",
    ]


def test_the_password_of_a_database_is_not_shown(shop: Path, current: Configuration) -> None:
    change(shop, ("[log]", '[store]\nurl = "postgresql://shop:geheim@db/softacd"\n\n[log]'))
    (found,) = diff(current, load_configuration(shop))
    assert "geheim" not in str(found)
    assert "postgresql://shop:***@db/softacd" in str(found)


RESTARTS = {
    "sip.listen": ('"tcp:127.0.0.1:5060"]\ndomain', '"tcp:127.0.0.1:5062"]\ndomain'),
    "sip.domain": ('domain = "softacd.internal"', 'domain = "shop.example"'),
    "media.port_high": ("port_high = 32767", "port_high = 30000"),
    "media.host": ('host = "127.0.0.1" ', 'host = "127.0.0.9" '),
    "store.url": ("[log]", '[store]\nurl = "sqlite:///other.db"\n[log]'),
    "web.listen": ('listen = "127.0.0.1:8080"', 'listen = "127.0.0.1:8081"'),
    "server.node": ('node = "n1"', 'node = "n2"'),
    "log.level": ('level = "info"', 'level = "debug"'),
}


@pytest.mark.parametrize("key", RESTARTS)
def test_what_needs_a_restart_is_refused_with_the_reason(shop: Path, current: Configuration, key: str) -> None:
    change(shop, RESTARTS[key], ("wrap_up_seconds = 15", "wrap_up_seconds = 25"))
    reason = NEEDS_RESTART.get(key) or NEEDS_RESTART[key.partition(".")[0]]
    with pytest.raises(RestartNeededError) as caught:
        plan_reload(current, shop)
    assert key in {found.key for found in caught.value.changes}
    assert f"{key} ({reason})" in str(caught.value)
    assert "queues.sales.wrap_up_seconds" not in str(caught.value)


def test_a_wrong_configuration_is_not_applied(shop: Path, current: Configuration) -> None:
    change(shop, ('agents = ["carol", "dan", "eve"]', 'agents = ["carol", "dann", "eve"]'))
    with pytest.raises(ConfigurationError, match='there is no agent "dann"'):
        plan_reload(current, shop)
