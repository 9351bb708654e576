"""The owner's settings of setting phones up."""

from typing import Annotated

import msgspec


class ProvisioningSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Setting phones up by an address with a ticket: each is good for one phone, once."""

    url: Annotated[str, msgspec.Meta(pattern=r"^(https://[^\s/?#]+(/[^\s?#]*)?)?$")] = ""
    """Address under which phones reach the web server ("https://pbx.shop.example"); empty: `web.public_url`."""
    server: str = ""
    """Name or address phones send SIP to; empty: `sip.public_address`, else where SIP is served."""
    valid_hours: Annotated[float, msgspec.Meta(gt=0, le=720)] = 24.0
    """How long a ticket is good."""
