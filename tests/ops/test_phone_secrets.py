"""The file of a phone's secret: hashes in, the same hashes out, and no password anywhere."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.ops.phone_secrets import DamagedError, PhoneSecret, hashed, keep, new_secret, parse, written

SECRET = hashed("101", "softacd.internal", "correct horse battery")


def test_what_is_written_is_read_again_and_tells_no_password() -> None:
    assert parse(written(SECRET)) == SECRET
    assert "horse" not in written(SECRET)
    assert SECRET.ha1 not in repr(SECRET)


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=64))
def test_a_line_of_other_text_is_a_password(password: str) -> None:
    assert parse(f"{password}\n") is None


def test_no_password_of_ours_is_taken_for_a_hash() -> None:
    assert all(parse(new_secret()) is None for _ in range(100))
    assert parse("") is None


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (":SHA-256:", ":SHA-512-256:", "one hash each"),
        ("101:softacd.internal:SHA-256", "102:softacd.internal:SHA-256", "of one password"),
        ("101:softacd.internal:SHA-256", "101:elsewhere:SHA-256", "of one password"),
        ("101:softacd.internal:SHA-256:", "and a password ", "one hash each"),
        (SECRET.ha1, SECRET.ha1_sha256, "too short or too long"),
    ],
)
def test_a_damaged_file_is_told(old: str, new: str, why: str) -> None:
    with pytest.raises(DamagedError, match=why):
        parse(written(SECRET).replace(old, new))


def test_the_file_is_its_owners_alone_and_stays_readable_for_whom_it_was(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "phone-101"
    keep(file, SECRET)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    file.chmod(0o640)  # the group of the service may read it
    other = PhoneSecret("101", "softacd.internal", *("0" * length for length in (32, 64, 64)))
    keep(file, other)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert parse(file.read_text()) == other
    assert [path.name for path in file.parent.iterdir()] == ["phone-101"]
