"""What carriers hear: RTP taken off the loopback wire, for peers whose ears cannot be asked (needs CAP_NET_RAW)."""

import ctypes
import ipaddress
import socket
import struct
import threading
from collections import defaultdict
from typing import Self

from tests.interop.tones import from_alaw

_ETH_P_IP = 0x0800
_SO_ATTACH_FILTER = 26
_ALAW = 8


def _program(network: int, least: int) -> list[tuple[int, int, int, int]]:
    """BPF: UDP that arrived (is not just leaving) for 127.a.b.x with x >= `least`."""
    return [
        (0x28, 0, 0, 0xFFFFF004),  # ldh packet type: loopback shows each packet twice
        (0x15, 0, 8, 0),  # jeq PACKET_HOST
        (0x30, 0, 0, 9),  # ldb protocol
        (0x15, 0, 6, 17),  # jeq UDP
        (0x20, 0, 0, 16),  # ld destination
        (0x54, 0, 0, 0xFFFFFF00),  # and
        (0x15, 0, 3, network),  # jeq
        (0x30, 0, 0, 19),  # ldb last octet
        (0x35, 0, 1, least),  # jge
        (0x06, 0, 0, 0xFFFF),  # ret: all of it
        (0x06, 0, 0, 0),  # ret: nothing
    ]


class Wire:
    """A listener to everything sent to addresses 127.a.b.x, x from `least` on; for `with`."""

    def __init__(self, host: str, least: int) -> None:
        """`host`: any address of the /24."""
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
        network = int(ipaddress.ip_address(host)) & 0xFFFFFF00
        instructions = b"".join(struct.pack("HBBI", *step) for step in _program(network, least))
        self._code = ctypes.create_string_buffer(instructions)
        program = struct.pack("HL", len(instructions) // 8, ctypes.addressof(self._code))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind(("lo", _ETH_P_IP))
        self._socket.settimeout(0.2)
        self._packets: list[bytes] = []
        self._ended = False
        self._thread = threading.Thread(target=self._listen, name="wire", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._thread.join(2)
        self._socket.close()

    def _listen(self) -> None:
        while not self._ended:
            try:
                self._packets.append(self._socket.recv(2048))
            except TimeoutError:
                continue

    def heard(self) -> dict[tuple[str, int], bytes]:
        """Sound by (address it was sent to, port it was sent from): A-law RTP in order of arrival, decoded.

        The sender's port tells calls apart: SIPp hears all its calls on one port.
        """
        ears: dict[tuple[str, int], bytearray] = defaultdict(bytearray)
        for packet in list(self._packets):
            header = (packet[0] & 15) * 4
            port = int.from_bytes(packet[header : header + 2], "big")
            rtp = packet[header + 8 :]
            if len(rtp) > 12 and rtp[0] >> 6 == 2 and rtp[1] & 127 == _ALAW:
                ears[socket.inet_ntoa(packet[16:20]), port] += from_alaw(rtp[12:])
        return {ear: bytes(sound) for ear, sound in ears.items()}
