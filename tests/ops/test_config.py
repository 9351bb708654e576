"""Wrong configurations and what the owner is told: file, line, key, what was expected, the nearest name."""

import tomllib
from pathlib import Path
from textwrap import dedent
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softacd.ops.config import ConfigurationError, load_configuration, read_configuration
from softacd.ops.configuration_errors import Problem, Severity
from softacd.ops.phone_secrets import ha1
from softacd.ops.starter import render, write_starter

PASSWORD = "correct horse battery"
GOOD = dedent(f"""\
    [sip]
    listen = ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"]
    [trunks.alpha]
    host = "127.0.0.2"
    numbers = ["+37322000111"]
    [dial_plan]
    outside = ["+373."]
    [phones.101]
    password = "{PASSWORD}"
    [phones.102]
    ha1 = "00112233445566778899aabbccddeeff"
    [agents.ann]
    phone = "101"
    [agents.bob]
    phone = "102"
    [queues.sales]
    number = "601"
    agents = ["ann", {{ agent = "bob", level = 2 }}]
    [flows.main]
    start = "greeting"
    [flows.main.steps.greeting]
    do = "say"
    prompts = ["prompts/en/welcome"]
    then = "menu"
    [flows.main.steps.menu]
    do = "menu"
    prompts = ["prompts/en/menu-main"]
    choices = {{ 1 = "sales" }}
    [flows.main.steps.sales]
    do = "queue"
    queue = "sales"
    [numbers."+37322000111"]
    flow = "main"
    """)


