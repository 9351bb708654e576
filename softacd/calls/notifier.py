"""Who watches what: subscriptions of phones to other extensions, and the NOTIFYs they get (RFC 6665).

Changes of a turn are told once, at its end. One NOTIFY a subscription is under way at a time; what changes meanwhile
is told by the next. A subscriber who does not answer is forgotten.
"""

from typing import TYPE_CHECKING

from softacd.acd.agent_table import IN_WRAP_UP
from softacd.acd.vocabulary import Status
from softacd.calls.deadlines import Deadline
from softacd.calls.leg import Leg
from softacd.calls.leg_table import LegState
from softacd.sip.dialog import Dialog
from softacd.sip.errors import MalformedError
from softacd.sip.event_body import DialogPhase, DialogState, dialog_info, message_summary, presence
from softacd.sip.event_package import CONTENT_TYPES, Package, SubscribeRefusedError, Wish, read_subscribe
from softacd.sip.message import Request
from softacd.sip.transaction import ServerTransaction

if TYPE_CHECKING:
    from softacd.calls.exchange import Exchange

MOST_PER_PHONE = 200
"""Subscriptions one phone may have; a console with more lamps wants a list, which is not served."""
PHASES = {
    LegState.ARRIVED: DialogPhase.TRYING,
    LegState.DIALING: DialogPhase.TRYING,
    LegState.ALERTING: DialogPhase.EARLY,
    LegState.RINGING: DialogPhase.EARLY,
    LegState.ACCEPTED: DialogPhase.CONFIRMED,
    LegState.ESTABLISHED: DialogPhase.CONFIRMED,
}
"""What a leg's state is to who watches; the others are over."""
ACTIVITIES = {Status.BREAK: "away", Status.LUNCH: "meal", Status.NOT_READY: "busy", Status.LOGGED_OUT: "away"}
"""RFC 4480 section 3.2."""


class Watch:
    """One subscription. It is the context of its dialog and of its NOTIFYs."""

    __slots__ = (
        "by",
        "deadline",
        "dialog",
        "dirty",
        "event",
        "extension",
        "package",
        "sending",
        "told",
        "until",
        "version",
    )

    def __init__(self, by: str, extension: str, wish: Wish, dialog: Dialog) -> None:
        self.by = by
        self.extension = extension
        self.package = wish.package
        self.event = wish.event
        self.dialog = dialog
        self.until = 0.0
        self.deadline: Deadline | None = None
        self.version = 0
        self.told: list[DialogState] | bytes = b""
        self.sending = False
        self.dirty = False


