"""`softacd demo`: no phone and no carrier at hand, and yet real calls."""

import asyncio
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from softacd.ops.output_file import OutputFile, write_output

if TYPE_CHECKING:
    from rich.console import Console

    from softacd.ops.demo.stage import Result, Stage

REFRESH = 0.5
"""Seconds between two pictures of the live view."""


@click.command()
@click.option("--calls", type=click.IntRange(1, 10_000), help="End after so many callers. [default: 20]")
@click.option("--seconds", type=click.FloatRange(1, 86_400), help="Let callers come for so long instead.")
@click.option("--seed", type=int, default=1, show_default=True, help="Who calls, what they and the agents do.")
@click.option(
    "--pace", type=click.FloatRange(0.1, 60), help="Mean seconds between callers. [default: 0.9; with --seconds 1.8]"
)
@click.option("--json", "json_file", type=OutputFile(), help="Write the result here.")
@click.option("--no-live", is_flag=True, help="Do not show the live view.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Directory for the recording, database and log."
)
def demo(
    calls: int | None,
    seconds: float | None,
    seed: int,
    pace: float | None,
    json_file: Path | None,
    no_live: bool,
    out: Path | None,
) -> None:
    """Run a real switch with simulated carriers, agents and callers, and account for every call.

    Everything stays on this machine's loopback. Ctrl-C lets the callers on the line hang up and ends it; a second
    one ends it at once. Exit status 1 when a call cannot be explained or something stayed open.
    """
    import msgspec
    import uvloop
    from rich.console import Console

    from softacd.ops.demo.report import figures, passed, summary

    console = Console(highlight=False)
    if calls is None and seconds is None:
        calls = 20
    if pace is None:
        # Twenty callers may come faster than five agents can take them; hours of callers may not.
        pace = 0.9 if seconds is None else 1.8
    directory = _directory(out)
    play = _Play(console, live=not no_live and console.is_terminal)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            result = runner.run(play.run(directory, calls=calls, seconds=seconds, seed=seed, pace=pace))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    console.print(summary(result, directory=str(directory), kept=out is not None, width=console.width), soft_wrap=True)
    for file in (directory / "result.json", json_file):
        if file is not None:
            write_output(file, msgspec.json.format(msgspec.json.encode(figures(result, seed)), indent=2) + b"\n")
    if not passed(result):
        raise SystemExit(1)


def _directory(out: Path | None) -> Path:
    if out is None:
        return Path(tempfile.mkdtemp(prefix="softacd-demo-"))
    if out.exists() and any(out.iterdir()):
        raise click.ClickException(f"{out} is not empty: name a new directory, or empty it")
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be made: {error.strerror or error}") from error
    return out.resolve()


class _Play:
    """Runs the stage and shows it."""

    def __init__(self, console: "Console", *, live: bool) -> None:
        self._console = console
        self._live = live
        self._wanted = ""
        self._on_screen = False  # the live view has the terminal

    async def run(
        self, directory: Path, *, calls: int | None, seconds: float | None, seed: int, pace: float
    ) -> "Result":
        """Hold the demonstration in `directory`. Errors become click's."""
        from softacd.ops.demo.api import ApiError
        from softacd.ops.demo.leaks import GaugeError
        from softacd.ops.demo.stage import DemoError, Stage
        from softacd.ops.demo.switch_process import SwitchError
        from softacd.simulate.people import Habits
        from softacd.simulate.phone import RegistrationError
        from softacd.simulate.sound import SoundError
        from softacd.store.errors import StoreError

        self._wanted = f"of {calls} callers" if calls is not None else f"callers, {seconds:g} s"
        try:
            self._say("opening the shop: a switch, two carriers, five agents")
            async with Stage(directory, seed=seed, habits=Habits(between=pace)) as stage:
                await self._perform(stage, calls, seconds)
                self._say("the last caller has hung up: checking what is left open")
                return await stage.account(self._say)
        except (
            ApiError, DemoError, GaugeError, RegistrationError, SoundError, StoreError, SwitchError, OSError,
        ) as error:  # fmt: skip
            raise click.ClickException(f"{error}\nThe log: {directory}/softacd.log") from error

    async def _perform(self, stage: "Stage", calls: int | None, seconds: float | None) -> None:
        playing = asyncio.ensure_future(stage.play(calls=calls, seconds=seconds))
        loop = asyncio.get_running_loop()

        def interrupt() -> None:
            # The first Ctrl-C ends the demonstration in order; the second is Python's own.
            loop.remove_signal_handler(signal.SIGINT)
            stage.hurry()
            playing.cancel()

        loop.add_signal_handler(signal.SIGINT, interrupt)
        watching = asyncio.ensure_future(self._watch(stage))
        try:
            await playing
        except asyncio.CancelledError:
            if not playing.cancelled():
                raise
            await stage.finish()
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            self._on_screen = False

    async def _watch(self, stage: "Stage") -> None:
        if self._live:
            await self._show(stage)
        else:
            while True:
                await asyncio.sleep(5)
                self._say(self._progress(stage))

    async def _show(self, stage: "Stage") -> None:
        from rich.console import Group
        from rich.live import Live
        from rich.text import Text

        from softacd.ops.live_view import render

        self._on_screen = True
        with Live(console=self._console, screen=True, auto_refresh=False) as live:
            while True:
                snapshot = await stage.snapshot()
                if snapshot is not None:
                    width, height = self._console.size
                    picture = render(snapshot, width=width, height=height - 1, name="softacd demo")
                    live.update(Group(picture, Text(self._progress(stage), style="dim")), refresh=True)
                await asyncio.sleep(REFRESH)

    def _progress(self, stage: "Stage") -> str:
        over = sum(story.over for story in stage.stories)
        talking = sum(story.phase == "talking" for story in stage.stories)
        line = len(stage.stories) - over
        return f"{len(stage.stories)} {self._wanted}: {line} on the line, {talking} talking, {over} over. Ctrl-C ends."

    def _say(self, words: str) -> None:
        if not self._on_screen:
            print(words, file=sys.stderr, flush=True)


__all__ = ["demo"]
