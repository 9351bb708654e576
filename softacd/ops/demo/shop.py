"""The shop that is demonstrated: two carriers, five agents, three queues, two numbers; written as a configuration."""

import secrets
from pathlib import Path

import msgspec

DOMAIN = "demo.softacd.internal"
SWITCH_HOST = "127.0.0.1"


class Carrier(msgspec.Struct, frozen=True):
    """One simulated carrier, on an address of its own; `username` and `password` are the switch's account there."""

    name: str
    host: str
    username: str
    password: str
    number: str
    """The shop's number with this carrier, E.164."""


class Agent(msgspec.Struct, frozen=True):
    """One agent; `signature` is the bell every sentence begins with (0..7)."""

    name: str
    display_name: str
    phone: str
    password: str
    signature: int
    clip: str
    """What the agent says, a clip below media/."""


class Queue(msgspec.Struct, frozen=True):
    """One queue, reached by `key` in the menu."""

    name: str
    key: str
    agents: tuple[str, ...]


class Shop(msgspec.Struct, frozen=True):
    """Everything both sides of the demonstration must agree on."""

    carriers: tuple[Carrier, ...]
    agents: tuple[Agent, ...]
    queues: tuple[Queue, ...]
    sip_port: int
    web_port: int
    carrier_port: int
    token: str

    def queue_of(self, key: str) -> str:
        """Name of the queue behind a menu key; "" for none."""
        return next((queue.name for queue in self.queues if queue.key == key), "")

    def agent_of(self, signature: int) -> str:
        """Name of the agent with this bell; "" for none."""
        return next((agent.name for agent in self.agents if agent.signature == signature), "")


NO_ANSWER_LIMIT = 3
"""Unanswered rings after which an agent is set to not-ready."""
CARRIERS = ("alpha", "beta")
QUEUES = (
    Queue("sales", "1", ("ann", "bob", "carol")),
    Queue("support", "2", ("carol", "dan", "eve")),
    Queue("accounts", "3", ("eve", "ann", "bob")),
)
AGENTS = ("Ann", "Bob", "Carol", "Dan", "Eve")
_CLIPS = ("thank-you", "call-from", "connecting", "please-wait", "survey-thanks")


def open_shop(sip_port: int, web_port: int, carrier_port: int) -> Shop:
    """Draw the secrets of a shop that listens on these ports."""
    return Shop(
        carriers=tuple(
            Carrier(
                name, f"127.0.0.{11 + index}", f"trunk-{name}", secrets.token_urlsafe(18), f"+3732200011{index + 1}"
            )
            for index, name in enumerate(CARRIERS)
        ),
        agents=tuple(
            Agent(name.lower(), name, str(101 + index), secrets.token_urlsafe(18), index, f"prompts/en/{clip}")
            for index, (name, clip) in enumerate(zip(AGENTS, _CLIPS, strict=True))
        ),
        queues=QUEUES,
        sip_port=sip_port,
        web_port=web_port,
        carrier_port=carrier_port,
        token=secrets.token_urlsafe(24),
    )


def write_configuration(shop: Shop, directory: Path, *, more: str = "") -> Path:
    """Write the shop as the switch's configuration, and `more` TOML after it; gives the file.

    Only the owner may read it: it holds secrets.
    """
    path = directory / "softacd.toml"
    path.touch(mode=0o600)
    path.write_text("\n\n".join((*_sections(shop), more)) + "\n", encoding="utf-8")
    return path


def _sections(shop: Shop) -> list[str]:
    return [
        '[server]\nnode = "demo"\nname = "softacd demo"\ndata_directory = "data"',
        f'[sip]\nlisten = ["udp:{SWITCH_HOST}:{shop.sip_port}"]\ndomain = "{DOMAIN}"',
        f'[media]\nhost = "{SWITCH_HOST}"',
        f'[web]\nlisten = "{SWITCH_HOST}:{shop.web_port}"\ntoken = "{shop.token}"',
        '[log]\nlevel = "info"\nformat = "json"',
        *(_trunk(carrier, shop.carrier_port) for carrier in shop.carriers),
        *map(_agent, shop.agents),
        *map(_queue, shop.queues),
        *_flow(shop.queues),
        *(f'[numbers."{carrier.number}"]\nflow = "main"' for carrier in shop.carriers),
    ]


def _trunk(carrier: Carrier, port: int) -> str:
    return f"""[trunks.{carrier.name}]
host = "{carrier.host}"
port = {port}
username = "{carrier.username}"
password = "{carrier.password}"
register = true
keep_alive_seconds = 5
numbers = ["{carrier.number}"]"""


def _agent(agent: Agent) -> str:
    return f"""[phones.{agent.phone}]
password = "{agent.password}"
display_name = "{agent.display_name}"

[agents.{agent.name}]
phone = "{agent.phone}"
display_name = "{agent.display_name}"
available_at_start = true"""


def _queue(queue: Queue) -> str:
    names = ", ".join(f'"{name}"' for name in queue.agents)
    return f"""[queues.{queue.name}]
agents = [{names}]
ring = 2
ring_seconds = 4
wrap_up_seconds = 1.5
no_answer_limit = {NO_ANSWER_LIMIT}
reject_delay = 2
announce_first = 3
announce_every = 12
service_level_seconds = 10"""


def _flow(queues: tuple[Queue, ...]) -> list[str]:
    choices = ", ".join(f'"{queue.key}" = "notice-{queue.name}"' for queue in queues)
    return [
        f"""[flows.main]
start = "greeting"

[flows.main.steps.greeting]
do = "say"
prompts = ["prompts/en/welcome"]
then = "menu"

[flows.main.steps.menu]
do = "menu"
prompts = ["prompts/en/menu-main"]
choices = {{ {choices} }}
otherwise = "goodbye"
""",
        *map(_way, queues),
        """[flows.main.steps.nobody]
do = "say"
prompts = ["prompts/en/no-agents"]
then = "goodbye"

[flows.main.steps.goodbye]
do = "say"
prompts = ["prompts/en/goodbye"]
then = "end"

[flows.main.steps.end]
do = "hang-up"
""",
    ]


def _way(queue: Queue) -> str:
    return f"""[flows.main.steps.notice-{queue.name}]
do = "say"
prompts = ["prompts/en/recording-notice"]
then = "wait-{queue.name}"

[flows.main.steps.wait-{queue.name}]
do = "queue"
queue = "{queue.name}"
then = "nobody"
"""
