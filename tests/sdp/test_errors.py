"""The errors' answers."""

from softacd.sdp.errors import NotAcceptable, SdpError


def test_a_warning_header_quotes_its_text() -> None:
    error = NotAcceptable('no "common" codec', warning=305)
    assert (error.status, error.warning_header("acd")) == (488, r'305 acd "no \"common\" codec"')
    assert SdpError("x").status == 400
