"""`softacd prompts`: packs of spoken prompts, made by a voice of this machine, checked, and listened to."""

import shlex
import sys
from pathlib import Path

import click

from softacd.ops.model import shipped_sounds
from softacd.runtime.voice import sound
from softacd.runtime.voice.engines import speaker
from softacd.runtime.voice.pack import Catalogue, CatalogueError, Finding, build, check
from softacd.runtime.voice.sentence import SentenceError, composed, named, play
from softacd.runtime.voice.voices import FILE, SpeechError, Voice, installed_voice

CATALOGUE = "catalogue.toml"


@click.group()
def prompts() -> None:
    """What callers are told: packs of prompts for each language."""


def _catalogue(root: Path, language: str) -> Catalogue:
    try:
        return Catalogue.load(root / "prompts" / language / CATALOGUE)
    except CatalogueError as error:
        raise click.ClickException(str(error)) from None


def _shipped() -> Path:
    roots = shipped_sounds()
    if not roots:
        raise click.ClickException("the shipped sounds are missing: install softacd anew")
    return roots[0]


@prompts.command("build")
@click.argument("names", nargs=-1)
@click.option("--language", "-l", required=True, help='Which: "en", "ru", "uk", "ro".')
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Directory of sounds; a pack of your own stands in [media] sounds.",
)
@click.option(
    "--engine",
    type=click.Choice(["catalogue", "any", "piper", "rhvoice", "espeak-ng"]),
    default="catalogue",
    show_default=True,
    help="Who speaks: the voice the catalogue names, or one of this machine.",
)
@click.option("--voice", "name", default="", help="Voice, or piper's model file.")
@click.option("--command", "command", default="", help=f"A program of yours instead: reads the text, writes {FILE}.")
@click.option("--licence", default="", help="Licence of what the voice speaks, noted beside the sounds.")
@click.option("--speed", type=click.FloatRange(0.3, 3), default=1.0, show_default=True)
def build_pack(
    names: tuple[str, ...], language: str, into: Path, engine: str, name: str, command: str, licence: str, speed: float
) -> None:
    """Speak the prompts of a language (those NAMED, or all) from the catalogue in the directory, or the shipped one."""
    own = into / "prompts" / language / CATALOGUE
    source = _catalogue(into if own.is_file() else _shipped(), language)
    unknown = [one for one in names if one not in source.entries]
    if unknown:
        raise click.ClickException(f"there is no prompt {unknown[0]!r} in {source.path}")
    try:
        voice = _voice(source, language, engine, name, command, speed)
        who = speaker(voice)
        folder = own.parent
        folder.mkdir(parents=True, exist_ok=True)
        if not own.is_file():
            own.write_text(_noted(source, voice, licence), encoding="utf-8")
        seconds = 0.0
        for entry, clip in build(source, who, folder, names):
            seconds += len(clip) / sound.RATE
            click.echo(f"{entry.name:24} {len(clip) / sound.RATE:6.2f} s  {sound.active_level(clip):6.1f} dBFS")
    except (CatalogueError, SpeechError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{seconds:.1f} s in {folder}")


def _voice(source: Catalogue, language: str, engine: str, name: str, command: str, speed: float) -> Voice:
    if command:
        parts = tuple(shlex.split(command))
        if not any(FILE in part for part in parts):
            raise click.UsageError(f"--command must say where the sound is written: {FILE}")
        return Voice("command", command=parts, speed=speed)
    if engine == "catalogue" and not name:
        return source.speaks()
    if name:
        if engine not in ("piper", "rhvoice", "espeak-ng"):
            raise click.UsageError("--voice needs --engine piper, rhvoice or espeak-ng")
        return Voice(engine, name, speed=speed, part_speed=0.85 * speed)  # type: ignore[arg-type]
    found = installed_voice(language, () if engine == "any" else (engine,))
    if found is None:
        raise click.ClickException(
            f"no voice for {language!r} is installed here; Debian has espeak-ng and rhvoice, PyPI piper-tts"
        )
    return found


def _noted(source: Catalogue, voice: Voice, licence: str) -> str:
    """The catalogue of a pack of one's own: the same texts, another voice."""
    text = source.path.read_text(encoding="utf-8")
    before, heading, rest = text.partition("[prompts]")
    introduction = before.partition("[voice]")[0]
    engine = voice.command[0] if voice.engine == "command" else voice.engine
    told = {
        "language": source.language,
        "name": voice.name or engine,
        "engine": engine,
        "licence": licence or "not told",
    }
    lines = "\n".join(f"{key} = {_quoted(value)}" for key, value in told.items())
    recipe = f'command = "softacd prompts build"\nspeed = {voice.speed}\npart_speed = {voice.part_speed}'
    return f"{introduction}[voice]\n{lines}\n\n[recipe]\n{recipe}\n\n{heading}{rest}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@prompts.command("check")
@click.option("--language", "-l", multiple=True, help="Which; all by default.")
@click.option(
    "--sounds",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Directory of sounds; the shipped ones by default.",
)
def check_packs(language: tuple[str, ...], sounds: Path | None) -> None:
    """Look for prompts that are missing, clipped, too loud or quiet or late, and for sentences that lack a word."""
    root = sounds or _shipped()
    languages = language or tuple(sorted(path.parent.name for path in root.glob(f"prompts/*/{CATALOGUE}")))
    if not languages:
        raise click.ClickException(f"there is no {CATALOGUE} below {root / 'prompts'}")
    found: list[tuple[str, Finding]] = []
    for one in languages:
        catalogue = _catalogue(root, one)
        faults = list(check(catalogue))
        found += [(one, fault) for fault in faults]
        click.echo(f"{one}: {len(catalogue.entries)} prompts, {len(faults) or 'nothing'} to mend")
    for one, fault in found:
        click.echo(f"{one}{'/' if fault.name else ''}{fault.name}: {fault.message}", err=True)
    sys.exit(1 if found else 0)


@prompts.command("say")
@click.argument("said", nargs=-1, required=True)
@click.option("--language", "-l", required=True, help='Which: "en", "ru", "uk", "ro".')
@click.option(
    "--sounds",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A pack of your own, before the shipped one.",
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="WAV file; without, it is played here."
)
def say(said: tuple[str, ...], language: str, sounds: tuple[Path, ...], output: Path | None) -> None:
    """Say SAID as callers hear it: a prompt, position:21, wait:2-4, "money:1234.50 UAH", number:42, time:14:05."""
    try:
        names = [name for one in said for name in named(one, language)]
        samples = composed(names, (*sounds, *shipped_sounds()))
        click.echo(" ".join(name.removeprefix(f"prompts/{language}/") for name in names))
        if output is None:
            click.echo(f"played by {play(samples)}, {len(samples) / sound.RATE:.1f} s")
        else:
            sound.write(output, samples)
            click.echo(f"{output}, {len(samples) / sound.RATE:.1f} s")
    except SentenceError as error:
        raise click.ClickException(str(error)) from None
