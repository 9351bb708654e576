"""`softacd init`: write a first configuration."""

from pathlib import Path

import click

from softacd.ops.starter import PHONES, SECRETS_DIRECTORY, StarterError, write_starter


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--secrets-only", is_flag=True, help="Only make the secret files that are missing.")
def init(directory: Path, secrets_only: bool) -> None:
    """Write a commented first configuration and fresh secrets into DIRECTORY. Nothing is ever overwritten."""
    try:
        written = write_starter(directory, configuration=not secrets_only)
    except StarterError as error:
        raise click.ClickException(str(error)) from None
    if secrets_only:
        click.echo(f"{len(written.secrets)} new secrets in {directory / SECRETS_DIRECTORY}")
        _tell(written.passwords)
        return
    path = written.configuration
    click.echo(f"Written: {path}, with {len(written.secrets)} fresh secrets in {directory / SECRETS_DIRECTORY}.\n")
    _tell(written.passwords)
    click.echo("Next:")
    click.echo(f"  softacd check {path}")
    click.echo(f"  softacd run --config {path}")
    click.echo(f"  phones: user {PHONES[0]} to {PHONES[-1]}, with the passwords above")
    click.echo("  carriers: put their server, account and password in [trunks.alpha] and [trunks.beta]")
    click.echo("  your network: name this machine's address in [sip] listen and [media] host")


def _tell(passwords: dict[str, str]) -> None:
    """The phones' passwords, which are in no file."""
    if not passwords:
        return
    click.echo("The phones' passwords, told this once: only hashes of them are kept.\n")
    for phone, password in passwords.items():
        click.echo(f"  {phone}  {password}")
    click.echo("\n`softacd phones password NUMBER` makes a new one for a phone.\n")
