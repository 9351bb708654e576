"""A phone in a process of its own, by pyVoIP: registers, answers, hums, tells what it hears. One JSON line a fact.

Arguments: server, port, user, password, own SIP port, frequency to hum, seconds to talk (0: until the other hangs up).
pyVoIP speaks unsigned 8-bit linear at 8 kHz, blocks, and is under the GPL: it is never imported by anything else here.
"""

import json
import math
import sys
import time
from typing import Any

from pyVoIP.VoIP import CallState, InvalidStateError, VoIPPhone


def tell(**fact: Any) -> None:
    print(json.dumps(fact), flush=True)


def share(sound: bytes, frequency: int) -> float:
    """Share of the energy at a frequency, 0..1 (Goertzel)."""
    samples = [byte - 128 for byte in sound]
    energy = sum(sample * sample for sample in samples)
    if energy < 25 * len(samples):
        return 0.0
    angle = 2 * math.pi * frequency / 8000
    real = sum(sample * math.cos(angle * at) for at, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(angle * at) for at, sample in enumerate(samples))
    return 2 * (real * real + imaginary * imaginary) / (len(samples) * energy)


def main() -> None:
    server, port, user, password, own_port, frequency, seconds = sys.argv[1:]
    hum = bytes(128 + round(60 * math.sin(2 * math.pi * int(frequency) * at / 8000)) for at in range(8000))

    def called(call: Any) -> None:
        tell(event="ringing")
        try:
            call.answer()
            tell(event="answered")
            begun = time.monotonic()
            at, heard = 0, b""
            while call.state == CallState.ANSWERED:
                call.write_audio((hum[at:] + hum)[:160])
                at = (at + 160) % 8000
                heard += call.read_audio(160, blocking=True)
                if len(heard) >= 3200:
                    best = max(range(200, 3000, 10), key=lambda hertz: share(heard[:800], hertz))
                    tell(event="heard", frequency=best, share=round(share(heard, best), 2))
                    heard = b""
                if float(seconds) and time.monotonic() - begun > float(seconds):
                    call.hangup()
            tell(event="over")
        except InvalidStateError:
            tell(event="over")

    phone = VoIPPhone(
        server,
        int(port),
        user,
        password,
        myIP="127.0.0.1",
        callCallback=called,
        sipPort=int(own_port),
        rtpPortLow=int(own_port) + 2,
        rtpPortHigh=int(own_port) + 40,
    )
    phone.start()
    tell(event="started", status=phone.get_status().value)
    sys.stdin.read()  # until whoever started this closes our input
    phone.stop()


if __name__ == "__main__":
    main()
