"""The `softacd` command. Each subcommand's module is imported only when it is called, so that the rest starts fast."""

import importlib
from collections.abc import Mapping

import click

from softacd import __version__

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("softacd.ops.run_command:run", "Run the switch."),
    "check": ("softacd.ops.check_command:check", "Check a configuration and show what it says."),
    "config": ("softacd.ops.configuration_command:config", "Versions of the configuration: history, diff, undo."),
    "flow": ("softacd.ops.flow_command:flow", "Draw call flows."),
    "init": ("softacd.ops.init_command:init", "Write a first configuration."),
    "top": ("softacd.ops.top_command:top", "Watch a running switch."),
    "calls": ("softacd.ops.calls_command:calls", "List calls, and show how one went."),
    "report": ("softacd.ops.report_command:report", "Figures of calls and agents in a period."),
    "agents": ("softacd.ops.agents_command:agents", "How agents spent their time."),
    "explain": ("softacd.ops.explain_command:explain", "Why these phones rang for a call, and not others."),
    "whatif": ("softacd.ops.whatif_command:whatif", "What would become of a call, and who would ring."),
    "simulate": ("softacd.ops.simulate_command:simulate", "What would another agent be good for?"),
    "users": ("softacd.ops.users_command:users", "Who may sign in to the desk, and as what."),
    "customers": ("softacd.ops.customers_command:customers", "Who calls: import, find, block."),
    "goods": ("softacd.ops.goods_command:goods", "What the shop sells: import, find, receive, promises."),
    "phones": ("softacd.ops.phones_command:phones", "Give phones new passwords."),
    "prompts": (
        "softacd.ops.prompts_command:prompts",
        "Build, check and hear packs of prompts.",
    ),
    "demo": ("softacd.ops.demo_command:demo", "See it work: simulated carriers, agents and callers."),
    "media-worker": ("softacd.ops.media_worker_command:media_worker", "Carry media: started by `run`, not by people."),
    "encode-recordings": (
        "softacd.ops.encode_command:encode_recordings",
        "Encode recordings: started by `run`, not by people.",
    ),
    "bench": ("softacd.ops.bench_command:bench", "Measure this machine."),
}
"""Name -> where the command lives ("module:attribute") and its line in the help."""


class LazyGroup(click.Group):
    """A group whose commands are named by a table and imported on demand."""

    def __init__(self, *, table: Mapping[str, tuple[str, str]], name: str, help: str) -> None:  # noqa: A002 - click's word
        super().__init__(name=name, help=help)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; None when there is no such name."""
        if cmd_name not in self._table:
            return None
        module, _, attribute = self._table[cmd_name][0].partition(":")
        try:
            command = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            raise click.ClickException(f"{cmd_name} is not part of this installation ({module} is missing)") from None
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is no command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, with the nearest name when the command is unknown."""
        from softacd.ops.configuration_errors import nearest

        if args and args[0] not in self._table and not args[0].startswith("-"):
            near = nearest(args[0], self._table)
            ctx.fail(f'No such command "{args[0]}".' + (f" Did you mean {near}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help's list, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._table.items()])


softacd = click.version_option(__version__, prog_name="softacd")(
    LazyGroup(
        table=COMMANDS,
        name="softacd",
        help="softacd: a call centre in one process. Begin with `softacd demo`, then `softacd init DIRECTORY`.",
    )
)


def main() -> None:
    """Entry point of the console script."""
    softacd(prog_name="softacd")


if __name__ == "__main__":
    main()
