"""Our registration at a carrier, from the first REGISTER to the last (RFC 3261 section 10.2, RFC 5626 section 4.5)."""

from __future__ import annotations

import pytest

from softacd.sip.digest import Credentials
from softacd.sip.events import FailureCause, IncomingResponse, TransactionFailed
from softacd.sip.headers import NameAddress
from softacd.sip.registration import Registration, RegistrationState
from softacd.sip.registration_table import TABLE, RegistrationInput
from tests.playbook import CARRIER, Playbook, event, nothing, receive, sends, wait
from tests.sip.ladder import answer, new_stack

CHALLENGE = 'WWW-Authenticate: Digest realm="carrier", nonce="n1", qop="auth"\n'


class Line:
    """One registration on one stack."""

    def __init__(self, jitter: float = 0.5) -> None:
        self.play = Playbook(new_stack())
        self.registration = Registration(
            self.play.stack,
            flow=CARRIER,
            registrar="sip:carrier.example",
            address_of_record=NameAddress.parse("<sip:4021@carrier.example>"),
            credentials=Credentials("4021", "secret"),
            contact_user="4021",
            call_id="reg-1",
            jitter=lambda: jitter,
            expires=600,
        )

    def start(self) -> None:
        self.registration.start(self.play.now)
        self.play.drain()

    def hear(self, text: str) -> None:
        """A response arrives and is handed to the registration, as its owner does."""
        self.play >> receive(text, CARRIER) << event(IncomingResponse)
        self.registration.on_response(self.play.event.response, self.play.now)
        self.play.drain()

    def until_deadline(self) -> float:
        """Wait for the registration's own deadline; how long that was."""
        deadline = self.registration.next_deadline()
        assert deadline is not None
        waited = deadline - self.play.now
        self.play >> wait(waited)
        self.registration.handle_deadline(self.play.now)
        self.play.drain()
        return waited

    @property
    def state(self) -> str:
        return self.registration.state.value


@pytest.fixture
def line() -> Line:
    return Line()


def granted(seconds: int) -> str:
    return f"Contact: <sip:4021@192.0.2.1:5060>;expires={seconds}\n"


def register(line: Line, seconds: int = 600) -> None:
    line.start()
    line.play << sends("REGISTER sip:carrier.example", CARRIER, cseq="1 REGISTER", expires="600", call_id="reg-1")
    line.hear(answer(line.play, 200, "r", granted(seconds)))


def test_registers_refreshes_before_it_is_over_and_leaves(line: Line) -> None:
    line.start()
    line.play << sends(
        "REGISTER", cseq="1 REGISTER", contact="<sip:4021@192.0.2.1:5060>", to="<sip:4021@carrier.example>"
    )
    line.play >> receive(answer(line.play, 401, "r", CHALLENGE), CARRIER) << sends("REGISTER", cseq="2 REGISTER")
    line.hear(answer(line.play, 200, "r", granted(300) + "Service-Route: <sip:edge.carrier.example;lr>\n"))
    assert (line.state, line.registration.expires_at) == ("registered", line.play.now + 300)
    assert line.registration.service_route == ("<sip:edge.carrier.example;lr>",)
    assert line.until_deadline() == pytest.approx(240)
    assert (line.state, line.registration.registered(line.play.now)) == ("refreshing", True)
    line.play << sends("REGISTER", cseq="3 REGISTER", call_id="reg-1")
    line.hear(answer(line.play, 200, "r", granted(300)))
    line.registration.stop(line.play.now)
    line.play.drain()
    line.play << sends("REGISTER", cseq="4 REGISTER", expires="0")
    line.hear(answer(line.play, 200, "r"))
    assert (line.state, line.registration.expires_at, line.registration.next_deadline()) == ("unregistered", None, None)
    line.play >> wait(1000) << nothing()


def test_too_brief_is_asked_again_longer(line: Line) -> None:
    line.start()
    line.play << sends("REGISTER", expires="600")
    line.hear(answer(line.play, 423, "r", "Min-Expires: 1800\n"))
    line.play << sends("REGISTER", cseq="2 REGISTER", expires="1800")
    assert line.state == "registering"


def test_silence_is_waited_out_longer_and_longer(line: Line) -> None:
    line.start()
    waits = []
    for _ in range(8):
        line.play << sends("REGISTER")
        line.play >> wait(32)
        for _ in range(10):
            line.play << sends("REGISTER")
        line.play << event(TransactionFailed, cause=FailureCause.TIMEOUT)
        line.registration.on_failure(FailureCause.TIMEOUT, line.play.now)
        assert (line.state, line.registration.cause) == ("backing-off", "no answer")
        waits.append(line.until_deadline())
    assert waits == pytest.approx([3.75, 7.5, 15, 30, 60, 120, 225, 225])


@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_waits_are_drawn_from_their_range(jitter: float) -> None:
    """Two switches that lost the same carrier do not come back together."""
    line = Line(jitter)
    register(line)
    assert line.until_deadline() == pytest.approx(450 + 60 * jitter)  # 75 to 85 % of what was granted
    waits = []
    for _ in range(8):
        line.play << sends("REGISTER")
        line.hear(answer(line.play, 503, "r"))
        waits.append(line.until_deadline())
    longest = [5, 10, 20, 40, 80, 160, 300, 300]
    assert waits == pytest.approx([wait * (0.5 + 0.5 * jitter) for wait in longest])
    line.play << sends("REGISTER")
    line.hear(answer(line.play, 403, "r"))
    assert line.until_deadline() == pytest.approx(900 * (0.9 + 0.2 * jitter))


