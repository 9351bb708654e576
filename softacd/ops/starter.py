"""A first configuration: commented, running as it is, and without a password that anybody else has."""

import os
from pathlib import Path
from string import Template

import msgspec

from softacd.ops.phone_secrets import hashed, new_secret, written

PHONES = ("101", "102", "103", "104", "105")
TRUNKS = ("alpha", "beta")
CONFIGURATION_NAME = "softacd.toml"
SECRETS_DIRECTORY = "secrets"
DOMAIN = "softacd.internal"

_TEMPLATE = Template("""\
# softacd. Every key, with its range and default, is in docs/configuration.md; `softacd check` finds mistakes.
# Secrets are kept in files beside this one, so that this file may be shown and versioned.

[server]
node = "n1"                     # part of every call id; differs from node to node
name = "$name"
data_directory = "data"         # call records live here

[sip]
# Nothing is served beyond this machine until you name an address of your network here:
# listen = ["udp:192.168.1.10:5060", "tcp:192.168.1.10:5060"]
listen = ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"]
domain = "$domain"     # realm of the phones' passwords: with another one they need new ones
# public_address = "198.51.100.7"   # when a NAT router stands between us and the carriers

[media]
host = "127.0.0.1"              # the address of your network, as in [sip]
port_low = 16384
port_high = 32767

[web]
listen = "127.0.0.1:8080"
token_file = "secrets/web-token"

[log]
level = "info"

# --- Carriers. The first that works is taken for a call out; calls in come from both. -------------------------------

[trunks.alpha]
host = "$alpha"
username = "alpha-account"
password_file = "secrets/trunk-alpha"
register = true
numbers = ["+37322000111"]
channels = 10

[trunks.beta]
host = "$beta"
username = "beta-account"
password_file = "secrets/trunk-beta"
register = true
numbers = ["+37322000222"]
channels = 10

# --- What phones may dial outside. Nothing, until a pattern is named: X is any digit, Z is 1 to 9, "." any rest. -----

[dial_plan]
outside = ["+373ZXXXXXXX", "0ZXXXXXXX"]
trunks = ["alpha", "beta"]

# --- Phones: user name and extension are one. The files hold hashes; `softacd phones password 101` makes a new one. ---

[phones.101]
password_file = "secrets/phone-101"
display_name = "Ann"

[phones.102]
password_file = "secrets/phone-102"
display_name = "Bob"

[phones.103]
password_file = "secrets/phone-103"
display_name = "Carol"

[phones.104]
password_file = "secrets/phone-104"
display_name = "Dan"

[phones.105]
password_file = "secrets/phone-105"
display_name = "Eve"
outside = false                 # calls colleagues and queues only

# --- Agents: people who take calls of queues. *40 on the own phone: available; *41: break; *44: logged out. ----------

[agents.ann]
phone = "101"
display_name = "Ann"

[agents.bob]
phone = "102"
display_name = "Bob"

[agents.carol]
phone = "103"
display_name = "Carol"

[agents.dan]
phone = "104"
display_name = "Dan"

[agents.eve]
phone = "105"
display_name = "Eve"

# --- Queues: who is rung for a caller, how, and for how long. -----------------------------------------------------

[queues.sales]
number = "601"
strategy = "ring-k"             # ring the so many longest-idle agents at once
ring = 4
ring_seconds = 20
wrap_up_seconds = 15
service_level_seconds = 20
agents = ["ann", "bob", "carol", { agent = "dan", level = 2 }]

[queues.support]
number = "602"
strategy = "longest-idle"
wrap_up_seconds = 30
agents = ["carol", "dan", "eve"]

[queues.accounts]
number = "603"
strategy = "ring-all"
agents = ["eve", { agent = "ann", level = 2 }]

# --- What callers go through. -----------------------------------------------------------------------------------

[flows.main]
start = "greeting"

[flows.main.steps.greeting]
do = "say"
prompts = ["prompts/en/welcome"]
then = "menu"

[flows.main.steps.menu]
do = "menu"
prompts = ["prompts/en/menu-main"]
choices = { 1 = "sales-notice", 2 = "support-notice", 3 = "accounts-notice" }
timeout_seconds = 5
tries = 3
otherwise = "sales-notice"      # who presses nothing is served all the same

[flows.main.steps.sales-notice]
do = "say"
prompts = ["prompts/en/recording-notice"]
then = "sales"

[flows.main.steps.sales]
do = "queue"
queue = "sales"
then = "sorry"

[flows.main.steps.support-notice]
do = "say"
prompts = ["prompts/en/recording-notice"]
then = "support"

[flows.main.steps.support]
do = "queue"
queue = "support"
then = "sorry"

[flows.main.steps.accounts-notice]
do = "say"
prompts = ["prompts/en/recording-notice"]
then = "accounts"

[flows.main.steps.accounts]
do = "queue"
queue = "accounts"
then = "sorry"

[flows.main.steps.sorry]
do = "say"
prompts = ["prompts/en/no-agents", "prompts/en/goodbye"]

[numbers."+37322000111"]
flow = "main"

[numbers."+37322000222"]
flow = "main"
""")


class StarterError(Exception):
    """The files cannot be written; the message says why and what to do."""


class Written(msgspec.Struct, frozen=True):
    """What was made: the configuration (None when only secrets were asked for) and the new secret files.

    `passwords` of phones, by extension, are in no file: whoever made them tells them now or never.
    """

    configuration: Path | None
    secrets: tuple[Path, ...]
    passwords: dict[str, str]

    def __repr__(self) -> str:
        return f"Written({self.configuration}, {len(self.secrets)} secrets)"


def render(*, name: str = "softacd", alpha: str = "sip.alpha.example", beta: str = "sip.beta.example") -> str:
    """The text of the first configuration; `alpha` and `beta` are the carriers' servers."""
    return _TEMPLATE.substitute(name=name, alpha=alpha, beta=beta, domain=DOMAIN)


def write_starter(directory: Path, *, configuration: bool = True) -> Written:
    """Write the configuration, and a fresh secret into each file it names; directory 0700 for secrets, files 0600.

    With `configuration=False` only secret files that are missing are made. Raises StarterError rather than overwrite.
    """
    target = directory / CONFIGURATION_NAME
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if configuration:
            _write(target, render(), 0o644)
        made, passwords = write_secrets(directory / SECRETS_DIRECTORY)
        return Written(target if configuration else None, made, passwords)
    except FileExistsError as error:
        raise StarterError(f"{error.filename or directory} exists already: choose another directory") from None
    except OSError as error:
        raise StarterError(f"{error.filename or directory}: {error.strerror}") from None


def write_secrets(directory: Path) -> tuple[tuple[Path, ...], dict[str, str]]:
    """Make each secret file of the first configuration that is not there yet.

    Returns those made, and the passwords of phones among them, of which the files hold hashes only.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    made: list[Path] = []
    passwords: dict[str, str] = {}

    def make(name: str, content: str) -> bool:
        path = directory / name
        if path.exists():
            return False
        _write(path, content, 0o600)
        made.append(path)
        return True

    make("web-token", new_secret() + "\n")
    for phone in PHONES:
        password = new_secret()
        if make(f"phone-{phone}", written(hashed(phone, DOMAIN, password))):
            passwords[phone] = password
    for trunk in TRUNKS:
        make(f"trunk-{trunk}", new_secret() + "\n")
    return tuple(made), passwords


def _write(path: Path, text: str, mode: int) -> None:
    """Create a file that must not exist, with its final permissions from the first moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
