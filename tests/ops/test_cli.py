"""The command line as a user meets it."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from softacd import __version__
from softacd.ops.cli import COMMANDS, LazyGroup, softacd


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def test_version(runner: CliRunner) -> None:
    result = runner.invoke(softacd, ["--version"])
    assert (result.exit_code, result.output) == (0, f"softacd, version {__version__}\n")


def test_help_lists_every_command_without_importing_one() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from softacd.ops.cli import softacd\n"
        "print(CliRunner().invoke(softacd, ['--help']).output)\n"
        "heavy = {'numpy', 'uvloop', 'litestar', 'sqlalchemy', 'rich', 'msgspec', 'structlog', 'asyncio'}\n"
        "print('IMPORTED', sorted(heavy & set(sys.modules)))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for name, (_, line) in COMMANDS.items():
        assert f"  {name}" in output
        assert line in output
    assert "IMPORTED []" in output


def test_an_unknown_command_names_the_nearest(runner: CliRunner) -> None:
    result = runner.invoke(softacd, ["chek"])
    assert result.exit_code == 2
    assert 'No such command "chek". Did you mean "check"?' in result.stderr


def test_a_command_that_is_not_installed_breaks_nothing_else(runner: CliRunner) -> None:
    group = LazyGroup(
        table={"missing": ("softacd.ops.no_such_module:it", "Not here."), "check": COMMANDS["check"]},
        name="softacd",
        help="",
    )
    assert runner.invoke(group, ["--help"]).exit_code == 0
    result = runner.invoke(group, ["missing"])
    assert result.exit_code == 1
    assert "missing is not part of this installation (softacd.ops.no_such_module is missing)" in result.stderr


@pytest.mark.parametrize("name", ["run", "check", "init"])
def test_own_commands_are_there(name: str) -> None:
    command = softacd.get_command(click.Context(softacd), name)
    assert command is not None
    assert command.help


def test_init_then_check(runner: CliRunner, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    result = runner.invoke(softacd, ["init", str(shop)])
    assert result.exit_code == 0
    assert f"softacd run --config {shop}/softacd.toml" in result.stdout
    for secret in (shop / "secrets").iterdir():
        assert secret.read_text().strip() not in result.output

    result = runner.invoke(softacd, ["check", str(shop / "softacd.toml")])
    assert result.exit_code == 0
    assert 'warning: trunks.alpha.host: "sip.alpha.example" is an example' in result.stderr
    for word in ("ok ", "alpha", "101", "sales", "ring-k 4", "+373ZXXXXXXX", "token set"):
        assert word in result.stdout
    assert (
        """\
Flow main +37322000111, +37322000222
├── greeting say prompts/en/welcome
└── menu menu prompts/en/menu-main (3 x 5 s)
    ├── 1 sales-notice say prompts/en/recording-notice
    │   └── sales queue sales
    │       └── not served sorry say prompts/en/no-agents, prompts/en/goodbye
    ├── 2 support-notice say prompts/en/recording-notice
"""
        in result.stdout
    )

    result = runner.invoke(softacd, ["init", str(shop)])
    assert result.exit_code == 1
    assert "exists already" in result.stderr


def test_check_strict_fails_on_warnings(runner: CliRunner, tmp_path: Path) -> None:
    runner.invoke(softacd, ["init", str(tmp_path)])
    result = runner.invoke(softacd, ["check", "--quiet", "--strict", str(tmp_path / "softacd.toml")])
    assert (result.exit_code, result.stdout) == (1, "")


@pytest.mark.parametrize("command", [["check"], ["run", "--config"]])
def test_a_wrong_configuration_is_told_in_full(runner: CliRunner, tmp_path: Path, command: list[str]) -> None:
    file = tmp_path / "softacd.toml"
    file.write_text('[sip]\ndomian = "[bold]x"\n[agents.ann]\nphone = "[101]"\n')
    result = runner.invoke(softacd, [*command, str(file)])
    assert result.exit_code == 1
    assert f"{file}:2: error: sip.domian: unknown key\n" in result.stderr
    assert '    did you mean "domain"?\n' in result.stderr
    assert f'{file}:4: error: agents.ann.phone: there is no phone "[101]"\n' in result.stderr
    assert "The configuration cannot be used: 2 errors." in result.stderr


def test_check_tells_machines_in_json(runner: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "softacd.toml"
    file.write_text("[log]\nlevel = 'infos'\n")
    result = runner.invoke(softacd, ["check", "--json", str(file)])
    assert result.exit_code == 1
    assert [problem for problem in json.loads(result.stdout) if problem["severity"] == "error"] == [
        {
            "file": str(file),
            "line": 2,
            "key": "log.level",
            "message": 'got "infos"',
            "expected": 'one of "debug", "error", "info", "warning"',
            "suggestion": '"info"',
            "severity": "error",
        }
    ]
    file.write_text("")
    assert runner.invoke(softacd, ["check", "--json", str(file)]).exit_code == 0
    assert runner.invoke(softacd, ["check", "--json", "--strict", str(file)]).exit_code == 1


def test_markup_in_names_is_only_text(runner: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "softacd.toml"
    file.write_text('[phones.101]\npassword = "long enough"\ndisplay_name = "[red]Ann[/]"\n')
    result = runner.invoke(softacd, ["check", str(file)])
    assert result.exit_code == 0
    assert "[red]Ann[/]" in result.stdout


def test_where_the_configuration_is_looked_for(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("softacd.ops.configuration_option.DEFAULT_PLACES", (Path("softacd.toml"),))
    monkeypatch.delenv("SOFTACD_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    result = runner.invoke(softacd, ["check", "-q"])
    assert result.exit_code == 2
    assert "name one with --config or $SOFTACD_CONFIG" in result.stderr
    monkeypatch.setenv("SOFTACD_CONFIG", str(tmp_path / "named.toml"))
    assert "named.toml: error: there is no such file" in runner.invoke(softacd, ["check", "-q"]).stderr
    monkeypatch.delenv("SOFTACD_CONFIG")
    (tmp_path / "softacd.toml").write_text("")
    assert runner.invoke(softacd, ["check", "-q"]).exit_code == 0


@pytest.mark.parametrize("command", ["check", "flow", "init"])
def test_commands_that_serve_nothing_load_neither_sound_nor_database_nor_server(command: str) -> None:
    loaded = (
        f"import sys, softacd.ops.cli as cli; cli.softacd.get_command(None, {command!r}); "
        "print([name for name in ('numpy', 'av', 'soxr', 'sqlalchemy', 'litestar', 'uvicorn', 'structlog') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)  # our own
    assert done.stdout.strip() == "[]"
