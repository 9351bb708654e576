"""Secrets: read from where the configuration says they are, and kept in no form that is more than needed."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from softacd.calls.model import AccountSettings, PhoneSettings, SourceSettings, TrunkSettings
from softacd.calls.webhooks import WebhookSettings, key_of
from softacd.crm.adapters.settings import CrmSettings
from softacd.ops.configuration_errors import KeyPath
from softacd.ops.draft import Draft
from softacd.ops.mail_settings import MailSettings
from softacd.ops.model import WebSettings
from softacd.ops.phone_secrets import DamagedError, PhoneSecret, hashed, parse
from softacd.ops.toml_documents import Texts

_LARGEST_SECRET = 4096
_GUESSED_FIRST = frozenset(
    {"password", "passw0rd", "secret", "1234", "12345", "123456", "12345678", "123456789", "0000", "1111", "admin",
     "qwerty", "asterisk", "changeme", "softacd"}
)  # fmt: skip
"""What attackers of telephone systems try before anything else."""
SHORTEST_PASSWORD = 8
_MAKE_ANOTHER = "a new one, by `softacd phones password {}`"

HASHES = (("ha1", 32), ("ha1_sha256", 64), ("ha1_sha512_256", 64))
"""Fields of a phone that may hold a hash of its password, and their length."""


class Credentials:
    """Resolves `password`, `password_file` and `password_env` (and the same of `token`) of one draft."""

    __slots__ = ("_draft", "_environment", "_open_files", "_texts")

    def __init__(
        self, draft: Draft, environment: Mapping[str, str] = os.environ, texts: Texts = MappingProxyType({})
    ) -> None:
        """`texts` stands in for secret files that are not written yet."""
        self._texts = texts
        self._draft = draft
        self._environment = environment
        self._open_files: set[str] = set()

    def trunk(self, trunk: TrunkSettings) -> TrunkSettings:
        """The trunk with its password."""
        path = ("trunks", trunk.name)
        password = self._secret(path, "password", trunk.password, trunk.password_file, trunk.password_env)
        if trunk.register and not trunk.username:
            self._draft.error((*path, "username"), "is missing: a trunk that registers needs one", "the account's name")
        if trunk.register and password == "":
            self._missing(path, "a trunk that registers needs a password", "password")
        accounts = tuple(self._account((*path, "accounts", at), one) for at, one in enumerate(trunk.accounts))
        return msgspec.structs.replace(trunk, password=password or "", accounts=accounts)

    def _account(self, path: KeyPath, account: AccountSettings) -> AccountSettings:
        password = self._secret(path, "password", account.password, account.password_file, account.password_env)
        if password == "":
            self._missing(path, "an account needs a password", "password")
        return msgspec.structs.replace(account, password=password or "")

    def phone(self, phone: PhoneSettings, realm: str) -> PhoneSettings:
        """The phone with hashes instead of its password."""
        path = ("phones", phone.extension)
        kept = self._kept(path, phone, realm) if phone.password_file else None
        if kept is not None:
            return _proved_by(phone, kept)
        password = self._secret(path, "password", phone.password, phone.password_file, phone.password_env)
        if password is None:
            return phone
        given = next((key for key, _ in HASHES if getattr(phone, key)), "")
        if password and given:
            key = given
            self._draft.error((*path, key), "given beside a password", "either a password or its hash")
            return phone
        for key, digits in HASHES:
            value = getattr(phone, key)
            if value and not (len(value) == digits and all(c in "0123456789abcdef" for c in value)):
                self._draft.error((*path, key), "is not such a hash", f"{digits} small hexadecimal digits")
        if not password:
            if not phone.ha1:
                self._missing(path, "a phone needs a password", "password")
            return phone
        self._judge(path, phone.extension, password)
        return _proved_by(phone, hashed(phone.extension, realm, password))

    def _kept(self, path: KeyPath, phone: PhoneSettings, realm: str) -> PhoneSecret | None:
        """The hashes in the phone's file; None when it holds a password, or cannot be read."""
        path = (*path, "password_file")
        file = self._draft.document.directory / Path(phone.password_file).expanduser()
        try:
            kept = parse(self._texts.get(file) or file.read_text(encoding="utf-8"))
        except DamagedError as error:
            self._draft.error(path, f"{file} {error}", _MAKE_ANOTHER.format(phone.extension))
            return PhoneSecret(phone.extension, realm, "", "", "")
        except (OSError, ValueError):
            return None
        if kept is None:
            return None
        others = [key for key in ("password", "password_env", *(key for key, _ in HASHES)) if getattr(phone, key)]
        if others:
            self._draft.error(path, f"given beside {others[0]}", f"only one of password_file, {others[0]}")
        if kept.extension != phone.extension:
            self._draft.error(path, f"{file} is the secret of phone {kept.extension}", "a file of its own")
        elif kept.realm != realm:
            # RFC 7616 section 3.4.2: the realm is part of what was hashed
            self._draft.error(
                path, f"{file} is for the realm {kept.realm}, not for [sip] domain {realm}",
                _MAKE_ANOTHER.format(phone.extension),
            )  # fmt: skip
        if file not in self._texts:
            self._warn_of_readers(path, file)
        return kept

    def source(self, source: SourceSettings) -> SourceSettings:
        """The source with its token."""
        path = ("sources", source.name)
        token = self._secret(path, "token", source.token, source.token_file, source.token_env)
        return msgspec.structs.replace(source, token=token or "")

    def crm(self, crm: CrmSettings) -> CrmSettings:
        """The system with its token."""
        path = ("crm", crm.name)
        token = self._secret(path, "token", crm.token, crm.token_file, crm.token_env)
        if token == "" and crm.kind in ("bitrix24", "hubspot"):
            self._missing(path, f"{crm.kind} serves nobody without", "token")
        return msgspec.structs.replace(crm, token=token or "")

    def webhook(self, webhook: WebhookSettings) -> WebhookSettings:
        """The webhook with its secret."""
        path = ("webhooks", webhook.name)
        secret = self._secret(path, "secret", webhook.secret, webhook.secret_file, webhook.secret_env)
        try:
            key_of(secret or "")
        except ValueError as error:
            self._draft.error((*path, "secret"), str(error), "a secret as the receiver gives it, or any text")
        return msgspec.structs.replace(webhook, secret=secret or "")

    def mail(self, mail: MailSettings) -> MailSettings:
        """The mail settings with the password of the account."""
        password = self._secret(("mail",), "password", mail.password, mail.password_file, mail.password_env)
        if mail.username and password == "":
            self._missing(("mail",), "the account needs a password", "password")
        return msgspec.structs.replace(mail, password=password or "")

    def web(self, web: WebSettings) -> WebSettings:
        """The web settings with the token; without one the API stays closed, which is worth a warning."""
        token = self._secret(("web",), "token", web.token, web.token_file, web.token_env)
        if token == "" and "web" in self._draft.document.data:
            self._draft.warn(
                ("web", "token"),
                "no token is configured: no program may use the HTTP API",
                "token_file = or token_env =",
            )
        if token and len(token) < 2 * SHORTEST_PASSWORD:
            self._draft.error(
                ("web", "token"), "the token is too short", f"at least {2 * SHORTEST_PASSWORD} characters"
            )
        return msgspec.structs.replace(web, token=token or "")

    def _secret(self, path: KeyPath, key: str, plain: str, file: str, variable: str) -> str | None:
        """The secret, "" when none is configured, None when it is but cannot be had (a problem was noted)."""
        given = [name for name, value in ((key, plain), (f"{key}_file", file), (f"{key}_env", variable)) if value]
        if len(given) > 1:
            self._draft.error((*path, given[1]), f"given beside {given[0]}", f"only one of {', '.join(given)}")
            return None
        if file:
            return self._from_file((*path, f"{key}_file"), file)
        if variable:
            value = self._environment.get(variable, "").strip()
            if not value:
                self._draft.error(
                    (*path, f"{key}_env"),
                    f"the environment variable {variable} is not set",
                    "a variable with the secret",
                )
                return None
            return value
        if plain:
            self._warn_of_open_file((*path, key))
        return plain

    def _warn_of_open_file(self, path: KeyPath) -> None:
        """A secret in the configuration itself: once a file, say when others can read it."""
        file = self._draft.document.place(path).file
        if file in self._open_files:
            return
        self._open_files.add(file)
        try:
            mode = Path(file).stat().st_mode
        except OSError:
            return
        if mode & (stat.S_IRWXO | stat.S_IWGRP):
            self._draft.warn(path, f"a secret in {file}, which others can read or change", f"chmod 600 {file}")

    def _from_file(self, path: KeyPath, name: str) -> str | None:
        file = self._draft.document.directory / Path(name).expanduser()
        if (instead := self._texts.get(file)) is not None:
            return instead.strip()
        try:
            self._warn_of_readers(path, file)
            with file.open("rb") as stream:
                content = stream.read(_LARGEST_SECRET + 1)
            value = content.decode("utf-8").strip()
        except FileNotFoundError:
            self._draft.error(path, f"there is no file {file}", "a file whose content is the secret")
            return None
        except OSError as error:
            self._draft.error(path, f"{file} cannot be read: {error.strerror}", "a file this user may read")
            return None
        except ValueError:
            value = ""
        if not value or len(content) > _LARGEST_SECRET or "\n" in value or not value.isprintable():
            self._draft.error(path, f"{file} does not hold one line of text", "a file whose content is the secret")
            return None
        return value

    def _warn_of_readers(self, path: KeyPath, file: Path) -> None:
        """Raises OSError."""
        if file.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
            self._draft.warn(path, f"other users can read or change {file}", f"chmod 600 {file}")

    def _missing(self, path: KeyPath, message: str, key: str) -> None:
        self._draft.error((*path, key), message, f"{key}_file, {key}_env or {key}")

    def _judge(self, path: KeyPath, extension: str, password: str) -> None:
        """A guessable phone password is a stranger's free line to anywhere: refused, not warned of."""
        weak = weakness(extension, password)
        if weak:
            self._draft.error((*path, "password"), weak, "a password nobody can guess")
        elif len(password) < SHORTEST_PASSWORD:
            self._draft.warn((*path, "password"), "is short", f"at least {SHORTEST_PASSWORD} characters")


def weakness(extension: str, password: str) -> str:
    """Why a phone must not have this password; "" when it may."""
    if password == extension or password.casefold() in _GUESSED_FIRST:
        return "is among the first that attackers try"
    return ""


def _proved_by(phone: PhoneSettings, secret: PhoneSecret) -> PhoneSettings:
    return msgspec.structs.replace(
        phone, password="", ha1=secret.ha1, ha1_sha256=secret.ha1_sha256, ha1_sha512_256=secret.ha1_sha512_256
    )
