"""Addresses and ports of this node."""

import ipaddress
import re

from softacd.ops.configuration_errors import KeyPath, nearest, quoted
from softacd.ops.draft import Draft
from softacd.ops.model import LEARNED, SIP_TRANSPORTS, Listener, format_address, parse_address

_NODE = re.compile(r"[a-z0-9-]{1,16}")
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?")
_STORE_SCHEMES = ("sqlite", "postgresql")


def is_ip_address(text: str) -> bool:
    """An IPv4 or IPv6 address, without brackets."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_host(text: str) -> bool:
    """An IP address or a host name (RFC 1123, with underscores tolerated)."""
    looks_like_ipv4 = re.fullmatch(r"[0-9.]+", text) is not None
    return is_ip_address(text) or (not looks_like_ipv4 and _HOST_NAME.fullmatch(text) is not None)


def check_network(draft: Draft) -> None:
    """The node's identity, the SIP, media and web addresses, and that no two of them are one."""
    if draft.server and not _NODE.fullmatch(draft.server.node):
        draft.error(("server", "node"), f"got {quoted(draft.server.node)}", "1 to 16 small letters, digits or hyphens")
    tcp = _check_listeners(draft)
    _check_web(draft, tcp)
    _check_media(draft)
    _check_store(draft)
    _check_security(draft)
    if draft.sip:
        if not is_host(draft.sip.domain):
            draft.error(("sip", "domain"), f"got {quoted(draft.sip.domain)}", "a host name or an IP address")
        if draft.sip.told_address and not is_ip_address(draft.sip.told_address):
            near = nearest(draft.sip.told_address, (LEARNED,))
            draft.error(
                ("sip", "public_address"), f"got {quoted(draft.sip.public_address)}", 'an IP address or "learned"', near
            )


def _check_listeners(draft: Draft) -> dict[tuple[str, int], str]:
    """Returns the TCP addresses in use and the key that uses each."""
    tcp: dict[tuple[str, int], str] = {}
    seen: dict[Listener, int] = {}
    if draft.sip is None:
        return tcp
    if not draft.sip.listen:
        draft.error(
            ("sip", "listen"), "is empty: no phone and no carrier could reach us", 'at least "udp:ADDRESS:5060"'
        )
    for index, text in enumerate(draft.sip.listen):
        path: KeyPath = ("sip", "listen", index)
        try:
            listener = Listener.parse(text)
        except ValueError as error:
            transport, _, rest = text.partition(":")
            suggestion = ""
            if near := nearest(transport, SIP_TRANSPORTS):
                suggestion = quoted(f"{near.strip(chr(34))}:{rest}") if near.strip('"') != transport else ""
            draft.error(path, f"got {quoted(text)}: {error}", '"transport:address:port"', suggestion)
            continue
        first = next((number for other, number in seen.items() if _collide(listener, other)), None)
        if first is not None:
            draft.error(path, f"{quoted(text)} is already taken by sip.listen[{first}]", "each address once")
        seen.setdefault(listener, index)
        if listener.transport != "udp":
            tcp[listener.host, listener.port] = f"sip.listen[{index}]"
    secure = next((listener for listener in seen if listener.transport in ("tls", "wss")), None)
    if secure is not None:
        for key in ("certificate", "private_key"):
            if not getattr(draft.sip, key):
                draft.error(("sip", key), f"is missing, and {secure} needs it", "a PEM file")
    if draft.sip.listen and not any(listener.transport == "udp" for listener in seen) and seen:
        draft.warn(("sip", "listen"), "SIP is not served over UDP, which most phones and carriers use")
    return tcp


def _collide(one: Listener, other: Listener) -> bool:
    """Whether both cannot be bound: one address, or one of them all addresses (port 0 is any free one).

    All transports but UDP are TCP to the system. IPv4 and IPv6 have sockets of their own (ipv6(7), IPV6_V6ONLY).
    """
    if (one.transport == "udp") != (other.transport == "udp") or one.port != other.port or not one.port:
        return False
    first, second = ipaddress.ip_address(one.host), ipaddress.ip_address(other.host)
    return first.version == second.version and (first == second or first.is_unspecified or second.is_unspecified)


def _check_web(draft: Draft, tcp: dict[tuple[str, int], str]) -> None:
    if draft.web is None:
        return
    path = ("web", "listen")
    try:
        host, port = parse_address(draft.web.listen)
    except ValueError as error:
        draft.error(path, f"got {quoted(draft.web.listen)}: {error}", '"address:port"')
        return
    if port and (host, port) in tcp:
        draft.error(path, f"{format_address(host, port)} is already used by {tcp[host, port]}", "a free port")
    if not ipaddress.ip_address(host).is_loopback:
        draft.warn(path, "the HTTP API is served beyond this machine without TLS", "a TLS proxy in front of 127.0.0.1")


def _check_security(draft: Draft) -> None:
    """Who is trusted is never everybody."""
    for index, text in enumerate(draft.security.trusted if draft.security else ()):
        path: KeyPath = ("security", "trusted", index)
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            draft.error(path, f"got {quoted(text)}", 'an IP address or a network like "192.0.2.0/28"')
        else:
            if network.prefixlen == 0:
                draft.error(path, f"{quoted(text)} would trust everybody", "the networks you run")


def _check_media(draft: Draft) -> None:
    """RTP takes the even port of a pair and RTCP the odd one above it (RFC 3550, 11); one pair serves one leg."""
    if draft.media is None:
        return
    media = draft.media
    if not is_ip_address(media.host):
        draft.error(("media", "host"), f"got {quoted(media.host)}", "an IP address of this machine")
    elif ipaddress.ip_address(media.host).is_loopback:
        outer = _outer_host(draft)
        if outer:
            draft.warn(
                ("media", "host"),
                f"{media.host} is this machine only, but SIP is served on {outer}: nobody else would be heard",
                "an address of your network",
                quoted(outer),
            )
    if media.port_low >= media.port_high:
        draft.error(("media", "port_high"), f"{media.port_high} is not above port_low {media.port_low}")
        return
    if media.port_low % 2:
        draft.error(
            ("media", "port_low"),
            f"got {media.port_low}",
            "an even port: RTP is even, RTCP odd",
            str(media.port_low + 1),
        )
    for index, text in enumerate(draft.sip.listen if draft.sip else ()):
        transport, _, rest = text.partition(":")
        port = rest.rpartition(":")[2]
        if transport == "udp" and port.isdigit() and media.port_low <= int(port) <= media.port_high | 1:  # RTCP's, odd
            draft.error(("media", "port_low"), f"the port range holds {port}, which sip.listen[{index}] uses")


def _check_store(draft: Draft) -> None:
    if draft.store is None or not draft.store.url:
        return
    scheme, separator, rest = draft.store.url.partition("://")
    if not separator or scheme.partition("+")[0] not in _STORE_SCHEMES or not rest:
        near = nearest(scheme.partition("+")[0], _STORE_SCHEMES)
        draft.error(
            ("store", "url"),
            f"got {quoted(scheme + separator)}",
            '"sqlite:///file" or "postgresql://user@host/database"',
            near,
        )


def _outer_host(draft: Draft) -> str:
    """The first SIP address that other machines can reach; nothing when there is none."""
    for text in draft.sip.listen if draft.sip else ():
        try:
            host = Listener.parse(text).host
        except ValueError:
            continue
        if not ipaddress.ip_address(host).is_loopback:
            return host
    return ""
