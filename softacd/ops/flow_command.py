"""`softacd flow draw`: the call flows of a configuration as a tree, as Mermaid text or as SVG pictures."""

from pathlib import Path

import click

from softacd.ops.configuration_option import find_configuration, read_or_exit
from softacd.ops.flow_drawing import flow_tree, mermaid, svg


@click.group()
def flow() -> None:
    """Call flows: what callers go through."""


@flow.command()
@click.argument("names", nargs=-1)
@click.option("--config", "-c", type=click.Path(path_type=Path), help="Configuration, file or directory.")
@click.option("--format", "form", type=click.Choice(["tree", "mermaid", "svg"]), default="tree", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path, file_okay=False), help="Write NAME.svg or .mmd here.")
def draw(names: tuple[str, ...], config: Path | None, form: str, output: Path | None) -> None:
    """Draw flows: those named, or all."""
    configuration = read_or_exit(find_configuration(config)).configuration
    flows = {one.name: one for one in configuration.flows}
    unknown = [name for name in names if name not in flows]
    if unknown:
        raise click.ClickException(f"there is no flow {unknown[0]!r}; there are: {', '.join(sorted(flows)) or 'none'}")
    if output is not None and form == "tree":
        raise click.UsageError("a tree is for the terminal: give --format svg or mermaid with --output")
    for name in names or flows:
        if form == "tree":
            from rich.console import Console

            numbers = [entry.number for entry in configuration.numbers if name in (entry.flow, entry.closed)]
            Console(highlight=False).print(flow_tree(flows[name], numbers))
            continue
        drawn = svg(flows[name]) if form == "svg" else mermaid(flows[name])
        if output is None:
            click.echo(drawn, nl=False)
        else:
            output.mkdir(parents=True, exist_ok=True)
            file = output / f"{name}.{'svg' if form == 'svg' else 'mmd'}"
            file.write_text(drawn, encoding="utf-8")
            click.echo(str(file))
