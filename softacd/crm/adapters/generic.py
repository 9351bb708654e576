"""Any web service that speaks JSON, as the owner describes it: what is sent, and where in the answer things stand."""

from collections.abc import Iterator

from softacd.crm.adapters.interface import (
    Adapter,
    BusyError,
    CallLog,
    CheckedKey,
    Contact,
    CrmError,
    Exchange,
    PhoneNumber,
    RefusedError,
    WebAnswer,
    WebRequest,
)
from softacd.crm.adapters.settings import FIELDS, CrmSettings
from softacd.crm.adapters.templates import fill, place, unknown

NUMBER = ("number", "digits", "national")
CALL = (
    *NUMBER, "contact", "call", "direction", "outcome", "missed", "agent", "user", "queue", "topic", "started",
    "seconds", "recording",
)  # fmt: skip


class HttpAdapter(Adapter):
    """`kind = "http"`."""

    @classmethod
    def check(cls, settings: CrmSettings) -> Iterator[CheckedKey]:
        """Names in braces that stand for nothing, and an answer nobody reads."""
        find, log = settings.find, settings.log
        if not settings.url:
            yield CheckedKey(("url",), "is missing", 'an address like "https://crm.example/api"')
        if find.method not in ("GET", "POST"):
            yield CheckedKey(("find", "method"), f"got {find.method}", "GET or POST")
        if not find.fields and (settings.on_arrival or find.path):
            yield CheckedKey(
                ("find", "fields"), "is missing: nothing of an answer would be read", 'name = "client.name"'
            )
        for name in find.fields:
            if name not in FIELDS:
                yield CheckedKey(("find", "fields", name), "is nothing a contact has", ", ".join(FIELDS))
        texts: list[tuple[tuple[str, ...], str, tuple[str, ...]]] = [
            (("find", "path"), find.path, NUMBER),
            (("log", "path"), log.path, CALL),
        ]
        texts += [(("find", "body", key), text, NUMBER) for key, text in find.body.items()]
        texts += [(("log", "body", key), text, CALL) for key, text in log.body.items()]
        texts += [(("headers", key), text, ("token",)) for key, text in settings.headers.items()]
        for key, text, known in texts:
            if name := unknown(text, known):
                yield CheckedKey(key, f"{{{name}}} stands for nothing here", ", ".join(f"{{{one}}}" for one in known))
        if log.body and not log.path:
            yield CheckedKey(("log", "path"), "is missing: nobody would be told", 'one like "/calls"')

    def headers(self) -> dict[str, str]:
        """The owner's own, and the bearer token when none of them holds it."""
        values = {"token": self.settings.token}
        given = {name: fill(text, values) for name, text in self.settings.headers.items()}
        told = any("{token}" in text for text in self.settings.headers.values())
        return given if told else super().headers() | given

    @property
    def tells(self) -> bool:
        """Only when the owner says where."""
        return self.settings.tell and bool(self.settings.log.path)

    def find(self, number: PhoneNumber) -> Exchange[Contact | None]:
        """One request; status 404, and an answer without id and name, mean that nobody has the number."""
        find = self.settings.find
        values = _number(number)
        sent = {key: fill(text, values) for key, text in find.body.items()}
        path = fill(find.path, values, escape=True)
        answer = yield (
            WebRequest("GET", path, query=sent) if find.method == "GET" else WebRequest("POST", path, body=sent)
        )
        if answer.status == 404:
            return None
        judge(answer)
        if answer.body is None:
            raise CrmError("the answer is no JSON")
        known = {name: place(answer.body, where) for name, where in find.fields.items()}
        if not (known.get("id") or known.get("name")):
            return None
        known["manager"] = self.agent_of(known.get("manager", "")) or known.get("manager", "")
        return Contact(**known, more=answer.body if isinstance(answer.body, dict) else {})

    def tell(self, call: CallLog, number: PhoneNumber, contact: Contact | None, *, again: bool) -> Exchange[None]:
        """One POST; the receiver knows a call told twice by {call}."""
        values = _number(number) | {
            "contact": contact.id if contact is not None else "",
            "call": call.call,
            "direction": "incoming" if call.incoming else "outgoing",
            "outcome": call.outcome,
            "missed": "true" if call.missed else "false",
            "agent": call.agent,
            "user": self.user_of(call.agent),
            "queue": call.queue,
            "topic": call.topic,
            "started": str(call.started),
            "seconds": str(call.talk_ms // 1000),
            "recording": call.recording,
        }
        log = self.settings.log
        body = {key: fill(text, values) for key, text in log.body.items()}
        judge((yield WebRequest("POST", fill(log.path, values, escape=True), body=body or values)))


def judge(answer: WebAnswer, why: str = "") -> None:
    """Raise what a status means that is not a good one: try later, wait, or never. `why` is the system's own word."""
    if answer.good:
        return
    text = f"HTTP status {answer.status}{f' ({why})' if why else ''}"
    if answer.status == 429 or (answer.status == 503 and answer.retry_after):
        raise BusyError(text, answer.retry_after)
    if answer.status >= 500 or answer.status in (408, 425):
        raise CrmError(text)
    raise RefusedError(text)


def _number(number: PhoneNumber) -> dict[str, str]:
    return {"number": number.e164, "digits": number.digits, "national": number.national}
