"""`softacd check`: is the configuration sound, and what does it say?"""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from rich.markup import escape

from softacd.ops.config import read_configuration
from softacd.ops.configuration_errors import ConfigurationError
from softacd.ops.configuration_option import find_configuration, read_or_exit
from softacd.ops.flow_drawing import flow_tree
from softacd.ops.model import Configuration

if TYPE_CHECKING:
    from rich.table import Table


@click.command()
@click.argument("config", type=click.Path(path_type=Path), required=False)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but problems.")
@click.option("--json", "as_json", is_flag=True, help="Tell the problems as JSON on standard output, and nothing else.")
@click.option("--strict", is_flag=True, help="Exit with status 1 on warnings too.")
def check(config: Path | None, quiet: bool, as_json: bool, strict: bool) -> None:
    """Check a configuration (file or directory). Exit status 1 when it cannot be used."""
    path = find_configuration(config)
    if as_json:
        raise SystemExit(_tell_in_json(path, strict=strict))
    reading = read_or_exit(path)
    if not quiet:
        print_summary(reading.configuration, path)
    if strict and reading.warnings:
        raise SystemExit(1)


def _tell_in_json(path: Path, *, strict: bool) -> int:
    """Print a list of problems for editors and pipelines; returns the exit status."""
    usable = True
    try:
        problems = list(read_configuration(path).warnings)
    except ConfigurationError as error:
        problems, usable = error.problems, False
    click.echo(msgspec.json.format(msgspec.json.encode(problems)).decode())
    return 1 if not usable or (strict and problems) else 0


def print_summary(configuration: Configuration, path: Path) -> None:
    """What the configuration says, on standard output."""
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"[green]ok[/] {escape(str(path))}", soft_wrap=True)
    console.print(_addresses(configuration))
    if configuration.trunks:
        console.print(_trunks(configuration))
    if configuration.phones:
        console.print(_phones(configuration))
    if configuration.queues:
        console.print(_queues(configuration))
    for flow in configuration.flows:
        console.print(flow_tree(flow, [entry.number for entry in configuration.numbers if entry.flow == flow.name]))


def _grid(title: str, *columns: str) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(*columns, title=title, title_justify="left", title_style="bold", header_style="dim", box=box.SIMPLE)
    table.columns[0].style = "cyan"
    return table


def _addresses(configuration: Configuration) -> "Table":
    table = _grid("", "", "")
    table.show_header = False
    media = configuration.media
    table.add_row("SIP", ", ".join(configuration.sip.listen))
    table.add_row("domain", configuration.sip.domain)
    table.add_row("media", f"{media.host}, ports {media.port_low} to {media.port_high}")
    token = "token set" if configuration.web.token else "closed: no token"
    table.add_row("HTTP API", f"{configuration.web.listen}, {token}")
    table.add_row("store", escape(configuration.store.shown()))
    outside = ", ".join(configuration.dial_plan.outside) or "closed"
    table.add_row("outside calls", outside)
    return table


def _trunks(configuration: Configuration) -> "Table":
    table = _grid("Trunks", "name", "server", "account", "numbers", "channels")
    for trunk in configuration.trunks:
        account = f"{escape(trunk.username)} (registers)" if trunk.register else escape(trunk.username) or "by address"
        table.add_row(
            trunk.name,
            f"{trunk.transport}:{trunk.host}" + (f":{trunk.port}" if trunk.port else ""),
            account,
            ", ".join(trunk.all_numbers),
            str(trunk.channels or "no limit"),
        )
    return table


def _phones(configuration: Configuration) -> "Table":
    table = _grid("Phones", "extension", "name", "agent", "queues", "outside calls")
    agents = {agent.phone: agent for agent in configuration.agents}
    for phone in configuration.phones:
        agent = agents.get(phone.extension)
        queues = [
            queue.name for queue in configuration.queues if agent and any(t.agent == agent.name for t in queue.tiers)
        ]
        table.add_row(
            phone.extension,
            escape(phone.display_name),
            agent.name if agent else "",
            ", ".join(queues),
            "yes" if phone.outside else "no",
        )
    return table


def _queues(configuration: Configuration) -> "Table":
    table = _grid("Queues", "name", "number", "strategy", "agents", "wrap-up", "service level")
    for queue in configuration.queues:
        strategy = f"{queue.strategy} {queue.ring}" if queue.strategy == "ring-k" else str(queue.strategy)
        agents = ", ".join(
            f"{tier.agent} (level {tier.level})" if tier.level > 1 else tier.agent for tier in queue.tiers
        )
        table.add_row(
            queue.name,
            queue.number,
            strategy,
            agents,
            f"{queue.wrap_up_seconds:g} s",
            f"{queue.service_level_seconds:g} s",
        )
    return table
