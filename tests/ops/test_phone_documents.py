"""Phones' documents, read back as a phone would read them."""

from xml.etree.ElementTree import Element, fromstring

import msgspec
import pytest

from softacd.ops.phone_documents import Account, document, file_name
from softacd.web.tickets import Vendor

MAC = "001565aabbcc"
ANN = Account(
    extension="101", display_name='Ann & "Co" <x>', password="p&ss<w>ord'\"", domain="shop.internal",
    server="192.0.2.10", port=5061, transport="tls", srtp="required", codecs=("G722", "PCMA"), time_zone_hours=3,
)  # fmt: skip


def _parsed(text: str) -> Element:
    return fromstring(text.encode())  # noqa: S314 # we wrote it ourselves


def test_yealink() -> None:
    made = document(Vendor.YEALINK, MAC, ANN)
    assert made.name == "001565aabbcc.cfg"
    first, *rows = made.text.splitlines()
    assert first == "#!version:1.0.0.1", "the phone reads nothing without it"
    values = dict(row.split(" = ", 1) for row in rows)
    assert {key: values[f"account.1.{key}"] for key in ("user_name", "auth_name", "password", "label")} == {
        "user_name": "101", "auth_name": "101", "password": ANN.password, "label": ANN.display_name,
    }  # fmt: skip
    assert values["account.1.sip_server.1.address"] == "shop.internal"
    assert values["account.1.sip_server.1.transport_type"] == "2"
    assert (values["account.1.outbound_proxy.1.address"], values["account.1.outbound_proxy.1.port"]) == (
        "192.0.2.10", "5061",
    )  # fmt: skip
    assert values["account.1.srtp_encryption"] == "2"
    codecs = {key: values[f"account.1.codec.{key}.enable"] for key in ("g722", "pcma", "pcmu", "opus")}
    assert codecs == {"g722": "1", "pcma": "1", "pcmu": "0", "opus": "0"}
    assert values["account.1.codec.pcma.priority"] == "2"
    assert values["local_time.time_zone"] == "+3"


def test_grandstream() -> None:
    made = document(Vendor.GRANDSTREAM, MAC, ANN)
    assert made.name == "cfg001565aabbcc.xml"
    root = _parsed(made.text)
    assert (root.tag, root.get("version")) == ("gs_provision", "1")
    values = {element.tag: element.text for element in root.findall("config/*")}
    assert (values["P35"], values["P36"], values["P34"], values["P3"]) == ("101", "101", ANN.password, ANN.display_name)
    assert (values["P47"], values["P48"]) == ("shop.internal", "192.0.2.10:5061")
    assert (values["P130"], values["P183"], values["P271"]) == ("2", "2", "1")
    assert (values["P57"], values["P58"]) == ("9", "8")
    assert "P59" not in values


def test_snom() -> None:
    made = document(Vendor.SNOM, MAC, ANN)
    assert made.name == "001565AABBCC.xml"
    root = _parsed(made.text)
    rows = root.findall("phone-settings/*")
    assert all(row.get("idx") == "1" for row in rows)
    values = {row.tag: row.text for row in rows}
    assert (values["user_name"], values["user_pass"], values["user_host"]) == ("101", ANN.password, "shop.internal")
    assert values["user_outbound"] == "192.0.2.10:5061;transport=tls"
    assert (values["user_srtp"], values["user_savp"]) == ("on", "mandatory")
    assert values["codec_priority_list"] == "g722,pcma,telephone-event"


def test_fanvil() -> None:
    root = _parsed(document(Vendor.FANVIL, MAC, ANN).text)
    assert root.tag == "sysConf"
    [line] = root.findall("sip/line")
    values = {element.tag: element.text for element in line}
    assert (values["RegisterUser"], values["RegisterPswd"], values["RegisterAddr"], values["RegisterPort"]) == (
        "101", ANN.password, "192.0.2.10", "5061",
    )  # fmt: skip
    assert (values["EnableReg"], values["Transport"], values["SipName"]) == ("1", "3", "shop.internal")


def test_linphone() -> None:
    root = _parsed(document(Vendor.LINPHONE, "", ANN).text)
    space = "{http://www.linphone.org/xsds/lpconfig.xsd}"
    values = {
        (section.get("name"), entry.get("name")): entry.text
        for section in root.findall(f"{space}section")
        for entry in section.findall(f"{space}entry")
    }
    assert values["auth_info_0", "passwd"] == ANN.password
    assert values["proxy_0", "reg_proxy"] == "<sip:192.0.2.10:5061;transport=tls>"
    assert values["proxy_0", "reg_identity"] == "\"Ann & 'Co' <x>\" <sip:101@shop.internal>"
    assert values["sip", "media_encryption_mandatory"] == "1"


@pytest.mark.parametrize("vendor", list(Vendor))
def test_no_value_can_begin_a_line_of_its_own(vendor: Vendor) -> None:
    with pytest.raises(ValueError, match="cannot be told"):
        document(vendor, MAC, msgspec.structs.replace(ANN, display_name="Ann\naccount.1.enable = 0"))


def test_a_password_is_in_no_repr() -> None:
    assert ANN.password not in repr(ANN)
    assert len({file_name(vendor, MAC) for vendor in Vendor}) == 4, "two vendors ask for MAC.cfg"
