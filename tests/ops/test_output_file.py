"""Files that options name: refused before the work when they cannot be written."""

import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from softacd.ops.bench_command import bench
from softacd.ops.demo_command import demo
from softacd.ops.output_file import OutputFile, write_output


@click.command()
@click.option("--json", "file", type=OutputFile())
def command(file: Path | None) -> None:
    """Write a file after long work."""
    print("worked")
    if file is not None:
        write_output(file, b"{}")


def test_a_file_that_can_be_written_is(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("old")
    for name in ("new", "there"):
        assert CliRunner().invoke(command, ["--json", str(tmp_path / name)]).exit_code == 0
        assert (tmp_path / name).read_bytes() == b"{}"


def test_a_name_alone_is_a_file_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(command, ["--json", "new"]).exit_code == 0
    assert (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "why"), [("absent/new", "there is no directory"), (".", "is a directory"), ("file/new", "no directory")]
)
def test_one_that_cannot_is_told_before_the_work(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "file").touch()
    result = CliRunner().invoke(command, ["--json", str(tmp_path / name)])
    assert result.exit_code == 2
    assert "worked" not in result.output
    assert why in " ".join(result.output.split())


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_one_that_may_not_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "new").touch(mode=0o400)
    result = CliRunner().invoke(command, ["--json", str(tmp_path / "new")])
    assert result.exit_code == 2
    assert "cannot be written" in result.output


def test_what_fails_all_the_same_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match=r"could not be written: No such file or directory"):
        write_output(tmp_path / "absent" / "new", b"")


@pytest.mark.parametrize("tool", [demo, bench])
def test_the_long_commands_look_first(tool: click.Command, tmp_path: Path) -> None:
    result = CliRunner().invoke(tool, ["--json", str(tmp_path / "absent" / "result.json")])
    assert result.exit_code == 2
    assert "there is no directory" in " ".join(result.output.split())
