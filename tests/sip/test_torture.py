"""The torture messages of RFC 4475 and RFC 5118, each with what a stack must do with it.

`accept`: it becomes an event. A number: the status the stack answers by itself. `ignore`: nothing is sent and nothing
reported. A reason beside an outcome says why it is ours where the RFC leaves a choice.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from softacd.sip.events import IncomingRequest, Transmit
from softacd.sip.message import Response
from softacd.sip.parser import parse_message
from softacd.sip.transport import Flow, Transport
from tests.sip.ladder import new_stack

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
UDP = Flow(Transport.UDP, ("192.0.2.1", 5060), ("192.0.2.99", 5060))

OUTCOMES: dict[str, str | int] = {
    # RFC 4475 section 3.1.1: valid
    "rfc4475/wsinv": 481,  # its To has a tag of a dialog nobody knows: it was read to the end
    "rfc4475/intmeth": "accept",
    "rfc4475/esc01": "accept",
    "rfc4475/escnull": "accept",
    "rfc4475/esc02": "accept",
    "rfc4475/lwsdisp": "accept",
    "rfc4475/longreq": "accept",
    "rfc4475/dblreq": "accept",  # the octets after Content-Length are dropped
    "rfc4475/semiuri": "accept",
    "rfc4475/transports": "accept",
    "rfc4475/mpart01": "accept",
    "rfc4475/unreason": "ignore",  # responses that match no transaction of ours
    "rfc4475/noreason": "ignore",
    # section 3.1.2: invalid
    "rfc4475/badinv01": 400,
    "rfc4475/clerr": 400,
    "rfc4475/ncl": 400,
    "rfc4475/scalar02": 400,
    "rfc4475/scalarlg": "ignore",
    "rfc4475/quotbal": 400,
    "rfc4475/ltgtruri": 400,
    "rfc4475/lwsruri": 400,
    "rfc4475/lwsstart": 400,
    "rfc4475/trws": 400,
    "rfc4475/escruri": "accept",  # headers in the Request-URI are ignored, as the RFC allows
    "rfc4475/baddate": "accept",  # Date is read by nobody
    "rfc4475/regbadct": "accept",  # the registrar answers 400, see test_registrar
    "rfc4475/badaspec": 400,
    "rfc4475/baddn": 400,  # this copy lacks the empty line after the head
    "rfc4475/badvers": 505,
    "rfc4475/mismatch01": 400,
    "rfc4475/mismatch02": 400,
    "rfc4475/bigcode": "ignore",
    # section 3.2: transaction layer
    "rfc4475/badbranch": "accept",  # matched as RFC 2543 does
    # section 3.3: application layer
    "rfc4475/insuf": 400,  # by its Via alone, the rest is not there
    "rfc4475/unkscm": 416,
    "rfc4475/novelsc": 416,
    "rfc4475/unksm2": "accept",  # the registrar refuses it
    "rfc4475/bext01": 420,
    "rfc4475/invut": "accept",  # 415 is the transaction user's to say
    "rfc4475/regaut01": "accept",  # the registrar challenges it
    "rfc4475/multi01": 400,
    "rfc4475/mcl01": 400,
    "rfc4475/bcast": "ignore",
    "rfc4475/zeromf": 483,
    "rfc4475/cparam01": "accept",
    "rfc4475/cparam02": "accept",
    "rfc4475/regescrt": "accept",
    "rfc4475/sdp01": "accept",  # 406 is the transaction user's to say
    # section 3.4: backward compatibility
    "rfc4475/inv2543": 400,  # no Contact: no dialog can be made
    # not of the RFC, in the same archive
    "rfc4475/test": "ignore",  # no version: not a request
    # RFC 5118
    "rfc5118/ipv6-good": "accept",
    "rfc5118/ipv6-bad": 400,
    "rfc5118/port-ambiguous": "accept",
    "rfc5118/port-unambiguous": "accept",
    "rfc5118/via-received-param-with-delim": 481,  # a BYE with a To tag nobody knows: it was read to the end
    "rfc5118/via-received-param-no-delim": "accept",
    "rfc5118/mult-ip-in-header": 481,
    "rfc5118/mult-ip-in-sdp": "accept",
    "rfc5118/ipv6-in-sdp": 400,  # this copy claims more octets than it has
    "rfc5118/ipv4-mapped-ipv6": "accept",
    "rfc5118/ipv6-bug-abnf-3-colons": "accept",  # the RFC asks for lenience
    "rfc5118/ipv6-correct-abnf-2-colons": "accept",
}

pytestmark = pytest.mark.skipif(
    not CORPORA.is_dir(), reason="the torture messages are IETF Trust text: read in place, not part of the project"
)


def outcome(data: bytes) -> str | int:
    stack = new_stack()
    stack.receive(data, UDP, 0.0)
    outputs = []
    while (output := stack.poll()) is not None:
        outputs.append(output)
    if any(isinstance(output, IncomingRequest) for output in outputs):
        return "accept"
    answers = [parse_message(output.data) for output in outputs if isinstance(output, Transmit)]
    assert len(answers) < 2
    if not answers:
        return "ignore"
    assert isinstance(answers[0], Response)
    counters = stack.counters()
    assert (counters.rejected, counters.server_transactions, counters.dialogs) == (1, 0, 0)
    return answers[0].status


@pytest.mark.parametrize("name", OUTCOMES)
def test_torture(name: str) -> None:
    assert outcome((CORPORA / f"{name}.dat").read_bytes()) == OUTCOMES[name]


def test_no_message_is_left_out() -> None:
    present = {
        f"{folder}/{path.stem}" for folder in ("rfc4475", "rfc5118") for path in (CORPORA / folder).glob("*.dat")
    }
    assert present == set(OUTCOMES)
