"""Flows for tests, written as their owners write them: TOML, decoded by the settings' own types."""

import tomllib
from typing import Any

import msgspec

from softacd.calls.caller import Lookup, nobody_known
from softacd.calls.flow_steps import FlowSettings
from softacd.calls.model import NumberSettings
from tests.calls.world import Peer, Ring, World, shop

CALLED = "37322000111"


def flow(text: str, name: str = "main") -> FlowSettings:
    """The flow of a file conf/flows/NAME.toml."""
    return msgspec.convert({"name": name, **tomllib.loads(text)}, FlowSettings)


def world_of(
    *flows: FlowSettings, lookup: Lookup = nobody_known, settings: dict[str, Any] | None = None, **shop_settings: Any
) -> World:
    """A shop whose number leads into the first of these flows."""
    changes: dict[str, Any] = {
        "flows": flows,
        "numbers": (NumberSettings(CALLED, flows[0].name), NumberSettings("37322000222", flows[0].name)),
        **(settings or {}),
    }
    return shop(changes=changes, lookup=lookup, **shop_settings)


def carrier(world: World) -> Peer:
    """The carrier alpha."""
    return next(peer for peer in world.peers.values() if peer.name == "alpha")


def call_in(world: World, caller: str = "069123456") -> Ring:
    """A caller from outside."""
    return carrier(world).dial(CALLED, from_=caller)


def hears(world: World) -> tuple[str, ...]:
    """What the only caller hears now."""
    (play,) = world.playing.values()
    return tuple(clip.removeprefix("prompts/en/") for clip in play.clips)


def press(world: World, keys: str) -> None:
    """The only caller presses keys."""
    for key in keys:
        world.press(min(world.open_streams), key)
