"""The first configuration from its owner's answers: carriers, phones, hours, greeting. Judged before it is written."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from softacd.calls.hours import DAYS, spans
from softacd.calls.model import HidesSecrets
from softacd.calls.users import Role
from softacd.ops.config import Reading, read_configuration
from softacd.ops.configuration_errors import ConfigurationError, Problem
from softacd.ops.configuration_files import replace_files
from softacd.ops.model import SipSettings
from softacd.ops.phone_secrets import hashed, new_secret, written
from softacd.ops.starter import CONFIGURATION_NAME, SECRETS_DIRECTORY
from softacd.ops.toml_edit import render
from softacd.ops.users_access import DatabaseAccess
from softacd.web.passwords import LEAST_PASSWORD, MOST_PASSWORD, judge_password

Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Line = Annotated[str, msgspec.Meta(max_length=100)]
Number = Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9]{3,20}$")]


class Administrator(HidesSecrets, frozen=True, forbid_unknown_fields=True):
    """Who signs in first, and may do everything."""

    name: Word
    """Name to sign in with."""
    password: Annotated[str, msgspec.Meta(min_length=LEAST_PASSWORD, max_length=MOST_PASSWORD)]
    """Kept as a hash only."""


class Carrier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One carrier."""

    name: Word
    """A word for it."""
    host: Annotated[str, msgspec.Meta(min_length=1, max_length=253)]
    """Name or address of its SIP server."""
    numbers: Annotated[list[Number], msgspec.Meta(min_length=1, max_length=50)]
    """Our numbers there, with country ("+37322000111")."""
    username: Line = ""
    """Account there; empty: it knows us by our address."""
    password: Annotated[str, msgspec.Meta(max_length=256)] = ""
    """Of the account."""

    def __repr__(self) -> str:
        return f"Carrier({self.name!r}, {self.host!r})"


class FirstPhone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One phone, and who works at it."""

    extension: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{2,6}$")]
    """Its number in the house."""
    agent: Word
    """Name of the agent, as reports and the desk show it."""
    display_name: Line = ""
    """Name of the person."""


class SetupRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is asked at the first run."""

    shop: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    """What the shop is called."""
    administrator: Administrator
    """Who signs in first."""
    address: str
    """Address of this machine at which phones reach it."""
    carriers: Annotated[list[Carrier], msgspec.Meta(min_length=1, max_length=2)]
    """One or two; calls out take the first that works."""
    phones: Annotated[list[FirstPhone], msgspec.Meta(min_length=1, max_length=100)]
    """Every phone of the house."""
    language: Literal["en", "ru", "uk", "ro"] = "en"
    """What callers hear."""
    time_zone: Line = ""
    """Time zone of the house ("Europe/Chisinau"); empty: the machine's."""
    hours: dict[str, str] = {}
    """Days -> times at which callers are served; none: always."""
    outside: Annotated[list[Line], msgspec.Meta(max_length=20)] = []
    """Patterns phones may dial outside ("0ZXXXXXXX"); none: they call nobody outside."""
    greeting: Literal["welcome", "none"] = "welcome"
    """What callers hear first; another greeting is uploaded later."""
    public_address: str = ""
    """Address the carriers reach us at, when a NAT router stands between; "learned": they tell it."""


def texts_of(request: SetupRequest, directory: Path, web: str) -> tuple[dict[Path, str | None], dict[Path, str]]:
    """The configuration's text and its secret files; `web` is where the API is served.

    Raises ConfigurationError for answers that cannot be.
    """
    if weak := judge_password(request.administrator.name, request.administrator.password):
        raise ConfigurationError([_problem("administrator.password", weak, "another password")])
    for days, times in request.hours.items():
        _judge_hours(days, times)
    secrets: dict[str, str] = {"web-token": f"{new_secret()}\n"}
    # Of phones' passwords only hashes are kept: each gets its own when it is set up.
    secrets |= {
        f"phone-{phone.extension}": written(hashed(phone.extension, SipSettings().domain, new_secret()))
        for phone in request.phones
    }
    secrets |= {f"trunk-{carrier.name}": f"{carrier.password}\n" for carrier in request.carriers if carrier.password}
    text = _HEAD + "\n".join(
        f"# --- {title} ---\n\n" + "\n".join(render(path, values) for path, values in tables)
        for title, tables in _parts(request, web)
    )
    files: dict[Path, str | None] = {directory / CONFIGURATION_NAME: text}
    return files, {directory / SECRETS_DIRECTORY / name: value for name, value in secrets.items()}


def judge(request: SetupRequest, directory: Path, web: str) -> tuple[dict[Path, str | None], dict[Path, str], Reading]:
    """As `texts_of`, judged by every check. Raises ConfigurationError."""
    files, secrets = texts_of(request, directory, web)
    directory.mkdir(parents=True, exist_ok=True)
    return files, secrets, read_configuration(directory, texts={**files, **secrets})


