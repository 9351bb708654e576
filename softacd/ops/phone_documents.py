"""What phones read when they are set up: one document for each vendor, by the keys the vendors document.

Yealink: "Auto Provisioning Guide" (cfg files of `key = value`). Grandstream: "SIP Device Provisioning Guide" (P-values
in `gs_provision`). Snom: "Settings" of the service hub (`settings/phone-settings`). Fanvil: "Auto Provision"
(`sysConf`). Linphone: "Remote provisioning" (lpconfig.xsd).
"""

from collections.abc import Callable, Mapping
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

import msgspec

from softacd.calls.model import Encryption
from softacd.web.tickets import PhoneDocument, Vendor

Transport = Literal["udp", "tcp", "tls"]
_XML = "application/xml; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"
EXPIRES = 300
"""Seconds between registrations."""


class Account(msgspec.Struct, frozen=True):
    """What a phone needs to know. `domain` is in its addresses, `server` and `port` are where it sends."""

    extension: str
    display_name: str
    password: str
    domain: str
    server: str
    port: int
    transport: Transport = "udp"
    srtp: Encryption = "off"
    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    time_zone_hours: int = 0
    language: str = "en"

    def __repr__(self) -> str:
        return f"Account({self.extension!r})"


def file_name(vendor: Vendor, mac: str) -> str:
    """The name a phone of this address asks for; `mac` is twelve small hexadecimal digits."""
    match vendor:
        case Vendor.YEALINK:
            return f"{mac}.cfg"
        case Vendor.GRANDSTREAM:
            return f"cfg{mac}.xml"
        case Vendor.SNOM:
            return f"{mac.upper()}.xml"
        case Vendor.FANVIL:
            return f"{mac}.cfg"
        case Vendor.LINPHONE:
            return "linphone.xml"


def document(vendor: Vendor, mac: str, account: Account) -> PhoneDocument:
    """The document of one phone. Raises ValueError when a value could not be told in it."""
    for value in (account.extension, account.display_name, account.password, account.domain, account.server):
        if not value.isprintable():
            raise ValueError("a value holds characters that cannot be told to a phone")
    text = _MAKERS[vendor](account)
    return PhoneDocument(file_name(vendor, mac), _TEXT if vendor is Vendor.YEALINK else _XML, text)


def _yealink(account: Account) -> str:
    codecs = {"PCMU": "pcmu", "PCMA": "pcma", "G722": "g722", "OPUS": "opus"}
    values: dict[str, object] = {
        "enable": 1,
        "label": account.display_name or account.extension,
        "display_name": account.display_name or account.extension,
        "auth_name": account.extension,
        "user_name": account.extension,
        "password": account.password,
        "sip_server.1.address": account.domain,
        "sip_server.1.port": account.port,
        "sip_server.1.transport_type": {"udp": 0, "tcp": 1, "tls": 2}[account.transport],
        "sip_server.1.expires": EXPIRES,
        "outbound_proxy_enable": 1,
        "outbound_proxy.1.address": account.server,
        "outbound_proxy.1.port": account.port,
        "srtp_encryption": {"off": 0, "preferred": 1, "required": 2}[account.srtp],
        "dtmf.type": 1,  # RFC 2833, which RFC 4733 replaced
    }
    for name, key in codecs.items():
        chosen = name in account.codecs
        values[f"codec.{key}.enable"] = int(chosen)
        if chosen:
            values[f"codec.{key}.priority"] = account.codecs.index(name) + 1
    lines = ["#!version:1.0.0.1", *(f"account.1.{key} = {value}" for key, value in values.items())]
    lines.append(f"local_time.time_zone = {account.time_zone_hours:+d}")
    return "\n".join(lines) + "\n"


def _grandstream(account: Account) -> str:
    vocoders = {"PCMU": 0, "PCMA": 8, "G722": 9, "OPUS": 123}
    where = f"{account.server}:{account.port}"
    values: dict[int, object] = {
        271: 1,  # account 1 active
        270: account.display_name or account.extension,
        47: account.domain,
        48: where,  # outbound proxy
        35: account.extension,
        36: account.extension,
        34: account.password,
        3: account.display_name or account.extension,
        31: 1,  # registers
        32: EXPIRES // 60,
        130: {"udp": 0, "tcp": 1, "tls": 2}[account.transport],
        183: {"off": 0, "preferred": 1, "required": 2}[account.srtp],
        2302: 1,  # keys by RFC 4733
        2301: 0,
        2303: 0,
    }
    for place, codec in zip((57, 58, 59, 60), account.codecs, strict=False):
        values[place] = vocoders[codec]
    rows = "".join(f"    <P{key}>{escape(str(value))}</P{key}>\n" for key, value in values.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<gs_provision version="1">\n  <config version="1">\n'
        f"{rows}  </config>\n</gs_provision>\n"
    )


