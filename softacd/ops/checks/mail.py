"""Mail and saved reports: addresses, times, and a server where mail is to be sent."""

from softacd.ops.draft import Draft
from softacd.ops.mail_settings import is_address


def check_mail(draft: Draft) -> None:
    """Everything mailed has a server, every address is one, every report names what there is."""
    mail = draft.mail
    if mail is not None:
        for index, address in enumerate(mail.alarms):
            if not is_address(address):
                draft.error(("mail", "alarms", index), "is no address", "an address like owner@shop.example")
        if mail.sender and not is_address(mail.sender):
            draft.error(("mail", "sender"), "is no address", "an address like softacd@shop.example")
        if mail.alarms and not mail.server:
            draft.error(("mail", "server"), "is missing: nobody would be told of alarms", "the name of a mail server")
        if mail.encryption == "off" and mail.username:
            draft.warn(("mail", "encryption"), "the password would be sent in the clear", "starttls or tls")
    for name, report in draft.reports.items():
        path = ("reports", name)
        if report.queue:
            draft.refer((*path, "queue"), report.queue, "queues", "queue")
        try:
            report.time()
        except ValueError:
            draft.error((*path, "at"), "is no time of day", "a time like 07:00")
        for index, address in enumerate(report.to):
            if not is_address(address):
                draft.error((*path, "to", index), "is no address", "an address like owner@shop.example")
        if report.to and mail is not None and not mail.server:
            draft.error((*path, "to"), "no mail server is configured", "[mail] with a server")
