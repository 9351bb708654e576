"""What the owner says of another system that knows customers."""

from typing import Annotated

import msgspec

from softacd.calls.model import HidesSecrets

FIELDS = ("id", "name", "company", "category", "manager", "language", "notes", "link")
"""What can be known of a contact; anything else a source tells may be saved by a flow."""


class FindSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a web service is asked who has a number. In `path` and `body`, {number} is E.164 (+37369123456), {digits} the
    same without "+", {national} without the country's code."""

    path: str = ""
    """Appended to `url`."""
    method: str = "GET"
    """GET or POST."""
    body: dict[str, str] = {}
    """Sent as a JSON object with POST, as the query of the address with GET."""
    fields: dict[str, str] = {}
    """What is known of a contact (id, name, company, category, manager, language, notes, link) -> its place in the JSON
    of the answer, like "client.name" or "items.0.name". Without an `id` or a `name` there nobody is known."""


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a web service is told of a call that ended."""

    path: str = ""
    """Appended to `url`."""
    body: dict[str, str] = {}
    """Sent as a JSON object; {number}, {contact}, {call}, {direction}, {outcome}, {missed}, {agent}, {user}, {queue},
    {topic}, {started}, {seconds}, {recording} stand for what is known of the call."""


class CrmSettings(HidesSecrets, frozen=True, forbid_unknown_fields=True):
    """Another system that knows customers. It is asked when a caller arrives, and told of the call when it has ended;
    how fast it is delays no caller."""

    name: str
    """What flows, logs and metrics call it."""
    kind: str = "http"
    """`http` (any web service that speaks JSON), `bitrix24`, `hubspot`, or what an installed package adds."""
    url: str = ""
    """Its address; "https://shop.bitrix24.eu" for Bitrix24, empty for HubSpot's own."""
    token: str = ""
    """Secret: a bearer token, for Bitrix24 the code of an incoming webhook; better as `token_file` or `token_env`."""
    token_file: str = ""
    """File whose content is the token; relative to the configuration."""
    token_env: str = ""
    """Environment variable that holds the token."""
    user: str = ""
    """Whose webhook it is (Bitrix24), and who stands for calls without an agent."""
    users: dict[str, str] = msgspec.field(default_factory=dict)
    """Agent -> the agent's user there: calls are theirs, and their contacts' personal manager is the agent."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """Sent with each request (`http`); {token} stands for the token, which is then not sent as bearer token."""
    find: FindSettings = FindSettings()
    """How it is asked (`http`)."""
    log: LogSettings = LogSettings()
    """How it is told (`http`); without a path it is not."""
    timeout_ms: Annotated[int, msgspec.Meta(ge=10, le=30_000)] = 300
    """What a flow that asks waits for the answer at most; a later one still reaches the agent."""
    patience_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 5.0
    """When a request is given up."""
    cache_seconds: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 300.0
    """How long an answer is good."""
    failures: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 5
    """After so many failures in a row it is left alone."""
    rest_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=3600)] = 30.0
    """For how long; then one request tries whether it is there again."""
    at_once: Annotated[int, msgspec.Meta(ge=1, le=100)] = 4
    """Requests at a time."""
    on_arrival: bool = True
    """Ask who calls as soon as a call comes from a carrier, beside everything else."""
    tell: bool = True
    """Tell it of each call with the outside that has ended."""
    create: bool = False
    """Have it make a contact of an unknown caller it is told of."""
    topic_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 60.0
    """How long after a call its topic and recording are waited for before it is told."""
    keep_seconds: Annotated[float, msgspec.Meta(ge=1, le=2_592_000)] = 604_800.0
    """How long it is tried to tell it of a call; over restarts."""
    recordings: str = ""
    """Address recordings are told under, {recording} stands for the id; empty: recordings are not told."""
    options: dict[str, str] = msgspec.field(default_factory=dict)
    """Whatever an adapter of another package wants to know."""