def cases(name: str) -> dict[str, Any]:
    """A golden table: name -> what is replaced in GOOD, with what, and what is told."""
    table = tomllib.loads((Path(__file__).parent / name).read_text())
    return {case["name"]: case for case in table["case"]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "softacd.toml"
    file.touch(mode=0o600)  # it holds secrets
    return file


def told(file: Path, text: str) -> list[str]:
    """What is said of a wrong configuration, without the directory."""
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(file)
    errors = [problem for problem in caught.value.problems if problem.severity is Severity.ERROR]
    assert errors
    return [str(problem).replace(f"{file.parent}/", "") for problem in errors]


def replaced(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def test_the_good_one_is_good(file: Path) -> None:
    file.write_text(GOOD)
    reading = read_configuration(file)
    assert reading.warnings == ()
    configuration = reading.configuration
    assert [(tier.agent, tier.level) for tier in configuration.queues[0].tiers] == [("ann", 1), ("bob", 2)]
    assert configuration.phones[0].extension == "101"
    assert configuration.numbers[0].number == "+37322000111"
    assert configuration.flows[0].name == "main"
    assert configuration.store.url == f"sqlite:///{file.parent}/data/softacd.db"
    assert configuration.switch_settings().phones == configuration.phones


WRONG = cases("wrong_configurations.toml")
DOUBTFUL = cases("doubtful_configurations.toml")


@pytest.mark.parametrize("name", WRONG)
def test_wrong_files_are_answered(name: str, file: Path) -> None:
    case = WRONG[name]
    assert told(file, replaced(case["replace"], case["with"])) == case["told"]


def test_all_problems_are_told_at_once(file: Path) -> None:
    text = replaced('phone = "101"', 'phone = "999"').replace('queue = "sales"', 'queue = "x"').replace("601", "6-1")
    assert [line.split(": ")[1] for line in told(file, text)] == [
        "agents.ann.phone",
        "queues.sales.number",
        "flows.main.steps.sales.queue",
    ]


def test_a_missing_file_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file; expected a configuration; `softacd init`"):
        load_configuration(tmp_path / "none.toml")


def test_a_file_that_is_not_text(file: Path) -> None:
    file.write_bytes(b"[sip]\ndomain = '\xff'\n")
    with pytest.raises(ConfigurationError, match=r"softacd.toml:2: is not UTF-8 text"):
        load_configuration(file)


def test_a_directory_is_one_configuration(tmp_path: Path) -> None:
    head, tail = GOOD.split("[agents.ann]")
    (tmp_path / "10-network.toml").write_text(head)
    (tmp_path / "20-people.toml").write_text("[agents.ann]" + tail)
    (tmp_path / "30-more.toml").write_text("[sip]\ndomain = 'shop.example'\n")
    (tmp_path / "notes.txt").write_text("not read")
    configuration = load_configuration(tmp_path)
    assert configuration.sip.domain == "shop.example"
    assert [agent.name for agent in configuration.agents] == ["ann", "bob"]


def test_a_name_given_in_two_files_names_both_places(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD)
    (tmp_path / "b.toml").write_text("[sip]\nlisten = []\n\n[agents.ann]\ndisplay_name = 'Ann'\n")
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [
        f"{tmp_path}/b.toml:2: sip.listen: already given in {tmp_path}/a.toml:2; expected each name in one file only",
        f"{tmp_path}/b.toml:4: agents.ann: already given in {tmp_path}/a.toml:12; expected each name in one file only",
    ]


def test_a_file_that_cannot_be_read_is_the_only_news(tmp_path: Path) -> None:
    head, tail = GOOD.split("[agents.ann]")
    (tmp_path / "10-network.toml").write_text(head.replace("contacts", "") + "[agents.eve]\nphone = 101\n")
    (tmp_path / "20-people.toml").write_text("[agents.ann" + tail)
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(tmp_path)
    assert [f"{Path(problem.file).name}: {problem.key}" for problem in caught.value.problems] == [
        "10-network.toml: agents.eve.phone",
        "20-people.toml: ",
    ]


def test_an_empty_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"holds no \*.toml file"):
        load_configuration(tmp_path)


def test_any_number_of_listening_points(file: Path) -> None:
    file.write_text(replaced('"udp:127.0.0.1:5060"', '"udp:0.0.0.0:5060", "udp:[::1]:5060", "udp:127.0.0.1:5070"'))
    listeners = load_configuration(file).sip.listeners()
    assert list(map(str, listeners)) == [
        "udp:0.0.0.0:5060",
        "udp:[::1]:5060",
        "udp:127.0.0.1:5070",
        "tcp:127.0.0.1:5060",
    ]


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_a_password_becomes_hashes_and_is_not_kept(file: Path) -> None:
    file.write_text(GOOD)
    phone = load_configuration(file).phones[0]
    assert phone.password == ""
    # printf '%s' '101:softacd.internal:correct horse battery' | md5sum
    assert phone.ha1 == ha1("101", "softacd.internal", PASSWORD)
    assert len(phone.ha1_sha256) == 64


def test_ha1_is_that_of_the_rfc() -> None:
    """RFC 7616, 3.9.1: the user, realm and password of its example, hashed by coreutils."""
    assert ha1("Mufasa", "http-auth@example.org", "Circle of Life") == "3d78807defe7de2157e2b0b6573a855f"
    assert (
        ha1("Mufasa", "http-auth@example.org", "Circle of Life", "sha256")
        == "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232"
    )


def test_secrets_come_from_files_and_the_environment(file: Path) -> None:
    secret = file.parent / "secret-101"
    secret.write_text("from the file\n")
    secret.chmod(0o600)
    file.write_text(
        replaced(f'password = "{PASSWORD}"', 'password_file = "secret-101"')
        + '[web]\ntoken_env = "TOKEN"\n[trunks.beta]\nhost = "127.0.0.3"\npassword_env = "BETA"\n'
    )
    reading = read_configuration(file, {"TOKEN": "0123456789abcdef", "BETA": "geheim"})
    assert reading.warnings == ()
    configuration = reading.configuration
    assert configuration.phones[0].ha1 == ha1("101", "softacd.internal", "from the file")
    assert configuration.web.token == "0123456789abcdef"
    assert configuration.trunks[1].password == "geheim"
    assert configuration.secrets() >= {"0123456789abcdef", "geheim", configuration.phones[0].ha1}


def test_a_secret_file_others_can_read_is_warned_of(file: Path) -> None:
    secret = file.parent / "secret-101"
    secret.write_text("from the file\n")
    secret.chmod(0o644)
    file.write_text(replaced(f'password = "{PASSWORD}"', 'password_file = "secret-101"'))
    (warning,) = read_configuration(file).warnings
    assert (warning.key, warning.expected) == ("phones.101.password_file", f"chmod 600 {secret}")


def test_a_secret_in_a_file_others_can_read_is_warned_of_once(file: Path) -> None:
    file.chmod(0o644)
    file.write_text(GOOD + '[phones.103]\npassword = "another long one"\n')
    (warning,) = read_configuration(file).warnings
    assert (warning.key, warning.expected) == ("phones.101.password", f"chmod 600 {file}")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"two\nlines", b"\xff\xfe", b"x" * 5000, b"a\x00b"])
