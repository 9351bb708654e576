"""`softacd phones password`: told once, kept as hashes, good for the phone and for nobody else."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from softacd.ops.config import load_configuration, read_configuration
from softacd.ops.configuration_errors import ConfigurationError, Severity
from softacd.ops.phone_secrets import ha1
from softacd.ops.phones_command import phones
from softacd.ops.starter import DOMAIN, write_starter


@pytest.fixture
def file(tmp_path: Path) -> Path:
    configuration = write_starter(tmp_path / "shop").configuration
    assert configuration is not None
    return configuration


def ran(file: Path, *arguments: str, typed: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(phones, ["password", *arguments, "--config", str(file)], input=typed)
    return result.exit_code, result.output


def told(output: str) -> str:
    found = re.search(r"password  (\S{32})$", output, re.MULTILINE)
    assert found
    return found[1]


def hash_of(file: Path, extension: str) -> str:
    return next(phone.ha1 for phone in load_configuration(file).phones if phone.extension == extension)


def in_any_file(text: str, directory: Path) -> bool:
    return any(text in path.read_text() for path in directory.rglob("*") if path.is_file())


def test_a_new_password_is_told_once_and_kept_as_hashes(file: Path) -> None:
    before = hash_of(file, "101"), hash_of(file, "102")
    status, said = ran(file, "101")
    assert status == 0
    assert hash_of(file, "101") == ha1("101", DOMAIN, told(said)) != before[0]
    assert hash_of(file, "102") == before[1]
    assert not in_any_file(told(said), file.parent)
    assert "systemctl reload" in said


def test_a_phone_just_added_gets_its_first_one(file: Path) -> None:
    file.write_text(file.read_text() + '\n[phones.106]\npassword_file = "secrets/phone-106"\n')
    status, said = ran(file, "106")
    assert status == 0
    assert hash_of(file, "106") == ha1("106", DOMAIN, told(said))


def test_ones_own_is_asked_for_and_not_told(file: Path) -> None:
    status, said = ran(file, "101", "--own", typed="correct horse battery\n" * 2)
    assert status == 0
    assert "horse" not in said
    assert hash_of(file, "101") == ha1("101", DOMAIN, "correct horse battery")
    status, said = ran(file, "101", "--own", typed="1234\n" * 2)
    assert status == 1
    assert "first that attackers try" in said


def test_a_phone_without_a_file_gets_lines_for_the_configuration(file: Path) -> None:
    whole = file.read_text()
    file.write_text(whole.replace('password_file = "secrets/phone-101"', 'password = "correct horse battery"'))
    status, said = ran(file, "101")
    assert status == 0
    lines = re.findall(r'^ha1\w* = "[0-9a-f]+"$', said, re.MULTILINE)
    assert len(lines) == 3
    file.write_text(whole.replace('password_file = "secrets/phone-101"', "\n".join(lines)))
    assert hash_of(file, "101") == ha1("101", DOMAIN, told(said))


def test_an_unknown_phone_is_answered_with_the_nearest(file: Path) -> None:
    status, said = ran(file, "110")
    assert status == 1
    assert "has no phone '110' (it has 101, 102, 103, 104, 105)" in said


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"softacd.internal"', '"pbx.example"', "is for the realm softacd.internal, not for [sip] domain pbx.example"),
        ("phone-102", "phone-101", "is the secret of phone 101"),
        ("[phones.101]", '[phones.101]\npassword = "correct horse"', "given beside password"),
    ],
)
def test_hashes_of_something_else_are_refused_with_the_place(file: Path, old: str, new: str, why: str) -> None:
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(file)
    problem = next(one for one in caught.value.problems if one.severity is Severity.ERROR)
    assert why in problem.message
    assert problem.key.startswith("phones.")
    assert problem.line


def test_a_damaged_file_is_told_with_the_remedy(file: Path) -> None:
    secret = file.parent / "secrets" / "phone-103"
    secret.write_text(secret.read_text().replace("SHA-256", "SHA-1"))
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(file)
    (problem,) = [one for one in caught.value.problems if "phones.103" in one.key]
    assert "softacd phones password 103" in problem.expected


def test_hashes_others_can_read_are_warned_of(file: Path) -> None:
    (file.parent / "secrets" / "phone-104").chmod(0o644)
    (warning,) = [one for one in read_configuration(file).warnings if "phones" in one.key]
    assert "other users can read" in warning.message
