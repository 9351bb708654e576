"""`softacd users` on the database of a switch that does not run."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from softacd.ops.users_command import users

PASSWORD = "correct battery staple\n"
CONFIGURATION = """\
[sip]
listen = ["udp:127.0.0.1:0"]
[phones.101]
password = "a long phone password"
[agents.ann]
phone = "101"
"""


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "softacd.toml").write_text(CONFIGURATION)
    (tmp_path / "softacd.toml").chmod(0o600)
    monkeypatch.chdir(tmp_path)


def say(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(users, [*arguments, "--config", "softacd.toml"], input=given)


def test_the_whole_life_of_users() -> None:
    assert "softacd users add" in say("list").output
    assert (
        say("add", "maria", "--role", "administrator", given=PASSWORD).output == "maria may sign in as administrator\n"
    )
    assert say("add", "ann", given=PASSWORD).output == "ann may sign in as agent\n"
    listed = say("list").output.splitlines()
    assert [line.split()[:3] for line in listed] == [["ann", "agent", "ann"], ["maria", "administrator", "-"]]
    factor = say("totp", "maria").output
    assert "otpauth://totp/" in factor
    assert "second factor" in say("list").output
    assert say("totp", "maria", "--off").exit_code == 0
    assert "second factor" not in say("list").output
    assert say("password", "ann", given="another battery staple\n").exit_code == 0
    assert say("set", "ann", "--role", "supervisor", "--agent", "").exit_code == 0
    assert say("list").output.splitlines()[0].split()[:3] == ["ann", "supervisor", "-"]
    assert say("remove", "ann").output == "ann may no longer sign in\n"


@pytest.mark.parametrize(
    ("arguments", "given", "told"),
    [
        (("add", "ann"), "short\n", "at least 10 characters"),
        (("add", "ann"), "", "at least 10 characters"),
        (("add", "ann", "--agent", "bob"), PASSWORD, "there is no agent bob: ann"),
        (("password", "nobody"), PASSWORD, "there is no user nobody"),
        (("remove", "nobody"), "", "there is no user 'nobody'"),
        (("totp", "nobody"), "", "there is no user 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_told(arguments: tuple[str, ...], given: str, told: str) -> None:
    result = say(*arguments, given=given)
    assert result.exit_code == 1
    assert told in result.output


def test_the_last_administrator_stays_and_names_are_given_once() -> None:
    say("add", "maria", "--role", "administrator", given=PASSWORD)
    assert "only administrator" in say("remove", "maria").output
    assert "already" in say("add", "maria", given=PASSWORD).output