def test_a_secret_file_with_no_secret_in_it(file: Path, content: bytes) -> None:
    (file.parent / "secret").write_bytes(content)
    (said,) = told(file, replaced(f'password = "{PASSWORD}"', 'password_file = "secret"'))
    assert "phones.101.password_file: secret does not hold one line of text" in said


def test_no_repr_tells_a_secret(file: Path) -> None:
    file.write_text(
        GOOD
        + '[web]\ntoken = "0123456789abcdef"\n[trunks.beta]\nhost = "127.0.0.3"\npassword = "geheim"\n'
        + '[store]\nurl = "postgresql://ann:geheim@db/softacd"\n'
    )
    configuration = load_configuration(file)
    shown = repr(configuration) + repr(configuration.store) + str(configuration.web.__rich_repr__())
    for secret in ("geheim", "0123456789abcdef", PASSWORD, configuration.phones[0].ha1, "00112233445566778899aabbcc"):
        assert secret not in shown


# --- warnings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_probably_not_meant_is_warned_of(name: str, file: Path) -> None:
    case = DOUBTFUL[name]
    file.write_text(replaced(case["replace"], case["with"]))
    warnings = read_configuration(file).warnings
    assert all(warning.severity is Severity.WARNING for warning in warnings)
    assert [f"{warning.key}: {warning.message}" for warning in warnings] == case["told"]


# --- anything at all -------------------------------------------------------------------------------------------------

STARTER_LINES = render().split("\n")
JUNK = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["[", "]", "{", "}", '"', "=", "[[a]]", "[phones]", "[phones.101]", "phones = 1", "x.y = 2", "\x00", "é", "nan",
         "9" * 30, "-1", "1e400", "[]", "{}", '""', "1979-05-27", "true", "\r", "\\", '"""', "../..", "*", "0" * 5000]
    ),
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The starter with some lines dropped, doubled, cut, swapped, or with values replaced by junk."""
    lines = list(STARTER_LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 6)):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, draw(JUNK))
            case 2:
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
            case 3:
                key = lines[at].split("=")[0]
                lines[at] = f"{key}= {draw(JUNK)}"
            case 4:
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case 5:
                lines[at] = lines[at].replace('"', draw(JUNK), 1)
            case _:
                lines[at] = draw(JUNK) + lines[at]
    return "\n".join(lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(text=mutated())
def test_a_mutated_configuration_loads_or_raises_configuration_error(text: str, starter: Path) -> None:
    file = starter / "mutated.toml"
    file.write_bytes(text.encode("utf-8", errors="surrogatepass"))
    problems: list[Problem] = []
    try:
        configuration = load_configuration(file)
    except ConfigurationError as error:
        problems = error.problems
    else:
        msgspec.json.encode(configuration)
        return
    lines = text.count("\n") + text.count("\r") + 1
    assert any(problem.severity is Severity.ERROR for problem in problems)
    assert all(0 <= problem.line <= lines and problem.message for problem in problems)


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("starter")
    write_starter(directory)
    return directory
