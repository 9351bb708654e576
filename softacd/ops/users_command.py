"""`softacd users`: who may sign in to the desk; on a running switch through its API, else in the database."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from softacd.calls.users import Role
from softacd.ops.configuration_option import find_configuration, read_or_exit
from softacd.ops.customers_access import AccessError
from softacd.ops.model import Configuration
from softacd.ops.users_access import UserAccess, open_users
from softacd.web.passwords import judge_password

_CONFIG = click.option("--config", type=click.Path(path_type=Path), help="Configuration of the switch.")
_NAME = click.argument("name")
_ROLE = click.option("--role", type=click.Choice([role.value for role in Role]), help="What he may do.")
_AGENT = click.option("--agent", help='The agent he works as; "": none.')
_LANGUAGE = click.option("--language", help="Language he wants the desk in, two letters.")


@click.group()
def users() -> None:
    """Who may sign in to the desk. Passwords are asked for, or read from standard input."""


@users.command()
@_NAME
@_ROLE
@_AGENT
@_LANGUAGE
@_CONFIG
def add(name: str, role: str | None, agent: str | None, language: str | None, config: Path | None) -> None:
    """Add a user. Without --role he is an agent, who works as the agent of his name if there is one."""
    with _access(config) as (access, configuration):
        if any(user.name == name for user in access.users()):
            raise AccessError(f"there is a user {name} already: change him with `softacd users set`")
        agents = {one.name for one in configuration.agents}
        if agent is None and role in (None, Role.AGENT) and name in agents:
            agent = name
        _check_agent(agent, agents)
        access.put(name, Role(role or Role.AGENT), agent, language, _new_password(name))
    click.echo(f"{name} may sign in as {role or Role.AGENT.value}")


@users.command(name="set")
@_NAME
@_ROLE
@_AGENT
@_LANGUAGE
@_CONFIG
def set_(name: str, role: str | None, agent: str | None, language: str | None, config: Path | None) -> None:
    """Change what a user may do."""
    with _access(config) as (access, configuration):
        _known(access, name)
        _check_agent(agent, {one.name for one in configuration.agents})
        access.put(name, None if role is None else Role(role), agent, language, None)
    click.echo(f"{name} is changed")


@users.command(name="list")
@_CONFIG
def list_(config: Path | None) -> None:
    """List everybody who may sign in."""
    with _access(config) as (access, _):
        found = access.users()
    if not found:
        click.echo("nobody may sign in: `softacd users add NAME --role administrator`")
    for user in found:
        factor = "  second factor" if user.second_factor else ""
        click.echo(f"{user.name:<20} {user.role.value:<14} {user.agent or '-':<16} {user.language}{factor}")


@users.command()
@_NAME
@_CONFIG
def password(name: str, config: Path | None) -> None:
    """Give a user a new password; his sessions end."""
    with _access(config) as (access, _):
        _known(access, name)
        access.put(name, None, None, None, _new_password(name))
    click.echo(f"{name} has a new password")


@users.command()
@_NAME
@_CONFIG
def remove(name: str, config: Path | None) -> None:
    """Remove a user; his sessions end."""
    with _access(config) as (access, _):
        access.remove(name)
    click.echo(f"{name} may no longer sign in")


@users.command()
@_NAME
@click.option("--off", is_flag=True, help="Take the second factor away.")
@_CONFIG
def totp(name: str, off: bool, config: Path | None) -> None:
    """Give a user a second factor, and show what his authenticator must be told."""
    with _access(config) as (access, _):
        if off:
            access.take_second_factor(name)
            click.echo(f"{name} signs in with the password alone")
            return
        factor = access.give_second_factor(name)
    click.echo(f"Add this to the authenticator of {name}; it is shown only once:")
    click.echo(f"  secret   {factor.secret}")
    click.echo(f"  address  {factor.address}")


@contextmanager
def _access(config: Path | None) -> Iterator[tuple[UserAccess, Configuration]]:
    configuration = read_or_exit(find_configuration(config), show_warnings=False).configuration
    try:
        yield open_users(configuration), configuration
    except AccessError as error:
        raise click.ClickException(str(error)) from None


def _known(access: UserAccess, name: str) -> None:
    if all(user.name != name for user in access.users()):
        raise AccessError(f"there is no user {name}")


def _check_agent(agent: str | None, agents: set[str]) -> None:
    if agent and agent not in agents:
        known = ", ".join(sorted(agents)) or "none is configured"
        raise AccessError(f"there is no agent {agent}: {known}")


def _new_password(name: str) -> str:
    """Asked for twice on a terminal, else one line of standard input. Raises AccessError when it is no good."""
    if sys.stdin.isatty():
        chosen = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        chosen = sys.stdin.readline().rstrip("\r\n")
    if wrong := judge_password(name, chosen):
        raise AccessError(wrong)
    return chosen
