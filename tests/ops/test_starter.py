"""The first configuration: written once, private, different every time, and sound."""

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from softacd.ops.config import load_configuration, read_configuration
from softacd.ops.init_command import init
from softacd.ops.phone_secrets import ha1
from softacd.ops.starter import DOMAIN, PHONES, StarterError, write_starter


def test_the_starter_runs_as_it_is(tmp_path: Path) -> None:
    written = write_starter(tmp_path / "shop")
    assert written.configuration == tmp_path / "shop" / "softacd.toml"
    reading = read_configuration(written.configuration)
    # the one thing that has to be filled in is told
    assert [warning.key for warning in reading.warnings] == ["trunks.alpha.host", "trunks.beta.host"]
    configuration = reading.configuration
    assert [phone.extension for phone in configuration.phones] == list(PHONES)
    assert [queue.name for queue in configuration.queues] == ["sales", "support", "accounts"]
    assert configuration.flows[0].start == "greeting"
    assert set(configuration.flows[0].steps) >= {"greeting", "menu", "sales-notice", "sales"}


def test_secrets_are_strong_private_and_all_different(tmp_path: Path) -> None:
    first, second = write_starter(tmp_path / "one"), write_starter(tmp_path / "two")
    plain = [path.read_text().strip() for path in (*first.secrets, *second.secrets) if "phone" not in path.name]
    values = [*plain, *first.passwords.values(), *second.passwords.values()]
    assert len(set(values)) == len(values) == 16
    assert all(len(value) == 32 for value in values)
    for path in first.secrets:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_phones_passwords_are_told_once_and_are_in_no_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(init, [str(tmp_path / "shop")])
    assert result.exit_code == 0
    told = dict(line.split() for line in result.output.splitlines() if line[2:5] in PHONES and len(line.split()) == 2)
    assert list(told) == list(PHONES)
    for phone in load_configuration(tmp_path / "shop" / "softacd.toml").phones:
        assert phone.ha1 == ha1(phone.extension, DOMAIN, told[phone.extension])
        assert phone.ha1_sha256 == ha1(phone.extension, DOMAIN, told[phone.extension], "sha256")
    files = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert not [password for password in told.values() if password in files]
    again = CliRunner().invoke(init, [str(tmp_path / "shop"), "--secrets-only"])
    assert again.output.startswith("0 new secrets")
    assert not [password for password in told.values() if password in again.output]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write_starter(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(StarterError, match=r"softacd.toml exists already: choose another directory"):
        write_starter(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_missing_secrets_are_made_and_others_kept(tmp_path: Path) -> None:
    written = write_starter(tmp_path)
    kept = written.secrets[1].read_text()
    written.secrets[0].unlink()
    again = write_starter(tmp_path, configuration=False)
    assert again.secrets == (written.secrets[0],)
    assert again.configuration is None
    assert written.secrets[1].read_text() == kept


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StarterError, match="file"):
        write_starter(tmp_path / "file" / "below")
