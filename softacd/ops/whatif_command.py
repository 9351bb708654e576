"""`softacd whatif`: a dry run of a call against the running switch. Nothing is changed."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import click
import msgspec

from softacd.ops.api_client import ApiClient, ApiError
from softacd.ops.calls_words import plain
from softacd.ops.top_command import TOKEN_VARIABLE, whereabouts

if TYPE_CHECKING:
    from rich.console import Group
    from rich.text import Text

    from softacd.calls.whatif_answer import QueueForecast, StepForecast, WhatIf


@click.command()
@click.option(
    "--from", "caller", required=True, metavar="NUMBER", help="Who calls, as the carrier presents the number."
)
@click.option("--to", "called", required=True, metavar="NUMBER", help="Which of our numbers is called.")
@click.option("--at", default="", metavar="WHEN", help='"Sat 18:05", "18:05" or "2026-06-01 18:05"; by default now.')
@click.option("--keys", default="", metavar="DIGITS", help="What is pressed in menus; without, every choice is shown.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.option("--url", help="Address of the switch's API; else web.listen of the configuration.")
@click.option("--token", envvar=TOKEN_VARIABLE, help="The API's token; better in a file.")
@click.option("--token-file", type=click.Path(path_type=Path, dir_okay=False), help="File that holds the token.")
@click.option("--config", type=click.Path(path_type=Path), help="Configuration to take address and token from.")
def whatif(
    caller: str,
    called: str,
    at: str,
    keys: str,
    as_json: bool,
    url: str | None,
    token: str | None,
    token_file: Path | None,
    config: Path | None,
) -> None:
    """Tell what would become of a call: flow, steps, queues, who would ring and why. Changes nothing.

    Asks the running switch. WHEN is in its time zone and decides opening hours; agents and lines are taken as they are
    now.
    """
    _, found_url, found_token = whereabouts(url, token, token_file, config)
    query = urlencode({"caller": caller, "called": called, "at": at, "keys": keys})
    try:
        client = ApiClient(found_url, found_token)
        try:
            body = client.send("GET", f"/api/v1/whatif?{query}")
        finally:
            client.close()
    except ApiError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(msgspec.json.format(body))
        return
    from rich.console import Console

    from softacd.calls.whatif_answer import WhatIf

    Console(highlight=False).print(told(msgspec.json.decode(body, type=WhatIf)))


def told(answer: "WhatIf") -> "Group":
    """The verdict, who calls and what is called, and the way as a tree."""
    from rich.console import Group
    from rich.text import Text
    from rich.tree import Tree

    head = [Text(plain(answer.verdict), style="bold")]
    head += [
        Text.assemble((f"{name:8}", "dim"), plain(value))
        for name, value in (("caller", _who(answer)), ("call", _what(answer)))
    ]
    if not answer.steps:
        return Group(*head)
    tree = Tree(Text.assemble("Flow ", (plain(answer.flow), "bold")))
    steps = {(step.flow, step.name): step for step in answer.steps}
    drawn: set[tuple[str, str]] = set()

    def draw(branch: Tree, flow: str, name: str, lead: Text, *, own_line: bool) -> None:
        """`own_line`: the only step that follows is drawn below this one, not indented under it."""
        step = steps[flow, name]
        label = Text.assemble(lead, (plain(name if flow == answer.flow else f"{flow}: {name}"), "cyan"), " ")
        if (flow, name) in drawn:
            branch.add(label.append("(see above)", style="dim"))
            return
        drawn.add((flow, name))
        node = branch.add(Text.assemble(label, _about(step)))
        for line in _queue(step.queue) if step.queue is not None else ():
            node.add(line)
        alone = own_line and len(step.leads) == 1 and not step.leads[0].pressed
        for one in step.leads:
            word = Text(f"{plain(one.label)} " if one.label else "", style="yellow" if one.pressed else "dim")
            draw(branch if alone else node, one.flow, one.step, word, own_line=alone)

    first = answer.steps[0]
    draw(tree, first.flow, first.name, Text(), own_line=True)
    return Group(*head, Text(), tree)


def _who(answer: "WhatIf") -> str:
    facts = [answer.caller, answer.name or ("" if answer.known else "not known")]
    facts += [
        f"{word} {value}"
        for word, value in (("customer", answer.customer), ("category", answer.category), ("manager", answer.manager))
        if value
    ]
    facts += [f"priority {answer.priority:+d}"] if answer.priority else []
    facts += [f"hears {answer.language}", "on the blacklist" if answer.blacklisted else ""]
    return ", ".join(filter(None, facts))


def _what(answer: "WhatIf") -> str:
    facts = [answer.called, f"trunk {answer.trunk}" if answer.trunk else "no trunk has this number", answer.local]
    return ", ".join(filter(None, [*facts, answer.hours, "emergency mode" if answer.emergency else ""]))


def _about(step: "StepForecast") -> "Text":
    from rich.text import Text

    text = Text.assemble((step.does, "dim"), f" {plain(step.detail)}" if step.detail else "")
    return text.append(f" [{plain(step.known)}]", style="magenta") if step.known else text


def _queue(queue: "QueueForecast") -> "list[Text]":
    from rich.text import Text

    if queue.why:
        return [Text(plain(f"{queue.outcome}: {queue.why}"), style="red")]
    facts = [f"place {queue.place}"]
    facts += [f"meant for {queue.meant_for}"] if queue.meant_for else []
    facts += [f"expected wait {queue.expected_wait:.0f} s"] if queue.expected_wait is not None else []
    lines = [Text(plain(", ".join(facts)), style="italic")]
    for one in queue.standings:
        mark = ("rings ", "green") if one.rings else ("not   ", "dim")
        lines.append(Text.assemble(mark, (plain(one.agent), "bold"), f" {plain(one.why)}"))
    if queue.more:
        lines.append(Text(f"{queue.more} more do not ring", style="dim"))
    return lines