def _snom(account: Account) -> str:
    codecs = {"PCMU": "pcmu", "PCMA": "pcma", "G722": "g722", "OPUS": "opus"}
    values = {
        "user_active": "on",
        "user_realname": account.display_name or account.extension,
        "user_name": account.extension,
        "user_pname": account.extension,
        "user_pass": account.password,
        "user_host": account.domain,
        "user_outbound": f"{account.server}:{account.port};transport={account.transport}",
        "user_expiry": str(EXPIRES),
        "user_srtp": "off" if account.srtp == "off" else "on",
        "user_savp": {"off": "off", "preferred": "optional", "required": "mandatory"}[account.srtp],
        "codec_priority_list": ",".join([*(codecs[codec] for codec in account.codecs), "telephone-event"]),
    }
    rows = "".join(f'    <{key} idx="1" perm="RW">{escape(value)}</{key}>\n' for key, value in values.items())
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<settings>\n  <phone-settings e="2">\n'
        f"{rows}  </phone-settings>\n</settings>\n"
    )


def _fanvil(account: Account) -> str:
    transport = str({"udp": 0, "tcp": 1, "tls": 3}[account.transport])
    values = {
        "PhoneNumber": account.extension,
        "DisplayName": account.display_name or account.extension,
        "SipName": account.domain,
        "RegisterAddr": account.server,
        "RegisterPort": str(account.port),
        "RegisterUser": account.extension,
        "RegisterPswd": account.password,
        "RegisterTTL": str(EXPIRES),
        "EnableReg": "1",
        "ProxyAddr": account.server,
        "ProxyPort": str(account.port),
        "ProxyUser": account.extension,
        "ProxyPswd": account.password,
        "Transport": transport,
        "DTMFMode": "1",
        "RTPEncryption": {"off": "0", "preferred": "1", "required": "2"}[account.srtp],
        "VoiceCodecMap": ",".join(account.codecs),
    }
    rows = "".join(f"      <{key}>{escape(value)}</{key}>\n" for key, value in values.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<sysConf>\n  <Version>2.0000000000</Version>\n  <sip>\n'
        f'    <line index="1">\n{rows}    </line>\n  </sip>\n</sysConf>\n'
    )


def _linphone(account: Account) -> str:
    address = f"sip:{account.extension}@{account.domain}"
    name = account.display_name.replace('"', "'")
    sections: Mapping[str, Mapping[str, str]] = {
        "proxy_0": {
            "reg_identity": f'"{name}" <{address}>' if name else address,
            "reg_proxy": f"<sip:{account.server}:{account.port};transport={account.transport}>",
            "reg_route": f"<sip:{account.server}:{account.port};transport={account.transport};lr>",
            "reg_expires": str(EXPIRES),
            "reg_sendregister": "1",
        },
        "auth_info_0": {"username": account.extension, "passwd": account.password, "domain": account.domain},
        "sip": {
            "default_proxy": "0",
            "media_encryption": "none" if account.srtp == "off" else "srtp",
            "media_encryption_mandatory": "1" if account.srtp == "required" else "0",
        },
    }
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<config xmlns="http://www.linphone.org/xsds/lpconfig.xsd">\n']
    for section, entries in sections.items():
        parts.append(f"  <section name={quoteattr(section)}>\n")
        parts += [
            f'    <entry name={quoteattr(key)} overwrite="true">{escape(value)}</entry>\n'
            for key, value in entries.items()
        ]
        parts.append("  </section>\n")
    return "".join([*parts, "</config>\n"])


_MAKERS: Mapping[Vendor, Callable[[Account], str]] = {
    Vendor.YEALINK: _yealink,
    Vendor.GRANDSTREAM: _grandstream,
    Vendor.SNOM: _snom,
    Vendor.FANVIL: _fanvil,
    Vendor.LINPHONE: _linphone,
}
