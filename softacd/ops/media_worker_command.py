"""`softacd media-worker`: a process that carries media, started by `softacd run` when `[media] workers` says so."""

import click

from softacd.runtime.media.worker import main


@click.command()
def media_worker() -> None:
    """Be a media worker. Not for people: what to be is read from standard input."""
    main()
