"""`softacd phones password`: a new password for a phone, told once and kept as hashes."""

from pathlib import Path

import click

from softacd.ops.configuration_errors import nearest
from softacd.ops.configuration_option import find_configuration
from softacd.ops.credentials import weakness
from softacd.ops.draft import Draft
from softacd.ops.phone_secrets import PhoneSecret, hashed, keep, new_secret
from softacd.ops.toml_documents import read_document


@click.group()
def phones() -> None:
    """Phones: their passwords."""


@phones.command()
@click.argument("extension")
@click.option("--config", "-c", type=click.Path(path_type=Path), help="Configuration, file or directory.")
@click.option("--own", is_flag=True, help="Ask for the password instead of making one.")
def password(extension: str, config: Path | None, own: bool) -> None:
    """Give a phone a new password. It is told once; only hashes of it are kept."""
    draft = Draft(*read_document(find_configuration(config)))
    phone = draft.phones.get(extension)
    if phone is None or draft.sip is None:
        near = nearest(extension, draft.phones)
        hint = f"; did you mean {near}?" if near else ""
        known = ", ".join(draft.phones) or "none"
        raise click.ClickException(f"the configuration has no phone {extension!r} (it has {known}){hint}")
    chosen = click.prompt("New password", hide_input=True, confirmation_prompt=True) if own else new_secret()
    weak = weakness(extension, chosen)
    if weak:
        raise click.ClickException(f"this password {weak}")
    secret = hashed(extension, draft.sip.domain, chosen)
    click.echo(f"Phone {extension}: user {extension}, realm {secret.realm}")
    if not own:
        click.echo(f"  password  {chosen}")
        click.echo("It is told this once: type it into the phone now.")
    if not phone.password_file:
        click.echo(f"Write into [phones.{extension}] instead of the password or hashes there:\n")
        click.echo(_lines(secret))
        return
    file = draft.document.directory / Path(phone.password_file).expanduser()
    try:
        keep(file, secret)
    except OSError as error:
        raise click.ClickException(f"{error.filename or file} cannot be written: {error.strerror}") from None
    click.echo(f"Only its hashes are kept, in {file}.")
    click.echo("A running switch takes it with the next reload: kill -HUP PID, or systemctl reload softacd.")


def _lines(secret: PhoneSecret) -> str:
    """The hashes as lines of the configuration."""
    return "\n".join(f'{key} = "{getattr(secret, key)}"' for key in ("ha1", "ha1_sha256", "ha1_sha512_256"))