def write(request: SetupRequest, directory: Path, web: str) -> Reading:
    """Write the first configuration; nothing that is there is overwritten.

    Raises ConfigurationError, OSError, StoreError and AccessError. Not in a loop's thread.
    """
    files, secrets, reading = judge(request, directory, web)
    for file in (*files, *secrets):
        if file.exists():
            raise FileExistsError(17, "there is such a file already", str(file))
    replace_files(files, secrets)
    administrator = request.administrator
    DatabaseAccess(reading.configuration).put(
        administrator.name, Role.ADMINISTRATOR, None, request.language, administrator.password
    )
    return reading


_HEAD = """\
# softacd. Every key, with its range and default, is in docs/configuration.md; `softacd check` finds mistakes.
# Secrets are kept in files beside this one, so that this file may be shown and versioned.

"""

Tables = list[tuple[tuple[str, ...], Mapping[str, Any]]]


def _parts(request: SetupRequest, web: str) -> list[tuple[str, Tables]]:
    prompts = f"prompts/{request.language}"
    address = _bracketed(request.address)
    main = {
        "name": request.shop,
        "language": request.language,
        "time_zone": request.time_zone,
        "data_directory": "data",
    }
    sip = {"listen": [f"udp:{address}:5060", f"tcp:{address}:5060"], "public_address": request.public_address}
    agents = [phone.agent for phone in request.phones]
    machine: Tables = [
        (("server",), {**{key: value for key, value in main.items() if value}, "data_directory": "data"}),
        (("sip",), {key: value for key, value in sip.items() if value}),
        (("media",), {"host": request.address}),
        (("web",), {"listen": web, "token_file": f"{SECRETS_DIRECTORY}/web-token"}),
    ]
    carriers: Tables = [(("trunks", carrier.name), _trunk(carrier)) for carrier in request.carriers]
    dial = {"outside": list(request.outside), "trunks": [carrier.name for carrier in request.carriers]}
    carriers.append((("dial_plan",), dial))
    people: Tables = []
    for phone in request.phones:
        name = {"display_name": phone.display_name} if phone.display_name else {}
        secret = {"password_file": f"{SECRETS_DIRECTORY}/phone-{phone.extension}"}
        people.append((("phones", phone.extension), {**secret, **name}))
    people += [(("agents", phone.agent), {"phone": phone.extension}) for phone in request.phones]
    queue: dict[str, Any] = {"number": _free(request), "agents": agents, "wrap_up_seconds": 15}
    steps: dict[str, dict[str, Any]] = {"wait": {"do": "queue", "queue": "main", "then": "sorry"}}
    if request.greeting == "welcome":
        steps = {"greeting": {"do": "say", "prompts": [f"{prompts}/welcome"], "then": "wait"}, **steps}
    steps["sorry"] = {"do": "say", "prompts": [f"{prompts}/no-agents", f"{prompts}/goodbye"]}
    callers: Tables = [
        (("queues", "main"), queue),
        (("flows", "main"), {"start": next(iter(steps)), "steps": steps}),
    ]
    number: dict[str, Any] = {"flow": "main"}
    if request.hours:
        closed = {"do": "say", "prompts": [f"{prompts}/closed", f"{prompts}/goodbye"]}
        callers.append((("flows", "closed"), {"start": "closed", "steps": {"closed": closed}}))
        callers.append((("hours", "office"), {"week": dict(request.hours)}))
        number |= {"hours": "office", "closed": "closed"}
    for carrier in request.carriers:
        callers += [(("numbers", ours), number) for ours in carrier.numbers]
    return [
        ("This machine", machine),
        ("Carriers, and what phones may dial outside", carriers),
        ("Phones, and who works at them", people),
        ("What callers go through", callers),
    ]


def _trunk(carrier: Carrier) -> dict[str, Any]:
    account = {"username": carrier.username, "password_file": f"{SECRETS_DIRECTORY}/trunk-{carrier.name}"}
    known = account | {"register": True} if carrier.username and carrier.password else {}
    return {"host": carrier.host, **known, "numbers": list(carrier.numbers)}


def _free(request: SetupRequest) -> str:
    """A number for the queue that is no phone's."""
    taken = {phone.extension for phone in request.phones}
    return next(str(number) for number in range(600, 10_000) if str(number) not in taken)


def _bracketed(address: str) -> str:
    try:
        return f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
    except ValueError:
        return address  # told by the checks


def _judge_hours(days: str, times: str) -> None:
    first, _, last = days.partition("-")
    if first not in DAYS or (last and last not in DAYS):
        raise ConfigurationError([_problem("hours", f"{days!r} are no days", 'days like "mon-fri" or "sat"')])
    try:
        spans(times)
    except ValueError as error:
        raise ConfigurationError([_problem("hours", str(error), 'times like "09:00-18:00"')]) from None


def _problem(key: str, message: str, expected: str) -> Problem:
    return Problem("", 0, key, message, expected)
