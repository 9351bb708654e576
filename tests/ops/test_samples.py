"""Every sample in conf/ loads without a warning, with secrets made by the program itself."""

import shutil
import stat
from pathlib import Path

import pytest

from softacd.ops.config import read_configuration
from softacd.ops.starter import SECRETS_DIRECTORY, render, write_secrets

CONF = Path(__file__).parent.parent.parent / "conf"
SAMPLES = sorted(
    [path.name for path in CONF.glob("*.toml")] + [path.name for path in CONF.iterdir() if any(path.glob("*.toml"))]
)


def secrets_of_the_developer(directory: str, names: list[str]) -> list[str]:
    return [name for name in names if Path(directory).name == SECRETS_DIRECTORY and name != ".gitignore"]


@pytest.fixture(scope="module")
def conf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of conf/ with fresh secrets; the samples themselves hold none."""
    copy = tmp_path_factory.mktemp("shop") / "conf"
    shutil.copytree(CONF, copy, ignore=secrets_of_the_developer)
    write_secrets(copy / SECRETS_DIRECTORY)
    return copy


def test_there_are_samples() -> None:
    assert SAMPLES == ["provider", "shop", "softacd.toml", "split"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_loads(conf: Path, name: str) -> None:
    reading = read_configuration(conf / name, environment={})
    assert [str(warning) for warning in reading.warnings] == []
    configuration = reading.configuration
    assert len(configuration.trunks) == 2
    assert all(len(phone.ha1) == 32 and phone.password == "" for phone in configuration.phones)
    assert len(configuration.web.token) >= 32
    # loopback only: a sample opens nothing to the network
    assert all(listener.host.startswith("127.") for listener in configuration.sip.listeners())
    assert configuration.media.host.startswith("127.")
    assert configuration.web.address()[0].startswith("127.")


def test_the_sample_is_what_init_writes_with_loopback_carriers() -> None:
    assert (CONF / "softacd.toml").read_text() == render(alpha="127.0.0.21", beta="127.0.0.22")


def test_samples_hold_no_secret() -> None:
    for file in CONF.rglob("*.toml"):
        text = file.read_text()
        assert "password =" not in text
        assert "token =" not in text
        assert "ha1" not in text


def test_secrets_are_private_and_unversioned(conf: Path) -> None:
    assert (CONF / SECRETS_DIRECTORY / ".gitignore").read_text() == "*\n!.gitignore\n"
    for path in (conf / SECRETS_DIRECTORY).iterdir():
        if path.name != ".gitignore":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
