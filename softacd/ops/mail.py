"""Mail that leaves: one message to a server, encrypted unless the owner says otherwise."""

import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import aiosmtplib

from softacd.ops.mail_settings import MailSettings

TIMEOUT = 30.0
"""Seconds for each step with the server."""


class MailError(Exception):
    """The mail was not taken. HTTP 503: `cause`, `remedy`."""

    http_status = 503

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}. {remedy}")
        self.cause = cause
        self.remedy = remedy


def message(settings: MailSettings, to: tuple[str, ...], subject: str, text: str, now: float) -> EmailMessage:
    """A message of plain text. `now` is seconds since 1970; line ends in the subject become spaces."""
    made = EmailMessage()
    made["From"] = settings.from_address
    made["To"] = ", ".join(to)
    made["Subject"] = " ".join(subject.split())
    made["Date"] = formatdate(now, localtime=False)
    made["Message-ID"] = make_msgid(domain=settings.from_address.rpartition("@")[2])
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    made.set_content(text)
    return made


async def send(settings: MailSettings, mail: EmailMessage, context: ssl.SSLContext | None = None) -> None:
    """Hand a message over. Raises MailError. `context` judges the server's certificate; None: as the system does."""
    where = f"{settings.server}:{settings.at_port}"
    try:
        await aiosmtplib.send(
            mail,
            hostname=settings.server,
            port=settings.at_port,
            username=settings.username or None,
            password=settings.password or None,
            use_tls=settings.encryption == "tls",
            start_tls=settings.encryption == "starttls",
            tls_context=context,
            timeout=TIMEOUT,
        )
    except aiosmtplib.SMTPAuthenticationError:
        raise MailError(
            f"{where} refuses the account {settings.username!r}", "Check [mail] username and password."
        ) from None
    except aiosmtplib.SMTPRecipientsRefused as error:
        refused = ", ".join(f"{one.recipient} ({one.message})" for one in error.recipients)
        raise MailError(f"{where} refuses {refused}", "Check the addresses.") from None
    except aiosmtplib.SMTPException as error:
        said = str(error) or type(error).__name__
        raise MailError(f"{where}: {said}", "Check [mail] server, port and encryption.") from None
    except (OSError, ValueError) as error:
        raise MailError(f"{where}: {error}", "Check [mail] server, port and encryption.") from None
