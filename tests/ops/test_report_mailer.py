"""Reports and alarms by mail, taken by a real server of mail on this machine."""

import asyncio
import io
import ssl
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from softacd.acd.model import AgentSettings, QueueSettings
from softacd.calls.control import Check, UnknownNameError
from softacd.calls.records import CallRecord, Direction, Outcome
from softacd.ops.mail import MailError
from softacd.ops.mail_settings import MailSettings, SavedReport
from softacd.ops.model import Configuration, ServerSettings
from softacd.ops.report_desk import ReportDesk
from softacd.ops.report_mailer import ReportMailer
from softacd.store import Store
from tests.certificates import Certificates
from tests.store.shop import MORNING

HOUR = 3_600_000


class Post:
    """A mail server: what it was given, and what it refuses."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.broken = False
        self.port = 0
        self.context: ssl.SSLContext | None = None

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        if self.broken:
            return "451 come again later"
        content = envelope.content
        assert isinstance(content, bytes)
        parsed = message_from_bytes(content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        assert list(envelope.rcpt_tos) == [address.addr_spec for address in parsed["To"].addresses]
        self.mails.append(parsed)
        return "250 taken"

    def authenticator(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"shop", b"correct horse"), handled=False)


@pytest.fixture
async def post(certificates: Certificates) -> AsyncIterator[Post]:
    """STARTTLS is needed, and then a password."""
    post = Post()
    certificate, key = certificates.sign("localhost", "DNS:localhost")
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(certificate, key)
    post.context = ssl.create_default_context(cafile=str(certificates.authority))
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(
            post, tls_context=served, require_starttls=True, auth_required=True, authenticator=post.authenticator,
            hostname="localhost",
        ),
        "127.0.0.1",
        0,
    )  # fmt: skip
    post.port = server.sockets[0].getsockname()[1]
    yield post
    server.close()


class Shop:
    """A store with one lost call, a clock, and the mailer of it."""

    def __init__(self, store: Store, post: Post, directory: Path) -> None:
        self.now = MORNING
        self.checks: list[Check] = []
        self.configuration = Configuration(
            server=ServerSettings(name="Shop", time_zone="UTC", data_directory=str(directory)),
            agents=(AgentSettings("ann", "101"),),
            queues=(QueueSettings("sales"),),
            mail=MailSettings(
                "localhost", post.port, username="shop", password="correct horse", sender="acd@shop.example"
            ),
            reports=(
                SavedReport("daily", "queue", at="07:00", to=("owner@shop.example", "ion@shop.example")),
                SavedReport("kept", "hour"),
            ),
        )
        desk = ReportDesk(store, lambda: self.configuration, lambda: self.now)
        self.make = lambda: ReportMailer(
            desk, lambda: self.configuration, lambda: self.checks, lambda: self.now, post.context
        )
        self.mailer = self.make()


@pytest.fixture
async def shop(tmp_path: Path, post: Post) -> AsyncIterator[Shop]:
    store = await Store.open(f"sqlite:///{tmp_path / 'softacd.db'}", node="n1", wall=lambda: MORNING)
    store.write(
        CallRecord(
            "n1-1", Direction.INCOMING, MORNING, "+37369123456", "+37322000111", queue="sales", queued=MORNING,
            ended=MORNING + 9_000, wait_ms=9_000, outcome=Outcome.ABANDONED,
        )
    )  # fmt: skip
    yield Shop(store, post, tmp_path)
    await store.close()


async def test_a_report_is_mailed_once_when_it_is_due(shop: Shop, post: Post) -> None:
    await shop.mailer.look()
    assert post.mails == [], "it is new at eight: seven o'clock is past"
    shop.now = MORNING + 22 * HOUR
    await shop.mailer.look()
    assert post.mails == []
    shop.now = MORNING + 23 * HOUR
    await shop.mailer.look()
    await shop.mailer.look()
    await shop.make().look()  # a restart
    [mail] = post.mails
    assert mail["Subject"] == "Shop: Calls by queue, 2026-06-01 (UTC)"
    assert (mail["From"], mail["To"]) == ("acd@shop.example", "owner@shop.example, ion@shop.example")
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",))
    assert text is not None
    assert "sales" in text.get_content()
    [attached] = mail.iter_attachments()
    assert attached.get_filename() == "softacd-queue-2026-06-01-2026-06-01.xlsx"
    content = attached.get_content()
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert [sheet.cell(4, column).value for column in (1, 2, 4)] == ["sales", 1, 1]


async def test_a_server_that_is_away_is_tried_again(shop: Shop, post: Post) -> None:
    await shop.mailer.look()
    shop.now = MORNING + 23 * HOUR
    post.broken = True
    await shop.mailer.look()
    post.broken = False
    await shop.mailer.look()
    assert post.mails == [], "not at once"
    shop.now += 600_001
    await shop.mailer.look()
    assert len(post.mails) == 1


async def test_a_report_that_cannot_be_mailed_all_day_is_left_out(shop: Shop, post: Post) -> None:
    await shop.mailer.look()
    shop.now = MORNING + 35 * HOUR + 1
    post.broken = True
    await shop.mailer.look()
    post.broken = False
    shop.now += HOUR
    await shop.mailer.look()
    assert post.mails == []


async def test_mailed_by_hand(shop: Shop, post: Post) -> None:
    shop.configuration = msgspec.structs.replace(
        shop.configuration, reports=(msgspec.structs.replace(shop.configuration.reports[0], format="csv"),)
    )
    mailed = await shop.mailer.mail("daily")
    assert mailed.to == ["owner@shop.example", "ion@shop.example"]
    [attached] = post.mails[0].iter_attachments()
    assert attached.get_content().startswith("name,offered")
    with pytest.raises(UnknownNameError):
        await shop.mailer.mail("weekly")
    [daily] = shop.mailer.saved()
    assert (daily.name, daily.first.isoformat(), daily.next) == ("daily", "2026-05-31", MORNING + 23 * HOUR)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "guess"}, "refuses the account 'shop'"),
        ({"port": 1}, "localhost:1"),
        ({"encryption": "off", "username": ""}, "localhost"),
        ({"server": ""}, "goes to nobody"),
    ],
)
async def test_what_goes_wrong_is_told(shop: Shop, post: Post, change: dict[str, Any], said: str) -> None:
    mail = msgspec.structs.replace(shop.configuration.mail, **change)
    shop.configuration = msgspec.structs.replace(shop.configuration, mail=mail)
    with pytest.raises(MailError, match=said):
        await shop.mailer.mail("daily")
    assert post.mails == []


async def test_a_server_with_another_certificate_gets_nothing(shop: Shop, post: Post) -> None:
    post.context = None
    with pytest.raises(MailError):
        await shop.make().mail("daily")
    assert post.mails == []


async def test_alarms_are_mailed_once_and_when_they_are_over(shop: Shop, post: Post) -> None:
    mail = msgspec.structs.replace(shop.configuration.mail, alarms=("owner@shop.example",))
    shop.configuration = msgspec.structs.replace(shop.configuration, mail=mail)
    shop.checks = [Check("store", healthy=False, detail="disk full"), Check("media", healthy=True)]
    for _ in range(2):
        await shop.mailer.look_for_alarms()
    assert post.mails == [], "it may heal by itself"
    for _ in range(3):
        await shop.mailer.look_for_alarms()
    shop.checks = [Check("store", healthy=True), Check("media", healthy=True)]
    for _ in range(3):
        await shop.mailer.look_for_alarms()
    assert [mail["Subject"] for mail in post.mails] == ["Shop: store fails", "Shop: store works again"]
    text = post.mails[0].get_body()
    assert text is not None
    assert "disk full" in text.get_content()
