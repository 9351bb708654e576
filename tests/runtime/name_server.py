"""A name server on loopback that serves a little zone and counts what it is asked."""

import asyncio
from collections import Counter

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rrset


class NameServer(asyncio.DatagramProtocol):
    """`zone`: (name, type) -> (seconds to live, values)."""

    def __init__(self, zone: dict[tuple[str, str], tuple[int, list[str]]]) -> None:
        self.zone = zone
        self.asked: Counter[tuple[str, str]] = Counter()
        self.silent = False
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self) -> int:
        """Serve; returns the port."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, ("127.0.0.1", 0))
        return int(self._transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        [asked] = question.question
        key = (asked.name.to_text(omit_final_dot=True), asked.rdtype.name)
        self.asked[key] += 1
        if self.silent or self._transport is None:
            return
        response = dns.message.make_response(question)
        response.flags |= dns.flags.RA
        if key in self.zone:
            seconds, values = self.zone[key]
            response.answer.append(dns.rrset.from_text(asked.name, seconds, "IN", key[1], *values))
        elif not any(name == key[0] for name, _ in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(response.to_wire(), addr)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