class Notifier:
    """Every subscription."""

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self._services = exchange.services
        self._watches: dict[str, dict[Watch, None]] = {}
        self._count: dict[str, int] = {}

    def __len__(self) -> int:
        """How many subscriptions there are."""
        return sum(map(len, self._watches.values()))

    # --- SUBSCRIBE ----------------------------------------------------------------------------------------------------

    def subscribe(self, phone: str, transaction: ServerTransaction, request: Request, now: float) -> None:
        """A phone that has proved who it is wants to watch."""
        stack = self._services.stack
        try:
            wish = read_subscribe(request)
            extension = request.uri.user or phone
            if extension not in self._exchange.phones:
                raise SubscribeRefusedError(404)
            if wish.package is Package.MESSAGE_SUMMARY and extension != phone:
                raise SubscribeRefusedError(403)  # somebody else's messages
            if self._count.get(phone, 0) >= MOST_PER_PHONE:
                raise SubscribeRefusedError(503, ("Retry-After", "60"))
        except (SubscribeRefusedError, MalformedError) as error:
            stack.respond(transaction, error.status, now=now, headers=getattr(error, "headers", ()))
            return
        dialog = stack.respond(transaction, 200, now=now, headers=(("Expires", str(wish.expires)),))
        if dialog is None:
            return
        watch = Watch(phone, extension, wish, dialog)
        dialog.context = watch
        if wish.expires:
            self._watches.setdefault(extension, {})[watch] = None
            self._count[phone] = self._count.get(phone, 0) + 1
            self._services.watched.add(extension)
        self._extend(watch, wish.expires, now)

    def refresh(self, watch: Watch, transaction: ServerTransaction, request: Request, now: float) -> None:
        """A SUBSCRIBE within its dialog: longer, or the end."""
        stack = self._services.stack
        try:
            wish = read_subscribe(request)
            if wish.event != watch.event:
                raise SubscribeRefusedError(489)
        except (SubscribeRefusedError, MalformedError) as error:
            stack.respond(transaction, error.status, now=now, headers=getattr(error, "headers", ()))
            return
        stack.respond(transaction, 200, now=now, headers=(("Expires", str(wish.expires)),))
        self._extend(watch, wish.expires, now)

    def _extend(self, watch: Watch, expires: int, now: float) -> None:
        """Every SUBSCRIBE is followed by a NOTIFY with the whole state at once (RFC 6665 section 4.2.1.2)."""
        if watch.deadline is not None:
            watch.deadline.cancel()
        if not expires:
            self._end(watch, "timeout", now)
            return
        watch.until = now + expires
        watch.deadline = self._services.deadlines.at(watch.until, _Expiry(self, watch), "subscription")
        self._notify(watch, now)

    # --- NOTIFY -------------------------------------------------------------------------------------------------------

    def flush(self, now: float) -> None:
        """Tell who watches what has changed in this turn."""
        changed = self._services.changed
        while changed:
            extension = changed.popitem()[0]
            for watch in list(self._watches.get(extension, ())):
                if self._state(watch, now) != watch.told:
                    self._notify(watch, now)

    def stop(self, now: float) -> None:
        """The switch stops: subscribers are to ask again (RFC 6665 section 4.1.3), and will find the next run."""
        for watches in list(self._watches.values()):
            for watch in list(watches):
                self._end(watch, "deactivated", now)

    def on_answer(self, watch: Watch, status: int, now: float) -> None:
        """The subscriber answered a NOTIFY, or did not (408): a failure ends the subscription (section 4.2.2)."""
        if status < 200:
            return
        watch.sending = False
        if status >= 300:
            self._forget(watch)
        elif watch.dirty:
            self._notify(watch, now)

    def on_expired(self, watch: Watch, now: float) -> None:
        """Not refreshed in time."""
        self._end(watch, "timeout", now)

    def _end(self, watch: Watch, reason: str, now: float) -> None:
        self._send(watch, f"terminated;reason={reason}", now)
        self._forget(watch)

    def _notify(self, watch: Watch, now: float) -> None:
        if watch.sending:
            watch.dirty = True
        elif watch.extension not in self._exchange.phones:
            self._end(watch, "noresource", now)
        else:
            watch.sending = True
            self._send(watch, f"active;expires={max(0, round(watch.until - now))}", now)

    def _send(self, watch: Watch, state: str, now: float) -> None:
        watch.dirty = False
        transaction = self._services.stack.request_in_dialog(
            watch.dialog,
            "NOTIFY",
            now=now,
            headers=(("Event", watch.event), ("Subscription-State", state)),
            body=self._body(watch, now),
            content_type=CONTENT_TYPES[watch.package],
        )
        transaction.context = watch
        watch.version += 1

    def _forget(self, watch: Watch) -> None:
        if watch.deadline is not None:
            watch.deadline.cancel()
        watches = self._watches.get(watch.extension, {})
        if watches.pop(watch, watch) is None:
            self._count[watch.by] -= 1
            if not watches:
                del self._watches[watch.extension]
                self._services.watched.discard(watch.extension)
        self._services.stack.end_dialog(watch.dialog)

    # --- state --------------------------------------------------------------------------------------------------------

    def _body(self, watch: Watch, now: float) -> bytes:
        state = watch.told = self._state(watch, now)
        if isinstance(state, bytes):
            return state
        return dialog_info(self._exchange.address_of_record(watch.extension), watch.version, state)

    def _state(self, watch: Watch, now: float) -> list[DialogState] | bytes:
        """What the subscriber is told of, without the version that every NOTIFY has."""
        entity = self._exchange.address_of_record(watch.extension)
        if watch.package is Package.DIALOG:
            return self._dialogs(watch.extension)
        if watch.package is Package.MESSAGE_SUMMARY:
            waiting = self._exchange.mailboxes.of(watch.extension)
            return message_summary(entity, new=waiting.new, old=waiting.old)
        return self._presence(watch.extension, entity, now)

    def _dialogs(self, extension: str) -> list[DialogState]:
        found = []
        for leg in self._services.phone_legs.get(extension, ()):
            phase = PHASES.get(leg.state)
            if phase is not None:
                found.append(self._dialog(leg, phase))
        return found

    def _dialog(self, leg: Leg, phase: DialogPhase) -> DialogState:
        """A leg as the phone sees it: the switch's tag is the remote one."""
        call = self._exchange.calls.get(leg.call)
        number, name = "", ""
        if call is not None:
            number, name = (call.record.caller, call.caller_name) if leg.outgoing else (call.record.called, "")
        dialog = leg.dialog
        return DialogState(
            id=leg.id,
            call_id=leg.record.sip_call_id,
            local_tag=dialog.remote.tag if dialog else "",
            remote_tag=dialog.local.tag if dialog else "",
            initiator=not leg.outgoing,
            phase=phase,
            remote=self._exchange.address_of_record(number or "anonymous"),
            remote_name=name,
        )

    def _presence(self, extension: str, entity: str, now: float) -> bytes:
        exchange = self._exchange
        silent = exchange.phone_book.of(extension).do_not_disturb
        reachable = not silent and bool(exchange.location.bindings(entity, now))
        talking = any(leg.state in PHASES for leg in self._services.phone_legs.get(extension, ()))
        agent = exchange.agent_of_phone.get(extension)
        note, activity = ("On the phone", "on-the-phone") if talking else ("", "")
        if agent is not None and not talking:
            seen = exchange.desk.distributor.agent(agent)
            activity = "busy" if seen.state in IN_WRAP_UP else ACTIVITIES.get(seen.status, "")
            note = "wrap-up" if seen.state in IN_WRAP_UP else seen.status.value
        return presence(entity, reachable=reachable, note=note or ("Ready" if reachable else "Away"), activity=activity)


class _Expiry:
    """The moment a subscription ends unless it is refreshed."""

    __slots__ = ("_notifier", "_watch")

    def __init__(self, notifier: Notifier, watch: Watch) -> None:
        self._notifier = notifier
        self._watch = watch

    def on_deadline(self, tag: str, now: float) -> None:
        del tag
        self._notifier.on_expired(self._watch, now)
