"""What can be wrong with a session description; every error knows the SIP status that answers it."""


class SdpError(Exception):
    """The description cannot be used. `status` is the SIP answer, `warning` the code of a Warning header.

    `status` is 400 (the body breaks RFC 8866) or 488 (understood, not acceptable here). `warning` is one of the
    300-series codes of RFC 3261 section 20.43, 399 where none of them fits.
    """

    def __init__(self, text: str, *, status: int = 400, warning: int = 399) -> None:
        super().__init__(text)
        self.status = status
        self.warning = warning

    def warning_header(self, agent: str) -> str:
        """Value of a Warning header (RFC 3261 section 20.43); `agent` is the host or pseudonym that warns."""
        text = str(self).replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.warning} {agent} "{text}"'


class NotAcceptable(SdpError):  # noqa: N818 - the name of the SIP answer it stands for (488 Not Acceptable Here)
    """The description is well formed, but nothing in it can be agreed to."""

    def __init__(self, text: str, *, warning: int = 305) -> None:
        super().__init__(text, status=488, warning=warning)
