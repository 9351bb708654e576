"""How much a stack takes from the network before it says no."""

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Bounds on messages (octets, lines) and on the state that requests from the network may create."""

    message_bytes: int = 65_535
    head_bytes: int = 16_384
    header_lines: int = 256
    # A transaction lives 32 s and more: 20,000 are some 300 new calls a second, and about 60 MB.
    server_transactions: int = 20_000
    dialogs: int = 20_000
    # RFC 3261 section 18.1.1: a larger request goes over a stream where there is one.
    datagram_bytes: int = 1_300
    forks: int = 16  # dialogs one INVITE of ours may make
    retry_after: int = 5