def test_a_server_in_trouble_says_when(line: Line) -> None:
    line.start()
    line.play << sends("REGISTER")
    line.hear(answer(line.play, 503, "r", "Retry-After: 120 (rebooting)\n"))
    assert (line.state, line.registration.cause) == ("backing-off", "503 Whatever")
    assert line.until_deadline() == pytest.approx(120)


@pytest.mark.parametrize(("status", "cause"), [(403, "403 Whatever"), (404, "404 Whatever")])
def test_a_no_is_taken_for_long(line: Line, status: int, cause: str) -> None:
    line.start()
    line.play << sends("REGISTER")
    line.hear(answer(line.play, status, "r"))
    assert (line.state, line.registration.cause) == ("rejected", cause)
    assert line.until_deadline() == pytest.approx(900)
    line.play << sends("REGISTER")


def test_refused_credentials_are_said_plainly(line: Line) -> None:
    line.start()
    line.play << sends("REGISTER")
    line.play >> receive(answer(line.play, 401, "r", CHALLENGE), CARRIER) << sends("REGISTER")
    line.hear(answer(line.play, 401, "r", CHALLENGE))
    assert (line.state, line.registration.cause) == ("rejected", "401 Whatever (credentials refused)")


def test_a_failed_refresh_leaves_us_registered_until_the_time_is_over(line: Line) -> None:
    register(line)
    line.until_deadline()
    line.play << sends("REGISTER")
    line.registration.on_failure(FailureCause.TRANSPORT, line.play.now)
    assert line.state == "backing-off"
    assert line.registration.registered(line.play.now)
    assert not line.registration.registered(line.play.now + 600)


def test_stop_while_unanswered_waits_for_the_answer(line: Line) -> None:
    line.start()
    line.play << sends("REGISTER")
    line.registration.stop(line.play.now)
    line.play >> wait(0.1) << nothing()
    line.hear(answer(line.play, 200, "r", granted(600)))
    assert line.state == "deregistering"
    line.play << sends("REGISTER", expires="0")
    line.registration.on_failure(FailureCause.TIMEOUT, line.play.now)
    assert line.state == "unregistered"


def leaves(line: Line, cseq: str) -> None:
    """What the carrier granted is given back, and then nothing more is said."""
    line.play.drain()
    assert line.state == "deregistering"
    line.play << sends("REGISTER", cseq=cseq, expires="0")
    line.hear(answer(line.play, 200, "r"))
    assert (line.state, line.registration.expires_at, line.registration.next_deadline()) == ("unregistered", None, None)
    line.play >> wait(1000) << nothing()


@pytest.mark.parametrize(("status", "state"), [(503, "backing-off"), (403, "rejected")])
def test_stop_after_a_failed_refresh_gives_back_what_was_granted(line: Line, status: int, state: str) -> None:
    register(line)
    line.until_deadline()
    line.play << sends("REGISTER", cseq="2 REGISTER")
    line.hear(answer(line.play, status, "r"))
    assert line.state == state
    line.registration.stop(line.play.now)
    leaves(line, "3 REGISTER")


@pytest.mark.parametrize("status", [200, 403, 423, 503])
def test_stop_in_a_refresh_gives_back_what_was_granted_however_it_is_answered(line: Line, status: int) -> None:
    register(line)
    line.until_deadline()
    line.play << sends("REGISTER", cseq="2 REGISTER")
    line.registration.stop(line.play.now)
    line.registration.stop(line.play.now)
    line.play >> wait(0.1) << nothing()
    assert line.state == "leaving"
    line.hear(answer(line.play, status, "r", "Min-Expires: 1800\n"))
    leaves(line, "3 REGISTER")


def test_stop_in_the_attempt_after_a_failed_refresh_gives_it_back_too(line: Line) -> None:
    register(line)
    line.until_deadline()
    line.play << sends("REGISTER")
    line.hear(answer(line.play, 503, "r"))
    line.until_deadline()
    line.play << sends("REGISTER", cseq="3 REGISTER")
    assert (line.state, line.registration.registered(line.play.now)) == ("registering", True)
    line.registration.stop(line.play.now)
    line.hear(answer(line.play, 503, "r"))
    leaves(line, "4 REGISTER")


@pytest.mark.parametrize("status", [503, 403])
def test_stop_without_anything_granted_says_nothing(line: Line, status: int) -> None:
    register(line, seconds=60)
    for _ in range(2 if status == 503 else 1):
        line.until_deadline()
        line.play << sends("REGISTER")
        line.hear(answer(line.play, status, "r"))
    line.play >> wait(60)
    assert not line.registration.registered(line.play.now)
    line.registration.stop(line.play.now)
    line.play >> wait(1000) << nothing()
    assert line.state == "unregistered"


def test_start_while_waiting_tries_at_once(line: Line) -> None:
    line.start()
    line.play << sends("REGISTER")
    line.hear(answer(line.play, 503, "r"))
    assert line.registration.start(line.play.now) is not None
    line.play.drain()
    line.play << sends("REGISTER", cseq="2 REGISTER")
    assert line.registration.start(line.play.now) is None


def test_every_state_can_be_stopped_and_every_wait_ends() -> None:
    for state in RegistrationState:
        assert (state, RegistrationInput.STOP) in TABLE
        assert (state, RegistrationInput.LEAVE) in TABLE
    for waiting in ("registered", "backing-off", "rejected"):
        assert (RegistrationState(waiting), RegistrationInput.DEADLINE) in TABLE
